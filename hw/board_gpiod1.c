/* The one file that knows libgpiod 1.x. Kernel edges carry CLOCK_MONOTONIC (since Linux 5.7). */
#include "board_internal.h"

#include <errno.h>
#include <gpiod.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char consumer[] = "gatehouse";

struct gpiod1 {
	struct gpiod_line *lines[BOARD_LINES_MAX];
	struct gpiod_chip *chips[BOARD_LINES_MAX]; /* each line keeps its own handle of its chip */
	bool output[BOARD_LINES_MAX];
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

static int read_edges(struct board *board, struct gpiod_line *line, unsigned index)
{
	struct pollfd ready = {.fd = gpiod_line_event_get_fd(line), .events = POLLIN};
	struct gpiod_line_event event;

	while (poll(&ready, 1, 0) > 0) {
		if ((ready.revents & POLLIN) == 0 || gpiod_line_event_read_fd(ready.fd, &event) < 0) {
			board_edge(board, index, BOARD_UNKNOWN, 0);
			return -EIO;
		}
		board_edge(board, index,
			   event.event_type == GPIOD_LINE_EVENT_RISING_EDGE ? BOARD_ACTIVE : BOARD_INACTIVE,
			   (uint64_t)event.ts.tv_sec * 1000000 + (uint64_t)event.ts.tv_nsec / 1000);
	}
	return 0;
}

static int gpiod1_dispatch(void *driver, struct board *board)
{
	struct gpiod1 *g = driver;
	int r = 0;

	for (unsigned i = 0; i < g->count; i++)
		if (!g->output[i] && read_edges(board, g->lines[i], i) < 0)
			r = -EIO;
	return r;
}

static const struct board_driver gpiod1_ops = {
	.write = gpiod1_write, .dispatch = gpiod1_dispatch, .close = gpiod1_close};

static int open_by_name(struct gpiod1 *g, size_t i, const struct board_line_config *config, char *error)
{
	char chip[BOARD_CHIP_BYTES];
	unsigned offset;

	if (gpiod_ctxless_find_line(config->line_name, chip, sizeof(chip), &offset) != 1) {
		snprintf(error, BOARD_ERROR_BYTES,
			 "%s: no chip has a line named \"%s\"; list them with gpioinfo", config->name,
			 config->line_name);
		return -ENODEV;
	}
	g->chips[i] = gpiod_chip_open_lookup(chip);
	if (g->chips[i] != NULL)
		g->lines[i] = gpiod_chip_get_line(g->chips[i], offset);
	return 0;
}

static int open_line(struct gpiod1 *g, size_t i, const struct board_line_config *config, char *error)
{
	int saved;

	if (config->offset < 0)
		(void)open_by_name(g, i, config, error); /* what it did not find is told below or by itself */
	else
		g->chips[i] = gpiod_chip_open_lookup(config->chip);
	saved = errno;
	if (g->chips[i] == NULL && config->offset < 0)
		return -ENODEV;
	if (g->chips[i] == NULL) {
		snprintf(error, BOARD_ERROR_BYTES, "%s: GPIO chip %s: %s; list the chips with gpiodetect",
			 config->name, config->chip,
			 saved == EACCES ? "no permission" : "there is no such chip");
		return saved == EACCES ? -EACCES : -ENODEV;
	}
	if (g->lines[i] == NULL)
		g->lines[i] = gpiod_chip_get_line(g->chips[i], (unsigned)config->offset);
	if (g->lines[i] == NULL) {
		snprintf(error, BOARD_ERROR_BYTES,
			 "%s: chip %s has %u lines, none at %d; list them with gpioinfo", config->name,
			 config->chip, gpiod_chip_num_lines(g->chips[i]), config->offset);
		return -ENODEV;
	}
	return 0;
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
	int value, r = request(g->lines[i], config);

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
	value = config->output ? config->initially_active : gpiod_line_get_value(g->lines[i]);
	*ret_level = value < 0 ? BOARD_UNKNOWN : value > 0 ? BOARD_ACTIVE : BOARD_INACTIVE;
	return 0;
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
	for (size_t i = 0; r == 0 && i < count; i++) {
		g->count = i + 1;
		g->output[i] = lines[i].output;
		r = open_line(g, i, &lines[i], error);
		if (r == 0)
			r = claim_line(g, i, &lines[i], &first[i], error);
		if (r == 0 && !lines[i].output)
			fds[fd_count++] = gpiod_line_event_get_fd(g->lines[i]);
	}
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
