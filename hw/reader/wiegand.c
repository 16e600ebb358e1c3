#include "wiegand.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "keypad.h"

/* ---- formats ---- */

#define BITS(count) ((UINT64_C(1) << (count)) - 1)
/* bits @p first to @p last, counted from 1 at the left, of a burst of @p bits */
#define SPAN(bits, first, last) (BITS((last) - (first) + 1) << ((bits) - (last)))

static const struct {
	const char *name;
	struct wiegand_format format;
} formats[] = {
	{"wiegand26",
	 {.bits = 26,
	  .facility = SPAN(26, 2, 9),
	  .card = SPAN(26, 10, 25),
	  .parity = {{SPAN(26, 1, 13), false}, {SPAN(26, 14, 26), true}},
	  .parity_count = 2}},
	{"wiegand34",
	 {.bits = 34,
	  .facility = SPAN(34, 2, 17),
	  .card = SPAN(34, 18, 33),
	  .parity = {{SPAN(34, 1, 17), false}, {SPAN(34, 18, 34), true}},
	  .parity_count = 2}},
	/* the middle bit is in both sums */
	{"wiegand37",
	 {.bits = 37,
	  .facility = SPAN(37, 2, 17),
	  .card = SPAN(37, 18, 36),
	  .parity = {{SPAN(37, 1, 19), false}, {SPAN(37, 19, 37), true}},
	  .parity_count = 2}},
};

const struct wiegand_format *wiegand_format_find(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i].format;
	return NULL;
}

static int parse_layout(const char *layout, struct wiegand_format *format, char *error)
{
	size_t bits = strnlen(layout, WIEGAND_BITS_MAX + 1);

	if (bits < WIEGAND_BITS_MIN || bits > WIEGAND_BITS_MAX) {
		snprintf(error, WIEGAND_ERROR_BYTES, "expected %d to %d characters, one a bit",
			 WIEGAND_BITS_MIN, WIEGAND_BITS_MAX);
		return -EINVAL;
	}
	format->bits = (unsigned)bits;
	for (size_t i = 0; i < bits; i++) {
		uint64_t bit = UINT64_C(1) << (bits - 1 - i);

		if (layout[i] == 'F')
			format->facility |= bit;
		else if (layout[i] == 'C')
			format->card |= bit;
		else if (layout[i] != 'P' && layout[i] != '-') {
			snprintf(error, WIEGAND_ERROR_BYTES, "bit %zu: expected F, C, P or -",
				 i + 1);
			return -EINVAL;
		}
	}
	if (format->card == 0) {
		snprintf(error, WIEGAND_ERROR_BYTES, "has no card number: expected at least one C");
		return -EINVAL;
	}
	return 0;
}

static int parse_parity(const char *text, const char *layout, struct wiegand_parity *parity,
			char *error)
{
	size_t bits = strlen(layout);
	unsigned places = 0;

	if (strlen(text) != bits) {
		snprintf(error, WIEGAND_ERROR_BYTES,
			 "\"%.70s\": expected %zu characters like the layout", text, bits);
		return -EINVAL;
	}
	for (size_t i = 0; i < bits; i++) {
		if (strchr("EOX-", text[i]) == NULL) {
			snprintf(error, WIEGAND_ERROR_BYTES, "bit %zu: expected E, O, X or -",
				 i + 1);
			return -EINVAL;
		}
		if (text[i] != '-')
			parity->mask |= UINT64_C(1) << (bits - 1 - i);
		if (text[i] != 'E' && text[i] != 'O')
			continue;
		parity->odd = text[i] == 'O';
		places += layout[i] == 'P' ? 1 : 2; /* a parity bit outside the layout: refused */
	}
	if (places != 1) {
		snprintf(error, WIEGAND_ERROR_BYTES,
			 "\"%.70s\": expected one E or O, where the layout has a P", text);
		return -EINVAL;
	}
	return 0;
}

int wiegand_format_parse(const char *layout, const char *const *parity, size_t count,
			 struct wiegand_format *ret_format, char *error)
{
	struct wiegand_format format = {0};
	int r = parse_layout(layout, &format, error);

	if (r == 0 && count > WIEGAND_PARITIES_MAX) {
		snprintf(error, WIEGAND_ERROR_BYTES, "expected at most %d sums",
			 WIEGAND_PARITIES_MAX);
		r = -EINVAL;
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = parse_parity(parity[i], layout, &format.parity[format.parity_count++], error);
	if (r == 0)
		*ret_format = format;
	return r;
}

/* The bits of @p mask in @p from, moved together. */
static uint64_t gather(uint64_t from, uint64_t mask)
{
	uint64_t value = 0;

	for (int bit = WIEGAND_BITS_MAX - 1; bit >= 0; bit--)
		if (mask >> bit & 1)
			value = value << 1 | (from >> bit & 1);
	return value;
}

static bool sum_is_right(const struct wiegand_parity *parity, uint64_t burst)
{
	return (__builtin_popcountll(burst & parity->mask) & 1) == (parity->odd ? 1 : 0);
}

unsigned wiegand_number_bits(const struct wiegand_format *format)
{
	return (unsigned)__builtin_popcountll(format->facility | format->card);
}

uint64_t wiegand_encode(const struct wiegand_format *format, uint64_t number)
{
	uint64_t data = format->facility | format->card, burst = 0, summed = data;

	for (unsigned bit = 0; bit < format->bits; bit++)
		if (data >> bit & 1) {
			burst |= (number & 1) << bit;
			number >>= 1;
		}
	/*
	 * a parity may cover another parity bit: each is set once all other bits it covers are
	 * known
	 */
	for (unsigned round = 0; round < format->parity_count; round++)
		for (unsigned i = 0; i < format->parity_count; i++) {
			uint64_t open = format->parity[i].mask & ~summed;

			if (__builtin_popcountll(open) != 1)
				continue;
			if (!sum_is_right(&format->parity[i], burst))
				burst |= open;
			summed |= open;
		}
	return burst;
}

/* ---- bursts ---- */

void wiegand_init(struct wiegand *wiegand, const struct wiegand_format *format, bool keypad,
		  uint64_t gap_us)
{
	assert(gap_us > 0);
	*wiegand = (struct wiegand){.format = format, .keypad = keypad, .gap_us = gap_us};
}

static void add_pulse(struct wiegand *wiegand, bool one, uint64_t mono_us)
{
	unsigned at = wiegand->count;

	if (wiegand->count == WIEGAND_BITS_MAX + 1) {
		wiegand->lost++;
		if (mono_us > wiegand->last_lost_us)
			wiegand->last_lost_us = mono_us;
		return;
	}
	while (at > 0 && wiegand->pulses[at - 1].mono_us > mono_us) {
		wiegand->pulses[at] = wiegand->pulses[at - 1];
		at--;
	}
	wiegand->pulses[at] = (struct wiegand_pulse){.mono_us = mono_us, .one = one};
	wiegand->count++;
}

void wiegand_level(struct wiegand *wiegand, unsigned line, bool active, uint64_t mono_us)
{
	assert(line < 2);
	wiegand->active[line] = active;
	wiegand->active_since_us[line] = mono_us;
}

void wiegand_edge(struct wiegand *wiegand, unsigned line, bool active, uint64_t mono_us)
{
	wiegand_level(wiegand, line, active, mono_us);
	if (active)
		add_pulse(wiegand, line == 1, mono_us);
}

unsigned wiegand_stuck(const struct wiegand *wiegand, uint64_t now_us)
{
	unsigned stuck = 0;

	for (unsigned line = 0; line < 2; line++)
		if (wiegand->active[line] &&
		    now_us >= wiegand->active_since_us[line] + WIEGAND_STUCK_US)
			stuck |= 1u << line;
	return stuck;
}

/* How many of the pulses belong to the first burst. */
static unsigned first_burst(const struct wiegand *wiegand)
{
	unsigned count = wiegand->count > 0 ? 1 : 0;

	while (count < wiegand->count &&
	       wiegand->pulses[count].mono_us - wiegand->pulses[count - 1].mono_us <
		       wiegand->gap_us)
		count++;
	return count;
}

/* When the first burst is over, if no more pulses come; UINT64_MAX: there is none. */
static uint64_t burst_ends_us(const struct wiegand *wiegand)
{
	unsigned count = first_burst(wiegand);
	uint64_t last_us;

	if (count == 0)
		return UINT64_MAX;
	last_us = wiegand->pulses[count - 1].mono_us;
	if (wiegand->lost > 0 && wiegand->last_lost_us > last_us)
		last_us = wiegand->last_lost_us;
	return last_us + wiegand->gap_us;
}

uint64_t wiegand_due_us(const struct wiegand *wiegand, uint64_t now_us)
{
	uint64_t due_us = burst_ends_us(wiegand);

	for (unsigned line = 0; line < 2; line++) {
		uint64_t stuck_us = wiegand->active_since_us[line] + WIEGAND_STUCK_US;

		if (wiegand->active[line] && stuck_us > now_us && stuck_us < due_us)
			due_us = stuck_us;
	}
	return due_us;
}

/* WIEGAND_NOTHING: the pulses are far enough from each other. */
static enum wiegand_result check_spacing(const struct wiegand_pulse *pulses, unsigned count)
{
	for (unsigned i = 1; i < count; i++)
		if (pulses[i].mono_us - pulses[i - 1].mono_us < WIEGAND_APART_US)
			return pulses[i].one != pulses[i - 1].one ? WIEGAND_BOTH_LINES
								  : WIEGAND_NOISE;
	return WIEGAND_NOTHING;
}

static enum wiegand_result decode_card(const struct wiegand_format *format, uint64_t burst,
				       struct wiegand_code *code)
{
	if (code->bits != format->bits)
		return WIEGAND_BAD_LENGTH;
	for (unsigned i = 0; i < format->parity_count; i++)
		if (!sum_is_right(&format->parity[i], burst))
			return WIEGAND_BAD_PARITY;
	code->facility = gather(burst, format->facility);
	code->card = gather(burst, format->card);
	code->number = gather(burst, format->facility | format->card);
	return WIEGAND_CARD;
}

static enum wiegand_result decode(const struct wiegand *wiegand, struct wiegand_code *code)
{
	enum wiegand_result spacing = check_spacing(wiegand->pulses, code->bits);
	uint64_t burst = 0;

	if (code->bits > WIEGAND_BITS_MAX ||
	    wiegand->lost > 0) /* the lost pulse may belong to any burst */
		return WIEGAND_TOO_LONG;
	if (spacing != WIEGAND_NOTHING)
		return spacing;
	for (unsigned i = 0; i < code->bits; i++)
		burst = burst << 1 | wiegand->pulses[i].one;
	if (wiegand->keypad &&
	    (code->bits == KEYPAD_BITS_SHORT || code->bits == KEYPAD_BITS_LONG)) {
		code->key = keypad_decode(code->bits, (unsigned)burst);
		return code->key != '\0' ? WIEGAND_KEY : WIEGAND_BAD_KEY;
	}
	return code->bits < KEYPAD_BITS_SHORT ? WIEGAND_NOISE
					      : decode_card(wiegand->format, burst, code);
}

enum wiegand_result wiegand_next(struct wiegand *wiegand, uint64_t now_us,
				 struct wiegand_code *ret_code)
{
	unsigned count = first_burst(wiegand);
	bool followed = count < wiegand->count;
	struct wiegand_code code = {.bits = count};
	enum wiegand_result result;

	if (count == 0 || (!followed && now_us < burst_ends_us(wiegand)))
		return WIEGAND_NOTHING;
	code.mono_us = wiegand->pulses[count - 1].mono_us;
	result = decode(wiegand, &code);
	wiegand->count -= count;
	memmove(wiegand->pulses, wiegand->pulses + count,
		wiegand->count * sizeof(wiegand->pulses[0]));
	if (wiegand->count == 0) {
		code.bits += wiegand->lost;
		wiegand->lost = 0;
		wiegand->last_lost_us = 0;
	}
	*ret_code = code;
	return result;
}

const char *wiegand_result_name(enum wiegand_result result)
{
	static const char *const names[] = {
		[WIEGAND_NOTHING] = "nothing",
		[WIEGAND_CARD] = "card",
		[WIEGAND_KEY] = "key",
		[WIEGAND_BAD_LENGTH] = "bad_length",
		[WIEGAND_BAD_PARITY] = "bad_parity",
		[WIEGAND_TOO_LONG] = "too_many_bits",
		[WIEGAND_BOTH_LINES] = "both_lines",
		[WIEGAND_NOISE] = "noise",
		[WIEGAND_BAD_KEY] = "bad_key",
	};

	return (size_t)result < sizeof(names) / sizeof(names[0]) ? names[result] : "nothing";
}
