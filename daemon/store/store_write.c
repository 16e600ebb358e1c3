#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/clock.h"
#include "base/thread_role.h"
#include "store_private.h"

enum {
	IDLE_MS = 1000,
	RETRY_FIRST_MS = 100,
	RETRY_LAST_MS = 5000,
	RANDOMNESS_AGAIN_MS = 20,
	ANCHOR_EVERY_MS = 24 * 3600 * 1000
};

struct writer {
	struct store *store;
	struct store_file file;
	struct store_replica *replica;
	struct store_write *batch[STORE_BATCH_MAX + 1]; /* one place for an anchor */
	size_t count;
	bool erased;         /* by this batch: old pages in the WAL must be removed, too */
	bool changed_roster; /* by this batch */
	bool failing, unusable, reported_tampered;
	uint64_t anchored_mono_ms;
	int64_t anchored_seq;
};

static bool removes_records(const struct store_write *write)
{
	for (size_t i = 0; i < write->record_count; i++)
		if (write->records[i].text == NULL)
			return true;
	return false;
}

static int write_one(struct writer *writer, struct store_write *write)
{
	enum store_message_kind kind = write->message.kind;
	int r = store_apply(&writer->file, write);

	if (r < 0 || write->r < 0)
		return r;
	writer->changed_roster |=
		kind != STORE_WRITE_EVENT && kind != STORE_WRITE_ANCHOR && kind != STORE_WRITE_DROP;
	writer->erased |= kind == STORE_WRITE_PERSON_REMOVE || kind == STORE_WRITE_FACE_REMOVE ||
			  removes_records(write);
	return 0;
}

static int write_cursors(struct writer *writer, const struct store_counter *cursors)
{
	int r = 0;

	for (int i = 0; r == 0 && i < STORE_CURSORS_MAX; i++)
		if (cursors[i].name[0] != '\0')
			r = store_put_counter(writer->file.sql[STORE_SQL_CURSOR], cursors[i].name,
					      cursors[i].value);
	return r;
}

static int write_all(struct writer *writer, const struct store_counter *cursors)
{
	struct store_file *file = &writer->file;
	int r = db_execute(file->sql[STORE_SQL_BEGIN]);

	if (r == 0 && store_replica_pop_synced(writer->replica))
		r = db_run(file->db, "DELETE FROM replica_pending");
	for (size_t i = 0; r == 0 && i < writer->count; i++)
		r = write_one(writer, writer->batch[i]);
	if (r == 0 && cursors != NULL)
		r = write_cursors(writer, cursors);
	if (r == 0 && writer->count > 0)
		r = store_file_mark(file, AUDIT_HEAD, file->head_seq, file->head_hash);
	if (r == 0)
		r = db_execute(file->sql[STORE_SQL_COMMIT]);
	return r;
}

static void step_replica(struct writer *writer, enum store_replica_turn turn)
{
	struct problem problem;

	if (store_replica_step(writer->replica, &writer->file, turn) == -EUCLEAN) {
		problem_store_copy_damaged(&problem);
		store_report_status(writer->store, STORE_REPLICA_RENEWED, &problem);
	}
	/* any other failure is the disk's: the next commit reports it, and the step is retried */
}

/*
 * When a file system becomes read-only under open files, Linux still accepts writes, and an fsync
 * that wrote nothing succeeds.
 */
static bool is_read_only(const struct store *store)
{
	struct statvfs file_system;

	return statvfs(store->state_dir, &file_system) == 0 &&
	       (file_system.f_flag & ST_RDONLY) != 0;
}

/* Writes the batch in one transaction; on failure nothing of it is written. */
static int commit(struct writer *writer, const struct store_counter *cursors,
		  struct problem *problem)
{
	struct store_file *file = &writer->file;
	uint8_t hash[DIGEST_BYTES];
	int64_t seq = file->head_seq;
	int r;

	assert(file->db != NULL && writer->count <= STORE_BATCH_MAX + 1);
	if (is_read_only(writer->store))
		return problem_store_read_only(problem);
	memcpy(hash, file->head_hash, sizeof(hash));
	writer->erased = writer->changed_roster = false;
	r = write_all(writer, cursors);
	if (r == 0) {
		if (writer->changed_roster)
			store_replica_mark_dirty(writer->replica);
		/* the WAL still contains the erased rows; a reader can only delay this */
		if (writer->erased)
			(void)db_run(file->db, "PRAGMA wal_checkpoint(TRUNCATE)");
		if (writer->erased)
			step_replica(writer, STORE_REPLICA_ERASED);
		return 0;
	}
	problem_store_not_written(problem, db_error(file->db));
	if (db_in_transaction(file->db))
		(void)db_execute(
			file->sql[STORE_SQL_ROLLBACK]); /* SQLite may have done it already */
	file->head_seq = seq;
	memcpy(file->head_hash, hash, sizeof(hash));
	return r;
}

static bool fetch_cursors(struct store *store, struct store_counter *ret_cursors)
{
	bool dirty;

	pthread_mutex_lock(&store->lock);
	dirty = store->cursors_dirty;
	store->cursors_dirty = false;
	memcpy(ret_cursors, store->cursors_to_write, sizeof(store->cursors_to_write));
	pthread_mutex_unlock(&store->lock);
	return dirty;
}

static int quarantine(struct writer *writer, struct problem *problem)
{
	int r = store_recover_damaged(writer->store, &writer->file, writer->replica, problem);

	if (r == 0)
		store_report_status(writer->store, STORE_QUARANTINED, problem);
	return r;
}

/*
 * A file that ends before the replica's last row was restored from an older copy or lost its end:
 * its log must not be continued.
 */
static int check_age(struct writer *writer, struct problem *problem)
{
	uint8_t hash[DIGEST_BYTES];
	struct db *db;
	int64_t seq = 0;

	if (store_replica_open_source(writer->replica, &writer->file.keys, &db, &seq, hash) < 0 ||
	    seq <= writer->file.head_seq)
		return 0;
	return problem_store_rows_lost(problem, writer->file.head_seq, seq);
}

static int open_file(struct writer *writer, struct problem *problem)
{
	int r = store_recover_pending(writer->store, problem);

	if (r == 1)
		store_report_status(writer->store, STORE_TAMPERED, problem);
	if (r >= 0)
		r = store_file_open(writer->store, &writer->file, problem);
	if (r == -EBADMSG)
		problem_store_damaged(problem);
	else if (r == 0)
		r = check_age(writer, problem);
	return r == -EBADMSG ? quarantine(writer, problem) : r;
}

static int open_and_report(struct writer *writer, struct problem *problem)
{
	int r = open_file(writer, problem);

	if (r < 0)
		return r;
	if (writer->file.tampered && !writer->reported_tampered) {
		problem_store_end_foreign(problem);
		store_report_status(writer->store, STORE_TAMPERED, problem);
	}
	writer->reported_tampered = writer->file.tampered;
	r = store_roster_report(writer->store, &writer->file, problem);
	if (r == -EBADMSG) {
		store_report_status(writer->store, STORE_TAMPERED, problem);
		r = 0;
	}
	if (r == 0)
		r = store_report_ready(writer->store, &writer->file);
	if (r < 0)
		store_file_close(&writer->file);
	return r;
}

/* Reports the first failure, then waits. @return whether the time for closing is over. */
static bool fail_and_wait(struct writer *writer, const struct problem *problem, unsigned *retry_ms)
{
	if (!writer->failing)
		store_report_status(writer->store, STORE_FAILED, problem);
	writer->failing = true;
	if (store_wait_ms(writer->store, *retry_ms) &&
	    clock_mono_ms() >= writer->store->close_by_mono_ms)
		return true;
	*retry_ms = *retry_ms * 2 > RETRY_LAST_MS ? RETRY_LAST_MS : *retry_ms * 2;
	return false;
}

static void report_restored(struct writer *writer)
{
	if (writer->failing)
		store_report_status(writer->store, STORE_RESTORED, NULL);
	writer->failing = false;
}

/* Waits on this thread, so that no caller of store_append() does. @return false: closed */
static bool wait_for_randomness(struct writer *writer)
{
	const struct timespec pause = {.tv_nsec = RANDOMNESS_AGAIN_MS * 1000000};

	while (!crypto_is_ready()) {
		if (store_is_closing(writer->store))
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* Opens gate.db, with retries. @return false: the store is closed or unusable */
static bool begin(struct writer *writer)
{
	struct problem problem = {0};
	unsigned retry_ms = RETRY_FIRST_MS;
	int r;

	if (!wait_for_randomness(writer))
		return false;
	if (crypto_init() < 0) {
		problem_store_no_randomness(&problem);
		store_report_status(writer->store, STORE_UNUSABLE, &problem);
		writer->unusable = true;
		return false;
	}
	store_remove_leftovers(writer->store);
	while ((r = open_and_report(writer, &problem)) < 0) {
		if (r == -EPROTO || r == -EKEYREJECTED) {
			store_report_status(writer->store, STORE_UNUSABLE, &problem);
			writer->unusable = true;
			return false;
		}
		if (problem.code == PROBLEM_NONE)
			problem_store_failed(&problem, r);
		if (fail_and_wait(writer, &problem, &retry_ms))
			return false;
	}
	report_restored(writer);
	return true;
}

/* Replaces a file that was found damaged while in use. @return 0 or an error */
static int replace_file(struct writer *writer, struct problem *problem)
{
	int r;

	problem_store_damaged(problem);
	r = quarantine(writer, problem);
	if (r == 0)
		atomic_fetch_add(&writer->store->file_generation, 1);
	return r;
}

/*
 * Data written to an unlinked file is lost when the process ends. @return 0: the file is at its
 * path, or was written there again
 */
static int ensure_in_place(struct writer *writer, struct problem *problem)
{
	int r;

	if (!db_has_moved(writer->file.db))
		return 0;
	r = store_recover_unlinked(writer->store, &writer->file, problem);
	if (r < 0)
		return r;
	store_report_status(writer->store, STORE_TAMPERED, problem);
	atomic_fetch_add(&writer->store->file_generation, 1);
	return 0;
}

/* @return 0, or -ECANCELED: closed while the disk failed, and the batch is not written */
static int commit_until_done(struct writer *writer)
{
	struct store_counter cursors[STORE_CURSORS_MAX];
	bool dirty = fetch_cursors(writer->store, cursors);
	unsigned retry_ms = RETRY_FIRST_MS;
	struct problem problem = {0};
	int r;

	if (writer->count == 0 && !dirty && writer->file.db != NULL &&
	    !db_has_moved(writer->file.db))
		return 0;
	for (;;) {
		/* no file is open if one was quarantined and a new one could not be created */
		r = writer->file.db == NULL ? open_file(writer, &problem)
					    : ensure_in_place(writer, &problem);
		if (r == 0)
			r = commit(writer, dirty ? cursors : NULL, &problem);
		if (r == 0)
			break;
		if (r == -EBADMSG && replace_file(writer, &problem) == 0)
			continue;
		if (fail_and_wait(writer, &problem, &retry_ms))
			return -ECANCELED;
	}
	report_restored(writer);
	return 0;
}

static void answer_batch(struct writer *writer)
{
	for (size_t i = 0; i < writer->count; i++)
		store_answer(writer->store, &writer->batch[i]->message);
	writer->count = 0;
}

static void add_anchor(struct writer *writer)
{
	struct store_write *anchor;

	if (writer->file.head_seq == writer->anchored_seq && writer->count == 0)
		return; /* no new row to sign */
	anchor = calloc(1, sizeof(*anchor));
	writer->anchored_mono_ms = clock_mono_ms();
	if (anchor == NULL)
		return; /* the next anchor signs these rows, too */
	anchor->message.kind = STORE_WRITE_ANCHOR;
	anchor->row.unix_ms = clock_unix_ms();
	ulid_make(anchor->row.unix_ms, anchor->row.id);
	snprintf(anchor->row.type, sizeof(anchor->row.type), "audit.anchor");
	snprintf(anchor->row.source, sizeof(anchor->row.source), "store");
	writer->batch[writer->count++] = anchor;
}

/* Frees our own anchors. The control thread owns all other writes and answers them itself. */
static void discard_batch(struct writer *writer)
{
	for (size_t i = 0; i < writer->count; i++)
		if (writer->batch[i]->message.kind == STORE_WRITE_ANCHOR)
			store_message_free(&writer->batch[i]->message);
	writer->count = 0;
}

/* @return false: the store is being closed and the queue is empty */
static bool dequeue_batch(struct writer *writer)
{
	struct queue *writes = writer->store->writes;
	int replica_ms = store_replica_wait_ms(writer->replica);
	int r = queue_pop_wait(writes, &writer->batch[0], replica_ms >= 0 ? replica_ms : IDLE_MS);

	assert(writer->count == 0); /* the batch before was answered */
	writer->count = r == 0;
	if (r < 0)
		return r != -ECANCELED;
	while (writer->count < STORE_BATCH_MAX &&
	       queue_pop(writes, &writer->batch[writer->count]) == 0)
		writer->count++;
	return true;
}

/* @return false: closed while commits failed */
static bool commit_and_answer(struct writer *writer)
{
	const struct store_write *last =
		writer->count > 0 ? writer->batch[writer->count - 1] : NULL;

	if (commit_until_done(writer) < 0) {
		discard_batch(writer);
		return false;
	}
	if (last != NULL && last->message.kind == STORE_WRITE_ANCHOR)
		writer->anchored_seq = last->row.seq;
	answer_batch(writer);
	return true;
}

static void run(struct writer *writer)
{
	bool more = true, settled, idle;

	writer->anchored_mono_ms = clock_mono_ms(); /* add_anchor() signs no empty log */
	add_anchor(writer);                         /* this run signs the log that it found */
	settled = commit_and_answer(writer);
	while (more && settled) {
		more = dequeue_batch(writer);
		idle = writer->count == 0;
		if (!more || clock_mono_ms() - writer->anchored_mono_ms >= ANCHOR_EVERY_MS)
			add_anchor(writer);
		settled = commit_and_answer(writer);
		if (settled && writer->file.db != NULL)
			step_replica(writer, idle ? STORE_REPLICA_IDLE : STORE_REPLICA_BUSY);
	}
}

/* Copies what the replica lacks, while no write is waiting. */
static void finish_replica(struct writer *writer)
{
	while (writer->file.db != NULL && store_replica_wait_ms(writer->replica) >= 0 &&
	       clock_mono_ms() < writer->store->close_by_mono_ms)
		step_replica(writer, STORE_REPLICA_IDLE);
}

static void refuse_all(struct writer *writer)
{
	bool more;

	do {
		more = dequeue_batch(writer);
		for (size_t i = 0; i < writer->count; i++)
			writer->batch[i]->r = -EIO;
		answer_batch(writer);
	} while (more);
}

void *store_write_thread(void *arg)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	struct problem problem;

	thread_role_set(THREAD_STORE);
	pthread_setname_np(pthread_self(), "store");
	if (writer == NULL || store_replica_new(arg, &writer->replica) < 0) {
		free(writer);
		problem_store_no_memory(&problem);
		store_report_status(arg, STORE_UNUSABLE, &problem);
		return NULL;
	}
	writer->store = arg;
	if (begin(writer)) {
		run(writer);
		finish_replica(writer);
	} else if (writer->unusable) {
		refuse_all(writer);
	}
	store_replica_close(writer->replica);
	store_file_close(&writer->file);
	free(writer);
	return NULL;
}
