/*
 * store_private.h - what the store's own files share; nobody else includes it (audit.c: the row's
 * columns).
 *
 *   store.c         the control thread's side: opening, answers, counters, closing
 *   store_append.c  the control thread's side of a write
 *   store_write.c   the thread `store`: batches, commits, retries, anchors
 *   store_file.c  opening gate.db: keys, checks
 *   store_recovery.c what is done with a damaged gate.db
 *   store_leftovers.c what is done with what a crash left half done
 *   store_drop.c    the oldest rows, when they go
 *   store_replica.c    roster.db, the copy that it is restored from
 *   store_replica_sync.c   rows from one database to another
 *   store_roster.c  people and templates, sealed
 *   store_record.c  other things, sealed
 *   store_query.c   the thread `query`
 *   store_read.c    the control thread's side of a read, and the audit's thread
 *
 * A write belongs to the control thread, which lends it to the store thread from queue_push() to
 * the answer.
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
	/* told and not yet dispatched; the store thread waits beyond it */
	STORE_NOTIFICATIONS_MAX = 256,
	STORE_BATCH_MAX = 4096,   /* events of one commit */
	STORE_FACES_CHUNK = 64,   /* templates of one notification */
	STORE_PEOPLE_CHUNK = 256, /* people of one notification */
	STORE_RECORDS_CHUNK = 256
};

enum store_message_kind {
	STORE_WRITE_EVENT,
	STORE_WRITE_ANCHOR, /* the store's own */
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
	/* on its way there: the template that goes (in exchange), 0 none; back: its own */
	int64_t number;
	size_t crop_bytes; /* 0: none */
	uint8_t *crop;
};

/* a record on its way to the file, or from it */
struct sealed_record {
	char kind[STORE_KIND_BYTES], id[STORE_RECORD_ID_BYTES];
	char *text;   /* on its way there; NULL: remove */
	json_t *json; /* on its way back */
};

struct store_write {
	struct store_message message;
	struct store_write *next; /* of those on their way; the control thread's alone */
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
	/* the one of a person's templates that was removed; NULL: none, or not to be read */
	struct store_face *gone;
	struct sealed_record *records; /* STORE_WRITE_RECORDS */
	size_t record_count;
	int64_t drop_before_unix_ms, drop_to_seq; /* STORE_WRITE_DROP */
};

struct store_read {
	struct store_message message;
	struct store_filter filter;
	char type[EVENT_TYPE_BYTES], person[ULID_BYTES]; /* where filter points to */
	int64_t *seqs;                                   /* the same; owned */
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
	bool internal; /* store_warm_reader(): nobody waits for it, and it does not count */
	struct store_read *next; /* of the patient ones; the query thread's alone */
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

/* the store thread's alone */
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
	bool tampered; /* what was found when it was opened */
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

	/* the control thread's */
	struct store_write *pending_first, *pending_last;
	size_t pending, reads;
	bool ready, unusable, verifying;
	int64_t last_seq;
	struct store_counter cursors[STORE_CURSORS_MAX], nonces[STORE_NONCES_MAX];
	bool audit_started;
	pthread_t write_thread, query_thread, audit_thread;
	bool write_started, query_started;

	/* between the threads */
	struct queue *writes, *queries, *answers; /* of struct store_message * */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on CLOCK_MONOTONIC: closing, or notifications went down */
	bool closing;
	uint64_t close_by_mono_ms;
	size_t notifications;
	struct store_counter cursors_wanted[STORE_CURSORS_MAX];
	bool cursors_dirty;
	atomic_uint file_generation; /* of gate.db: readers open it again when it changed */
	atomic_bool stop_audit;
	_Atomic int64_t audit_rows, audit_of;
	uint64_t commit_ms;
};

/* store_message.c */
void store_answer(struct store *store, struct store_message *message);
/**
 * Tell the control thread; waits while it has STORE_NOTIFICATIONS_MAX to read. Takes the
 * notification; dropped when closing.
 */
void store_notify(struct store *store, struct store_notification *notification);
/** @p problem NULL: none. */
void store_report_status(struct store *store, enum store_status status,
			 const struct problem *problem);
/** Reports STORE_READY with the cursors and nonces of @p file. @return 0 or an error of db.h. */
int store_report_ready(struct store *store, const struct store_file *file);
bool store_is_closing(struct store *store);
/** @return true when closing began, at the latest then. */
bool store_wait_ms(struct store *store, unsigned ms);
void store_message_free(struct store_message *message);
void sealed_records_free(struct sealed_record *records,
			 size_t count);                        /* wiped first; NULL is fine */
void store_faces_free(struct store_face *faces, size_t count); /* the same */

/* store_write.c, store_query.c, store_read.c */
void *store_write_thread(void *store);
void *store_query_thread(void *store);
/**
 * Have the newest rows read once, so that the first who asks for a page waits for no cold disk.
 * After READY.
 */
void store_warm_reader(struct store *store);

/* store_search.c, store_report.c */
bool store_filter_is_search(const struct store_filter *filter);
int store_search_run(struct db *db, struct store_read *read, int64_t after, int64_t before);
int store_report_run(struct db *db, struct store_read *read);

/* store_row.c */
#define STORE_EVENT_COLUMNS "seq, id, unix_ms, type, severity, source, person, data, prev, hash"

/**
 * The current row of a SELECT of STORE_EVENT_COLUMNS; `data` is borrowed until the next step.
 * @return 0 or -EBADMSG.
 */
int store_read_row(struct db_statement *statement, struct event_row *ret_row);

/* store_file.c */
/**
 * Open, migrate and check gate.db.
 * @param problem  what is wrong.
 * @return 0, -EPROTO (newer schema), -EKEYREJECTED (keys), -EBADMSG (damaged), or another errno
 *         worth a retry.
 */
int store_file_open(const struct store *store, struct store_file *file, struct problem *problem);
void store_file_close(struct store_file *file);
/** Write a signed mark, "head" or "base", in the open transaction. */
int store_file_mark(struct store_file *file, enum audit_statement statement, int64_t seq,
		    const uint8_t *hash);
/** The same in any database that has the table. */
int store_write_mark(struct db *db, const struct crypto_signer *signer,
		     enum audit_statement statement, int64_t seq, const uint8_t *hash);
/** @return 1 (good), 0 (missing, or not signed by @p public_key) or an error */
int store_read_mark(struct db *db, const uint8_t *public_key, enum audit_statement statement,
		    int64_t *ret_seq, uint8_t *ret_hash);
/** In the open transaction of an empty log: it begins after @p seq. */
int store_file_begin_log(struct store_file *file, int64_t seq, const uint8_t *hash);

/* store_replica_sync.c */
enum { STORE_SYNC_TABLES = 3 };

/* statements of both databases */
struct store_sync {
	struct db_statement *of_key[STORE_SYNC_TABLES], *slice[STORE_SYNC_TABLES];
	struct db_statement *insert[STORE_SYNC_TABLES], *remove[STORE_SYNC_TABLES];
};
/** To be closed also after a failure. */
int store_sync_open(struct store_sync *sync, struct db *from, struct db *to);
void store_sync_close(struct store_sync *sync);
/**
 * What stands under a key becomes what stands there in the source. @p kind "": the person @p id,
 * with templates.
 */
int store_sync_key(struct store_sync *sync, const char *kind, const char *id);

/* how far a sweep over everything is; zeros at the beginning */
struct store_sync_sweep {
	int table;
	int64_t number, rows;
	char first[STORE_RECORD_ID_BYTES], second[STORE_RECORD_ID_BYTES];
	char next_first[STORE_RECORD_ID_BYTES], next_second[STORE_RECORD_ID_BYTES];
};
/** Some @p rows_max rows more. @return 1 (that was all), 0 or an error */
int store_sync_sweep(struct store_sync *sync, struct store_sync_sweep *sweep, unsigned rows_max);
/** Each key that @p from names as not yet copied. @return how many, or an error */
int store_sync_pending(struct db *from, struct db *to, unsigned keys_max);
/** Cursors and nonces; the higher value stays. */
int store_sync_counters(struct db *from, struct db *to);

/*
 * store_replica.c: STATE_DIR/roster.db, people, templates and records once more, sealed as in
 * gate.db, and the signed end of the log: a file of its own, so that what damages one leaves the
 * other. gate.db's table `replica_pending` names what was changed since it was carried over, a
 * second ago at the most; what is erased is erased there before the erasure is answered. It is as
 * large as the roster in gate.db. The store thread's alone.
 */
struct store_replica;

enum store_replica_turn {
	STORE_REPLICA_BUSY,  /* writes wait */
	STORE_REPLICA_IDLE,  /* nothing else to do */
	STORE_REPLICA_ERASED /* somebody or something was removed, and nobody was told yet */
};

/** Touches no file. @return 0 or -ENOMEM. */
int store_replica_new(const struct store *store, struct store_replica **ret_copy);
void store_replica_close(struct store_replica *copy); /* NULL is fine */
/** The batch that was committed changed the roster. */
void store_replica_mark_dirty(struct store_replica *copy);
/**
 * The copy is @p file's from now on, which was restored from it. @return 0 or an error: then it is
 * made anew.
 */
int store_replica_attach(struct store_replica *copy, struct store_file *file);
/**
 * Do what is due. @return 0, -EUCLEAN (it was damaged and is made anew) or an error: the step is
 * tried again later
 */
int store_replica_step(struct store_replica *copy, struct store_file *file,
		       enum store_replica_turn turn);
/** How long without writes before an idle turn has something to do; -1: there is nothing to do. */
int store_replica_wait_ms(const struct store_replica *copy);
/**
 * Whether the table `replica_pending` may be emptied by the commit that begins now; says so once.
 */
bool store_replica_pop_synced(struct store_replica *copy);
/**
 * A whole copy under these keys, to restore from. @p ret_db stays the copy's own.
 * @param ret_seq  the last row of the log that it knows of, with its hash.
 * @return 0, -ENOENT (none, not complete, another gate's) or an error of its file
 */
int store_replica_open_source(struct store_replica *copy, const struct store_keys *keys,
			      struct db **ret_db, int64_t *ret_seq, uint8_t *ret_hash);

/* store_apply.c */
/**
 * One write in the open transaction. @return 0 (write->r says how it went) or an error that ends
 * the whole commit
 */
int store_apply(struct store_file *file, struct store_write *write);

/** Into the cursors or the nonces, by @p sql. */
int store_put_counter(struct db_statement *sql, const char *name, int64_t value);

/**
 * What a write's event tells.
 * @param data  taken over; NULL: there was no memory.
 * @return 0 or -ENOMEM.
 */
int store_write_set_data(struct store_write *write, json_t *data);

/* store_drop.c */
/**
 * Drop the rows and say in write->data which. @return 0, -ENODATA (none is that old) or an error
 */
int store_drop_apply(struct store_file *file, struct store_write *write);

/* store_recovery.c */
/**
 * Rename the damaged file, begin a new one and bring back the roster: from the copy, and from the
 * old file what the copy has not yet. @p problem says what was wrong (store-damaged) and then what
 * became of it.
 */
int store_recover_damaged(const struct store *store, struct store_file *file,
			  struct store_replica *copy, struct problem *problem);

/**
 * Somebody removed or renamed gate.db while it was in use (db_has_moved()): write it again, whole,
 * from the open connection, and go on in that; what stands at its path goes aside. @p problem tells
 * of it, or why it failed: then @p file still is as it was, or closed when the new file cannot be
 * opened.
 */
int store_recover_unlinked(const struct store *store, struct store_file *file,
			   struct problem *problem);

/*
 * beside gate.db: a copy that is being written; one that is whole and on its way to gate.db's
 * place, also of a restore
 */
#define STORE_PART_SUFFIX ".part"
#define STORE_PENDING_SUFFIX ".pending"
enum { STORE_QUARANTINE_BYTES = STORE_PATH_BYTES + 40 };
/**
 * gate.db with its WAL gets another name, which @p aside tells; what is not there need not be.
 * @return 0 or an errno
 */
int store_quarantine_file(const struct store *store, char aside[STORE_QUARANTINE_BYTES]);

/* store_leftovers.c; before gate.db is opened */
/**
 * gate.db.pending takes the place of a gate.db that is missing, or knows less; else it goes.
 * @return 1 (@p problem tells of it), 0 (nothing to tell) or an error, which @p problem tells.
 */
int store_recover_pending(const struct store *store, struct problem *problem);
/** Remove what nobody will finish: exports, a restore's half file, half made keys. */
void store_remove_leftovers(const struct store *store);

/* store_record.c */
int store_record_apply(struct store_file *file, const struct sealed_record *record);
/** Tell the control thread of every record; @p bad_rows counts those that do not open. */
int store_record_report(struct store *store, struct store_file *file, int64_t *bad_rows);

/* store_roster.c */
int store_roster_put(struct store_file *file, const struct roster_person *person);
int store_roster_remove(struct store_file *file, const char *person_id);
int store_roster_add_face(struct store_file *file, const struct store_face *face);
int store_roster_remove_faces(struct store_file *file, const char *person_id, const char *model);
/** write->face by its number; what it was goes to write->gone. @return 0, -ENOENT or an error */
int store_roster_remove_face(struct store_file *file, struct store_write *write);
/** The answer to store_faces(). */
int store_faces_run(struct db *db, struct store_read *read);
/**
 * Tell the control thread of everybody. @return 0 or an errno; -EBADMSG: @p problem says how much
 * cannot be read.
 */
int store_roster_report(struct store *store, struct store_file *file, struct problem *problem);
/**
 * Prove that the key is the one the file was written with; a new file takes it. @return 0 or
 * -EKEYREJECTED.
 */
int store_roster_check_key(struct db *db, const uint8_t *data_key);

#endif
