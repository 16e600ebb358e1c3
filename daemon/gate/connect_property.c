/* Connects the property system: its commands, and the cameras in its health message. */
#include "commands.h"

static json_t *cameras(void *arg)
{
	struct gate *gate = arg;

	return gate->cameras != NULL ? cameras_json(gate->cameras, false) : json_array();
}

int gate_connect_property(struct gate *gate)
{
	static const struct property_command commands[] = {
		{"door.open", command_door_open_check, command_door_open_run, true},
		{"door.mode", command_door_mode_check, command_door_mode_run, false},
		{"roster.apply", command_roster_apply_check, command_roster_apply_run, false},
		{"roster.snapshot", command_roster_snapshot_check, command_roster_snapshot_run,
		 false},
		{"enrol", command_enrol_check, command_enrol_run, false},
	};
	const struct property_deps deps = {.config = gate->config,
					   .event = gate->event,
					   .journal = gate->journal,
					   .directory = people_directory(gate->people),
					   .started_us = gate->started_us,
					   .commands = commands,
					   .command_count = sizeof(commands) / sizeof(commands[0]),
					   .cameras = cameras,
					   .arg = gate};
	int r = property_open(&deps, &gate->property);

	doors_publish(gate->doors);
	return r;
}
