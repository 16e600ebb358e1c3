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

/** @return a new journal without a store; NULL: no memory. */
struct journal *journal_open(void);
/** NULL is allowed. */
void journal_close(struct journal *journal);

/**
 * Set the store that events are written to, borrowed. NULL: none; each event is then logged to the
 * system journal as not recorded.
 */
void journal_use_store(struct journal *journal, struct store *store);

/** The store, borrowed until the next journal_use_store(); NULL: none. */
struct store *journal_store(const struct journal *journal);

/** Set the reason why the log cannot be written now; copied. NULL: it can be written. */
void journal_set_trouble(struct journal *journal, const struct problem *problem);
/** That reason; its code is PROBLEM_NONE while the log can be written. */
const struct problem *journal_problem(const struct journal *journal);
/** Its sentence, valid until the next journal_set_trouble(); "" while the log can be written. */
const char *journal_trouble(const struct journal *journal);

/** Whether events can be written now: a store is set and ready, and it has reported no trouble. */
bool journal_can_write(const struct journal *journal);

/**
 * Record an event.
 * @param source  "door/NAME", "camera/NAME" or NULL.
 * @param person  an opaque id; NULL or "": the event concerns no person.
 * @param data    its members, or NULL; ownership passes to the callee.
 * A failure is logged.
 */
void journal_record(struct journal *journal, const char *type, enum event_severity severity,
		    const char *source, const char *person, json_t *data);

/**
 * Record an event with all members of a draft.
 * @param draft  borrowed, its data too.
 * @param done   called once the event is committed or has failed; may be NULL.
 * @return as store_append(); -EIO without a store. On failure, which is logged, @p done is not
 *         called.
 */
int journal_record_draft(struct journal *journal, const struct event_draft *draft,
			 store_done_fn done, void *arg);

/**
 * Record an event in one transaction with @p records, which are borrowed. @return as
 * store_records_write(); -EIO without a store. On failure, which is logged, @p done is not called.
 */
int journal_record_with(struct journal *journal, const struct event_draft *draft,
			const struct store_record *records, size_t count, store_done_fn done,
			void *arg);

/** A published state, for the topic state/@p what/@p name; @p state is borrowed. */
typedef void (*journal_state_fn)(void *arg, const char *what, const char *name, json_t *state);

/** Set the observer of states, one at most; NULL: none. @p arg is borrowed. */
void journal_on_state(struct journal *journal, journal_state_fn publish, void *arg);

/**
 * Publish a retained state, with @p what "door", "camera", "storage" or "roster". Ownership of
 * @p state passes to the callee.
 */
void journal_publish(struct journal *journal, const char *what, const char *name, json_t *state);

#endif
