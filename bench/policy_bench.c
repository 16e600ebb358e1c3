/*
 * policy_bench.c - decisions about access a second, on one core, with a large site's people and
 * rules.
 *
 * 10,000 people in 40 groups, 20,000 cards and PINs, 200 rules over 8 doors with 50 schedules and a
 * year's holidays. Each decision is what a card at a reader costs: find the card, its owner, then
 * policy_decide(). The worst case is a person whom no rule lets in, so that each one of the door is
 * judged. The digest is over the whole roster.
 *   bench_policy
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "access/policy.h"
#include "access/roster.h"
#include "access/access_rules.h"
#include "access/roster_credential.h"

enum {
	PEOPLE = 10000,
	GROUPS = 40,
	RULES = 200,
	DOORS = 8,
	SCHEDULES = 50,
	DECISIONS = 1000000,
	ROUNDS = 5
};

struct bench_site {
	struct roster *roster;
	struct access_rules *ruleset;
	struct roster_credentials *credentials;
	char cards[PEOPLE][ROSTER_CODE_BYTES];
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_policy: %s: %s\n", what, why);
	exit(1);
}

static uint32_t seed = 1;

static unsigned any(unsigned below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void load(struct bench_site *site, const char *kind, unsigned number, json_t *value)
{
	char name[POLICY_NAME_BYTES];

	snprintf(name, sizeof(name), "%s-%03u", kind, number);
	if (value == NULL || access_rules_load(site->ruleset, kind, name, value) < 0)
		die(kind, "refused");
	json_decref(value);
}

static json_t *any_rule(void)
{
	char group[POLICY_NAME_BYTES], other[POLICY_NAME_BYTES], schedule[POLICY_NAME_BYTES];
	char door[POLICY_NAME_BYTES], second_door[POLICY_NAME_BYTES];
	json_t *rule;

	snprintf(group, sizeof(group), "group-%03u", any(GROUPS));
	snprintf(other, sizeof(other), "group-%03u", any(GROUPS));
	snprintf(schedule, sizeof(schedule), "schedule-%03u", any(SCHEDULES));
	snprintf(door, sizeof(door), "door-%u", any(DOORS));
	snprintf(second_door, sizeof(second_door), "door-%u", any(DOORS));
	rule = json_pack("{s:[s, s], s:[s, s], s:[s, s]}", "groups", group, other, "doors", door,
			 second_door, "open", any(2) == 0 ? "card" : "face", "card+pin");
	if (any(4) != 0)
		json_object_set_new(rule, "schedule", json_string(schedule));
	return rule;
}

static void report(void *arg, const struct problem *problem)
{
	(void)arg;
	die("the site", problem->detail);
}

static void fill_rules(struct bench_site *site)
{
	for (unsigned i = 0; i < GROUPS; i++)
		load(site, "group", i, json_object());
	for (unsigned i = 0; i < SCHEDULES; i++)
		load(site, "schedule", i,
		     json_pack("{s:[s, s, s]}", "week", "mon-fri 08:00-18:00", "sat 09:00-12:00",
			       "fri 22:00-06:00+1"));
	for (unsigned i = 0; i < 12; i++) {
		char date[16];

		snprintf(date, sizeof(date), "2026-%02u-01", i + 1);
		load(site, "holiday", i, json_pack("{s:s}", "date", date));
	}
	for (unsigned i = 0; i < RULES; i++)
		load(site, "rule", i, any_rule());
	if (access_rules_apply(site->ruleset, report, NULL) != 0)
		die("the site", "not used");
}

static void add_credential(struct bench_site *site, const char *person, enum policy_factor factor,
			   const char *text)
{
	struct roster_credential credential = {.factor = factor, .policy = {.enabled = true}};

	ulid_make(clock_unix_ms(), credential.id);
	snprintf(credential.person, sizeof(credential.person), "%s", person);
	snprintf(credential.text, sizeof(credential.text), "%s", text);
	if (roster_credentials_put(site->credentials, &credential) < 0)
		die("a credential", "refused");
}

static void fill_people(struct bench_site *site)
{
	for (unsigned i = 0; i < PEOPLE; i++) {
		struct roster_person person = {.enabled = true};
		struct roster_person *stored;
		char pin[ROSTER_CODE_BYTES];

		ulid_make(clock_unix_ms(), person.id);
		snprintf(person.name, sizeof(person.name), "Nobody %u", i);
		if (roster_put(site->roster, &person) < 0)
			die("a person", "refused");
		stored = roster_edit(site->roster, person.id);
		for (int groups = 0; groups < 2; groups++)
			stored->access.groups.bits[0] |= (uint64_t)1 << any(GROUPS);
		if (i % 10 == 0) /* the worst case: in no rule's group */
			memset(&stored->access.groups, 0, sizeof(stored->access.groups));
		snprintf(site->cards[i], sizeof(site->cards[i]), "%u",
			 8000000u + i * 7919u % 10000u);
		snprintf(pin, sizeof(pin), "%06u", any(1000000));
		add_credential(site, person.id, POLICY_CARD, site->cards[i]);
		add_credential(site, person.id, POLICY_PIN, pin);
	}
}

/* One card at one door. @return whether it opened */
static bool decide(const struct bench_site *site, const char *card, unsigned door,
		   struct schedule_time local)
{
	const struct roster_credential *credential =
		roster_credentials_match(site->credentials, POLICY_CARD, card, NULL);
	const struct roster_person *person = roster_find(site->roster, credential->person);
	const struct policy_request request = {
		.ruleset = access_rules_ruleset(site->ruleset),
		.door = door,
		.door_mode = DOOR_MODE_LOCKED,
		.clock_set = true,
		.now_unix_ms = 1795250000000,
		.local = local,
		.shown = {{.factor = POLICY_CARD,
			   .person = &person->access,
			   .credential = &credential->policy}},
		.shown_count = 1,
	};

	return policy_decide(&request).outcome == POLICY_GRANT;
}

/* @p step 1: everybody in turn; 10: only those whom no rule lets in */
static double measure(const struct bench_site *site, unsigned step, unsigned *ret_granted)
{
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t since_us = clock_mono_us();
		unsigned granted = 0;
		double a_second;

		for (unsigned i = 0; i < DECISIONS; i++) {
			struct schedule_time local = {
				.date = 20780 + (int32_t)(i % 14),
				.minute = (uint16_t)(i * 31 % SCHEDULE_DAY_MINUTES)};

			granted += decide(site, site->cards[i * step % PEOPLE], i % DOORS, local);
		}
		a_second = DECISIONS * 1e6 / (double)(clock_mono_us() - since_us);
		best = a_second > best ? a_second : best;
		*ret_granted = granted;
	}
	return best;
}

static void print(const char *name, double a_second)
{
	printf("{\"bench\":\"policy\",\"case\":\"%s\",\"ours\":%.0f,\"peer\":null,\"peer_name\":"
	       "null,"
	       "\"unit\":\"decisions/s\",\"ratio\":null}\n",
	       name, a_second);
}

int main(void)
{
	static const char *const doors[DOORS] = {"door-0", "door-1", "door-2", "door-3",
						 "door-4", "door-5", "door-6", "door-7"};
	static struct bench_site site;
	unsigned granted;
	double a_second;

	if (roster_open(&site.roster) < 0 || access_rules_open(doors, DOORS, &site.ruleset) < 0 ||
	    roster_credentials_open(&site.credentials) < 0)
		die("the site", "no memory");
	fill_rules(&site);
	fill_people(&site);
	a_second = measure(&site, 1, &granted);
	fprintf(stderr, "%u of %d granted\n", granted, DECISIONS);
	print("10000 people, 200 rules", a_second);
	a_second = measure(&site, 10, &granted);
	fprintf(stderr, "%u of %d granted\n", granted, DECISIONS);
	print("10000 people, 200 rules, nobody let in", a_second);
	roster_credentials_close(site.credentials);
	access_rules_close(site.ruleset);
	roster_close(site.roster);
	return 0;
}
