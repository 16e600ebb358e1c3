/* The board's lines for the API: list them, and drive those of a simulated board. */
#include "controlled_door.h"

#include <errno.h>

static const char *level_name(enum board_level level)
{
	return level == BOARD_ACTIVE ? "active" : level == BOARD_INACTIVE ? "inactive" : "unknown";
}

struct board *doors_board(struct doors *doors)
{
	return doors->board;
}

json_t *doors_board_json(const struct doors *doors)
{
	json_t *list = json_array();

	for (size_t i = 0; i < doors->line_count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s}", "name", doors->lines[i].name,
					"direction", doors->lines[i].output ? "output" : "input",
					"level", level_name(board_get(doors->board, (unsigned)i))));
	return json_pack("{s:s, s:o}", "driver",
			 doors->deps.config->board.driver == CONFIG_BOARD_SIM ? "sim" : "gpiod",
			 "lines", list);
}

int doors_board_drive(struct doors *doors, const char *name, enum board_level level)
{
	int line = board_find(doors->board, name);

	if (line < 0)
		return -ENOENT;
	if (doors->lines[line].output)
		return -EPERM;
	return board_sim_drive(doors->board, (unsigned)line, level);
}
