#include "keypad.h"

#include <assert.h>
#include <string.h>

static const char keys[] = "0123456789*#";

char keypad_decode(unsigned bits, unsigned burst)
{
	unsigned key = burst & 15;

	assert(bits == KEYPAD_BITS_SHORT || bits == KEYPAD_BITS_LONG);
	if (bits == KEYPAD_BITS_LONG && (burst >> 4 & 15) != (~key & 15))
		return '\0';
	return key < sizeof(keys) - 1 ? keys[key] : '\0';
}

static void forget(struct keypad *keypad)
{
	explicit_bzero(keypad->digits, sizeof(keypad->digits));
	keypad->count = 0;
}

void keypad_init(struct keypad *keypad, unsigned pin_digits, uint64_t timeout_us)
{
	assert(pin_digits <= KEYPAD_DIGITS_MAX);
	*keypad = (struct keypad){.pin_digits = pin_digits, .timeout_us = timeout_us};
}

uint64_t keypad_due_us(const struct keypad *keypad)
{
	return keypad->count > 0 ? keypad->last_us + keypad->timeout_us : UINT64_MAX;
}

void keypad_tick(struct keypad *keypad, uint64_t now_us)
{
	if (now_us >= keypad_due_us(keypad))
		forget(keypad);
}

static enum keypad_result end(struct keypad *keypad, char *ret_pin)
{
	enum keypad_result result = keypad->count == 0                  ? KEYPAD_CLEARED
				    : keypad->count > KEYPAD_DIGITS_MAX ? KEYPAD_TOO_LONG
									: KEYPAD_PIN;

	if (result == KEYPAD_PIN)
		memcpy(ret_pin, keypad->digits, KEYPAD_PIN_BYTES);
	forget(keypad);
	return result;
}

enum keypad_result keypad_key(struct keypad *keypad, char key, uint64_t mono_us, char *ret_pin)
{
	keypad_tick(keypad, mono_us);
	keypad->last_us = mono_us;
	if (key == '#')
		return end(keypad, ret_pin);
	if (key == '*') {
		forget(keypad);
		return KEYPAD_CLEARED;
	}
	if (keypad->count < KEYPAD_DIGITS_MAX)
		keypad->digits[keypad->count] = key;
	if (keypad->count <= KEYPAD_DIGITS_MAX)
		keypad->count++;
	return keypad->pin_digits > 0 && keypad->count == keypad->pin_digits ? end(keypad, ret_pin)
									     : KEYPAD_MORE;
}
