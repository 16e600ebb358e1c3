/*
 * queue.h - a bounded queue of equal-sized items between threads, with an eventfd to wait on.
 *
 * Items are copied by value. A full queue either refuses the new item or drops the oldest one
 * (QUEUE_NEWEST_WINS); it counts both. Any number of threads may push and pop. Close it only when
 * no thread uses it any more.
 */
#ifndef GH_BASE_QUEUE_H
#define GH_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct queue;

enum queue_policy { QUEUE_REFUSE_WHEN_FULL, QUEUE_NEWEST_WINS };

/**
 * @param drop  called on the pushing thread for each item the queue drops (newest wins) or still
 *              holds at close, so that what an item points to can be freed; may be NULL.
 * @return 0, -EINVAL (a size of 0), -ENOMEM or what eventfd(2) failed with.
 */
int queue_open(size_t item_bytes, size_t items_max, enum queue_policy policy,
	       void (*drop)(void *item), struct queue **ret_queue);

/** @return 0, or -ENOSPC (full; counted as lost, and the caller still owns the item). */
int queue_push(struct queue *queue, const void *item);

/** @return 0, or -EAGAIN (empty). Never waits. */
int queue_pop(struct queue *queue, void *ret_item);

/**
 * Wait for an item at most @p timeout_ms (-1: without limit). @return 0, -EAGAIN (timeout) or
 * -ECANCELED (empty, and queue_cancel() was called).
 */
int queue_pop_wait(struct queue *queue, void *ret_item, int timeout_ms);

/** Make each present and future queue_pop_wait() on an empty queue return -ECANCELED. */
void queue_cancel(struct queue *queue);

/** A descriptor for epoll, readable while the queue holds an item. The caller must not read it. */
int queue_fd(const struct queue *queue);

/** The number of items in the queue. */
size_t queue_count(struct queue *queue);

/** The number of items refused or dropped since the queue was opened. */
uint64_t queue_lost(struct queue *queue);

/** Drop all items and free the queue. NULL is allowed. */
void queue_close(struct queue *queue);

#ifdef __cplusplus
}
#endif
#endif
