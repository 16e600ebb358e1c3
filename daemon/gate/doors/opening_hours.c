/*
 * Opening hours: a door that stands unlocked by a schedule, from its beginning or from the first person who came in.
 *
 * They act at their beginning and end alone. Between these a person's order holds, and whatever stands unlocked at the
 * end is locked. A door that something stronger holds (lockdown, evacuation, fire, Blocked) is left alone.
 */
#include "gate/entry/gate_access.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { TICK_US = 1000000 };

static const json_t *opening_of(const struct gate *gate, const struct gate_door *door)
{
	return access_rules_get(gate->directory.rules, "opening", door->config->name);
}

static void turn(struct gate *gate, struct gate_door *door, enum door_event event, const char *person)
{
	const json_t *opening = opening_of(gate, door);
	const char *schedule = json_string_value(json_object_get(opening, "schedule"));
	json_t *data;

	if (gate_door_apply(gate, door, event, clock_mono_ms(), NULL) < 0)
		return; /* fire, or the relay's fault: told there */
	data = gate_door_state(door);
	json_object_set_new(data, "schedule", json_string(schedule != NULL ? schedule : ""));
	journal_record(gate->journal, "door.scheduled", EVENT_INFO, door->source, person, data);
}

static enum door_mode mode_of(const struct gate_door *door)
{
	return door_remember(&door->machine).mode;
}

static void in_hours(struct gate *gate, struct gate_door *door, const json_t *opening)
{
	const char *name = door->config->name;

	if (!door->in_hours) {
		bool resumed = door_state_file_in_hours(gate->door_state_file,
							name); /* a restart within them begins nothing */

		door->in_hours = true;
		door->awaits_first = !resumed && json_is_true(json_object_get(opening, "first_person"));
		if (!resumed && !door->awaits_first && mode_of(door) == DOOR_MODE_LOCKED)
			turn(gate, door, DOOR_EVENT_UNLOCK, NULL);
	}
	if (mode_of(door) == DOOR_MODE_UNLOCKED)
		door_state_file_set_in_hours(gate->door_state_file, name, true);
}

static void out_of_hours(struct gate *gate, struct gate_door *door)
{
	const char *name = door->config->name;

	door->in_hours = door->awaits_first = false;
	if (!door_state_file_in_hours(gate->door_state_file, name))
		return;
	if (mode_of(door) == DOOR_MODE_UNLOCKED)
		turn(gate, door, DOOR_EVENT_LOCK, NULL);
	door_state_file_set_in_hours(gate->door_state_file, name, false);
}

void gate_openings_look(struct gate *gate)
{
	int64_t now = clock_unix_ms();

	for (size_t i = 0; i < gate->door_count; i++) {
		struct gate_door *door = &gate->doors[i];
		const json_t *opening = opening_of(gate, door);
		const char *schedule = json_string_value(json_object_get(opening, "schedule"));

		/* a clock that was never set opens nothing */
		if (schedule != NULL && gate_schedule_is_open(gate, schedule, now) == 1)
			in_hours(gate, door, opening);
		else
			out_of_hours(gate, door);
	}
}

static int on_tick(sd_event_source *source, uint64_t usec, void *arg)
{
	gate_openings_look(arg);
	(void)sd_event_source_set_time(source, usec + TICK_US);
	return 0;
}

void gate_openings_admitted(struct gate *gate, struct gate_door *door, const char *person)
{
	if (!door->awaits_first)
		return;
	door->awaits_first = false;
	if (mode_of(door) == DOOR_MODE_LOCKED)
		turn(gate, door, DOOR_EVENT_UNLOCK, person);
}

int gate_openings_start(struct gate *gate)
{
	int r;

	gate_openings_look(gate);
	r = sd_event_add_time(gate->event, &gate->openings_source, CLOCK_MONOTONIC, clock_mono_us() + TICK_US,
			      0, on_tick, gate);
	if (r >= 0)
		r = sd_event_source_set_enabled(gate->openings_source, SD_EVENT_ON);
	if (r < 0)
		log_error("doors", "opening hours begin and end no more: %s", strerror(-r));
	return r;
}

void gate_openings_close(struct gate *gate)
{
	gate->openings_source = sd_event_source_disable_unref(gate->openings_source);
}
