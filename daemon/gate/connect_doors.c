/* Connects the doors: their reports go to the readers, the API and the entry. */
#include "gate_internal.h"

#include <errno.h>

static bool on_reader_line(void *arg, const struct board_event *event)
{
	struct gate *gate = arg;

	return gate->readers != NULL && readers_line(gate->readers, event);
}

static void on_board_changed(void *arg)
{
	struct gate *gate = arg;

	if (gate->api != NULL)
		api_publish_board(gate->api);
}

static void on_passage(void *arg, unsigned door, enum door_passage passage, json_t *state)
{
	struct gate *gate = arg;

	entry_passage(gate->entry, door, passage, state);
}

int gate_connect_doors(struct gate *gate)
{
	static const struct doors_ops ops = {.reader_line = on_reader_line,
					     .board_changed = on_board_changed,
					     .passage = on_passage};
	const struct doors_deps deps = {.config = gate->config,
					.event = gate->event,
					.journal = gate->journal,
					.timers = gate->timers,
					.rules = people_directory(gate->people)->rules};

	return doors_open(&deps, &ops, gate, &gate->doors, gate->error);
}
