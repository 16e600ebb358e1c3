/*
 * The real driver on the kernel's own GPIO interface. Runs inside the kernel that tests/gpio/boot
 * starts: gpio-sim lets the test be the wire (pull) and the relay (value).
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "hw/board/board.h"

enum { LOCK = 0, CONTACT = 4, EXIT_BUTTON = 5, TAMPER = 12, HOGGED = 15, LIMIT_MS = 10000 };

static const char *gate_chip, *gate_folder;
static struct board *opened[4]; /* closed after each test, however it ended */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void pull(unsigned offset, bool up)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/sim_gpio%u/pull", gate_folder, offset);
	write_file(path, up ? "pull-up" : "pull-down");
}

static int value(unsigned offset)
{
	char path[256], text[8] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/sim_gpio%u/value", gate_folder, offset);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	return text[0] - '0';
}

static struct board_line_config line_of(const char *name, int offset, bool output)
{
	struct board_line_config line = {.offset = offset, .output = output};

	snprintf(line.name, sizeof(line.name), "%s", name);
	snprintf(line.chip, sizeof(line.chip), "%s", gate_chip);
	return line;
}

static struct board *open_lines(const struct board_line_config *lines, size_t count)
{
	char error[BOARD_ERROR_BYTES] = "";
	struct board *board = NULL;
	int r = board_open_gpiod(lines, count, &board, error);

	if (r < 0)
		fail_msg("%d: %s", r, error);
	for (size_t i = 0; i < sizeof(opened) / sizeof(opened[0]); i++)
		if (opened[i] == NULL) {
			opened[i] = board;
			return board;
		}
	fail_msg("more boards than this test should open");
	return NULL;
}

static void close_lines(struct board *board)
{
	for (size_t i = 0; i < sizeof(opened) / sizeof(opened[0]); i++)
		if (opened[i] == board)
			opened[i] = NULL;
	board_close(board);
}

/* whatever the test before it left */
static int lines_low(void **state)
{
	(void)state;
	pull(CONTACT, false);
	pull(EXIT_BUTTON, false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(opened) / sizeof(opened[0]); i++) {
		board_close(opened[i]);
		opened[i] = NULL;
	}
	return 0;
}

static int refused(const struct board_line_config *line, const char *word)
{
	char error[BOARD_ERROR_BYTES] = "";
	struct board *board = NULL;
	int r = board_open_gpiod(line, 1, &board, error);

	assert_null(board);
	if (strstr(error, word) == NULL || strstr(error, line->name) == NULL)
		fail_msg("the sentence lacks \"%s\" or \"%s\": %s", word, line->name, error);
	return r;
}

/* The next event, waited for as the loop waits. */
static struct board_event next(struct board *board)
{
	struct pollfd ready = {.fd = board_fd(board), .events = POLLIN};
	struct board_event event = {0};
	int r;

	while ((r = board_next(board, &event)) == 0)
		assert_int_equal(poll(&ready, 1, LIMIT_MS), 1);
	assert_int_equal(r, 1);
	return event;
}

/*
 * Until edges of that many lines can be read. The kernel queues each line's edges in a thread of
 * its own, so the edge of one line may be there before an earlier one of another.
 */
static void await_edges(struct board *board, int lines)
{
	uint64_t until_us = clock_mono_us() + LIMIT_MS * UINT64_C(1000);
	struct epoll_event ready[4];

	while (epoll_wait(board_fd(board), ready, 4, LIMIT_MS) < lines) {
		assert_true(clock_mono_us() < until_us);
		sched_yield();
	}
}

static void outputs_begin_at_their_level_and_are_left_at_it(void **state)
{
	struct board_line_config lock = line_of("lock", LOCK, true);
	struct board *board;

	(void)state;
	lock.initially_active = true;
	board = open_lines(&lock, 1);
	assert_int_equal(value(LOCK), 1);
	assert_int_equal(board_set(board, 0, false), 0);
	assert_int_equal(value(LOCK), 0);
	assert_int_equal(board_set(board, 0, true), 0);
	assert_int_equal(value(LOCK), 1);
	close_lines(board);

	lock.active_low = true;
	lock.initially_active = false; /* electrically high */
	board = open_lines(&lock, 1);
	assert_int_equal(value(LOCK), 1);
	assert_int_equal(board_set(board, 0, true), 0);
	assert_int_equal(value(LOCK), 0);
	close_lines(board);
}

static void edges_come_with_the_kernel_s_time(void **state)
{
	/*
	 * the simulated chip raises what is pending by offset: the contact is first by either
	 * reckoning
	 */
	const struct board_line_config lines[] = {line_of("exit", EXIT_BUTTON, false),
						  line_of("contact", CONTACT, false)};
	struct board *board = open_lines(lines, 2);
	uint64_t before_us = clock_mono_us();
	struct board_event event;

	(void)state;
	assert_int_equal(board_get(board, 0), BOARD_INACTIVE);
	pull(CONTACT, true);
	pull(EXIT_BUTTON, true);
	await_edges(board, 2);
	event = next(board);
	assert_int_equal(event.line,
			 1); /* the earlier edge first, whatever the order of the lines */
	assert_int_equal(event.level, BOARD_ACTIVE);
	assert_in_range(event.mono_us, before_us, clock_mono_us());
	assert_int_equal(next(board).line, 0);
	assert_int_equal(board_get(board, 0), BOARD_ACTIVE);
	pull(CONTACT, false);
	pull(EXIT_BUTTON, false);
	assert_int_equal(next(board).level, BOARD_INACTIVE);
	assert_int_equal(next(board).level, BOARD_INACTIVE);
	close_lines(board);
}

static void active_low_is_undone(void **state)
{
	struct board_line_config line = line_of("contact", CONTACT, false);
	struct board *board;

	(void)state;
	line.active_low = true;
	board = open_lines(&line, 1);
	assert_int_equal(board_get(board, 0), BOARD_ACTIVE);
	pull(CONTACT, true);
	assert_int_equal(next(board).level, BOARD_INACTIVE);
	close_lines(board);
}

static void bias_is_asked_of_the_chip(void **state)
{
	struct board_line_config line = line_of("contact", CONTACT, false);
	struct board *board;

	(void)state;
	line.bias = BOARD_BIAS_PULL_UP;
	board = open_lines(&line, 1);
	assert_int_equal(value(CONTACT), 1);
	assert_int_equal(board_get(board, 0), BOARD_ACTIVE);
	close_lines(board);
	line.bias = BOARD_BIAS_PULL_DOWN;
	board = open_lines(&line, 1);
	assert_int_equal(board_get(board, 0), BOARD_INACTIVE);
	close_lines(board);
}

static void bouncing_contacts_count_once(void **state)
{
	struct board_line_config line = line_of("contact", CONTACT, false);
	struct board *board;
	struct board_event event;

	(void)state;
	line.debounce_ms = 20;
	board = open_lines(&line, 1);
	for (int i = 0; i < 5; i++) {
		pull(CONTACT, true);
		pull(CONTACT, false);
	}
	pull(CONTACT, true);
	event = next(board);
	assert_int_equal(event.level, BOARD_ACTIVE);
	assert_true(clock_mono_us() - event.mono_us >=
		    20000); /* it held that long before it counted */
	assert_int_equal(board_next(board, &event), 0);
	pull(CONTACT, false);
	assert_int_equal(next(board).level, BOARD_INACTIVE);
	close_lines(board);
}

/* more edges than the kernel keeps, while nobody reads: the level now is what counts in the end */
static void a_loop_that_slept_sees_where_the_line_stands(void **state)
{
	const struct board_line_config line = line_of("contact", CONTACT, false);
	struct board *board = open_lines(&line, 1);
	struct board_event event;

	(void)state;
	for (int i = 0; i < 2000; i++)
		pull(CONTACT, i % 2 == 0);
	pull(CONTACT, true);
	event = next(board);
	while (board_next(board, &event) == 1)
		;
	assert_int_equal(board_get(board, 0), BOARD_ACTIVE);
	pull(CONTACT, false);
	assert_int_equal(next(board).level, BOARD_INACTIVE);
	close_lines(board);
}

static void lines_are_found_by_name(void **state)
{
	struct board_line_config line = {.name = "case", .line_name = "tamper", .offset = -1};
	struct board *board = open_lines(&line, 1);

	(void)state;
	pull(TAMPER, true);
	assert_int_equal(next(board).level, BOARD_ACTIVE);
	close_lines(board);
	pull(TAMPER, false);
	snprintf(line.chip, sizeof(line.chip), "%s", gate_chip);
	close_lines(open_lines(&line, 1));
	snprintf(line.chip, sizeof(line.chip), "%s", getenv("OTHER_CHIP"));
	assert_int_equal(refused(&line, "tamper"), -ENODEV); /* on that chip, not on any */
	snprintf(line.line_name, sizeof(line.line_name), "twin");
	close_lines(open_lines(&line, 1));
	line.chip[0] = '\0';
	assert_int_equal(refused(&line, "twin"), -EINVAL);
	snprintf(line.line_name, sizeof(line.line_name), "no-such-line");
	assert_int_equal(refused(&line, "no-such-line"), -ENODEV);
}

static void what_cannot_be_had_is_said(void **state)
{
	struct board_line_config line = line_of("lock", 99, true),
				 lock = line_of("first", LOCK, true);
	struct board *board = open_lines(&lock, 1);

	(void)state;
	assert_int_equal(refused(&line, "99"), -ENODEV);
	line.offset = LOCK;
	assert_int_equal(refused(&line, "taken"), -EBUSY);
	line.offset = HOGGED;
	assert_int_equal(refused(&line, "taken"), -EBUSY);
	snprintf(line.chip, sizeof(line.chip), "gpiochip77");
	assert_int_equal(refused(&line, "gpiochip77"), -ENODEV);
	close_lines(board);
}

/* whoever claims several lines and fails at the last has let go of all */
static void a_failed_claim_lets_go_of_all(void **state)
{
	const struct board_line_config lines[] = {line_of("lock", LOCK, true),
						  line_of("taken", HOGGED, false)};
	char error[BOARD_ERROR_BYTES];
	struct board *board = NULL;

	(void)state;
	assert_int_equal(board_open_gpiod(lines, 2, &board, error), -EBUSY);
	close_lines(open_lines(lines, 1));
}

/* last: the chip is gone for good */
static void a_chip_that_is_gone_is_told_once(void **state)
{
	const struct board_line_config line = line_of("contact", CONTACT, false);
	struct board *board = open_lines(&line, 1);
	struct pollfd ready = {.fd = board_fd(board), .events = POLLIN};
	struct board_event event;
	char path[256];
	int r, errors = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/gate/live", getenv("SIM"));
	write_file(path, "0");
	assert_int_equal(poll(&ready, 1, LIMIT_MS), 1);
	while ((r = board_next(board, &event)) != 0) {
		errors += r < 0;
		if (r == 1)
			assert_int_equal(event.level, BOARD_UNKNOWN);
	}
	assert_int_equal(errors, 1);
	assert_int_equal(board_get(board, 0), BOARD_UNKNOWN);
	assert_int_equal(poll(&ready, 1, 0), 0); /* and the loop sleeps again */
	close_lines(board);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(outputs_begin_at_their_level_and_are_left_at_it,
					  teardown),
		cmocka_unit_test_setup_teardown(edges_come_with_the_kernel_s_time, lines_low,
						teardown),
		cmocka_unit_test_setup_teardown(active_low_is_undone, lines_low, teardown),
		cmocka_unit_test_teardown(bias_is_asked_of_the_chip, teardown),
		cmocka_unit_test_teardown(bouncing_contacts_count_once, teardown),
		cmocka_unit_test_teardown(a_loop_that_slept_sees_where_the_line_stands, teardown),
		cmocka_unit_test_teardown(lines_are_found_by_name, teardown),
		cmocka_unit_test_teardown(what_cannot_be_had_is_said, teardown),
		cmocka_unit_test_teardown(a_failed_claim_lets_go_of_all, teardown),
		cmocka_unit_test_teardown(a_chip_that_is_gone_is_told_once, teardown),
	};

	gate_chip = getenv("GATE_CHIP");
	gate_folder = getenv("GATE");
	if (gate_chip == NULL || gate_folder == NULL) {
		printf("skipped: no simulated chip; tests/gpio/boot makes one\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
