/*
 * board.h - outputs and inputs of the gate's board, by name: real lines through libgpiod, or a
 * simulated board.
 *
 * Levels are logical: active-low wiring is inverted here. Outputs get their first level in the same
 * request that makes them outputs, so that no relay pulses at start. Inputs of both boards are
 * debounced here. The level of an output after the process ends depends on the chip;
 * docs/guide/install.md says which relay state is safe at each door. Control thread only.
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

enum board_level { BOARD_INACTIVE, BOARD_ACTIVE, BOARD_UNKNOWN /* cannot be read */ };
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
	/* inputs: a level is valid once it was stable this long; 0 to BOARD_DEBOUNCE_MS_MAX */
	unsigned debounce_ms;
};

struct board_event {
	unsigned line; /* index into the lines the board was opened with */
	enum board_level level;
	/* CLOCK_MONOTONIC of the edge; the kernel's timestamp on a real board */
	uint64_t mono_us;
};

struct board;

/**
 * A simulated board: inputs start inactive and are changed by board_sim_drive().
 * @param lines  1 to BOARD_LINES_MAX, copied.
 * @return 0, -EINVAL (count, a duplicate name, a debounce out of range) or -ENOMEM.
 */
int board_open_sim(const struct board_line_config *lines, size_t count, struct board **ret_board);

/**
 * Claim lines of GPIO chips.
 * @param error  BOARD_ERROR_BYTES; on failure one sentence with chip, line and remedy.
 * @return 0, -EINVAL, -ENODEV (no such chip or line), -EBUSY (a line is in use), -EACCES, -EIO or
 *         -ENOMEM.
 */
int board_open_gpiod(const struct board_line_config *lines, size_t count, struct board **ret_board,
		     char *error);

/** Readable when board_next() may have something; level-triggered. */
int board_fd(const struct board *board);

/**
 * The next change of an input. @return 1, 0: none now, or -EIO: the chip can no longer be read.
 */
int board_next(struct board *board, struct board_event *ret_event);

/**
 * @return 0, -ERANGE (no such line), -EPERM (an input) or -EIO (state unknown: report the door as
 *         failed).
 */
int board_set(struct board *board, unsigned line, bool active);

/**
 * The debounced level of an input, or the last level written to an output. BOARD_UNKNOWN: the line
 * has failed or does not exist.
 */
enum board_level board_get(const struct board *board, unsigned line);

/** Index of the line named @p name, or -1. */
int board_find(const struct board *board, const char *name);

/**
 * Set a simulated input; BOARD_UNKNOWN simulates a cut wire.
 * @return 0, -ENOTSUP, -ERANGE or -EPERM.
 */
int board_sim_drive(struct board *board, unsigned line, enum board_level level);

/**
 * Writes to simulated outputs fail with @p error (a negative errno) from now on; 0: they succeed.
 * @return 0 or -ENOTSUP.
 */
int board_sim_fail(struct board *board, int error);

/** Releases the lines; outputs stay at their last level. NULL is allowed. */
void board_close(struct board *board);

#endif
