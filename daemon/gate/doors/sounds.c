/* Buzzers, lights and the siren: they follow the doors, fire and tamper, and keep quiet when the site wants that. */
#include "gate/gate_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "access/schedule.h"

struct gate_sounds {
	struct schedule quiet;
	int siren_line;
	bool siren;
	uint64_t siren_until_ms;
};

bool gate_sounds_quiet(const struct gate *gate)
{
	struct schedule_time local;

	return gate->sounds->quiet.span_count > 0 && schedule_local(clock_unix_ms(), &local) == 0 &&
	       schedule_is_open(&gate->sounds->quiet, NULL, local);
}

/* A relay of a buzzer that does not follow is logged once and harms nobody. */
static void drive(struct gate *gate, int line, bool on)
{
	enum board_level level;

	if (line < 0)
		return;
	level = board_get(gate->board, (unsigned)line);
	if (level == (on ? BOARD_ACTIVE : BOARD_INACTIVE))
		return;
	if (board_set(gate->board, (unsigned)line, on) < 0 && level != BOARD_UNKNOWN)
		log_error("doors", "the output %s does not follow", gate->lines[line].name);
}

static uint64_t sound_door(struct gate *gate, struct gate_door *door, bool quiet, uint64_t now_ms)
{
	struct sounder_level buzzer = sounder_buzzer(door->sound, quiet, door->sound_since_ms, now_ms);
	struct sounder_level light =
		sounder_light(door->sound, door_released(&door->machine), door->sound_since_ms, now_ms);

	drive(gate, door->buzzer_line, buzzer.on);
	drive(gate, door->light_line, light.on);
	if (door->buzzer_line < 0)
		buzzer.due_ms = UINT64_MAX;
	if (door->light_line < 0)
		light.due_ms = UINT64_MAX;
	return buzzer.due_ms < light.due_ms ? buzzer.due_ms : light.due_ms;
}

static enum sounder_cause cause_of(const struct gate_door *door, uint32_t notices)
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
	/* a warning lasts until the leaf closes or the alarm comes */
	if (door->sound == SOUNDER_HELD_WARNING && door_physical(&door->machine) == DOOR_PHYSICAL_OPEN)
		return SOUNDER_HELD_WARNING;
	return door->sound == SOUNDER_GRANT ? SOUNDER_GRANT : SOUNDER_NONE;
}

/* What calls for the siren now; fire beyond siren_s. */
static bool siren_wanted(const struct gate *gate, uint64_t now_ms)
{
	bool alarm =
		gate->tamper_line >= 0 && board_get(gate->board, (unsigned)gate->tamper_line) == BOARD_ACTIVE;

	if (gate->fire)
		return true;
	for (size_t i = 0; i < gate->door_count; i++)
		alarm |= door_alarm(&gate->doors[i].machine) == DOOR_ALARM_FORCED_OPEN ||
			 gate->doors[i].tamper == BOARD_ACTIVE;
	return alarm && now_ms < gate->sounds->siren_until_ms;
}

void gate_sounds_siren(struct gate *gate, uint64_t now_ms)
{
	gate->sounds->siren_until_ms = now_ms + (uint64_t)gate->config->sounds.siren_s * 1000;
	gate_sounds_tick(gate, now_ms);
	timers_update(gate->timers);
}

void gate_sounds_door(struct gate *gate, struct gate_door *door, uint32_t notices)
{
	enum sounder_cause cause = cause_of(door, notices);
	uint64_t now_ms = clock_mono_ms();

	if (cause != door->sound || (notices & DOOR_NOTICE_MODE) != 0) {
		door->sound = cause;
		door->sound_since_ms = now_ms;
	}
	if ((notices & DOOR_NOTICE_FORCED) != 0)
		gate_sounds_siren(gate, now_ms);
	else
		gate_sounds_tick(gate, now_ms);
}

void gate_sounds_tick(struct gate *gate, uint64_t now_ms)
{
	bool quiet = gate_sounds_quiet(gate), siren = siren_wanted(gate, now_ms);

	gate->sounds_due_ms = siren && !gate->fire ? gate->sounds->siren_until_ms : UINT64_MAX;
	drive(gate, gate->sounds->siren_line, siren);
	for (size_t i = 0; i < gate->door_count; i++) {
		uint64_t due_ms = sound_door(gate, &gate->doors[i], quiet, now_ms);

		if (due_ms < gate->sounds_due_ms)
			gate->sounds_due_ms = due_ms;
	}
}

static uint64_t sounds_due_ms(const void *arg)
{
	const struct gate *gate = arg;

	return gate->sounds_due_ms;
}

static void tick_sounds(void *arg, uint64_t now_ms)
{
	gate_sounds_tick(arg, now_ms);
}

int gate_sounds_open(struct gate *gate)
{
	const struct config_sounds *config = &gate->config->sounds;
	char error[SCHEDULE_ERROR_BYTES];

	gate->sounds = calloc(1, sizeof(*gate->sounds));
	if (gate->sounds == NULL)
		return -ENOMEM;
	gate->sounds->siren_line = gate_line_find(gate, config->siren);
	for (size_t i = 0; i < config->quiet_count; i++) /* the config was checked: each can be read */
		(void)schedule_parse_span(config->quiet[i], &gate->sounds->quiet.spans[i], error);
	gate->sounds->quiet.span_count = config->quiet_count;
	gate_sounds_tick(gate, clock_mono_ms());
	timers_add(gate->timers, sounds_due_ms, tick_sounds, gate);
	return 0;
}

void gate_sounds_close(struct gate *gate)
{
	if (gate->sounds == NULL)
		return;
	drive(gate, gate->sounds->siren_line, false);
	for (size_t i = 0; i < gate->door_count; i++) {
		drive(gate, gate->doors[i].buzzer_line, false);
		drive(gate, gate->doors[i].light_line, false);
	}
	free(gate->sounds);
	gate->sounds = NULL;
}
