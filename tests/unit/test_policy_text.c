#include "unit.h"
#include "access/policy.h"

#define WAY(factor) ((uint8_t)(1u << (factor)))

static void ways_are_read_and_written(void **state)
{
	char text[64];

	(void)state;
	for (int way = 1; way < 16; way++) {
		policy_format_way((uint8_t)way, text, sizeof(text));
		assert_int_equal(policy_parse_way(text), way);
	}
	assert_int_equal(policy_parse_way("pin+card"), WAY(POLICY_PIN) | WAY(POLICY_CARD));
	assert_int_equal(policy_parse_way("pass"), WAY(POLICY_PASS));
	assert_int_equal(policy_parse_way("pass+pin"), 0);
	assert_int_equal(policy_parse_way("remote"), 0);
	assert_int_equal(policy_parse_way(""), 0);
	assert_int_equal(policy_parse_way("card+"), 0);
	assert_int_equal(policy_parse_way("+card"), 0);
	assert_int_equal(policy_parse_way("card+card"), 0);
	assert_int_equal(policy_parse_way("cards"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_are_read_and_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
