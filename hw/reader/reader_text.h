/*
 * reader_text.h - collects the bytes or keys of a text reader into readings.
 *
 * Pure: no I/O, no clock, no allocation. A reading is a line of printable ASCII. STX and ETX around
 * it, as serial card readers send them, are removed.
 */
#ifndef GH_HW_READER_READER_TEXT_H
#define GH_HW_READER_READER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	READER_TEXT_BYTES = 513, /* a reading and its zero */
	/* an incomplete reading is dropped after this pause */
	READER_TEXT_PAUSE_US = 2000000,
};

enum reader_text_result {
	READER_TEXT_MORE,
	READER_TEXT_DONE,
	READER_TEXT_UNFIT /* too long, or with other bytes; it was dropped */
};

struct reader_text {
	char text[READER_TEXT_BYTES];
	size_t bytes;
	bool unfit;
	uint64_t last_us;
};

/**
 * One byte.
 * @param ret_text  READER_TEXT_BYTES, filled on READER_TEXT_DONE alone. Empty lines are ignored.
 */
enum reader_text_result reader_text_byte(struct reader_text *text, char byte, uint64_t mono_us,
					 char *ret_text);

struct reader_keys {
	bool shift[2]; /* left and right */
	bool caps;
};

/**
 * One key event of a keyboard with the US layout, which bar code readers emulate.
 * @param code   KEY_... of linux/input-event-codes.h.
 * @param value  1 pressed, 0 released, 2 repeated.
 * @return the character, '\n' for Enter, or 0: the event produces none.
 */
char reader_keys_event(struct reader_keys *keys, unsigned code, int value);

#endif
