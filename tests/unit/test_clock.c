#include "unit.h"

#include <errno.h>

#include "base/clock.h"

static void formats_utc_with_milliseconds(void **state)
{
	char text[CLOCK_UTC_BYTES];

	(void)state;
	clock_format_utc(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000Z");
	clock_format_utc(1795233906789, text);
	assert_string_equal(text, "2026-11-21T04:05:06.789Z");
}

static void times_are_parsed_strictly(void **state)
{
	int64_t ms = -1;

	(void)state;
	assert_int_equal(clock_parse_utc("2026-11-21", &ms), 0);
	assert_int_equal(ms, 1795219200000);
	assert_int_equal(clock_parse_utc("2026-11-21T04:05:06.789Z", &ms), 0);
	assert_int_equal(ms, 1795233906789);
	assert_int_equal(clock_parse_utc("2026-11-21T04:05Z", &ms), 0);
	assert_int_equal(clock_parse_utc("2026-11-21T04:05", &ms), -EINVAL);
	assert_int_equal(clock_parse_utc("2026-11-21T24:00Z", &ms), -EINVAL);
	assert_int_equal(clock_parse_utc("2026-13-01", &ms), -EINVAL);
	assert_int_equal(clock_parse_utc("2026-02-29", &ms), -EINVAL);
	assert_int_equal(clock_parse_utc("2026-1-1", &ms), -EINVAL);
	assert_int_equal(clock_parse_utc("", &ms), -EINVAL);
}

static void a_driven_clock_stands_still(void **state)
{
	(void)state;
	clock_fake_set(1000, 5000);
	assert_int_equal(clock_mono_ms(), 1000);
	assert_int_equal(clock_mono_us(), 1000000);
	assert_int_equal(clock_unix_ms(), 5000);
	clock_fake_clear();
	assert_true(clock_unix_ms() > 1700000000000);
}

static void a_clock_that_was_never_set_is_known(void **state)
{
	(void)state;
	assert_false(clock_is_set(0));
	assert_false(clock_is_set(1735689599999)); /* 2024-12-31T23:59:59.999Z */
	assert_true(clock_is_set(1735689600000));
	assert_true(clock_is_set(1735689600001));
}

static int64_t ns_until(struct timespec at)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (at.tv_sec - now.tv_sec) * 1000000000 + at.tv_nsec - now.tv_nsec;
}

static void a_deadline_is_that_far_away(void **state)
{
	static const unsigned spans_ms[] = {0, 1, 999, 1000, 1001, 3600000};

	(void)state;
	for (size_t i = 0; i < sizeof(spans_ms) / sizeof(spans_ms[0]); i++) {
		struct timespec at = clock_deadline(spans_ms[i]);

		assert_in_range(at.tv_nsec, 0, 999999999);
		assert_true(ns_until(at) <= (int64_t)spans_ms[i] * 1000000);
		assert_true(ns_until(at) >
			    ((int64_t)spans_ms[i] - 60000) * 1000000); /* on a busy machine */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_parsed_strictly),
		cmocka_unit_test(a_deadline_is_that_far_away),
		cmocka_unit_test(formats_utc_with_milliseconds),
		cmocka_unit_test(a_driven_clock_stands_still),
		cmocka_unit_test(a_clock_that_was_never_set_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
