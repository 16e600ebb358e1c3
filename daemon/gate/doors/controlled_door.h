/*
 * controlled_door.h - what the files of this part share. Control thread only.
 *
 *   sounds.c           buzzers, lights and the siren
 *   controlled_door.c  one door: machine, relay, log, published state
 *   inputs.c           contacts, exit buttons, fire, tamper
 *   modes.c            modes by order
 *   opening_hours.c    doors that stand unlocked by a schedule
 *   door_watchdog.c    the watchdogs that the doors' turns feed
 *   board_lines.c      the board as the API shows and drives it
 *   doors.c            opens and closes all of it
 */
#ifndef GH_GATE_DOORS_CONTROLLED_DOOR_H
#define GH_GATE_DOORS_CONTROLLED_DOOR_H

#include "doors.h"

#include <assert.h>

#include "access/schedule.h"
#include "config/door_state_file.h"
#include "hw/board/watchdog.h"
#include "hw/door/sounder.h"

struct controlled_door {
	const struct config_door *config;
	struct door machine;
	char source[EVENT_SOURCE_BYTES]; /* "door/NAME" */
	unsigned lock_line;
	int contact_line, exit_line, tamper_line; /* -1: none */
	int bolt_line, light_line, buzzer_line;   /* -1: none */
	enum board_level tamper;
	enum sounder_cause sound;
	uint64_t sound_since_ms;
	bool energised, fault; /* fault: the relay did not follow its last order */
	bool waits; /* a grant's release is in force, and it is not known who went through */
	uint64_t exit_mono_us; /* the last edge of its exit button */
	bool in_hours,
		awaits_first; /* its opening hours: have begun, and wait for the first person */
};

struct doors {
	struct doors_deps deps;
	const struct doors_ops *ops;
	void *arg;
	struct board *board;
	struct board_line_config lines[2 * CONFIG_LINES_MAX];
	size_t line_count;
	struct controlled_door list[CONFIG_DOORS_MAX];
	size_t count;
	struct door_state_file *state_file;
	sd_event_source *board_source, *state_file_source, *hours_source;

	int fire_line, fire_reset_line, tamper_line; /* -1: none */
	bool fire;                                   /* latched until reset on site */
	uint64_t tampered_until_ms;

	struct {
		struct schedule quiet;
		int line; /* of the siren; -1: none */
		uint64_t siren_until_ms, due_ms;
	} sounds;

	struct mode_answer *mode_answers; /* orders that wait for the state file */

	struct {
		sd_event_source *source;
		uint64_t timeout_us;     /* the shorter of systemd's and the hardware's; 0: none */
		struct watchdog *device; /* NULL: no hardware */
		uint64_t turns, fed;     /* the doors' turns, counted and as of the last feeding */
		uint64_t turn_due_ms;    /* when the doors are next to prove that they are served */
	} watchdog;
};

/** A line by the name in the config; -1: "" or none. */
static inline int doors_line(const struct doors *doors, const char *name)
{
	return name[0] == '\0' ? -1 : board_find(doors->board, name);
}

/* sounds.c */
void doors_sounds_open(struct doors *doors);
void doors_sounds_close(struct doors *doors);
/** The sounds that a door's notices (enum door_notice) call for. */
void doors_sounds_notice(struct doors *doors, struct controlled_door *door, uint32_t notices);
/** Something calls for the siren anew, or no longer. */
void doors_sounds_siren(struct doors *doors, uint64_t now_ms);
void doors_sounds_update(struct doors *doors, uint64_t now_ms);

/* controlled_door.c */
void controlled_door_open(struct doors *doors, const struct config_door *config, uint64_t now_ms);
/**
 * Apply one event: machine, relay, log, published state. @return as door_step(), or -EIO: the relay
 * does not follow.
 */
int controlled_door_apply(struct doors *doors, struct controlled_door *door, enum door_event event,
			  uint64_t now_ms, uint64_t *ret_relay_mono_us);
/**
 * A fail-safe lock is held by current: energised means locked. A fail-secure one is released by it.
 */
bool controlled_door_energised(const struct config_door *config, bool released);
/**
 * Momentary releases end, modes stay: a door that is open for everybody, or for fire, is not shut
 * by a restart.
 */
void controlled_door_settle(struct doors *doors, struct controlled_door *door);
enum door_event controlled_door_contact_event(enum board_level level);
json_t *controlled_door_json(const struct controlled_door *door);

/* inputs.c */
int doors_inputs_open(struct doors *doors); /* after the doors */
void doors_inputs_close(struct doors *doors);

/* modes.c */
/** Answer the orders whose modes are on disk now: they would outlive a crash. */
void doors_modes_settle(struct doors *doors);
void doors_modes_close(struct doors *doors);

/* opening_hours.c */
void doors_hours_close(struct doors *doors);

/* door_watchdog.c */
void doors_watchdog_close(struct doors *doors); /* once the board is closed */

#endif
