#include "entry_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* ---- a slow disk ---- */

bool entry_storage_is_slow(const struct entry *entry)
{
	return entry->storage_slow;
}

static void end_slow(struct entry *entry)
{
	const struct store *store = journal_store(entry->deps.journal);

	if (entry->storage_slow && store != NULL &&
	    store_pending_ms(store) < entry->deps.config->storage.slow_ms)
		entry->storage_slow = false;
}

static void begin_slow(struct entry *entry)
{
	unsigned slow_ms = entry->deps.config->storage.slow_ms;

	if (entry->storage_slow)
		return;
	entry->storage_slow = true;
	log_error("store",
		  "no answer from the disk in %u ms: doors open before their record is safe",
		  slow_ms);
	journal_record(entry->deps.journal, "storage.slow", EVENT_ALARM, NULL, NULL,
		       json_pack("{s:i}", "slow_ms", (int)slow_ms));
}

/* ---- several factors at one door ---- */

static uint64_t combine_ms(const struct entry *entry)
{
	return (uint64_t)entry->deps.config->access.combine_s * 1000;
}

/* The attempt at a door that waits for another factor; NULL: none. */
static struct attempt *waiting_at(struct entry *entry, unsigned door)
{
	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++)
		if (entry->attempts[i].used && entry->attempts[i].state == ATTEMPT_MORE &&
		    entry->attempts[i].door == door)
			return &entry->attempts[i];
	return NULL;
}

const char *entry_person_at_door(const struct entry *entry, unsigned door, bool leaving)
{
	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++) {
		const struct attempt *attempt = &entry->attempts[i];

		if (attempt->used && attempt->state == ATTEMPT_MORE && attempt->door == door &&
		    attempt->leaving == leaving)
			return attempt_last(attempt)->person;
	}
	return "";
}

static bool is_same(const struct presented_credential *a, const struct presented_credential *b)
{
	return a->factor == b->factor && strcmp(a->person, b->person) == 0;
}

/* What the same people showed here a moment ago counts beside what is shown now. */
static void merge(const struct entry *entry, const struct attempt *before, struct attempt *now,
		  uint64_t now_ms)
{
	const struct presented_credential newest = now->shown[0];

	/* an order from afar and a pass stand alone: no other credential could belong to them */
	if (before->leaving != now->leaving || newest.factor == POLICY_REMOTE ||
	    newest.factor == POLICY_PASS || now->presentation_attack)
		return;
	now->count = 0;
	for (size_t i = 0; i < before->count; i++) {
		const struct presented_credential *shown = &before->shown[i];

		if (now_ms - shown->mono_ms < combine_ms(entry) && !is_same(shown, &newest) &&
		    now->count < POLICY_SHOWN_MAX - 1)
			now->shown[now->count++] = *shown;
	}
	now->shown[now->count++] = newest;
}

static void supersede(struct attempt *waiting)
{
	if (waiting == NULL)
		return;
	(void)attempt_step(waiting, ATTEMPT_EVENT_SUPERSEDED);
	entry_remove(waiting);
}

static void wait_for_more(struct entry *entry, struct attempt *now, uint64_t now_ms)
{
	struct attempt *attempt = entry_add(entry, now); /* one a door: there is a place */

	if (attempt == NULL) {
		entry_deny(entry, now, NULL);
		return;
	}
	(void)attempt_step(attempt, ATTEMPT_EVENT_MORE_NEEDED);
	attempt->until_ms = now_ms + combine_ms(entry);
	if (attempt->reader[0] != '\0')
		entry->ops->reader_feedback(entry->arg, attempt->door, attempt->reader,
					    ACCESS_FEEDBACK_MORE, attempt->decision.reason);
	if (attempt_last(attempt)->factor == POLICY_FACE)
		entry->ops->face_feedback(entry->arg, attempt->door, ACCESS_FEEDBACK_MORE);
}

/* ---- what is presented ---- */

static struct attempt begin(const struct entry_presentation *presentation, uint64_t now_ms)
{
	struct attempt attempt = {.state = ATTEMPT_PRESENTED,
				  .door = presentation->door,
				  .leaving = presentation->leaving,
				  .presentation_attack = presentation->presentation_attack,
				  .order = presentation->nonce_key != NULL,
				  .data = presentation->data,
				  .first_mono_us = presentation->first_mono_us,
				  .reply = presentation->reply,
				  .count = 1};
	struct presented_credential *shown = &attempt.shown[0];

	shown->factor = presentation->factor;
	shown->mono_ms = now_ms;
	shown->ambiguous_match = presentation->ambiguous_match;
	snprintf(shown->person, sizeof(shown->person), "%s",
		 presentation->person != NULL ? presentation->person : "");
	snprintf(shown->credential, sizeof(shown->credential), "%s",
		 presentation->credential != NULL ? presentation->credential : "");
	snprintf(attempt.reader, sizeof(attempt.reader), "%s",
		 presentation->reader != NULL ? presentation->reader : "");
	/* a host is not who walks in with the host's pass */
	if (shown->factor != POLICY_REMOTE && shown->factor != POLICY_PASS)
		snprintf(attempt.person, sizeof(attempt.person), "%s", shown->person);
	return attempt;
}

static void describe(const struct entry *entry, const struct attempt *attempt)
{
	const struct presented_credential *last = attempt_last(attempt);
	json_t *data = attempt->data;

	json_object_set_new(data, "factor", json_string(policy_factor_name(last->factor)));
	json_object_set_new(data, "door",
			    json_string(entry->deps.config->doors[attempt->door].name));
	json_object_set_new(data, "rule", json_string(attempt->decision.rule));
	if (last->credential[0] != '\0')
		json_object_set_new(data, "credential", json_string(last->credential));
	if (attempt->count > 1) {
		json_t *factors = json_array();

		for (size_t i = 0; i < attempt->count; i++)
			json_array_append_new(
				factors, json_string(policy_factor_name(attempt->shown[i].factor)));
		json_object_set_new(data, "factors", factors);
	}
	if (attempt->decision.extended)
		json_object_set_new(data, "extended", json_true());
}

void entry_present(struct entry *entry, const struct entry_presentation *presentation)
{
	const struct order_nonce nonce = {presentation->nonce_key, presentation->nonce};
	uint64_t now_ms = clock_mono_ms();
	struct attempt *before, now = begin(presentation, now_ms), denied;

	assert(presentation->door < entry->deps.config->door_count && presentation->data != NULL);
	before = waiting_at(entry, now.door);
	if (before != NULL)
		merge(entry, before, &now, now_ms);
	now.decision = entry_decide(entry, &now);
	end_slow(entry);
	describe(entry, &now);
	if (now.decision.outcome != POLICY_DENY) /* a denial does not end what waits for more */
		supersede(before);
	switch (now.decision.outcome) {
	case POLICY_GRANT:
		entry_grant(entry, &now, &nonce);
		break;
	case POLICY_MORE:
		wait_for_more(entry, &now, now_ms);
		break;
	case POLICY_ASK_GUARD:
		entry_guard_ask(entry, &now, now_ms);
		break;
	case POLICY_DENY:
		denied = now;
		entry_deny(entry, &denied, &nonce);
		entry_record_marks(entry, &now);
		break;
	}
	timers_update(entry->deps.timers);
}

/* ---- time ---- */

static bool has_a_time(const struct attempt *attempt)
{
	return attempt->used &&
	       (attempt->state == ATTEMPT_MORE || attempt->state == ATTEMPT_GUARD ||
		attempt->state == ATTEMPT_DECIDED);
}

static uint64_t due_ms(const void *arg)
{
	const struct entry *entry = arg;
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++)
		if (has_a_time(&entry->attempts[i]) && entry->attempts[i].until_ms < due)
			due = entry->attempts[i].until_ms;
	return due;
}

static void tick(void *arg, uint64_t now_ms)
{
	struct entry *entry = arg;

	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &entry->attempts[i];

		if (!has_a_time(attempt) || attempt->until_ms > now_ms)
			continue;
		if (attempt->state ==
		    ATTEMPT_DECIDED) { /* the disk has kept them waiting for long enough */
			entry_disk_is_late(entry, attempt);
			begin_slow(entry);
		} else { /* nothing more was shown, or no guard answered: now it is a denial */
			json_object_set_new(attempt->data, "timed_out", json_true());
			entry_deny(entry, attempt, NULL);
		}
	}
}

/* ---- over a restart ---- */

void entry_load_counter(struct entry *entry, const char *id, const json_t *json)
{
	static const char prefix[] = "used/";

	if (strncmp(id, prefix, sizeof(prefix) - 1) != 0 ||
	    json_integer_value(json_object_get(json, "pending")) <= 0)
		return;
	if (entry->interrupted == NULL)
		entry->interrupted = json_object();
	(void)json_object_set_new(entry->interrupted, id + sizeof(prefix) - 1, json_true());
}

/* The relay may have moved before the end: the use stays counted, and somebody can give it back. */
static void report_interrupted(struct entry *entry, const char *id)
{
	const struct roster_credential *credential =
		roster_credentials_find(entry->deps.directory->credentials, id);
	char record_id[STORE_RECORD_ID_BYTES];
	struct event_draft draft = {.type = "access.interrupted", .severity = EVENT_WARNING};
	struct store_record record = {.kind = "counter", .id = record_id};

	if (credential == NULL)
		return;
	snprintf(record_id, sizeof(record_id), "used/%s", id);
	record.json = json_pack("{s:I}", "used", (json_int_t)credential->policy.used);
	draft.person = credential->person[0] != '\0' ? credential->person : NULL;
	draft.data = json_pack("{s:s, s:I}", "credential", id, "used",
			       (json_int_t)credential->policy.used);
	(void)journal_record_with(entry->deps.journal, &draft, &record, 1, NULL,
				  NULL); /* logged there */
	json_decref(record.json);
	json_decref(draft.data);
}

void entry_settle(struct entry *entry)
{
	const char *id;
	json_t *value;

	json_object_foreach(entry->interrupted, id, value) report_interrupted(entry, id);
	json_decref(entry->interrupted);
	entry->interrupted = NULL;
}

/* ---- begin and end ---- */

int entry_open(const struct entry_deps *deps, const struct entry_ops *ops, void *arg,
	       struct entry **ret_entry)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	assert(deps->config != NULL && deps->journal != NULL && deps->timers != NULL);
	assert(deps->directory != NULL && deps->config->door_count <= CONFIG_DOORS_MAX);
	if (entry == NULL)
		return -ENOMEM;
	entry->deps = *deps;
	entry->ops = ops;
	entry->arg = arg;
	for (size_t i = 0; i < deps->config->door_count; i++)
		snprintf(entry->sources[i], EVENT_SOURCE_BYTES, "door/%s",
			 deps->config->doors[i].name);
	timers_add(deps->timers, due_ms, tick, entry);
	*ret_entry = entry;
	return 0;
}

void entry_stop(struct entry *entry)
{
	for (size_t i = 0; entry != NULL && i < ENTRY_ATTEMPTS_MAX; i++)
		if (entry->attempts[i].used)
			entry_remove(&entry->attempts[i]);
}

void entry_close(struct entry *entry)
{
	if (entry == NULL)
		return;
	entry_stop(entry);
	json_decref(entry->interrupted);
	free(entry);
}
