/*
 * board_internal.h - what board.c asks of a driver, and what a driver tells it. Not for other
 * rooms.
 */
#ifndef GH_HW_BOARD_BOARD_INTERNAL_H
#define GH_HW_BOARD_BOARD_INTERNAL_H

#include "board.h"

enum { BOARD_DRIVER_EVENTS = 64 }; /* edges read at once */

struct board_driver {
	/* 0 or -EIO */
	int (*write)(void *driver, unsigned line, bool active);
	/* read what changed and tell board_edge(); 0 or -EIO */
	int (*dispatch)(void *driver, struct board *board);
	/*
	 * look where each input stands and tell board_edge(), asked once a second; 0 or -EIO; NULL:
	 * nothing to look at
	 */
	int (*check)(void *driver, struct board *board);
	void (*close)(void *driver);
};

/**
 * A board over @p driver, whose lines are claimed; takes the driver over on success. @p fds: to
 * wait on, -1: none.
 */
int board_new(const struct board_line_config *lines, size_t count, const struct board_driver *ops,
	      void *driver, const int *fds, size_t fd_count, const enum board_level *first,
	      struct board **ret_board);

/** Common checks of a list of lines. @return 0 or -EINVAL. */
int board_check_lines(const struct board_line_config *lines, size_t count);

/** A raw level of an input, undebounced. */
void board_edge(struct board *board, unsigned line, enum board_level level, uint64_t mono_us);

/** Edges of several lines, put in order of time first; @p edges is sorted in place. */
void board_edges(struct board *board, struct board_event *edges, size_t count);

/** @p fd will never be readable again: it is waited on no more. */
void board_unwatch(struct board *board, int fd);

/** The driver of @p board if it is of this kind, else NULL. */
void *board_driver_of(struct board *board, const struct board_driver *ops);

#endif
