/*
 * board_lines.h - the config's lines in the form of hw/board, for the daemon and for
 * gatehouse-safe.
 */
#ifndef GH_CONFIG_BOARD_LINES_H
#define GH_CONFIG_BOARD_LINES_H

#include "config.h"
#include "hw/board/board.h"

/**
 * @p ret_line of an output starts at its rest level: a fail-safe lock energised, all else inactive.
 */
void board_line_of(const struct config *config, const struct config_line *from, bool output,
		   struct board_line_config *ret_line);

/**
 * Whether the output is active at the level that the config declares safe while no program drives
 * it.
 */
bool board_line_safe_level(const struct config *config, const struct config_line *output);

#endif
