#include "board_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"

enum { EVENTS_MAX = 4 * BOARD_LINES_MAX, CHECK_US = 1000000 };

struct line_state {
	enum board_level level; /* debounced; of an output: the last one written */
	enum board_level raw;
	uint64_t raw_since_us;
};

struct board {
	const struct board_driver *ops;
	void *driver;
	struct board_line_config lines[BOARD_LINES_MAX];
	struct line_state states[BOARD_LINES_MAX];
	size_t count;
	struct board_event events[EVENTS_MAX]; /* a ring */
	size_t first, pending;
	int epoll_fd, timer_fd;
	/* of the check for chips that were removed, which report nothing; UINT64_MAX: never */
	uint64_t check_at_us;
};

static void arm(struct board *board);

int board_check_lines(const struct board_line_config *lines, size_t count)
{
	if (count == 0 || count > BOARD_LINES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count; i++) {
		if (lines[i].name[0] == '\0' || lines[i].debounce_ms > BOARD_DEBOUNCE_MS_MAX)
			return -EINVAL;
		for (size_t j = 0; j < i; j++)
			if (strcmp(lines[i].name, lines[j].name) == 0)
				return -EINVAL;
	}
	return 0;
}

static int watch(struct board *board, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(board->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

void board_unwatch(struct board *board, int fd)
{
	epoll_ctl(board->epoll_fd, EPOLL_CTL_DEL, fd, NULL); /* it may be closed already */
}

static void free_board(struct board *board)
{
	if (board->epoll_fd >= 0)
		close(board->epoll_fd);
	if (board->timer_fd >= 0)
		close(board->timer_fd);
	free(board);
}

int board_new(const struct board_line_config *lines, size_t count, const struct board_driver *ops,
	      void *driver, const int *fds, size_t fd_count, const enum board_level *first,
	      struct board **ret_board)
{
	struct board *board = calloc(1, sizeof(*board));
	int r = 0;

	if (board == NULL)
		return -ENOMEM;
	board->ops = ops;
	board->driver = driver;
	board->count = count;
	memcpy(board->lines, lines, count * sizeof(*lines));
	for (size_t i = 0; i < count; i++)
		board->states[i] = (struct line_state){.level = first[i], .raw = first[i]};
	board->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	board->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (board->epoll_fd < 0 || board->timer_fd < 0)
		r = -errno;
	if (r == 0)
		r = watch(board, board->timer_fd);
	for (size_t i = 0; r == 0 && i < fd_count; i++)
		r = watch(board, fds[i]);
	if (r < 0) {
		free_board(board);
		return r;
	}
	board->check_at_us = ops->check != NULL ? clock_mono_us() + CHECK_US : UINT64_MAX;
	arm(board);
	*ret_board = board;
	return 0;
}

/* ---- debounce ---- */

static uint64_t settles_us(const struct board *board, size_t line)
{
	return board->states[line].raw_since_us + board->lines[line].debounce_ms * UINT64_C(1000);
}

static void settle(struct board *board, unsigned line)
{
	struct line_state *state = &board->states[line];

	state->level = state->raw;
	if (board->pending == EVENTS_MAX) { /* not read: the newest levels replace the oldest */
		board->first = (board->first + 1) % EVENTS_MAX;
		board->pending--;
	}
	board->events[(board->first + board->pending++) % EVENTS_MAX] = (struct board_event){
		.line = line, .level = state->level, .mono_us = state->raw_since_us};
}

/* Set the timer to when the first line settles, or to now while events are unread. */
static void arm(struct board *board)
{
	struct itimerspec at = {0};
	uint64_t due_us = board->check_at_us;

	for (size_t i = 0; i < board->count; i++)
		if (board->states[i].raw != board->states[i].level && settles_us(board, i) < due_us)
			due_us = settles_us(board, i);
	if (board->pending > 0)
		due_us = 1;
	if (due_us != UINT64_MAX) {
		at.it_value.tv_sec = (time_t)(due_us / 1000000);
		at.it_value.tv_nsec = (long)(due_us % 1000000) * 1000;
	}
	timerfd_settime(board->timer_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

void board_edge(struct board *board, unsigned line, enum board_level level, uint64_t mono_us)
{
	struct line_state *state = &board->states[line];

	if (state->raw == level)
		return;
	/* this edge ends a level that was stable long enough */
	if (state->raw != state->level && settles_us(board, line) <= mono_us)
		settle(board, line);
	state->raw = level;
	state->raw_since_us = mono_us;
	if (state->raw != state->level &&
	    (board->lines[line].debounce_ms == 0 || level == BOARD_UNKNOWN))
		settle(board, line);
	arm(board);
}

static int by_time(const void *a, const void *b)
{
	uint64_t left = ((const struct board_event *)a)->mono_us,
		 right = ((const struct board_event *)b)->mono_us;

	return left < right ? -1 : left > right;
}

void board_edges(struct board *board, struct board_event *edges, size_t count)
{
	qsort(edges, count, sizeof(*edges), by_time);
	for (size_t i = 0; i < count; i++)
		board_edge(board, edges[i].line, edges[i].level, edges[i].mono_us);
}

/* ---- public functions ---- */

int board_fd(const struct board *board)
{
	return board->epoll_fd;
}

int board_next(struct board *board, struct board_event *ret_event)
{
	uint64_t now_us, expirations;
	ssize_t got = read(board->timer_fd, &expirations, sizeof(expirations));
	int r = board->ops->dispatch(board->driver, board);

	(void)got; /* only clears the timer */
	now_us = clock_mono_us();
	if (now_us >= board->check_at_us) {
		int checked = board->ops->check(board->driver, board);

		r = r < 0 ? r : checked;
		board->check_at_us = now_us + CHECK_US;
	}
	for (unsigned i = 0; i < board->count; i++)
		if (board->states[i].raw != board->states[i].level &&
		    settles_us(board, i) <= now_us)
			settle(board, i);
	if (r == 0 && board->pending > 0) {
		*ret_event = board->events[board->first];
		board->first = (board->first + 1) % EVENTS_MAX;
		board->pending--;
		r = 1;
	}
	arm(board);
	return r;
}

int board_set(struct board *board, unsigned line, bool active)
{
	int r;

	if (line >= board->count)
		return -ERANGE;
	if (!board->lines[line].output)
		return -EPERM;
	r = board->ops->write(board->driver, line, active);
	board->states[line].level = r < 0 ? BOARD_UNKNOWN : active ? BOARD_ACTIVE : BOARD_INACTIVE;
	board->states[line].raw = board->states[line].level;
	return r < 0 ? -EIO : 0;
}

enum board_level board_get(const struct board *board, unsigned line)
{
	return line < board->count ? board->states[line].level : BOARD_UNKNOWN;
}

int board_find(const struct board *board, const char *name)
{
	for (size_t i = 0; i < board->count; i++)
		if (strcmp(board->lines[i].name, name) == 0)
			return (int)i;
	return -1;
}

void *board_driver_of(struct board *board, const struct board_driver *ops)
{
	return board->ops == ops ? board->driver : NULL;
}

void board_close(struct board *board)
{
	if (board == NULL)
		return;
	board->ops->close(board->driver);
	free_board(board);
}
