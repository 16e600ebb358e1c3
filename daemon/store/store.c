#include "store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/thread_role.h"
#include "base/unconst.h"
#include "store_private.h"

struct store_claim {
	int fd;
};

static void name_holder(int fd, const char *path, char *error)
{
	struct flock holder = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char pid[24] = "unknown";

	if (fcntl(fd, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK)
		snprintf(pid, sizeof(pid), "%d", (int)holder.l_pid);
	snprintf(error, STORE_TEXT_BYTES,
		 "%.400s: held by another gatehoused, pid %s: stop that one first", path, pid);
}

static int acquire_lock(int fd, const char *path, char *error)
{
	struct flock mine = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int r;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
		if (r == -EBUSY)
			name_holder(fd, path, error);
		else
			snprintf(error, STORE_TEXT_BYTES, "%.400s: cannot lock it: %s", path,
				 strerror(-r));
		return r;
	}
	/*
	 * The kernel knows the holder of this lock. Writing the pid into the file would make the
	 * doors wait for the disk.
	 */
	(void)fcntl(fd, F_SETLK, &mine);
	return 0;
}

int store_claim(const char *state_dir, struct store_claim **ret_claim, char *error)
{
	char path[STORE_PATH_BYTES];
	struct store_claim *claim;
	int r;

	if (snprintf(path, sizeof(path), "%s/lock", state_dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	if (mkdir(state_dir, 0700) < 0 && errno != EEXIST) {
		r = -errno;
		snprintf(error, STORE_TEXT_BYTES, "%.400s: cannot be made: %s", state_dir,
			 strerror(-r));
		return r;
	}
	claim = malloc(sizeof(*claim));
	if (claim == NULL)
		return -ENOMEM;
	claim->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	r = claim->fd < 0 ? -errno : 0;
	if (r < 0)
		snprintf(error, STORE_TEXT_BYTES, "%.400s: cannot be opened: %s", path,
			 strerror(-r));
	else
		r = acquire_lock(claim->fd, path, error);
	if (r < 0) {
		store_claim_release(claim);
		return r;
	}
	*ret_claim = claim;
	return 0;
}

void store_claim_release(struct store_claim *claim)
{
	if (claim == NULL)
		return;
	if (claim->fd >= 0)
		close(claim->fd);
	free(claim);
}

static int set_paths(struct store *store, const struct store_config *config)
{
	const char *data = config->data_key_path, *anchor = config->anchor_key_path;
	const char *dir = config->state_dir;
	size_t length;
	int n;

	if (strlen(dir) > STORE_PATH_BYTES - 64)
		return -EINVAL;
	snprintf(store->state_dir, sizeof(store->state_dir), "%s", dir);
	snprintf(store->recogniser, sizeof(store->recogniser), "%s",
		 config->recogniser != NULL ? config->recogniser : "");
	snprintf(store->path, sizeof(store->path), "%s/gate.db", dir);
	n = data != NULL
		    ? snprintf(store->data_key_path, STORE_PATH_BYTES, "%s", data)
		    : snprintf(store->data_key_path, STORE_PATH_BYTES, "%s/keys/data.key", dir);
	if (n >= STORE_PATH_BYTES)
		return -EINVAL;
	n = anchor != NULL
		    ? snprintf(store->anchor_key_path, STORE_PATH_BYTES, "%s", anchor)
		    : snprintf(store->anchor_key_path, STORE_PATH_BYTES, "%s/keys/anchor.key", dir);
	if (n >= STORE_PATH_BYTES - 4)
		return -EINVAL;
	length = strlen(store->anchor_key_path);
	if (length > 4 && strcmp(store->anchor_key_path + length - 4, ".key") == 0)
		length -= 4;
	snprintf(store->public_key_path, STORE_PATH_BYTES, "%.*s.pub", (int)length,
		 store->anchor_key_path);
	return 0;
}

static int open_queues(struct store *store)
{
	/*
	 * room for all unanswered writes, reads and notifications, and for the anchors that the
	 * store thread adds
	 */
	size_t answers_max =
		store->queue_max + STORE_QUERIES_MAX + 1 + STORE_NOTIFICATIONS_MAX + 64;
	int r = queue_open(sizeof(struct store_message *), store->queue_max, QUEUE_REFUSE_WHEN_FULL,
			   NULL, &store->writes);

	if (r == 0)
		r = queue_open(sizeof(struct store_message *), STORE_QUERIES_MAX + 1,
			       QUEUE_REFUSE_WHEN_FULL, NULL,
			       &store->queries); /* one more for store_warm_reader() */
	if (r == 0)
		r = queue_open(sizeof(struct store_message *), answers_max, QUEUE_REFUSE_WHEN_FULL,
			       NULL, &store->answers);
	return r;
}

static int start_threads(struct store *store)
{
	int r = pthread_create(&store->query_thread, NULL, store_query_thread, store);

	store->query_started = r == 0;
	if (r == 0) {
		r = pthread_create(&store->write_thread, NULL, store_write_thread, store);
		store->write_started = r == 0;
	}
	return -r;
}

int store_open(const struct store_config *config, struct store **ret_store)
{
	struct store *store = calloc(1, sizeof(*store));
	pthread_condattr_t monotonic;
	int r;

	assert_thread(THREAD_CONTROL);
	assert(config->ops->committed != NULL && config->ops->person != NULL &&
	       config->ops->face != NULL && config->ops->record != NULL &&
	       config->ops->status != NULL);
	if (store == NULL)
		return -ENOMEM;
	pthread_mutex_init(&store->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&store->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	store->ops = *config->ops;
	store->arg = config->arg;
	store->queue_max = config->queue_max == 0 ? STORE_QUEUE_MAX : config->queue_max;
	store->schema = config->schema == NULL ? &schema_gate : config->schema;
	store->replica_schema =
		config->replica_schema == NULL ? &schema_replica : config->replica_schema;
	r = set_paths(store, config);
	if (r == 0)
		r = open_queues(store);
	if (r == 0)
		r = start_threads(store);
	if (r < 0) {
		store_close(store);
		return r;
	}
	*ret_store = store;
	return 0;
}

static void end_threads(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	store->closing = true;
	store->close_by_mono_ms = clock_mono_ms() + STORE_CLOSE_MS_MAX;
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
	atomic_store(&store->stop_audit, true);
	if (store->queries != NULL)
		queue_cancel(store->queries);
	if (store->query_started)
		pthread_join(store->query_thread, NULL);
	if (store->audit_started)
		pthread_join(store->audit_thread, NULL);
	store->audit_started = false;
	/* only a writing connection removes the WAL when it closes last */
	if (store->writes != NULL)
		queue_cancel(store->writes);
	if (store->write_started)
		pthread_join(store->write_thread, NULL);
}

static void finish_write(struct store *store, struct store_write *write, int r)
{
	if (r == 0) {
		store->last_seq = write->row.seq;
		store->ops.committed(store->arg, &write->row);
		store->commit_ms = clock_mono_ms() - write->since_mono_ms;
	}
	if (write->done != NULL)
		write->done(write->arg, r, r == 0 ? &write->row : NULL);
	if (r == 0 && write->removed_face != NULL && store->ops.face_removed != NULL)
		store->ops.face_removed(store->arg, write->removed_face->person,
					write->removed_face->model, write->removed_face->vector,
					ROSTER_TEMPLATE_DIM);
	store_message_free(&write->message);
}

/* The store thread answers writes in their order. */
static void answer_write(struct store *store, struct store_write *write)
{
	if (write->message.kind != STORE_WRITE_ANCHOR) {
		assert(store->pending > 0 && store->pending_first == write);
		store->pending_first = write->next;
		if (store->pending_first == NULL)
			store->pending_last = NULL;
		store->pending--;
	}
	finish_write(store, write, write->r);
}

static void answer_read(struct store *store, struct store_read *read)
{
	if (read->message.kind == STORE_READ_AUDIT) {
		if (store->audit_started)
			pthread_join(store->audit_thread, NULL);
		store->audit_started = false;
		store->verifying = false;
		read->verified(read->arg, read->r, &read->audit);
	} else if (!read->internal) {
		assert(store->reads > 0);
		store->reads--;
		if (read->reported != NULL)
			read->reported(read->arg, read->r, read->report);
		else if (read->found != NULL)
			read->found(read->arg, read->r, read->rows, read->r < 0 ? 0 : read->count,
				    read->reached);
		else
			read->done(read->arg, read->r, read->rows, read->r < 0 ? 0 : read->count);
	}
	store_message_free(&read->message);
}

static struct store_counter *find_counter(struct store_counter *counters, size_t max,
					  const char *name)
{
	for (size_t i = 0; i < max; i++)
		if (counters[i].name[0] == '\0' || strcmp(counters[i].name, name) == 0)
			return &counters[i];
	return NULL;
}

/* Merges the values of the file into ours; a command may have set one before READY. */
static void merge_counters(struct store_counter *ours, const struct store_counter *file, size_t max)
{
	for (size_t i = 0; i < max && file[i].name[0] != '\0'; i++) {
		struct store_counter *counter = find_counter(ours, max, file[i].name);

		if (counter == NULL)
			continue;
		if (counter->name[0] == '\0' || counter->value < file[i].value)
			*counter = file[i];
	}
}

static void handle_status(struct store *store, const struct store_notification *notification)
{
	if (notification->status == STORE_READY) {
		store->last_seq = notification->last_seq;
		merge_counters(store->cursors, notification->cursors, STORE_CURSORS_MAX);
		merge_counters(store->nonces, notification->nonces, STORE_NONCES_MAX);
		store->ready = true;
	} else if (notification->status == STORE_UNUSABLE) {
		store->unusable = true;
	}
	store->ops.status(store->arg, notification->status, &notification->problem);
	if (notification->status == STORE_READY)
		store_warm_reader(store);
}

static void handle_face(struct store *store, const struct store_face *face)
{
	store->ops.face(store->arg, face->person, face->model, face->vector, ROSTER_TEMPLATE_DIM);
	if (face->crop_bytes > 0 && store->ops.crop != NULL)
		store->ops.crop(store->arg, face->person, face->number, face->crop,
				face->crop_bytes);
}

static void handle_notification(struct store *store, struct store_notification *notification)
{
	pthread_mutex_lock(&store->lock);
	assert(store->notifications > 0);
	store->notifications--;
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
	for (size_t i = 0; i < notification->count; i++) {
		if (notification->message.kind == STORE_NOTIFY_PEOPLE)
			store->ops.person(store->arg, &notification->people[i]);
		else if (notification->message.kind == STORE_NOTIFY_RECORDS)
			store->ops.record(store->arg, notification->records[i].kind,
					  notification->records[i].id,
					  notification->records[i].json);
		else
			handle_face(store, &notification->faces[i]);
	}
	if (notification->message.kind == STORE_NOTIFY_STATUS)
		handle_status(store, notification);
	store_message_free(&notification->message);
}

static bool dispatch_one(struct store *store)
{
	struct store_message *message;

	if (queue_pop(store->answers, &message) < 0)
		return false;
	switch (message->kind) {
	case STORE_READ_EVENTS:
	case STORE_READ_AUDIT:
	case STORE_READ_REPORT:
	case STORE_READ_COPIES:
	case STORE_READ_FACES:
		answer_read(store, (struct store_read *)message);
		break;
	case STORE_NOTIFY_STATUS:
	case STORE_NOTIFY_PEOPLE:
	case STORE_NOTIFY_FACES:
	case STORE_NOTIFY_RECORDS:
		handle_notification(store, (struct store_notification *)message);
		break;
	default:
		answer_write(store, (struct store_write *)message);
		break;
	}
	return true;
}

void store_dispatch(struct store *store)
{
	assert_thread(THREAD_CONTROL);
	/*
	 * A query that a callback sends now is answered in a later turn of the loop, so that doors
	 * and other queries are served in between.
	 */
	for (size_t count = queue_count(store->answers); count > 0 && dispatch_one(store); count--)
		;
}

static void cancel_rest(struct store *store)
{
	struct store_message *message;

	while (store->answers != NULL && dispatch_one(store))
		;
	while (store->pending_first != NULL) {
		struct store_write *write = store->pending_first;

		store->pending_first = write->next;
		store->pending--;
		finish_write(store, write, -ECANCELED);
	}
	while (store->queries != NULL && queue_pop(store->queries, &message) == 0) {
		((struct store_read *)message)->r = -ECANCELED;
		answer_read(store, (struct store_read *)message);
	}
}

void store_close(struct store *store)
{
	assert_thread(THREAD_CONTROL);
	if (store == NULL)
		return;
	end_threads(store);
	cancel_rest(store);
	queue_close(store->writes);
	queue_close(store->queries);
	queue_close(store->answers);
	pthread_cond_destroy(&store->changed);
	pthread_mutex_destroy(&store->lock);
	free(store);
}

int store_fd(const struct store *store)
{
	return queue_fd(store->answers);
}

uint64_t store_pending_ms(const struct store *store)
{
	uint64_t now_ms = clock_mono_ms();

	if (store->pending_first == NULL || now_ms < store->pending_first->since_mono_ms)
		return 0;
	return now_ms - store->pending_first->since_mono_ms;
}

size_t store_pending(const struct store *store)
{
	return store->pending;
}

int64_t store_last_seq(const struct store *store)
{
	return store->last_seq;
}

bool store_is_ready(const struct store *store)
{
	return store->ready;
}

int64_t store_cursor_get(const struct store *store, const char *name)
{
	const struct store_counter *counter =
		find_counter(unconst(store->cursors), STORE_CURSORS_MAX, name);

	return counter == NULL ? 0 : counter->value;
}

int64_t store_nonce_get(const struct store *store, const char *key)
{
	const struct store_counter *counter =
		find_counter(unconst(store->nonces), STORE_NONCES_MAX, key);

	return counter == NULL ? 0 : counter->value;
}

int store_cursor_set(struct store *store, const char *name, int64_t seq)
{
	struct store_counter *counter;

	assert_thread(THREAD_CONTROL);
	if (name[0] == '\0' || strlen(name) >= STORE_NAME_BYTES || seq < 0)
		return -EINVAL;
	counter = find_counter(store->cursors, STORE_CURSORS_MAX, name);
	if (counter == NULL)
		return -ENOSPC;
	snprintf(counter->name, sizeof(counter->name), "%s", name);
	counter->value = seq;
	pthread_mutex_lock(&store->lock);
	memcpy(store->cursors_to_write, store->cursors, sizeof(store->cursors));
	store->cursors_dirty = true;
	pthread_mutex_unlock(&store->lock);
	return 0;
}
