/*
 * store.h - everything the gate must not forget: the log, the roster, cursors and nonces.
 *
 * One thread, `store`, is the only writer of STATE_DIR/gate.db (SQLite, WAL, synchronous=FULL). It
 * takes all that is queued, commits it with one fsync, and answers; so an answer means "on disk". A
 * second thread, `query`, reads. All functions here are the control thread's (but store_claim() and
 * its release, which are anybody's), none of them waits for a disk (but store_close()), and every
 * callback comes from store_dispatch() or store_close().
 *
 * What the roster is, is kept a second time in STATE_DIR/roster.db: a damaged gate.db is set aside
 * and the roster restored from there, while the log goes on in a new file (SET_ASIDE).
 *
 * A failed commit (full disk, I/O error) keeps the batch and everything behind it queued and is
 * tried again, at first after 100 ms, at last every 5 s: FAILED is told once, RESTORED when it went
 * through.
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
	STORE_QUEUE_MAX = 65536, /* writes on their way, when the config names no other bound */
	STORE_QUERIES_MAX = 64,  /* questions on their way */
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
	STORE_SEARCH_MS = 30, /* that one search looks for at most; it tells how far it came */
	STORE_SEARCH_BYTES = 128,
	STORE_CROP_BYTES_MAX = 64 * 1024, /* of the picture kept with a template */
	STORE_CLOSE_MS_MAX = 3000         /* how long store_close() lets a failing disk try */
};

struct schema;
struct store_claim;

/**
 * Make this process the only daemon of @p state_dir, which is made (mode 0700) when it is missing.
 * Where it was claimed before nothing is written, so that the doors wait for no disk.
 * @param error  STORE_TEXT_BYTES; one sentence on failure.
 * @return 0, -EBUSY (the sentence names the other's pid), or what mkdir(2) or open(2) failed with.
 */
int store_claim(const char *state_dir, struct store_claim **ret_claim, char *error);

/** NULL is fine. The claim also ends with the process. */
void store_claim_release(struct store_claim *claim);

struct store;

enum store_status {
	STORE_READY,    /* the roster was told, appended events are being committed */
	STORE_FAILED,   /* a commit failed: being tried again, nothing is lost */
	STORE_RESTORED, /* and went through */
	/* the database was damaged and set aside; the problem names the file and what came back */
	STORE_QUARANTINED,
	STORE_TAMPERED, /* the end of the log is not what was signed: somebody changed the file */
	STORE_REPLICA_RENEWED, /* roster.db was damaged and is made anew; gate.db is not */
	/* for good: the problem says what to do. Writes fail with -EIO from now on */
	STORE_UNUSABLE
};

/* what the store reports unasked; each member must be set, but where it says otherwise */
struct store_ops {
	/**
	 * Every committed event, in order of seq, before its own `done`. Borrowed. `json` is set.
	 */
	void (*committed)(void *arg, const struct event_row *row);
	/** Before READY: one person; then that person's templates. Borrowed. */
	void (*person)(void *arg, const struct roster_person *person);
	void (*face)(void *arg, const char *person_id, const char *model, const float *vector,
		     size_t dim);
	/**
	 * After `face`, when that template is not of store_config.recogniser and its picture was
	 * kept. Borrowed. @p number names the template to store_template_put(). May be NULL.
	 */
	void (*crop)(void *arg, const char *person_id, int64_t number, const void *crop,
		     size_t bytes);
	/**
	 * Before READY, after everybody: what store_records_write() put, by kind and id. Borrowed;
	 * an object.
	 */
	void (*record)(void *arg, const char *kind, const char *id, json_t *json);
	/** @p problem is PROBLEM_NONE for READY and RESTORED; borrowed. */
	void (*status)(void *arg, enum store_status status, const struct problem *problem);
	/** After `done` of store_template_remove_one(): what is gone. Borrowed. May be NULL. */
	void (*face_removed)(void *arg, const char *person_id, const char *model,
			     const float *vector, size_t dim);
};

/* strings are copied */
struct store_config {
	const char *state_dir;
	const char *data_key_path; /* NULL: STATE_DIR/keys/data.key */
	/* NULL: STATE_DIR/keys/anchor.key; the public key is beside it, .pub */
	const char *anchor_key_path;
	const char *recogniser; /* whose templates are in use; NULL: pictures of none are told */
	size_t queue_max;       /* 0: STORE_QUEUE_MAX */
	/*
	 * NULL: this program's, schema.h. Tests give one with a made-up upgrade; it outlives the
	 * store
	 */
	const struct schema *schema, *replica_schema;
	const struct store_ops *ops; /* outlives the store */
	void *arg;
};

/**
 * Start the threads; each finding is reported as a status. @return 0, -EINVAL, -ENOMEM, -EIO or
 * -EAGAIN (no thread).
 */
int store_open(const struct store_config *config, struct store **ret_store);

/** Commits what is queued and a last anchor, ends the threads, calls what is still to be called,
 * frees.
 *  Waits at most STORE_CLOSE_MS_MAX and one commit; what is not on disk then is answered
 *  -ECANCELED. NULL is fine. */
void store_close(struct store *store);

/** Readable when store_dispatch() has work; level-triggered. */
int store_fd(const struct store *store);

/**
 * Calls back what came in, a bounded number at once. Never blocks. The store must not be closed
 * within.
 */
void store_dispatch(struct store *store);

/** How long the oldest write has been waiting for its commit; 0 when none is. */
uint64_t store_pending_ms(const struct store *store);

/** Writes on their way. */
size_t store_pending(const struct store *store);

/** Seq of the last committed event that was told; 0 before the first and before READY. */
int64_t store_last_seq(const struct store *store);

bool store_is_ready(const struct store *store);

/**
 * The end of a write. @p r is 0 and @p row the committed event, or r < 0 and row NULL: -ENOENT (no
 * such person), -ENODATA (nothing to drop), -E2BIG (ROSTER_TEMPLATES_MAX), -EINVAL (refused by the
 * database), -EIO (unusable), -ECANCELED (closed before).
 */
typedef void (*store_done_fn)(void *arg, int r, const struct event_row *row);

/**
 * Record an event. @param done may be NULL.
 * @return 0 (done will be called), -EINVAL or -EFBIG (event_draft_check()), -ENOSPC (too many on
 *         their way), -EIO (unusable) or -ENOMEM. The same for all writes below.
 */
int store_append(struct store *store, const struct event_draft *draft, store_done_fn done,
		 void *arg);

/* Roster changes; each comes with the event that tells of it, committed together. */

/** Add or replace; the template count is not looked at. The name is kept encrypted. */
int store_person_put(struct store *store, const struct roster_person *person,
		     const struct event_draft *draft, store_done_fn done, void *arg);
/** Erases name and templates; events keep the id, which then means nobody. */
int store_person_remove(struct store *store, const char *person_id, const struct event_draft *draft,
			store_done_fn done, void *arg);
/**
 * @p vector has ROSTER_TEMPLATE_DIM numbers; @p model is the hex SHA-256 of the model that made it.
 *    The event's data gets
 * the template's number as `face`.
 */
int store_template_add(struct store *store, const char *person_id, const char *model,
		       const float *vector, const struct event_draft *draft, store_done_fn done,
		       void *arg);
/**
 * The same with the picture it was made of, kept encrypted beside it and gone with it.
 * @param crop      1 to STORE_CROP_BYTES_MAX bytes; NULL and 0: none.
 * @param replaces  the number of a template of the person that goes in exchange; 0: none. One that
 *                  is not there is -ENOENT.
 */
int store_template_put(struct store *store, const char *person_id, const char *model,
		       const float *vector, const void *crop, size_t crop_bytes, int64_t replaces,
		       const struct event_draft *draft, store_done_fn done, void *arg);
/**
 * One template of the person by its number, from store_faces(); `face_removed` follows @p done,
 * which gets -ENOENT when there is none.
 */
int store_template_remove_one(struct store *store, const char *person_id, int64_t number,
			      const struct event_draft *draft, store_done_fn done, void *arg);
/** All of the person's templates made by @p model; NULL: by any. */
int store_template_remove(struct store *store, const char *person_id, const char *model,
			  const struct event_draft *draft, store_done_fn done, void *arg);

/**
 * A thing of somebody else's that the store keeps: groups, schedules, rules, credentials, passes,
 * users... It is a JSON object under a kind and an id, encrypted as people are. The store knows
 * nothing of what is in it.
 */
struct store_record {
	const char *kind, *id;
	json_t *json; /* borrowed; NULL: remove it (what is not there is removed already) */
};

#define STORE_RECORD_ALL "*" /* as the id of what is removed: all of its kind */

/**
 * Put and remove up to STORE_RECORDS_MAX records with the event that tells of it: all of it is
 * committed, or none.
 * @return as store_append(); -EINVAL also for a kind or id out of shape, -EFBIG for JSON that is
 *         too large.
 */
int store_records_write(struct store *store, const struct store_record *records, size_t count,
			const struct event_draft *draft, store_done_fn done, void *arg);
int store_record_put(struct store *store, const char *kind, const char *id, json_t *json,
		     const struct event_draft *draft, store_done_fn done, void *arg);
int store_record_remove(struct store *store, const char *kind, const char *id,
			const struct event_draft *draft, store_done_fn done, void *arg);

/**
 * Drop the beginning of the log: at most STORE_DROP_ROWS_MAX rows, each older than @p
 * before_unix_ms and none behind
 * @p to_seq, up to the first row for which that does not hold. A new signed base says where the log
 *    begins; the event
 * audit.dropped, whose row @p done gets, says what went.
 * @return as store_append(); @p done gets -ENODATA when the oldest row is to stay.
 */
int store_drop(struct store *store, int64_t before_unix_ms, int64_t to_seq, store_done_fn done,
	       void *arg);

/**
 * Remember how far a reader of the log came; goes with the next commit, or within a second. Only
 * the last value counts. @return 0, -EINVAL (name) or -ENOSPC (STORE_CURSORS_MAX names).
 */
int store_cursor_set(struct store *store, const char *name, int64_t seq);

/** 0 when never set. Complete from READY on. */
int64_t store_cursor_get(const struct store *store, const char *name);

/**
 * The highest nonce seen of a command key, counting appended drafts at once; 0: none. Complete from
 * READY on.
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
	bool patient;        /* other questions are answered first, also in the midst of this one */
	const int64_t *seqs; /* these alone, in this order, whatever else is asked; NULL: all */
	size_t seq_count;    /* at most STORE_ROWS_MAX */
	/* what no index answers: looked for row by row, for STORE_SEARCH_MS */
	const char *source; /* NULL: any; at most EVENT_SOURCE_BYTES - 1 */
	/* NULL: any; somewhere in the row, upper or lower case; STORE_SEARCH_BYTES - 1 */
	const char *text;
	/* NULL: none left out; the beginning of a type; EVENT_TYPE_BYTES - 1 */
	const char *without;
	enum event_severity severity_min;
};

/** Rows with `json`, borrowed; r < 0: -EIO (unreadable), -ECANCELED (closed), -ENOMEM. */
typedef void (*store_rows_fn)(void *arg, int r, const struct event_row *rows, size_t count);

/**
 * The same, and @p reached: 0 when that is all there is, else the seq to go on after (ascending) or
 * before. A page may be short, even empty, and not the last.
 */
typedef void (*store_found_fn)(void *arg, int r, const struct event_row *rows, size_t count,
			       int64_t reached);

/** Questions that no index answers may be asked, too. @return as store_query_events(). */
int store_search(struct store *store, const struct store_filter *filter, store_found_fn done,
		 void *arg);

/**
 * @return 0, -EINVAL, -EAGAIN (not READY yet), -EBUSY (STORE_QUERIES_MAX on their way) or -ENOMEM.
 */
int store_query_events(struct store *store, const struct store_filter *filter, store_rows_fn done,
		       void *arg);

/**
 * The next at most @p max rows after @p after_seq, oldest first, without hashes: for the outbox.
 */
int store_fetch_outbox(struct store *store, int64_t after_seq, unsigned max, store_rows_fn done,
		       void *arg);

typedef void (*store_verified_fn)(void *arg, int r, const struct audit_result *result);

/** How far the audit that runs has come; 0 of 0 when none does. */
void store_audit_progress(const struct store *store, int64_t *ret_rows, int64_t *ret_of);

/** How long the last write took from its call to its commit. */
uint64_t store_commit_ms(const struct store *store);

/**
 * Figures of a span of time, without any person's data, for the notice board; the query thread
 * counts them. @p report is borrowed. @return as store_query_events().
 */
typedef void (*store_report_fn)(void *arg, int r, json_t *report);
int store_report(struct store *store, int64_t from_unix_ms, int64_t to_unix_ms,
		 store_report_fn done, void *arg);

/** copies_list() of this gate, by the query thread. @return as store_query_events(). */
int store_copies(struct store *store, int64_t until_unix_ms, store_report_fn done, void *arg);

/**
 * The templates of a person, in the order they came: [{"number","model"}]. @p faces is borrowed.
 * @return as store_query_events().
 */
int store_faces(struct store *store, const char *person_id, store_report_fn done, void *arg);

/**
 * audit_verify() on a thread of its own. @return 0, -EAGAIN, -EBUSY (one is running) or -ENOMEM.
 */
int store_audit_verify(struct store *store, store_verified_fn done, void *arg);

#endif
