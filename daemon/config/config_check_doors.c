/* What one option cannot say alone, of doors and what belongs to them. */
#include "config_tree.h"

#include <string.h>

#include "access/schedule.h"

enum { USES_MAX = 8 * CONFIG_DOORS_MAX + 8 };

/* one line of the board and what it is for */
struct use {
	char path[CONFIG_KEY_PATH_BYTES];
	const char *name, *what, *door; /* door NULL: the gate's */
	bool output, shared;            /* shared: several doors may name it for the same thing */
};

struct uses {
	struct use list[USES_MAX];
	size_t count;
};

static void add_use(struct uses *uses, const struct config_door *door, size_t index,
		    const char *option, const char *what, const char *name, bool output)
{
	struct use *use = &uses->list[uses->count];

	if (name[0] == '\0')
		return;
	*use = (struct use){.name = name,
			    .what = what,
			    .door = door != NULL ? door->name : NULL,
			    .output = output,
			    .shared = strcmp(option, "exit_button") == 0};
	if (door != NULL)
		snprintf(use->path, sizeof(use->path), "doors[%zu].%s", index, option);
	else
		snprintf(use->path, sizeof(use->path), "%s", option);
	uses->count++;
}

static void collect(struct uses *uses, const struct config *config)
{
	for (size_t i = 0; i < config->door_count; i++) {
		const struct config_door *door = &config->doors[i];

		add_use(uses, door, i, "lock", "lock", door->lock, true);
		add_use(uses, door, i, "double_lock", "second bolt", door->double_lock, true);
		add_use(uses, door, i, "light", "light", door->light, true);
		add_use(uses, door, i, "buzzer", "buzzer", door->buzzer, true);
		add_use(uses, door, i, "contact", "contact", door->contact, false);
		add_use(uses, door, i, "exit_button", "exit button", door->exit_button, false);
		add_use(uses, door, i, "tamper", "tamper contact", door->tamper, false);
	}
	add_use(uses, NULL, 0, "sounds.siren", "siren", config->sounds.siren, true);
	add_use(uses, NULL, 0, "fire_input", "fire input", config->fire_input, false);
	add_use(uses, NULL, 0, "fire_reset", "fire reset", config->fire_reset, false);
	add_use(uses, NULL, 0, "tamper_input", "tamper input", config->tamper_input, false);
}

/* A line is for one thing. */
static void check_uses(struct config_tree *tree, const struct config *config)
{
	const struct config_board *board = &config->board;
	struct uses uses = {.count = 0};

	collect(&uses, config);
	for (size_t i = 0; i < uses.count; i++) {
		const struct use *use = &uses.list[i];

		config_check_reference(tree, use->path, use->name, use->output ? "output" : "input",
				       use->output ? board->outputs : board->inputs,
				       use->output ? board->output_count : board->input_count);
		for (size_t j = 0; j < i; j++) {
			const struct use *other = &uses.list[j];

			if (strcmp(other->name, use->name) != 0 || (use->shared && other->shared))
				continue;
			if (other->door != NULL)
				config_mistake(tree, use->path,
					       "\"%s\" is the %s of door \"%s\" already", use->name,
					       other->what, other->door);
			else
				config_mistake(tree, use->path, "\"%s\" is the gate's %s already",
					       use->name, other->what);
			break;
		}
	}
}

static void check_times(struct config_tree *tree, const struct config_door *door, size_t index)
{
	char path[CONFIG_KEY_PATH_BYTES];

	snprintf(path, sizeof(path), "doors[%zu].pre_alarm_ms", index);
	if (door->pre_alarm_ms >= door->held_open_ms)
		config_mistake(tree, path, "%u: expected less than held_open_ms, which is %u",
			       door->pre_alarm_ms, door->held_open_ms);
}

static unsigned others_in_group(const struct config *config, size_t index)
{
	unsigned count = 0;

	for (size_t i = 0; i < config->door_count; i++)
		count += i != index &&
			 strcmp(config->doors[i].interlock, config->doors[index].interlock) == 0;
	return count;
}

static void check_interlock(struct config_tree *tree, const struct config *config, size_t index)
{
	const struct config_door *door = &config->doors[index];
	char path[CONFIG_KEY_PATH_BYTES];

	snprintf(path, sizeof(path), "doors[%zu].interlock", index);
	if (door->interlock[0] == '\0') {
		if (door->kind == DOOR_KIND_MANTRAP)
			config_mistake(tree, path,
				       "is missing: a mantrap has two doors or more in one group");
		return;
	}
	if (others_in_group(config, index) == 0)
		config_mistake(tree, path, "\"%s\": no other door is in this group",
			       door->interlock);
	if (door->contact[0] == '\0')
		config_mistake(tree, path, "needs a contact: an open leaf must be seen");
}

static void check_quiet(struct config_tree *tree, const struct config_sounds *sounds)
{
	char path[CONFIG_KEY_PATH_BYTES];
	struct schedule_span span;
	struct problem problem;

	for (size_t i = 0; i < sounds->quiet_count; i++) {
		snprintf(path, sizeof(path), "sounds.quiet[%zu]", i);
		if (schedule_parse_span(sounds->quiet[i], &span, &problem) < 0)
			config_mistake(tree, path, "%s", problem.detail);
	}
}

void config_check_doors(struct config_tree *tree, const struct config *config)
{
	char path[CONFIG_KEY_PATH_BYTES];

	for (size_t i = 0; i < config->door_count; i++) {
		snprintf(path, sizeof(path), "doors[%zu].name", i);
		for (size_t j = 0; j < i; j++)
			if (strcmp(config->doors[j].name, config->doors[i].name) == 0)
				config_mistake(tree, path, "another door is called \"%s\" already",
					       config->doors[i].name);
		check_times(tree, &config->doors[i], i);
		check_interlock(tree, config, i);
	}
	check_uses(tree, config);
	check_quiet(tree, &config->sounds);
	if (config->fire_reset[0] != '\0' && config->fire_input[0] == '\0')
		config_mistake(tree, "fire_reset", "resets nothing without a fire_input");
}
