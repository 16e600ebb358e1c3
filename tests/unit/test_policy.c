#include <string.h>

#include "unit.h"
#include "daemon/policy.h"

enum { NOW = 1000000 };

static const struct policy_person resident = {.enabled = true};

static struct policy_decision decide(const struct policy_person *person, enum door_mode mode, int64_t now)
{
	struct policy_request request = {
		.factor = POLICY_FACE, .person = person, .door_mode = mode, .now_unix_ms = now};

	return policy_decide(&request);
}

static void admits_an_enabled_resident(void **state)
{
	struct policy_decision d = decide(&resident, DOOR_MODE_LOCKED, NOW);

	(void)state;
	assert_true(d.granted);
	assert_int_equal(d.reason, POLICY_GRANTED);
	assert_string_equal(d.needed, "");
}

static void denies_a_stranger(void **state)
{
	struct policy_decision d = decide(NULL, DOOR_MODE_LOCKED, NOW);

	(void)state;
	assert_false(d.granted);
	assert_string_equal(policy_reason_name(d.reason), "CredentialNotFound");
}

static void validity_counts_to_the_millisecond(void **state)
{
	struct policy_person p = {.enabled = true, .valid_from_unix_ms = 100, .valid_to_unix_ms = 200};

	(void)state;
	assert_int_equal(decide(&p, DOOR_MODE_LOCKED, 99).reason, POLICY_CREDENTIAL_NOT_ACTIVE);
	assert_int_equal(decide(&p, DOOR_MODE_LOCKED, 100).reason, POLICY_GRANTED);
	assert_int_equal(decide(&p, DOOR_MODE_LOCKED, 199).reason, POLICY_GRANTED);
	assert_int_equal(decide(&p, DOOR_MODE_LOCKED, 200).reason, POLICY_CREDENTIAL_EXPIRED);
	p.valid_from_unix_ms = 0;
	p.valid_to_unix_ms = 0;
	assert_int_equal(decide(&p, DOOR_MODE_LOCKED, INT64_MAX).reason, POLICY_GRANTED);
	assert_int_equal(decide(&p, DOOR_MODE_LOCKED, 0).reason, POLICY_GRANTED);
}

static void a_picture_opens_nothing(void **state)
{
	struct policy_request request = {.factor = POLICY_FACE,
					 .person = &resident,
					 .presentation_attack = true,
					 .door_mode = DOOR_MODE_UNLOCKED,
					 .now_unix_ms = NOW};

	(void)state;
	assert_int_equal(policy_decide(&request).reason, POLICY_OTHER);
}

/* every factor, mode and kind of person: one reason each, granted exactly when it is Granted */
static void every_request_gets_exactly_one_reason(void **state)
{
	const struct policy_person off = {.enabled = false}, gone = {.enabled = true, .valid_to_unix_ms = 1};
	const struct policy_person *const people[] = {NULL, &resident, &off, &gone};
	struct policy_request q = {.now_unix_ms = NOW};

	(void)state;
	for (int bits = 0; bits < 6 * 8 * 4 * 2; bits++) {
		struct policy_decision d;

		q.factor = (enum policy_factor)(bits % 6);
		q.door_mode = (enum door_mode)(bits / 6 % 8);
		q.person = people[bits / 48 % 4];
		q.presentation_attack = bits / 192 != 0;
		d = policy_decide(&q);
		assert_int_equal(d.granted, d.reason == POLICY_GRANTED);
		assert_int_equal(d.granted, strlen(d.needed) == 0);
		if (q.presentation_attack || q.door_mode == DOOR_MODE_BLOCKED ||
		    q.door_mode == DOOR_MODE_LOCKED_DOWN || q.door_mode == DOOR_MODE_DOUBLE_LOCKED ||
		    q.door_mode == DOOR_MODE_UNKNOWN)
			assert_false(d.granted);
		if (q.factor != POLICY_REMOTE && q.person != &resident)
			assert_false(d.granted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(admits_an_enabled_resident),
		cmocka_unit_test(denies_a_stranger),
		cmocka_unit_test(validity_counts_to_the_millisecond),
		cmocka_unit_test(a_picture_opens_nothing),
		cmocka_unit_test(every_request_gets_exactly_one_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
