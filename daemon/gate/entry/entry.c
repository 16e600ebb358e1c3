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

static void clear_storage_slow(struct entry *entry)
{
	const struct store *store = journal_store(entry->deps.journal);

	if (entry->storage_slow && store != NULL &&
	    store_pending_ms(store) < entry->deps.config->storage.slow_ms)
		entry->storage_slow = false;
}

static void set_storage_slow(struct entry *entry)
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
static struct attempt *find_pending(struct entry *entry, unsigned door)
{
	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++)
		if (entry->attempts[i].used && entry->attempts[i].state == ATTEMPT_FACTOR_PENDING &&
		    entry->attempts[i].door == door)
			return &entry->attempts[i];
	return NULL;
}

const char *entry_person_at_door(const struct entry *entry, unsigned door, bool leaving)
{
	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++) {
		const struct attempt *attempt = &entry->attempts[i];

		if (attempt->used && attempt->state == ATTEMPT_FACTOR_PENDING &&
		    attempt->door == door && attempt->leaving == leaving)
			return attempt_last(attempt)->person;
	}
	return "";
}

static bool is_same_factor(const struct presented_credential *a,
			   const struct presented_credential *b)
{
	return a->factor == b->factor && strcmp(a->person, b->person) == 0;
}

/* Add the factors of the pending attempt to those of the new one. */
static void merge(const struct entry *entry, const struct attempt *pending, struct attempt *now,
		  uint64_t now_ms)
{
	const struct presented_credential newest = now->shown[0];

	/* a remote order and a pass are never combined: no other credential can belong to them */
	if (pending->leaving != now->leaving || newest.factor == POLICY_REMOTE ||
	    newest.factor == POLICY_PASS || now->presentation_attack)
		return;
	now->count = 0;
	for (size_t i = 0; i < pending->count; i++) {
		const struct presented_credential *shown = &pending->shown[i];

		if (now_ms - shown->mono_ms < combine_ms(entry) &&
		    !is_same_factor(shown, &newest) && now->count < POLICY_SHOWN_MAX - 1)
			now->shown[now->count++] = *shown;
	}
	now->shown[now->count++] = newest;
}

static void supersede(struct attempt *pending)
{
	if (pending == NULL)
		return;
	(void)attempt_step(pending, ATTEMPT_EVENT_SUPERSEDED);
	entry_remove(pending);
}

static void wait_for_factor(struct entry *entry, struct attempt *now, uint64_t now_ms)
{
	struct attempt *attempt = entry_add(entry, now); /* one a door: a slot is free */

	if (attempt == NULL) {
		entry_deny(entry, now, NULL);
		return;
	}
	(void)attempt_step(attempt, ATTEMPT_EVENT_FACTOR_NEEDED);
	attempt->deadline_ms = now_ms + combine_ms(entry);
	if (attempt->reader[0] != '\0')
		entry->ops->reader_feedback(entry->arg, attempt->door, attempt->reader,
					    ACCESS_FEEDBACK_MORE, attempt->decision.reason);
	if (attempt_last(attempt)->factor == POLICY_FACE)
		entry->ops->face_feedback(entry->arg, attempt->door, ACCESS_FEEDBACK_MORE);
}

/* ---- presentation ---- */

static struct attempt new_attempt(const struct entry_presentation *presentation, uint64_t now_ms)
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
	/* the person of a pass is the host, not the visitor who walks in */
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
	struct attempt *pending, now = new_attempt(presentation, now_ms), denied;

	assert_thread(THREAD_CONTROL);
	assert(presentation->door < entry->deps.config->door_count && presentation->data != NULL);
	pending = find_pending(entry, now.door);
	if (pending != NULL)
		merge(entry, pending, &now, now_ms);
	now.decision = entry_decide(entry, &now);
	clear_storage_slow(entry);
	describe(entry, &now);
	if (now.decision.outcome != POLICY_DENY) /* a denial leaves the pending attempt as it is */
		supersede(pending);
	switch (now.decision.outcome) {
	case POLICY_GRANT:
		entry_grant(entry, &now, &nonce);
		break;
	case POLICY_MORE:
		wait_for_factor(entry, &now, now_ms);
		break;
	case POLICY_ASK_GUARD:
		entry_guard_ask(entry, &now, now_ms);
		break;
	case POLICY_DENY:
		denied = now;
		entry_deny(entry, &denied, &nonce);
		entry_record_alerts(entry, &now);
		break;
	}
	timers_update(entry->deps.timers);
}

/* ---- deadlines ---- */

static bool has_deadline(const struct attempt *attempt)
{
	return attempt->used &&
	       (attempt->state == ATTEMPT_FACTOR_PENDING ||
		attempt->state == ATTEMPT_GUARD_PENDING || attempt->state == ATTEMPT_DECIDED);
}

static uint64_t due_ms(const void *arg)
{
	const struct entry *entry = arg;
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++)
		if (has_deadline(&entry->attempts[i]) && entry->attempts[i].deadline_ms < due)
			due = entry->attempts[i].deadline_ms;
	return due;
}

static void tick(void *arg, uint64_t now_ms)
{
	struct entry *entry = arg;

	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &entry->attempts[i];

		if (!has_deadline(attempt) || attempt->deadline_ms > now_ms)
			continue;
		if (attempt->state == ATTEMPT_DECIDED) { /* the disk has not answered in time */
			entry_record_overdue(entry, attempt);
			set_storage_slow(entry);
		} else { /* no further factor, or no answer of a guard: a denial */
			json_object_set_new(attempt->data, "timed_out", json_true());
			entry_deny(entry, attempt, NULL);
		}
	}
}

/* ---- over a restart ---- */

void entry_load_counter(struct entry *entry, const char *id, const json_t *json)
{
	static const char prefix[] = "used/";

	assert_thread(THREAD_CONTROL);
	if (strncmp(id, prefix, sizeof(prefix) - 1) != 0 ||
	    json_integer_value(json_object_get(json, "pending")) <= 0)
		return;
	if (entry->interrupted == NULL)
		entry->interrupted = json_object();
	(void)json_object_set_new(entry->interrupted, id + sizeof(prefix) - 1, json_true());
}

/* The relay may have moved before the crash: the use stays counted; an operator can return it. */
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

void entry_report_interrupted(struct entry *entry)
{
	const char *id;
	json_t *value;

	assert_thread(THREAD_CONTROL);
	json_object_foreach(entry->interrupted, id, value) report_interrupted(entry, id);
	json_decref(entry->interrupted);
	entry->interrupted = NULL;
}

/* ---- open and close ---- */

int entry_open(const struct entry_deps *deps, const struct entry_ops *ops, void *arg,
	       struct entry **ret_entry)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	assert_thread(THREAD_CONTROL);
	assert(deps->config != NULL && deps->journal != NULL && deps->timers != NULL);
	assert(deps->directory != NULL && deps->config->door_count <= CONFIG_DOORS_MAX);
	assert(ops->door_mode != NULL && ops->door_interlock != NULL && ops->tampered != NULL);
	assert(ops->door_state != NULL && ops->release != NULL && ops->admitted != NULL);
	assert(ops->reader_feedback != NULL && ops->face_feedback != NULL &&
	       ops->adopt_pass != NULL);
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
