/* What the doors report goes to the readers, the API and those who were granted. */
#include "gate_internal.h"

#include <errno.h>

static bool on_reader_line(void *arg, const struct board_event *event)
{
	return gate_readers_line(arg, event);
}

static void on_board_changed(void *arg)
{
	struct gate *gate = arg;

	if (gate->api != NULL)
		api_publish_board(gate->api);
}

static void on_passage(void *arg, unsigned door, enum doors_passage passage, json_t *state)
{
	static const struct {
		const char *type;
		enum event_severity severity;
	} events[] = {[DOORS_PASSAGE_TAKEN] = {"access.taken", EVENT_INFO},
		      [DOORS_PASSAGE_NOT_TAKEN] = {"access.not_taken", EVENT_INFO},
		      [DOORS_PASSAGE_TAILGATING] = {"access.tailgating", EVENT_WARNING}};
	struct gate *gate = arg;

	if (passage == DOORS_PASSAGE_UNKNOWN)
		json_decref(state);
	else
		journal_record(gate->journal, events[passage].type, events[passage].severity,
			       doors_source(gate->doors, door), gate->door_list[door].last_person, state);
}

int gate_connect_doors(struct gate *gate)
{
	static const struct doors_ops ops = {
		.reader_line = on_reader_line, .board_changed = on_board_changed, .passage = on_passage};
	const struct doors_deps deps = {.config = gate->config,
					.event = gate->event,
					.journal = gate->journal,
					.timers = gate->timers,
					.rules = gate->directory.rules};
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
