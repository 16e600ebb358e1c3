#include "queue.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "clock.h"

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled; /* on CLOCK_MONOTONIC */
	enum queue_policy policy;
	void (*drop)(void *item);
	size_t item_bytes, items_max;
	size_t first, count; /* a ring */
	uint64_t lost;
	bool cancelled;
	int fd; /* eventfd: above zero exactly while count > 0 */
	unsigned char items[];
};

static void *slot(struct queue *queue, size_t nth)
{
	assert(nth < queue->items_max);
	return queue->items + (queue->first + nth) % queue->items_max * queue->item_bytes;
}

static void signal_fd(struct queue *queue, bool filled)
{
	uint64_t value = 1;
	ssize_t r;

	if (filled)
		r = write(queue->fd, &value, sizeof(value));
	else
		r = read(queue->fd, &value, sizeof(value));
	(void)r; /* non-blocking: it fails only if the descriptor is in that state already */
}

int queue_open(size_t item_bytes, size_t items_max, enum queue_policy policy,
	       void (*drop)(void *item), struct queue **ret_queue)
{
	pthread_condattr_t monotonic;
	struct queue *queue;
	int fd;

	if (item_bytes == 0 || items_max == 0)
		return -EINVAL;
	fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	queue = calloc(1, sizeof(*queue) + item_bytes * items_max);
	if (queue == NULL) {
		close(fd);
		return -ENOMEM;
	}
	pthread_mutex_init(&queue->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->filled, &monotonic);
	pthread_condattr_destroy(&monotonic);
	queue->policy = policy;
	queue->drop = drop;
	queue->item_bytes = item_bytes;
	queue->items_max = items_max;
	queue->fd = fd;
	*ret_queue = queue;
	return 0;
}

static void drop_oldest(struct queue *queue)
{
	if (queue->drop != NULL)
		queue->drop(slot(queue, 0));
	queue->first = (queue->first + 1) % queue->items_max;
	queue->count--;
}

int queue_push(struct queue *queue, const void *item)
{
	int r = 0;

	pthread_mutex_lock(&queue->lock);
	if (queue->count == queue->items_max) {
		queue->lost++;
		if (queue->policy == QUEUE_NEWEST_WINS)
			drop_oldest(queue);
		else
			r = -ENOSPC;
	}
	if (r == 0) {
		memcpy(slot(queue, queue->count), item, queue->item_bytes);
		if (queue->count++ == 0)
			signal_fd(queue, true);
		pthread_cond_signal(&queue->filled);
	}
	pthread_mutex_unlock(&queue->lock);
	return r;
}

static int pop_locked(struct queue *queue, void *ret_item)
{
	if (queue->count == 0)
		return -EAGAIN;
	memcpy(ret_item, slot(queue, 0), queue->item_bytes);
	queue->first = (queue->first + 1) % queue->items_max;
	if (--queue->count == 0)
		signal_fd(queue, false);
	return 0;
}

int queue_pop(struct queue *queue, void *ret_item)
{
	int r;

	pthread_mutex_lock(&queue->lock);
	r = pop_locked(queue, ret_item);
	pthread_mutex_unlock(&queue->lock);
	return r;
}

int queue_pop_wait(struct queue *queue, void *ret_item, int timeout_ms)
{
	struct timespec until = clock_deadline(timeout_ms < 0 ? 0 : (unsigned)timeout_ms);
	int waited = 0, r;

	pthread_mutex_lock(&queue->lock);
	while (queue->count == 0 && !queue->cancelled && waited == 0)
		waited = timeout_ms < 0
				 ? pthread_cond_wait(&queue->filled, &queue->lock)
				 : pthread_cond_timedwait(&queue->filled, &queue->lock, &until);
	r = pop_locked(queue, ret_item);
	if (r < 0 && queue->cancelled)
		r = -ECANCELED;
	pthread_mutex_unlock(&queue->lock);
	return r;
}

void queue_cancel(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->cancelled = true;
	pthread_cond_broadcast(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
}

int queue_fd(const struct queue *queue)
{
	return queue->fd;
}

size_t queue_count(struct queue *queue)
{
	size_t count;

	pthread_mutex_lock(&queue->lock);
	count = queue->count;
	pthread_mutex_unlock(&queue->lock);
	return count;
}

uint64_t queue_lost(struct queue *queue)
{
	uint64_t lost;

	pthread_mutex_lock(&queue->lock);
	lost = queue->lost;
	pthread_mutex_unlock(&queue->lock);
	return lost;
}

void queue_close(struct queue *queue)
{
	if (queue == NULL)
		return;
	while (queue->count > 0)
		drop_oldest(queue);
	close(queue->fd);
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}
