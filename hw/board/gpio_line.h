/*
 * gpio_line.h - one line of a GPIO chip, claimed. board_gpiod.c makes a board of many;
 * board_gpiod1.c and board_gpiod2.c are the two majors of libgpiod, one of them chosen when the
 * build is configured. Not for other rooms. Control thread only.
 */
#ifndef GH_HW_BOARD_GPIO_LINE_H
#define GH_HW_BOARD_GPIO_LINE_H

#include "board.h"

struct gpio_line;

struct gpio_edge {
	bool active;
	uint64_t mono_us; /* the kernel's */
};

/**
 * Claim the line that @p config names: an output at its first level, an input with both edges.
 * @param error  BOARD_ERROR_BYTES; on failure one sentence with chip, line and remedy.
 * @return 0, -ENODEV (no such chip or line), -EINVAL (a name on several chips), -EBUSY, -EACCES,
 *         -EIO or -ENOMEM.
 */
int gpio_line_claim(const struct board_line_config *config, struct gpio_line **ret_line,
		    char *error);

/** Of an input: readable when gpio_line_read() has edges. */
int gpio_line_fd(const struct gpio_line *line);

/** @return at most @p max edges, in order; -EIO. Blocks when the fd is not readable. */
int gpio_line_read(struct gpio_line *line, struct gpio_edge *edges, size_t max);

/** @return 1: active, 0: inactive, -EIO: it cannot be read. */
int gpio_line_get(struct gpio_line *line);

/** @return 0 or -EIO. */
int gpio_line_set(struct gpio_line *line, bool active);

/** NULL is allowed. */
void gpio_line_release(struct gpio_line *line);

/* write the error sentence, the same for both majors; each returns the negative errno */
int gpio_no_chip(const struct board_line_config *config, const char *chip, int saved_errno,
		 char *error);
int gpio_no_name(const struct board_line_config *config, const char *where, char *error);
int gpio_no_offset(const struct board_line_config *config, unsigned count, char *error);
int gpio_name_twice(const struct board_line_config *config, unsigned count, char *error);
int gpio_not_claimed(const struct board_line_config *config, const char *chip, unsigned offset,
		     int r, const char *consumer, char *error);

#endif
