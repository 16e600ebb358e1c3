/*
 * A board of real lines. The kernel keeps a bounded number of edges of a line until they are read,
 * and says nothing when a chip is taken away (Linux 6.1): so after each reading, and once a second,
 * the line is asked where it stands.
 */
#include "board_internal.h"
#include "gpio_line.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { EDGES_OF_A_LINE = 64 };

struct real {
	struct gpio_line *lines[BOARD_LINES_MAX];
	struct pollfd fds[BOARD_LINES_MAX]; /* of inputs; -1: an output, or its chip was removed */
	size_t count;
};

static void real_close(void *driver)
{
	struct real *real = driver;

	for (size_t i = 0; i < real->count; i++)
		gpio_line_release(real->lines[i]);
	free(real);
}

static int real_write(void *driver, unsigned line, bool active)
{
	return gpio_line_set(((struct real *)driver)->lines[line], active);
}

static enum board_level level_of(int value)
{
	return value < 0 ? BOARD_UNKNOWN : value > 0 ? BOARD_ACTIVE : BOARD_INACTIVE;
}

/* The chip was removed: its fd would wake the loop for ever, and its levels are unknown. */
static int give_up(struct real *real, struct board *board, unsigned line)
{
	board_unwatch(board, real->fds[line].fd);
	real->fds[line].fd = -1;
	board_edge(board, line, BOARD_UNKNOWN, clock_mono_us());
	return -EIO;
}

/* @return the number of edges, the present level last; or -EIO. */
static int read_line(struct real *real, unsigned line, struct board_event *events)
{
	struct gpio_edge edges[EDGES_OF_A_LINE];
	int count = -EIO, value = -EIO;

	if ((real->fds[line].revents & POLLIN) != 0)
		count = gpio_line_read(real->lines[line], edges, EDGES_OF_A_LINE);
	if (count >= 0)
		value = gpio_line_get(real->lines[line]);
	if (value < 0)
		return -EIO;
	for (int i = 0; i < count; i++)
		events[i] = (struct board_event){.line = line,
						 .level = level_of(edges[i].active),
						 .mono_us = edges[i].mono_us};
	events[count] = (struct board_event){
		.line = line, .level = level_of(value), .mono_us = clock_mono_us()};
	return count + 1;
}

static int real_dispatch(void *driver, struct board *board)
{
	struct board_event events[2 * EDGES_OF_A_LINE + 1];
	struct real *real = driver;
	size_t count = 0;
	int r = 0;

	if (poll(real->fds, (nfds_t)real->count, 0) <= 0)
		return 0;
	/* the fd of edges that do not fit stays readable */
	for (unsigned i = 0; i < real->count && count < EDGES_OF_A_LINE; i++) {
		int got;

		if (real->fds[i].fd < 0 || real->fds[i].revents == 0)
			continue;
		got = read_line(real, i, events + count);
		if (got < 0)
			r = give_up(real, board, i);
		else
			count += (size_t)got;
	}
	board_edges(board, events, count);
	return r;
}

static int real_check(void *driver, struct board *board)
{
	struct real *real = driver;
	int r = 0;

	for (unsigned i = 0; i < real->count; i++) {
		int value;

		if (real->fds[i].fd < 0)
			continue;
		value = gpio_line_get(real->lines[i]);
		if (value < 0)
			r = give_up(real, board, i);
		else
			board_edge(board, i, level_of(value), clock_mono_us());
	}
	return r;
}

static const struct board_driver real_ops = {
	.write = real_write, .dispatch = real_dispatch, .check = real_check, .close = real_close};

static int claim_all(struct real *real, const struct board_line_config *lines, size_t count,
		     enum board_level *first, char *error)
{
	for (size_t i = 0; i < count; i++) {
		int r = gpio_line_claim(&lines[i], &real->lines[i], error);

		if (r < 0)
			return r;
		real->count = i + 1;
		real->fds[i] =
			(struct pollfd){.fd = lines[i].output ? -1 : gpio_line_fd(real->lines[i]),
					.events = POLLIN};
		first[i] = level_of(lines[i].output ? lines[i].initially_active
						    : gpio_line_get(real->lines[i]));
	}
	return 0;
}

int board_open_gpiod(const struct board_line_config *lines, size_t count, struct board **ret_board,
		     char *error)
{
	enum board_level first[BOARD_LINES_MAX];
	int fds[BOARD_LINES_MAX], r = board_check_lines(lines, count);
	struct real *real = calloc(1, sizeof(*real));
	size_t fd_count = 0;

	if (r < 0 || real == NULL) {
		snprintf(error, BOARD_ERROR_BYTES, "%s",
			 r < 0 ? "the board's lines: a name or time cannot be" : "out of memory");
		free(real);
		return r < 0 ? r : -ENOMEM;
	}
	r = claim_all(real, lines, count, first, error);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (real->fds[i].fd >= 0)
			fds[fd_count++] = real->fds[i].fd;
	if (r == 0) {
		r = board_new(lines, count, &real_ops, real, fds, fd_count, first, ret_board);
		if (r < 0)
			snprintf(error, BOARD_ERROR_BYTES,
				 "the board's lines cannot be watched: %s", strerror(-r));
	}
	if (r < 0)
		real_close(real);
	return r;
}

/* ---- why a line cannot be claimed ---- */

int gpio_no_chip(const struct board_line_config *config, const char *chip, int saved_errno,
		 char *error)
{
	snprintf(error, BOARD_ERROR_BYTES, "%s: GPIO chip %s: %s; list the chips with gpiodetect",
		 config->name, chip,
		 saved_errno == EACCES ? "no permission" : "there is no such chip");
	return saved_errno == EACCES ? -EACCES : -ENODEV;
}

int gpio_no_name(const struct board_line_config *config, const char *where, char *error)
{
	snprintf(error, BOARD_ERROR_BYTES,
		 "%s: %s has no line named \"%s\"; list them with gpioinfo", config->name,
		 where[0] != '\0' ? where : "this board", config->line_name);
	return -ENODEV;
}

int gpio_no_offset(const struct board_line_config *config, unsigned count, char *error)
{
	snprintf(error, BOARD_ERROR_BYTES,
		 "%s: chip %s has %u lines, none at %d; list them with gpioinfo", config->name,
		 config->chip, count, config->offset);
	return -ENODEV;
}

int gpio_name_twice(const struct board_line_config *config, unsigned count, char *error)
{
	snprintf(error, BOARD_ERROR_BYTES,
		 "%s: %u chips have a line named \"%s\"; say which with `chip`", config->name,
		 count, config->line_name);
	return -EINVAL;
}

int gpio_not_claimed(const struct board_line_config *config, const char *chip, unsigned offset,
		     int r, const char *consumer, char *error)
{
	if (r == -EBUSY)
		snprintf(error, BOARD_ERROR_BYTES,
			 "%s: line %u of %s is taken by %s; free it or choose another line",
			 config->name, offset, chip, consumer != NULL ? consumer : "the kernel");
	else
		snprintf(error, BOARD_ERROR_BYTES, "%s: line %u of %s cannot be claimed as %s: %s",
			 config->name, offset, chip, config->output ? "an output" : "an input",
			 strerror(-r));
	return r;
}
