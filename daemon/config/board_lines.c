#include "board_lines.h"

#include <string.h>

static bool rests_active(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->door_count; i++)
		if (strcmp(config->doors[i].lock, name) == 0)
			return config->doors[i].fail_safe;
	return false;
}

void board_line_of(const struct config *config, const struct config_line *from, bool output,
		   struct board_line_config *ret_line)
{
	*ret_line = (struct board_line_config){
		.offset = from->place.offset,
		.output = output,
		.active_low = from->active_low,
		.initially_active = output && rests_active(config, from->name),
		.bias = from->bias == CONFIG_BIAS_UP     ? BOARD_BIAS_PULL_UP
			: from->bias == CONFIG_BIAS_DOWN ? BOARD_BIAS_PULL_DOWN
							 : BOARD_BIAS_NONE,
		.debounce_ms = from->debounce_ms,
	};
	snprintf(ret_line->name, sizeof(ret_line->name), "%s", from->name);
	snprintf(ret_line->chip, sizeof(ret_line->chip), "%s", from->chip);
	snprintf(ret_line->line_name, sizeof(ret_line->line_name), "%s", from->place.name);
}

bool board_line_safe_level(const struct config *config, const struct config_line *output)
{
	return output->safe == CONFIG_SAFE_REST ? rests_active(config, output->name)
						: output->safe == CONFIG_SAFE_ACTIVE;
}
