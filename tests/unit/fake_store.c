#include "fake_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

struct store {
	struct fake_write writes[FAKE_STORE_WRITES_MAX];
	size_t count;
	unsigned refuse_at;
	int refuse_r;
	bool hold, ready;
	uint64_t pending_ms;
};

struct store *fake_store_open(void)
{
	struct store *store = calloc(1, sizeof(*store));

	assert_non_null(store);
	store->ready = true;
	return store;
}

static void answer(struct fake_write *write, int64_t seq, int r)
{
	struct event_row row = {.seq = seq};

	if (write->answered)
		return;
	write->answered = true;
	snprintf(row.type, sizeof(row.type), "%s", write->type);
	if (write->done != NULL)
		write->done(write->arg, r, r == 0 ? &row : NULL);
}

void fake_store_answer(struct store *store, int r)
{
	size_t count = store->count; /* writes made by an answer are not answered here */

	for (size_t i = 0; i < count; i++)
		answer(&store->writes[i], (int64_t)i + 1, r);
}

void fake_store_close(struct store *store)
{
	fake_store_answer(store, -ECANCELED);
	for (size_t i = 0; i < store->count; i++) {
		json_decref(store->writes[i].data);
		for (size_t k = 0; k < store->writes[i].record_count; k++)
			json_decref(store->writes[i].records[k].json);
	}
	free(store);
}

void fake_store_refuse(struct store *store, unsigned nth, int r)
{
	store->refuse_at = nth;
	store->refuse_r = r;
}

void fake_store_hold(struct store *store, bool hold)
{
	store->hold = hold;
}

void fake_store_set_pending_ms(struct store *store, uint64_t ms)
{
	store->pending_ms = ms;
}

void fake_store_set_ready(struct store *store, bool ready)
{
	store->ready = ready;
}

size_t fake_store_count(const struct store *store)
{
	return store->count;
}

const struct fake_write *fake_store_at(const struct store *store, size_t place)
{
	assert_true(place < store->count);
	return &store->writes[place];
}

const struct fake_write *fake_store_last(const struct store *store, const char *type)
{
	for (size_t i = store->count; i > 0; i--)
		if (strcmp(store->writes[i - 1].type, type) == 0)
			return &store->writes[i - 1];
	return NULL;
}

size_t fake_store_events(const struct store *store, const char *type)
{
	size_t count = 0;

	for (size_t i = 0; i < store->count; i++)
		count += strcmp(store->writes[i].type, type) == 0;
	return count;
}

const json_t *fake_store_record(const struct store *store, const char *kind, const char *id)
{
	for (size_t i = store->count; i > 0; i--)
		for (size_t k = 0; k < store->writes[i - 1].record_count; k++)
			if (strcmp(store->writes[i - 1].records[k].kind, kind) == 0 &&
			    strcmp(store->writes[i - 1].records[k].id, id) == 0)
				return store->writes[i - 1].records[k].json;
	return NULL;
}

/* ---- store/store.h ---- */

int store_records_write(struct store *store, const struct store_record *records, size_t count,
			const struct event_draft *draft, store_done_fn done, void *arg)
{
	struct fake_write *write = &store->writes[store->count];

	if (store->refuse_at > 0 && --store->refuse_at == 0)
		return store->refuse_r;
	assert_true(store->count < FAKE_STORE_WRITES_MAX && count <= STORE_RECORDS_MAX);
	*write = (struct fake_write){
		.draft = *draft, .done = done, .arg = arg, .data = json_deep_copy(draft->data)};
	snprintf(write->type, sizeof(write->type), "%s", draft->type);
	snprintf(write->source, sizeof(write->source), "%s",
		 draft->source != NULL ? draft->source : "");
	snprintf(write->person, sizeof(write->person), "%s",
		 draft->person != NULL ? draft->person : "");
	snprintf(write->nonce_key, sizeof(write->nonce_key), "%s",
		 draft->nonce_key != NULL ? draft->nonce_key : "");
	for (size_t i = 0; i < count; i++) {
		snprintf(write->records[i].kind, STORE_KIND_BYTES, "%s", records[i].kind);
		snprintf(write->records[i].id, STORE_RECORD_ID_BYTES, "%s", records[i].id);
		write->records[i].json =
			records[i].json != NULL ? json_deep_copy(records[i].json) : NULL;
	}
	write->record_count = count;
	store->count++;
	if (!store->hold)
		answer(write, (int64_t)store->count, 0);
	return 0;
}

int store_append(struct store *store, const struct event_draft *draft, store_done_fn done,
		 void *arg)
{
	return store_records_write(store, NULL, 0, draft, done, arg);
}

bool store_is_ready(const struct store *store)
{
	return store->ready;
}

uint64_t store_pending_ms(const struct store *store)
{
	return store->pending_ms;
}

int store_query_events(struct store *store, const struct store_filter *filter, store_rows_fn done,
		       void *arg)
{
	(void)filter;
	if (!store->ready)
		return -EAGAIN;
	done(arg, 0, NULL, 0); /* an empty log */
	return 0;
}

int store_drop(struct store *store, int64_t before_unix_ms, int64_t to_seq, store_done_fn done,
	       void *arg)
{
	(void)store, (void)before_unix_ms, (void)to_seq, (void)done, (void)arg;
	return -EAGAIN;
}

int64_t store_cursor_get(const struct store *store, const char *name)
{
	(void)store, (void)name;
	return 0;
}

/* ---- the roster: only the events are recorded ---- */

int store_person_put(struct store *store, const struct roster_person *person,
		     const struct event_draft *draft, store_done_fn done, void *arg)
{
	(void)person;
	return store_append(store, draft, done, arg);
}

int store_person_remove(struct store *store, const char *person_id, const struct event_draft *draft,
			store_done_fn done, void *arg)
{
	(void)person_id;
	return store_append(store, draft, done, arg);
}

int store_template_put(struct store *store, const char *person_id, const char *model,
		       const float *vector, const void *crop, size_t crop_bytes, int64_t replaces,
		       const struct event_draft *draft, store_done_fn done, void *arg)
{
	(void)person_id, (void)model, (void)vector, (void)crop, (void)crop_bytes, (void)replaces;
	return store_append(store, draft, done, arg);
}

int store_template_remove(struct store *store, const char *person_id, const char *model,
			  const struct event_draft *draft, store_done_fn done, void *arg)
{
	(void)person_id, (void)model;
	return store_append(store, draft, done, arg);
}

int store_template_remove_one(struct store *store, const char *person_id, int64_t number,
			      const struct event_draft *draft, store_done_fn done, void *arg)
{
	(void)person_id, (void)number;
	return store_append(store, draft, done, arg);
}

int store_faces(struct store *store, const char *person_id, store_report_fn done, void *arg)
{
	json_t *faces = json_array();

	(void)store, (void)person_id;
	done(arg, 0, faces);
	json_decref(faces);
	return 0;
}

/* ---- the outbox and nonces ---- */

int store_fetch_outbox(struct store *store, int64_t after_seq, unsigned max, store_rows_fn done,
		       void *arg)
{
	struct event_row rows[FAKE_STORE_WRITES_MAX];
	size_t count = 0;

	for (size_t i = (size_t)after_seq; i < store->count && count < max; i++) {
		rows[count] = (struct event_row){.seq = (int64_t)i + 1, .json = "{}"};
		snprintf(rows[count++].type, EVENT_TYPE_BYTES, "%s", store->writes[i].type);
	}
	done(arg, 0, rows, count);
	return 0;
}

int64_t store_last_seq(const struct store *store)
{
	return (int64_t)store->count;
}

int store_cursor_set(struct store *store, const char *name, int64_t seq)
{
	(void)store, (void)name, (void)seq;
	return 0;
}

int64_t store_nonce_get(const struct store *store, const char *key)
{
	int64_t highest = 0;

	for (size_t i = 0; i < store->count; i++)
		if (strcmp(store->writes[i].nonce_key, key) == 0 &&
		    store->writes[i].draft.nonce > highest)
			highest = store->writes[i].draft.nonce;
	return highest;
}

int store_record_put(struct store *store, const char *kind, const char *id, json_t *json,
		     const struct event_draft *draft, store_done_fn done, void *arg)
{
	const struct store_record record = {.kind = kind, .id = id, .json = json};

	return store_records_write(store, &record, 1, draft, done, arg);
}
