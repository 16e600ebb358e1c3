/*
 * store_read.c - the control thread's side of a read: checks it, copies it, sends it to the query
 * thread. An audit runs on a thread of its own.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread_role.h"
#include "store_private.h"

enum { WARM_ROWS = 100 };

static bool length_is_valid(const char *text, size_t bytes)
{
	return text == NULL || (text[0] != '\0' && strlen(text) < bytes);
}

static bool filter_is_valid(const struct store_filter *filter)
{
	return filter->limit > 0 && filter->limit <= STORE_ROWS_MAX &&
	       filter->seq_count <= STORE_ROWS_MAX && filter->after_seq >= 0 &&
	       filter->before_seq >= 0 && length_is_valid(filter->type, EVENT_TYPE_BYTES) &&
	       length_is_valid(filter->source, EVENT_SOURCE_BYTES) &&
	       length_is_valid(filter->text, STORE_SEARCH_BYTES) &&
	       length_is_valid(filter->without, EVENT_TYPE_BYTES) &&
	       (filter->person == NULL || ulid_is_valid(filter->person));
}

static int send_read(struct store *store, struct store_read *read)
{
	struct store_message *message = &read->message;

	assert(store->reads < STORE_QUERIES_MAX); /* checked by check_can_read() */
	store->reads++;
	/* check_can_read() has ensured that there is room */
	(void)queue_push(store->queries, &message);
	return 0;
}

/* @return 0, or why no query can be sent now */
static int check_can_read(const struct store *store)
{
	assert_thread(THREAD_CONTROL);
	if (!store->ready)
		return -EAGAIN;
	return store->reads >= STORE_QUERIES_MAX ? -EBUSY : 0;
}

static int send_query(struct store *store, const struct store_filter *filter, store_rows_fn done,
		      store_found_fn found, void *arg)
{
	int r = filter_is_valid(filter) ? check_can_read(store) : -EINVAL;
	struct store_read *read = r == 0 ? calloc(1, sizeof(*read)) : NULL;

	if (read == NULL)
		return r < 0 ? r : -ENOMEM;
	read->message.kind = STORE_READ_EVENTS;
	read->filter = *filter;
	if (filter->type != NULL)
		read->filter.type = strcpy(read->type, filter->type);
	if (filter->person != NULL)
		read->filter.person = strcpy(read->person, filter->person);
	if (filter->source != NULL)
		read->filter.source = strcpy(read->source, filter->source);
	if (filter->text != NULL)
		read->filter.text = strcpy(read->text, filter->text);
	if (filter->without != NULL)
		read->filter.without = strcpy(read->without, filter->without);
	if (filter->seqs != NULL) {
		read->seqs = malloc((filter->seq_count + 1) * sizeof(*read->seqs));
		if (read->seqs == NULL) {
			free(read);
			return -ENOMEM;
		}
		memcpy(read->seqs, filter->seqs, filter->seq_count * sizeof(*read->seqs));
		read->filter.seqs = read->seqs;
	}
	read->done = done;
	read->found = found;
	read->arg = arg;
	return send_read(store, read);
}

int store_query_events(struct store *store, const struct store_filter *filter, store_rows_fn done,
		       void *arg)
{
	return store_filter_is_search(filter) ? -EINVAL
					      : send_query(store, filter, done, NULL, arg);
}

void store_warm_reader(struct store *store)
{
	struct store_read *read = calloc(1, sizeof(*read));
	struct store_message *message = (struct store_message *)read;

	if (read == NULL)
		return; /* only an optimisation */
	message->kind = STORE_READ_EVENTS;
	read->filter.limit = WARM_ROWS;
	read->internal = true;
	if (queue_push(store->queries, &message) < 0)
		store_message_free(message);
}

int store_search(struct store *store, const struct store_filter *filter, store_found_fn done,
		 void *arg)
{
	return send_query(store, filter, NULL, done, arg);
}

int store_report(struct store *store, int64_t from_unix_ms, int64_t to_unix_ms,
		 store_report_fn done, void *arg)
{
	int r = from_unix_ms < to_unix_ms ? check_can_read(store) : -EINVAL;
	struct store_read *read = r == 0 ? calloc(1, sizeof(*read)) : NULL;

	if (read == NULL)
		return r < 0 ? r : -ENOMEM;
	read->message.kind = STORE_READ_REPORT;
	read->filter.from_unix_ms = from_unix_ms;
	read->filter.to_unix_ms = to_unix_ms;
	read->reported = done;
	read->arg = arg;
	return send_read(store, read);
}

int store_copies(struct store *store, int64_t until_unix_ms, store_report_fn done, void *arg)
{
	int r = check_can_read(store);
	struct store_read *read = r == 0 ? calloc(1, sizeof(*read)) : NULL;

	if (read == NULL)
		return r < 0 ? r : -ENOMEM;
	read->message.kind = STORE_READ_COPIES;
	read->filter.to_unix_ms = until_unix_ms;
	read->reported = done;
	read->arg = arg;
	return send_read(store, read);
}

int store_faces(struct store *store, const char *person_id, store_report_fn done, void *arg)
{
	int r = ulid_is_valid(person_id) ? check_can_read(store) : -EINVAL;
	struct store_read *read = r == 0 ? calloc(1, sizeof(*read)) : NULL;

	if (read == NULL)
		return r < 0 ? r : -ENOMEM;
	read->message.kind = STORE_READ_FACES;
	strcpy(read->person, person_id);
	read->reported = done;
	read->arg = arg;
	return send_read(store, read);
}

int store_fetch_outbox(struct store *store, int64_t after_seq, unsigned max, store_rows_fn done,
		       void *arg)
{
	struct store_filter filter = {.after_seq = after_seq, .limit = max, .ascending = true};

	return store_query_events(store, &filter, done, arg);
}

static bool on_audit_progress(void *arg, int64_t rows, int64_t last_seq)
{
	struct store *store = arg;

	atomic_store(&store->audit_rows, rows);
	atomic_store(&store->audit_of, last_seq);
	return !atomic_load(&store->stop_audit);
}

struct audit_job {
	struct store *store;
	struct store_read *read;
};

static void *audit_thread(void *arg)
{
	struct audit_job job = *(struct audit_job *)arg;

	free(arg);
	thread_role_set(THREAD_QUERY);
	pthread_setname_np(pthread_self(), "audit");
	job.read->r = audit_verify(job.store->path, job.store->public_key_path, on_audit_progress,
				   job.store, &job.read->audit);
	store_answer(job.store, &job.read->message);
	return NULL;
}

void store_audit_progress(const struct store *store, int64_t *ret_rows, int64_t *ret_of)
{
	*ret_rows = store->verifying ? atomic_load(&store->audit_rows) : 0;
	*ret_of = store->verifying ? atomic_load(&store->audit_of) : 0;
}

uint64_t store_commit_ms(const struct store *store)
{
	return store->commit_ms;
}

int store_audit_verify(struct store *store, store_verified_fn done, void *arg)
{
	struct audit_job *job;
	int r;

	assert_thread(THREAD_CONTROL);
	if (!store->ready)
		return -EAGAIN;
	if (store->verifying)
		return -EBUSY;
	job = malloc(sizeof(*job));
	if (job == NULL)
		return -ENOMEM;
	*job = (struct audit_job){.store = store, .read = calloc(1, sizeof(*job->read))};
	if (job->read == NULL) {
		free(job);
		return -ENOMEM;
	}
	job->read->message.kind = STORE_READ_AUDIT;
	job->read->verified = done;
	job->read->arg = arg;
	atomic_store(&store->audit_rows, 0);
	atomic_store(&store->audit_of, store->last_seq);
	r = pthread_create(&store->audit_thread, NULL, audit_thread, job);
	if (r != 0) {
		free(job->read);
		free(job);
		return -r;
	}
	store->audit_started = true;
	store->verifying = true;
	return 0;
}
