/*
 * Buzzers, lights and the siren: driven by the doors, fire and tamper. In quiet hours only a forced
 * door and fire sound.
 */
#include "controlled_door.h"

#include "base/clock.h"
#include "base/log.h"

bool doors_quiet(const struct doors *doors)
{
	struct schedule_time local;

	return doors->sounds.quiet.span_count > 0 && schedule_local(clock_unix_ms(), &local) == 0 &&
	       schedule_is_open(&doors->sounds.quiet, NULL, local);
}

/* A failure is logged once; it is no alarm. */
static void drive(struct doors *doors, int line, bool on)
{
	enum board_level level;

	if (line < 0)
		return;
	level = board_get(doors->board, (unsigned)line);
	if (level == (on ? BOARD_ACTIVE : BOARD_INACTIVE))
		return;
	if (board_set(doors->board, (unsigned)line, on) < 0 && level != BOARD_UNKNOWN)
		log_error("doors", "the output %s cannot be switched", doors->lines[line].name);
}

/* @return when buzzer or light of the door change next, in milliseconds; UINT64_MAX: never */
static uint64_t drive_door(struct doors *doors, struct controlled_door *door, bool quiet,
			   uint64_t now_ms)
{
	struct sounder_level buzzer =
		sounder_buzzer(door->sound, quiet, door->sound_since_ms, now_ms);
	struct sounder_level light = sounder_light(door->sound, door_released(&door->machine),
						   door->sound_since_ms, now_ms);

	drive(doors, door->buzzer_line, buzzer.on);
	drive(doors, door->light_line, light.on);
	if (door->buzzer_line < 0)
		buzzer.due_ms = UINT64_MAX;
	if (door->light_line < 0)
		light.due_ms = UINT64_MAX;
	return buzzer.due_ms < light.due_ms ? buzzer.due_ms : light.due_ms;
}

static enum sounder_cause cause_of(const struct controlled_door *door, uint32_t notices)
{
	switch (door_alarm(&door->machine)) {
	case DOOR_ALARM_FORCED_OPEN:
		return SOUNDER_FORCED;
	case DOOR_ALARM_OPEN_TOO_LONG:
		return SOUNDER_HELD_OPEN;
	case DOOR_ALARM_NORMAL:
		break;
	}
	if ((notices & DOOR_NOTICE_HELD_WARNING) != 0)
		return SOUNDER_HELD_WARNING;
	if ((notices & DOOR_NOTICE_MODE) != 0 && door_mode(&door->machine) == DOOR_MODE_ACCESSED)
		return SOUNDER_GRANT;
	/* a warning lasts until the leaf closes or the alarm begins */
	if (door->sound == SOUNDER_HELD_WARNING &&
	    door_physical(&door->machine) == DOOR_PHYSICAL_OPEN)
		return SOUNDER_HELD_WARNING;
	return door->sound == SOUNDER_GRANT ? SOUNDER_GRANT : SOUNDER_NONE;
}

/* Whether the siren must sound: a forced door or tampering for siren_s, fire without a limit. */
static bool siren_is_due(const struct doors *doors, uint64_t now_ms)
{
	bool alarm = doors->tamper_line >= 0 &&
		     board_get(doors->board, (unsigned)doors->tamper_line) == BOARD_ACTIVE;

	if (doors->fire)
		return true;
	for (size_t i = 0; i < doors->count; i++)
		alarm |= door_alarm(&doors->list[i].machine) == DOOR_ALARM_FORCED_OPEN ||
			 doors->list[i].tamper == BOARD_ACTIVE;
	return alarm && now_ms < doors->sounds.siren_until_ms;
}

void doors_sounds_siren(struct doors *doors, uint64_t now_ms)
{
	doors->sounds.siren_until_ms = now_ms + (uint64_t)doors->deps.config->sounds.siren_s * 1000;
	doors_sounds_update(doors, now_ms);
	timers_update(doors->deps.timers);
}

void doors_sounds_notice(struct doors *doors, struct controlled_door *door, uint32_t notices)
{
	enum sounder_cause cause = cause_of(door, notices);
	uint64_t now_ms = clock_mono_ms();

	if (cause != door->sound || (notices & DOOR_NOTICE_MODE) != 0) {
		door->sound = cause;
		door->sound_since_ms = now_ms;
	}
	if ((notices & DOOR_NOTICE_FORCED) != 0)
		doors_sounds_siren(doors, now_ms);
	else
		doors_sounds_update(doors, now_ms);
}

void doors_sounds_update(struct doors *doors, uint64_t now_ms)
{
	bool quiet = doors_quiet(doors), siren = siren_is_due(doors, now_ms);

	doors->sounds.due_ms = siren && !doors->fire ? doors->sounds.siren_until_ms : UINT64_MAX;
	drive(doors, doors->sounds.line, siren);
	for (size_t i = 0; i < doors->count; i++) {
		uint64_t due_ms = drive_door(doors, &doors->list[i], quiet, now_ms);

		if (due_ms < doors->sounds.due_ms)
			doors->sounds.due_ms = due_ms;
	}
}

static uint64_t sounds_due_ms(const void *arg)
{
	const struct doors *doors = arg;

	return doors->sounds.due_ms;
}

static void tick_sounds(void *arg, uint64_t now_ms)
{
	doors_sounds_update(arg, now_ms);
}

void doors_sounds_open(struct doors *doors)
{
	const struct config_sounds *config = &doors->deps.config->sounds;
	struct problem problem;

	doors->sounds.line = doors_line(doors, config->siren);
	for (size_t i = 0; i < config->quiet_count;
	     i++) /* the config was validated: each span is valid */
		(void)schedule_parse_span(config->quiet[i], &doors->sounds.quiet.spans[i],
					  &problem);
	doors->sounds.quiet.span_count = config->quiet_count;
	doors_sounds_update(doors, clock_mono_ms());
	timers_add(doors->deps.timers, sounds_due_ms, tick_sounds, doors);
}

void doors_sounds_close(struct doors *doors)
{
	drive(doors, doors->sounds.line, false);
	for (size_t i = 0; i < doors->count; i++) {
		drive(doors, doors->list[i].buzzer_line, false);
		drive(doors, doors->list[i].light_line, false);
	}
}
