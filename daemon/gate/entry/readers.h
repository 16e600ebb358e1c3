/*
 * readers.h - the readers at the doors: Wiegand data lines, hot-plugged devices, faults, lights and
 * buzzers, wrong tries.
 *
 * Each reading is reported as a struct entry_reading; the decision returns as feedback. Control
 * thread only.
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
	/** One reading; @p reading is borrowed for the call. */
	void (*read)(void *arg, const struct entry_reading *reading);
	/** A reader's fault began or ended. */
	void (*changed)(void *arg);
	/** Whether buzzers must be silent now. */
	bool (*is_quiet)(void *arg);
};

/**
 * @return 0, -ENOMEM or an error of the event loop. A missing device is a fault of its reader, and
 *         opening it is retried.
 */
int readers_open(const struct readers_deps *deps, const struct readers_ops *ops, void *arg,
		 struct readers **ret_readers);
/** Wipes digits of an unfinished PIN. NULL is allowed. */
void readers_close(struct readers *readers);

/** Apply an edge on a line of the board. @return whether the line is a reader's data line. */
bool readers_line(struct readers *readers, const struct board_event *event);

/**
 * Show the decision on a reading by light and buzzer, and count wrong tries. An unknown name is
 * ignored.
 */
void readers_feedback(struct readers *readers, const char *reader, enum access_feedback feedback,
		      enum policy_reason reason);
/** Show a decision at the readers on the outer side of a door; counts no tries. */
void readers_door_feedback(struct readers *readers, unsigned door, enum access_feedback feedback);

/** Load a record "reader/NAME" of the kind "counter": wrong tries survive a restart. */
void readers_load_counter(struct readers *readers, const char *id, const json_t *json);

/**
 * [{"name","door","direction","kind","keypad","fault","wrong_tries","locked_out_s"}], a new
 * reference.
 */
json_t *readers_json(struct readers *readers);

/**
 * Present a card at a reader of a simulated board.
 * @return 0, -ENOENT (no such reader), -ENOTSUP (a real board), -EIO (the reader has a fault),
 *         -EINVAL (not a number) or -ERANGE (the number does not fit the card format).
 */
int readers_swipe(struct readers *readers, const char *reader, const char *code);
/**
 * Press keys of a simulated reader, each 0 to 9, * or #.
 * @return as readers_swipe(); -EPERM: the reader has no keypad.
 */
int readers_type(struct readers *readers, const char *reader, const char *keys);

#endif
