/*
 * wiegand.h - decodes the pulses that a card reader or keypad sends on two lines, D0 and D1.
 *
 * Pure: no I/O, no clock, no allocation. Edges carry kernel timestamps. They must be in order for
 * each line, but not between the two: a driver may read one line after the other. A burst is
 * complete when no pulse followed for gap_us. Call wiegand_next() at wiegand_due_us(), and after
 * edges once all edges that are known were passed.
 *
 * A data line is active while its wire is low. The standard (SIA AC-01) has pulses of 20 to 100 us,
 * 200 us to 20 ms from one to the next. docs/reference/readers.md names the sources.
 */
#ifndef GH_HW_READER_WIEGAND_H
#define GH_HW_READER_WIEGAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WIEGAND_BITS_MAX = 64,
	WIEGAND_BITS_MIN = 9, /* of a card: 4 and 8 bits are keys */
	WIEGAND_PARITIES_MAX = 4,
	WIEGAND_LAYOUT_BYTES = WIEGAND_BITS_MAX + 1,
	WIEGAND_ERROR_BYTES = 128,
	/* ends a burst: half as much again as the longest interval there is */
	WIEGAND_GAP_US = 30000,
	WIEGAND_APART_US = 50, /* pulses of one reader are never nearer than this */
	WIEGAND_STUCK_US = 500000,
};

struct wiegand_parity {
	/*
	 * the bits that are summed, the parity bit among them; bit n of a burst of b is 1 << (b -
	 * n)
	 */
	uint64_t mask;
	bool odd;
};

/* the fields of a card of a given length; the first bit sent is the most significant */
struct wiegand_format {
	unsigned bits;
	uint64_t facility, card; /* masks of the two fields */
	struct wiegand_parity parity[WIEGAND_PARITIES_MAX];
	unsigned parity_count;
};

enum wiegand_result {
	WIEGAND_NOTHING, /* no burst is complete */
	WIEGAND_CARD,
	WIEGAND_KEY,
	/* a burst that cannot be decoded */
	WIEGAND_BAD_LENGTH,
	WIEGAND_BAD_PARITY,
	WIEGAND_TOO_LONG,   /* more than WIEGAND_BITS_MAX pulses */
	WIEGAND_BOTH_LINES, /* both lines at once */
	WIEGAND_NOISE,      /* pulses too near to each other, or fewer than a key has */
	WIEGAND_BAD_KEY,    /* 8 bits whose halves are not complements, or an unknown key */
};

struct wiegand_code {
	unsigned bits;   /* pulses seen, also of a bad burst */
	uint64_t number; /* WIEGAND_CARD: facility and card as one number, without parity */
	uint64_t facility, card;
	char key;         /* WIEGAND_KEY: '0' to '9', '*' or '#' */
	uint64_t mono_us; /* of the last pulse */
};

struct wiegand_pulse {
	uint64_t mono_us;
	bool one;
};

struct wiegand {
	const struct wiegand_format *format;
	bool keypad;
	uint64_t gap_us;
	struct wiegand_pulse pulses[WIEGAND_BITS_MAX + 1]; /* by time */
	unsigned count;
	unsigned lost; /* pulses that did not fit: the stored ones cannot be decoded then */
	uint64_t last_lost_us;
	bool active[2];
	uint64_t active_since_us[2];
};

/** The 26-, 34- and 37-bit formats ("wiegand26", ...) by name; NULL: no such one. Static. */
const struct wiegand_format *wiegand_format_find(const char *name);

/**
 * A format from the config: one character for each bit, first bit first.
 * @param layout  F: facility, C: card, P: parity, -: not used. WIEGAND_BITS_MIN to WIEGAND_BITS_MAX
 *                characters.
 * @param parity  @p count texts of the same length, at most WIEGAND_PARITIES_MAX. E (even) or O
 *                (odd) is the parity bit, X is a bit that it covers, - one that it does not.
 * @param error   WIEGAND_ERROR_BYTES; the mistake, on failure.
 * @return 0 or -EINVAL.
 */
int wiegand_format_parse(const char *layout, const char *const *parity, size_t count,
			 struct wiegand_format *ret_format, char *error);

/**
 * The bits that a reader sends for @p number, with the format's parity: the inverse of decoding.
 */
uint64_t wiegand_encode(const struct wiegand_format *format, uint64_t number);

/** The width of `number` in this format, in bits. */
unsigned wiegand_number_bits(const struct wiegand_format *format);

/**
 * @param format  outlives the decoder.
 * @param keypad  bursts of 4 and 8 bits are keys.
 * @param gap_us  1 or more.
 */
void wiegand_init(struct wiegand *wiegand, const struct wiegand_format *format, bool keypad,
		  uint64_t gap_us);

/** The level of a data line (0: D0, 1: D1) before its first edge; it is not a pulse. */
void wiegand_level(struct wiegand *wiegand, unsigned line, bool active, uint64_t mono_us);

/** A data line became active or inactive at @p mono_us. */
void wiegand_edge(struct wiegand *wiegand, unsigned line, bool active, uint64_t mono_us);

/** When wiegand_next() or wiegand_stuck() may change; UINT64_MAX: not without an edge. */
uint64_t wiegand_due_us(const struct wiegand *wiegand, uint64_t now_us);

/** The next complete burst. Call it until it returns WIEGAND_NOTHING. */
enum wiegand_result wiegand_next(struct wiegand *wiegand, uint64_t now_us,
				 struct wiegand_code *ret_code);

/** Lines that have been active for WIEGAND_STUCK_US: bit 0 is D0, bit 1 D1. */
unsigned wiegand_stuck(const struct wiegand *wiegand, uint64_t now_us);

/** The name for the log, such as "bad_parity". Static. */
const char *wiegand_result_name(enum wiegand_result result);

#endif
