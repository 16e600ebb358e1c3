#include "unit.h"

#include "mqtt/backoff.h"

static void doubles_up_to_the_longest(void **state)
{
	struct backoff backoff;
	unsigned step = 10;

	(void)state;
	backoff_init(&backoff, 10, 1000);
	for (int i = 0; i < 20; i++) {
		unsigned pause = backoff_next_ms(&backoff);

		assert_in_range(pause, step / 2, step);
		step = step * 2 < 1000 ? step * 2 : 1000;
	}
	backoff_reset(&backoff);
	assert_in_range(backoff_next_ms(&backoff), 5, 10);
}

static void extremes_stay_in_range(void **state)
{
	struct backoff backoff;

	(void)state;
	backoff_init(&backoff, 1, 1);
	for (int i = 0; i < 5; i++)
		assert_in_range(backoff_next_ms(&backoff), 0, 1);
	backoff_init(&backoff, 3000000000u, 4294967295u); /* twice of it is no unsigned */
	(void)backoff_next_ms(&backoff);
	assert_true(backoff_next_ms(&backoff) >= 2147483647u);
}

static void gates_do_not_come_back_together(void **state)
{
	struct backoff a, b;
	int same = 0;

	(void)state;
	backoff_init(&a, 1000, 64000);
	backoff_init(&b, 1000, 64000);
	for (int i = 0; i < 50; i++)
		same += backoff_next_ms(&a) == backoff_next_ms(&b);
	assert_true(same < 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doubles_up_to_the_longest),
		cmocka_unit_test(extremes_stay_in_range),
		cmocka_unit_test(gates_do_not_come_back_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
