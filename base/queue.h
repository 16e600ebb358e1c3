/*
 * queue.h - a bounded queue of equal-sized items between two threads, with an eventfd to wait on.
 *
 * Items go in and out by value. When full, a queue either refuses the new item or
 * (QUEUE_NEWEST_WINS) drops the oldest; both count. Any number of threads may push and pop; close
 * when none uses it any more.
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

/** @return 0, or -ENOSPC (full, counted; the item stays the caller's). */
int queue_push(struct queue *queue, const void *item);

/** @return 0, or -EAGAIN (empty). Never waits. */
int queue_pop(struct queue *queue, void *ret_item);

/**
 * Waits at most @p timeout_ms (-1: for ever). @return 0, -EAGAIN (time is over) or -ECANCELED
 * (woken).
 */
int queue_pop_wait(struct queue *queue, void *ret_item, int timeout_ms);

/** Every present and future queue_pop_wait() on an empty queue returns -ECANCELED. */
void queue_cancel(struct queue *queue);

/** Readable while the queue holds an item; for epoll, never to be read by the caller. */
int queue_fd(const struct queue *queue);

/** How many items it holds just now. */
size_t queue_count(struct queue *queue);

/** Items refused or dropped since the queue was opened. */
uint64_t queue_lost(struct queue *queue);

/** Frees the queue and drops what it holds. NULL is fine. */
void queue_close(struct queue *queue);

#ifdef __cplusplus
}
#endif
#endif
