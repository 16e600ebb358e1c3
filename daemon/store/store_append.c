/*
 * store_append.c - the control thread's side of a write: checks it, copies it, sends it to the
 * store thread.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/thread_role.h"
#include "store_private.h"

static void fill_row(struct event_row *row, const struct event_draft *draft)
{
	row->unix_ms = draft->unix_ms == 0 ? clock_unix_ms() : draft->unix_ms;
	ulid_make(row->unix_ms, row->id);
	row->severity = draft->severity;
	snprintf(row->type, sizeof(row->type), "%s", draft->type);
	snprintf(row->source, sizeof(row->source), "%s",
		 draft->source == NULL ? "" : draft->source);
	snprintf(row->person, sizeof(row->person), "%s",
		 draft->person == NULL ? "" : draft->person);
}

static struct store_counter *nonce_place(struct store *store, const char *key)
{
	for (size_t i = 0; i < STORE_NONCES_MAX; i++)
		if (store->nonces[i].name[0] == '\0' || strcmp(store->nonces[i].name, key) == 0)
			return &store->nonces[i];
	return NULL;
}

/* Checks the draft and makes a write of it, which is not sent yet. */
static int new_write(struct store *store, enum store_message_kind kind,
		     const struct event_draft *draft, struct store_write **ret_write)
{
	struct store_write *write;
	int r = event_draft_check(draft);

	assert_thread(THREAD_CONTROL);
	if (r < 0)
		return r;
	if (store->unusable)
		return -EIO;
	if (store->pending >= store->queue_max ||
	    (draft->nonce_key != NULL && nonce_place(store, draft->nonce_key) == NULL))
		return -ENOSPC;
	write = calloc(1, sizeof(*write));
	if (write == NULL)
		return -ENOMEM;
	write->message.kind = kind;
	fill_row(&write->row, draft);
	write->data = event_data_text(draft->data);
	r = write->data == NULL ? -ENOMEM : strlen(write->data) > EVENT_DATA_BYTES_MAX ? -EFBIG : 0;
	if (draft->nonce_key != NULL) {
		snprintf(write->nonce_key, sizeof(write->nonce_key), "%s", draft->nonce_key);
		write->nonce = draft->nonce;
	}
	if (r < 0) {
		store_message_free(&write->message);
		return r;
	}
	*ret_write = write;
	return 0;
}

/* Sends the write to the store thread, which borrows it until the answer. Never fails. */
static int send_write(struct store *store, struct store_write *write, store_done_fn done, void *arg)
{
	struct store_message *message = &write->message;
	struct store_counter *nonce;

	assert(store->pending < store->queue_max); /* checked by new_write() */
	write->done = done;
	write->arg = arg;
	write->since_mono_ms = clock_mono_ms();
	if (write->nonce_key[0] != '\0') {
		nonce = nonce_place(store, write->nonce_key);
		assert(nonce != NULL); /* new_write() found one */
		snprintf(nonce->name, sizeof(nonce->name), "%s", write->nonce_key);
		if (nonce->value < write->nonce)
			nonce->value = write->nonce;
	}
	if (store->pending_last == NULL)
		store->pending_first = write;
	else
		store->pending_last->next = write;
	store->pending_last = write;
	store->pending++;
	/* new_write() has ensured that there is room; the write must not be read from here on */
	(void)queue_push(store->writes, &message);
	return 0;
}

int store_append(struct store *store, const struct event_draft *draft, store_done_fn done,
		 void *arg)
{
	struct store_write *write;
	int r = new_write(store, STORE_WRITE_EVENT, draft, &write);

	return r < 0 ? r : send_write(store, write, done, arg);
}

int store_drop(struct store *store, int64_t before_unix_ms, int64_t to_seq, store_done_fn done,
	       void *arg)
{
	const struct event_draft draft = {.type = "audit.dropped", .source = "store"};
	struct store_write *write;
	int r = new_write(store, STORE_WRITE_DROP, &draft, &write);

	if (r < 0)
		return r;
	write->drop_before_unix_ms = before_unix_ms;
	write->drop_to_seq = to_seq;
	return send_write(store, write, done, arg);
}

int store_person_put(struct store *store, const struct roster_person *person,
		     const struct event_draft *draft, store_done_fn done, void *arg)
{
	struct store_write *write;
	int r;

	if (!ulid_is_valid(person->id) || person->name[0] == '\0' ||
	    memchr(person->name, '\0', sizeof(person->name)) == NULL)
		return -EINVAL;
	r = new_write(store, STORE_WRITE_PERSON, draft, &write);
	if (r < 0)
		return r;
	write->person = malloc(sizeof(*write->person));
	if (write->person == NULL) {
		store_message_free(&write->message);
		return -ENOMEM;
	}
	*write->person = *person;
	return send_write(store, write, done, arg);
}

/* Sends a write for a person; model, template and picture are optional. */
static int send_face(struct store *store, enum store_message_kind kind, const char *person_id,
		     const char *model, const float *vector, const void *crop, size_t crop_bytes,
		     int64_t replaces, const struct event_draft *draft, store_done_fn done,
		     void *arg)
{
	struct store_write *write;
	int r;

	if (!ulid_is_valid(person_id) || (model != NULL && strlen(model) != ROSTER_MODEL_BYTES - 1))
		return -EINVAL;
	r = new_write(store, kind, draft, &write);
	if (r < 0)
		return r;
	write->face = calloc(1, sizeof(*write->face));
	if (write->face == NULL) {
		store_message_free(&write->message);
		return -ENOMEM;
	}
	write->face->number = replaces;
	if (crop_bytes > 0) {
		write->face->crop = malloc(crop_bytes);
		if (write->face->crop == NULL) {
			store_message_free(&write->message);
			return -ENOMEM;
		}
		memcpy(write->face->crop, crop, crop_bytes);
		write->face->crop_bytes = crop_bytes;
	}
	memcpy(write->face->person, person_id, ULID_BYTES);
	if (model != NULL)
		memcpy(write->face->model, model, ROSTER_MODEL_BYTES);
	if (vector != NULL)
		memcpy(write->face->vector, vector, sizeof(write->face->vector));
	return send_write(store, write, done, arg);
}

int store_person_remove(struct store *store, const char *person_id, const struct event_draft *draft,
			store_done_fn done, void *arg)
{
	return send_face(store, STORE_WRITE_PERSON_REMOVE, person_id, NULL, NULL, NULL, 0, 0, draft,
			 done, arg);
}

int store_template_add(struct store *store, const char *person_id, const char *model,
		       const float *vector, const struct event_draft *draft, store_done_fn done,
		       void *arg)
{
	return store_template_put(store, person_id, model, vector, NULL, 0, 0, draft, done, arg);
}

int store_template_put(struct store *store, const char *person_id, const char *model,
		       const float *vector, const void *crop, size_t crop_bytes, int64_t replaces,
		       const struct event_draft *draft, store_done_fn done, void *arg)
{
	if (model == NULL || vector == NULL || (crop == NULL) != (crop_bytes == 0) ||
	    crop_bytes > STORE_CROP_BYTES_MAX || replaces < 0)
		return -EINVAL;
	return send_face(store, STORE_WRITE_FACE, person_id, model, vector, crop, crop_bytes,
			 replaces, draft, done, arg);
}

int store_template_remove(struct store *store, const char *person_id, const char *model,
			  const struct event_draft *draft, store_done_fn done, void *arg)
{
	return send_face(store, STORE_WRITE_FACE_REMOVE, person_id, model, NULL, NULL, 0, 0, draft,
			 done, arg);
}

int store_template_remove_one(struct store *store, const char *person_id, int64_t number,
			      const struct event_draft *draft, store_done_fn done, void *arg)
{
	if (number <= 0)
		return -EINVAL;
	return send_face(store, STORE_WRITE_FACE_REMOVE, person_id, NULL, NULL, NULL, 0, number,
			 draft, done, arg);
}

static bool word_is_valid(const char *word, size_t bytes, bool letters_only)
{
	size_t length = word == NULL ? 0 : strlen(word);

	for (size_t i = 0; i < length; i++)
		if (letters_only ? word[i] < 'a' || word[i] > 'z' : word[i] <= ' ' || word[i] > '~')
			return false;
	return length > 0 && length < bytes;
}

static int fill_sealed(struct sealed_record *sealed, const struct store_record *record)
{
	if (!word_is_valid(record->kind, STORE_KIND_BYTES, true) ||
	    !word_is_valid(record->id, STORE_RECORD_ID_BYTES, false) ||
	    (record->json != NULL && !json_is_object(record->json)))
		return -EINVAL;
	snprintf(sealed->kind, sizeof(sealed->kind), "%s", record->kind);
	snprintf(sealed->id, sizeof(sealed->id), "%s", record->id);
	if (record->json == NULL)
		return 0;
	sealed->text = json_canonical(record->json);
	if (sealed->text == NULL)
		return -ENOMEM;
	return strlen(sealed->text) > STORE_RECORD_BYTES_MAX ? -EFBIG : 0;
}

int store_records_write(struct store *store, const struct store_record *records, size_t count,
			const struct event_draft *draft, store_done_fn done, void *arg)
{
	struct store_write *write;
	int r;

	if (count == 0 || count > STORE_RECORDS_MAX)
		return -EINVAL;
	r = new_write(store, STORE_WRITE_RECORDS, draft, &write);
	if (r < 0)
		return r;
	write->records = calloc(count, sizeof(*write->records));
	r = write->records == NULL ? -ENOMEM : 0;
	for (; r == 0 && write->record_count < count; write->record_count++)
		r = fill_sealed(&write->records[write->record_count],
				&records[write->record_count]);
	if (r < 0) {
		store_message_free(&write->message);
		return r;
	}
	return send_write(store, write, done, arg);
}

int store_record_put(struct store *store, const char *kind, const char *id, json_t *json,
		     const struct event_draft *draft, store_done_fn done, void *arg)
{
	const struct store_record record = {.kind = kind, .id = id, .json = json};

	return json == NULL ? -EINVAL : store_records_write(store, &record, 1, draft, done, arg);
}

int store_record_remove(struct store *store, const char *kind, const char *id,
			const struct event_draft *draft, store_done_fn done, void *arg)
{
	const struct store_record record = {.kind = kind, .id = id};

	return store_records_write(store, &record, 1, draft, done, arg);
}
