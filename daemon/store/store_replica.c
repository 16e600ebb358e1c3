/*
 * store_replica.c - roster.db, a replica of the people, templates and records of gate.db, from
 * which a damaged gate.db is restored.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread_role.h"
#include "store_private.h"

enum {
	SLICE_ROWS = 256,           /* of one transaction while the replica is being built */
	KEYS_MAX = STORE_BATCH_MAX, /* copied in one turn; more wait for the next one */
	REBUILD_EVERY_MS = 20,
	/* a turn takes some 50 ms on a slow disk: wait, as another write may follow at once */
	IDLE_MS = 250,
	SYNC_EVERY_MS = 1000,      /* under continuous load */
	MARK_EVERY_MS = 60 * 1000, /* the greatest age of the replica's mark of the log's end */
	RETRY_MS = 5000,
	CHECK_BYTES_MAX = 16 << 20
};

struct store_replica {
	char path[STORE_PATH_BYTES];
	const struct schema *schema;
	struct db *db; /* NULL: not open */
	bool complete; /* else it is being built, and `sweep` is the position */
	struct store_sync_sweep sweep;
	bool dirty; /* gate.db has changes that are not copied yet */
	/* the replica has all keys of `replica_pending`: the next commit may empty it */
	bool synced;
	int64_t mark_seq;
	uint64_t synced_mono_ms, mark_mono_ms, retry_mono_ms;
};

int store_replica_new(const struct store *store, struct store_replica **ret_replica)
{
	struct store_replica *replica = calloc(1, sizeof(*replica));

	if (replica == NULL)
		return -ENOMEM;
	replica->dirty = true; /* an earlier run may have left changes */
	replica->schema = store->replica_schema;
	snprintf(replica->path, sizeof(replica->path), "%.490s/roster.db", store->state_dir);
	*ret_replica = replica;
	return 0;
}

static void close_db(struct store_replica *replica)
{
	db_close(replica->db);
	replica->db = NULL;
	replica->complete = replica->synced = false;
}

void store_replica_close(struct store_replica *replica)
{
	if (replica == NULL)
		return;
	close_db(replica);
	free(replica);
}

static int check_pages(struct store_replica *replica, int64_t bytes_max)
{
	int64_t pages = 0;
	int r = db_int(replica->db, "PRAGMA page_count", &pages);

	if (r < 0 || pages > bytes_max / 4096)
		return r;
	return db_quick_check(replica->db);
}

static int make_tables(struct store_replica *replica)
{
	int r = db_run(replica->db, "BEGIN IMMEDIATE");

	if (r == 0)
		r = schema_create(replica->db, replica->schema);
	if (r == 0)
		r = db_run(replica->db, "COMMIT");
	return r; /* closing, which follows a failure, rolls back */
}

static int open_db(struct store_replica *replica)
{
	int64_t version = 0;
	int r = db_open(replica->path, false, &replica->db, NULL);

	if (r == 0)
		r = schema_version(replica->db, &version);
	if (r == 0)
		r = db_run(replica->db,
			   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			   "PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 500;"
			   "PRAGMA journal_size_limit = 4194304; PRAGMA cell_size_check = ON");
	if (r == 0 && version == 0) {
		r = make_tables(replica);
	} else if (r == 0) {
		/* a newer schema: rebuild it. gate.db is not newer, else it had been refused */
		r = version < 0 || version > replica->schema->version
			    ? -EBADMSG
			    : check_pages(replica, CHECK_BYTES_MAX);
		if (r == 0)
			r = schema_upgrade(replica->db, replica->schema, version);
	}
	if (r < 0)
		close_db(replica);
	return r == -EINVAL ? -EBADMSG : r;
}

/* Quarantines the file, so that a new one can be built; replaces the one quarantined before. */
static void discard(struct store_replica *replica)
{
	static const char *const suffixes[] = {"-wal", "-shm", ""};
	char from[STORE_PATH_BYTES + 8], to[STORE_PATH_BYTES + 24];

	close_db(replica);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", replica->path, suffixes[i]);
		snprintf(to, sizeof(to), "%s.set-aside%s", replica->path, suffixes[i]);
		if (rename(from, to) < 0)
			(void)unlink(to); /* it belongs to an earlier quarantine */
	}
}

int store_replica_open_source(struct store_replica *replica, const struct store_keys *keys,
			      struct db **ret_db, int64_t *ret_seq, uint8_t *ret_hash)
{
	int r = replica->db == NULL ? access(replica->path, F_OK) == 0 ? open_db(replica) : -ENOENT
				    : 0;

	if (r == 0)
		r = store_read_mark(replica->db, keys->signer.public_key, AUDIT_HEAD, ret_seq,
				    ret_hash);
	if (r == 0)
		return -ENOENT; /* not complete, or another gate's */
	if (r == 1)
		r = store_roster_check_key(replica->db, keys->data);
	replica->complete = r == 0;
	if (r == 0)
		*ret_db = replica->db;
	return r;
}

void store_replica_mark_dirty(struct store_replica *replica)
{
	replica->dirty = true;
}

bool store_replica_pop_synced(struct store_replica *replica)
{
	bool synced = replica->synced;

	replica->synced = false;
	return synced;
}

/*
 * Whether the replica belongs to this log: the log contains the row of the replica's mark, or was
 * cut right after it. @return 1, 0 or an error
 */
static int is_of_this_log(struct store_file *file, int64_t seq, const uint8_t *hash)
{
	uint8_t found[DIGEST_BYTES];
	struct db_statement *row;
	int64_t base = 0;
	int r = store_read_mark(file->db, file->keys.signer.public_key, AUDIT_BASE, &base, found);

	if (r < 0)
		return r;
	if (r == 1 && base >= seq)
		return base == seq && memcmp(found, hash, sizeof(found)) == 0;
	r = db_prepare(file->db, "SELECT hash FROM event WHERE seq = ?", &row);
	if (r < 0)
		return r;
	db_bind_int(row, 1, seq);
	r = db_step(row);
	if (r == 1)
		r = db_column_exact(row, 0, found, sizeof(found)) == 0 &&
		    memcmp(found, hash, sizeof(found)) == 0;
	db_finish(row);
	return r;
}

/* Begins to rebuild the replica: its rows are of another log, or there are none. */
static int begin_rebuild(struct store_replica *replica, struct store_file *file)
{
	int r = replica->db == NULL ? open_db(replica) : 0;

	memset(&replica->sweep, 0, sizeof(replica->sweep));
	replica->complete = replica->synced = false;
	if (r == 0)
		r = db_run(replica->db,
			   "BEGIN; DELETE FROM mark; DELETE FROM key_check; DELETE FROM person; "
			   "DELETE FROM template; DELETE FROM record; DELETE FROM cursor; "
			   "DELETE FROM nonce; COMMIT");
	return r < 0 ? r : store_roster_check_key(replica->db, file->keys.data);
}

/* Opens the replica, or begins to rebuild it. @return 0, -EUCLEAN (it was damaged) or an error */
static int open_or_rebuild(struct store_replica *replica, struct store_file *file)
{
	uint8_t hash[DIGEST_BYTES] = {0};
	struct db *db;
	int64_t seq = 0;
	int r = store_replica_open_source(replica, &file->keys, &db, &seq, hash), ours;

	if (r == -EBADMSG || r == -EKEYREJECTED)
		discard(replica);
	else if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0) {
		ours = is_of_this_log(file, seq, hash);
		if (ours < 0) /* an error of gate.db */
			return ours;
		replica->complete = ours == 1;
	}
	if (replica->complete)
		return 0;
	ours = begin_rebuild(replica, file);
	return ours < 0 ? ours : r == -EBADMSG || r == -EKEYREJECTED ? -EUCLEAN : 0;
}

static int put_mark(struct store_replica *replica, struct store_file *file)
{
	int r = store_write_mark(replica->db, &file->keys.signer, AUDIT_HEAD, file->head_seq,
				 file->head_hash);

	if (r == 0)
		r = store_sync_counters(file->db, replica->db);
	return r;
}

static int end_transaction(struct store_replica *replica, int r)
{
	if (r == 0)
		r = db_run(replica->db, "COMMIT");
	if (r < 0 && db_in_transaction(replica->db))
		(void)db_run(replica->db, "ROLLBACK"); /* SQLite may have done it already */
	return r;
}

int store_replica_attach(struct store_replica *replica, struct store_file *file)
{
	int r = replica->db == NULL ? -ENOENT : db_run(replica->db, "BEGIN");

	replica->dirty = true;
	if (r < 0)
		return r;
	return end_transaction(replica, put_mark(replica, file));
}

static int copy_slice(struct store_replica *replica, struct store_file *file)
{
	struct store_sync sync;
	int r = store_sync_open(&sync, file->db, replica->db), done = 0;

	assert(!replica->complete);
	if (r == 0)
		r = db_run(replica->db, "BEGIN");
	if (r == 0) {
		done = r = store_sync_sweep(&sync, &replica->sweep, SLICE_ROWS);
		if (r == 1)
			r = put_mark(replica, file); /* the mark makes it complete */
		r = end_transaction(replica, r < 0 ? r : 0);
	}
	store_sync_close(&sync);
	replica->complete = r == 0 && done == 1;
	if (replica->complete)
		replica->dirty = true; /* rows may have changed meanwhile */
	return r;
}

static int sync_changes(struct store_replica *replica, struct store_file *file, bool erase)
{
	int r = db_run(replica->db, "BEGIN");

	if (r < 0)
		return r;
	r = store_sync_pending(file->db, replica->db, KEYS_MAX);
	if (r >= 0) {
		replica->synced = replica->complete && r < KEYS_MAX;
		replica->dirty = r >= KEYS_MAX;
		r = replica->complete ? put_mark(replica, file) : 0;
	}
	r = end_transaction(replica, r);
	if (r < 0) {
		replica->synced = false;
		replica->dirty = true;
		return r;
	}
	replica->synced_mono_ms = replica->mark_mono_ms = clock_mono_ms();
	replica->mark_seq = file->head_seq;
	if (erase) /* the WAL still contains the erased rows */
		r = db_run(replica->db, "PRAGMA wal_checkpoint(TRUNCATE)");
	return r;
}

static int step(struct store_replica *replica, struct store_file *file,
		enum store_replica_turn turn)
{
	uint64_t now_ms = clock_mono_ms();
	int r = replica->db == NULL || (!replica->complete && replica->sweep.table == 0 &&
					replica->sweep.rows == 0)
			? open_or_rebuild(replica, file)
			: 0;

	if (r < 0)
		return r;
	if (turn == STORE_REPLICA_ERASED) /* also while it is being built */
		return sync_changes(replica, file, true);
	if (!replica->complete)
		return turn == STORE_REPLICA_IDLE ? copy_slice(replica, file) : 0;
	if (replica->dirty &&
	    (turn == STORE_REPLICA_IDLE || now_ms - replica->synced_mono_ms >= SYNC_EVERY_MS))
		return sync_changes(replica, file, false);
	if (replica->mark_seq != file->head_seq && now_ms - replica->mark_mono_ms >= MARK_EVERY_MS)
		return sync_changes(replica, file, false);
	return 0;
}

int store_replica_step(struct store_replica *replica, struct store_file *file,
		       enum store_replica_turn turn)
{
	int r;

	assert_thread(THREAD_STORE);
	if (turn != STORE_REPLICA_ERASED && clock_mono_ms() < replica->retry_mono_ms)
		return 0;
	if (replica->db != NULL && db_has_moved(replica->db)) {
		discard(replica);
		return -EUCLEAN;
	}
	r = step(replica, file, turn);
	if (r == -EUCLEAN) /* it is being rebuilt */
		return r;
	if (r == -EBADMSG && replica->db != NULL && check_pages(replica, INT64_MAX) == -EBADMSG) {
		discard(replica);
		return -EUCLEAN;
	}
	if (r < 0) {
		replica->retry_mono_ms = clock_mono_ms() + RETRY_MS;
		close_db(replica); /* open_or_rebuild() opens it again */
	}
	return r;
}

int store_replica_wait_ms(const struct store_replica *replica)
{
	if (clock_mono_ms() < replica->retry_mono_ms)
		return -1;
	return !replica->complete ? REBUILD_EVERY_MS : replica->dirty ? IDLE_MS : -1;
}
