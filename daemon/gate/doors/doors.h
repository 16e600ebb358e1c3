/*
 * doors.h - the gate's doors: board, locks, inputs, modes, opening hours, sounds and watchdogs.
 *
 * A door is identified by its index in the config, from 0. Orders act at once: no function here
 * waits for the disk or the network, and a state is published after the relay has switched. Control
 * thread only.
 */
#ifndef GH_GATE_DOORS_DOORS_H
#define GH_GATE_DOORS_DOORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "access/access_rules.h"
#include "base/reply.h"
#include "config/config.h"
#include "gate/journal.h"
#include "gate/timers.h"
#include "hw/board/board.h"
#include "hw/door/door.h"
#include "hw/door/door_passage.h"

enum { DOORS_ERROR_BYTES = 512 };

struct doors;

/* borrowed; each outlives the doors */
struct doors_deps {
	const struct config *config;
	sd_event *event;
	struct journal *journal;
	struct timers *timers;
	const struct access_rules *rules; /* opening hours and their schedules */
};

/* callbacks, called from the event loop or within an order; none may be NULL */
struct doors_ops {
	/** An edge on any line of the board. @return whether it is a reader's data line. */
	bool (*reader_line)(void *arg, const struct board_event *event);
	/** A line other than a reader's data line has changed. */
	void (*board_changed)(void *arg);
	/**
	 * What the contact reports after a doors_release() with DOOR_RELEASE_WAITS. Ownership of
	 * @p state passes to the callee.
	 */
	void (*passage)(void *arg, unsigned door, enum door_passage passage, json_t *state);
};

/**
 * Put the doors under control: set each lock as its mode demands and read the inputs.
 * @param error  DOORS_ERROR_BYTES; when the board fails, one sentence with what to do.
 * @return 0, -ENODEV and others from the board, -EAGAIN or -ENOMEM.
 */
int doors_open(const struct doors_deps *deps, const struct doors_ops *ops, void *arg,
	       struct doors **ret_doors, char *error);

/**
 * End momentary releases; modes stay. The hardware watchdog is released only after the board is
 * closed. NULL is allowed.
 */
void doors_close(struct doors *doors);

/**
 * Start opening hours; call it once the rules are loaded. @return 0 or a negative errno, logged.
 */
int doors_start_hours(struct doors *doors);
/** Begin and end opening hours that are due; call it after rules or schedules changed. */
void doors_update_hours(struct doors *doors);
/** An enrolled person was admitted: unlocks a door whose opening hours wait for the first one. */
void doors_person_admitted(struct doors *doors, unsigned door, const char *person);

/**
 * Feed systemd's and the board's watchdog as long as the doors are served. Call it after all parts
 * were added to the timers.
 * @return 0 or a negative errno. A missing hardware watchdog is an event and no error.
 */
int doors_start_watchdog(struct doors *doors);

/* ---- state ---- */

size_t doors_count(const struct doors *doors);
/** @return the index of the door, or -ENOENT. */
int doors_find(const struct doors *doors, const char *name);
/** "door/NAME", as in events; valid as long as the doors. */
const char *doors_source(const struct doors *doors, unsigned door);
enum door_mode doors_mode(const struct doors *doors, unsigned door);
/** Whether a fire alarm holds the doors open; latched until it is reset on site. */
bool doors_fire(const struct doors *doors);
/** Whether faces and remote orders are refused now because of a tamper alarm. */
bool doors_tampered(const struct doors *doors);
/** Whether the quiet hours of the config hold, in which only a forced door and fire sound. */
bool doors_quiet(const struct doors *doors);
/**
 * The index of another door of the same interlock that is open, released or cannot be read; -1:
 * none.
 */
int doors_interlock(const struct doors *doors, unsigned door);
/** The state of one door as published and answered. A new reference. */
json_t *doors_state_json(const struct doors *doors, unsigned door);
/** The states of all doors, an array. A new reference. */
json_t *doors_json(const struct doors *doors);
/** Publish the state of each door. */
void doors_publish(struct doors *doors);
/** The board, for readers; borrowed, valid as long as the doors. */
struct board *doors_board(struct doors *doors);
/** {"driver","lines":[{"name","direction","level"}]}, a new reference. */
json_t *doors_board_json(const struct doors *doors);
/**
 * Drive an input of a simulated board. @return 0, -ENOENT (no such line), -EPERM (an output) or
 * -ENOTSUP (a real board).
 */
int doors_board_drive(struct doors *doors, const char *line, enum board_level level);

/* ---- orders ---- */

/**
 * Release a door for a grant.
 * @param extended       use the longer times, for a person who needs them.
 * @param ret_relay_us   CLOCK_MONOTONIC in microseconds when the relay was set.
 * @param ret_release    what is known of the passage; set on success only.
 * @return 0, -EBUSY (another door of the interlock), -EPERM (the mode refuses) or -EIO (the relay
 *         cannot be switched).
 */
int doors_release(struct doors *doors, unsigned door, bool extended, uint64_t *ret_relay_us,
		  enum door_release *ret_release);

/**
 * Whether a mode can be ordered: "Locked", "Unlocked", "Blocked", "DoubleLocked", "LockedDown" or
 * "LockedOpen".
 */
bool doors_mode_is_known(const char *mode);
/**
 * Order a mode, and record the act with @p data, whose ownership passes to the callee. The answer
 * follows once the mode is on the disk.
 */
void doors_order_mode(struct doors *doors, unsigned door, const char *mode, json_t *data,
		      const struct reply *reply);
/**
 * Order a mode of every door: lockdown is "LockedDown", evacuation "LockedOpen"; "Locked" ends
 * both.
 */
void doors_order_mode_all(struct doors *doors, const char *mode, json_t *data,
			  const struct reply *reply);

/**
 * Reset the fire alarm; @p by is recorded.
 * @return 0, -ENOENT (no fire alarm) or -EBUSY (the panel still signals, or cannot be read).
 */
int doors_fire_reset(struct doors *doors, const char *by);

#endif
