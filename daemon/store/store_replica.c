/* store_replica.c - roster.db: what gate.db knows of people, once more, for the day that gate.db is damaged. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store_private.h"

enum {
	SLICE_ROWS = 256,           /* of one transaction while the copy is being made */
	KEYS_MAX = STORE_BATCH_MAX, /* carried over at once; more wait for the next turn */
	MAKE_EVERY_MS = 20,
	IDLE_MS =
		250, /* a disk takes some 50 ms for the copy: not right behind one who may be followed by another */
	CARRY_EVERY_MS = 1000,     /* at the least, under a load that never ends */
	MARK_EVERY_MS = 60 * 1000, /* how old what the copy knows of the log's end may be */
	RETRY_MS = 5000,
	CHECK_BYTES_MAX = 16 << 20
};

struct store_copy {
	char path[STORE_PATH_BYTES];
	const struct schema *schema;
	struct db *db; /* NULL: not open */
	bool complete; /* else it is being made, and `sweep` says how far it is */
	struct store_sweep sweep;
	bool dirty;   /* gate.db changed what is to be carried over */
	bool carried; /* all that `uncopied` names is in the copy: the next commit may empty it */
	int64_t mark_seq;
	uint64_t carried_mono_ms, mark_mono_ms, retry_mono_ms;
};

int store_copy_new(const struct store *store, struct store_copy **ret_copy)
{
	struct store_copy *copy = calloc(1, sizeof(*copy));

	if (copy == NULL)
		return -ENOMEM;
	copy->dirty = true; /* what a run before this one left behind */
	copy->schema = store->replica_schema;
	snprintf(copy->path, sizeof(copy->path), "%.490s/roster.db", store->state_dir);
	*ret_copy = copy;
	return 0;
}

static void close_db(struct store_copy *copy)
{
	db_close(copy->db);
	copy->db = NULL;
	copy->complete = copy->carried = false;
}

void store_copy_close(struct store_copy *copy)
{
	if (copy == NULL)
		return;
	close_db(copy);
	free(copy);
}

static int check_pages(struct store_copy *copy, int64_t bytes_max)
{
	int64_t pages = 0;
	int r = db_int(copy->db, "PRAGMA page_count", &pages);

	if (r < 0 || pages > bytes_max / 4096)
		return r;
	return db_quick_check(copy->db);
}

static int make_tables(struct store_copy *copy)
{
	int r = db_run(copy->db, "BEGIN IMMEDIATE");

	if (r == 0)
		r = schema_create(copy->db, copy->schema);
	if (r == 0)
		r = db_run(copy->db, "COMMIT");
	return r; /* closing, which follows a failure, rolls back */
}

static int open_db(struct store_copy *copy)
{
	int64_t version = 0;
	int r = db_open(copy->path, false, &copy->db, NULL);

	if (r == 0)
		r = schema_version(copy->db, &version);
	if (r == 0)
		r = db_run(copy->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
				     "PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 500;"
				     "PRAGMA journal_size_limit = 4194304; PRAGMA cell_size_check = ON");
	if (r == 0 && version == 0) {
		r = make_tables(copy);
	} else if (r == 0) {
		/* one of a newer program is made anew from gate.db: had that been newer too, it would have been refused */
		r = version < 0 || version > copy->schema->version ? -EBADMSG
								   : check_pages(copy, CHECK_BYTES_MAX);
		if (r == 0)
			r = schema_upgrade(copy->db, copy->schema, version);
	}
	if (r < 0)
		close_db(copy);
	return r == -EINVAL ? -EBADMSG : r;
}

/* Out of the way of a new one; the last of its kind is kept for whoever wants to look. */
static void discard(struct store_copy *copy)
{
	static const char *const suffixes[] = {"-wal", "-shm", ""};
	char from[STORE_PATH_BYTES + 8], to[STORE_PATH_BYTES + 24];

	close_db(copy);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", copy->path, suffixes[i]);
		snprintf(to, sizeof(to), "%s.set-aside%s", copy->path, suffixes[i]);
		if (rename(from, to) < 0)
			(void)unlink(to); /* of another time: it does not belong to this one */
	}
}

int store_copy_source(struct store_copy *copy, const struct store_keys *keys, struct db **ret_db,
		      int64_t *ret_seq, uint8_t *ret_hash)
{
	int r = copy->db == NULL ? access(copy->path, F_OK) == 0 ? open_db(copy) : -ENOENT : 0;

	if (r == 0)
		r = store_read_mark(copy->db, keys->signer.public_key, AUDIT_HEAD, ret_seq, ret_hash);
	if (r == 0)
		return -ENOENT; /* not complete, or another gate's */
	if (r == 1)
		r = store_roster_check_key(copy->db, keys->data);
	copy->complete = r == 0;
	if (r == 0)
		*ret_db = copy->db;
	return r;
}

void store_copy_touch(struct store_copy *copy)
{
	copy->dirty = true;
}

bool store_copy_take_carried(struct store_copy *copy)
{
	bool carried = copy->carried;

	copy->carried = false;
	return carried;
}

/* The copy and the file are of one chain: the row that the copy's mark speaks of is there, or was dropped just now. */
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

/* Begin to make it anew: what is there is another log's, damaged, or nothing. */
static int begin_making(struct store_copy *copy, struct store_file *file)
{
	int r = copy->db == NULL ? open_db(copy) : 0;

	memset(&copy->sweep, 0, sizeof(copy->sweep));
	copy->complete = copy->carried = false;
	if (r == 0)
		r = db_run(copy->db, "BEGIN; DELETE FROM mark; DELETE FROM key_check; DELETE FROM person; "
				     "DELETE FROM template; DELETE FROM record; DELETE FROM cursor; "
				     "DELETE FROM nonce; COMMIT");
	return r < 0 ? r : store_roster_check_key(copy->db, file->keys.data);
}

/* @return 0: it is in use; an error of the copy's own */
static int find(struct store_copy *copy, struct store_file *file)
{
	uint8_t hash[DIGEST_BYTES] = {0};
	struct db *db;
	int64_t seq = 0;
	int r = store_copy_source(copy, &file->keys, &db, &seq, hash), ours;

	if (r == -EBADMSG || r == -EKEYREJECTED)
		discard(copy);
	else if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0) {
		ours = is_of_this_log(file, seq, hash);
		if (ours < 0) /* gate.db's trouble, not the copy's */
			return ours;
		copy->complete = ours == 1;
	}
	if (copy->complete)
		return 0;
	ours = begin_making(copy, file);
	return ours < 0 ? ours : r == -EBADMSG || r == -EKEYREJECTED ? -EUCLEAN : 0;
}

static int put_mark(struct store_copy *copy, struct store_file *file)
{
	int r = store_write_mark(copy->db, &file->keys.signer, AUDIT_HEAD, file->head_seq, file->head_hash);

	if (r == 0)
		r = store_replica_counters(file->db, copy->db);
	return r;
}

static int end_transaction(struct store_copy *copy, int r)
{
	if (r == 0)
		r = db_run(copy->db, "COMMIT");
	if (r < 0 && db_in_transaction(copy->db))
		(void)db_run(copy->db, "ROLLBACK"); /* SQLite may have done it already */
	return r;
}

int store_copy_follow(struct store_copy *copy, struct store_file *file)
{
	int r = copy->db == NULL ? -ENOENT : db_run(copy->db, "BEGIN");

	copy->dirty = true;
	if (r < 0)
		return r;
	return end_transaction(copy, put_mark(copy, file));
}

static int make_slice(struct store_copy *copy, struct store_file *file)
{
	struct store_carrier carrier;
	int r = store_carrier_open(&carrier, file->db, copy->db), done = 0;

	if (r == 0)
		r = db_run(copy->db, "BEGIN");
	if (r == 0) {
		done = r = store_sweep(&carrier, &copy->sweep, SLICE_ROWS);
		if (r == 1)
			r = put_mark(copy, file); /* from here on it is a whole one */
		r = end_transaction(copy, r < 0 ? r : 0);
	}
	store_carrier_close(&carrier);
	copy->complete = r == 0 && done == 1;
	if (copy->complete)
		copy->dirty = true; /* what changed meanwhile */
	return r;
}

static int carry(struct store_copy *copy, struct store_file *file, bool erase)
{
	int r = db_run(copy->db, "BEGIN");

	if (r < 0)
		return r;
	r = store_replica_uncopied(file->db, copy->db, KEYS_MAX);
	if (r >= 0) {
		copy->carried = copy->complete && r < KEYS_MAX;
		copy->dirty = r >= KEYS_MAX;
		r = copy->complete ? put_mark(copy, file) : 0;
	}
	r = end_transaction(copy, r);
	if (r < 0) {
		copy->carried = false;
		copy->dirty = true;
		return r;
	}
	copy->carried_mono_ms = copy->mark_mono_ms = clock_mono_ms();
	copy->mark_seq = file->head_seq;
	if (erase) /* what the WAL still holds of somebody erased; nobody else reads this file */
		r = db_run(copy->db, "PRAGMA wal_checkpoint(TRUNCATE)");
	return r;
}

static int step(struct store_copy *copy, struct store_file *file, enum store_copy_turn turn)
{
	uint64_t now_ms = clock_mono_ms();
	int r = copy->db == NULL || (!copy->complete && copy->sweep.table == 0 && copy->sweep.rows == 0)
			? find(copy, file)
			: 0;

	if (r < 0)
		return r;
	if (turn == STORE_COPY_ERASED) /* also while it is being made */
		return carry(copy, file, true);
	if (!copy->complete)
		return turn == STORE_COPY_IDLE ? make_slice(copy, file) : 0;
	if (copy->dirty && (turn == STORE_COPY_IDLE || now_ms - copy->carried_mono_ms >= CARRY_EVERY_MS))
		return carry(copy, file, false);
	if (copy->mark_seq != file->head_seq && now_ms - copy->mark_mono_ms >= MARK_EVERY_MS)
		return carry(copy, file, false);
	return 0;
}

int store_copy_step(struct store_copy *copy, struct store_file *file, enum store_copy_turn turn)
{
	int r;

	if (turn != STORE_COPY_ERASED && clock_mono_ms() < copy->retry_mono_ms)
		return 0;
	if (copy->db != NULL && db_has_moved(copy->db)) {
		discard(copy);
		return -EUCLEAN;
	}
	r = step(copy, file, turn);
	if (r == -EUCLEAN) /* being made anew */
		return r;
	if (r == -EBADMSG && copy->db != NULL && check_pages(copy, INT64_MAX) == -EBADMSG) {
		discard(copy);
		return -EUCLEAN;
	}
	if (r < 0) {
		copy->retry_mono_ms = clock_mono_ms() + RETRY_MS;
		close_db(copy); /* find() looks at it anew */
	}
	return r;
}

int store_copy_wait_ms(const struct store_copy *copy)
{
	if (clock_mono_ms() < copy->retry_mono_ms)
		return -1;
	return !copy->complete ? MAKE_EVERY_MS : copy->dirty ? IDLE_MS : -1;
}
