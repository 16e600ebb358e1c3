#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include "unit.h"
#include "base/queue.h"

static int dropped_sum;

static void count_drop(void *item)
{
	dropped_sum += *(int *)item;
}

static int readable(struct queue *queue)
{
	struct pollfd pfd = {.fd = queue_fd(queue), .events = POLLIN};

	return poll(&pfd, 1, 0);
}

static void refuses_and_counts_when_full(void **state)
{
	struct queue *queue;
	int item;

	(void)state;
	assert_int_equal(queue_open(sizeof(int), 2, QUEUE_REFUSE_WHEN_FULL, NULL, &queue), 0);
	for (item = 1; item <= 2; item++)
		assert_int_equal(queue_push(queue, &item), 0);
	assert_int_equal(queue_push(queue, &item), -ENOSPC);
	assert_int_equal(queue_lost(queue), 1);
	assert_int_equal(queue_pop(queue, &item), 0);
	assert_int_equal(item, 1);
	queue_close(queue);
}

static void newest_wins_drops_the_oldest(void **state)
{
	struct queue *queue;
	int item;

	(void)state;
	dropped_sum = 0;
	assert_int_equal(queue_open(sizeof(int), 1, QUEUE_NEWEST_WINS, count_drop, &queue), 0);
	for (item = 1; item <= 3; item++)
		assert_int_equal(queue_push(queue, &item), 0);
	assert_int_equal(dropped_sum, 1 + 2);
	assert_int_equal(queue_pop(queue, &item), 0);
	assert_int_equal(item, 3);
	item = 9;
	assert_int_equal(queue_push(queue, &item), 0);
	queue_close(queue);
	assert_int_equal(dropped_sum, 1 + 2 + 9);
}

static void fd_is_readable_exactly_while_filled(void **state)
{
	struct queue *queue;
	int item = 7;

	(void)state;
	assert_int_equal(queue_open(sizeof(int), 4, QUEUE_REFUSE_WHEN_FULL, NULL, &queue), 0);
	assert_int_equal(readable(queue), 0);
	queue_push(queue, &item);
	queue_push(queue, &item);
	assert_int_equal(readable(queue), 1);
	queue_pop(queue, &item);
	assert_int_equal(readable(queue), 1);
	queue_pop(queue, &item);
	assert_int_equal(readable(queue), 0);
	assert_int_equal(queue_pop(queue, &item), -EAGAIN);
	queue_close(queue);
}

enum { MANY = 100000 };

static void *produce(void *arg)
{
	for (int item = 1; item <= MANY;)
		if (queue_push(arg, &item) == 0)
			item++;
	return NULL;
}

static void hands_every_item_over_in_order(void **state)
{
	struct queue *queue;
	pthread_t thread;
	int item;

	(void)state;
	assert_int_equal(queue_open(sizeof(int), 64, QUEUE_REFUSE_WHEN_FULL, NULL, &queue), 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, queue), 0);
	for (int expected = 1; expected <= MANY; expected++) {
		assert_int_equal(queue_pop_wait(queue, &item, -1), 0);
		assert_int_equal(item, expected);
	}
	pthread_join(thread, NULL);
	queue_close(queue);
}

static void a_wait_ends_by_time_and_by_cancel(void **state)
{
	struct queue *queue;
	int item = 5;

	(void)state;
	assert_int_equal(queue_open(sizeof(int), 2, QUEUE_REFUSE_WHEN_FULL, NULL, &queue), 0);
	assert_int_equal(queue_pop_wait(queue, &item, 1), -EAGAIN);
	queue_push(queue, &item);
	queue_cancel(queue);
	assert_int_equal(queue_pop_wait(queue, &item, -1),
			 0); /* what is there is still handed over */
	assert_int_equal(queue_pop_wait(queue, &item, -1), -ECANCELED);
	queue_close(queue);
	assert_int_equal(queue_open(0, 1, QUEUE_REFUSE_WHEN_FULL, NULL, &queue), -EINVAL);
	assert_int_equal(queue_open(1, 0, QUEUE_REFUSE_WHEN_FULL, NULL, &queue), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_and_counts_when_full),
		cmocka_unit_test(newest_wins_drops_the_oldest),
		cmocka_unit_test(fd_is_readable_exactly_while_filled),
		cmocka_unit_test(hands_every_item_over_in_order),
		cmocka_unit_test(a_wait_ends_by_time_and_by_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
