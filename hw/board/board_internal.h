/*
 * board_internal.h - the interface between board.c and its drivers. Not for other rooms.
 */
#ifndef GH_HW_BOARD_BOARD_INTERNAL_H
#define GH_HW_BOARD_BOARD_INTERNAL_H

#include "board.h"

enum { BOARD_DRIVER_EVENTS = 64 }; /* edges read at once */

struct board_driver {
	/* 0 or -EIO */
	int (*write)(void *driver, unsigned line, bool active);
	/* read the changes and report them to board_edge(); 0 or -EIO */
	int (*dispatch)(void *driver, struct board *board);
	/*
	 * read the level of each input and report it to board_edge(), once a second; 0 or -EIO;
	 * NULL: the driver reports every change by itself
	 */
	int (*check)(void *driver, struct board *board);
	void (*close)(void *driver);
};

/**
 * Make a board of @p driver, which has claimed the lines. On success the board owns the driver.
 * @param fds  to wait on; -1: none.
 */
int board_new(const struct board_line_config *lines, size_t count, const struct board_driver *ops,
	      void *driver, const int *fds, size_t fd_count, const enum board_level *first,
	      struct board **ret_board);

/** The checks that all drivers share. @return 0 or -EINVAL. */
int board_check_lines(const struct board_line_config *lines, size_t count);

/** A raw level of an input, undebounced. */
void board_edge(struct board *board, unsigned line, enum board_level level, uint64_t mono_us);

/** Edges of several lines, in any order; @p edges is sorted by time in place. */
void board_edges(struct board *board, struct board_event *edges, size_t count);

/** Stop waiting on @p fd, which will never be readable again. */
void board_unwatch(struct board *board, int fd);

/** The driver of @p board if its operations are @p ops, else NULL. */
void *board_driver_of(struct board *board, const struct board_driver *ops);

#endif
