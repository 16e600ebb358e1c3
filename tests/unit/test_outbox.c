#include "unit.h"

#include <errno.h>
#include <string.h>

#include "mqtt/outbox.h"

enum { WALK_ROWS = 3000, WALK_STEPS = 200000 };

static void send_rows(struct outbox *outbox, int64_t from, int64_t to)
{
	for (int64_t seq = from; seq <= to; seq++)
		assert_int_equal(outbox_sent(outbox, seq), 0);
}

static void a_window_of_rows_goes_out(void **state)
{
	struct outbox outbox;

	(void)state;
	outbox_init(&outbox, 10, 4);
	assert_int_equal(outbox_room(&outbox, 10), 0);
	assert_int_equal(outbox_room(&outbox, 9), 0);
	assert_int_equal(outbox_room(&outbox, 11), 1);
	assert_int_equal(outbox_room(&outbox, INT64_MAX), 4);
	send_rows(&outbox, 11, 14);
	assert_int_equal(outbox_room(&outbox, 100), 0);
	assert_int_equal(outbox_sent(&outbox, 15), -EINVAL);
}

static void rows_go_in_order_and_none_is_left_out(void **state)
{
	struct outbox outbox;

	(void)state;
	outbox_init(&outbox, 10, 4);
	assert_int_equal(outbox_sent(&outbox, 10), -EINVAL);
	assert_int_equal(outbox_sent(&outbox, 12), -EINVAL);
	assert_int_equal(outbox_sent(&outbox, 11), 0);
	assert_int_equal(outbox_sent(&outbox, 11), -EINVAL);
}

static void the_cursor_waits_for_a_gap(void **state)
{
	struct outbox outbox;

	(void)state;
	outbox_init(&outbox, 0, 4);
	send_rows(&outbox, 1, 4);
	assert_false(outbox_acked(&outbox, 3));
	assert_false(outbox_acked(&outbox, 2));
	assert_int_equal(outbox.cursor, 0);
	assert_true(outbox_acked(&outbox, 1));
	assert_int_equal(outbox.cursor, 3);
	assert_int_equal(outbox_room(&outbox, 100), 3);
}

static void a_stray_acknowledgement_changes_nothing(void **state)
{
	struct outbox outbox;

	(void)state;
	outbox_init(&outbox, 5, 4);
	send_rows(&outbox, 6, 7);
	assert_false(outbox_acked(&outbox, 5));
	assert_false(outbox_acked(&outbox, 8));
	assert_false(outbox_acked(&outbox, -1));
	assert_false(outbox_acked(&outbox, INT64_MAX));
	assert_true(outbox_acked(&outbox, 6));
	assert_false(outbox_acked(&outbox, 6));
	assert_int_equal(outbox.cursor, 6);
	assert_int_equal(outbox.sent, 7);
}

static void what_is_not_acknowledged_goes_again(void **state)
{
	struct outbox outbox;

	(void)state;
	outbox_init(&outbox, 0, 4);
	send_rows(&outbox, 1, 4);
	outbox_acked(&outbox, 1);
	outbox_acked(&outbox, 3);
	outbox_rewind(&outbox);
	assert_int_equal(outbox.cursor, 1);
	assert_int_equal(outbox.sent, 1);
	send_rows(&outbox, 2, 4);
	assert_true(outbox_acked(&outbox, 2));
	assert_int_equal(outbox.cursor, 2); /* 3 was taken by another connection: not by this one */
}

static void a_window_of_one_works(void **state)
{
	struct outbox outbox;

	(void)state;
	outbox_init(&outbox, 0, 1);
	for (int64_t seq = 1; seq < 10; seq++) {
		assert_int_equal(outbox_room(&outbox, 100), 1);
		assert_int_equal(outbox_sent(&outbox, seq), 0);
		assert_int_equal(outbox_room(&outbox, 100), 0);
		assert_true(outbox_acked(&outbox, seq));
	}
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

/* a broker that takes what is under way in any order, and connections that are lost at any time */
static void walk(uint32_t seed, unsigned window)
{
	static bool taken[WALK_ROWS + 1], flying[WALK_ROWS + 1];
	struct outbox outbox;
	int64_t last = 0;

	memset(taken, 0, sizeof(taken));
	memset(flying, 0, sizeof(flying));
	outbox_init(&outbox, 0, window);
	for (int step = 0; step < WALK_STEPS && outbox.cursor < WALK_ROWS; step++) {
		int64_t before = outbox.cursor, seq;
		uint32_t dice = next_random(&seed) % 100;

		if (dice < 30) {
			last += last < WALK_ROWS;
		} else if (dice < 60) {
			for (unsigned room = outbox_room(&outbox, last); room > 0; room--) {
				flying[outbox.sent + 1] = true;
				assert_int_equal(outbox_sent(&outbox, outbox.sent + 1), 0);
			}
		} else if (dice < 99) {
			seq = outbox.cursor - 1 + next_random(&seed) % (window + 3);
			if (seq >= 1 && seq <= WALK_ROWS && flying[seq])
				taken[seq] = true;
			/* what is not under way must be ignored, so tell of it as well */
			outbox_acked(&outbox, seq);
		} else {
			outbox_rewind(&outbox);
			memset(flying, 0, sizeof(flying));
		}
		assert_true(outbox.cursor >= before);
		assert_true(outbox.sent >= outbox.cursor);
		assert_true(outbox.sent - outbox.cursor <= window);
		assert_true(outbox.sent <= last);
		for (seq = before + 1; seq <= outbox.cursor; seq++)
			assert_true(taken[seq]);
	}
	assert_int_equal(outbox.cursor, WALK_ROWS);
}

static void no_walk_loses_a_row(void **state)
{
	static const unsigned windows[] = {1, 2, 3, 7, 16, 20};

	(void)state;
	for (uint32_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++)
		walk(i + 1, windows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_of_rows_goes_out),
		cmocka_unit_test(rows_go_in_order_and_none_is_left_out),
		cmocka_unit_test(the_cursor_waits_for_a_gap),
		cmocka_unit_test(a_stray_acknowledgement_changes_nothing),
		cmocka_unit_test(what_is_not_acknowledged_goes_again),
		cmocka_unit_test(a_window_of_one_works),
		cmocka_unit_test(no_walk_loses_a_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
