/*
 * store_leftovers.c - files that a crash or a power cut left incomplete in the state folder: put
 * into use, or removed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "store_private.h"

/* The seq of a file's signed end; -1: no file, or no gate.db. */
static int64_t head_of(const char *path)
{
	int64_t seq = -1;
	struct db *db;

	if (access(path, F_OK) < 0 || db_open(path, true, &db, NULL) < 0)
		return -1;
	if (db_int(db, "SELECT seq FROM mark WHERE kind = 'head'", &seq) < 0)
		seq = -1;
	db_close(db);
	return seq;
}

int store_recover_pending(const struct store *store, struct problem *problem)
{
	char pending[STORE_PATH_BYTES + 8], quarantined[STORE_QUARANTINE_BYTES];
	int64_t ours;
	int r;

	snprintf(pending, sizeof(pending), "%s" STORE_PENDING_SUFFIX, store->path);
	if (access(pending, F_OK) < 0)
		return 0;
	ours = head_of(store->path);
	if (access(store->path, F_OK) == 0 && head_of(pending) <= ours) {
		/* gate.db was never replaced and has been continued since */
		if (ours >= 0)
			(void)unlink(pending);
		return 0;
	}
	r = store_quarantine_file(store, quarantined);
	if (r == 0 && rename(pending, store->path) < 0)
		r = -errno;
	if (r == 0)
		r = file_sync(store->state_dir);
	if (r < 0)
		problem_store_not_replaced(problem, r);
	else
		problem_store_replaced(problem);
	return r < 0 ? r : 1;
}

static bool ends_with(const char *name, const char *tail)
{
	size_t length = strlen(name), bytes = strlen(tail);

	return length >= bytes && strcmp(name + length - bytes, tail) == 0;
}

/* An export that was not downloaded, or an incomplete copy of gate.db. */
static bool is_left_in_state(const char *name)
{
	return (strncmp(name, "export-", 7) == 0 && strstr(name, ".zip") != NULL) ||
	       strcmp(name, "gate.db.restoring") == 0 ||
	       strcmp(name, "gate.db" STORE_PART_SUFFIX) == 0;
}

/* A key file that was not renamed to its final name, except those of this process. */
static bool is_left_in_keys(const char *name)
{
	char ours[24];

	snprintf(ours, sizeof(ours), ".%d.new", (int)getpid());
	return ends_with(name, ".new") && !ends_with(name, ours);
}

static void sweep(const char *folder, bool (*is_left)(const char *name))
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (dir == NULL)
		return; /* it does not exist yet */
	while ((entry = readdir(dir)) != NULL)
		if (is_left(entry->d_name) && unlinkat(dirfd(dir), entry->d_name, 0) == 0)
			log_info("store", "%s/%s: incomplete file of an earlier run, removed",
				 folder, entry->d_name);
	closedir(dir);
}

void store_remove_leftovers(const struct store *store)
{
	char keys[STORE_PATH_BYTES + 8];

	snprintf(keys, sizeof(keys), "%s/keys", store->state_dir);
	sweep(store->state_dir, is_left_in_state);
	sweep(keys, is_left_in_keys);
}
