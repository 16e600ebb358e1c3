/*
 * readers_private.h - what readers.c and reader_reading.c share. Control thread only.
 *
 * readers.c owns the readers: data lines, devices that come and go, faults, lights and buzzers,
 * time. reader_reading.c says what a reading means: a card, a PIN, a code; wrong tries and the
 * lock-out.
 */
#ifndef GH_GATE_ENTRY_READERS_PRIVATE_H
#define GH_GATE_ENTRY_READERS_PRIVATE_H

#include "readers.h"

#include <assert.h>

#include "access/lockout.h"
#include "hw/reader/keypad.h"
#include "hw/reader/reader_port.h"
#include "hw/reader/reader_signal.h"
#include "hw/reader/wiegand.h"

enum {
	READER_RETRY_MS = 1000, /* between two tries to open a device that is gone */
	READER_QUIET_MS =
		10000 /* what a reader repeats is told at once, then counted for this long */
};

/*
 * something a faulty or hostile reader could say a thousand times a second: the log gets it counted
 */
struct repeated_report {
	const char *type;     /* of the event */
	const char *reason;   /* static; of the last one */
	unsigned bits, more;  /* more: not reported yet */
	uint64_t reported_ms; /* 0: never */
};

struct reader {
	struct readers *owner;
	const struct config_reader *config;
	unsigned door;
	char source[EVENT_SOURCE_BYTES];         /* "reader/NAME" */
	int data_line[2], led_line, buzzer_line; /* -1: none */
	bool unreadable[2], led, buzzer,
		signal_fault; /* signal_fault: reported that light or buzzer do not follow */
	const char *fault;    /* static; NULL: none. "lost": its device is gone */
	struct wiegand_format format;
	struct wiegand wiegand;
	struct keypad keypad;
	struct reader_port *port; /* NULL: not plugged in, or none */
	sd_event_source *port_source;
	uint64_t retry_ms;
	struct lockout lockout;
	struct repeated_report misread, refused;
	enum reader_signal signal;
	uint64_t signal_since_ms, signal_until_ms;
};

struct readers {
	struct readers_deps deps;
	const struct readers_ops *ops;
	void *arg;
	struct reader list[CONFIG_READERS_MAX];
	size_t count;
	sd_event_source *timer;
};

/* readers.c */

struct reader *readers_find(struct readers *readers, const char *name);
void reader_signal_show(struct reader *reader, enum reader_signal signal, uint64_t until_ms);
/** Report it now, or count it. */
void reader_report(struct reader *reader, struct repeated_report *report, const char *reason,
		   unsigned bits);
/** Set the readers' timer to whatever is due first. */
void readers_arm(struct readers *readers);

/* reader_reading.c */

/** Decode every burst that is complete. */
void reader_bursts(struct reader *reader, uint64_t now_us);
/** A text from an evdev or serial reader. */
void reader_text(struct reader *reader, const char *text, uint64_t mono_us);

#endif
