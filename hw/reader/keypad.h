/*
 * keypad.h - collects keys into a PIN: # completes it, * clears it, and so does a pause.
 *
 * Pure: no I/O, no clock, no allocation. Digits are wiped as soon as they are no longer needed.
 */
#ifndef GH_HW_READER_KEYPAD_H
#define GH_HW_READER_KEYPAD_H

#include <stdint.h>

enum {
	KEYPAD_BITS_SHORT = 4, /* a key */
	KEYPAD_BITS_LONG = 8,  /* the complement of a key, then the key */
	KEYPAD_DIGITS_MAX = 16,
	KEYPAD_PIN_BYTES = KEYPAD_DIGITS_MAX + 1,
};

enum keypad_result {
	KEYPAD_MORE,    /* a digit was added */
	KEYPAD_PIN,     /* a PIN is complete */
	KEYPAD_CLEARED, /* by *, or # without digits */
	KEYPAD_TOO_LONG /* more digits than any PIN has; they were wiped */
};

struct keypad {
	char digits[KEYPAD_PIN_BYTES];
	unsigned count;      /* typed, also those beyond KEYPAD_DIGITS_MAX */
	unsigned pin_digits; /* a PIN ends with this many; 0: with # */
	uint64_t timeout_us; /* from key to key */
	uint64_t last_us;
};

/** The key of a burst: '0' to '9', '*' or '#'; 0: no key has these bits. @p bits is 4 or 8. */
char keypad_decode(unsigned bits, unsigned burst);

/** @param pin_digits  0 to KEYPAD_DIGITS_MAX. */
void keypad_init(struct keypad *keypad, unsigned pin_digits, uint64_t timeout_us);

/**
 * @param key  as keypad_decode() gives.
 * @param ret_pin  KEYPAD_PIN_BYTES, filled on KEYPAD_PIN alone; wipe it.
 */
enum keypad_result keypad_key(struct keypad *keypad, char key, uint64_t mono_us, char *ret_pin);

/** When the digits typed so far expire; UINT64_MAX: there are none. */
uint64_t keypad_due_us(const struct keypad *keypad);

/** Wipe them if that time has passed. */
void keypad_tick(struct keypad *keypad, uint64_t now_us);

#endif
