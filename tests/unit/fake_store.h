/*
 * fake_store.h - a store in memory in place of the real one, for tests of the gate's parts.
 *
 * It records all writes in order, answers them at once or when the test calls fake_store_answer(),
 * and refuses the write that the test selects. It defines the functions of store/store.h that the
 * parts under test call; add more when a part needs them.
 */
#ifndef GH_TESTS_FAKE_STORE_H
#define GH_TESTS_FAKE_STORE_H

#include "store/store.h"

enum { FAKE_STORE_WRITES_MAX = 256 };

struct fake_write {
	struct event_draft draft; /* its strings are copied below */
	char type[EVENT_TYPE_BYTES], source[EVENT_SOURCE_BYTES], person[ULID_BYTES], nonce_key[32];
	json_t *data; /* a copy; NULL: no data */
	struct {
		char kind[STORE_KIND_BYTES], id[STORE_RECORD_ID_BYTES];
		json_t *json; /* a copy; NULL: removed */
	} records[STORE_RECORDS_MAX];
	size_t record_count;
	store_done_fn done;
	void *arg;
	bool answered;
};

struct store *fake_store_open(void);
/** Answer the unanswered writes with -ECANCELED, as the real store does, and free it. */
void fake_store_close(struct store *store);

/** Refuse the @p nth write from now on, counted from 1, at once with @p r; 0: refuse none. */
void fake_store_refuse(struct store *store, unsigned nth, int r);
/**
 * Whether writes are answered by fake_store_answer() alone (true) or at once (false, the default).
 */
void fake_store_hold(struct store *store, bool hold);
/** Answer all unanswered writes in order with @p r, 0 or a negative errno. */
void fake_store_answer(struct store *store, int r);
/** Set the result of store_pending_ms(): how long the oldest write waits. */
void fake_store_set_pending_ms(struct store *store, uint64_t ms);
/** Set the result of store_is_ready(). */
void fake_store_set_ready(struct store *store, bool ready);

size_t fake_store_count(const struct store *store);
const struct fake_write *fake_store_at(const struct store *store, size_t place);
/** The last write with an event of this type; NULL: there is none. */
const struct fake_write *fake_store_last(const struct store *store, const char *type);
/** The last value written under a kind and id, borrowed; NULL: none, or it was removed. */
const json_t *fake_store_record(const struct store *store, const char *kind, const char *id);
/** The number of writes with an event of this type. */
size_t fake_store_events(const struct store *store, const char *type);

#endif
