/*
 * A million decisions on whatever rules, people and factors: one reason each, and nobody in against
 * what must hold.
 */
#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "access/policy.h"

enum { NOW = 1000000 };

#define WAY(factor) ((uint8_t)(1u << (factor)))

static uint32_t seed = 1;

static unsigned any(unsigned below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void any_rule(struct policy_rule *rule, const struct schedule *schedule)
{
	*rule = (struct policy_rule){.doors = any(4),
				     .everyone = any(3) == 0,
				     .schedule = any(3) == 0 ? schedule : NULL,
				     .persons = 1 + any(2),
				     .guard = any(8) == 0,
				     .entering = any(4) != 0,
				     .leaving = any(4) != 0};
	snprintf(rule->name, sizeof(rule->name), "r%u", any(1000));
	rule->groups.bits[0] = any(8);
	rule->way_count = 1 + any(3);
	for (size_t i = 0; i < rule->way_count; i++)
		rule->ways[i] = any(6) == 0 ? WAY(POLICY_PASS) : (uint8_t)(1 + any(15));
}

static void any_person(struct policy_person *person)
{
	*person = (struct policy_person){.enabled = any(10) != 0,
					 .valid_from_unix_ms = any(4) == 0 ? NOW - 1 + any(3) : 0,
					 .valid_to_unix_ms = any(4) == 0 ? NOW - 1 + any(3) : 0,
					 .extended = any(4) == 0,
					 .blocked = any(8) == 0 ? (enum policy_block)any(3)
								: POLICY_BLOCK_NONE};
	person->groups.bits[0] = any(8);
	person->entered_unix_ms[any(POLICY_AREAS_MAX)] = any(2) == 0 ? NOW - any(120000) : 0;
}

static void any_credential(struct policy_credential *credential)
{
	*credential =
		(struct policy_credential){.enabled = any(10) != 0,
					   .valid_from_unix_ms = any(6) == 0 ? NOW - 1 + any(3) : 0,
					   .valid_to_unix_ms = any(6) == 0 ? NOW - 1 + any(3) : 0,
					   .uses_max = any(3),
					   .used = any(3),
					   .duress = any(10) == 0,
					   .doors = any(4)};
}

static void assert_sound(const struct policy_request *q, const struct policy_decision *d)
{
	const struct policy_shown *last = &q->shown[q->shown_count - 1];
	bool remote = last->factor == POLICY_REMOTE;

	assert_in_range(d->reason, 0, POLICY_REASONS - 1);
	assert_int_equal(d->outcome == POLICY_GRANT, d->reason == POLICY_GRANTED);
	assert_int_equal(d->outcome == POLICY_GRANT, d->needed == PROBLEM_NONE);
	assert_true(d->rule[0] != '\0');
	if (d->outcome == POLICY_DENY)
		return;
	/* nobody gets this far against any of these */
	assert_false(q->presentation_attack);
	assert_true(q->door_mode == DOOR_MODE_LOCKED || q->door_mode == DOOR_MODE_UNLOCKED ||
		    q->door_mode == DOOR_MODE_ACCESSED || q->door_mode == DOOR_MODE_LOCKED_OPEN);
	assert_true(d->outcome == POLICY_MORE || !q->interlocked);
	if (remote)
		return;
	assert_true(last->person != NULL ||
		    (last->factor == POLICY_PASS && last->credential != NULL));
	if (last->person != NULL)
		assert_true(last->person->enabled && last->person->blocked != POLICY_BLOCK_DENY);
	if (last->credential != NULL)
		assert_true(last->credential->enabled &&
			    (last->credential->uses_max == 0 ||
			     last->credential->used < last->credential->uses_max));
}

static void a_million_decisions_have_one_reason_each(void **state)
{
	struct schedule schedule = {
		.spans = {{.days = 0x3f, .from_minute = 300, .to_minute = 1600}}, .span_count = 1};
	unsigned reasons[POLICY_REASONS] = {0}, outcomes[4] = {0};
	struct policy_rule rules[6];
	struct policy_area areas[POLICY_AREAS_MAX] = {{.name = ""}};
	uint16_t places[2][6];

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		struct policy_ruleset ruleset = {
			.rules = rules, .rule_count = any(6), .areas = areas};

		for (size_t i = 0; i < ruleset.rule_count; i++)
			any_rule(&rules[i], &schedule);
		for (int i = 0; i < 2; i++)
			areas[i] = (struct policy_area){.name = "area",
							.passback = (enum policy_passback)any(3),
							.minutes = 1,
							.entries = any(4),
							.exits = any(4)};
		for (unsigned door = 0; door < 2; door++) {
			ruleset.by_door[door] = places[door];
			for (uint16_t i = 0; i < ruleset.rule_count; i++)
				if ((rules[i].doors & 1u << door) != 0)
					places[door][ruleset.by_door_count[door]++] = i;
		}
		for (unsigned i = 0; i < 50; i++) {
			struct policy_person people[2];
			struct policy_credential credentials[POLICY_SHOWN_MAX];
			struct policy_request q = {.ruleset = &ruleset,
						   .door = any(2),
						   .leaving = any(3) == 0,
						   .door_mode = any(3) == 0 ? (enum door_mode)any(8)
									    : DOOR_MODE_LOCKED,
						   .interlocked = any(10) == 0,
						   .presentation_attack = any(20) == 0,
						   .clock_set = any(8) != 0,
						   .trust_unset_clock = any(2) == 0,
						   .now_unix_ms = NOW,
						   .local = {(int32_t)any(14), (uint16_t)any(1440)},
						   .shown_count = 1 + any(POLICY_SHOWN_MAX)};
			struct policy_decision d;

			any_person(&people[0]);
			any_person(&people[1]);
			for (size_t n = 0; n < q.shown_count; n++) {
				struct policy_shown *shown = &q.shown[n];

				any_credential(&credentials[n]);
				shown->factor = (enum policy_factor)any(POLICY_FACTORS);
				shown->person = any(8) != 0 && shown->factor != POLICY_PASS
							? &people[any(2)]
							: NULL;
				shown->credential = any(8) != 0 && shown->factor != POLICY_FACE
							    ? &credentials[n]
							    : NULL;
			}
			d = policy_decide(&q);
			assert_sound(&q, &d);
			reasons[d.reason]++;
			outcomes[d.outcome]++;
		}
	}
	/* the walk went everywhere */
	for (int i = 0; i < POLICY_REASONS; i++)
		assert_true(reasons[i] > 100);
	for (int i = 0; i < 4; i++)
		assert_true(outcomes[i] > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_decisions_have_one_reason_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
