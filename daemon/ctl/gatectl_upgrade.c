/* gatectl config upgrade: an older gatehouse.yaml becomes one of today's version, in its place. */
#include "gatectl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

#define SECRETS_DIR_DEFAULT "/etc/gatehouse/credentials"

enum { PATH_BYTES = 512 };

static int told(const char *path, int r)
{
	fprintf(stderr, "gatectl: %s: %s\n", path, strerror(-r));
	return CTL_REFUSED;
}

static int read_whole(const char *path, char *text, size_t *ret_bytes)
{
	FILE *file = fopen(path, "re");
	size_t bytes;
	int r;

	if (file == NULL)
		return -errno;
	bytes = fread(text, 1, CONFIG_BYTES_MAX + 1, file);
	r = ferror(file) ? -EIO : bytes > CONFIG_BYTES_MAX ? -EFBIG : 0;
	(void)fclose(file); /* it was only read */
	*ret_bytes = bytes;
	return r;
}

/* A new file, on disk when this returns; none is left of a failure. */
static int write_whole(const char *path, const char *text, const struct stat *like)
{
	size_t bytes = text != NULL ? strlen(text) : 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), r = 0;

	if (fd < 0)
		return -errno;
	if (like != NULL &&
	    (fchown(fd, like->st_uid, like->st_gid) < 0 || fchmod(fd, like->st_mode & 0777) < 0))
		r = -errno;
	if (r == 0 && write(fd, text, bytes) != (ssize_t)bytes)
		r = errno != 0 ? -errno : -ENOSPC;
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	close(fd);
	if (r < 0)
		(void)unlink(path); /* half a file; it cannot be worse without it */
	return r;
}

/* The passwords first: a config that names files which are not there would lose a camera. */
static int put_away(const char *path, const char *folder, const struct config_upgrade *upgrade)
{
	char fresh[PATH_BYTES], secret[PATH_BYTES];
	struct stat was;
	int r;

	for (size_t i = 0; i < upgrade->secret_count; i++) {
		snprintf(secret, sizeof(secret), "%s/%s", folder, upgrade->secrets[i].name);
		r = write_whole(secret, upgrade->secrets[i].text, NULL);
		if (r < 0)
			return told(secret, r);
	}
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	(void)unlink(fresh); /* of an upgrade that was cut short */
	r = stat(path, &was) < 0 ? -errno : write_whole(fresh, upgrade->text, &was);
	if (r < 0)
		return told(fresh, r);
	if (rename(fresh, path) < 0)
		return told(path, -errno);
	printf("%s: version %d", path, CONFIG_VERSION);
	if (upgrade->secret_count > 0)
		printf("; the passwords of %zu cameras lie in %s", upgrade->secret_count, folder);
	putchar('\n');
	return CTL_OK;
}

int ctl_config_upgrade(const struct ctl *ctl)
{
	const char *path = ctl->words[0], *folder = SECRETS_DIR_DEFAULT;
	char error[CONFIG_ERROR_BYTES] = "", *text = malloc(CONFIG_BYTES_MAX + 1);
	struct config_upgrade upgrade = {0};
	size_t bytes = 0;
	int r, status;

	if (ctl->word_count == 2) {
		if (strncmp(ctl->words[1], "secrets=/", 9) != 0) {
			fprintf(stderr, "gatectl: %s: expected secrets= and a folder by its whole path\n",
				ctl->words[1]);
			free(text);
			return CTL_USAGE;
		}
		folder = ctl->words[1] + 8;
	}
	r = text == NULL ? -ENOMEM : read_whole(path, text, &bytes);
	if (r == 0)
		r = config_upgrade(text, bytes, path, folder, &upgrade, error, sizeof(error));
	if (r == -EALREADY) {
		printf("%s: version %d already\n", path, CONFIG_VERSION);
		status = CTL_OK;
	} else if (r < 0) {
		status = error[0] == '\0' ? told(path, r) : CTL_REFUSED;
		if (error[0] != '\0')
			fprintf(stderr, "%s\n", error);
	} else {
		status = put_away(path, folder, &upgrade);
		config_upgrade_finish(&upgrade);
	}
	free(text);
	return status;
}
