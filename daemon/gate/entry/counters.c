/*
 * Use counters of credentials and the areas that people are in: in the directory, and as records
 * that survive a restart.
 */
#include "entry_private.h"

#include <string.h>

#include "base/clock.h"

static const char counter_kind[] = "counter";

/* Ownership of @p json passes to @p changes. */
static void add_record(struct counter_changes *changes, const char *prefix, const char *id,
		       json_t *json)
{
	assert(changes->count < STORE_RECORDS_MAX);
	snprintf(changes->ids[changes->count], STORE_RECORD_ID_BYTES, "%s%s", prefix, id);
	changes->records[changes->count] = (struct store_record){
		.kind = counter_kind, .id = changes->ids[changes->count], .json = json};
	changes->count++;
}

/* ---- uses ---- */

/* The number of uses of @p credential that attempts reserved and have not confirmed yet. */
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
		    struct counter_changes *changes)
{
	json_int_t pending = pending_of(entry, credential->id);
	json_t *json = json_pack("{s:I}", "used", (json_int_t)credential->policy.used);

	if (pending > 0)
		json_object_set_new(json, "pending", json_integer(pending));
	add_record(changes, "used/", credential->id, json);
}

/* Whether the person of factor @p i is let in: both of two persons, else the last one's. */
static bool is_admitted(const struct attempt *attempt, size_t i)
{
	return attempt->decision.persons == 2 ||
	       strcmp(attempt->shown[i].person, attempt_last(attempt)->person) == 0;
}

static void reserve_uses(struct entry *entry, struct attempt *attempt,
			 struct counter_changes *changes)
{
	for (size_t i = 0; i < attempt->count; i++) {
		struct roster_credential *credential = roster_credentials_find(
			entry->deps.directory->credentials, attempt->shown[i].credential);

		if (!is_admitted(attempt, i) || credential == NULL ||
		    credential->policy.uses_max == 0)
			continue;
		credential->policy.used++;
		attempt->reserved |= 1u << i;
		add_use(entry, credential, changes);
	}
}

/* Confirm the reserved uses; @p unused: the door did not open, and they are returned instead. */
static void settle_uses(struct entry *entry, struct attempt *attempt, bool unused,
			struct counter_changes *changes)
{
	for (size_t i = 0; i < attempt->count; i++) {
		struct roster_credential *credential = roster_credentials_find(
			entry->deps.directory->credentials, attempt->shown[i].credential);

		if ((attempt->reserved >> i & 1) == 0 || credential == NULL) /* removed meanwhile */
			continue;
		if (unused && credential->policy.used > 0)
			credential->policy.used--;
		add_use(entry, credential, changes);
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

static void set_entered(const struct entry *entry, const struct attempt *attempt,
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

static bool borders_area(const struct entry *entry, const struct attempt *attempt)
{
	const struct policy_ruleset *ruleset = access_rules_ruleset(entry->deps.directory->rules);

	return (policy_areas_entered(ruleset, attempt->door, attempt->leaving) |
		policy_areas_left(ruleset, attempt->door, attempt->leaving)) != 0;
}

static bool is_repeated_person(const struct attempt *attempt, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(attempt->shown[k].person, attempt->shown[i].person) == 0)
			return true;
	return false;
}

static void update_areas(struct entry *entry, const struct attempt *attempt,
			 struct counter_changes *changes)
{
	if (!borders_area(entry, attempt))
		return;
	for (size_t i = 0; i < attempt->count; i++) {
		const struct presented_credential *shown = &attempt->shown[i];
		struct roster_person *person;

		if (!is_admitted(attempt, i) || is_repeated_person(attempt, i) ||
		    shown->factor == POLICY_PASS)
			continue;
		person = roster_edit(entry->deps.directory->people, shown->person);
		if (person == NULL) /* erased meanwhile */
			continue;
		set_entered(entry, attempt, &person->access);
		add_record(changes, "stay/", shown->person, stay_json(entry, &person->access));
	}
}

void counters_apply(struct entry *entry, struct attempt *attempt, unsigned effects,
		    struct counter_changes *changes)
{
	if ((effects & ATTEMPT_RESERVE_USE) != 0)
		reserve_uses(entry, attempt, changes);
	if ((effects & (ATTEMPT_CONFIRM_USE | ATTEMPT_RETURN_USE)) != 0)
		settle_uses(entry, attempt, (effects & ATTEMPT_RETURN_USE) != 0, changes);
	if ((effects & ATTEMPT_UPDATE_AREAS) != 0)
		update_areas(entry, attempt, changes);
}

int counters_record(struct entry *entry, struct counter_changes *changes,
		    const struct event_draft *draft, store_done_fn done, void *arg)
{
	struct journal *journal = entry->deps.journal;
	int r = changes->count == 0 ? journal_record_draft(journal, draft, done, arg)
				    : journal_record_with(journal, draft, changes->records,
							  changes->count, done, arg);

	for (size_t i = 0; i < changes->count; i++)
		json_decref(changes->records[i].json);
	changes->count = 0;
	return r;
}
