#include "unit.h"
#include "access/lockout.h"

static void the_last_of_so_many_wrong_tries_locks_out(void **state)
{
	struct lockout lockout = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_false(lockout_wrong(&lockout, 5, 30, 1000));
	assert_int_equal(lockout_remaining_ms(&lockout, 1000), 0);
	assert_true(lockout_wrong(&lockout, 5, 30, 1000));
	assert_int_equal(lockout_remaining_ms(&lockout, 1000), 30000);
	assert_int_equal(lockout_remaining_ms(&lockout, 30999), 1);
	/* more tries make it neither longer nor shorter */
	assert_false(lockout_wrong(&lockout, 5, 30, 30999));
	assert_int_equal(lockout_remaining_ms(&lockout, 31000), 0);
	assert_int_equal(lockout.wrong, 0);
	for (int i = 0; i < 4; i++)
		assert_false(lockout_wrong(&lockout, 5, 30, 31000));
	assert_true(lockout_wrong(&lockout, 5, 30, 31000));
}

static void a_right_try_forgets_the_wrong_ones(void **state)
{
	struct lockout lockout = {0};

	(void)state;
	assert_false(lockout_right(&lockout));
	for (int i = 0; i < 4; i++)
		lockout_wrong(&lockout, 5, 30, 1);
	assert_true(lockout_right(&lockout));
	assert_false(lockout_right(&lockout));
	for (int i = 0; i < 4; i++)
		assert_false(lockout_wrong(&lockout, 5, 30, 1));
	assert_true(lockout_wrong(&lockout, 5, 30, 1));
	/* who was let in elsewhere does not end it */
	assert_false(lockout_right(&lockout));
	assert_int_equal(lockout_remaining_ms(&lockout, 1), 30000);
}

static void one_try_may_be_the_limit(void **state)
{
	struct lockout lockout = {0};

	(void)state;
	assert_true(lockout_wrong(&lockout, 1, 1, 0));
	assert_int_equal(lockout_remaining_ms(&lockout, 999), 1);
	assert_int_equal(lockout_remaining_ms(&lockout, 1000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_of_so_many_wrong_tries_locks_out),
		cmocka_unit_test(a_right_try_forgets_the_wrong_ones),
		cmocka_unit_test(one_try_may_be_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
