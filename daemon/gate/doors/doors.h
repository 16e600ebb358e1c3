/*
 * doors.h - the gate's doors: board, locks, inputs, modes, opening hours, sounds, and the watchdogs
 * they feed.
 *
 * A door is named by its place in the config, from 0 on. Orders act at once: nothing here waits for
 * the disk or the network, and a state is published after the relay moved. Control thread only.
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

/* each is called by doors_open()'s loop or by an order; none may be NULL */
struct doors_ops {
	/** An edge on a line of the board that no door uses. @return whether it is a reader's. */
	bool (*reader_line)(void *arg, const struct board_event *event);
	/** Another line than a reader's changed. */
	void (*board_changed)(void *arg);
	/**
	 * Of those released by doors_release() with DOOR_RELEASE_WAITS. The reference to @p state
	 * is taken.
	 */
	void (*passage)(void *arg, unsigned door, enum door_passage passage, json_t *state);
};

/**
 * Put the doors under control: each lock in the state that its mode wants, inputs read.
 * @param error  DOORS_ERROR_BYTES; a sentence with what to do, when the board is at fault.
 * @return 0, -ENODEV and others from the board, -EAGAIN or -ENOMEM.
 */
int doors_open(const struct doors_deps *deps, const struct doors_ops *ops, void *arg,
	       struct doors **ret_doors, char *error);

/**
 * Momentary releases end, modes stay. The hardware watchdog is let go only once the board is
 * closed. NULL is fine.
 */
void doors_close(struct doors *doors);

/** Begin opening hours; once the rules are loaded. A failure is logged. */
int doors_start_hours(struct doors *doors);
/** Begin and end the opening hours that are due: after rules or schedules changed. */
void doors_update_hours(struct doors *doors);
/** Somebody enrolled was let in: a door whose hours wait for the first person is unlocked. */
void doors_first_person(struct doors *doors, unsigned door, const char *person);

/**
 * Feed systemd's and the board's watchdog while the doors have their turns; after all parts were
 * added to the timers.
 */
int doors_start_watchdog(struct doors *doors);

/* ---- questions ---- */

size_t doors_count(const struct doors *doors);
/** @return the door's place, or -ENOENT. */
int doors_find(const struct doors *doors, const char *name);
/** "door/NAME", as in events; valid as long as the doors. */
const char *doors_source(const struct doors *doors, unsigned door);
enum door_mode doors_mode(const struct doors *doors, unsigned door);
/** Whether a fire alarm holds the doors open: latched until it is reset on site. */
bool doors_fire(const struct doors *doors);
/** Whether a tamper alarm makes the gate refuse faces and remote orders now. */
bool doors_tampered(const struct doors *doors);
/** Whether these are the quiet hours of the config: only a forced door and fire are heard. */
bool doors_quiet(const struct doors *doors);
/**
 * Another door of its interlock that is open, released or cannot be read: its place; -1: none is.
 */
int doors_interlock(const struct doors *doors, unsigned door);
/** The state as it is published and answered. A new reference. */
json_t *doors_state_json(const struct doors *doors, unsigned door);
json_t *doors_json(const struct doors *doors);
/** Publish the state of each. */
void doors_publish(struct doors *doors);
/** The board, for readers; borrowed, as long as the doors. */
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
 * Release for a grant.
 * @param extended       for a person who needs more time.
 * @param ret_relay_us   CLOCK_MONOTONIC in microseconds when the relay was set.
 * @return 0, -EBUSY (the other door of the interlock), -EPERM (the mode refuses) or -EIO (the relay
 *         does not follow).
 */
int doors_release(struct doors *doors, unsigned door, bool extended, uint64_t *ret_relay_us,
		  enum door_release *ret_release);

/**
 * Whether a mode can be ordered: "Locked", "Unlocked", "Blocked", "DoubleLocked", "LockedDown" or
 * "LockedOpen".
 */
bool doors_mode_is_known(const char *mode);
/**
 * Order a mode; the act is recorded with @p data, whose reference is taken. Answers once the mode
 * would outlive a crash.
 */
void doors_order_mode(struct doors *doors, unsigned door, const char *mode, json_t *data,
		      const struct reply *reply);
/**
 * The same for every door: lockdown is "LockedDown", evacuation "LockedOpen"; "Locked" ends both.
 */
void doors_order_mode_all(struct doors *doors, const char *mode, json_t *data,
			  const struct reply *reply);

/** @return 0, -ENOENT (there is no fire) or -EBUSY (the panel still calls, or cannot be read). */
int doors_fire_reset(struct doors *doors, const char *by);

#endif
