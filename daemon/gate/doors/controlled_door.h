/*
 * controlled_door.h - declarations shared by the files of this part. Control thread only.
 *
 *   sounds.c           buzzers, lights and the siren
 *   controlled_door.c  one door: machine, relay, log, published state
 *   inputs.c           contacts, exit buttons, fire, tamper
 *   modes.c            door modes by order
 *   opening_hours.c    doors unlocked by a schedule
 *   door_watchdog.c    watchdogs, fed while the doors are served
 *   board_lines.c      the board's lines for the API
 *   doors.c            opens and closes all of these
 */
#ifndef GH_GATE_DOORS_CONTROLLED_DOOR_H
#define GH_GATE_DOORS_CONTROLLED_DOOR_H

#include "doors.h"

#include <assert.h>

#include "access/schedule.h"
#include "base/thread_role.h"
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
	bool energised, fault; /* fault: the relay could not be switched last time */
	bool passage_pending;  /* released for a grant, and the passage is not reported yet */
	uint64_t exit_mono_us; /* the last edge of its exit button */
	bool in_hours;         /* its opening hours have begun */
	bool awaits_first;     /* and unlock it for the first person */
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
		uint64_t served;         /* how often the doors' timer has served them */
		uint64_t served_at_feed; /* the same at the last feeding */
		uint64_t service_due_ms; /* when the timer must serve them next */
	} watchdog;
};

/** The index of a line by its name in the config; -1: the name is "" or unknown. */
static inline int doors_line(const struct doors *doors, const char *name)
{
	return name[0] == '\0' ? -1 : board_find(doors->board, name);
}

/* sounds.c */
void doors_sounds_open(struct doors *doors);
void doors_sounds_close(struct doors *doors);
/** Apply a door's notices (bits of enum door_notice) to buzzer, light and siren. */
void doors_sounds_notice(struct doors *doors, struct controlled_door *door, uint32_t notices);
/** Start the siren's time again, after an alarm began or ended. */
void doors_sounds_siren(struct doors *doors, uint64_t now_ms);
/** Drive all buzzers, lights and the siren as they must be at @p now_ms. */
void doors_sounds_update(struct doors *doors, uint64_t now_ms);

/* controlled_door.c */
void controlled_door_open(struct doors *doors, const struct config_door *config, uint64_t now_ms);
/**
 * Apply one event: step the machine, switch the relay, record and publish.
 * @param ret_relay_mono_us  when the relay was set; may be NULL.
 * @return as door_step(), or -EIO: the relay cannot be switched.
 */
int controlled_door_apply(struct doors *doors, struct controlled_door *door, enum door_event event,
			  uint64_t now_ms, uint64_t *ret_relay_mono_us);
/**
 * Whether the relay must be energised. Current holds a fail-safe lock and releases a fail-secure
 * one.
 */
bool controlled_door_energised(const struct config_door *config, bool released);
/**
 * End a momentary release before the board is closed; a door that its mode or a fire holds open
 * stays open over a restart.
 */
void controlled_door_end_release(struct doors *doors, struct controlled_door *door);
enum door_event controlled_door_contact_event(enum board_level level);
json_t *controlled_door_json(const struct controlled_door *door);

/* inputs.c */
int doors_inputs_open(struct doors *doors); /* after the doors */
void doors_inputs_close(struct doors *doors);

/* modes.c */
/** Answer the orders whose modes are on the disk by now. */
void doors_modes_answer_saved(struct doors *doors);
void doors_modes_close(struct doors *doors);

/* opening_hours.c */
void doors_hours_close(struct doors *doors);

/* door_watchdog.c */
void doors_watchdog_close(struct doors *doors); /* once the board is closed */

#endif
