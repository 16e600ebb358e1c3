/*
 * store_private.h - declarations shared by the files of the store; private to them.
 *
 *   store.c              the control thread's side: opening, answers, counters, closing
 *   store_append.c       the control thread's side of a write
 *   store_message.c      messages between the threads
 *   store_write.c        the thread `store`: batches, commits, retries, anchors
 *   store_apply.c        one write in the open transaction
 *   store_file.c         opening gate.db: keys, checks
 *   store_recovery.c     quarantine of a damaged gate.db, recovery of its roster
 *   store_leftovers.c    files that a crash left incomplete
 *   store_drop.c         deletion of the oldest rows
 *   store_replica.c      roster.db, the replica
 *   store_replica_sync.c copying of rows between the two databases
 *   store_roster.c       people and templates, sealed
 *   store_record.c       records, sealed
 *   store_row.c          reading of a log row
 *   store_query.c        the thread `query`
 *   store_search.c       queries without an index
 *   store_report.c       the statistics
 *   store_read.c         the control thread's side of a read, and the audit's thread
 *
 * The control thread owns every write. The store thread borrows it from queue_push() to the answer.
 */
#ifndef GH_STORE_STORE_PRIVATE_H
#define GH_STORE_STORE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/queue.h"
#include "crypto/crypto.h"
#include "db.h"
#include "schema.h"
#include "store.h"

enum {
	STORE_PATH_BYTES = 512,
	/* undispatched notifications; above that the store thread waits */
	STORE_NOTIFICATIONS_MAX = 256,
	STORE_BATCH_MAX = 4096,   /* events of one commit */
	STORE_FACES_CHUNK = 64,   /* templates of one notification */
	STORE_PEOPLE_CHUNK = 256, /* people of one notification */
	STORE_RECORDS_CHUNK = 256
};

enum store_message_kind {
	STORE_WRITE_EVENT,
	STORE_WRITE_ANCHOR, /* made by the store thread itself */
	STORE_WRITE_PERSON,
	STORE_WRITE_PERSON_REMOVE,
	STORE_WRITE_FACE,
	STORE_WRITE_FACE_REMOVE,
	STORE_WRITE_RECORDS,
	STORE_WRITE_DROP,
	STORE_READ_EVENTS,
	STORE_READ_AUDIT,
	STORE_READ_REPORT,
	STORE_READ_FACES,
	STORE_READ_COPIES,
	STORE_NOTIFY_STATUS,
	STORE_NOTIFY_PEOPLE,
	STORE_NOTIFY_FACES,
	STORE_NOTIFY_RECORDS
};

struct store_message {
	enum store_message_kind kind;
};

struct store_face {
	char person[ULID_BYTES];
	char model[ROSTER_MODEL_BYTES]; /* "": of any model */
	float vector[ROSTER_TEMPLATE_DIM];
	/* in a write: the template to remove, or to replace; 0: none. When read: its own number */
	int64_t number;
	size_t crop_bytes; /* 0: none */
	uint8_t *crop;
};

/* a record to be written, or one that was read */
struct sealed_record {
	char kind[STORE_KIND_BYTES], id[STORE_RECORD_ID_BYTES];
	char *text;   /* in a write; NULL: remove */
	json_t *json; /* when read */
};

struct store_write {
	struct store_message message;
	struct store_write *next; /* the next unanswered write; control thread only */
	uint64_t since_mono_ms;
	store_done_fn done;
	void *arg;
	int r;
	struct event_row row;
	char *data, *json;
	char nonce_key[EVENT_KEY_BYTES]; /* "": none */
	int64_t nonce;
	struct roster_person *person; /* STORE_WRITE_PERSON */
	struct store_face *face;      /* STORE_WRITE_FACE, ..._REMOVE */
	/* the template that was removed; NULL: none, or it cannot be decrypted */
	struct store_face *removed_face;
	struct sealed_record *records; /* STORE_WRITE_RECORDS */
	size_t record_count;
	int64_t drop_before_unix_ms, drop_to_seq; /* STORE_WRITE_DROP */
};

struct store_read {
	struct store_message message;
	struct store_filter filter;
	char type[EVENT_TYPE_BYTES], person[ULID_BYTES]; /* filter points to these copies */
	int64_t *seqs;                                   /* filter points to it; owned */
	store_rows_fn done;
	store_found_fn found; /* of a search, instead of done */
	int64_t reached;
	char source[EVENT_SOURCE_BYTES], text[STORE_SEARCH_BYTES], without[EVENT_TYPE_BYTES];
	store_report_fn reported;
	json_t *report;
	store_verified_fn verified;
	void *arg;
	int r;
	struct event_row *rows;
	size_t count;
	struct audit_result audit;
	bool internal; /* store_warm_reader(): has no callback and is not counted in `reads` */
	struct store_read *next; /* the next deferred read; query thread only */
};

struct store_counter {
	char name[STORE_NAME_BYTES];
	int64_t value;
};

struct store_notification {
	struct store_message message;
	enum store_status status;
	struct problem problem; /* PROBLEM_NONE for READY and RESTORED */
	/* READY */
	int64_t last_seq;
	struct store_counter cursors[STORE_CURSORS_MAX], nonces[STORE_NONCES_MAX];
	/* chunks of the roster */
	size_t count;
	struct roster_person *people;
	struct store_face *faces;
	struct sealed_record *records;
};

/* store thread only */
struct store_keys {
	uint8_t data[CRYPTO_SEAL_KEY_BYTES];
	struct crypto_signer signer;
};

enum store_statement {
	STORE_SQL_BEGIN,
	STORE_SQL_COMMIT,
	STORE_SQL_ROLLBACK,
	STORE_SQL_SAVEPOINT,
	STORE_SQL_RELEASE,
	STORE_SQL_ROLLBACK_TO,
	STORE_SQL_EVENT,
	STORE_SQL_MARK,
	STORE_SQL_CURSOR,
	STORE_SQL_NONCE,
	STORE_SQL_PERSON,
	STORE_SQL_PERSON_REMOVE,
	STORE_SQL_FACE,
	STORE_SQL_FACE_REPLACE,
	STORE_SQL_FACE_REMOVE,
	STORE_SQL_FACE_REMOVE_MODEL,
	STORE_SQL_FACE_COUNT,
	STORE_SQL_PERSON_EXISTS,
	STORE_SQL_RECORD,
	STORE_SQL_RECORD_REMOVE,
	STORE_SQL_RECORD_CLEAR,
	STORE_SQL_COUNT
};

struct store_file {
	struct db *db;
	struct db_statement *sql[STORE_SQL_COUNT];
	struct store_keys keys;
	int64_t head_seq; /* of the last committed event */
	uint8_t head_hash[DIGEST_BYTES];
	bool tampered; /* found when it was opened: the log does not end as signed */
};

struct store {
	char recogniser[ROSTER_MODEL_BYTES]; /* see store_config */
	char state_dir[STORE_PATH_BYTES], path[STORE_PATH_BYTES];
	char data_key_path[STORE_PATH_BYTES], anchor_key_path[STORE_PATH_BYTES],
		public_key_path[STORE_PATH_BYTES];
	struct store_ops ops;
	void *arg;
	size_t queue_max;
	const struct schema *schema, *replica_schema;

	/* control thread only */
	struct store_write *pending_first, *pending_last;
	size_t pending, reads;
	bool ready, unusable, verifying;
	int64_t last_seq;
	struct store_counter cursors[STORE_CURSORS_MAX], nonces[STORE_NONCES_MAX];
	bool audit_started;
	pthread_t write_thread, query_thread, audit_thread;
	bool write_started, query_started;

	/* shared by the threads */
	struct queue *writes, *queries, *answers; /* of struct store_message * */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* CLOCK_MONOTONIC: closing was set, or notifications decreased */
	bool closing;
	uint64_t close_by_mono_ms;
	size_t notifications;
	struct store_counter cursors_to_write[STORE_CURSORS_MAX];
	bool cursors_dirty;
	atomic_uint file_generation; /* of gate.db: readers reopen it after a change */
	atomic_bool stop_audit;
	_Atomic int64_t audit_rows, audit_of;
	uint64_t commit_ms;
};

/* store_message.c */
/** Pass a finished write, read or notification to the control thread. Takes ownership. */
void store_answer(struct store *store, struct store_message *message);
/**
 * Pass a notification to the control thread. Waits while STORE_NOTIFICATIONS_MAX are undispatched;
 * drops the notification if the store is then closed. Takes ownership.
 */
void store_notify(struct store *store, struct store_notification *notification);
/** @p problem NULL: none. */
void store_report_status(struct store *store, enum store_status status,
			 const struct problem *problem);
/** Reports STORE_READY with the cursors and nonces of @p file. @return 0 or an error of db.h. */
int store_report_ready(struct store *store, const struct store_file *file);
bool store_is_closing(struct store *store);
/** Wait @p ms, or until closing begins. @return whether the store is closing. */
bool store_wait_ms(struct store *store, unsigned ms);
void store_message_free(struct store_message *message);
void sealed_records_free(struct sealed_record *records,
			 size_t count);                        /* wiped first; NULL is allowed */
void store_faces_free(struct store_face *faces, size_t count); /* the same */

/* store_write.c, store_query.c, store_read.c */
void *store_write_thread(void *store);
void *store_query_thread(void *store);
/** Read the newest rows once after READY, so that the first query finds them in the page cache. */
void store_warm_reader(struct store *store);

/* store_search.c, store_report.c */
bool store_filter_is_search(const struct store_filter *filter);
int store_search_run(struct db *db, struct store_read *read, int64_t after, int64_t before);
int store_report_run(struct db *db, struct store_read *read);

/* store_row.c */
#define STORE_EVENT_COLUMNS "seq, id, unix_ms, type, severity, source, person, data, prev, hash"

/**
 * Read the current row of a SELECT of STORE_EVENT_COLUMNS. `data` is borrowed until the next step.
 * @return 0 or -EBADMSG.
 */
int store_read_row(struct db_statement *statement, struct event_row *ret_row);

/* store_file.c */
/**
 * Open, upgrade and check gate.db.
 * @param problem  set on failure.
 * @return 0, -EPROTO (newer schema), -EKEYREJECTED (keys), -EBADMSG (damaged), or another errno,
 *         after which a retry may succeed.
 */
int store_file_open(const struct store *store, struct store_file *file, struct problem *problem);
void store_file_close(struct store_file *file);
/** Write a signed mark, "head" or "base", in the open transaction. */
int store_file_mark(struct store_file *file, enum audit_statement statement, int64_t seq,
		    const uint8_t *hash);
/** The same in any database that has the table `mark`. */
int store_write_mark(struct db *db, const struct crypto_signer *signer,
		     enum audit_statement statement, int64_t seq, const uint8_t *hash);
/** @return 1 (good), 0 (missing, or not signed by @p public_key) or an error */
int store_read_mark(struct db *db, const uint8_t *public_key, enum audit_statement statement,
		    int64_t *ret_seq, uint8_t *ret_hash);
/** In the open transaction of an empty log: make it begin after @p seq. */
int store_file_begin_log(struct store_file *file, int64_t seq, const uint8_t *hash);

/* store_replica_sync.c */
enum { STORE_SYNC_TABLES = 3 };

/* statements of both databases */
struct store_sync {
	struct db_statement *of_key[STORE_SYNC_TABLES], *slice[STORE_SYNC_TABLES];
	struct db_statement *insert[STORE_SYNC_TABLES], *remove[STORE_SYNC_TABLES];
};
/** Prepare the statements. Call store_sync_close() also after a failure. */
int store_sync_open(struct store_sync *sync, struct db *from, struct db *to);
void store_sync_close(struct store_sync *sync);
/**
 * Replace the rows of one key by those of the source. @p kind "": the person @p id, with templates.
 */
int store_sync_key(struct store_sync *sync, const char *kind, const char *id);

/* the position of a sweep over all tables; zeroed at the beginning */
struct store_sync_sweep {
	int table;
	int64_t number, rows;
	char first[STORE_RECORD_ID_BYTES], second[STORE_RECORD_ID_BYTES];
	char next_first[STORE_RECORD_ID_BYTES], next_second[STORE_RECORD_ID_BYTES];
};
/** Copy the next @p rows_max rows. @return 1 (the sweep is complete), 0 or an error. */
int store_sync_sweep(struct store_sync *sync, struct store_sync_sweep *sweep, unsigned rows_max);
/** Copy the keys listed in `replica_pending` of @p from. @return how many, or an error. */
int store_sync_pending(struct db *from, struct db *to, unsigned keys_max);
/** Copy cursors and nonces; where both have a value, the higher one is stored. */
int store_sync_counters(struct db *from, struct db *to);

/*
 * store_replica.c: STATE_DIR/roster.db holds a second copy of people, templates and records, sealed
 * as in gate.db, and the signed end of the log. It is a separate file, so that damage to one leaves
 * the other readable. The table `replica_pending` of gate.db lists the keys that changed and are
 * not copied yet; they are copied within a second. An erasure is applied to roster.db before it is
 * answered. Store thread only.
 */
struct store_replica;

enum store_replica_turn {
	STORE_REPLICA_BUSY,  /* writes are waiting */
	STORE_REPLICA_IDLE,  /* no write is waiting */
	STORE_REPLICA_ERASED /* a removal was committed and is not answered yet */
};

/** Opens no file yet. @return 0 or -ENOMEM. */
int store_replica_new(const struct store *store, struct store_replica **ret_replica);
void store_replica_close(struct store_replica *replica); /* NULL is allowed */
/** Call after a commit that changed the roster. */
void store_replica_mark_dirty(struct store_replica *replica);
/**
 * Make the replica that of @p file, which was just restored from it. @return 0 or an error, after
 * which the next step rebuilds the replica.
 */
int store_replica_attach(struct store_replica *replica, struct store_file *file);
/**
 * Do the work that is due. @return 0, -EUCLEAN (the replica was damaged and is being rebuilt) or an
 * error: the step is retried later.
 */
int store_replica_step(struct store_replica *replica, struct store_file *file,
		       enum store_replica_turn turn);
/** How long to wait for writes before the next idle turn; -1: no work is due. */
int store_replica_wait_ms(const struct store_replica *replica);
/** Whether the next commit may empty `replica_pending`. Resets the answer to false. */
bool store_replica_pop_synced(struct store_replica *replica);
/**
 * The database of a complete replica under these keys, to restore from. The replica still owns
 * @p ret_db.
 * @param ret_seq  the last row of the log that it knows of; @p ret_hash is that row's hash.
 * @return 0, -ENOENT (none, incomplete, or another gate's) or an error of its file.
 */
int store_replica_open_source(struct store_replica *replica, const struct store_keys *keys,
			      struct db **ret_db, int64_t *ret_seq, uint8_t *ret_hash);

/* store_apply.c */
/**
 * Apply one write in the open transaction. @return 0 (the write's own result is in write->r) or an
 * error that fails the entire commit.
 */
int store_apply(struct store_file *file, struct store_write *write);

/** Store a cursor or a nonce; @p sql selects the table. */
int store_put_counter(struct db_statement *sql, const char *name, int64_t value);

/**
 * Set the data of a write's event.
 * @param data  its reference passes to the callee; NULL: -ENOMEM.
 * @return 0 or -ENOMEM.
 */
int store_write_set_data(struct store_write *write, json_t *data);

/* store_drop.c */
/** Delete the rows and set write->data. @return 0, -ENODATA (no row qualifies) or an error. */
int store_drop_apply(struct store_file *file, struct store_write *write);

/* store_recovery.c */
/**
 * Quarantine the damaged file, create a new one and restore the roster: from the replica, and from
 * the old file what the replica does not have yet.
 * @param problem  in: what is wrong with the file (such as store-damaged); out: what was done.
 * @return 0 or an error of the quarantine or of the new file.
 */
int store_recover_damaged(const struct store *store, struct store_file *file,
			  struct store_replica *replica, struct problem *problem);

/**
 * After gate.db was removed or renamed while in use (db_has_moved()): write a full copy of it from
 * the open connection, quarantine any file at its path, put the copy there and reopen it.
 * @param problem  what was done, or why it failed.
 * @return 0 or an error: then @p file is unchanged, or closed if the new file cannot be opened.
 */
int store_recover_unlinked(const struct store *store, struct store_file *file,
			   struct problem *problem);

/* Beside gate.db: a copy that is being written, and a complete one that is to replace gate.db. */
#define STORE_PART_SUFFIX ".part"
#define STORE_PENDING_SUFFIX ".pending"
enum { STORE_QUARANTINE_BYTES = STORE_PATH_BYTES + 40 };
/**
 * Rename gate.db and its WAL; missing files are skipped.
 * @param ret_path  the new path of gate.db.
 * @return 0 or a negative errno.
 */
int store_quarantine_file(const struct store *store, char ret_path[STORE_QUARANTINE_BYTES]);

/* store_leftovers.c; before gate.db is opened */
/**
 * If there is a gate.db.pending: let it replace a gate.db that is missing or ends earlier, else
 * remove it.
 * @return 1 (it replaced gate.db), 0 or an error; @p problem is set unless it is 0.
 */
int store_recover_pending(const struct store *store, struct problem *problem);
/** Remove incomplete files of an earlier run: exports, a copy for a restore, new keys. */
void store_remove_leftovers(const struct store *store);

/* store_record.c */
int store_record_apply(struct store_file *file, const struct sealed_record *record);
/** Report all records to the control thread. Adds rows that cannot be decrypted to @p bad_rows. */
int store_record_report(struct store *store, struct store_file *file, int64_t *bad_rows);

/* store_roster.c */
int store_roster_put(struct store_file *file, const struct roster_person *person);
int store_roster_remove(struct store_file *file, const char *person_id);
int store_roster_add_face(struct store_file *file, const struct store_face *face);
int store_roster_remove_faces(struct store_file *file, const char *person_id, const char *model);
/**
 * Remove the template write->face->number and set write->removed_face. @return 0, -ENOENT or an
 * error.
 */
int store_roster_remove_face(struct store_file *file, struct store_write *write);
/** Run store_faces() on the query thread. */
int store_faces_run(struct db *db, struct store_read *read);
/**
 * Report all people, templates and records to the control thread. @return 0 or an error; -EBADMSG:
 * @p problem contains how many rows cannot be decrypted.
 */
int store_roster_report(struct store *store, struct store_file *file, struct problem *problem);
/**
 * Check that the file was written with @p data_key; in a new file, store the check value.
 * @return 0, -EKEYREJECTED or an error.
 */
int store_roster_check_key(struct db *db, const uint8_t *data_key);

#endif
