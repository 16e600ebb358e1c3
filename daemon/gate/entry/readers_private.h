/*
 * readers_private.h - what readers.c and reader_reading.c share. Control thread only.
 *
 * readers.c owns the readers: data lines, devices that come and go, faults, lights and buzzers, time.
 * reader_reading.c says what a reading means: a card, a PIN, a code; wrong tries and the lock-out.
 */
#ifndef GH_GATE_ENTRY_GATE_READERS_H
#define GH_GATE_ENTRY_GATE_READERS_H

#include "gate/gate_internal.h"

#include "access/lockout.h"
#include "hw/reader/keypad.h"
#include "hw/reader/reader_port.h"
#include "hw/reader/reader_signal.h"
#include "hw/reader/wiegand.h"

enum {
	GATE_READER_RETRY_MS = 1000, /* between two tries to open a device that is gone */
	GATE_READER_QUIET_MS = 10000 /* what a reader repeats is told at once, then counted for this long */
};

/* something a faulty or hostile reader could say a thousand times a second: the log gets it counted */
struct gate_reader_news {
	const char *type;    /* of the event */
	const char *reason;  /* static; of the last one */
	unsigned bits, more; /* more: not told yet */
	uint64_t told_ms;    /* 0: never */
};

struct gate_reader {
	struct gate *gate;
	const struct config_reader *config;
	struct gate_door *door;
	char source[GATE_SOURCE_BYTES];          /* "reader/NAME" */
	int data_line[2], led_line, buzzer_line; /* -1: none */
	bool unreadable[2], led, buzzer,
		signal_fault; /* signal_fault: told that light or buzzer do not follow */
	const char *fault;    /* static; NULL: none. "lost": its device is gone */
	struct wiegand_format format;
	struct wiegand wiegand;
	struct keypad keypad;
	struct reader_port *port; /* NULL: not plugged in, or none */
	sd_event_source *port_source;
	uint64_t retry_ms;
	struct lockout lockout;
	struct gate_reader_news misread, refused;
	enum reader_signal signal;
	uint64_t signal_since_ms, signal_until_ms;
};

struct gate_readers {
	struct gate_reader list[CONFIG_READERS_MAX];
	size_t count;
	sd_event_source *timer;
};

/* readers.c */

struct gate_reader *gate_reader_find(struct gate *gate, const char *name);
void gate_reader_signal(struct gate_reader *reader, enum reader_signal signal, uint64_t until_ms);
/** Tell of it now, or count it. */
void gate_reader_tell(struct gate_reader *reader, struct gate_reader_news *news, const char *reason,
		      unsigned bits);
/** Set the readers' timer to whatever is due first. */
void gate_readers_arm(struct gate *gate);

/* reader_reading.c */

/** Take every burst that is complete. */
void gate_reader_bursts(struct gate_reader *reader, uint64_t now_us);
/** A text from an evdev or serial reader. */
void gate_reader_text(struct gate_reader *reader, const char *text, uint64_t mono_us);
void gate_reader_feedback(struct gate *gate, struct gate_door *door, const char *name,
			  enum access_feedback feedback, enum policy_reason reason);

#endif
