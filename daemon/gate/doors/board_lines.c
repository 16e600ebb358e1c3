/* The board as the API shows and drives it. */
#include "gate/gate_internal.h"

#include <errno.h>

static const char *level_name(enum board_level level)
{
	return level == BOARD_ACTIVE ? "active" : level == BOARD_INACTIVE ? "inactive" : "unknown";
}

json_t *gate_board_json(void *arg)
{
	struct gate *gate = arg;
	json_t *list = json_array();

	for (size_t i = 0; i < gate->line_count; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s}", "name", gate->lines[i].name, "direction",
						gate->lines[i].output ? "output" : "input", "level",
						level_name(board_get(gate->board, (unsigned)i))));
	return json_pack("{s:s, s:o}", "driver",
			 gate->config->board.driver == CONFIG_BOARD_SIM ? "sim" : "gpiod", "lines", list);
}

int gate_board_drive(void *arg, const char *name, enum api_level level)
{
	static const enum board_level levels[] = {[API_LEVEL_INACTIVE] = BOARD_INACTIVE,
						  [API_LEVEL_ACTIVE] = BOARD_ACTIVE,
						  [API_LEVEL_UNKNOWN] = BOARD_UNKNOWN};
	struct gate *gate = arg;
	int line = board_find(gate->board, name);

	if (line < 0)
		return -ENOENT;
	if (gate->lines[line].output)
		return -EPERM;
	return board_sim_drive(gate->board, (unsigned)line, levels[level]);
}
