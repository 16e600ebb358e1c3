#include "unit.h"

#include "hw/door/sounder.h"

enum { SINCE = 1000 };

static void a_grant_is_one_tone(void **state)
{
	(void)state;
	assert_true(sounder_buzzer(SOUNDER_GRANT, false, SINCE, SINCE).on);
	assert_int_equal(sounder_buzzer(SOUNDER_GRANT, false, SINCE, SINCE).due_ms, SINCE + 200);
	assert_true(sounder_buzzer(SOUNDER_GRANT, false, SINCE, SINCE + 199).on);
	assert_false(sounder_buzzer(SOUNDER_GRANT, false, SINCE, SINCE + 200).on);
	assert_int_equal(sounder_buzzer(SOUNDER_GRANT, false, SINCE, SINCE + 200).due_ms,
			 UINT64_MAX);
}

static void quiet_hours_silence_all_but_a_forced_door(void **state)
{
	(void)state;
	for (int cause = SOUNDER_NONE; cause <= SOUNDER_FORCED; cause++)
		assert_int_equal(sounder_buzzer((enum sounder_cause)cause, true, SINCE, SINCE).on,
				 cause == SOUNDER_FORCED);
}

/* following due_ms alone, the beat is heard whole: as often on as off, and never twice the same */
static void a_beat_goes_on_and_off(void **state)
{
	uint64_t now_ms = SINCE;
	bool was = false;

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct sounder_level level =
			sounder_buzzer(SOUNDER_HELD_WARNING, false, SINCE, now_ms);

		assert_int_equal(level.on, i % 2 == 0);
		assert_true(level.due_ms > now_ms);
		assert_true(i == 0 || level.on != was);
		was = level.on;
		now_ms = level.due_ms;
	}
	assert_int_equal(now_ms, SINCE + 50 * 1000);
}

static void the_light_tells_released_and_alarm(void **state)
{
	(void)state;
	assert_true(sounder_light(SOUNDER_GRANT, true, SINCE, SINCE).on);
	assert_false(sounder_light(SOUNDER_NONE, false, SINCE, SINCE).on);
	assert_true(sounder_light(SOUNDER_FORCED, false, SINCE, SINCE).on);
	assert_false(sounder_light(SOUNDER_FORCED, false, SINCE, SINCE + 250).on);
	assert_int_equal(sounder_light(SOUNDER_FORCED, false, SINCE, SINCE + 250).due_ms,
			 SINCE + 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_is_one_tone),
		cmocka_unit_test(quiet_hours_silence_all_but_a_forced_door),
		cmocka_unit_test(a_beat_goes_on_and_off),
		cmocka_unit_test(the_light_tells_released_and_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
