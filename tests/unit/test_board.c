#include <errno.h>
#include <poll.h>
#include <string.h>

#include "unit.h"
#include "base/clock.h"
#include "hw/board/board.h"

static const struct board_line_config lines[] = {
	{.name = "lock", .output = true, .initially_active = true},
	{.name = "contact", .debounce_ms = 20},
	{.name = "exit"},
};
static struct board *board;

static int setup(void **state)
{
	(void)state;
	clock_fake_set(1000, 0);
	return board_open_sim(lines, 3, &board);
}

static int teardown(void **state)
{
	(void)state;
	board_close(board);
	clock_fake_clear();
	return 0;
}

static bool readable(void)
{
	struct pollfd pfd = {.fd = board_fd(board), .events = POLLIN};

	return poll(&pfd, 1, 0) > 0;
}

static void outputs_start_at_their_first_level(void **state)
{
	(void)state;
	assert_int_equal(board_get(board, 0), BOARD_ACTIVE);
	assert_int_equal(board_set(board, 0, false), 0);
	assert_int_equal(board_get(board, 0), BOARD_INACTIVE);
	assert_int_equal(board_set(board, 1, true), -EPERM);
	assert_int_equal(board_set(board, 3, true), -ERANGE);
	assert_int_equal(board_get(board, 3), BOARD_UNKNOWN);
}

static void a_relay_that_fails_is_unknown_until_it_works(void **state)
{
	(void)state;
	assert_int_equal(board_sim_fail(board, -EIO), 0);
	assert_int_equal(board_set(board, 0, false), -EIO);
	assert_int_equal(board_get(board, 0), BOARD_UNKNOWN);
	board_sim_fail(board, 0);
	assert_int_equal(board_set(board, 0, false), 0);
	assert_int_equal(board_get(board, 0), BOARD_INACTIVE);
}

static void an_edge_without_debounce_is_told_at_once(void **state)
{
	struct board_event event;

	(void)state;
	assert_int_equal(board_next(board, &event), 0);
	assert_false(readable());
	assert_int_equal(board_sim_drive(board, 2, BOARD_ACTIVE), 0);
	assert_true(readable());
	assert_int_equal(board_next(board, &event), 1);
	assert_int_equal(event.line, 2);
	assert_int_equal(event.level, BOARD_ACTIVE);
	assert_int_equal(event.mono_us, 1000000);
	assert_int_equal(board_next(board, &event), 0);
	assert_false(readable());
}

static void a_bounce_is_not_told_but_a_level_that_holds_is(void **state)
{
	struct board_event event;

	(void)state;
	board_sim_drive(board, 1, BOARD_ACTIVE);
	clock_fake_set(1019, 0);
	assert_int_equal(board_next(board, &event), 0);
	board_sim_drive(board, 1, BOARD_INACTIVE);
	clock_fake_set(1100, 0);
	assert_int_equal(board_next(board, &event), 0);
	board_sim_drive(board, 1, BOARD_ACTIVE);
	clock_fake_set(1120, 0);
	assert_int_equal(board_next(board, &event), 1);
	assert_int_equal(event.level, BOARD_ACTIVE);
	assert_int_equal(event.mono_us, 1100000);
	assert_int_equal(board_get(board, 1), BOARD_ACTIVE);
}

static void a_press_that_ended_while_the_loop_was_busy_counts(void **state)
{
	struct board_event event;

	(void)state;
	board_sim_drive(board, 1, BOARD_ACTIVE);
	clock_fake_set(1400, 0);
	board_sim_drive(board, 1, BOARD_INACTIVE);
	clock_fake_set(1900, 0);
	assert_int_equal(board_next(board, &event), 1);
	assert_int_equal(event.level, BOARD_ACTIVE);
	assert_int_equal(board_next(board, &event), 1);
	assert_int_equal(event.level, BOARD_INACTIVE);
}

static void a_cut_wire_is_unknown_at_once(void **state)
{
	struct board_event event;

	(void)state;
	board_sim_drive(board, 1, BOARD_UNKNOWN);
	assert_int_equal(board_next(board, &event), 1);
	assert_int_equal(event.level, BOARD_UNKNOWN);
	assert_int_equal(board_get(board, 1), BOARD_UNKNOWN);
}

static void events_that_nobody_reads_keep_the_newest(void **state)
{
	struct board_event event;
	int count = 0;

	(void)state;
	for (int i = 0; i < 10001; i++)
		board_sim_drive(board, 2, i % 2 == 0 ? BOARD_ACTIVE : BOARD_INACTIVE);
	while (board_next(board, &event) == 1)
		count++;
	assert_true(count <= 4 * BOARD_LINES_MAX);
	assert_int_equal(event.level, BOARD_ACTIVE);
}

static void refuses_lines_that_cannot_be(void **state)
{
	struct board_line_config twice[] = {{.name = "a"}, {.name = "a"}},
				 slow = {.name = "a", .debounce_ms = 1001};
	struct board *none = NULL;

	(void)state;
	assert_int_equal(board_open_sim(twice, 2, &none), -EINVAL);
	assert_int_equal(board_open_sim(&slow, 1, &none), -EINVAL);
	assert_int_equal(board_open_sim(lines, 0, &none), -EINVAL);
	assert_int_equal(board_open_sim(lines, BOARD_LINES_MAX + 1, &none), -EINVAL);
	assert_null(none);
	assert_int_equal(board_find(board, "exit"), 2);
	assert_int_equal(board_find(board, "none"), -1);
}

static void a_missing_chip_is_one_clear_sentence(void **state)
{
	const struct board_line_config line = {
		.name = "lock", .chip = "/dev/gpiochip99", .output = true};
	char error[BOARD_ERROR_BYTES];
	struct board *none = NULL;

	(void)state;
	assert_int_equal(board_open_gpiod(&line, 1, &none, error), -ENODEV);
	assert_non_null(strstr(error, "lock"));
	assert_non_null(strstr(error, "/dev/gpiochip99"));
	assert_non_null(strstr(error, "gpiodetect"));
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(outputs_start_at_their_first_level, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_relay_that_fails_is_unknown_until_it_works, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_edge_without_debounce_is_told_at_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_bounce_is_not_told_but_a_level_that_holds_is,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_press_that_ended_while_the_loop_was_busy_counts,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_cut_wire_is_unknown_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(events_that_nobody_reads_keep_the_newest, setup,
						teardown),
		cmocka_unit_test_setup_teardown(refuses_lines_that_cannot_be, setup, teardown),
		cmocka_unit_test(a_missing_chip_is_one_clear_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
