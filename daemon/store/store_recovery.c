/*
 * store_recovery.c - quarantines a damaged gate.db, restores its roster and continues the log in a
 * new file.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store_private.h"

int store_quarantine_file(const struct store *store, char ret_path[STORE_QUARANTINE_BYTES])
{
	static const char *const suffixes[] = {"-wal", "-shm", ""};
	char from[STORE_PATH_BYTES + 8], to[STORE_PATH_BYTES + 48];
	time_t now = (time_t)(clock_unix_ms() / 1000);
	struct tm utc;
	char time[32];

	gmtime_r(&now, &utc);
	strftime(time, sizeof(time), "%Y%m%dT%H%M%SZ", &utc);
	snprintf(ret_path, STORE_QUARANTINE_BYTES, "%.480s.corrupt-%s", store->path, time);
	for (int i = 2; access(ret_path, F_OK) == 0 && i < 1000; i++)
		snprintf(ret_path, STORE_QUARANTINE_BYTES, "%.480s.corrupt-%s-%d", store->path,
			 time, i);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", store->path, suffixes[i]);
		snprintf(to, sizeof(to), "%s%s", ret_path, suffixes[i]);
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

/* Begins the log after the last seq that any source mentions, so that no seq is used twice. */
static int begin_log(struct store_file *file, struct db *old, int64_t seq, const uint8_t *hash)
{
	const uint8_t *public_key = file->keys.signer.public_key;
	uint8_t last_hash[DIGEST_BYTES], found[DIGEST_BYTES];
	int64_t last = seq, mark, other;

	memcpy(last_hash, hash, sizeof(last_hash));
	if (old != NULL && store_read_mark(old, public_key, AUDIT_HEAD, &mark, found) == 1 &&
	    mark > last) {
		last = mark;
		memcpy(last_hash, found, sizeof(last_hash));
	}
	if (old != NULL && db_int(old, "SELECT max(seq) FROM event", &other) == 0 && other > last)
		last = other;
	if (db_int(file->db, "SELECT coalesce(max(seq), 0) FROM cursor", &other) == 0 &&
	    other > last)
		last = other; /* the row was published */
	return last == 0 ? 0 : store_file_begin_log(file, last, last_hash);
}

static int copy_all(struct db *from, struct db *to)
{
	struct store_sync sync;
	struct store_sync_sweep sweep = {0};
	int r = store_sync_open(&sync, from, to);

	while (r == 0)
		r = store_sync_sweep(&sync, &sweep, 4096);
	store_sync_close(&sync);
	return r < 0 ? r : 0;
}

/* Copies each table as far as it can be read; a damaged page ends only its own table. */
static int copy_readable(struct db *from, struct db *to)
{
	struct store_sync sync;
	int r = store_sync_open(&sync, from, to);

	for (int table = 0; r == 0 && table < STORE_SYNC_TABLES; table++) {
		struct store_sync_sweep sweep = {.table = table};

		while (store_sync_sweep(&sync, &sweep, 1) == 0 && sweep.table == table)
			;
	}
	store_sync_close(&sync);
	return 0; /* a file without these tables has nothing to copy */
}

/* A file that was restored from an older copy may contain people who were erased since. */
static bool is_older(const struct store_file *file, struct db *old, int64_t seq)
{
	uint8_t hash[DIGEST_BYTES];
	int64_t mark;

	return store_read_mark(old, file->keys.signer.public_key, AUDIT_HEAD, &mark, hash) == 1 &&
	       mark < seq;
}

/*
 * Copies what the replica did not have yet from the old file. If the damage prevents that, the
 * replica's rows remain.
 */
static int sync_late(struct store_file *file, struct db *old, int64_t seq)
{
	int r = is_older(file, old, seq) ? 1 : db_run(file->db, "SAVEPOINT late"), undone = 0;

	if (r == 1)
		return 0;
	if (r < 0)
		return r;
	r = store_sync_pending(old, file->db, STORE_BATCH_MAX);
	if (r < 0)
		undone = db_run(file->db, "ROLLBACK TO late");
	return undone < 0 ? undone : db_run(file->db, "RELEASE late");
}

static int recover_roster(struct store_file *file, struct db *old, struct db *replica, int64_t seq,
			  const uint8_t *hash)
{
	int r = db_execute(file->sql[STORE_SQL_BEGIN]);

	assert(replica != NULL || old != NULL); /* one of them is the source */
	if (r == 0)
		r = replica != NULL ? copy_all(replica, file->db) : copy_readable(old, file->db);
	if (r == 0 && replica != NULL)
		r = db_run(file->db, "DELETE FROM replica_pending"); /* the replica has all rows */
	if (r == 0 && replica != NULL && old != NULL)
		r = sync_late(file, old, seq);
	if (r == 0 && replica != NULL)
		r = store_sync_counters(replica, file->db);
	if (r == 0 && old != NULL)
		(void)store_sync_counters(old, file->db); /* as far as they can be read */
	if (r == 0)
		r = begin_log(file, old, seq, hash);
	if (r == 0)
		r = db_execute(file->sql[STORE_SQL_COMMIT]);
	if (r < 0 && db_in_transaction(file->db))
		(void)db_execute(
			file->sql[STORE_SQL_ROLLBACK]); /* nothing is restored: see the result */
	return r;
}

int store_recover_damaged(const struct store *store, struct store_file *file,
			  struct store_replica *replica, struct problem *problem)
{
	struct problem what = *problem;
	char quarantined[STORE_QUARANTINE_BYTES];
	uint8_t hash[DIGEST_BYTES] = {0};
	struct db *old = NULL, *source = NULL;
	int64_t people = 0, seq = 0;
	int r;

	store_file_close(file);
	r = store_quarantine_file(store, quarantined);
	if (r < 0) {
		problem_store_not_set_aside(problem, &what, r);
		return r;
	}
	r = store_file_open(store, file, problem);
	if (r < 0)
		return r;
	if (store_replica_open_source(replica, &file->keys, &source, &seq, hash) < 0)
		source = NULL;
	if (db_open(quarantined, true, &old, NULL) < 0)
		old = NULL;
	if (source != NULL || old != NULL)
		r = recover_roster(file, old, source, seq, hash);
	if (r < 0 && source != NULL && old != NULL) /* the replica is damaged, too */
		r = recover_roster(file, old, NULL, seq, hash);
	else if (r == 0 && source != NULL)
		(void)store_replica_attach(replica, file); /* on failure it is rebuilt */
	db_close(old);
	if (r < 0 || db_int(file->db, "SELECT count(*) FROM person", &people) < 0)
		people = 0;
	if (source != NULL)
		problem_store_set_aside_copy(problem, &what, quarantined, file->head_seq, people);
	else
		problem_store_set_aside_saved(problem, &what, quarantined, file->head_seq, people);
	return 0;
}

int store_recover_unlinked(const struct store *store, struct store_file *file,
			   struct problem *problem)
{
	char quarantined[STORE_QUARANTINE_BYTES], part[STORE_PATH_BYTES + 8],
		pending[STORE_PATH_BYTES + 8];
	int r;

	assert(file->db != NULL);
	snprintf(part, sizeof(part), "%s" STORE_PART_SUFFIX, store->path);
	snprintf(pending, sizeof(pending), "%s" STORE_PENDING_SUFFIX, store->path);
	(void)unlink(part); /* of a failed attempt */
	r = db_copy_to(file->db, part);
	/* this name marks a complete copy for the next start: see store_recover_pending() */
	if (r == 0 && rename(part, pending) < 0)
		r = -errno;
	if (r == 0)
		r = file_sync(store->state_dir);
	if (r == 0) {
		r = store_quarantine_file(store, quarantined);
		if (r == 0 && rename(pending, store->path) < 0)
			r = -errno;
		if (r == 0)
			r = file_sync(store->state_dir);
	}
	if (r < 0) {
		problem_store_not_rewritten(problem, r);
		return r;
	}
	store_file_close(file);
	r = store_file_open(store, file, problem);
	if (r == 0)
		problem_store_rewritten(problem);
	return r;
}
