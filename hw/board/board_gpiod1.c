/*
 * The only file that includes libgpiod 1.x. Kernel edges carry CLOCK_MONOTONIC (since Linux 5.7).
 */
#include "gpio_line.h"

#include <errno.h>
#include <gpiod.h>
#include <stdio.h>
#include <stdlib.h>

enum { KERNEL_EDGES = 16 }; /* that the kernel queues for a line (gpiolib-cdev.c, lineevent) */

static const char consumer[] = "gatehouse";

struct gpio_line {
	struct gpiod_chip *chip; /* one for each line: closing it releases the line */
	struct gpiod_line *line;
};

int gpio_line_fd(const struct gpio_line *line)
{
	return gpiod_line_event_get_fd(line->line);
}

int gpio_line_read(struct gpio_line *line, struct gpio_edge *edges, size_t max)
{
	struct gpiod_line_event events[KERNEL_EDGES];
	int count = gpiod_line_event_read_multiple(
		line->line, events, max < KERNEL_EDGES ? (unsigned)max : KERNEL_EDGES);

	for (int i = 0; i < count; i++)
		edges[i] = (struct gpio_edge){.active = events[i].event_type ==
							GPIOD_LINE_EVENT_RISING_EDGE,
					      .mono_us = (uint64_t)events[i].ts.tv_sec * 1000000 +
							 (uint64_t)events[i].ts.tv_nsec / 1000};
	return count < 0 ? -EIO : count;
}

int gpio_line_get(struct gpio_line *line)
{
	int value = gpiod_line_get_value(line->line);

	return value < 0 ? -EIO : value;
}

int gpio_line_set(struct gpio_line *line, bool active)
{
	return gpiod_line_set_value(line->line, active) < 0 ? -EIO : 0;
}

void gpio_line_release(struct gpio_line *line)
{
	if (line == NULL)
		return;
	if (line->chip != NULL)
		gpiod_chip_close(line->chip);
	free(line);
}

/* Line names are not unique in Linux: a name on two chips is refused. */
static int find_chip(const struct board_line_config *config, char *chip, char *error)
{
	struct gpiod_chip_iter *chips = gpiod_chip_iter_new();
	struct gpiod_chip *each;
	unsigned found = 0;

	if (chips == NULL)
		return gpio_no_name(config, "", error);
	while ((each = gpiod_chip_iter_next(chips)) != NULL)
		if (gpiod_chip_find_line(each, config->line_name) != NULL) {
			snprintf(chip, BOARD_CHIP_BYTES, "%s", gpiod_chip_name(each));
			found++;
		}
	gpiod_chip_iter_free(chips);
	if (found == 0)
		return gpio_no_name(config, "", error);
	return found == 1 ? 0 : gpio_name_twice(config, found, error);
}

static int find_line(struct gpio_line *line, const struct board_line_config *config, char *error)
{
	char chip[BOARD_CHIP_BYTES];
	int r = 0;

	snprintf(chip, sizeof(chip), "%s", config->chip);
	if (config->offset < 0 && chip[0] == '\0')
		r = find_chip(config, chip, error);
	if (r < 0)
		return r;
	line->chip = gpiod_chip_open_lookup(chip);
	if (line->chip == NULL)
		return gpio_no_chip(config, chip, errno, error);
	if (config->offset < 0)
		line->line = gpiod_chip_find_line(line->chip, config->line_name);
	else
		line->line = gpiod_chip_get_line(line->chip, (unsigned)config->offset);
	if (line->line != NULL)
		return 0;
	return config->offset < 0 ? gpio_no_name(config, chip, error)
				  : gpio_no_offset(config, gpiod_chip_num_lines(line->chip), error);
}

static int request(struct gpiod_line *line, const struct board_line_config *config)
{
	struct gpiod_line_request_config how = {.consumer = consumer};

	how.request_type = config->output ? GPIOD_LINE_REQUEST_DIRECTION_OUTPUT
					  : GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES;
	if (config->active_low)
		how.flags |= GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW;
	if (!config->output && config->bias == BOARD_BIAS_PULL_UP)
		how.flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP;
	if (!config->output && config->bias == BOARD_BIAS_PULL_DOWN)
		how.flags |= GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
	return gpiod_line_request(line, &how, config->initially_active) < 0 ? -errno : 0;
}

int gpio_line_claim(const struct board_line_config *config, struct gpio_line **ret_line,
		    char *error)
{
	struct gpio_line *line = calloc(1, sizeof(*line));
	int r;

	if (line == NULL) {
		snprintf(error, BOARD_ERROR_BYTES, "%s: out of memory", config->name);
		return -ENOMEM;
	}
	r = find_line(line, config, error);
	if (r == 0) {
		r = request(line->line, config);
		if (r < 0)
			gpio_not_claimed(config, gpiod_chip_name(line->chip),
					 gpiod_line_offset(line->line), r,
					 gpiod_line_consumer(line->line), error);
	}
	if (r < 0) {
		gpio_line_release(line);
		return r;
	}
	*ret_line = line;
	return 0;
}
