/*
 * Edges in any order and at any time, formats of any text: a card is what a reader of that format
 * could have sent.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hw/reader/keypad.h"
#include "hw/reader/wiegand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void take_all(struct wiegand *wiegand, struct keypad *keypad, uint64_t now_us)
{
	struct wiegand_code code;
	enum wiegand_result result;
	char pin[KEYPAD_PIN_BYTES];

	while ((result = wiegand_next(wiegand, now_us, &code)) != WIEGAND_NOTHING) {
		if (result == WIEGAND_CARD &&
		    (code.bits != wiegand->format->bits ||
		     code.number >> wiegand_number_bits(wiegand->format) != 0))
			abort();
		if (result == WIEGAND_KEY)
			(void)keypad_key(keypad, code.key, code.mono_us,
					 pin); /* any answer will do */
		if (wiegand_result_name(result) == NULL)
			abort();
	}
}

/* Text up to the first zero is a format, the rest edges: line and level, then two bytes of time. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	char text[2][WIEGAND_LAYOUT_BYTES + 8] = {"", ""}, error[WIEGAND_ERROR_BYTES] = "";
	const char *const parity[] = {text[1]};
	struct wiegand_format format = *wiegand_format_find("wiegand26");
	struct wiegand wiegand;
	struct keypad keypad;
	uint64_t now_us = 1000000;
	size_t at = 0;

	for (size_t part = 0; part < 2; part++, at++)
		for (size_t i = 0; at < bytes && data[at] != 0; at++)
			if (i < sizeof(text[part]) - 1)
				text[part][i++] = (char)data[at];
	if (wiegand_format_parse(text[0], parity, text[1][0] != '\0', &format, error) < 0 &&
	    error[0] == '\0')
		abort(); /* refused without saying why */
	wiegand_init(&wiegand, &format, at % 2 == 0, WIEGAND_GAP_US);
	keypad_init(&keypad, at % (KEYPAD_DIGITS_MAX + 1), 10000000);
	for (; at + 3 <= bytes; at += 3) {
		int64_t step_us = (int64_t)(data[at + 1] << 8 | data[at + 2]) - 2000;

		now_us += step_us < 0 && now_us < 4000 ? 0 : (uint64_t)step_us;
		wiegand_edge(&wiegand, data[at] & 1, data[at] & 2, now_us);
		if (data[at] & 4)
			take_all(&wiegand, &keypad, now_us);
		(void)wiegand_stuck(&wiegand, now_us);
		keypad_tick(&keypad, now_us);
	}
	take_all(&wiegand, &keypad, now_us + 1000000000);
	if (wiegand.count != 0)
		abort(); /* a burst that never ends */
	return 0;
}
