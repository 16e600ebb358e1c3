#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "access/policy.h"

enum { NOW = 1000000, DOOR = 0, SIDE = 1 };

#define WAY(factor) ((uint8_t)(1u << (factor)))

static const struct policy_person resident = {.enabled = true};
static const struct policy_credential card = {.enabled = true};
static const struct policy_area no_areas[POLICY_AREAS_MAX];
static const struct policy_ruleset no_rules = {.areas = no_areas};

/* one rule at every door */
struct one {
	struct policy_rule rule;
	struct policy_area areas[POLICY_AREAS_MAX];
	uint16_t place;
	struct policy_ruleset ruleset;
};

/* What would have opened, in words; valid until the next call. */
static const char *needed(struct policy_decision decision)
{
	static struct problem problem;

	policy_needed(&decision, &problem);
	return problem.detail;
}

static void one_init(struct one *one, uint8_t way)
{
	*one = (struct one){.rule = {.name = "rule",
				     .doors = 3,
				     .everyone = true,
				     .ways = {way},
				     .way_count = 1,
				     .persons = 1,
				     .entering = true,
				     .leaving = true}};
	one->ruleset =
		(struct policy_ruleset){.rules = &one->rule, .rule_count = 1, .areas = one->areas};
	for (int door = 0; door < 2; door++) {
		one->ruleset.by_door[door] = &one->place;
		one->ruleset.by_door_count[door] = 1;
	}
}

static struct policy_request asked(const struct policy_ruleset *ruleset, enum policy_factor factor,
				   const struct policy_person *person)
{
	return (struct policy_request){
		.ruleset = ruleset,
		.door_mode = DOOR_MODE_LOCKED,
		.clock_set = true,
		.now_unix_ms = NOW,
		.shown = {{.factor = factor,
			   .person = person,
			   .credential = factor == POLICY_FACE ? NULL : &card}},
		.shown_count = 1};
}

static void also(struct policy_request *request, enum policy_factor factor,
		 const struct policy_person *person, const struct policy_credential *credential)
{
	request->shown[request->shown_count++] =
		(struct policy_shown){factor, person, credential, false};
}

#define assert_reason(request, wanted)                                                             \
	assert_string_equal(policy_reason_name(policy_decide(request).reason),                     \
			    policy_reason_name(wanted))

static void without_rules_residents_come_in_by_face_or_card(void **state)
{
	struct policy_request face = asked(&no_rules, POLICY_FACE, &resident);
	struct policy_request pin = asked(&no_rules, POLICY_PIN, &resident);
	struct policy_decision decision = policy_decide(&face);

	(void)state;
	assert_int_equal(decision.outcome, POLICY_GRANT);
	assert_int_equal(decision.reason, POLICY_GRANTED);
	assert_string_equal(decision.rule, "residents");
	assert_string_equal(needed(decision), "");
	face = asked(&no_rules, POLICY_CARD, &resident);
	assert_reason(&face, POLICY_GRANTED);
	face = asked(&no_rules, POLICY_QR, &resident);
	assert_reason(&face, POLICY_GRANTED);
	assert_reason(&pin, POLICY_UNAUTHORIZED);
	assert_string_equal(needed(policy_decide(&pin)), "face or card or qr");
}

static void a_stranger_is_not_found_and_a_wrong_pin_is_a_wrong_pin(void **state)
{
	struct policy_request request = asked(&no_rules, POLICY_FACE, NULL);

	(void)state;
	request.door_mode = DOOR_MODE_BLOCKED; /* and learns nothing of the door */
	assert_reason(&request, POLICY_CREDENTIAL_NOT_FOUND);
	request = asked(&no_rules, POLICY_CARD, &resident);
	request.shown[0].credential = NULL;
	assert_reason(&request, POLICY_CREDENTIAL_NOT_FOUND);
	request = asked(&no_rules, POLICY_PIN, &resident);
	request.shown[0].credential = NULL;
	assert_reason(&request, POLICY_INVALID_PIN);
	request = asked(&no_rules, POLICY_PASS, NULL);
	request.shown[0].credential = NULL;
	assert_reason(&request, POLICY_CREDENTIAL_NOT_FOUND);
}

static void validity_counts_to_the_millisecond(void **state)
{
	struct policy_person person = {
		.enabled = true, .valid_from_unix_ms = 100, .valid_to_unix_ms = 200};
	struct policy_credential limited = {
		.enabled = true, .valid_from_unix_ms = 120, .valid_to_unix_ms = 180};
	const struct {
		int64_t now;
		enum policy_reason face, card;
	} table[] = {
		{99, POLICY_CREDENTIAL_NOT_ACTIVE, POLICY_CREDENTIAL_NOT_ACTIVE},
		{100, POLICY_GRANTED, POLICY_CREDENTIAL_NOT_ACTIVE},
		{101, POLICY_GRANTED, POLICY_CREDENTIAL_NOT_ACTIVE},
		{119, POLICY_GRANTED, POLICY_CREDENTIAL_NOT_ACTIVE},
		{120, POLICY_GRANTED, POLICY_GRANTED},
		{179, POLICY_GRANTED, POLICY_GRANTED},
		{180, POLICY_GRANTED, POLICY_CREDENTIAL_EXPIRED},
		{199, POLICY_GRANTED, POLICY_CREDENTIAL_EXPIRED},
		{200, POLICY_CREDENTIAL_EXPIRED, POLICY_CREDENTIAL_EXPIRED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct policy_request request = asked(&no_rules, POLICY_FACE, &person);

		request.now_unix_ms = table[i].now;
		assert_reason(&request, table[i].face);
		request = asked(&no_rules, POLICY_CARD, &person);
		request.now_unix_ms = table[i].now;
		request.shown[0].credential = &limited;
		assert_reason(&request, table[i].card);
	}
}

static void disabled_and_used_up_credentials_are_told_apart(void **state)
{
	struct policy_person off = {.enabled = false};
	struct policy_credential lost = {.enabled = false},
				 thrice = {.enabled = true, .uses_max = 3};
	struct policy_request request = asked(&no_rules, POLICY_FACE, &off);

	(void)state;
	assert_reason(&request, POLICY_CREDENTIAL_NOT_ENABLED);
	request = asked(&no_rules, POLICY_CARD, &resident);
	request.shown[0].credential = &lost;
	assert_reason(&request, POLICY_CREDENTIAL_NOT_ENABLED);
	request.shown[0].credential = &thrice;
	for (thrice.used = 0; thrice.used < 5; thrice.used++)
		assert_reason(&request,
			      thrice.used < 3 ? POLICY_GRANTED : POLICY_CREDENTIAL_EXPIRED);
}

static void a_picture_opens_nothing(void **state)
{
	struct policy_request request = asked(&no_rules, POLICY_FACE, &resident);

	(void)state;
	request.presentation_attack = true;
	request.door_mode = DOOR_MODE_UNLOCKED;
	assert_reason(&request, POLICY_OTHER);
}

static void a_closed_door_and_an_interlock_have_their_reasons(void **state)
{
	struct policy_request request = asked(&no_rules, POLICY_FACE, &resident);

	(void)state;
	for (int mode = DOOR_MODE_UNKNOWN; mode <= DOOR_MODE_DOUBLE_LOCKED; mode++) {
		bool open = mode == DOOR_MODE_LOCKED || mode == DOOR_MODE_UNLOCKED ||
			    mode == DOOR_MODE_ACCESSED || mode == DOOR_MODE_LOCKED_OPEN;

		request.door_mode = (enum door_mode)mode;
		request.interlocked = false;
		assert_reason(&request, open ? POLICY_GRANTED : POLICY_UNAUTHORIZED);
		request.interlocked = true;
		assert_reason(&request, open ? POLICY_INTERLOCK : POLICY_UNAUTHORIZED);
		request.shown[0].factor = POLICY_REMOTE;
		assert_reason(&request, open ? POLICY_INTERLOCK : POLICY_UNAUTHORIZED);
		request.shown[0].factor = POLICY_FACE;
	}
}

static void a_rule_is_for_its_door_group_and_direction(void **state)
{
	struct policy_person member = {.enabled = true, .groups = {.bits = {0, 0, 1}}};
	struct one one;
	struct policy_request request;

	(void)state;
	one_init(&one, WAY(POLICY_FACE));
	request = asked(&one.ruleset, POLICY_FACE, &resident);
	assert_reason(&request, POLICY_GRANTED);
	one.rule.everyone = false;
	assert_reason(&request, POLICY_UNAUTHORIZED);
	one.rule.groups.bits[2] = 3;
	assert_reason(&request, POLICY_UNAUTHORIZED);
	request.shown[0].person = &member;
	assert_reason(&request, POLICY_GRANTED);
	request.door = SIDE;
	assert_reason(&request, POLICY_GRANTED);
	one.rule.doors = 1u << DOOR;
	assert_reason(&request, POLICY_UNAUTHORIZED);
	one.rule.doors = 3;
	one.rule.leaving = false;
	assert_reason(&request, POLICY_GRANTED);
	request.leaving = true;
	assert_reason(&request, POLICY_UNAUTHORIZED);
	one.rule.leaving = true;
	one.rule.entering = false;
	assert_reason(&request, POLICY_GRANTED);
}

static void a_closed_schedule_says_so_and_so_does_a_clock_that_was_never_set(void **state)
{
	struct schedule office = {.spans = {{.days = 0xff, .from_minute = 480, .to_minute = 1080}},
				  .span_count = 1};
	struct policy_person limited = {.enabled = true, .valid_to_unix_ms = NOW + 1};
	struct one one;
	struct policy_request request;

	(void)state;
	one_init(&one, WAY(POLICY_FACE));
	one.rule.schedule = &office;
	snprintf(one.rule.schedule_name, sizeof(one.rule.schedule_name), "office");
	request = asked(&one.ruleset, POLICY_FACE, &resident);
	request.local.minute = 479;
	assert_reason(&request, POLICY_NOT_PERMITTED_AT_THIS_TIME);
	assert_string_equal(needed(policy_decide(&request)),
			    "to come while schedule office is open");
	request.local.minute = 480;
	assert_reason(&request, POLICY_GRANTED);
	request.clock_set = false;
	assert_reason(&request, POLICY_NOT_PERMITTED_AT_THIS_TIME);
	request.trust_unset_clock = true; /* validity may be judged then; a schedule not */
	assert_reason(&request, POLICY_NOT_PERMITTED_AT_THIS_TIME);
	one.rule.schedule = NULL;
	request.trust_unset_clock = false;
	assert_reason(&request, POLICY_GRANTED);
	request.shown[0].person = &limited;
	assert_reason(&request, POLICY_NOT_PERMITTED_AT_THIS_TIME);
	request.trust_unset_clock = true;
	assert_reason(&request, POLICY_GRANTED);
}

static void several_factors_are_one_persons(void **state)
{
	struct policy_person other = {.enabled = true};
	struct policy_credential pin = {.enabled = true};
	struct one one;
	struct policy_request request;
	struct policy_decision decision;

	(void)state;
	one_init(&one, WAY(POLICY_CARD) | WAY(POLICY_PIN));
	request = asked(&one.ruleset, POLICY_CARD, &resident);
	decision = policy_decide(&request);
	assert_int_equal(decision.outcome, POLICY_MORE);
	assert_string_equal(needed(decision), "also pin");
	also(&request, POLICY_PIN, &other, &pin);
	assert_int_equal(policy_decide(&request).outcome, POLICY_MORE);
	request.shown[1].person = &resident;
	assert_reason(&request, POLICY_GRANTED);
	request.shown[0] = (struct policy_shown){POLICY_PIN, &resident, &pin, false};
	request.shown[1] =
		(struct policy_shown){POLICY_CARD, &resident, &card, false}; /* in either order */
	assert_reason(&request, POLICY_GRANTED);
	pin.enabled = false; /* meanwhile */
	assert_reason(&request, POLICY_CREDENTIAL_NOT_ENABLED);
	request = asked(&one.ruleset, POLICY_FACE, &resident);
	assert_reason(&request, POLICY_UNAUTHORIZED);
	assert_string_equal(needed(policy_decide(&request)), "card+pin");
}

static void two_persons_must_be_two(void **state)
{
	struct policy_person second = {.enabled = true}, off = {.enabled = false};
	struct one one;
	struct policy_request request;

	(void)state;
	one_init(&one, WAY(POLICY_CARD));
	one.rule.persons = 2;
	request = asked(&one.ruleset, POLICY_CARD, &resident);
	assert_int_equal(policy_decide(&request).outcome, POLICY_MORE);
	assert_string_equal(needed(policy_decide(&request)), "a second person with card");
	also(&request, POLICY_CARD, &resident, &card);
	assert_int_equal(policy_decide(&request).outcome, POLICY_MORE);
	request.shown[1].person = &second;
	assert_reason(&request, POLICY_GRANTED);
	assert_int_equal(policy_decide(&request).persons, 2);
	request.shown[0].person = &off; /* since then: does not count, and denies nobody else */
	assert_int_equal(policy_decide(&request).outcome, POLICY_MORE);
	one.rule.persons = 1;
	assert_reason(&request, POLICY_GRANTED);
}

static void a_guard_has_the_last_word_where_a_rule_says_so(void **state)
{
	struct one one;
	struct policy_request request;
	struct policy_decision decision;

	(void)state;
	one_init(&one, WAY(POLICY_FACE));
	one.rule.guard = true;
	request = asked(&one.ruleset, POLICY_FACE, &resident);
	decision = policy_decide(&request);
	assert_int_equal(decision.outcome, POLICY_ASK_GUARD);
	assert_int_equal(decision.reason, POLICY_OTHER);
	request.interlocked = true; /* then there is nothing to ask */
	assert_reason(&request, POLICY_INTERLOCK);
}

static void blocklisted_people_are_told_of_either_way(void **state)
{
	struct policy_person person = {.enabled = true, .blocked = POLICY_BLOCK_DENY};
	struct policy_request request = asked(&no_rules, POLICY_FACE, &person);

	(void)state;
	assert_reason(&request, POLICY_UNAUTHORIZED);
	assert_true(policy_decide(&request).blocklisted);
	person.blocked = POLICY_BLOCK_ADMIT;
	assert_reason(&request, POLICY_GRANTED);
	assert_true(policy_decide(&request).blocklisted);
	person.blocked = POLICY_BLOCK_NONE;
	assert_false(policy_decide(&request).blocklisted);
}

static void duress_opens_and_more_time_is_passed_on(void **state)
{
	struct policy_person slow = {.enabled = true, .extended = true};
	struct policy_credential duress = {.enabled = true, .duress = true};
	struct one one;
	struct policy_request request;
	struct policy_decision decision;

	(void)state;
	one_init(&one, WAY(POLICY_PIN));
	request = asked(&one.ruleset, POLICY_PIN, &slow);
	request.shown[0].credential = &duress;
	decision = policy_decide(&request);
	assert_int_equal(decision.outcome, POLICY_GRANT);
	assert_true(decision.duress);
	assert_true(decision.extended);
	also(&request, POLICY_PIN, &resident, &card); /* somebody else's turn */
	decision = policy_decide(&request);
	assert_false(decision.duress);
	assert_false(decision.extended);
}

static void a_pass_is_its_own_rule_at_its_doors(void **state)
{
	struct policy_credential pass = {.enabled = true, .doors = 1u << DOOR, .uses_max = 1};
	struct one one;
	struct policy_request request = asked(&no_rules, POLICY_PASS, NULL);

	(void)state;
	request.shown[0].credential = &pass;
	assert_reason(&request, POLICY_GRANTED);
	assert_string_equal(policy_decide(&request).rule, "visitor-pass");
	request.door = SIDE;
	assert_reason(&request, POLICY_UNAUTHORIZED);
	request.door = DOOR;
	one_init(&one, WAY(POLICY_FACE));
	request.ruleset = &one.ruleset;
	assert_reason(&request, POLICY_GRANTED); /* no rule of the site's speaks of passes */
	one.rule.ways[0] = WAY(POLICY_PASS);
	one.rule.guard = true;
	assert_int_equal(policy_decide(&request).outcome, POLICY_ASK_GUARD);
	pass.used = 1;
	assert_reason(&request, POLICY_CREDENTIAL_EXPIRED);
	pass.enabled = false;
	assert_reason(&request, POLICY_CREDENTIAL_NOT_ENABLED);
}

static void nobody_enters_an_area_twice(void **state)
{
	struct policy_person inside = {.enabled = true, .entered_unix_ms = {0, NOW - 60000}};
	struct one one;
	struct policy_request request;
	struct policy_area *area;

	(void)state;
	one_init(&one, WAY(POLICY_FACE));
	area = &one.areas[1];
	*area = (struct policy_area){.name = "yard",
				     .passback = POLICY_PASSBACK_HARD,
				     .entries = 1u << DOOR,
				     .exits = 1u << SIDE};
	request = asked(&one.ruleset, POLICY_FACE, &inside);
	assert_reason(&request, POLICY_ANTI_PASSBACK);
	assert_string_equal(policy_decide(&request).rule, "yard");
	request.leaving = true; /* the entry's inner reader: nobody is kept inside */
	assert_reason(&request, POLICY_GRANTED);
	request.leaving = false;
	request.door = SIDE;
	assert_reason(&request, POLICY_GRANTED);
	request.door = DOOR;
	area->passback = POLICY_PASSBACK_SOFT;
	assert_true(policy_decide(&request).passback);
	assert_reason(&request, POLICY_GRANTED);
	area->passback = POLICY_PASSBACK_TIMED;
	area->minutes = 1;
	assert_reason(&request, POLICY_GRANTED); /* the minute is over */
	request.now_unix_ms = NOW - 1;
	assert_reason(&request, POLICY_ANTI_PASSBACK);
	request.now_unix_ms = NOW - 60001; /* the clock was set back */
	assert_reason(&request, POLICY_GRANTED);
	request.now_unix_ms = NOW;
	area->passback = POLICY_PASSBACK_HARD;
	area->reset_unix_ms = NOW - 60001;
	assert_reason(&request, POLICY_ANTI_PASSBACK);
	area->reset_unix_ms = NOW - 60000;
	assert_reason(&request, POLICY_GRANTED);
	assert_int_equal(policy_areas_entered(&one.ruleset, DOOR, false), 2);
	assert_int_equal(policy_areas_entered(&one.ruleset, DOOR, true), 0);
	assert_int_equal(policy_areas_left(&one.ruleset, DOOR, true), 2);
	assert_int_equal(policy_areas_left(&one.ruleset, SIDE, false), 2);
}

static void a_face_that_two_people_share_needs_another_factor(void **state)
{
	struct policy_request request = asked(&no_rules, POLICY_FACE, &resident);
	struct policy_person twin = {.enabled = true};
	struct policy_decision decision;
	struct one one;

	(void)state;
	request.shown[0].ambiguous_match = true;
	decision = policy_decide(&request);
	assert_int_equal(decision.outcome, POLICY_MORE);
	assert_non_null(strstr(needed(decision), "also a card"));
	also(&request, POLICY_CARD, &resident, &card);
	assert_reason(&request, POLICY_GRANTED);

	/* where only faces open, any other factor of the same person settles who it is */
	one_init(&one, WAY(POLICY_FACE));
	request = asked(&one.ruleset, POLICY_FACE, &resident);
	request.shown[0].ambiguous_match = true;
	assert_int_equal(policy_decide(&request).outcome, POLICY_MORE);
	also(&request, POLICY_CARD, &twin, &card); /* of the other twin: no */
	assert_int_not_equal(policy_decide(&request).outcome, POLICY_GRANT);
	request.shown[1].person = &resident;
	assert_reason(&request, POLICY_GRANTED);

	/* and where a card is asked for anyway nothing changes */
	one_init(&one, WAY(POLICY_FACE) | WAY(POLICY_CARD));
	request = asked(&one.ruleset, POLICY_FACE, &resident);
	request.shown[0].ambiguous_match = true;
	also(&request, POLICY_CARD, &resident, &card);
	assert_reason(&request, POLICY_GRANTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_face_that_two_people_share_needs_another_factor),
		cmocka_unit_test(without_rules_residents_come_in_by_face_or_card),
		cmocka_unit_test(a_stranger_is_not_found_and_a_wrong_pin_is_a_wrong_pin),
		cmocka_unit_test(validity_counts_to_the_millisecond),
		cmocka_unit_test(disabled_and_used_up_credentials_are_told_apart),
		cmocka_unit_test(a_picture_opens_nothing),
		cmocka_unit_test(a_closed_door_and_an_interlock_have_their_reasons),
		cmocka_unit_test(a_rule_is_for_its_door_group_and_direction),
		cmocka_unit_test(a_closed_schedule_says_so_and_so_does_a_clock_that_was_never_set),
		cmocka_unit_test(several_factors_are_one_persons),
		cmocka_unit_test(two_persons_must_be_two),
		cmocka_unit_test(a_guard_has_the_last_word_where_a_rule_says_so),
		cmocka_unit_test(blocklisted_people_are_told_of_either_way),
		cmocka_unit_test(duress_opens_and_more_time_is_passed_on),
		cmocka_unit_test(a_pass_is_its_own_rule_at_its_doors),
		cmocka_unit_test(nobody_enters_an_area_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
