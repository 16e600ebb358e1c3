/* The end of an attempt: denied; or recorded, opened, and taken or not taken. */
#include "entry_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* ---- the table of attempts ---- */

size_t entry_count(const struct entry *entry, enum attempt_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++)
		count += entry->attempts[i].used && entry->attempts[i].state == state;
	return count;
}

void entry_remove(struct attempt *attempt)
{
	json_decref(attempt->data);
	*attempt = (struct attempt){0};
}

/*
 * When the table is full, an attempt in NOT_TAKEN is dropped: it waits only for a passage that the
 * contact may report late.
 */
static struct attempt *find_free_slot(struct entry *entry)
{
	struct attempt *not_taken = NULL;

	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++) {
		if (!entry->attempts[i].used)
			return &entry->attempts[i];
		if (entry->attempts[i].state == ATTEMPT_NOT_TAKEN)
			not_taken = &entry->attempts[i];
	}
	if (not_taken != NULL)
		entry_remove(not_taken);
	return not_taken;
}

struct attempt *entry_add(struct entry *entry, const struct attempt *attempt)
{
	struct attempt *slot = find_free_slot(entry);

	if (slot == NULL)
		return NULL;
	*slot = *attempt;
	slot->used = true;
	slot->generation = ++entry->generation;
	return slot;
}

/* Apply an event that the state must have a transition for. */
static unsigned step(struct attempt *attempt, enum attempt_event event)
{
	int effects = attempt_step(attempt, event);

	assert(effects >= 0);
	return (unsigned)effects;
}

static const char *person_of(const struct attempt *attempt)
{
	return attempt->person[0] != '\0' ? attempt->person : NULL;
}

static void give_reader_feedback(struct entry *entry, const struct attempt *attempt,
				 enum access_feedback feedback, enum policy_reason reason)
{
	if (attempt->reader[0] != '\0')
		entry->ops->reader_feedback(entry->arg, attempt->door, attempt->reader, feedback,
					    reason);
}

static void give_face_feedback(struct entry *entry, const struct attempt *attempt,
			       enum access_feedback feedback)
{
	if (attempt_last(attempt)->factor == POLICY_FACE)
		entry->ops->face_feedback(entry->arg, attempt->door, feedback);
}

/* ---- denied ---- */

void entry_deny(struct entry *entry, struct attempt *attempt, const struct order_nonce *nonce)
{
	const struct policy_decision *decision = &attempt->decision;
	struct problem needed, problem;
	int held_by = entry->ops->door_interlock(entry->arg, attempt->door);
	json_t *rules = entry_rules_json(entry, attempt);
	struct event_draft draft = {.type = "access.denied",
				    .severity = EVENT_WARNING,
				    .source = entry->sources[attempt->door],
				    .person = attempt_last(attempt)->person[0] != '\0'
						      ? attempt_last(attempt)->person
						      : NULL,
				    .data = attempt->data,
				    .nonce_key = nonce != NULL ? nonce->key : NULL,
				    .nonce = nonce != NULL ? nonce->value : 0};

	(void)step(attempt, ATTEMPT_EVENT_DENIED);
	json_object_set_new(attempt->data, "reason",
			    json_string(policy_reason_name(decision->reason)));
	policy_needed(decision, &needed);
	json_object_set_new(attempt->data, "needed", json_string(needed.detail));
	json_object_set_new(attempt->data, "problem", problem_json(&needed));
	if (decision->reason == POLICY_INTERLOCK && held_by >= 0)
		json_object_set_new(attempt->data, "held_by",
				    json_string(entry->deps.config->doors[held_by].name));
	if (json_array_size(rules) > 0)
		json_object_set(attempt->data, "rules", rules);
	json_decref(rules);
	(void)journal_record_draft(entry->deps.journal, &draft, NULL, NULL); /* logged there */
	give_reader_feedback(entry, attempt, ACCESS_FEEDBACK_DENIED, decision->reason);
	give_face_feedback(entry, attempt, ACCESS_FEEDBACK_DENIED);
	reply_refuse(&attempt->reply,
		     problem_access_denied(&problem, policy_reason_name(decision->reason), &needed),
		     &problem);
	entry_remove(attempt);
}

void entry_record_alerts(struct entry *entry, const struct attempt *attempt)
{
	const struct policy_decision *decision = &attempt->decision;
	const struct {
		bool holds;
		const char *type;
		enum event_severity severity;
	} marks[] = {
		{decision->duress && decision->outcome == POLICY_GRANT, "access.duress",
		 EVENT_ALARM},
		{decision->blocklisted, "access.blocklisted", EVENT_ALARM},
		{decision->passback, "access.passback", EVENT_WARNING},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (marks[i].holds)
			journal_record(entry->deps.journal, marks[i].type, marks[i].severity,
				       entry->sources[attempt->door], attempt_last(attempt)->person,
				       json_pack("{s:s, s:b, s:s}", "door",
						 entry->deps.config->doors[attempt->door].name,
						 "admitted", decision->outcome == POLICY_GRANT,
						 "rule", decision->rule));
}

/* ---- opened, or not ---- */

static const char *not_opened_reason(int r)
{
	return r == -EPERM ? "mode" : r == -EBUSY ? "interlock" : r == -EAGAIN ? "log" : "relay";
}

static void describe_not_opened(int r, struct problem *ret_problem)
{
	switch (r) {
	case -EPERM:
		problem_door_mode_changed(ret_problem);
		break;
	case -EBUSY:
		problem_interlock_opened(ret_problem);
		break;
	case -EAGAIN:
		problem_order_not_recorded(ret_problem);
		break;
	default:
		problem_relay_fault(ret_problem);
	}
}

/* Granted, but the door did not open: record that, and return the reserved uses. */
static void fail_release(struct entry *entry, struct attempt *attempt, int r)
{
	struct event_draft draft = {.type = "access.not_opened",
				    .severity = EVENT_WARNING,
				    .source = entry->sources[attempt->door],
				    .person = person_of(attempt),
				    .data = attempt->data};
	struct counter_changes changes = {0};
	struct problem problem;

	counters_apply(entry, attempt, step(attempt, ATTEMPT_EVENT_NOT_OPENED), &changes);
	json_object_set_new(attempt->data, "reason", json_string(not_opened_reason(r)));
	(void)counters_record(entry, &changes, &draft, NULL, NULL); /* logged there */
	give_reader_feedback(entry, attempt, ACCESS_FEEDBACK_DENIED, POLICY_UNAUTHORIZED);
	describe_not_opened(r, &problem);
	reply_refuse(&attempt->reply, r, &problem);
	entry_remove(attempt);
}

static void record_passage(struct entry *entry, struct attempt *attempt, const char *type,
			   unsigned effects, json_t *state)
{
	const struct event_draft draft = {.type = type,
					  .source = entry->sources[attempt->door],
					  .person = person_of(attempt),
					  .data = state};
	struct counter_changes changes = {0};

	counters_apply(entry, attempt, effects, &changes);
	(void)counters_record(entry, &changes, &draft, NULL, NULL); /* logged there */
}

static void record_grant(struct entry *entry, struct attempt *attempt, unsigned effects)
{
	const struct event_draft draft = {.type = "access.granted",
					  .source = entry->sources[attempt->door],
					  .person = person_of(attempt),
					  .data = attempt->data};
	struct counter_changes changes = {0};

	counters_apply(entry, attempt, effects, &changes);
	(void)counters_record(entry, &changes, &draft, NULL, NULL); /* logged there */
}

/*
 * End the attempts in NOT_TAKEN at this door: a passage that is reported from now on belongs to a
 * newer grant.
 */
static void supersede_not_taken(struct entry *entry, unsigned door)
{
	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &entry->attempts[i];

		if (attempt->used && attempt->door == door && attempt->state == ATTEMPT_NOT_TAKEN) {
			(void)step(attempt, ATTEMPT_EVENT_SUPERSEDED);
			entry_remove(attempt);
		}
	}
}

/* Above ENTRY_PASSAGES_MAX the oldest attempt counts as taken. */
static void limit_passages(struct entry *entry)
{
	struct attempt *oldest = NULL;
	json_t *state;

	if (entry_count(entry, ATTEMPT_OPENED) <= ENTRY_PASSAGES_MAX)
		return;
	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &entry->attempts[i];

		if (attempt->used && attempt->state == ATTEMPT_OPENED &&
		    (oldest == NULL || (int32_t)(attempt->generation - oldest->generation) < 0))
			oldest = attempt;
	}
	assert(oldest != NULL);
	state = entry->ops->door_state(entry->arg, oldest->door);
	record_passage(entry, oldest, "access.passage_unknown",
		       step(oldest, ATTEMPT_EVENT_PASSAGE_UNKNOWN), state);
	json_decref(state);
	entry_remove(oldest);
}

/* The relay released the door: record the grant and answer it. */
static void complete_release(struct entry *entry, struct attempt *attempt,
			     enum door_release release)
{
	unsigned door = attempt->door;

	supersede_not_taken(entry, door);
	snprintf(entry->last_person[door], ULID_BYTES, "%s", attempt->person);
	record_grant(entry, attempt,
		     step(attempt, release == DOOR_RELEASE_NOT_KNOWN
					   ? ATTEMPT_EVENT_OPENED_UNMONITORED
					   : ATTEMPT_EVENT_OPENED));
	if (release == DOOR_RELEASE_TAKEN) {
		json_t *state = entry->ops->door_state(entry->arg, door);

		record_passage(entry, attempt, "access.taken", step(attempt, ATTEMPT_EVENT_TAKEN),
			       state);
		json_decref(state);
	}
	if (attempt->person[0] != '\0' && !attempt->leaving)
		entry->ops->admitted(entry->arg, door, attempt->person);
	give_reader_feedback(entry, attempt, ACCESS_FEEDBACK_GRANTED, POLICY_GRANTED);
	give_face_feedback(entry, attempt, ACCESS_FEEDBACK_GRANTED);
	reply_send(&attempt->reply, 0, NULL, entry->ops->door_state(entry->arg, door));
	attempt->reply = (struct reply){0};
	if (attempt->state == ATTEMPT_ENDED)
		entry_remove(attempt);
	else
		limit_passages(entry);
}

/* Switch the relay first, then record the grant with its latency. */
static void open_door(struct entry *entry, struct attempt *attempt, const char *storage)
{
	enum door_release release = DOOR_RELEASE_NOT_KNOWN;
	uint64_t relay_us = 0;
	int r;

	(void)step(attempt, ATTEMPT_EVENT_RECORDED);
	/* the other door of the interlock may have opened since the decision */
	r = entry->ops->release(entry->arg, attempt->door, attempt->decision.extended, &relay_us,
				&release);
	if (r < 0) {
		fail_release(entry, attempt, r);
		return;
	}
	json_object_set_new(attempt->data, "storage", json_string(storage));
	json_object_set_new(attempt->data, "frame_to_relay_ms",
			    json_real((double)(relay_us - attempt->first_mono_us) / 1000.0));
	complete_release(entry, attempt, release);
}

/* ---- recorded ---- */

struct record_handle {
	struct entry *entry;
	struct attempt *attempt;
	uint32_t generation;
};

static void on_recorded(void *arg, int r, const struct event_row *row)
{
	struct record_handle *handle = arg;
	struct entry *entry = handle->entry;
	struct attempt *attempt = handle->attempt;
	bool current = attempt->used && attempt->generation == handle->generation &&
		       attempt->state == ATTEMPT_DECIDED;

	free(handle);
	if (!current) /* the deadline has passed before: the attempt has gone on without it */
		return;
	if (row != NULL)
		json_object_set_new(attempt->data, "request", json_integer(row->seq));
	else
		log_warning("log", "the decision for %s was not recorded: %s",
			    entry->sources[attempt->door], strerror(-r));
	if (r < 0 && attempt->order)
		fail_release(entry, attempt, -EAGAIN);
	else
		open_door(entry, attempt, r == 0 ? "committed" : "failed");
}

void entry_record_overdue(struct entry *entry, struct attempt *attempt)
{
	if (attempt->order)
		fail_release(entry, attempt, -EAGAIN);
	else
		open_door(entry, attempt, "slow");
}

/* Record the request, with the reserved uses and the nonce, in one transaction. */
static int record_request(struct entry *entry, struct attempt *attempt, unsigned effects,
			  const struct order_nonce *nonce)
{
	const struct event_draft draft = {.type = "access.request",
					  .source = entry->sources[attempt->door],
					  .person = person_of(attempt),
					  .data = attempt->data,
					  .nonce_key = nonce != NULL ? nonce->key : NULL,
					  .nonce = nonce != NULL ? nonce->value : 0};
	struct record_handle *handle = malloc(sizeof(*handle));
	struct counter_changes changes = {0};
	int r;

	counters_apply(entry, attempt, effects, &changes);
	if (handle != NULL)
		*handle = (struct record_handle){entry, attempt, attempt->generation};
	r = counters_record(entry, &changes, &draft, handle != NULL ? on_recorded : NULL, handle);
	if (r < 0 || handle == NULL)
		free(handle);
	return r == 0 && handle == NULL ? -ENOMEM : r; /* without a callback it opens at once */
}

void entry_grant(struct entry *entry, struct attempt *granted, const struct order_nonce *nonce)
{
	const struct config_storage *storage = &entry->deps.config->storage;
	struct attempt *attempt = entry_count(entry, ATTEMPT_DECIDED) < ENTRY_RECORDING_MAX
					  ? entry_add(entry, granted)
					  : NULL;
	struct problem problem;
	unsigned effects;

	assert(!granted->used);
	if (attempt == NULL) {
		reply_refuse(&granted->reply, problem_too_many_at_once(&problem), &problem);
		entry_remove(granted);
		return;
	}
	effects = step(attempt, ATTEMPT_EVENT_GRANTED);
	attempt->deadline_ms =
		clock_mono_ms() + (attempt->order ? ENTRY_ORDER_WAIT_MS : storage->slow_ms);
	if (record_request(entry, attempt, effects, nonce) < 0) {
		/* the failure was logged; a broken disk does not keep residents out */
		if (attempt->order)
			fail_release(entry, attempt, -EAGAIN);
		else
			open_door(entry, attempt, "failed");
	}
	entry_record_alerts(entry, granted); /* the copy: the attempt may have ended by now */
}

/* ---- taken, or not ---- */

static bool is_concerned(const struct attempt *attempt, unsigned door, enum door_passage passage)
{
	return attempt->used && attempt->door == door &&
	       (attempt->state == ATTEMPT_OPENED ||
		(attempt->state == ATTEMPT_NOT_TAKEN && passage == DOOR_PASSAGE_TAKEN));
}

void entry_passage(struct entry *entry, unsigned door, enum door_passage passage, json_t *state)
{
	static const struct {
		const char *type;
		enum attempt_event event;
	} table[] = {
		[DOOR_PASSAGE_TAKEN] = {"access.taken", ATTEMPT_EVENT_TAKEN},
		[DOOR_PASSAGE_NOT_TAKEN] = {"access.not_taken", ATTEMPT_EVENT_NOT_TAKEN},
		[DOOR_PASSAGE_UNKNOWN] = {"access.passage_unknown", ATTEMPT_EVENT_PASSAGE_UNKNOWN},
	};

	assert_thread(THREAD_CONTROL);
	assert(door < entry->deps.config->door_count);
	if (passage == DOOR_PASSAGE_TAILGATING) {
		journal_record(entry->deps.journal, "access.tailgating", EVENT_WARNING,
			       entry->sources[door], entry->last_person[door], state);
		return;
	}
	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++) {
		struct attempt *attempt = &entry->attempts[i];

		if (!is_concerned(attempt, door, passage))
			continue;
		record_passage(entry, attempt, table[passage].type,
			       step(attempt, table[passage].event), state);
		if (attempt->state == ATTEMPT_ENDED)
			entry_remove(attempt);
	}
	json_decref(state);
}
