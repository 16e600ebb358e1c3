#include <errno.h>

#include "unit.h"
#include "gate/entry/attempt.h"

static int step(enum attempt_state from, enum attempt_event event, enum attempt_state *ret_next)
{
	struct attempt attempt = {.state = from};
	int r = attempt_step(&attempt, event);

	*ret_next = attempt.state;
	return r;
}

/* every transition; all other events are refused */
static const struct {
	enum attempt_state from;
	enum attempt_event event;
	enum attempt_state next;
	int effects;
} expected[] = {
	{ATTEMPT_PRESENTED, ATTEMPT_EVENT_FACTOR_NEEDED, ATTEMPT_FACTOR_PENDING, 0},
	{ATTEMPT_PRESENTED, ATTEMPT_EVENT_GUARD_NEEDED, ATTEMPT_GUARD_PENDING, 0},
	{ATTEMPT_PRESENTED, ATTEMPT_EVENT_GRANTED, ATTEMPT_DECIDED, ATTEMPT_RESERVE_USE},
	{ATTEMPT_PRESENTED, ATTEMPT_EVENT_DENIED, ATTEMPT_ENDED, 0},
	{ATTEMPT_FACTOR_PENDING, ATTEMPT_EVENT_DENIED, ATTEMPT_ENDED, 0},
	{ATTEMPT_FACTOR_PENDING, ATTEMPT_EVENT_SUPERSEDED, ATTEMPT_ENDED, 0},
	{ATTEMPT_GUARD_PENDING, ATTEMPT_EVENT_GRANTED, ATTEMPT_DECIDED, ATTEMPT_RESERVE_USE},
	{ATTEMPT_GUARD_PENDING, ATTEMPT_EVENT_DENIED, ATTEMPT_ENDED, 0},
	{ATTEMPT_DECIDED, ATTEMPT_EVENT_RECORDED, ATTEMPT_RECORDED, 0},
	{ATTEMPT_DECIDED, ATTEMPT_EVENT_NOT_OPENED, ATTEMPT_ENDED, ATTEMPT_RETURN_USE},
	{ATTEMPT_RECORDED, ATTEMPT_EVENT_OPENED, ATTEMPT_OPENED, ATTEMPT_CONFIRM_USE},
	{ATTEMPT_RECORDED, ATTEMPT_EVENT_OPENED_UNMONITORED, ATTEMPT_ENDED,
	 ATTEMPT_CONFIRM_USE | ATTEMPT_UPDATE_AREAS},
	{ATTEMPT_RECORDED, ATTEMPT_EVENT_NOT_OPENED, ATTEMPT_ENDED, ATTEMPT_RETURN_USE},
	{ATTEMPT_OPENED, ATTEMPT_EVENT_TAKEN, ATTEMPT_ENDED, ATTEMPT_UPDATE_AREAS},
	{ATTEMPT_OPENED, ATTEMPT_EVENT_PASSAGE_UNKNOWN, ATTEMPT_ENDED, ATTEMPT_UPDATE_AREAS},
	{ATTEMPT_OPENED, ATTEMPT_EVENT_NOT_TAKEN, ATTEMPT_NOT_TAKEN, 0},
	{ATTEMPT_NOT_TAKEN, ATTEMPT_EVENT_TAKEN, ATTEMPT_ENDED, ATTEMPT_UPDATE_AREAS},
	{ATTEMPT_NOT_TAKEN, ATTEMPT_EVENT_SUPERSEDED, ATTEMPT_ENDED, 0},
};

static int find(int from, int event)
{
	for (int i = 0; i < (int)(sizeof(expected) / sizeof(expected[0])); i++)
		if ((int)expected[i].from == from && (int)expected[i].event == event)
			return i;
	return -1;
}

static void every_event_in_every_state(void **state)
{
	(void)state;
	for (int from = 0; from < ATTEMPT_STATES; from++)
		for (int event = 0; event < ATTEMPT_EVENTS; event++) {
			int wanted = find(from, event);
			enum attempt_state next;
			int r = step((enum attempt_state)from, (enum attempt_event)event, &next);

			assert_int_equal(r, wanted < 0 ? -EINVAL : expected[wanted].effects);
			assert_int_equal(next, wanted < 0 ? (enum attempt_state)from
							  : expected[wanted].next);
		}
}

/*
 * In any order of events a reserved use is confirmed or returned once, and areas are updated at
 * most once.
 */
static void effects_are_applied_once(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int run = 0; run < 20000; run++) {
		struct attempt attempt = {.state = ATTEMPT_PRESENTED};
		int reserved = 0, settled = 0, moved = 0;

		for (int i = 0; i < 40 && attempt.state != ATTEMPT_ENDED; i++) {
			int r;

			seed = seed * 1664525u + 1013904223u;
			r = attempt_step(&attempt,
					 (enum attempt_event)(seed >> 16) % ATTEMPT_EVENTS);
			if (r < 0)
				continue;
			reserved += (r & ATTEMPT_RESERVE_USE) != 0;
			settled += (r & (ATTEMPT_CONFIRM_USE | ATTEMPT_RETURN_USE)) != 0;
			moved += (r & ATTEMPT_UPDATE_AREAS) != 0;
			if ((r & ATTEMPT_UPDATE_AREAS) != 0)
				assert_int_equal(settled, 1); /* only after the door opened */
		}
		assert_true(reserved <= 1 && moved <= 1 && settled <= reserved);
		if (attempt.state == ATTEMPT_ENDED)
			assert_int_equal(settled, reserved);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_in_every_state),
		cmocka_unit_test(effects_are_applied_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
