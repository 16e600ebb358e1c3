/*
 * Opening hours: a door that stands unlocked by a schedule, from its beginning or from the first
 * person who came in.
 *
 * They act at their beginning and end alone. Between these a person's order holds, and whatever
 * stands unlocked at the end is locked. A door that something stronger holds (lockdown, evacuation,
 * fire, Blocked) is left alone.
 */
#include "controlled_door.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { TICK_US = 1000000 };

static const json_t *opening_of(const struct doors *doors, const struct controlled_door *door)
{
	return access_rules_get(doors->deps.rules, "opening", door->config->name);
}

static void turn(struct doors *doors, struct controlled_door *door, enum door_event event,
		 const char *person)
{
	const json_t *opening = opening_of(doors, door);
	const char *schedule = json_string_value(json_object_get(opening, "schedule"));
	json_t *data;

	if (controlled_door_apply(doors, door, event, clock_mono_ms(), NULL) < 0)
		return; /* fire, or the relay's fault: told there */
	data = controlled_door_json(door);
	json_object_set_new(data, "schedule", json_string(schedule != NULL ? schedule : ""));
	journal_record(doors->deps.journal, "door.scheduled", EVENT_INFO, door->source, person,
		       data);
}

static enum door_mode mode_of(const struct controlled_door *door)
{
	return door_remember(&door->machine).mode;
}

static void in_hours(struct doors *doors, struct controlled_door *door, const json_t *opening)
{
	const char *name = door->config->name;

	if (!door->in_hours) {
		bool resumed = door_state_file_in_hours(
			doors->state_file, name); /* a restart within them begins nothing */

		door->in_hours = true;
		door->awaits_first =
			!resumed && json_is_true(json_object_get(opening, "first_person"));
		if (!resumed && !door->awaits_first && mode_of(door) == DOOR_MODE_LOCKED)
			turn(doors, door, DOOR_EVENT_UNLOCK, NULL);
	}
	if (mode_of(door) == DOOR_MODE_UNLOCKED)
		door_state_file_set_in_hours(doors->state_file, name, true);
}

static void out_of_hours(struct doors *doors, struct controlled_door *door)
{
	const char *name = door->config->name;

	door->in_hours = door->awaits_first = false;
	if (!door_state_file_in_hours(doors->state_file, name))
		return;
	if (mode_of(door) == DOOR_MODE_UNLOCKED)
		turn(doors, door, DOOR_EVENT_LOCK, NULL);
	door_state_file_set_in_hours(doors->state_file, name, false);
}

void doors_update_hours(struct doors *doors)
{
	int64_t now = clock_unix_ms();

	for (size_t i = 0; i < doors->count; i++) {
		struct controlled_door *door = &doors->list[i];
		const json_t *opening = opening_of(doors, door);
		const char *schedule = json_string_value(json_object_get(opening, "schedule"));

		/* a clock that was never set opens nothing */
		if (schedule != NULL &&
		    access_rules_schedule_is_open(doors->deps.rules, schedule, now) == 1)
			in_hours(doors, door, opening);
		else
			out_of_hours(doors, door);
	}
}

static int on_tick(sd_event_source *source, uint64_t usec, void *arg)
{
	doors_update_hours(arg);
	(void)sd_event_source_set_time(source, usec + TICK_US);
	return 0;
}

void doors_first_person(struct doors *doors, unsigned place, const char *person)
{
	struct controlled_door *door = &doors->list[place];

	assert(place < doors->count);
	if (!door->awaits_first)
		return;
	door->awaits_first = false;
	if (mode_of(door) == DOOR_MODE_LOCKED)
		turn(doors, door, DOOR_EVENT_UNLOCK, person);
}

int doors_start_hours(struct doors *doors)
{
	int r;

	doors_update_hours(doors);
	r = sd_event_add_time(doors->deps.event, &doors->hours_source, CLOCK_MONOTONIC,
			      clock_mono_us() + TICK_US, 0, on_tick, doors);
	if (r >= 0)
		r = sd_event_source_set_enabled(doors->hours_source, SD_EVENT_ON);
	if (r < 0)
		log_error("doors", "opening hours begin and end no more: %s", strerror(-r));
	return r;
}

void doors_hours_close(struct doors *doors)
{
	doors->hours_source = sd_event_source_disable_unref(doors->hours_source);
}
