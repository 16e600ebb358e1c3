#include "backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "base/clock.h"
#include "base/file.h"
#include "config/config.h"
#include "copies.h"
#include "db.h"
#include "store.h"

enum { BACKUP_PATH_BYTES = 600 };

/* in the order of creation; all but the last are secret */
static const char *const key_names[] = {"keys/data.key", "keys/anchor.key", "keys/anchor.pub"};
enum { KEYS = sizeof(key_names) / sizeof(key_names[0]) };

__attribute__((format(printf, 3, 4))) static int set_text(char *text, int r, const char *format,
							  ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, BACKUP_TEXT_BYTES, format, arguments);
	va_end(arguments);
	return r;
}

static void join(char path[BACKUP_PATH_BYTES], const char *folder, const char *name)
{
	snprintf(path, BACKUP_PATH_BYTES, "%.500s/%.90s", folder, name);
}

static int copy_bytes(int from, int to)
{
	char chunk[65536];
	ssize_t got, done;

	while ((got = read(from, chunk, sizeof(chunk))) > 0)
		for (ssize_t at = 0; at < got; at += done) {
			done = write(to, chunk + at, (size_t)(got - at));
			if (done < 0)
				return -errno;
		}
	if (got < 0 || fsync(to) < 0)
		return -errno;
	return 0;
}

/* Copies to a new file, which is on disk when this returns; -EEXIST if there is one already. */
static int copy_file(const char *from_path, const char *to_path, mode_t mode)
{
	int from = open(from_path, O_RDONLY | O_CLOEXEC), to, r;

	if (from < 0)
		return -errno;
	to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	r = to < 0 ? -errno : copy_bytes(from, to);
	close(from);
	if (to >= 0 && close(to) < 0 && r == 0)
		r = -errno;
	if (to >= 0 && r < 0)
		(void)unlink(to_path); /* an incomplete copy is useless */
	return r;
}

static mode_t mode_of(const char *name)
{
	return strcmp(name, "keys/anchor.pub") == 0 ? 0644 : 0600;
}

/* The copy is consistent and has no freed pages, so nothing that was erased is in it. */
static int copy_database(const char *state_dir, const char *folder, char *text)
{
	char from[BACKUP_PATH_BYTES], to[BACKUP_PATH_BYTES], error[DB_ERROR_BYTES] = "";
	struct db *db = NULL;
	int r;

	join(from, state_dir, "gate.db");
	join(to, folder, "gate.db");
	r = db_open(from, true, &db, error);
	if (r < 0)
		return set_text(text, r, "%s: %s", from, error);
	r = db_copy_to(db, to);
	if (r < 0)
		(void)set_text(text, r, "%s cannot be copied: %s", from, strerror(-r));
	db_close(db);
	return r;
}

static int copy_keys(const char *from_dir, const char *to_dir, char *text)
{
	char from[BACKUP_PATH_BYTES], to[BACKUP_PATH_BYTES];
	int r = 0;

	join(to, to_dir, "keys");
	if (mkdir(to, 0700) < 0 && errno != EEXIST)
		return set_text(text, -errno, "%s: %s", to, strerror(errno));
	for (size_t i = 0; r == 0 && i < KEYS; i++) {
		join(from, from_dir, key_names[i]);
		join(to, to_dir, key_names[i]);
		r = copy_file(from, to, mode_of(key_names[i]));
		if (r < 0)
			(void)set_text(text, r, "%s: %s", from, strerror(-r));
	}
	join(to, to_dir, "keys");
	return r < 0 ? r : file_sync(to);
}

static int verify_copy(const char *folder, const char *key_dir, struct audit_result *ret_result,
		       char *text)
{
	char db[BACKUP_PATH_BYTES], key[BACKUP_PATH_BYTES];
	int r;

	join(db, folder, "gate.db");
	join(key, key_dir, "keys/anchor.pub");
	r = audit_verify(db, key, NULL, NULL, ret_result);
	if (r < 0)
		return set_text(text, r, "%s", ret_result->verdict.detail);
	if (!ret_result->ok)
		return set_text(text, -EBADMSG, "%s: %s", db, ret_result->verdict.detail);
	return ret_result->signatures_checked
		       ? 0
		       : set_text(text, -EKEYREJECTED, "%s: no public key at hand", db);
}

static void remove_copy(const char *folder)
{
	static const char *const names[] = {
		"gate.db",       "gate.db-journal", CONFIG_LAST_GOOD_NAME, COPIES_NAME,
		"keys/data.key", "keys/anchor.key", "keys/anchor.pub"};
	char path[BACKUP_PATH_BYTES];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		join(path, folder, names[i]);
		(void)unlink(path); /* not all of them were made */
	}
	join(path, folder, "keys");
	(void)rmdir(path);
	(void)rmdir(folder);
}

/* Copies a file that need not exist. */
static int copy_if_there(const char *state_dir, const char *folder, const char *name, char *text)
{
	char from[BACKUP_PATH_BYTES], to[BACKUP_PATH_BYTES];
	int r;

	join(from, state_dir, name);
	join(to, folder, name);
	if (access(from, F_OK) < 0)
		return 0;
	r = copy_file(from, to, 0600);
	return r < 0 ? set_text(text, r, "%s: %s", to, strerror(-r)) : 0;
}

int backup_make(const char *state_dir, const char *folder, bool with_keys, char *text)
{
	struct audit_result result = {0};
	int r, registered;

	if (mkdir(folder, 0700) < 0)
		return set_text(text, -errno, "%s: %s", folder, strerror(errno));
	registered = copies_register(
		state_dir, folder); /* before it contains personal data, in case the disk fails */
	r = copy_database(state_dir, folder, text);
	if (r == 0 && with_keys)
		r = copy_keys(state_dir, folder, text);
	if (r == 0)
		r = copy_if_there(state_dir, folder, CONFIG_LAST_GOOD_NAME, text);
	if (r == 0)
		r = copy_if_there(state_dir, folder, COPIES_NAME, text);
	if (r == 0)
		r = verify_copy(folder, state_dir, &result, text);
	if (r == 0)
		r = file_sync(folder);
	if (r < 0) {
		remove_copy(folder);
		return r;
	}
	set_text(text, 0, "%s: the log to row %lld%s", folder, (long long)result.last_seq,
		 with_keys ? ", and the keys: whoever has this folder can read everything in it"
			   : ", without the keys: restoring it needs them");
	if (registered < 0)
		snprintf(text + strlen(text), BACKUP_TEXT_BYTES - strlen(text),
			 ". It could not be noted in %.200s/" COPIES_NAME
			 " (%s): certificates of erasure will not name it",
			 state_dir, strerror(-registered));
	return 0;
}

/* Requires that the key is the same on both sides, or missing on one; sets @p ret_copy then. */
static int check_key(const char *folder, const char *state_dir, const char *name, bool *ret_copy,
		     char *text)
{
	char from[BACKUP_PATH_BYTES], to[BACKUP_PATH_BYTES], error[CRYPTO_ERROR_BYTES];
	uint8_t theirs[32], ours[32];
	bool have_from, have_to, same;

	join(from, folder, name);
	join(to, state_dir, name);
	have_from = crypto_key_load(from, theirs, sizeof(theirs), error) == 0;
	have_to = crypto_key_load(to, ours, sizeof(ours), error) == 0;
	same = have_from && have_to && memcmp(theirs, ours, sizeof(ours)) == 0;
	crypto_wipe(theirs, sizeof(theirs));
	crypto_wipe(ours, sizeof(ours));
	if (!have_from && !have_to)
		return set_text(text, -EKEYREJECTED,
				"%s: missing in the backup, and not here either", name);
	if (have_from && have_to && !same)
		return set_text(text, -EKEYREJECTED,
				"%s is another gate's key than the backup's: move it away first",
				to);
	*ret_copy = have_from && !have_to;
	return 0;
}

static int restore_keys(const char *folder, const char *state_dir, char *text)
{
	char from[BACKUP_PATH_BYTES], to[BACKUP_PATH_BYTES];
	bool copy[KEYS] = {false};
	int r = 0;

	for (size_t i = 0; r == 0 && i < KEYS; i++)
		r = check_key(folder, state_dir, key_names[i], &copy[i], text);
	if (r < 0)
		return r;
	join(to, state_dir, "keys");
	if (mkdir(to, 0700) < 0 && errno != EEXIST)
		return set_text(text, -errno, "%s: %s", to, strerror(errno));
	r = file_copy_owner(state_dir, to);
	for (size_t i = 0; r == 0 && i < KEYS; i++) {
		join(from, folder, key_names[i]);
		join(to, state_dir, key_names[i]);
		r = copy[i] ? copy_file(from, to, mode_of(key_names[i])) : 0;
		if (r == 0)
			r = file_copy_owner(state_dir, to);
	}
	join(to, state_dir, "keys");
	if (r == 0)
		r = file_sync(to);
	return r < 0 ? set_text(text, r, "%s: %s", to, strerror(-r)) : 0;
}

/* Renames a database and its WAL. */
static int rename_replaced(const char *path, const char *when, char *text)
{
	static const char *const suffixes[] = {"-wal", "-shm", ""};
	char from[BACKUP_PATH_BYTES + 8], to[BACKUP_PATH_BYTES + 64];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", path, suffixes[i]);
		snprintf(to, sizeof(to), "%s.replaced-%s%s", path, when, suffixes[i]);
		if (rename(from, to) < 0 && errno != ENOENT)
			return set_text(text, -errno, "%s: %s", from, strerror(errno));
	}
	return 0;
}

/*
 * Renames the old files, then the restored one to gate.db. roster.db belongs to the old gate.db, so
 * the daemon builds a new one. After an interruption, the daemon's next start completes the
 * replacement, or the old file is still in place: see store_recover_pending().
 */
static int replace_database(const char *state_dir, const char *fresh, char *text)
{
	char path[BACKUP_PATH_BYTES], roster[BACKUP_PATH_BYTES], pending[BACKUP_PATH_BYTES],
		when[32];
	time_t now = (time_t)(clock_unix_ms() / 1000);
	struct tm utc;
	int r;

	gmtime_r(&now, &utc);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &utc);
	join(path, state_dir, "gate.db");
	join(roster, state_dir, "roster.db");
	join(pending, state_dir, "gate.db.pending");
	if (rename(fresh, pending) < 0)
		return set_text(text, -errno, "%s: %s", pending, strerror(errno));
	r = file_sync(state_dir);
	if (r < 0)
		return set_text(text, r, "%s: %s", state_dir, strerror(-r));
	r = rename_replaced(roster, when, text);
	if (r == 0)
		r = rename_replaced(path, when, text);
	if (r < 0) {
		if (access(path, F_OK) == 0)
			(void)unlink(pending); /* else the next start uses it */
		return r;
	}
	if (rename(pending, path) < 0)
		return set_text(text, -errno, "%s: %s", path, strerror(errno));
	return file_sync(state_dir);
}

static int restore_claimed(const char *folder, const char *state_dir, char *text)
{
	char from[BACKUP_PATH_BYTES], fresh[BACKUP_PATH_BYTES], key[BACKUP_PATH_BYTES];
	struct audit_result result;
	const char *imported = "";
	int r;

	join(from, folder, "gate.db");
	join(fresh, state_dir, "gate.db.restoring");
	join(key, folder, "keys/anchor.pub"); /* the backup's own key, or the one that is here */
	r = verify_copy(folder, access(key, F_OK) == 0 ? folder : state_dir, &result, text);
	if (r < 0)
		return r;
	(void)unlink(fresh); /* of an interrupted restore */
	r = copy_file(from, fresh, 0600);
	if (r == 0)
		r = file_copy_owner(state_dir, fresh);
	if (r < 0)
		return set_text(text, r, "%s: %s", fresh, strerror(-r));
	r = restore_keys(folder, state_dir, text);
	if (r == 0)
		r = replace_database(state_dir, fresh, text);
	if (r == 0 && copies_import(folder, state_dir) < 0)
		imported = ", without the register of backups, which cannot be read or written";
	if (r < 0) {
		(void)unlink(fresh); /* the backup still has it */
		return r;
	}
	return set_text(text, 0, "%s: the log to row %lld is back%s", state_dir,
			(long long)result.last_seq, imported);
}

int backup_restore(const char *folder, const char *state_dir, char *text)
{
	struct store_claim *claim;
	char error[STORE_TEXT_BYTES] = "", lock[BACKUP_PATH_BYTES];
	int r = store_claim(state_dir, &claim, error);

	if (r < 0)
		return set_text(text, r, "%s", error[0] != '\0' ? error : strerror(-r));
	join(lock, state_dir, "lock");
	r = file_copy_owner(state_dir, lock);
	r = r < 0 ? set_text(text, r, "%s: %s", lock, strerror(-r))
		  : restore_claimed(folder, state_dir, text);
	store_claim_release(claim);
	return r;
}
