/*
 * store.h - the gate's persistent data: the log, the roster, cursors and nonces.
 *
 * The thread `store` is the only writer of STATE_DIR/gate.db (SQLite, WAL, synchronous=FULL). It
 * dequeues all waiting writes, commits them with one fsync and then answers each one, so an answer
 * means that the write is on disk. The thread `query` reads. Only the control thread may call the
 * functions declared here, except store_claim() and store_claim_release() (any thread). Only
 * store_close() waits for the disk. All callbacks run within store_dispatch() or store_close().
 *
 * STATE_DIR/roster.db is a replica of the roster. When gate.db is damaged, the store quarantines
 * it, restores the roster from the replica and continues the log in a new file (QUARANTINED).
 *
 * After a failed commit (full disk, I/O error) the batch and all later writes stay queued. The
 * store retries after 100 ms at first and every 5 s at most. It reports FAILED once, and RESTORED
 * after the first commit that succeeds.
 */
#ifndef GH_STORE_STORE_H
#define GH_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit.h"
#include "base/problem.h"
#include "event.h"
#include "access/roster.h"

enum {
	STORE_QUEUE_MAX = 65536, /* unanswered writes, unless store_config.queue_max is set */
	STORE_QUERIES_MAX = 64,  /* unanswered queries */
	STORE_ROWS_MAX = 1000,   /* of one answer */
	STORE_CURSORS_MAX = 4,
	STORE_NONCES_MAX = 64,
	STORE_NAME_BYTES = 32, /* of a cursor */
	STORE_TEXT_BYTES = 512,
	STORE_KIND_BYTES = 16,              /* of a record: [a-z], 1 to 15 characters */
	STORE_RECORD_ID_BYTES = 64,         /* printable ASCII without spaces, 1 to 63 characters */
	STORE_RECORD_BYTES_MAX = 64 * 1024, /* of its JSON text */
	STORE_RECORDS_MAX = 16,             /* of one write */
	STORE_DROP_ROWS_MAX = 2000,         /* of one store_drop() */
	STORE_SEARCH_MS = 30, /* time limit of one search; the answer contains where it ended */
	STORE_SEARCH_BYTES = 128,
	STORE_CROP_BYTES_MAX = 64 * 1024, /* of the picture stored with a template */
	STORE_CLOSE_MS_MAX = 3000         /* how long store_close() retries a failing commit */
};

struct schema;
struct store_claim;

/**
 * Make this process the only daemon of @p state_dir. Creates the folder (mode 0700) if it is
 * missing. Writes nothing when the lock file already exists, so that the doors never wait for the
 * disk.
 * @param error  STORE_TEXT_BYTES; one sentence on failure.
 * @return 0, -EBUSY (the sentence contains the other daemon's pid), or the errno of mkdir(2) or
 *         open(2).
 */
int store_claim(const char *state_dir, struct store_claim **ret_claim, char *error);

/** NULL is allowed. The claim also ends with the process. */
void store_claim_release(struct store_claim *claim);

struct store;

enum store_status {
	STORE_READY,    /* the roster has been reported; writes are being committed */
	STORE_FAILED,   /* a commit failed and is being retried; no write is lost */
	STORE_RESTORED, /* a commit succeeded after STORE_FAILED */
	/* gate.db was damaged and is quarantined; the problem says what was restored */
	STORE_QUARANTINED,
	STORE_TAMPERED, /* gate.db differs from what this gate signed, or was moved or replaced */
	STORE_REPLICA_RENEWED, /* roster.db was damaged and is being rebuilt from gate.db */
	/* permanent: the problem says what to do. Every later write fails with -EIO */
	STORE_UNUSABLE
};

/* Callbacks for what the store reports by itself. Each must be set unless it may be NULL. */
struct store_ops {
	/**
	 * Each committed event, in order of seq, before its own `done`. Borrowed. `json` is set.
	 */
	void (*committed)(void *arg, const struct event_row *row);
	/** Before READY, once for each person. Borrowed. */
	void (*person)(void *arg, const struct roster_person *person);
	/** Before READY, after all people, once for each template. Borrowed. */
	void (*face)(void *arg, const char *person_id, const char *model, const float *vector,
		     size_t dim);
	/**
	 * After `face`, if that template was made by another model than store_config.recogniser and
	 * its picture is stored. Borrowed. @p number identifies the template to
	 * store_template_put(). May be NULL.
	 */
	void (*crop)(void *arg, const char *person_id, int64_t number, const void *crop,
		     size_t bytes);
	/**
	 * Before READY, after all templates: one record of store_records_write(), in order of kind
	 * and id. @p json is a borrowed object.
	 */
	void (*record)(void *arg, const char *kind, const char *id, json_t *json);
	/** @p problem is borrowed; PROBLEM_NONE for READY and RESTORED. */
	void (*status)(void *arg, enum store_status status, const struct problem *problem);
	/** After `done` of store_template_remove_one(): the template. Borrowed. May be NULL. */
	void (*face_removed)(void *arg, const char *person_id, const char *model,
			     const float *vector, size_t dim);
};

/* strings are copied */
struct store_config {
	const char *state_dir;
	const char *data_key_path; /* NULL: STATE_DIR/keys/data.key */
	/* NULL: STATE_DIR/keys/anchor.key; the public key is beside it, .pub */
	const char *anchor_key_path;
	const char *recogniser; /* SHA-256 of the model in use; NULL: `crop` is never called */
	size_t queue_max;       /* 0: STORE_QUEUE_MAX */
	/* must outlive the store; NULL: those of schema.h; tests pass one with an upgrade */
	const struct schema *schema, *replica_schema;
	const struct store_ops *ops; /* copied */
	void *arg;
};

/**
 * Start the threads. What they find when they open the files is reported as a status.
 * @return 0, -EINVAL (a path is too long), -ENOMEM, -EAGAIN (no thread) or what eventfd(2) failed
 *         with.
 */
int store_open(const struct store_config *config, struct store **ret_store);

/**
 * Commit the queued writes and a last anchor, end the threads, make the outstanding callbacks and
 * free the store. Waits at most STORE_CLOSE_MS_MAX and one commit. Answers writes that are not on
 * disk by then with -ECANCELED. NULL is allowed.
 */
void store_close(struct store *store);

/** Readable when store_dispatch() has work; level-triggered. */
int store_fd(const struct store *store);

/**
 * Make the callbacks of the answers that are waiting now; later ones are left to the next call.
 * Never blocks. A callback must not close the store.
 */
void store_dispatch(struct store *store);

/** How long the oldest unanswered write has been waiting; 0 if there is none. */
uint64_t store_pending_ms(const struct store *store);

/** The number of unanswered writes. */
size_t store_pending(const struct store *store);

/** Seq of the last event that `committed` reported; 0 before READY and in an empty log. */
int64_t store_last_seq(const struct store *store);

bool store_is_ready(const struct store *store);

/**
 * The result of a write.
 * @param r    0, -ENOENT (no such person or template), -ENODATA (nothing to drop), -E2BIG (the
 *             person has ROSTER_TEMPLATES_MAX), -EINVAL (refused by the database), -EIO (unusable)
 *             or -ECANCELED (closed before the commit).
 * @param row  the committed event, borrowed; NULL on failure.
 */
typedef void (*store_done_fn)(void *arg, int r, const struct event_row *row);

/**
 * Record an event.
 * @param done  may be NULL.
 * @return 0 (@p done will be called), -EINVAL (event_draft_check()), -EFBIG (the data's text is
 *         longer than EVENT_DATA_BYTES_MAX), -ENOSPC (too many unanswered writes or nonces), -EIO
 *         (unusable) or -ENOMEM. All writes below return the same.
 */
int store_append(struct store *store, const struct event_draft *draft, store_done_fn done,
		 void *arg);

/* Changes of the roster. Each one is committed together with the event that records it. */

/** Add or replace a person; `template_count` is ignored. The name is stored encrypted. */
int store_person_put(struct store *store, const struct roster_person *person,
		     const struct event_draft *draft, store_done_fn done, void *arg);
/** Erase the name and the templates. Events still contain the id, which then names nobody. */
int store_person_remove(struct store *store, const char *person_id, const struct event_draft *draft,
			store_done_fn done, void *arg);
/**
 * Add a template. The store adds the template's number to the event's data as `face`.
 * @param model   hex SHA-256 of the model that made the template.
 * @param vector  ROSTER_TEMPLATE_DIM numbers.
 */
int store_template_add(struct store *store, const char *person_id, const char *model,
		       const float *vector, const struct event_draft *draft, store_done_fn done,
		       void *arg);
/**
 * Add a template with the picture it was made from. The picture is stored encrypted and is deleted
 * together with the template.
 * @param crop      1 to STORE_CROP_BYTES_MAX bytes; NULL and 0: none.
 * @param replaces  the number of a template of the person to remove in the same transaction; 0:
 *                  none. If there is no such template, @p done gets -ENOENT.
 */
int store_template_put(struct store *store, const char *person_id, const char *model,
		       const float *vector, const void *crop, size_t crop_bytes, int64_t replaces,
		       const struct event_draft *draft, store_done_fn done, void *arg);
/**
 * Remove one template of the person by its number from store_faces(). @p done gets -ENOENT if there
 * is none; on success the callback `face_removed` follows.
 */
int store_template_remove_one(struct store *store, const char *person_id, int64_t number,
			      const struct event_draft *draft, store_done_fn done, void *arg);
/** Remove the person's templates that @p model made; NULL: those of all models. */
int store_template_remove(struct store *store, const char *person_id, const char *model,
			  const struct event_draft *draft, store_done_fn done, void *arg);

/**
 * A JSON object that another room stores under a kind and an id: a group, schedule, rule,
 * credential, pass, user... It is encrypted in the same way as people. The store does not interpret
 * its contents.
 */
struct store_record {
	const char *kind, *id;
	json_t *json; /* borrowed; NULL: remove the record; a missing one is no error */
};

#define STORE_RECORD_ALL "*" /* the id that removes all records of a kind */

/**
 * Put and remove 1 to STORE_RECORDS_MAX records and record the event: all in one transaction.
 * @return as store_append(); also -EINVAL for an invalid kind, id or count, and -EFBIG for JSON
 *         text longer than STORE_RECORD_BYTES_MAX.
 */
int store_records_write(struct store *store, const struct store_record *records, size_t count,
			const struct event_draft *draft, store_done_fn done, void *arg);
int store_record_put(struct store *store, const char *kind, const char *id, json_t *json,
		     const struct event_draft *draft, store_done_fn done, void *arg);
int store_record_remove(struct store *store, const char *kind, const char *id,
			const struct event_draft *draft, store_done_fn done, void *arg);

/**
 * Delete the oldest rows of the log, at most STORE_DROP_ROWS_MAX. Stops at the first row that is
 * not older than @p before_unix_ms or whose seq is above @p to_seq. A new signed base states where
 * the log begins, and the event audit.dropped, which @p done gets, which rows were deleted.
 * @return as store_append(); @p done gets -ENODATA if no row qualifies.
 */
int store_drop(struct store *store, int64_t before_unix_ms, int64_t to_seq, store_done_fn done,
	       void *arg);

/**
 * Store the position of a reader of the log. The value is written with the next commit, within a
 * second; only the last value set before it counts.
 * @return 0, -EINVAL (name or seq) or -ENOSPC (STORE_CURSORS_MAX names).
 */
int store_cursor_set(struct store *store, const char *name, int64_t seq);

/** 0 if never set. Valid from READY on. */
int64_t store_cursor_get(const struct store *store, const char *name);

/**
 * The highest nonce of a command key, including drafts that are not committed yet; 0: none. Valid
 * from READY on.
 */
int64_t store_nonce_get(const struct store *store, const char *key);

struct store_filter {
	int64_t after_seq, before_seq; /* exclusive; 0: no limit */
	unsigned limit;                /* 1 to STORE_ROWS_MAX */
	const char *type;   /* NULL: all; one type, or a prefix ending in '.' ("door.") */
	const char *person; /* NULL: all */
	int64_t from_unix_ms, to_unix_ms; /* from inclusive, to exclusive; 0: no limit */
	bool ascending;                   /* else newest first */
	bool hashes;                      /* json with prev and hash */
	bool low_priority; /* other queries are answered first, even while this one is running */
	/* only these rows, in this order, whatever the other members say; NULL: all */
	const int64_t *seqs;
	size_t seq_count; /* at most STORE_ROWS_MAX */
	/* for store_search() only: no index covers these, so it scans for STORE_SEARCH_MS */
	const char *source; /* NULL: any; at most EVENT_SOURCE_BYTES - 1 characters */
	/* NULL: any; found anywhere in the row, ignoring case; STORE_SEARCH_BYTES - 1 characters */
	const char *text;
	/* NULL: none; omit types that begin with this; EVENT_TYPE_BYTES - 1 characters */
	const char *without;
	enum event_severity severity_min;
};

/** Rows with `json`, borrowed. @p r is 0, -EIO (unreadable), -ECANCELED (closed) or -ENOMEM. */
typedef void (*store_rows_fn)(void *arg, int r, const struct event_row *rows, size_t count);

/**
 * As store_rows_fn.
 * @param reached  0 if there are no more rows, else the seq after which (ascending) or before which
 *                 the next search continues. A page may be short or empty without being the last.
 */
typedef void (*store_found_fn)(void *arg, int r, const struct event_row *rows, size_t count,
			       int64_t reached);

/** Query with any member of the filter. @return as store_query_events(). */
int store_search(struct store *store, const struct store_filter *filter, store_found_fn done,
		 void *arg);

/**
 * Query one page of the log by its indexes.
 * @return 0, -EINVAL (also a filter that needs store_search()), -EAGAIN (not READY yet), -EBUSY
 *         (STORE_QUERIES_MAX unanswered queries) or -ENOMEM.
 */
int store_query_events(struct store *store, const struct store_filter *filter, store_rows_fn done,
		       void *arg);

/** Query at most @p max rows after @p after_seq, oldest first, without hashes, for the outbox. */
int store_fetch_outbox(struct store *store, int64_t after_seq, unsigned max, store_rows_fn done,
		       void *arg);

typedef void (*store_verified_fn)(void *arg, int r, const struct audit_result *result);

/** The progress of the running audit: rows verified, and the seq of the last; 0 if none runs. */
void store_audit_progress(const struct store *store, int64_t *ret_rows, int64_t *ret_of);

/** Milliseconds from the call of the last answered write to its answer. */
uint64_t store_commit_ms(const struct store *store);

/**
 * Statistics over a period for the notice board, without personal data; computed by the query
 * thread. @p report is borrowed. @return as store_query_events().
 */
typedef void (*store_report_fn)(void *arg, int r, json_t *report);
int store_report(struct store *store, int64_t from_unix_ms, int64_t to_unix_ms,
		 store_report_fn done, void *arg);

/** copies_list() of this gate, run by the query thread. @return as store_query_events(). */
int store_copies(struct store *store, int64_t until_unix_ms, store_report_fn done, void *arg);

/**
 * The templates of a person, in the order in which they were added: [{"number","model"}], borrowed
 * by @p done. @return as store_query_events().
 */
int store_faces(struct store *store, const char *person_id, store_report_fn done, void *arg);

/**
 * Run audit_verify() on a thread of its own.
 * @return 0, -EAGAIN (not READY yet, or no thread), -EBUSY (an audit is running) or -ENOMEM.
 */
int store_audit_verify(struct store *store, store_verified_fn done, void *arg);

#endif
