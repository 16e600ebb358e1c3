/*
 * readers_private.h - declarations shared by readers.c and reader_reading.c. Control thread only.
 *
 * readers.c owns the readers: data lines, hot-plugged devices, faults, lights and buzzers, timer.
 * reader_reading.c interprets readings: card, PIN or code; wrong tries and the lock-out.
 */
#ifndef GH_GATE_ENTRY_READERS_PRIVATE_H
#define GH_GATE_ENTRY_READERS_PRIVATE_H

#include "readers.h"

#include <assert.h>

#include "access/lockout.h"
#include "base/thread_role.h"
#include "hw/reader/keypad.h"
#include "hw/reader/reader_port.h"
#include "hw/reader/reader_signal.h"
#include "hw/reader/wiegand.h"

enum {
	READER_RETRY_MS = 1000,            /* between two tries to open a missing device */
	READER_REPORT_INTERVAL_MS = 10000, /* at most one event of a repeated report in this time */
};

/*
 * rate limiter: a faulty or hostile reader may send thousands of bad readings a second; the first
 * is recorded at once, the others are counted
 */
struct repeated_report {
	const char *type;          /* of the event */
	const char *reason;        /* static; of the last one */
	unsigned bits, unreported; /* unreported: counted since the last event */
	uint64_t reported_ms;      /* of the last event; 0: never */
};

struct reader {
	struct readers *owner;
	const struct config_reader *config;
	unsigned door;
	char source[EVENT_SOURCE_BYTES];         /* "reader/NAME" */
	int data_line[2], led_line, buzzer_line; /* -1: none */
	bool unreadable[2], led, buzzer;
	bool signal_fault; /* a failure to switch light or buzzer was logged */
	const char *fault; /* static; NULL: none. "lost": its device is missing */
	struct wiegand_format format;
	struct wiegand wiegand;
	struct keypad keypad;
	struct reader_port *port; /* NULL: not plugged in, or a Wiegand reader */
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
/** Record an event now, or count it for the next one. */
void reader_report(struct reader *reader, struct repeated_report *report, const char *reason,
		   unsigned bits);
/** Set the readers' timer to the earliest deadline. */
void readers_update_timer(struct readers *readers);

/* reader_reading.c */

/** Decode and present every complete burst of pulses. */
void reader_decode_bursts(struct reader *reader, uint64_t now_us);
/** Present a text of an evdev or serial reader. */
void reader_accept_text(struct reader *reader, const char *text, uint64_t mono_us);

#endif
