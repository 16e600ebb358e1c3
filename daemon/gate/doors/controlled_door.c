/* One door: the machine's decision goes to the relay first, then to the log and the observers. */
#include "controlled_door.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

bool controlled_door_energised(const struct config_door *config, bool released)
{
	return config->fail_safe ? !released : released;
}

enum door_event controlled_door_contact_event(enum board_level level)
{
	/* active means open: the contact is wired so that a cut wire reads as an open leaf */
	return level == BOARD_INACTIVE ? DOOR_EVENT_CONTACT_CLOSED
	       : level == BOARD_ACTIVE ? DOOR_EVENT_CONTACT_OPEN
				       : DOOR_EVENT_CONTACT_UNKNOWN;
}

/* ---- state and notices ---- */

json_t *controlled_door_json(const struct controlled_door *door)
{
	const struct door *m = &door->machine;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "name", door->config->name,
			 "mode", door_mode_name(door_mode(m)), "physical",
			 door_physical_name(door_physical(m)), "lock",
			 door->fault ? "Fault" : door_lock_name(door_lock(m)), "alarm",
			 door_alarm_name(door_alarm(m)), "fault",
			 door->fault ? "FaultDetected" : "NotInFault", "has_contact",
			 door->contact_line >= 0, "tamper",
			 door->tamper_line < 0            ? "Unknown"
			 : door->tamper == BOARD_ACTIVE   ? "TamperDetected"
			 : door->tamper == BOARD_INACTIVE ? "NotInTamper"
							  : "Unknown");
}

/* The state with the latency of an exit: from the kernel's timestamp of the edge to the relay. */
static json_t *exit_state(const struct controlled_door *door, uint64_t relay_mono_us)
{
	json_t *state = controlled_door_json(door);

	json_object_set_new(state, "edge_to_relay_ms",
			    json_real((double)(relay_mono_us - door->exit_mono_us) / 1000.0));
	return state;
}

static void record_notices(struct doors *doors, struct controlled_door *door, uint32_t notices,
			   uint64_t relay_mono_us)
{
	static const struct {
		uint32_t bit;
		const char *type;
		enum event_severity severity;
	} table[] = {
		{DOOR_NOTICE_EXIT_USED, "door.exit", EVENT_INFO},
		{DOOR_NOTICE_FORCED, "door.forced", EVENT_ALARM},
		{DOOR_NOTICE_FORCED_CLEARED, "door.forced_cleared", EVENT_INFO},
		{DOOR_NOTICE_HELD_WARNING, "door.held_warning", EVENT_WARNING},
		{DOOR_NOTICE_HELD_OPEN, "door.held_open", EVENT_ALARM},
		{DOOR_NOTICE_HELD_OPEN_CLEARED, "door.held_open_cleared", EVENT_INFO},
		{DOOR_NOTICE_MODE, "door.mode", EVENT_INFO},
		{DOOR_NOTICE_PHYSICAL, "door.physical", EVENT_INFO},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (notices & table[i].bit)
			journal_record(doors->deps.journal, table[i].type, table[i].severity,
				       door->source, NULL,
				       table[i].bit == DOOR_NOTICE_EXIT_USED
					       ? exit_state(door, relay_mono_us)
					       : controlled_door_json(door));
}

/* Report the passage to the observer, which knows the persons who were granted the door. */
static void report_passage(struct doors *doors, struct controlled_door *door, uint32_t notices)
{
	static const struct {
		uint32_t bit;
		enum door_passage passage;
	} table[] = {
		{DOOR_NOTICE_ACCESS_TAKEN, DOOR_PASSAGE_TAKEN},
		{DOOR_NOTICE_ACCESS_NOT_TAKEN, DOOR_PASSAGE_NOT_TAKEN},
		{DOOR_NOTICE_TAILGATING, DOOR_PASSAGE_TAILGATING},
	};
	unsigned index = (unsigned)(door - doors->list);

	assert(index < doors->count);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (notices & table[i].bit)
			doors->ops->passage(doors->arg, index, table[i].passage,
					    controlled_door_json(door));
	if (notices & (DOOR_NOTICE_ACCESS_TAKEN | DOOR_NOTICE_ACCESS_NOT_TAKEN))
		door->passage_pending = false;
	if (door->passage_pending && door_mode(&door->machine) != DOOR_MODE_ACCESSED) {
		door->passage_pending = false;
		doors->ops->passage(doors->arg, index, DOOR_PASSAGE_UNKNOWN,
				    controlled_door_json(door));
	}
}

static int drive_relay(struct doors *doors, struct controlled_door *door, bool released)
{
	bool energised = controlled_door_energised(door->config, released);
	int r;

	if (energised == door->energised && !door->fault)
		return 0;
	r = board_set(doors->board, door->lock_line, energised);
	if (r < 0 && !door->fault) {
		door->fault = true;
		log_error("doors", "%s: the relay %s cannot be switched: %s", door->config->name,
			  door->config->lock, strerror(-r));
		journal_record(doors->deps.journal, "door.fault", EVENT_ALARM, door->source, NULL,
			       json_pack("{s:s, s:s}", "line", door->config->lock, "reason",
					 strerror(-r)));
	} else if (r == 0) {
		door->fault = false;
		door->energised = energised;
	}
	return r < 0 ? -EIO : 0;
}

/* Drive the second bolt as the mode demands. @return 0, or a negative errno from the board. */
static int drive_bolt(struct doors *doors, struct controlled_door *door)
{
	bool thrown = door_mode(&door->machine) == DOOR_MODE_DOUBLE_LOCKED;

	if (door->bolt_line < 0 ||
	    (board_get(doors->board, (unsigned)door->bolt_line) == BOARD_ACTIVE) == thrown)
		return 0;
	return board_set(doors->board, (unsigned)door->bolt_line, thrown);
}

/*
 * Step the machine and switch relay and bolt. @return as door_step(), or -EIO; @p ret_effects must
 * still be recorded.
 */
static int step(struct doors *doors, struct controlled_door *door, enum door_event event,
		uint64_t now_ms, struct door_effects *ret_effects, uint64_t *ret_relay_mono_us)
{
	int r = door_step(&door->machine, event, now_ms, ret_effects);
	int bolt = drive_bolt(doors, door); /* before the lock, which the bolt would block */
	int relay = drive_relay(doors, door, ret_effects->released);
	struct door_memory memory = door_remember(&door->machine);

	*ret_relay_mono_us = clock_mono_us();
	door_state_file_put(doors->state_file, door->config->name, &memory);
	relay = relay < 0 ? relay : bolt;
	return r < 0 ? r : relay;
}

/* Runs after the relay was switched: a lock never waits for the log. */
static void report(struct doors *doors, struct controlled_door *door,
		   const struct door_effects *effects, int r, uint64_t relay_mono_us)
{
	doors_sounds_notice(doors, door, effects->notices);
	record_notices(doors, door, effects->notices, relay_mono_us);
	if (effects->notices != 0 || r == -EIO)
		journal_publish(doors->deps.journal, "door", door->config->name,
				controlled_door_json(door));
	timers_update(doors->deps.timers);
}

int controlled_door_apply(struct doors *doors, struct controlled_door *door, enum door_event event,
			  uint64_t now_ms, uint64_t *ret_relay_mono_us)
{
	struct door_effects effects;
	uint64_t relay_mono_us;
	int r = step(doors, door, event, now_ms, &effects, &relay_mono_us);

	if (ret_relay_mono_us != NULL)
		*ret_relay_mono_us = relay_mono_us;
	report_passage(doors, door, effects.notices);
	report(doors, door, &effects, r, relay_mono_us);
	return r;
}

json_t *doors_json(const struct doors *doors)
{
	json_t *list = json_array();

	for (size_t i = 0; i < doors->count; i++)
		json_array_append_new(list, controlled_door_json(&doors->list[i]));
	return list;
}

int doors_interlock(const struct doors *doors, unsigned index)
{
	const struct controlled_door *door = &doors->list[index];

	assert(index < doors->count);
	for (size_t i = 0; i < doors->count; i++) {
		const struct controlled_door *other = &doors->list[i];

		if (other == door || door->config->interlock[0] == '\0' ||
		    strcmp(other->config->interlock, door->config->interlock) != 0)
			continue;
		/* an unknown contact counts as open */
		if (door_physical(&other->machine) != DOOR_PHYSICAL_CLOSED ||
		    door_released(&other->machine))
			return (int)i;
	}
	return -1;
}

int doors_release(struct doors *doors, unsigned index, bool extended, uint64_t *ret_relay_us,
		  enum door_release *ret_release)
{
	struct controlled_door *door = &doors->list[index];
	struct door_effects effects;
	bool was_pending;
	int r;

	assert_thread(THREAD_CONTROL);
	assert(index < doors->count);
	was_pending = door->passage_pending;
	if (doors_interlock(doors, index) >= 0)
		return -EBUSY;
	r = step(doors, door, extended ? DOOR_EVENT_ACCESS_EXTENDED : DOOR_EVENT_ACCESS,
		 clock_mono_ms(), &effects, ret_relay_us);
	/* a release that expired in this step was an earlier person's */
	report_passage(doors, door, effects.notices & ~(uint32_t)DOOR_NOTICE_ACCESS_TAKEN);
	if (r == 0 && (effects.notices & DOOR_NOTICE_ACCESS_TAKEN) != 0)
		*ret_release = DOOR_RELEASE_TAKEN;
	else if (r == 0)
		*ret_release =
			door_mode(&door->machine) == DOOR_MODE_ACCESSED &&
					door_physical(&door->machine) != DOOR_PHYSICAL_UNKNOWN
				? DOOR_RELEASE_WAITS
				: DOOR_RELEASE_NOT_KNOWN;
	if (r == 0)
		door->passage_pending = *ret_release == DOOR_RELEASE_WAITS;
	/* the passage of the person before is then unknown too */
	if (was_pending && r == 0 && *ret_release == DOOR_RELEASE_NOT_KNOWN)
		doors->ops->passage(doors->arg, index, DOOR_PASSAGE_UNKNOWN,
				    controlled_door_json(door));
	report(doors, door, &effects, r, *ret_relay_us);
	return r;
}

/* ---- open and close ---- */

/* The times of people with "extended" in their record: thrice the usual, at most an hour. */
static uint32_t extended(uint32_t usual_ms)
{
	enum { FACTOR = 3, MOST_MS = 3600000 };

	return usual_ms < MOST_MS / FACTOR ? FACTOR * usual_ms : MOST_MS;
}

void controlled_door_open(struct doors *doors, const struct config_door *config, uint64_t now_ms)
{
	const struct door_memory memory = door_state_file_find(doors->state_file, config->name);
	const struct door_config times = {.kind = (enum door_kind)config->kind,
					  .release_ms = config->release_ms,
					  .held_open_ms = config->held_open_ms,
					  .pre_alarm_ms = config->pre_alarm_ms,
					  .relock_delay_ms = config->relock_delay_ms,
					  .extended_release_ms = extended(config->release_ms),
					  .extended_open_ms = extended(config->held_open_ms)};
	struct controlled_door *door = &doors->list[doors->count++];
	struct door_effects effects;

	assert(doors->count <= CONFIG_DOORS_MAX);
	door->config = config;
	snprintf(door->source, sizeof(door->source), "door/%s", config->name);
	door->lock_line = (unsigned)doors_line(doors, config->lock);
	door->contact_line = doors_line(doors, config->contact);
	door->exit_line = doors_line(doors, config->exit_button);
	door->bolt_line = doors_line(doors, config->double_lock);
	door->light_line = doors_line(doors, config->light);
	door->buzzer_line = doors_line(doors, config->buzzer);
	door->tamper_line = doors_line(doors, config->tamper);
	door_init_from(&door->machine, &times, &memory, now_ms);
	door->energised = controlled_door_energised(config, door_released(&door->machine));
	doors->fire |= memory.fire;
	if (door->contact_line >= 0) /* the first reading is no change and is not recorded */
		(void)door_step(&door->machine,
				controlled_door_contact_event(
					board_get(doors->board, (unsigned)door->contact_line)),
				now_ms, &effects);
}

void controlled_door_end_release(struct doors *doors, struct controlled_door *door)
{
	struct door_memory memory = door_remember(&door->machine);
	bool released = memory.fire || memory.mode == DOOR_MODE_UNLOCKED ||
			memory.mode == DOOR_MODE_LOCKED_OPEN;

	(void)drive_relay(doors, door, released); /* it records a fault itself */
}
