/*
 * Opening hours: a schedule unlocks a door, from its beginning or from the first person who enters.
 *
 * They act only when they begin and end. In between an operator's order holds. At the end the door
 * is locked if it is in mode Unlocked. Lockdown, evacuation, fire and Blocked have priority: such a
 * door is not changed.
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

/* Lock or unlock the door, and record that the schedule did it. */
static void apply_scheduled(struct doors *doors, struct controlled_door *door,
			    enum door_event event, const char *person)
{
	const json_t *opening = opening_of(doors, door);
	const char *schedule = json_string_value(json_object_get(opening, "schedule"));
	json_t *data;

	if (controlled_door_apply(doors, door, event, clock_mono_ms(), NULL) < 0)
		return; /* refused because of fire, or a relay fault, which was recorded */
	data = controlled_door_json(door);
	json_object_set_new(data, "schedule", json_string(schedule != NULL ? schedule : ""));
	journal_record(doors->deps.journal, "door.scheduled", EVENT_INFO, door->source, person,
		       data);
}

static enum door_mode mode_of(const struct controlled_door *door)
{
	return door_remember(&door->machine).mode;
}

static void apply_open(struct doors *doors, struct controlled_door *door, const json_t *opening)
{
	const char *name = door->config->name;

	if (!door->in_hours) {
		bool resumed = door_state_file_in_hours(
			doors->state_file, name); /* a restart within the hours is no beginning */

		door->in_hours = true;
		door->awaits_first =
			!resumed && json_is_true(json_object_get(opening, "first_person"));
		if (!resumed && !door->awaits_first && mode_of(door) == DOOR_MODE_LOCKED)
			apply_scheduled(doors, door, DOOR_EVENT_UNLOCK, NULL);
	}
	if (mode_of(door) == DOOR_MODE_UNLOCKED)
		door_state_file_set_in_hours(doors->state_file, name, true);
}

static void apply_closed(struct doors *doors, struct controlled_door *door)
{
	const char *name = door->config->name;

	door->in_hours = door->awaits_first = false;
	if (!door_state_file_in_hours(doors->state_file, name))
		return;
	if (mode_of(door) == DOOR_MODE_UNLOCKED)
		apply_scheduled(doors, door, DOOR_EVENT_LOCK, NULL);
	door_state_file_set_in_hours(doors->state_file, name, false);
}

void doors_update_hours(struct doors *doors)
{
	int64_t now = clock_unix_ms();

	assert_thread(THREAD_CONTROL);
	for (size_t i = 0; i < doors->count; i++) {
		struct controlled_door *door = &doors->list[i];
		const json_t *opening = opening_of(doors, door);
		const char *schedule = json_string_value(json_object_get(opening, "schedule"));

		/* while the clock is not set no schedule is open */
		if (schedule != NULL &&
		    access_rules_schedule_is_open(doors->deps.rules, schedule, now) == 1)
			apply_open(doors, door, opening);
		else
			apply_closed(doors, door);
	}
}

static int on_tick(sd_event_source *source, uint64_t usec, void *arg)
{
	doors_update_hours(arg);
	(void)sd_event_source_set_time(source, usec + TICK_US);
	return 0;
}

void doors_person_admitted(struct doors *doors, unsigned index, const char *person)
{
	struct controlled_door *door = &doors->list[index];

	assert_thread(THREAD_CONTROL);
	assert(index < doors->count);
	if (!door->awaits_first)
		return;
	door->awaits_first = false;
	if (mode_of(door) == DOOR_MODE_LOCKED)
		apply_scheduled(doors, door, DOOR_EVENT_UNLOCK, person);
}

int doors_start_hours(struct doors *doors)
{
	int r;

	assert(doors->hours_source == NULL);
	doors_update_hours(doors);
	r = sd_event_add_time(doors->deps.event, &doors->hours_source, CLOCK_MONOTONIC,
			      clock_mono_us() + TICK_US, 0, on_tick, doors);
	if (r >= 0)
		r = sd_event_source_set_enabled(doors->hours_source, SD_EVENT_ON);
	if (r < 0)
		log_error("doors", "opening hours have no effect: %s", strerror(-r));
	return r;
}

void doors_hours_close(struct doors *doors)
{
	doors->hours_source = sd_event_source_disable_unref(doors->hours_source);
}
