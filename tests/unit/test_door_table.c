/*
 * Every state of the door with every event, against a table written from the header; then every
 * limit.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "hw/door/door.h"

enum {
	RELEASE = 5000,
	HELD = 30000,
	PRE = 10000,
	RELOCK = 500,
	EXTENDED = 12000,
	EXTENDED_OPEN = 60000
};
enum { NOW = 1000000 };

static const struct door_config usual = {.release_ms = RELEASE,
					 .held_open_ms = HELD,
					 .pre_alarm_ms = PRE,
					 .relock_delay_ms = RELOCK,
					 .extended_release_ms = EXTENDED,
					 .extended_open_ms = EXTENDED_OPEN};
static struct door door;
static struct door_effects effects;

static int step(enum door_event event, uint64_t now_ms)
{
	return door_step(&door, event, now_ms, &effects);
}

/* how a state is reached from Locked; DOOR_EVENTS ends it */
struct state {
	const char *name;
	enum door_event way[3];
	/*
	 * one letter an event: L Locked, U Unlocked, A Accessed, B Blocked, D LockedDown, O
	 * LockedOpen, X DoubleLocked afterwards; = nothing changed; - refused
	 */
	const char *row;
};

#define WAY(...)                                                                                   \
	{                                                                                          \
		__VA_ARGS__, DOOR_EVENTS                                                           \
	}

static const struct state states[] = {
	/*
	 * access, extended, exit, lock, unlock, block, double lock, lock down, its release,
	 * lock open, its release, fire, reset, open, closed, unknown, tick
	 */
	{"Locked", {DOOR_EVENTS}, "AAA=UBXD-O-O====="},
	{"Unlocked", WAY(DOOR_EVENT_UNLOCK), "===L=BXD-O-O====="},
	{"Accessed", WAY(DOOR_EVENT_ACCESS), "===LUBXD-O-O====="},
	{"Accessed, extended", WAY(DOOR_EVENT_ACCESS_EXTENDED), "===LUBXD-O-O====="},
	{"Accessed by exit", WAY(DOOR_EVENT_EXIT), "===LUBXD-O-O====="},
	{"Accessed by exit out of Blocked", WAY(DOOR_EVENT_BLOCK, DOOR_EVENT_EXIT),
	 "--=LUBXD-O-O====="},
	{"Accessed by exit out of LockedDown", WAY(DOOR_EVENT_LOCK_DOWN, DOOR_EVENT_EXIT),
	 "--=----DL--O====="},
	{"Blocked", WAY(DOOR_EVENT_BLOCK), "--ALU=XD-O-O====="},
	{"LockedDown", WAY(DOOR_EVENT_LOCK_DOWN), "--A----=L--O====="},
	{"LockedOpen", WAY(DOOR_EVENT_LOCK_OPEN), "===------=L======"},
	{"DoubleLocked", WAY(DOOR_EVENT_DOUBLE_LOCK), "--ALUB=D-O-O====="},
	{"fire", WAY(DOOR_EVENT_FIRE), "===--------=L===="},
	{"fire while LockedDown", WAY(DOOR_EVENT_LOCK_DOWN, DOOR_EVENT_FIRE), "===--------=D===="},
};

static enum door_mode mode_of(char letter)
{
	switch (letter) {
	case 'L':
		return DOOR_MODE_LOCKED;
	case 'U':
		return DOOR_MODE_UNLOCKED;
	case 'A':
		return DOOR_MODE_ACCESSED;
	case 'B':
		return DOOR_MODE_BLOCKED;
	case 'D':
		return DOOR_MODE_LOCKED_DOWN;
	case 'O':
		return DOOR_MODE_LOCKED_OPEN;
	default:
		return DOOR_MODE_DOUBLE_LOCKED;
	}
}

static void reach(const struct state *state, enum door_event leaf)
{
	door_init(&door, &usual, 0);
	step(DOOR_EVENT_CONTACT_CLOSED, 0);
	for (const enum door_event *event = state->way; *event != DOOR_EVENTS; event++)
		assert_int_equal(step(*event, NOW), 0);
	step(leaf, NOW);
}

static void check(const struct state *state, enum door_event leaf, unsigned event)
{
	enum door_mode before, expected;
	char letter = state->row[event];
	int r;

	reach(state, leaf);
	before = door_mode(&door);
	expected = letter == '=' || letter == '-' ? before : mode_of(letter);
	r = step((enum door_event)event, NOW);
	if (r != (letter == '-' ? -EPERM : 0) || door_mode(&door) != expected)
		fail_msg("%s, leaf %s, event %u: expected %c, got %d and %s", state->name,
			 door_physical_name(door_physical(&door)), event, letter, r,
			 door_mode_name(door_mode(&door)));
	assert_int_equal(effects.released, door_released(&door));
	assert_int_equal((effects.notices & DOOR_NOTICE_MODE) != 0, before != expected);
}

static void every_state_with_every_event(void **unused)
{
	static const enum door_event leaves[] = {DOOR_EVENT_CONTACT_CLOSED, DOOR_EVENT_CONTACT_OPEN,
						 DOOR_EVENT_CONTACT_UNKNOWN};

	(void)unused;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		assert_int_equal(strlen(states[i].row), DOOR_EVENTS);
		for (size_t leaf = 0; leaf < 3; leaf++)
			for (unsigned event = 0; event < DOOR_EVENTS; event++)
				check(&states[i], leaves[leaf], event);
	}
}

static void memory_brings_modes_back_and_no_grant(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		struct door_memory memory;
		struct door again;
		enum door_mode settled;

		reach(&states[i], DOOR_EVENT_TICK);
		memory = door_remember(&door);
		door_init_from(&again, &usual, &memory, 0);
		settled = door_mode(&door);
		if (settled == DOOR_MODE_ACCESSED) { /* let it run out */
			step(DOOR_EVENT_TICK, NOW + EXTENDED);
			settled = door_mode(&door);
		}
		assert_int_equal(door_mode(&again), settled);
		/* and what ends it ends it in the same place */
		for (unsigned event = 0; event < DOOR_EVENTS; event++) {
			struct door copy = again, original = door;
			struct door_effects of_copy, of_original;

			if (event >= DOOR_EVENT_CONTACT_OPEN && event <= DOOR_EVENT_CONTACT_UNKNOWN)
				continue; /* the leaf is read anew */
			assert_int_equal(
				door_step(&copy, (enum door_event)event, NOW + EXTENDED, &of_copy),
				door_step(&original, (enum door_event)event, NOW + EXTENDED,
					  &of_original));
			assert_int_equal(door_mode(&copy), door_mode(&original));
		}
	}
}

/* one limit: nothing at -1, the change at 0, and no second one at +1 */
static void limit(uint64_t due_ms, uint32_t notice)
{
	assert_int_equal(door_deadline_ms(&door), due_ms);
	step(DOOR_EVENT_TICK, due_ms - 1);
	assert_false(effects.notices & notice);
	step(DOOR_EVENT_TICK, due_ms);
	assert_true(effects.notices & notice);
	step(DOOR_EVENT_TICK, due_ms + 1);
	assert_false(effects.notices & notice);
}

static void fresh(const struct door_config *config)
{
	door_init(&door, config, 0);
	step(DOOR_EVENT_CONTACT_CLOSED, 0);
}

static void limits(void **unused)
{
	(void)unused;
	fresh(&usual);
	step(DOOR_EVENT_ACCESS, NOW);
	limit(NOW + RELEASE, DOOR_NOTICE_ACCESS_NOT_TAKEN);
	fresh(&usual);
	step(DOOR_EVENT_ACCESS_EXTENDED, NOW);
	limit(NOW + EXTENDED, DOOR_NOTICE_ACCESS_NOT_TAKEN);
	fresh(&usual);
	step(DOOR_EVENT_ACCESS, NOW);
	step(DOOR_EVENT_CONTACT_OPEN, NOW);
	step(DOOR_EVENT_CONTACT_CLOSED, NOW + 100);
	limit(NOW + 100 + RELOCK, DOOR_NOTICE_MODE);
	fresh(&usual);
	step(DOOR_EVENT_CONTACT_OPEN, NOW); /* forced: neither warned of nor held open */
	assert_int_equal(door_deadline_ms(&door), UINT64_MAX);
	fresh(&usual);
	step(DOOR_EVENT_ACCESS, NOW);
	step(DOOR_EVENT_CONTACT_OPEN, NOW);
	step(DOOR_EVENT_TICK, NOW + RELEASE);
	limit(NOW + HELD - PRE, DOOR_NOTICE_HELD_WARNING);
	limit(NOW + HELD, DOOR_NOTICE_HELD_OPEN);
}

static void somebody_slow_may_hold_it_longer(void **unused)
{
	(void)unused;
	fresh(&usual);
	step(DOOR_EVENT_ACCESS_EXTENDED, NOW);
	step(DOOR_EVENT_ACCESS, NOW + 10); /* whoever comes after takes none of the time */
	step(DOOR_EVENT_CONTACT_OPEN, NOW + 20);
	step(DOOR_EVENT_TICK, NOW + EXTENDED);
	limit(NOW + 20 + EXTENDED_OPEN - PRE, DOOR_NOTICE_HELD_WARNING);
	limit(NOW + 20 + EXTENDED_OPEN, DOOR_NOTICE_HELD_OPEN);
	step(DOOR_EVENT_CONTACT_CLOSED, 2 * NOW);
	step(DOOR_EVENT_ACCESS, 2 * NOW); /* the next one has the usual time */
	step(DOOR_EVENT_CONTACT_OPEN, 2 * NOW);
	step(DOOR_EVENT_TICK, 2 * NOW + RELEASE);
	limit(2 * NOW + HELD - PRE, DOOR_NOTICE_HELD_WARNING);
}

static void a_turnstile_relocks_as_it_turns(void **unused)
{
	struct door_config config = usual;

	(void)unused;
	config.kind = DOOR_KIND_TURNSTILE;
	config.relock_delay_ms = 0;
	fresh(&config);
	step(DOOR_EVENT_ACCESS, NOW);
	step(DOOR_EVENT_CONTACT_OPEN, NOW + 500);
	assert_true(effects.notices & DOOR_NOTICE_ACCESS_TAKEN);
	assert_false(effects.released);
	step(DOOR_EVENT_CONTACT_CLOSED, NOW + 900);
	step(DOOR_EVENT_CONTACT_OPEN, NOW + 1000);
	assert_true(effects.notices & DOOR_NOTICE_FORCED);
}

static void whoever_slips_in_after_is_told(void **unused)
{
	(void)unused;
	fresh(&usual);
	step(DOOR_EVENT_ACCESS, NOW);
	step(DOOR_EVENT_CONTACT_OPEN, NOW + 100);
	assert_false(effects.notices & DOOR_NOTICE_TAILGATING);
	step(DOOR_EVENT_CONTACT_CLOSED, NOW + 200);
	step(DOOR_EVENT_CONTACT_OPEN, NOW + 200 + RELOCK - 1);
	assert_true(effects.notices & DOOR_NOTICE_TAILGATING);
	assert_false(effects.notices & DOOR_NOTICE_ACCESS_TAKEN);

	fresh(&usual); /* two grants, two openings */
	step(DOOR_EVENT_ACCESS, NOW);
	step(DOOR_EVENT_ACCESS, NOW + 50);
	step(DOOR_EVENT_CONTACT_OPEN, NOW + 100);
	step(DOOR_EVENT_CONTACT_CLOSED, NOW + 200);
	step(DOOR_EVENT_CONTACT_OPEN, NOW + 300);
	assert_false(effects.notices & DOOR_NOTICE_TAILGATING);

	fresh(&usual); /* out of an exit anybody may follow */
	step(DOOR_EVENT_EXIT, NOW);
	step(DOOR_EVENT_CONTACT_OPEN, NOW + 100);
	step(DOOR_EVENT_CONTACT_CLOSED, NOW + 200);
	step(DOOR_EVENT_CONTACT_OPEN, NOW + 300);
	assert_false(effects.notices & DOOR_NOTICE_TAILGATING);
}

/*
 * every value just outside the ranges is our own mistake and stops us; the edges themselves serve
 */
static void the_ranges_hold_at_their_edges(void **unused)
{
	struct door_config config = {.release_ms = 1,
				     .held_open_ms = 1,
				     .pre_alarm_ms = 0,
				     .relock_delay_ms = 60000,
				     .extended_release_ms = 3600000,
				     .extended_open_ms = 3600000};

	(void)unused;
	fresh(&config);
	step(DOOR_EVENT_ACCESS_EXTENDED, NOW);
	assert_int_equal(door_deadline_ms(&door), NOW + 3600000);
	config.release_ms = config.held_open_ms = 3600000;
	config.pre_alarm_ms = 3599999;
	fresh(&config);
	step(DOOR_EVENT_ACCESS, NOW);
	step(DOOR_EVENT_CONTACT_OPEN, NOW);
	assert_int_equal(door_deadline_ms(&door), NOW + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_with_every_event),
		cmocka_unit_test(memory_brings_modes_back_and_no_grant),
		cmocka_unit_test(limits),
		cmocka_unit_test(somebody_slow_may_hold_it_longer),
		cmocka_unit_test(a_turnstile_relocks_as_it_turns),
		cmocka_unit_test(whoever_slips_in_after_is_told),
		cmocka_unit_test(the_ranges_hold_at_their_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
