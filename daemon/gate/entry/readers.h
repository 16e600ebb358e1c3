/*
 * readers.h - the readers at the doors: data lines and devices that come and go, faults, lights and
 * buzzers, wrong tries.
 *
 * What a reader read goes up as a struct entry_reading; what was decided comes back as feedback.
 * Control thread only.
 */
#ifndef GH_GATE_ENTRY_READERS_H
#define GH_GATE_ENTRY_READERS_H

#include <systemd/sd-event.h>

#include "entry.h"
#include "hw/board/board.h"

struct readers;

/* borrowed; each outlives the readers */
struct readers_deps {
	const struct config *config;
	sd_event *event;
	struct journal *journal;
	struct board *board;
};

/* none may be NULL */
struct readers_ops {
	void (*read)(void *arg, const struct entry_reading *reading);
	/** A reader's fault came or went. */
	void (*changed)(void *arg);
	/** Whether buzzers are to be silent now. */
	bool (*is_quiet)(void *arg);
};

/**
 * @return 0, -ENOMEM or from the event loop. A device that is not there is a fault of its reader,
 *         and tried again.
 */
int readers_open(const struct readers_deps *deps, const struct readers_ops *ops, void *arg,
		 struct readers **ret_readers);
/** Wipes the digits that were being typed. NULL is fine. */
void readers_close(struct readers *readers);

/** An edge on a line of the board. @return whether it is a reader's data line. */
bool readers_line(struct readers *readers, const struct board_event *event);

/**
 * What was decided on what this reader read: lights, buzzer, and wrong tries are counted. An
 * unknown name is ignored.
 */
void readers_feedback(struct readers *readers, const char *reader, enum access_feedback feedback,
		      enum policy_reason reason);
/** Lights and buzzers of the readers on the entering side of a door; counts no tries. */
void readers_show(struct readers *readers, unsigned door, enum access_feedback feedback);

/** The wrong tries "reader/NAME" that the store kept: they outlive a restart. */
void readers_load_counter(struct readers *readers, const char *id, const json_t *json);

/**
 * [{"name","door","direction","kind","keypad","fault","wrong_tries","locked_out_s"}], a new
 * reference.
 */
json_t *readers_json(struct readers *readers);

/** A card before a reader of a simulated board. @return 0, -ENOENT (no such reader), -ENOTSUP (a
 * real board), -EIO (the
 *  reader is at fault), -EINVAL (no number) or -ERANGE (no such card in its format). */
int readers_swipe(struct readers *readers, const char *reader, const char *code);
/** Keys of 0 to 9, * and #. @return the same; -EPERM: it has no keypad. */
int readers_type(struct readers *readers, const char *reader, const char *keys);

#endif
