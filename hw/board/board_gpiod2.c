/* The only file that includes libgpiod 2.x. Kernel edges carry CLOCK_MONOTONIC, its default. */
#include "gpio_line.h"

#include <errno.h>
#include <dirent.h>
#include <gpiod.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KERNEL_EDGES = 256
}; /* requested from the kernel: room for a card's burst while the loop is busy */

static const char consumer[] = "gatehouse";

struct gpio_line {
	struct gpiod_chip *chip;
	struct gpiod_line_request *request;
	struct gpiod_edge_event_buffer *buffer; /* of inputs */
	unsigned offset;
};

int gpio_line_fd(const struct gpio_line *line)
{
	return gpiod_line_request_get_fd(line->request);
}

int gpio_line_read(struct gpio_line *line, struct gpio_edge *edges, size_t max)
{
	int count = gpiod_line_request_read_edge_events(line->request, line->buffer,
							max < KERNEL_EDGES ? max : KERNEL_EDGES);

	for (int i = 0; i < count; i++) {
		struct gpiod_edge_event *event =
			gpiod_edge_event_buffer_get_event(line->buffer, (unsigned long)i);

		edges[i] = (struct gpio_edge){.active = gpiod_edge_event_get_event_type(event) ==
							GPIOD_EDGE_EVENT_RISING_EDGE,
					      .mono_us = gpiod_edge_event_get_timestamp_ns(event) /
							 1000};
	}
	return count < 0 ? -EIO : count;
}

int gpio_line_get(struct gpio_line *line)
{
	enum gpiod_line_value value = gpiod_line_request_get_value(line->request, line->offset);

	return value == GPIOD_LINE_VALUE_ERROR ? -EIO : value == GPIOD_LINE_VALUE_ACTIVE;
}

int gpio_line_set(struct gpio_line *line, bool active)
{
	return gpiod_line_request_set_value(line->request, line->offset,
					    active ? GPIOD_LINE_VALUE_ACTIVE
						   : GPIOD_LINE_VALUE_INACTIVE) < 0
		       ? -EIO
		       : 0;
}

void gpio_line_release(struct gpio_line *line)
{
	if (line == NULL)
		return;
	if (line->request != NULL)
		gpiod_line_request_release(line->request);
	if (line->buffer != NULL)
		gpiod_edge_event_buffer_free(line->buffer);
	if (line->chip != NULL)
		gpiod_chip_close(line->chip);
	free(line);
}

static struct gpiod_chip *open_chip(const char *name)
{
	char path[BOARD_CHIP_BYTES + sizeof("/dev/")];

	snprintf(path, sizeof(path), "%s%s", name[0] == '/' ? "" : "/dev/", name);
	return gpiod_chip_open(path);
}

/* Line names are not unique in Linux: a name on two chips is refused. */
static int find_chip(const struct board_line_config *config, char *chip, char *error)
{
	DIR *devices = opendir("/dev");
	struct dirent *entry;
	unsigned found = 0;

	while (devices != NULL && (entry = readdir(devices)) != NULL) {
		struct gpiod_chip *each = NULL;

		if (strncmp(entry->d_name, "gpiochip", strlen("gpiochip")) == 0)
			each = open_chip(entry->d_name);
		if (each == NULL)
			continue;
		if (gpiod_chip_get_line_offset_from_name(each, config->line_name) >= 0) {
			snprintf(chip, BOARD_CHIP_BYTES, "%.*s", BOARD_CHIP_BYTES - 1,
				 entry->d_name);
			found++;
		}
		gpiod_chip_close(each);
	}
	if (devices != NULL)
		closedir(devices);
	if (found == 0)
		return gpio_no_name(config, "", error);
	return found == 1 ? 0 : gpio_name_twice(config, found, error);
}

static int find_line(struct gpio_line *line, const struct board_line_config *config, char *chip,
		     char *error)
{
	struct gpiod_chip_info *info;
	size_t count = 0;
	int r = 0, offset = config->offset;

	snprintf(chip, BOARD_CHIP_BYTES, "%s", config->chip);
	if (offset < 0 && chip[0] == '\0')
		r = find_chip(config, chip, error);
	if (r < 0)
		return r;
	line->chip = open_chip(chip);
	if (line->chip == NULL)
		return gpio_no_chip(config, chip, errno, error);
	if (offset < 0)
		offset = gpiod_chip_get_line_offset_from_name(line->chip, config->line_name);
	if (offset < 0)
		return gpio_no_name(config, chip, error);
	info = gpiod_chip_get_info(line->chip);
	if (info != NULL) {
		count = gpiod_chip_info_get_num_lines(info);
		gpiod_chip_info_free(info);
	}
	line->offset = (unsigned)offset;
	return line->offset < count ? 0 : gpio_no_offset(config, (unsigned)count, error);
}

static int fill_settings(struct gpiod_line_settings *how, const struct board_line_config *config)
{
	int r;

	gpiod_line_settings_set_active_low(how, config->active_low);
	if (config->output) {
		r = gpiod_line_settings_set_direction(how, GPIOD_LINE_DIRECTION_OUTPUT);
		return r < 0 ? r
			     : gpiod_line_settings_set_output_value(
				       how, config->initially_active ? GPIOD_LINE_VALUE_ACTIVE
								     : GPIOD_LINE_VALUE_INACTIVE);
	}
	r = gpiod_line_settings_set_direction(how, GPIOD_LINE_DIRECTION_INPUT);
	if (r == 0)
		r = gpiod_line_settings_set_edge_detection(how, GPIOD_LINE_EDGE_BOTH);
	if (r == 0 && config->bias != BOARD_BIAS_NONE)
		r = gpiod_line_settings_set_bias(how, config->bias == BOARD_BIAS_PULL_UP
							      ? GPIOD_LINE_BIAS_PULL_UP
							      : GPIOD_LINE_BIAS_PULL_DOWN);
	return r;
}

static int request(struct gpio_line *line, const struct board_line_config *config)
{
	struct gpiod_request_config *who = gpiod_request_config_new();
	struct gpiod_line_config *what = gpiod_line_config_new();
	struct gpiod_line_settings *how = gpiod_line_settings_new();
	int r = who != NULL && what != NULL && how != NULL ? 0 : -ENOMEM;

	if (r == 0) {
		gpiod_request_config_set_consumer(who, consumer);
		gpiod_request_config_set_event_buffer_size(who, KERNEL_EDGES);
		if (fill_settings(how, config) < 0 ||
		    gpiod_line_config_add_line_settings(what, &line->offset, 1, how) < 0)
			r = -errno;
	}
	if (r == 0) {
		line->request = gpiod_chip_request_lines(line->chip, who, what);
		if (line->request == NULL)
			r = -errno;
	}
	gpiod_line_settings_free(how);
	gpiod_line_config_free(what);
	gpiod_request_config_free(who);
	return r;
}

static int say_why(const struct gpio_line *line, const struct board_line_config *config,
		   const char *chip, int r, char *error)
{
	struct gpiod_line_info *info = gpiod_chip_get_line_info(line->chip, line->offset);

	r = gpio_not_claimed(config, chip, line->offset, r,
			     info != NULL ? gpiod_line_info_get_consumer(info) : NULL, error);
	if (info != NULL)
		gpiod_line_info_free(info);
	return r;
}

int gpio_line_claim(const struct board_line_config *config, struct gpio_line **ret_line,
		    char *error)
{
	struct gpio_line *line = calloc(1, sizeof(*line));
	char chip[BOARD_CHIP_BYTES];
	int r;

	if (line != NULL && !config->output)
		line->buffer = gpiod_edge_event_buffer_new(KERNEL_EDGES);
	if (line == NULL || (!config->output && line->buffer == NULL)) {
		snprintf(error, BOARD_ERROR_BYTES, "%s: out of memory", config->name);
		gpio_line_release(line);
		return -ENOMEM;
	}
	r = find_line(line, config, chip, error);
	if (r == 0) {
		r = request(line, config);
		if (r < 0)
			(void)say_why(line, config, chip, r, error); /* the same r */
	}
	if (r < 0) {
		gpio_line_release(line);
		return r;
	}
	*ret_line = line;
	return 0;
}
