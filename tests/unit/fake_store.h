/*
 * fake_store.h - a store in memory in place of the real one, for tests of the gate's parts.
 *
 * It keeps what was written, in order, answers when the test says so, and fails at the write that
 * the test names. It defines the functions of store/store.h that the parts under test call; more
 * are added here when a part needs them.
 */
#ifndef GH_TESTS_FAKE_STORE_H
#define GH_TESTS_FAKE_STORE_H

#include "store/store.h"

enum { FAKE_STORE_WRITES_MAX = 256 };

struct fake_write {
	struct event_draft draft; /* type, severity; strings are below */
	char type[EVENT_TYPE_BYTES], source[EVENT_SOURCE_BYTES], person[ULID_BYTES], nonce_key[32];
	json_t *data; /* a copy; NULL: none */
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
/** Answers what is open with -ECANCELED, as the real one does. */
void fake_store_close(struct store *store);

/** The @p nth write from now on, from 1, is refused at once with @p r; 0: none is. */
void fake_store_refuse(struct store *store, unsigned nth, int r);
/**
 * Writes are answered by fake_store_answer() alone (true), or at once when they are made (false, as
 * it begins).
 */
void fake_store_hold(struct store *store, bool hold);
/** Answer every write that is open, in order. @param r  0 or a negative errno. */
void fake_store_answer(struct store *store, int r);
/** How long the oldest write waits, as store_pending_ms() says. */
void fake_store_set_pending_ms(struct store *store, uint64_t ms);
void fake_store_set_ready(struct store *store, bool ready);

size_t fake_store_count(const struct store *store);
const struct fake_write *fake_store_at(const struct store *store, size_t place);
/** The last write of that event type; NULL: there is none. */
const struct fake_write *fake_store_last(const struct store *store, const char *type);
/** The last JSON put under a kind and id; NULL: none, or it was removed. Borrowed. */
const json_t *fake_store_record(const struct store *store, const char *kind, const char *id);
/** How many writes of that type there are. */
size_t fake_store_events(const struct store *store, const char *type);

#endif
