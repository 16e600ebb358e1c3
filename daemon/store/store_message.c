/* store_message.c - messages between the threads: sending, waiting, freeing. */
#include "store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/unconst.h"

void sealed_records_free(struct sealed_record *records, size_t count)
{
	for (size_t i = 0; records != NULL && i < count; i++) {
		if (records[i].text != NULL)
			crypto_wipe(records[i].text, strlen(records[i].text));
		free(records[i].text);
		json_decref(records[i].json);
	}
	free(records);
}

void store_faces_free(struct store_face *faces, size_t count)
{
	for (size_t i = 0; faces != NULL && i < count; i++) {
		if (faces[i].crop != NULL)
			crypto_wipe(faces[i].crop, faces[i].crop_bytes);
		free(faces[i].crop);
	}
	if (faces != NULL)
		crypto_wipe(faces, count * sizeof(*faces));
	free(faces);
}

void store_message_free(struct store_message *message)
{
	struct store_write *write = (struct store_write *)message;
	struct store_read *read = (struct store_read *)message;
	struct store_notification *notification = (struct store_notification *)message;

	switch (message->kind) {
	case STORE_READ_EVENTS:
	case STORE_READ_AUDIT:
	case STORE_READ_REPORT:
	case STORE_READ_COPIES:
	case STORE_READ_FACES:
		json_decref(read->report);
		for (size_t i = 0; i < read->count; i++) {
			free(unconst(read->rows[i].data));
			free(unconst(read->rows[i].json));
		}
		free(read->rows);
		free(read->seqs);
		break;
	case STORE_NOTIFY_STATUS:
	case STORE_NOTIFY_PEOPLE:
	case STORE_NOTIFY_FACES:
	case STORE_NOTIFY_RECORDS:
		sealed_records_free(notification->records, notification->count);
		if (notification->people != NULL)
			crypto_wipe(notification->people,
				    STORE_PEOPLE_CHUNK * sizeof(*notification->people));
		free(notification->people);
		store_faces_free(notification->faces, STORE_FACES_CHUNK);
		break;
	default:
		free(write->data);
		free(write->json);
		if (write->person != NULL)
			crypto_wipe(write->person, sizeof(*write->person));
		free(write->person);
		store_faces_free(write->face, 1);
		store_faces_free(write->removed_face, 1);
		sealed_records_free(write->records, write->record_count);
		break;
	}
	free(message);
}

/*
 * open_queues() makes room for all unanswered messages. Only an anchor can find the queue full, and
 * it needs no answer.
 */
void store_answer(struct store *store, struct store_message *message)
{
	if (queue_push(store->answers, &message) < 0)
		store_message_free(message);
}

bool store_is_closing(struct store *store)
{
	bool closing;

	pthread_mutex_lock(&store->lock);
	closing = store->closing;
	pthread_mutex_unlock(&store->lock);
	return closing;
}

bool store_wait_ms(struct store *store, unsigned ms)
{
	struct timespec at;
	bool was_closing, closing;
	int waited = 0;

	pthread_mutex_lock(&store->lock);
	was_closing = store->closing;
	if (was_closing && ms > STORE_CLOSE_MS_MAX / 10)
		ms = STORE_CLOSE_MS_MAX / 10;
	at = clock_deadline(ms);
	while (waited == 0 && store->closing == was_closing)
		waited = pthread_cond_timedwait(&store->changed, &store->lock, &at);
	closing = store->closing;
	pthread_mutex_unlock(&store->lock);
	return closing;
}

void store_notify(struct store *store, struct store_notification *notification)
{
	struct store_message *message = &notification->message;
	bool closing;

	pthread_mutex_lock(&store->lock);
	while (store->notifications >= STORE_NOTIFICATIONS_MAX && !store->closing)
		pthread_cond_wait(&store->changed, &store->lock);
	closing = store->closing && store->notifications >= STORE_NOTIFICATIONS_MAX;
	if (!closing)
		store->notifications++;
	pthread_mutex_unlock(&store->lock);
	if (closing)
		store_message_free(message);
	else
		store_answer(store, message);
}

void store_report_status(struct store *store, enum store_status status,
			 const struct problem *problem)
{
	struct store_notification *notification = calloc(1, sizeof(*notification));

	if (notification == NULL)
		return; /* without memory the status cannot be reported */
	notification->message.kind = STORE_NOTIFY_STATUS;
	notification->status = status;
	if (problem != NULL)
		notification->problem = *problem;
	store_notify(store, notification);
}

static int read_counters(struct db *db, const char *sql, struct store_counter *counters, size_t max)
{
	struct db_statement *rows;
	size_t count = 0;
	int r = db_prepare(db, sql, &rows);

	if (r < 0)
		return r;
	while ((r = db_step(rows)) == 1 && count < max) {
		if (db_column_copy(rows, 0, counters[count].name, sizeof(counters[count].name)) ==
		    0)
			counters[count++].value = db_column_int(rows, 1);
	}
	db_finish(rows);
	return r < 0 ? r : 0;
}

int store_report_ready(struct store *store, const struct store_file *file)
{
	struct store_notification *notification = calloc(1, sizeof(*notification));
	int r;

	if (notification == NULL)
		return -ENOMEM;
	notification->message.kind = STORE_NOTIFY_STATUS;
	notification->status = STORE_READY;
	notification->last_seq = file->head_seq;
	r = read_counters(file->db, "SELECT name, seq FROM cursor ORDER BY name",
			  notification->cursors, STORE_CURSORS_MAX);
	if (r == 0)
		r = read_counters(file->db, "SELECT name, value FROM nonce ORDER BY name",
				  notification->nonces, STORE_NONCES_MAX);
	if (r < 0) {
		free(notification);
		return r;
	}
	store_notify(store, notification);
	return 0;
}
