/* access_rules.h and roster_credential.h: what holds together, and what is refused. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "access/access_rules.h"
#include "access/roster_credential.h"

static const char *const alice = "01HF7YAT00000000000000000A", *const bob =
								       "01HF7YAT00000000000000000B";

static int setup(void **state)
{
	static const char *const doors[] = {"main", "side"};
	struct access_rules *rules;

	assert_int_equal(access_rules_open(doors, 2, &rules), 0);
	*state = rules;
	return 0;
}

static int teardown(void **state)
{
	access_rules_close(*state);
	return 0;
}

static int put(struct access_rules *rules, const char *kind, const char *name, const char *text,
	       struct problem *problem)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);
	int r;

	assert_non_null(value);
	r = access_rules_put(rules, kind, name, value, problem);
	json_decref(value);
	return r;
}

static void good(struct access_rules *rules, const char *kind, const char *name, const char *text)
{
	struct problem problem = {0};

	if (put(rules, kind, name, text, &problem) != 0)
		fail_msg("%s %s: %s", kind, name, problem.detail);
}

static void a_site_is_put_together(void **state)
{
	struct access_rules *rules = *state;
	const struct policy_ruleset *policy;

	good(rules, "group", "staff", "{\"title\":\"Staff\"}");
	good(rules, "schedule", "office",
	     "{\"week\":[\"mon-fri 08:00-18:00\"],\"except\":[\"2026-12-24 closed\"]}");
	good(rules, "holiday", "national", "{\"date\":\"2026-10-01\",\"to\":\"2026-10-07\"}");
	good(rules, "holiday", "swapped", "{\"date\":\"2026-10-10\",\"as\":\"mon\"}");
	good(rules, "rule", "day",
	     "{\"groups\":[\"staff\"],\"schedule\":\"office\",\"open\":[\"face\",\"card+pin\"],"
	     "\"doors\":["
	     "\"side\"]}");
	good(rules, "rule", "night",
	     "{\"open\":[\"card\"],\"persons\":2,\"guard\":true,\"direction\":\"in\"}");
	good(rules, "area", "yard",
	     "{\"entries\":[\"main\"],\"exits\":[\"side\"],\"antipassback\":\"hard\"}");
	policy = access_rules_ruleset(rules);
	assert_int_equal(policy->rule_count, 2);
	assert_int_equal(policy->by_door_count[0], 1);
	assert_int_equal(policy->by_door_count[1], 2);
	assert_string_equal(policy->rules[policy->by_door[0][0]].name, "night");
	assert_int_equal(policy->rules[policy->by_door[0][0]].persons, 2);
	assert_int_equal(policy->calendar->count, 8);
	assert_non_null(policy->rules[0].schedule);
	good(rules, "schedule", "office", "{\"week\":[]}"); /* and rules see the new one */
	assert_int_equal(access_rules_ruleset(rules)->rules[0].schedule->span_count, 0);
}

static void mistakes_are_named_and_change_nothing(void **state)
{
	static const struct {
		const char *kind, *name, *value, *says;
	} wrong[] = {
		{"group", "Staff", "{}", "1 to 31 characters"},
		{"group", "", "{}", "1 to 31 characters"},
		{"door", "x", "{}", "1 to 31 characters"},
		{"group", "x", "[]", "JSON object"},
		{"group", "x", "{\"colour\":1}", "colour"},
		{"group", "x", "{\"title\":1}", "title"},
		{"schedule", "x", "{}", "week: missing"},
		{"schedule", "x", "{\"week\":[\"mon 18:00-08:00\"]}", "ends before it begins"},
		{"schedule", "x", "{\"week\":[1]}", "expected texts"},
		{"schedule", "x", "{\"week\":[],\"except\":[\"2026-02-30 closed\"]}",
		 "expected a date"},
		{"schedule", "x", "{\"week\":[],\"holidays\":\"maybe\"}", "follow, ignore"},
		{"rule", "x", "{}", "open: missing"},
		{"rule", "x", "{\"open\":[]}", "open: missing"},
		{"rule", "x", "{\"open\":[\"nose\"]}", "nose"},
		{"rule", "x", "{\"open\":[\"face\"],\"doors\":[\"back\"]}", "no door \"back\""},
		{"rule", "x", "{\"open\":[\"face\"],\"doors\":[]}", "at least one door"},
		{"rule", "x", "{\"open\":[\"face\"],\"groups\":[\"none\"]}", "no group \"none\""},
		{"rule", "x", "{\"open\":[\"face\"],\"schedule\":\"none\"}",
		 "no schedule \"none\""},
		{"rule", "x", "{\"open\":[\"face\"],\"persons\":3}", "persons"},
		{"rule", "x", "{\"open\":[\"pass\"],\"persons\":2}", "one person's"},
		{"rule", "x", "{\"open\":[\"face\"],\"direction\":\"up\"}", "both, in or out"},
		{"holiday", "x", "{}", "expected a date"},
		{"holiday", "x", "{\"date\":\"2026-10-02\",\"to\":\"2026-10-01\"}",
		 "on, within a year"},
		{"holiday", "x", "{\"date\":\"2026-10-02\",\"as\":\"day\"}", "weekday"},
		{"holiday", "x", "{\"date\":\"2025-12-30\",\"to\":\"2026-01-01\"}",
		 "2026-01-01 is a holiday"},
		{"opening", "x", "{\"schedule\":\"none\"}", "no such door"},
		{"opening", "main", "{}", "schedule: missing"},
		{"opening", "main", "{\"schedule\":\"none\"}", "no such schedule"},
		{"opening", "main", "{\"schedule\":\"none\",\"first_person\":1}", "first_person"},
		{"area", "x", "{}", "entries: missing"},
		{"area", "x", "{\"entries\":[\"main\"],\"exits\":[\"main\"]}",
		 "an entry or an exit"},
		{"area", "x", "{\"entries\":[\"main\"],\"antipassback\":\"timed\"}", "minutes"},
		{"area", "x", "{\"entries\":[\"main\"],\"minutes\":5}", "minutes"},
	};
	struct access_rules *rules = *state;
	const struct policy_ruleset *before;

	good(rules, "holiday", "new-year", "{\"date\":\"2026-01-01\"}");
	before = access_rules_ruleset(rules);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct problem problem = {0};

		if (put(rules, wrong[i].kind, wrong[i].name, wrong[i].value, &problem) != -EINVAL ||
		    strstr(problem.detail, wrong[i].says) == NULL)
			fail_msg("%s %s: \"%s\"", wrong[i].kind, wrong[i].value, problem.detail);
		assert_ptr_equal(access_rules_ruleset(rules), before);
		assert_null(access_rules_get(rules, wrong[i].kind, wrong[i].name));
	}
}

static void what_is_needed_stays(void **state)
{
	struct access_rules *rules = *state;
	struct problem problem = {0};

	good(rules, "group", "staff", "{}");
	good(rules, "schedule", "office", "{\"week\":[]}");
	good(rules, "rule", "day",
	     "{\"open\":[\"face\"],\"groups\":[\"staff\"],\"schedule\":\"office\"}");
	assert_int_equal(access_rules_remove(rules, "group", "staff", &problem), -EEXIST);
	assert_non_null(strstr(problem.detail, "rule day"));
	assert_int_equal(access_rules_remove(rules, "schedule", "office", &problem), -EEXIST);
	assert_int_equal(access_rules_remove(rules, "rule", "night", &problem), -ENOENT);
	assert_int_equal(access_rules_remove(rules, "rule", "day", &problem), 0);
	assert_int_equal(access_rules_remove(rules, "group", "staff", &problem), 0);
	good(rules, "opening", "main", "{\"schedule\":\"office\",\"first_person\":true}");
	assert_int_equal(access_rules_remove(rules, "schedule", "office", &problem), -EEXIST);
	assert_non_null(strstr(problem.detail, "opening main"));
	assert_int_equal(access_rules_remove(rules, "opening", "main", &problem), 0);
	assert_int_equal(access_rules_remove(rules, "schedule", "office", &problem), 0);
	assert_int_equal(access_rules_ruleset(rules)->rule_count, 0);
}

static void a_group_keeps_its_place(void **state)
{
	struct access_rules *rules = *state;
	const struct roster_names *names = access_rules_names(rules);
	struct problem problem = {0};
	int place;

	good(rules, "group", "m", "{}");
	place = names->group(names->arg, "m");
	good(rules, "group", "a", "{}");
	good(rules, "group", "z", "{}");
	assert_int_equal(names->group(names->arg, "m"), place);
	assert_int_equal(access_rules_remove(rules, "group", "a", &problem), 0);
	assert_int_equal(names->group(names->arg, "m"), place);
	assert_string_equal(access_rules_group(rules, place), "m");
	assert_true(names->group(names->arg, "a") < 0);
}

static void too_many_of_a_kind_are_refused(void **state)
{
	struct access_rules *rules = *state;
	struct problem problem = {0};
	char name[16];

	for (int i = 0; i < POLICY_AREAS_MAX; i++) {
		snprintf(name, sizeof(name), "area-%d", i);
		good(rules, "area", name, "{\"entries\":[\"main\"]}");
	}
	assert_int_equal(put(rules, "area", "more", "{\"entries\":[\"main\"]}", &problem), -ENOSPC);
	assert_non_null(strstr(problem.detail, "no more"));
}

static void on_report(void *arg, const struct problem *problem)
{
	struct problem *reported = arg;

	*reported = *problem;
}

/* a config that lost a door must not let everybody in through the others */
static void what_does_not_hold_after_a_load_lets_nobody_in(void **state)
{
	struct access_rules *rules = *state;
	json_t *value = json_loads("{\"open\":[\"face\"],\"doors\":[\"gone\"]}", 0, NULL);
	const struct policy_person resident = {.enabled = true};
	struct policy_request request = {.door_mode = DOOR_MODE_LOCKED,
					 .clock_set = true,
					 .shown = {{.factor = POLICY_FACE, .person = &resident}},
					 .shown_count = 1};
	struct problem reported = {0};

	assert_int_equal(access_rules_load(rules, "rule", "day", value), 0);
	assert_int_equal(access_rules_load(rules, "rule", "day", value), -EINVAL);
	assert_int_equal(access_rules_load(rules, "rules", "day", value), -EINVAL);
	json_decref(value);
	assert_int_equal(access_rules_apply(rules, on_report, &reported), 1);
	assert_non_null(strstr(reported.detail, "rule day: doors: there is no door \"gone\""));
	request.ruleset = access_rules_ruleset(rules);
	assert_int_equal(policy_decide(&request).reason, POLICY_UNAUTHORIZED);
	good(rules, "group", "staff", "{}"); /* it stands in no other change's way */
	request.ruleset = access_rules_ruleset(rules);
	assert_int_equal(policy_decide(&request).reason, POLICY_UNAUTHORIZED);
	good(rules, "rule", "day", "{\"open\":[\"face\"]}");
	request.ruleset = access_rules_ruleset(rules);
	assert_int_equal(policy_decide(&request).reason, POLICY_GRANTED);
}

/* ---- credentials ---- */

static int add(struct roster_credentials *credentials, const char *id, const char *text,
	       struct problem *problem)
{
	struct roster_credential credential;
	json_t *value = json_loads(text, 0, NULL);
	int r = roster_credential_parse(id, value, roster_credentials_find(credentials, id),
					&credential, problem);

	json_decref(value);
	return r < 0 ? r : roster_credentials_put(credentials, &credential);
}

#define PERSON_A "\"person\":\"01HF7YAT00000000000000000A\""
#define PERSON_B "\"person\":\"01HF7YAT00000000000000000B\""

static void a_card_is_one_persons_and_found_without_its_zeros(void **state)
{
	struct roster_credentials *credentials;
	const struct roster_credential *found;
	struct problem problem = {0};
	char text[ROSTER_CODE_BYTES];

	(void)state;
	assert_int_equal(roster_credentials_open(&credentials), 0);
	assert_int_equal(add(credentials, alice,
			     "{" PERSON_A ",\"type\":\"card\",\"number\":\"000123\"}", &problem),
			 0);
	assert_int_equal(add(credentials, bob,
			     "{" PERSON_B ",\"type\":\"card\",\"number\":\"123\"}", &problem),
			 -EEXIST);
	assert_int_equal(roster_card_text("0123", text), 0);
	found = roster_credentials_match(credentials, POLICY_CARD, text, NULL);
	assert_non_null(found);
	assert_string_equal(found->person, alice);
	assert_null(roster_credentials_match(credentials, POLICY_CARD, text, found));
	assert_null(roster_credentials_match(credentials, POLICY_QR, text, NULL));
	roster_credentials_find(credentials, alice)->policy.used = 4;
	/* a change without the number keeps number and count */
	assert_int_equal(
		add(credentials, alice, "{" PERSON_A ",\"type\":\"card\",\"uses\":5}", &problem),
		0);
	found = roster_credentials_match(credentials, POLICY_CARD, "123", NULL);
	assert_int_equal(found->policy.used, 4);
	assert_int_equal(found->policy.uses_max, 5);
	assert_int_equal(add(credentials, alice,
			     "{" PERSON_A ",\"type\":\"card\",\"number\":\"77\"}", &problem),
			 0);
	assert_null(roster_credentials_match(credentials, POLICY_CARD, "123", NULL));
	assert_non_null(roster_credentials_match(credentials, POLICY_CARD, "77", NULL));
	assert_int_equal(roster_credentials_remove(credentials, alice), 0);
	assert_int_equal(roster_credentials_remove(credentials, alice), -ENOENT);
	assert_null(roster_credentials_match(credentials, POLICY_CARD, "77", NULL));
	roster_credentials_close(credentials);
}

static void pins_may_be_equal_but_not_one_persons(void **state)
{
	struct roster_credentials *credentials;
	struct problem problem = {0};

	(void)state;
	assert_int_equal(roster_credentials_open(&credentials), 0);
	assert_int_equal(add(credentials, alice,
			     "{" PERSON_A ",\"type\":\"pin\",\"digits\":\"1234\"}", &problem),
			 0);
	assert_int_equal(add(credentials, bob,
			     "{" PERSON_B ",\"type\":\"pin\",\"digits\":\"1234\"}", &problem),
			 0);
	assert_int_equal(add(credentials, "01HF7YAT00000000000000000C",
			     "{" PERSON_B ",\"type\":\"pin\",\"digits\":\"1234\",\"duress\":true}",
			     &problem),
			 -EEXIST);
	assert_int_equal(roster_credentials_count(credentials), 2);
	roster_credentials_close(credentials);
}

static void wrong_credentials_are_refused(void **state)
{
	static const char *const wrong[] = {
		"{}",
		"{\"type\":\"card\",\"number\":\"1\"}",
		"{\"person\":\"x\",\"type\":\"card\",\"number\":\"1\"}",
		"{" PERSON_A ",\"type\":\"key\",\"number\":\"1\"}",
		"{" PERSON_A ",\"type\":\"card\"}",
		"{" PERSON_A ",\"type\":\"card\",\"number\":\"12a\"}",
		"{" PERSON_A ",\"type\":\"card\",\"number\":\"\"}",
		"{" PERSON_A ",\"type\":\"pin\",\"digits\":\"123\"}",
		"{" PERSON_A ",\"type\":\"pin\",\"digits\":\"1234567890123\"}",
		"{" PERSON_A ",\"type\":\"pin\",\"number\":\"1234\"}",
		"{" PERSON_A ",\"type\":\"card\",\"number\":\"1\",\"duress\":true}",
		"{" PERSON_A ",\"type\":\"card\",\"number\":\"1\",\"uses\":0}",
		"{" PERSON_A
		",\"type\":\"card\",\"number\":\"1\",\"valid_from\":\"2026-01-02\",\"valid_to\":"
		"\"2026-01-01\"}",
		"{" PERSON_A ",\"type\":\"card\",\"number\":\"1\",\"valid_to\":\"tomorrow\"}",
		"{" PERSON_A ",\"type\":\"qr\",\"text\":\"\"}",
		"{" PERSON_A ",\"type\":\"qr\",\"text\":\"\\u00e9\"}",
	};
	struct roster_credentials *credentials;

	(void)state;
	assert_int_equal(roster_credentials_open(&credentials), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct problem problem = {0};

		if (add(credentials, alice, wrong[i], &problem) != -EINVAL ||
		    problem.detail[0] == '\0')
			fail_msg("%s: %s", wrong[i], problem.detail);
	}
	assert_int_equal(roster_credentials_count(credentials), 0);
	roster_credentials_close(credentials);
}

static void what_opens_doors_is_shown_to_nobody(void **state)
{
	struct roster_credential pin;
	json_t *value = json_loads(
		"{" PERSON_A ",\"type\":\"pin\",\"digits\":\"4711\",\"duress\":true}", 0, NULL);
	struct problem problem = {0};
	char *text;
	json_t *shown;

	(void)state;
	assert_int_equal(roster_credential_parse(alice, value, NULL, &pin, &problem), 0);
	json_decref(value);
	shown = roster_credential_json(&pin, true);
	text = json_dumps(shown, 0);
	assert_null(strstr(text, "4711"));
	assert_null(strstr(text, "duress"));
	free(text);
	json_decref(shown);
	shown = roster_credential_json(&pin, false);
	assert_string_equal(json_string_value(json_object_get(shown, "digits")), "4711");
	json_decref(shown);
}

static void thousands_are_found(void **state)
{
	struct roster_credentials *credentials;
	struct roster_credential credential = {.factor = POLICY_CARD, .policy = {.enabled = true}};
	const struct roster_credential *at;
	size_t count = 0;

	(void)state;
	assert_int_equal(roster_credentials_open(&credentials), 0);
	snprintf(credential.person, sizeof(credential.person), "%s", alice);
	for (unsigned i = 0; i < 20000; i++) {
		/* not in order, and each once */
		snprintf(credential.id, sizeof(credential.id), "01HF7YAT00000000000000%04u",
			 i * 7919u % 10000u);
		credential.id[20] = (char)('0' + i / 10000u);
		snprintf(credential.text, sizeof(credential.text), "%u", i);
		assert_int_equal(roster_credentials_put(credentials, &credential), 0);
	}
	assert_int_equal(roster_credentials_count(credentials), 20000);
	for (unsigned i = 0; i < 20000; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", i);
		assert_non_null(roster_credentials_match(credentials, POLICY_CARD, text, NULL));
	}
	for (at = roster_credentials_next(credentials, ""); at != NULL;
	     at = roster_credentials_next(credentials, at->id))
		count++;
	assert_int_equal(count, 20000);
	for (size_t i = 1; i < count; i++)
		assert_true(strcmp(roster_credentials_at(credentials, i - 1)->id,
				   roster_credentials_at(credentials, i)->id) < 0);
	assert_null(roster_credentials_at(credentials, count));
	roster_credentials_close(credentials);
}

#define WITH_BOOK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_BOOK(a_site_is_put_together),
		WITH_BOOK(mistakes_are_named_and_change_nothing),
		WITH_BOOK(what_is_needed_stays),
		WITH_BOOK(a_group_keeps_its_place),
		WITH_BOOK(too_many_of_a_kind_are_refused),
		WITH_BOOK(what_does_not_hold_after_a_load_lets_nobody_in),
		cmocka_unit_test(a_card_is_one_persons_and_found_without_its_zeros),
		cmocka_unit_test(pins_may_be_equal_but_not_one_persons),
		cmocka_unit_test(wrong_credentials_are_refused),
		cmocka_unit_test(what_opens_doors_is_shown_to_nobody),
		cmocka_unit_test(thousands_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
