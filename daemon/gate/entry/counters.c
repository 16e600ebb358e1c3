/*
 * Uses of credentials and the areas that people are in: in memory, and as the records that survive
 * a restart.
 */
#include "entry_private.h"

#include <string.h>

#include "base/clock.h"

static const char counter_kind[] = "counter";

/* Takes @p json. */
static void add(struct booking *booking, const char *prefix, const char *id, json_t *json)
{
	assert(booking->count < STORE_RECORDS_MAX);
	snprintf(booking->ids[booking->count], STORE_RECORD_ID_BYTES, "%s%s", prefix, id);
	booking->records[booking->count] = (struct store_record){
		.kind = counter_kind, .id = booking->ids[booking->count], .json = json};
	booking->count++;
}

/* ---- uses ---- */

/* How many attempts have reserved a use of it and are not open yet. */
static json_int_t pending_of(const struct entry *entry, const char *credential)
{
	json_int_t count = 0;

	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++) {
		const struct attempt *attempt = &entry->attempts[i];

		if (!attempt->used ||
		    (attempt->state != ATTEMPT_DECIDED && attempt->state != ATTEMPT_RECORDED))
			continue;
		for (size_t k = 0; k < attempt->count; k++)
			count += (attempt->reserved >> k & 1) != 0 &&
				 strcmp(attempt->shown[k].credential, credential) == 0;
	}
	return count;
}

static void add_use(const struct entry *entry, const struct roster_credential *credential,
		    struct booking *booking)
{
	json_int_t pending = pending_of(entry, credential->id);
	json_t *json = json_pack("{s:I}", "used", (json_int_t)credential->policy.used);

	if (pending > 0)
		json_object_set_new(json, "pending", json_integer(pending));
	add(booking, "used/", credential->id, json);
}

/* With two persons both pass; else the one who was shown last. */
static bool takes_part(const struct attempt *attempt, size_t i)
{
	return attempt->decision.persons == 2 ||
	       strcmp(attempt->shown[i].person, attempt_last(attempt)->person) == 0;
}

static void reserve(struct entry *entry, struct attempt *attempt, struct booking *booking)
{
	for (size_t i = 0; i < attempt->count; i++) {
		struct roster_credential *credential = roster_credentials_find(
			entry->deps.directory->credentials, attempt->shown[i].credential);

		if (!takes_part(attempt, i) || credential == NULL ||
		    credential->policy.uses_max == 0)
			continue;
		credential->policy.used++;
		attempt->reserved |= 1u << i;
		add_use(entry, credential, booking);
	}
}

/* @p back: the door did not open */
static void release_uses(struct entry *entry, struct attempt *attempt, bool back,
			 struct booking *booking)
{
	for (size_t i = 0; i < attempt->count; i++) {
		struct roster_credential *credential = roster_credentials_find(
			entry->deps.directory->credentials, attempt->shown[i].credential);

		if ((attempt->reserved >> i & 1) == 0 || credential == NULL) /* removed meanwhile */
			continue;
		if (back && credential->policy.used > 0)
			credential->policy.used--;
		add_use(entry, credential, booking);
	}
	attempt->reserved = 0;
}

/* ---- areas ---- */

static json_t *stay_json(const struct entry *entry, const struct policy_person *person)
{
	const struct access_rules *rules = entry->deps.directory->rules;
	json_t *areas = json_object();

	for (int i = 0; i < POLICY_AREAS_MAX; i++)
		if (person->entered_unix_ms[i] != 0 && access_rules_area(rules, i) != NULL)
			json_object_set_new(areas, access_rules_area(rules, i),
					    json_integer(person->entered_unix_ms[i]));
	return json_pack("{s:o}", "areas", areas);
}

static void move_person(const struct entry *entry, const struct attempt *attempt,
			struct policy_person *person)
{
	const struct policy_ruleset *ruleset = access_rules_ruleset(entry->deps.directory->rules);
	uint32_t entered = policy_areas_entered(ruleset, attempt->door, attempt->leaving);
	uint32_t left = policy_areas_left(ruleset, attempt->door, attempt->leaving);

	for (unsigned i = 0; i < POLICY_AREAS_MAX; i++) {
		if ((entered & 1u << i) != 0)
			person->entered_unix_ms[i] = clock_unix_ms();
		else if ((left & 1u << i) != 0)
			person->entered_unix_ms[i] = 0;
	}
}

static bool leads_somewhere(const struct entry *entry, const struct attempt *attempt)
{
	const struct policy_ruleset *ruleset = access_rules_ruleset(entry->deps.directory->rules);

	return (policy_areas_entered(ruleset, attempt->door, attempt->leaving) |
		policy_areas_left(ruleset, attempt->door, attempt->leaving)) != 0;
}

static bool was_before(const struct attempt *attempt, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(attempt->shown[k].person, attempt->shown[i].person) == 0)
			return true;
	return false;
}

static void move(struct entry *entry, const struct attempt *attempt, struct booking *booking)
{
	if (!leads_somewhere(entry, attempt))
		return;
	for (size_t i = 0; i < attempt->count; i++) {
		const struct presented_credential *shown = &attempt->shown[i];
		struct roster_person *person;

		if (!takes_part(attempt, i) || was_before(attempt, i) ||
		    shown->factor == POLICY_PASS)
			continue;
		person = roster_edit(entry->deps.directory->people, shown->person);
		if (person == NULL) /* erased meanwhile */
			continue;
		move_person(entry, attempt, &person->access);
		add(booking, "stay/", shown->person, stay_json(entry, &person->access));
	}
}

void booking_apply(struct entry *entry, struct attempt *attempt, unsigned bookings,
		   struct booking *booking)
{
	if ((bookings & ATTEMPT_RESERVE) != 0)
		reserve(entry, attempt, booking);
	if ((bookings & (ATTEMPT_CONFIRM | ATTEMPT_GIVE_BACK)) != 0)
		release_uses(entry, attempt, (bookings & ATTEMPT_GIVE_BACK) != 0, booking);
	if ((bookings & ATTEMPT_MOVE) != 0)
		move(entry, attempt, booking);
}

int booking_record(struct entry *entry, struct booking *booking, const struct event_draft *draft,
		   store_done_fn done, void *arg)
{
	struct journal *journal = entry->deps.journal;
	int r = booking->count == 0 ? journal_record_draft(journal, draft, done, arg)
				    : journal_record_with(journal, draft, booking->records,
							  booking->count, done, arg);

	for (size_t i = 0; i < booking->count; i++)
		json_decref(booking->records[i].json);
	booking->count = 0;
	return r;
}
