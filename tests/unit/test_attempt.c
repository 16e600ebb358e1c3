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

/* what each event does in each state; nothing else does anything */
static const struct {
	enum attempt_state from;
	enum attempt_event event;
	enum attempt_state next;
	int bookings;
} expected[] = {
	{ATTEMPT_PRESENTED, ATTEMPT_EVENT_MORE_NEEDED, ATTEMPT_MORE, 0},
	{ATTEMPT_PRESENTED, ATTEMPT_EVENT_GUARD_NEEDED, ATTEMPT_GUARD, 0},
	{ATTEMPT_PRESENTED, ATTEMPT_EVENT_GRANTED, ATTEMPT_DECIDED, ATTEMPT_RESERVE},
	{ATTEMPT_PRESENTED, ATTEMPT_EVENT_DENIED, ATTEMPT_ENDED, 0},
	{ATTEMPT_MORE, ATTEMPT_EVENT_DENIED, ATTEMPT_ENDED, 0},
	{ATTEMPT_MORE, ATTEMPT_EVENT_SUPERSEDED, ATTEMPT_ENDED, 0},
	{ATTEMPT_GUARD, ATTEMPT_EVENT_GRANTED, ATTEMPT_DECIDED, ATTEMPT_RESERVE},
	{ATTEMPT_GUARD, ATTEMPT_EVENT_DENIED, ATTEMPT_ENDED, 0},
	{ATTEMPT_DECIDED, ATTEMPT_EVENT_RECORDED, ATTEMPT_RECORDED, 0},
	{ATTEMPT_DECIDED, ATTEMPT_EVENT_NOT_OPENED, ATTEMPT_ENDED, ATTEMPT_GIVE_BACK},
	{ATTEMPT_RECORDED, ATTEMPT_EVENT_OPENED, ATTEMPT_OPENED, ATTEMPT_CONFIRM},
	{ATTEMPT_RECORDED, ATTEMPT_EVENT_OPENED_UNSEEN, ATTEMPT_ENDED,
	 ATTEMPT_CONFIRM | ATTEMPT_MOVE},
	{ATTEMPT_RECORDED, ATTEMPT_EVENT_NOT_OPENED, ATTEMPT_ENDED, ATTEMPT_GIVE_BACK},
	{ATTEMPT_OPENED, ATTEMPT_EVENT_TAKEN, ATTEMPT_ENDED, ATTEMPT_MOVE},
	{ATTEMPT_OPENED, ATTEMPT_EVENT_PASSAGE_UNKNOWN, ATTEMPT_ENDED, ATTEMPT_MOVE},
	{ATTEMPT_OPENED, ATTEMPT_EVENT_NOT_TAKEN, ATTEMPT_NOT_TAKEN, 0},
	{ATTEMPT_NOT_TAKEN, ATTEMPT_EVENT_TAKEN, ATTEMPT_ENDED, ATTEMPT_MOVE},
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

			assert_int_equal(r, wanted < 0 ? -EINVAL : expected[wanted].bookings);
			assert_int_equal(next, wanted < 0 ? (enum attempt_state)from
							  : expected[wanted].next);
		}
}

/*
 * Whatever the order of events: a use that was reserved is confirmed or given back once, and nobody
 * moves twice.
 */
static void books_are_settled_once(void **state)
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
			reserved += (r & ATTEMPT_RESERVE) != 0;
			settled += (r & (ATTEMPT_CONFIRM | ATTEMPT_GIVE_BACK)) != 0;
			moved += (r & ATTEMPT_MOVE) != 0;
			if ((r & ATTEMPT_MOVE) != 0)
				assert_int_equal(settled, 1); /* whose door opened */
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
		cmocka_unit_test(books_are_settled_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
