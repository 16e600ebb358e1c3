/*
 * The one file that knows libgpiod 1.x. Kernel edges carry CLOCK_MONOTONIC (since Linux 5.7).
 *
 * The kernel keeps at most 16 edges of a line until they are read (gpiolib-cdev.c, lineevent); what comes after is
 * lost, so after each reading the line itself is asked where it stands.
 */
#include "board_internal.h"

#include <errno.h>
#include <gpiod.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { KERNEL_EDGES = 16 };

static const char consumer[] = "gatehouse";

struct gpiod1 {
	struct gpiod_line *lines[BOARD_LINES_MAX];
	struct gpiod_chip *chips[BOARD_LINES_MAX]; /* each line keeps its own handle of its chip */
	struct pollfd fds[BOARD_LINES_MAX];        /* of inputs; -1: an output, or one that is dead */
	size_t count;
};

static void gpiod1_close(void *driver)
{
	struct gpiod1 *g = driver;

	for (size_t i = 0; i < g->count; i++)
		if (g->chips[i] != NULL)
			gpiod_chip_close(g->chips[i]); /* releases its line too */
	free(g);
}

static int gpiod1_write(void *driver, unsigned line, bool active)
{
	struct gpiod1 *g = driver;

	return gpiod_line_set_value(g->lines[line], active) < 0 ? -EIO : 0;
}

static enum board_level level_of(int value)
{
	return value < 0 ? BOARD_UNKNOWN : value > 0 ? BOARD_ACTIVE : BOARD_INACTIVE;
}

/* The chip is gone: it would wake the loop for ever, and no level of it is to be believed. */
static void give_up(struct gpiod1 *g, struct board *board, unsigned line)
{
	board_unwatch(board, g->fds[line].fd);
	g->fds[line].fd = -1;
	board_edge(board, line, BOARD_UNKNOWN, clock_mono_us());
}

/* @return edges read, the level now last; or -EIO. */
static int read_edges(struct gpiod1 *g, unsigned line, struct board_event *edges)
{
	struct gpiod_line_event events[KERNEL_EDGES];
	int count = 0, value;

	if ((g->fds[line].revents & POLLIN) == 0)
		return -EIO;
	count = gpiod_line_event_read_fd_multiple(g->fds[line].fd, events, KERNEL_EDGES);
	value = count < 0 ? -1 : gpiod_line_get_value(g->lines[line]);
	if (count < 0 || value < 0)
		return -EIO;
	for (int i = 0; i < count; i++)
		edges[i] = (struct board_event){.line = line,
						.level = events[i].event_type == GPIOD_LINE_EVENT_RISING_EDGE
								 ? BOARD_ACTIVE
								 : BOARD_INACTIVE,
						.mono_us = (uint64_t)events[i].ts.tv_sec * 1000000 +
							   (uint64_t)events[i].ts.tv_nsec / 1000};
	edges[count] =
		(struct board_event){.line = line, .level = level_of(value), .mono_us = clock_mono_us()};
	return count + 1;
}

static int gpiod1_dispatch(void *driver, struct board *board)
{
	struct board_event edges[BOARD_DRIVER_EVENTS + KERNEL_EDGES + 1];
	struct gpiod1 *g = driver;
	size_t count = 0;
	int r = 0;

	if (poll(g->fds, (nfds_t)g->count, 0) <= 0)
		return 0;
	for (unsigned i = 0; i < g->count && count < BOARD_DRIVER_EVENTS; i++) {
		int got;

		if (g->fds[i].fd < 0 || g->fds[i].revents == 0)
			continue;
		got = read_edges(g, i, edges + count);
		if (got < 0) {
			give_up(g, board, i);
			r = -EIO;
		} else {
			count += (size_t)got;
		}
	}
	board_edges(board, edges, count);
	return r;
}

static int gpiod1_check(void *driver, struct board *board)
{
	struct gpiod1 *g = driver;
	int r = 0;

	for (unsigned i = 0; i < g->count; i++) {
		enum board_level level;

		if (g->fds[i].fd < 0)
			continue;
		level = level_of(gpiod_line_get_value(g->lines[i]));
		if (level == BOARD_UNKNOWN) {
			give_up(g, board, i);
			r = -EIO;
		} else {
			board_edge(board, i, level, clock_mono_us());
		}
	}
	return r;
}

static const struct board_driver gpiod1_ops = {
	.write = gpiod1_write, .dispatch = gpiod1_dispatch, .check = gpiod1_check, .close = gpiod1_close};

static int no_chip(const struct board_line_config *config, const char *chip, char *error)
{
	int saved = errno;

	snprintf(error, BOARD_ERROR_BYTES, "%s: GPIO chip %s: %s; list the chips with gpiodetect",
		 config->name, chip, saved == EACCES ? "no permission" : "there is no such chip");
	return saved == EACCES ? -EACCES : -ENODEV;
}

static int no_line(const struct board_line_config *config, const char *where, char *error)
{
	snprintf(error, BOARD_ERROR_BYTES, "%s: %s has no line named \"%s\"; list them with gpioinfo",
		 config->name, where, config->line_name);
	return -ENODEV;
}

/* A name is not unique in Linux: one that two chips have means neither. */
static int find_anywhere(struct gpiod1 *g, size_t i, const struct board_line_config *config, char *error)
{
	char chip[BOARD_CHIP_BYTES] = "";
	struct gpiod_chip_iter *chips = gpiod_chip_iter_new();
	struct gpiod_chip *each;
	unsigned found = 0;

	if (chips == NULL)
		return no_line(config, "this board", error);
	while ((each = gpiod_chip_iter_next(chips)) != NULL)
		if (gpiod_chip_find_line(each, config->line_name) != NULL) {
			snprintf(chip, sizeof(chip), "%s", gpiod_chip_name(each));
			found++;
		}
	gpiod_chip_iter_free(chips);
	if (found == 0)
		return no_line(config, "this board", error);
	if (found > 1) {
		snprintf(error, BOARD_ERROR_BYTES,
			 "%s: %u chips have a line named \"%s\"; say which with `chip`", config->name, found,
			 config->line_name);
		return -EINVAL;
	}
	g->chips[i] = gpiod_chip_open_lookup(chip);
	if (g->chips[i] == NULL)
		return no_chip(config, chip, error);
	g->lines[i] = gpiod_chip_find_line(g->chips[i], config->line_name);
	return g->lines[i] != NULL ? 0 : no_line(config, chip, error);
}

static int open_line(struct gpiod1 *g, size_t i, const struct board_line_config *config, char *error)
{
	if (config->offset < 0 && config->chip[0] == '\0')
		return find_anywhere(g, i, config, error);
	g->chips[i] = gpiod_chip_open_lookup(config->chip);
	if (g->chips[i] == NULL)
		return no_chip(config, config->chip, error);
	if (config->offset < 0) {
		g->lines[i] = gpiod_chip_find_line(g->chips[i], config->line_name);
		return g->lines[i] != NULL ? 0 : no_line(config, config->chip, error);
	}
	g->lines[i] = gpiod_chip_get_line(g->chips[i], (unsigned)config->offset);
	if (g->lines[i] != NULL)
		return 0;
	snprintf(error, BOARD_ERROR_BYTES, "%s: chip %s has %u lines, none at %d; list them with gpioinfo",
		 config->name, config->chip, gpiod_chip_num_lines(g->chips[i]), config->offset);
	return -ENODEV;
}

static int request(struct gpiod_line *line, const struct board_line_config *config)
{
	struct gpiod_line_request_config how = {.consumer = consumer};

	how.request_type =
		config->output ? GPIOD_LINE_REQUEST_DIRECTION_OUTPUT : GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES;
	if (config->active_low)
		how.flags |= GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW;
	if (!config->output && config->bias == BOARD_BIAS_PULL_UP)
		how.flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
	if (!config->output && config->bias == BOARD_BIAS_PULL_DOWN)
		how.flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
	return gpiod_line_request(line, &how, config->initially_active) < 0 ? -errno : 0;
}

static int claim_line(struct gpiod1 *g, size_t i, const struct board_line_config *config,
		      enum board_level *ret_level, char *error)
{
	int r = request(g->lines[i], config);

	if (r == -EBUSY) {
		const char *by = gpiod_line_consumer(g->lines[i]);

		snprintf(error, BOARD_ERROR_BYTES,
			 "%s: line %d of %s is taken by %s; free it or choose another line", config->name,
			 gpiod_line_offset(g->lines[i]), gpiod_chip_name(g->chips[i]),
			 by != NULL ? by : "the kernel");
		return r;
	}
	if (r < 0) {
		snprintf(error, BOARD_ERROR_BYTES, "%s: line %d of %s cannot be claimed as %s: %s",
			 config->name, gpiod_line_offset(g->lines[i]), gpiod_chip_name(g->chips[i]),
			 config->output ? "an output" : "an input", strerror(-r));
		return r;
	}
	*ret_level = level_of(config->output ? config->initially_active : gpiod_line_get_value(g->lines[i]));
	if (!config->output)
		g->fds[i].fd = gpiod_line_event_get_fd(g->lines[i]);
	return 0;
}

static int claim_all(struct gpiod1 *g, const struct board_line_config *lines, size_t count,
		     enum board_level *first, char *error)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		g->fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
		g->count = i + 1;
		r = open_line(g, i, &lines[i], error);
		if (r == 0)
			r = claim_line(g, i, &lines[i], &first[i], error);
	}
	return r;
}

int board_open_gpiod(const struct board_line_config *lines, size_t count, struct board **ret_board,
		     char *error)
{
	enum board_level first[BOARD_LINES_MAX];
	int fds[BOARD_LINES_MAX], r = board_check_lines(lines, count);
	struct gpiod1 *g = calloc(1, sizeof(*g));
	size_t fd_count = 0;

	if (r < 0 || g == NULL) {
		snprintf(error, BOARD_ERROR_BYTES, "%s",
			 r < 0 ? "the board's lines: a name or time cannot be" : "out of memory");
		free(g);
		return r < 0 ? r : -ENOMEM;
	}
	r = claim_all(g, lines, count, first, error);
	for (size_t i = 0; r == 0 && i < count; i++)
		if (g->fds[i].fd >= 0)
			fds[fd_count++] = g->fds[i].fd;
	if (r == 0) {
		r = board_new(lines, count, &gpiod1_ops, g, fds, fd_count, first, ret_board);
		if (r < 0)
			snprintf(error, BOARD_ERROR_BYTES, "the board's lines cannot be watched: %s",
				 strerror(-r));
	}
	if (r < 0)
		gpiod1_close(g);
	return r;
}
