/*
 * board.h - outputs and inputs of the gate's board, by name: real lines through libgpiod, or a
 * simulated board.
 *
 * A line is active or inactive in its own sense: active-low wiring is undone here. Outputs get
 * their first level in the same request that makes them outputs, so that nothing pulses at start.
 * Inputs are debounced here, the same for both kinds. What an output does after the process dies is
 * not promised: docs/ say which relay state is safe at each door. Control thread only.
 */
#ifndef GH_HW_BOARD_BOARD_H
#define GH_HW_BOARD_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BOARD_LINES_MAX = 64,
	BOARD_NAME_BYTES = 32,
	BOARD_CHIP_BYTES = 64,
	BOARD_ERROR_BYTES = 256,
	BOARD_DEBOUNCE_MS_MAX = 1000,
};

enum board_level { BOARD_INACTIVE, BOARD_ACTIVE, BOARD_UNKNOWN /* it cannot be read */ };
enum board_bias { BOARD_BIAS_NONE, BOARD_BIAS_PULL_UP, BOARD_BIAS_PULL_DOWN };

struct board_line_config {
	char name[BOARD_NAME_BYTES]; /* unique on the board */
	char chip[BOARD_CHIP_BYTES]; /* "gpiochip0" or "/dev/gpiochip0"; real boards */
	int offset;                  /* on that chip; -1: found by line_name */
	/* the kernel's name of the line; chip "": on any, if only one has it */
	char line_name[BOARD_NAME_BYTES];
	bool output, active_low;
	bool initially_active; /* outputs */
	enum board_bias bias;  /* inputs */
	/* inputs: a level counts once it held this long; 0 to BOARD_DEBOUNCE_MS_MAX */
	unsigned debounce_ms;
};

struct board_event {
	unsigned line; /* index into the lines the board was opened with */
	enum board_level level;
	/* CLOCK_MONOTONIC of the edge that led to it, from the kernel where there is one */
	uint64_t mono_us;
};

struct board;

/**
 * A board of memory: inputs start inactive and change by board_sim_drive().
 * @param lines  1 to BOARD_LINES_MAX, copied.
 * @return 0, -EINVAL (count, a name twice, a debounce out of range) or -ENOMEM.
 */
int board_open_sim(const struct board_line_config *lines, size_t count, struct board **ret_board);

/**
 * Claim real lines.
 * @param error  BOARD_ERROR_BYTES; on failure one sentence that names chip and line and says what
 *               to do.
 * @return 0, -EINVAL, -ENODEV (no such chip or line), -EBUSY (a line is taken), -EACCES, -EIO or
 *         -ENOMEM.
 */
int board_open_gpiod(const struct board_line_config *lines, size_t count, struct board **ret_board,
		     char *error);

/** Readable when board_next() may have something; level-triggered. */
int board_fd(const struct board *board);

/**
 * The next change of an input. @return 1, 0: none now, or -EIO: the chip cannot be read any more.
 */
int board_next(struct board *board, struct board_event *ret_event);

/**
 * @return 0, -ERANGE (no such line), -EPERM (an input) or -EIO (state unknown: report the door as
 *         failed).
 */
int board_set(struct board *board, unsigned line, bool active);

/**
 * The debounced level of an input, the ordered one of an output; BOARD_UNKNOWN: failed, or no such
 * line.
 */
enum board_level board_get(const struct board *board, unsigned line);

/** Index of the line named @p name, or -1. */
int board_find(const struct board *board, const char *name);

/**
 * Press (ACTIVE), let go (INACTIVE) or cut (UNKNOWN) a simulated input. @return 0, -ENOTSUP,
 * -ERANGE or -EPERM.
 */
int board_sim_drive(struct board *board, unsigned line, enum board_level level);

/**
 * Simulated outputs refuse with @p error (a negative errno) from now on; 0: they work again.
 * @return 0 or -ENOTSUP.
 */
int board_sim_fail(struct board *board, int error);

/** Lines are released, outputs at the level they were ordered to last. NULL is fine. */
void board_close(struct board *board);

#endif
