#include <string.h>

#include "unit.h"
#include "base/ulid.h"

static void starts_with_the_time(void **state)
{
	char text[ULID_BYTES];

	(void)state;
	ulid_make(1469918176385, text); /* the example of the specification: 01ARYZ6S41 */
	assert_memory_equal(text, "01ARYZ6S41", 10);
	assert_true(ulid_is_valid(text));
}

static void rises_when_the_clock_stands_or_steps_back(void **state)
{
	char before[ULID_BYTES], after[ULID_BYTES];

	(void)state;
	ulid_make(2000000000000, before);
	for (int i = 0; i < 1000; i++) {
		ulid_make(2000000000000 - i, after);
		assert_true(strcmp(before, after) < 0);
		memcpy(before, after, sizeof(before));
	}
}

static void refuses_what_is_no_ulid(void **state)
{
	(void)state;
	assert_false(ulid_is_valid(""));
	assert_false(ulid_is_valid("01ARYZ6S41TSV4RRFFQ69G5FA"));   /* 25 */
	assert_false(ulid_is_valid("01ARYZ6S41TSV4RRFFQ69G5FAVX")); /* 27 */
	assert_false(ulid_is_valid("01ARYZ6S41TSV4RRFFQ69G5FAU"));  /* no U in the alphabet */
	assert_false(ulid_is_valid("81ARYZ6S41TSV4RRFFQ69G5FAV"));  /* beyond 128 bits */
	assert_true(ulid_is_valid("01ARYZ6S41TSV4RRFFQ69G5FAV"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starts_with_the_time),
		cmocka_unit_test(rises_when_the_clock_stands_or_steps_back),
		cmocka_unit_test(refuses_what_is_no_ulid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
