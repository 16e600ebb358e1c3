#include <string.h>

#include "unit.h"
#include "hw/reader/keypad.h"

enum { TIMEOUT_US = 10000000 };

static struct keypad keypad;
static char pin[KEYPAD_PIN_BYTES];
static uint64_t now_us;

static int setup(void **state)
{
	(void)state;
	now_us = 5000000;
	memset(pin, 0, sizeof(pin));
	keypad_init(&keypad, 0, TIMEOUT_US);
	return 0;
}

/* the answer to the last key */
static enum keypad_result type(const char *keys)
{
	enum keypad_result result = KEYPAD_MORE;

	for (; *keys != '\0'; keys++)
		result = keypad_key(&keypad, *keys, now_us += 100000, pin);
	return result;
}

static void each_burst_is_its_key_or_none(void **state)
{
	static const char keys[] = "0123456789*#";

	(void)state;
	for (unsigned burst = 0; burst < 16; burst++)
		assert_int_equal(keypad_decode(4, burst), burst < 12 ? keys[burst] : 0);
	for (unsigned burst = 0; burst < 256; burst++) {
		unsigned low = burst & 15, high = burst >> 4;

		assert_int_equal(keypad_decode(8, burst),
				 low + high == 15 && low < 12 ? keys[low] : 0);
	}
}

static void digits_up_to_the_hash_are_a_pin(void **state)
{
	(void)state;
	assert_int_equal(type("1234"), KEYPAD_MORE);
	assert_int_equal(type("#"), KEYPAD_PIN);
	assert_string_equal(pin, "1234");
	assert_int_equal(type("#"), KEYPAD_CLEARED);
	assert_int_equal(type("0#"), KEYPAD_PIN);
	assert_string_equal(pin, "0");
}

static void a_star_clears(void **state)
{
	(void)state;
	assert_int_equal(type("12*"), KEYPAD_CLEARED);
	assert_int_equal(keypad_due_us(&keypad), UINT64_MAX);
	assert_int_equal(type("34#"), KEYPAD_PIN);
	assert_string_equal(pin, "34");
}

static void digits_of_somebody_who_left_are_forgotten(void **state)
{
	uint64_t last_us;

	(void)state;
	type("12");
	last_us = now_us;
	assert_int_equal(keypad_due_us(&keypad), last_us + TIMEOUT_US);
	keypad_tick(&keypad, last_us + TIMEOUT_US - 1);
	assert_int_equal(keypad.count, 2);
	keypad_tick(&keypad, last_us + TIMEOUT_US);
	assert_int_equal(keypad_due_us(&keypad), UINT64_MAX);
	assert_int_equal(keypad.digits[0], 0);
	/* the same when the tick was late and the next hand types first */
	type("12");
	now_us += TIMEOUT_US;
	assert_int_equal(type("34#"), KEYPAD_PIN);
	assert_string_equal(pin, "34");
}

static void the_longest_pin_fits_and_one_more_does_not(void **state)
{
	(void)state;
	assert_int_equal(type("1234567890123456#"), KEYPAD_PIN);
	assert_string_equal(pin, "1234567890123456");
	assert_int_equal(type("12345678901234567#"), KEYPAD_TOO_LONG);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(type("9"), KEYPAD_MORE);
	assert_int_equal(type("#"), KEYPAD_TOO_LONG);
	assert_int_equal(type("7#"), KEYPAD_PIN);
	assert_string_equal(pin, "7");
}

static void a_site_with_pins_of_one_length_needs_no_hash(void **state)
{
	(void)state;
	keypad_init(&keypad, 4, TIMEOUT_US);
	assert_int_equal(type("123"), KEYPAD_MORE);
	assert_int_equal(type("4"), KEYPAD_PIN);
	assert_string_equal(pin, "1234");
	assert_int_equal(type("12#"), KEYPAD_PIN);
	assert_string_equal(pin, "12");
	keypad_init(&keypad, KEYPAD_DIGITS_MAX, TIMEOUT_US);
	assert_int_equal(type("1234567890123456"), KEYPAD_PIN);
}

static void no_digit_stays_in_memory(void **state)
{
	static const char *const ways[] = {"98765#", "98765*", "98765432109876543210#"};
	static const char zeros[sizeof(keypad.digits)];

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		type(ways[i]);
		assert_memory_equal(keypad.digits, zeros, sizeof(zeros));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_burst_is_its_key_or_none, setup),
		cmocka_unit_test_setup(digits_up_to_the_hash_are_a_pin, setup),
		cmocka_unit_test_setup(a_star_clears, setup),
		cmocka_unit_test_setup(digits_of_somebody_who_left_are_forgotten, setup),
		cmocka_unit_test_setup(the_longest_pin_fits_and_one_more_does_not, setup),
		cmocka_unit_test_setup(a_site_with_pins_of_one_length_needs_no_hash, setup),
		cmocka_unit_test_setup(no_digit_stays_in_memory, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
