/* What the doors report goes to the readers, the API and those who were granted. */
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
	static const struct doors_ops ops = {
		.reader_line = on_reader_line, .board_changed = on_board_changed, .passage = on_passage};
	const struct doors_deps deps = {.config = gate->config,
					.event = gate->event,
					.journal = gate->journal,
					.timers = gate->timers,
					.rules = people_directory(gate->people)->rules};
	int r;

	for (unsigned i = 0; i < gate->config->door_count; i++) {
		struct gate_door *door = &gate->door_list[i];

		door->place = i;
		door->config = &gate->config->doors[i];
		snprintf(door->source, sizeof(door->source), "door/%s", door->config->name);
	}
	r = doors_open(&deps, &ops, gate, &gate->doors, gate->error);
	return r;
}

struct gate_door *gate_door_find(struct gate *gate, const char *name)
{
	int place = doors_find(gate->doors, name);

	return place < 0 ? NULL : &gate->door_list[place];
}

json_t *gate_door_state(struct gate *gate, const struct gate_door *door)
{
	return doors_state_json(gate->doors, door->place);
}

void gate_mode_ask(struct gate *gate, struct gate_door *door, const char *mode, json_t *data,
		   const struct reply *reply)
{
	doors_order_mode(gate->doors, door->place, mode, data, reply);
}

void gate_mode_ask_all(struct gate *gate, const char *mode, json_t *data, const struct reply *reply)
{
	doors_order_mode_all(gate->doors, mode, data, reply);
}
