/*
 * journal.h - how the parts of the gate record an event and publish a state.
 *
 * An event goes to the store, which commits it and passes it to the API's live streams and to the
 * MQTT link. A state goes to the observer that journal_on_state() connected. Recording has no other
 * effect: it sets no timer and moves no door. Control thread only.
 */
#ifndef GH_GATE_JOURNAL_H
#define GH_GATE_JOURNAL_H

#include <jansson.h>

#include "store/store.h"

struct journal;

/** @return the new journal, without a store; NULL: no memory. */
struct journal *journal_open(void);
/** NULL is fine. */
void journal_close(struct journal *journal);

/**
 * Where events are written from now on, borrowed; NULL: nowhere, each is logged to the system
 * journal as not recorded.
 */
void journal_use_store(struct journal *journal, struct store *store);

/** That store, borrowed until the next journal_use_store(); NULL: none. */
struct store *journal_store(const struct journal *journal);

/** Why the log cannot be written now; copied. NULL: it can. */
void journal_set_trouble(struct journal *journal, const struct problem *problem);
/** The same; PROBLEM_NONE while the log can be written. */
const struct problem *journal_problem(const struct journal *journal);
/** Its sentence, valid until the next journal_set_trouble(); "" while the log can be written. */
const char *journal_trouble(const struct journal *journal);

/**
 * Whether a change would be written now: there is a store, it is open, and nothing is wrong with
 * it.
 */
bool journal_can_write(const struct journal *journal);

/**
 * Record an event.
 * @param source  "door/NAME", "camera/NAME" or NULL.
 * @param person  an opaque id; NULL or "": the event concerns no person.
 * @param data    its members, or NULL; the reference is taken.
 * A failure is logged.
 */
void journal_record(struct journal *journal, const char *type, enum event_severity severity,
		    const char *source, const char *person, json_t *data);

/**
 * The same with everything that a draft may hold.
 * @param draft  its data stays the caller's.
 * @param done   called once the event is on disk or has failed; may be NULL.
 * @return as store_append(); -EIO without a store, and @p done is then not called. A failure was
 *         logged.
 */
int journal_record_draft(struct journal *journal, const struct event_draft *draft,
			 store_done_fn done, void *arg);

/**
 * The same, committed in one transaction with @p records. @return as store_records_write(); -EIO
 * without a store.
 */
int journal_record_with(struct journal *journal, const struct event_draft *draft,
			const struct store_record *records, size_t count, store_done_fn done,
			void *arg);

/** @p state is a borrowed object, whose topic is state/@p what/@p name. */
typedef void (*journal_state_fn)(void *arg, const char *what, const char *name, json_t *state);

/**
 * Connect the observer of states, in place of the one before; NULL disconnects it. @p arg is
 * borrowed.
 */
void journal_on_state(struct journal *journal, journal_state_fn publish, void *arg);

/**
 * Publish a retained state ("door", "camera", "storage", "roster"); the reference to @p state is
 * taken.
 */
void journal_publish(struct journal *journal, const char *what, const char *name, json_t *state);

#endif
