/*
 * gatectl: the log as a bundle for an auditor, backups and the way back. Works on the state folder
 * itself.
 */
#include "gatectl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "store/audit.h"
#include "store/backup.h"

#define STATE_DIR_DEFAULT "/var/lib/gatehouse"

enum { PATH_BYTES = 512 };

bool ctl_audit_progress(void *arg, int64_t rows, int64_t last_seq)
{
	int64_t *next = arg;

	if (rows < *next || isatty(STDERR_FILENO) == 0)
		return true;
	*next = rows + 100000;
	fprintf(stderr, "\r%lld of %lld rows", (long long)rows, (long long)last_seq);
	if (rows >= last_seq)
		fputc('\n', stderr);
	return fflush(stderr) == 0;
}

/* The folder of --db, which names gate.db or the folder it is in. */
static const char *state_dir(const struct ctl *ctl, char *path)
{
	size_t bytes;

	snprintf(path, PATH_BYTES, "%s", ctl->db != NULL ? ctl->db : STATE_DIR_DEFAULT);
	bytes = strlen(path);
	if (bytes > 8 && strcmp(path + bytes - 8, "/gate.db") == 0)
		path[bytes - 8] = '\0';
	return path;
}

int ctl_audit_export(const struct ctl *ctl)
{
	const char *output = ctl->words[0];
	char folder[PATH_BYTES], db[PATH_BYTES + 16], error[AUDIT_TEXT_BYTES];
	int fd = open(output, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	int64_t next = 0;
	int r;

	if (out == NULL) {
		fprintf(stderr, "gatectl: %s: %s\n", output, strerror(errno));
		return CTL_REFUSED;
	}
	snprintf(db, sizeof(db), "%s/gate.db", state_dir(ctl, folder));
	r = audit_export(db, ctl->key, out, ctl_audit_progress, &next, error);
	if (fclose(out) != 0 && r == 0) {
		r = -errno;
		snprintf(error, sizeof(error), "%s: %s", output, strerror(errno));
	}
	if (r < 0) {
		fprintf(stderr, "gatectl: %s: %s\n", db, error);
		unlink(output); /* half a log proves nothing */
	}
	return r < 0 ? CTL_REFUSED : CTL_OK;
}

static int told(int r, const char *text)
{
	if (r < 0)
		fprintf(stderr, "gatectl: %s\n", text);
	else
		printf("%s\n", text);
	return r < 0 ? CTL_REFUSED : CTL_OK;
}

int ctl_backup(const struct ctl *ctl)
{
	bool without = ctl->word_count == 2 && strcmp(ctl->words[1], "keys=no") == 0;
	char folder[PATH_BYTES], text[BACKUP_TEXT_BYTES] = "";

	if (ctl->word_count == 2 && !without) {
		fprintf(stderr, "gatectl: %s: expected keys=no\n", ctl->words[1]);
		return CTL_USAGE;
	}
	return told(backup_make(state_dir(ctl, folder), ctl->words[0], !without, text), text);
}

int ctl_restore(const struct ctl *ctl)
{
	char folder[PATH_BYTES], text[BACKUP_TEXT_BYTES] = "";

	return told(backup_restore(ctl->words[0], state_dir(ctl, folder), text), text);
}
