#include <errno.h>
#include <string.h>

#include "unit.h"
#include "hw/door/door.h"

enum { RELEASE = 5000, HELD = 30000, PRE = 10000, RELOCK = 500 };

static struct door door;
static struct door_effects effects;

static int setup(void **state)
{
	const struct door_config config = {.release_ms = RELEASE,
					   .held_open_ms = HELD,
					   .pre_alarm_ms = PRE,
					   .relock_delay_ms = RELOCK,
					   .extended_release_ms = RELEASE,
					   .extended_open_ms = HELD};

	(void)state;
	door_init(&door, &config, 0);
	return door_step(&door, DOOR_EVENT_CONTACT_CLOSED, 0, &effects);
}

static int step(enum door_event event, uint64_t now_ms)
{
	return door_step(&door, event, now_ms, &effects);
}

static void relocks_when_nobody_walks_in(void **state)
{
	(void)state;
	assert_int_equal(step(DOOR_EVENT_ACCESS, 1000), 0);
	assert_true(effects.released);
	assert_int_equal(door_mode(&door), DOOR_MODE_ACCESSED);
	assert_int_equal(door_deadline_ms(&door), 1000 + RELEASE);
	step(DOOR_EVENT_TICK, 1000 + RELEASE - 1);
	assert_true(effects.released);
	step(DOOR_EVENT_TICK, 1000 + RELEASE);
	assert_false(effects.released);
	assert_true(effects.notices & DOOR_NOTICE_ACCESS_NOT_TAKEN);
	assert_int_equal(door_deadline_ms(&door), UINT64_MAX);
}

static void relocks_after_the_leaf_closes(void **state)
{
	(void)state;
	step(DOOR_EVENT_ACCESS, 0);
	step(DOOR_EVENT_CONTACT_OPEN, 1000);
	assert_true(effects.notices & DOOR_NOTICE_ACCESS_TAKEN);
	assert_true(effects.released);
	step(DOOR_EVENT_CONTACT_CLOSED, 2000);
	assert_true(effects.released); /* relock_delay_ms */
	assert_int_equal(door_deadline_ms(&door), 2000 + RELOCK);
	step(DOOR_EVENT_TICK, 2000 + RELOCK);
	assert_false(effects.released);
	assert_false(effects.notices & DOOR_NOTICE_ACCESS_NOT_TAKEN);
}

static void a_grant_before_an_open_leaf_counts_as_taken(void **state)
{
	(void)state;
	step(DOOR_EVENT_ACCESS, 0);
	step(DOOR_EVENT_CONTACT_OPEN, 1000);
	step(DOOR_EVENT_ACCESS, 2000);
	assert_true(effects.notices & DOOR_NOTICE_ACCESS_TAKEN);
	step(DOOR_EVENT_CONTACT_CLOSED, 3000);
	assert_int_equal(door_deadline_ms(&door),
			 3000 + RELOCK); /* closing relocks, whoever was granted last */
	step(DOOR_EVENT_TICK, 3000 + RELOCK);
	assert_false(effects.released);
	assert_false(effects.notices & DOOR_NOTICE_ACCESS_NOT_TAKEN);
}

static void a_grant_before_a_closed_leaf_is_asked_anew(void **state)
{
	(void)state;
	step(DOOR_EVENT_ACCESS, 0);
	step(DOOR_EVENT_CONTACT_OPEN, 1000);
	step(DOOR_EVENT_CONTACT_CLOSED, 1400);
	step(DOOR_EVENT_ACCESS, 1500);
	step(DOOR_EVENT_TICK, 1500 + RELEASE - 1);
	assert_true(effects.released);
	step(DOOR_EVENT_TICK, 1500 + RELEASE);
	assert_false(effects.released);
	assert_true(effects.notices & DOOR_NOTICE_ACCESS_NOT_TAKEN);
}

static void a_grant_after_somebody_left_is_accounted_for(void **state)
{
	(void)state;
	step(DOOR_EVENT_EXIT, 0);
	step(DOOR_EVENT_CONTACT_OPEN, 100);
	assert_false(effects.notices & DOOR_NOTICE_ACCESS_TAKEN);
	step(DOOR_EVENT_ACCESS, 200);
	assert_true(effects.notices & DOOR_NOTICE_ACCESS_TAKEN);
}

static void an_opening_told_late_is_not_forced(void **state)
{
	(void)state;
	step(DOOR_EVENT_ACCESS, 0);
	step(DOOR_EVENT_TICK, RELEASE);
	step(DOOR_EVENT_CONTACT_OPEN, RELEASE - 1);
	assert_true(effects.notices & DOOR_NOTICE_ACCESS_TAKEN);
	assert_int_equal(door_alarm(&door), DOOR_ALARM_NORMAL);
	setup(state);
	step(DOOR_EVENT_ACCESS, 0);
	step(DOOR_EVENT_TICK, RELEASE);
	step(DOOR_EVENT_CONTACT_OPEN, RELEASE);
	assert_int_equal(door_alarm(&door), DOOR_ALARM_FORCED_OPEN);
}

static void a_cut_wire_ends_no_alarm(void **state)
{
	(void)state;
	step(DOOR_EVENT_CONTACT_OPEN, 10);
	step(DOOR_EVENT_CONTACT_UNKNOWN, 20);
	assert_int_equal(door_alarm(&door), DOOR_ALARM_FORCED_OPEN);
	step(DOOR_EVENT_CONTACT_CLOSED, 30);
	assert_true(effects.notices & DOOR_NOTICE_FORCED_CLEARED);
}

static void held_open_warns_again_after_an_open_mode(void **state)
{
	(void)state;
	step(DOOR_EVENT_ACCESS, 0);
	step(DOOR_EVENT_CONTACT_OPEN, 0);
	step(DOOR_EVENT_TICK, HELD - PRE);
	assert_true(effects.notices & DOOR_NOTICE_HELD_WARNING);
	step(DOOR_EVENT_UNLOCK, HELD - PRE);
	step(DOOR_EVENT_LOCK, HELD);
	step(DOOR_EVENT_TICK, 2 * HELD - PRE);
	assert_true(effects.notices & DOOR_NOTICE_HELD_WARNING);
}

static void opened_without_a_grant_is_forced_until_closed(void **state)
{
	(void)state;
	step(DOOR_EVENT_CONTACT_OPEN, 10);
	assert_true(effects.notices & DOOR_NOTICE_FORCED);
	assert_int_equal(door_alarm(&door), DOOR_ALARM_FORCED_OPEN);
	assert_false(effects.released);
	step(DOOR_EVENT_CONTACT_CLOSED, 20);
	assert_true(effects.notices & DOOR_NOTICE_FORCED_CLEARED);
	assert_int_equal(door_alarm(&door), DOOR_ALARM_NORMAL);
}

static void held_open_warns_before_it_alarms(void **state)
{
	(void)state;
	step(DOOR_EVENT_ACCESS, 0);
	step(DOOR_EVENT_CONTACT_OPEN, 100);
	step(DOOR_EVENT_TICK, 100 + HELD - PRE - 1);
	assert_false(effects.notices & DOOR_NOTICE_HELD_WARNING);
	step(DOOR_EVENT_TICK, 100 + HELD - PRE);
	assert_true(effects.notices & DOOR_NOTICE_HELD_WARNING);
	step(DOOR_EVENT_TICK, 100 + HELD - 1);
	assert_int_equal(effects.notices, 0);
	step(DOOR_EVENT_TICK, 100 + HELD);
	assert_int_equal(effects.notices, DOOR_NOTICE_HELD_OPEN);
	step(DOOR_EVENT_TICK, 100 + HELD + 1);
	assert_int_equal(effects.notices, 0);
	step(DOOR_EVENT_CONTACT_CLOSED, 100 + HELD + 2);
	assert_true(effects.notices & DOOR_NOTICE_HELD_OPEN_CLEARED);
}

static void open_modes_mask_both_alarms(void **state)
{
	(void)state;
	assert_int_equal(step(DOOR_EVENT_UNLOCK, 0), 0);
	step(DOOR_EVENT_CONTACT_OPEN, 1);
	step(DOOR_EVENT_TICK, 10 * HELD);
	assert_int_equal(door_alarm(&door), DOOR_ALARM_NORMAL);
	step(DOOR_EVENT_LOCK,
	     10 * HELD); /* the leaf stands open: held-open counts from here, nobody forced it */
	step(DOOR_EVENT_TICK, 11 * HELD - 1);
	assert_int_equal(door_alarm(&door), DOOR_ALARM_NORMAL);
	step(DOOR_EVENT_TICK, 11 * HELD);
	assert_int_equal(door_alarm(&door), DOOR_ALARM_OPEN_TOO_LONG);
}

static void a_leaf_first_seen_open_is_not_forced(void **state)
{
	(void)state;
	step(DOOR_EVENT_CONTACT_UNKNOWN, 0);
	step(DOOR_EVENT_CONTACT_OPEN, 1);
	assert_int_equal(door_alarm(&door), DOOR_ALARM_NORMAL);
	assert_int_equal(door_physical(&door), DOOR_PHYSICAL_OPEN);
}

static void exit_opens_out_of_every_mode_and_returns_to_it(void **state)
{
	static const enum door_event into[] = {DOOR_EVENT_LOCK, DOOR_EVENT_BLOCK,
					       DOOR_EVENT_DOUBLE_LOCK, DOOR_EVENT_LOCK_DOWN};

	for (size_t i = 0; i < sizeof(into) / sizeof(into[0]); i++) {
		enum door_mode mode;

		setup(state);
		assert_int_equal(step(into[i], 0), 0);
		mode = door_mode(&door);
		assert_int_equal(step(DOOR_EVENT_EXIT, 1), 0);
		assert_true(effects.released);
		assert_int_equal(step(DOOR_EVENT_ACCESS, 2), mode == DOOR_MODE_LOCKED ? 0 : -EPERM);
		step(DOOR_EVENT_TICK, 2 + RELEASE);
		assert_false(effects.released);
		assert_int_equal(door_mode(&door), mode);
	}
}

static void fire_wins_and_is_latched(void **state)
{
	static const enum door_event orders[] = {
		DOOR_EVENT_LOCK,        DOOR_EVENT_UNLOCK,           DOOR_EVENT_BLOCK,
		DOOR_EVENT_DOUBLE_LOCK, DOOR_EVENT_LOCK_DOWN,        DOOR_EVENT_LOCK_DOWN_RELEASE,
		DOOR_EVENT_LOCK_OPEN,   DOOR_EVENT_LOCK_OPEN_RELEASE};

	(void)state;
	assert_int_equal(step(DOOR_EVENT_LOCK_DOWN, 0), 0);
	assert_int_equal(step(DOOR_EVENT_FIRE, 1), 0);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		assert_int_equal(step(orders[i], 2), -EPERM);
		assert_true(effects.released);
	}
	assert_int_equal(step(DOOR_EVENT_ACCESS, 3), 0);
	step(DOOR_EVENT_TICK, 1000000);
	assert_true(effects.released);
	step(DOOR_EVENT_FIRE_RESET, 1000001);
	assert_int_equal(door_mode(&door), DOOR_MODE_LOCKED_DOWN);
	assert_false(effects.released);
}

static void a_held_mode_ends_only_by_its_own_release(void **state)
{
	(void)state;
	step(DOOR_EVENT_BLOCK, 0);
	assert_int_equal(step(DOOR_EVENT_LOCK_DOWN, 1), 0);
	assert_int_equal(step(DOOR_EVENT_UNLOCK, 2), -EPERM);
	assert_int_equal(step(DOOR_EVENT_LOCK_OPEN, 3), -EPERM);
	assert_int_equal(step(DOOR_EVENT_LOCK_OPEN_RELEASE, 4), -EPERM);
	assert_int_equal(step(DOOR_EVENT_LOCK_DOWN_RELEASE, 5), 0);
	assert_int_equal(door_mode(&door), DOOR_MODE_BLOCKED);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void a_million_steps_keep_the_invariants(void **state)
{
	uint32_t seed = 2026;
	uint64_t now_ms = 0;
	bool fire = false;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		enum door_event event = (enum door_event)(next_random(&seed) % DOOR_EVENTS);
		enum door_mode mode;

		now_ms += next_random(&seed) % 4 == 0 ? next_random(&seed) % 40000
						      : next_random(&seed) % 100;
		step(event, now_ms);
		mode = door_mode(&door);
		fire = event == DOOR_EVENT_FIRE || (fire && event != DOOR_EVENT_FIRE_RESET);
		assert_int_equal(effects.released, mode == DOOR_MODE_UNLOCKED ||
							   mode == DOOR_MODE_ACCESSED ||
							   mode == DOOR_MODE_LOCKED_OPEN);
		assert_int_equal(effects.released, door_lock(&door) == DOOR_LOCK_UNLOCKED);
		assert_true(!fire || mode == DOOR_MODE_LOCKED_OPEN);
		assert_true(event != DOOR_EVENT_EXIT || effects.released);
		assert_true(door_deadline_ms(&door) > now_ms);
		assert_true(door_alarm(&door) == DOOR_ALARM_NORMAL ||
			    door_physical(&door) != DOOR_PHYSICAL_CLOSED);
	}
}

static void names_are_onvifs(void **state)
{
	(void)state;
	assert_string_equal(door_mode_name(DOOR_MODE_LOCKED_DOWN), "LockedDown");
	assert_string_equal(door_physical_name(DOOR_PHYSICAL_CLOSED), "Closed");
	assert_string_equal(door_alarm_name(DOOR_ALARM_OPEN_TOO_LONG), "DoorOpenTooLong");
	assert_string_equal(door_lock_name(DOOR_LOCK_UNLOCKED), "Unlocked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(relocks_when_nobody_walks_in, setup),
		cmocka_unit_test_setup(relocks_after_the_leaf_closes, setup),
		cmocka_unit_test_setup(a_grant_before_an_open_leaf_counts_as_taken, setup),
		cmocka_unit_test_setup(a_grant_before_a_closed_leaf_is_asked_anew, setup),
		cmocka_unit_test_setup(a_grant_after_somebody_left_is_accounted_for, setup),
		cmocka_unit_test_setup(an_opening_told_late_is_not_forced, setup),
		cmocka_unit_test_setup(a_cut_wire_ends_no_alarm, setup),
		cmocka_unit_test_setup(held_open_warns_again_after_an_open_mode, setup),
		cmocka_unit_test_setup(opened_without_a_grant_is_forced_until_closed, setup),
		cmocka_unit_test_setup(held_open_warns_before_it_alarms, setup),
		cmocka_unit_test_setup(open_modes_mask_both_alarms, setup),
		cmocka_unit_test_setup(a_leaf_first_seen_open_is_not_forced, setup),
		cmocka_unit_test_setup(exit_opens_out_of_every_mode_and_returns_to_it, setup),
		cmocka_unit_test_setup(fire_wins_and_is_latched, setup),
		cmocka_unit_test_setup(a_held_mode_ends_only_by_its_own_release, setup),
		cmocka_unit_test_setup(a_million_steps_keep_the_invariants, setup),
		cmocka_unit_test(names_are_onvifs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
