#include <errno.h>
#include <string.h>

#include "unit.h"
#include "base/hex.h"
#include "base/scan.h"
#include "base/sorted.h"

static void digits_are_read_by_their_count(void **state)
{
	const char *text = "2026-1x";

	(void)state;
	assert_int_equal(scan_digits(&text, 4), 2026);
	assert_false(scan_char(&text, '+'));
	assert_true(scan_char(&text, '-'));
	assert_int_equal(scan_digits(&text, 2), -1);
	text = "999999999";
	assert_int_equal(scan_digits(&text, 9), 999999999);
	assert_int_equal(scan_digits(&text, 1), -1); /* the end of the text */
	assert_false(scan_char(&text, 'x'));
}

static void a_number_has_a_limit(void **state)
{
	const char *text = "0180;";
	uint64_t value = 7;

	(void)state;
	assert_int_equal(scan_number(&text, 180, &value), 0);
	assert_int_equal(value, 180);
	assert_string_equal(text, ";");
	assert_int_equal(scan_number(&text, 180, &value), -EINVAL);
	assert_string_equal(text, ";");
	text = "181,";
	assert_int_equal(scan_number(&text, 180, &value), -ERANGE);
	assert_string_equal(text, ",");
	assert_int_equal(value, 180);
	text = "8";
	assert_int_equal(scan_number(&text, 7, &value), -ERANGE);
	text = "0";
	assert_int_equal(scan_number(&text, 0, &value), 0);
	assert_int_equal(value, 0);
}

static void a_number_ends_at_64_bits(void **state)
{
	const char *text = "18446744073709551615";
	uint64_t value = 0;

	(void)state;
	assert_int_equal(scan_number(&text, UINT64_MAX, &value), 0);
	assert_true(value == UINT64_MAX);
	text = "18446744073709551616";
	assert_int_equal(scan_number(&text, UINT64_MAX, &value), -ERANGE);
	text = "99999999999999999999999999";
	assert_int_equal(scan_number(&text, UINT64_MAX, &value), -ERANGE);
	assert_string_equal(text, "");
	text = "-1";
	assert_int_equal(scan_number(&text, UINT64_MAX, &value), -EINVAL);
}

static void bytes_become_hex(void **state)
{
	const uint8_t bytes[] = {0x00, 0x9f, 0xa0, 0xff};
	char text[2 * sizeof(bytes) + 1];

	(void)state;
	hex_format(bytes, sizeof(bytes), text);
	assert_string_equal(text, "009fa0ff");
	hex_format(bytes, 0, text);
	assert_string_equal(text, "");
	assert_true(hex_is_valid("009fa0ff", 8));
	assert_false(hex_is_valid("009fa0ff", 7));
	assert_false(hex_is_valid("009fa0ff", 9));
	assert_false(hex_is_valid("009FA0FF", 8));
	assert_false(hex_is_valid("009fa0fg", 8));
}

static int order_of_int(const void *item, const void *key)
{
	int at = *(const int *)item, wanted = *(const int *)key;

	return (at > wanted) - (at < wanted);
}

static size_t place_of(const int *items, size_t count, int key)
{
	return sorted_place(items, count, sizeof(*items), order_of_int, &key);
}

static void a_key_has_one_place(void **state)
{
	static const int items[] = {10, 20, 20, 30, 40};

	(void)state;
	assert_int_equal(place_of(items, 0, 10), 0);
	for (size_t count = 1; count <= 5; count++)
		for (int key = 5; key <= 45; key += 5) {
			size_t expected = 0;

			while (expected < count && items[expected] < key)
				expected++;
			assert_int_equal(place_of(items, count, key), expected);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_are_read_by_their_count),
		cmocka_unit_test(a_number_has_a_limit),
		cmocka_unit_test(a_number_ends_at_64_bits),
		cmocka_unit_test(bytes_become_hex),
		cmocka_unit_test(a_key_has_one_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
