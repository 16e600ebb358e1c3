#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "gate/timers.h"

/* a part whose deadline the test sets; its ticks are recorded in order */
struct part {
	char name;
	uint64_t due_ms, again_ms; /* again_ms: the deadline that its tick sets */
};

static sd_event *event;
static struct timers *timers;
static char ticks[32];

static uint64_t due(const void *arg)
{
	const struct part *part = arg;

	return part->due_ms;
}

static void tick(void *arg, uint64_t now_ms)
{
	struct part *part = arg;

	if (part->due_ms > now_ms)
		return;
	part->due_ms = part->again_ms;
	ticks[strlen(ticks)] = part->name;
}

static int setup(void **state)
{
	(void)state;
	memset(ticks, 0, sizeof(ticks));
	return sd_event_new(&event) < 0 || timers_open(event, &timers) < 0;
}

static int teardown(void **state)
{
	(void)state;
	timers_close(timers);
	event = sd_event_unref(event);
	return 0;
}

/* One turn of the loop without waiting. @return whether a source was dispatched */
static bool turn(void)
{
	return sd_event_run(event, 0) > 0;
}

static void parts_that_are_due_are_served_in_the_order_of_adding(void **state)
{
	struct part a = {'a', 1, UINT64_MAX}, b = {'b', UINT64_MAX, UINT64_MAX},
		    c = {'c', 1, UINT64_MAX};

	(void)state;
	timers_add(timers, due, tick, &c);
	timers_add(timers, due, tick, &b);
	timers_add(timers, due, tick, &a);
	timers_update(timers);
	assert_true(turn());
	assert_string_equal(ticks, "ca");
	assert_false(turn()); /* no part is due any more */
}

static void a_part_that_is_due_again_has_another_turn(void **state)
{
	struct part a = {'a', 1, 2};

	(void)state;
	timers_add(timers, due, tick, &a);
	timers_update(timers);
	assert_true(turn());
	a.again_ms = UINT64_MAX;
	assert_true(turn());
	assert_false(turn());
	assert_string_equal(ticks, "aa");
}

static void nothing_happens_before_the_first_deadline(void **state)
{
	struct part a = {'a', clock_mono_ms() + 3600000, UINT64_MAX};

	(void)state;
	timers_add(timers, due, tick, &a);
	timers_update(timers);
	assert_false(turn());
	a.due_ms = 1; /* has no effect before timers_update() */
	assert_false(turn());
	timers_update(timers);
	assert_true(turn());
	assert_string_equal(ticks, "a");
}

static void a_deadline_that_is_withdrawn_does_not_wake_the_loop(void **state)
{
	struct part a = {'a', 1, UINT64_MAX};

	(void)state;
	timers_add(timers, due, tick, &a);
	timers_update(timers);
	a.due_ms = UINT64_MAX;
	timers_update(timers);
	assert_false(turn());
	assert_string_equal(ticks, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			parts_that_are_due_are_served_in_the_order_of_adding, setup, teardown),
		cmocka_unit_test_setup_teardown(a_part_that_is_due_again_has_another_turn, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nothing_happens_before_the_first_deadline, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_deadline_that_is_withdrawn_does_not_wake_the_loop,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
