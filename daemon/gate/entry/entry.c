/*
 * Record, then open. The decision is committed as access.request before the relay moves; what the relay then
 * did, with the time from frame to edge, is access.granted. A disk that has not answered after storage.slow_ms
 * keeps nobody waiting: the door opens and storage.slow is an alarm. Only a signed order waits: before its nonce is
 * on the disk it could be played again.
 */
#include "gate_access.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

static void feed_back(struct gate *gate, struct gate_door *door, const char *reader,
		      enum access_feedback feedback, enum policy_reason reason)
{
	if (gate->feedback != NULL && reader != NULL && reader[0] != '\0')
		gate->feedback(gate, door, reader, feedback, reason);
}

static void entry_free(struct gate_entry *entry)
{
	json_decref(entry->data);
	entry->data = NULL;
	entry->used = false;
}

/* The relay, then the account of it. */
static void open_for(struct gate_entry *entry, const char *storage)
{
	struct gate *gate = entry->gate;
	struct gate_door *door = entry->door;
	enum doors_release release;
	uint64_t relay_mono_us = 0;
	int r;

	snprintf(door->last_person, sizeof(door->last_person), "%s", entry->person);
	r = doors_release(gate->doors, door->place, entry->extended, &relay_mono_us, &release);
	if (r < 0) {
		feed_back(gate, door, entry->reader, ACCESS_FEEDBACK_DENIED, POLICY_UNAUTHORIZED);
		reply_send(&entry->reply, r,
			   r == -EPERM   ? "the door's mode changed meanwhile: it stayed as it is"
			   : r == -EBUSY ? "the other door of the interlock opened meanwhile"
					 : "the lock's relay does not follow; see the door's fault",
			   NULL);
		entry_free(entry);
		return;
	}
	json_object_set_new(entry->data, "storage", json_string(storage));
	json_object_set_new(entry->data, "frame_to_relay_ms",
			    json_real((double)(relay_mono_us - entry->first_mono_us) / 1000.0));
	journal_record(gate->journal, "access.granted", EVENT_INFO, door->source, entry->person,
		       json_incref(entry->data));
	if (release == DOORS_RELEASE_TAKEN)
		journal_record(gate->journal, "access.taken", EVENT_INFO, door->source, entry->person,
			       gate_door_state(gate, door));
	if (entry->person[0] != '\0' && !json_is_true(json_object_get(entry->data, "leaving")))
		doors_first_person(gate->doors, door->place, entry->person);
	feed_back(gate, door, entry->reader, ACCESS_FEEDBACK_GRANTED, POLICY_GRANTED);
	if (entry->factor == POLICY_FACE)
		gate_faces_decided(gate, door, ACCESS_FEEDBACK_GRANTED);
	reply_send(&entry->reply, 0, NULL, gate_door_state(gate, door));
	entry_free(entry);
}

static void refuse_order(struct gate_entry *entry)
{
	reply_send(&entry->reply, -EAGAIN, "the order could not be recorded: the door stays as it is", NULL);
	entry_free(entry);
}

struct entry_handle {
	struct gate_entry *entry;
	uint32_t generation;
};

static void on_recorded(void *arg, int r, const struct event_row *row)
{
	struct entry_handle *handle = arg;
	struct gate_entry *entry = handle->entry;
	bool current = entry->used && entry->generation == handle->generation;

	free(handle);
	if (!current) /* opened already, because the disk was slow */
		return;
	if (row != NULL)
		json_object_set_new(entry->data, "request", json_integer(row->seq));
	else
		log_warning("log", "the decision for %s was not recorded: %s", entry->door->source,
			    strerror(-r));
	if (r < 0 && entry->ordered)
		refuse_order(entry);
	else
		open_for(entry, r == 0 ? "committed" : "failed");
}

static void end_slow(struct gate *gate)
{
	if (gate->storage_slow && journal_store(gate->journal) != NULL &&
	    store_pending_ms(journal_store(gate->journal)) < gate->config->storage.slow_ms)
		gate->storage_slow = false;
}

static void note_slow(struct gate *gate)
{
	if (gate->storage_slow)
		return;
	gate->storage_slow = true;
	log_error("store", "no answer from the disk in %u ms: doors open before their record is safe",
		  gate->config->storage.slow_ms);
	journal_record(gate->journal, "storage.slow", EVENT_ALARM, NULL, NULL,
		       json_pack("{s:i}", "slow_ms", (int)gate->config->storage.slow_ms));
}

static void sooner(uint64_t *due_ms, const struct gate_pending *pending)
{
	if (pending->until_ms != 0 && pending->until_ms < *due_ms)
		*due_ms = pending->until_ms;
}

/* Until when the disk may take. */
static uint64_t patience_ends_ms(const struct gate_entry *entry)
{
	return entry->asked_mono_ms +
	       (entry->ordered ? GATE_ORDER_WAIT_MS : entry->gate->config->storage.slow_ms);
}

static uint64_t entries_due_ms(const void *arg)
{
	const struct gate *gate = arg;
	uint64_t due_ms = UINT64_MAX;

	for (size_t i = 0; i < GATE_ENTRIES_MAX; i++)
		if (gate->entries[i].used && patience_ends_ms(&gate->entries[i]) < due_ms)
			due_ms = patience_ends_ms(&gate->entries[i]);
	for (size_t i = 0; i < CONFIG_DOORS_MAX; i++)
		sooner(&due_ms, &gate->access->at_door[i]);
	for (size_t i = 0; i < GATE_GUARDS_MAX; i++)
		sooner(&due_ms, &gate->access->guards[i]);
	return due_ms;
}

/* Nothing more was shown, or no guard answered: now it is a denial. */
static void expire(struct gate *gate, struct gate_pending *pending, uint64_t now_ms)
{
	struct gate_pending over = *pending;
	struct gate_entry_request request;

	if (over.until_ms == 0 || over.until_ms > now_ms)
		return;
	*pending = (struct gate_pending){0};
	request = (struct gate_entry_request){.factor = over.attempt.shown[over.attempt.count - 1].factor,
					      .door = over.attempt.door,
					      .person_id = over.attempt.shown[over.attempt.count - 1].person,
					      .reader = over.reader,
					      .data = over.data};
	json_object_set_new(over.data, "timed_out", json_true());
	gate_entry_deny(gate, &request, &over.attempt, &over.decision);
}

/* Opens for those whom the disk has kept waiting for storage.slow_ms. */
static void tick_entries(void *arg, uint64_t now_ms)
{
	struct gate *gate = arg;

	for (size_t i = 0; i < GATE_ENTRIES_MAX; i++) {
		struct gate_entry *entry = &gate->entries[i];

		if (!entry->used || patience_ends_ms(entry) > now_ms)
			continue;
		if (entry->ordered)
			refuse_order(entry);
		else
			open_for(entry, "slow");
		note_slow(gate);
	}
	for (size_t i = 0; i < CONFIG_DOORS_MAX; i++)
		expire(gate, &gate->access->at_door[i], now_ms);
	for (size_t i = 0; i < GATE_GUARDS_MAX; i++)
		expire(gate, &gate->access->guards[i], now_ms);
}

void gate_entries_open(struct gate *gate)
{
	timers_add(gate->timers, entries_due_ms, tick_entries, gate);
}

void gate_entries_drop(struct gate *gate)
{
	for (size_t i = 0; i < GATE_ENTRIES_MAX; i++)
		if (gate->entries[i].used)
			entry_free(&gate->entries[i]);
}

static struct gate_entry *entry_take(struct gate *gate)
{
	for (size_t i = 0; i < GATE_ENTRIES_MAX; i++) {
		struct gate_entry *entry = &gate->entries[i];

		if (entry->used)
			continue;
		*entry = (struct gate_entry){
			.used = true, .generation = ++gate->entry_generation, .gate = gate};
		return entry;
	}
	return NULL;
}

static const char *person_of(const struct gate_entry_request *request)
{
	return request->person_id != NULL && request->person_id[0] != '\0' ? request->person_id : NULL;
}

void gate_entry_deny(struct gate *gate, const struct gate_entry_request *request,
		     const struct access_attempt *attempt, const struct policy_decision *decision)
{
	char problem[64 + POLICY_NEEDED_BYTES];
	int held_by = doors_interlock(gate->doors, request->door->place);
	json_t *rules = gate_access_rules_json(gate, attempt);
	struct event_draft draft = {.type = "access.denied",
				    .severity = EVENT_WARNING,
				    .source = request->door->source,
				    .person = person_of(request),
				    .data = request->data,
				    .nonce_key = request->nonce_key,
				    .nonce = request->nonce};

	json_object_set_new(request->data, "reason", json_string(policy_reason_name(decision->reason)));
	json_object_set_new(request->data, "needed", json_string(decision->needed));
	if (decision->reason == POLICY_INTERLOCK && held_by >= 0)
		json_object_set_new(request->data, "held_by", json_string(gate->config->doors[held_by].name));
	if (json_array_size(rules) > 0)
		json_object_set(request->data, "rules", rules);
	json_decref(rules);
	(void)journal_record_draft(gate->journal, &draft, NULL, NULL); /* logged there */
	json_decref(request->data);
	snprintf(problem, sizeof(problem), "%s: it needs %s", policy_reason_name(decision->reason),
		 decision->needed);
	feed_back(gate, request->door, request->reader, ACCESS_FEEDBACK_DENIED, decision->reason);
	if (request->factor == POLICY_FACE)
		gate_faces_decided(gate, request->door, ACCESS_FEEDBACK_DENIED);
	reply_send(&request->reply, -EPERM, problem, NULL);
}

/* Beside a grant or denial: what somebody should know of, and the person at the door should not see. */
static void tell_marks(struct gate *gate, const struct gate_entry_request *request,
		       const struct policy_decision *decision)
{
	const struct {
		bool told;
		const char *type;
		enum event_severity severity;
	} marks[] = {
		{decision->duress && decision->outcome == POLICY_GRANT, "access.duress", EVENT_ALARM},
		{decision->blocklisted, "access.blocklisted", EVENT_ALARM},
		{decision->passback, "access.passback", EVENT_WARNING},
	};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (marks[i].told)
			journal_record(gate->journal, marks[i].type, marks[i].severity, request->door->source,
				       person_of(request),
				       json_pack("{s:s, s:b, s:s}", "door", request->door->config->name,
						 "admitted", decision->outcome == POLICY_GRANT, "rule",
						 decision->rule));
}

/* The request's record, and with it what it used up. */
static int record_request(struct gate *gate, const struct event_draft *draft,
			  const struct access_attempt *attempt, const struct policy_decision *decision,
			  struct entry_handle *handle)
{
	struct store_record records[STORE_RECORDS_MAX];
	char ids[STORE_RECORDS_MAX][STORE_RECORD_ID_BYTES];
	size_t count = gate_access_count(gate, attempt, decision, records, ids);
	int r;

	if (count == 0)
		return journal_record_draft(gate->journal, draft, on_recorded, handle);
	r = journal_record_with(gate->journal, draft, records, count, on_recorded, handle);
	for (size_t i = 0; i < count; i++)
		json_decref(records[i].json);
	return r;
}

void gate_entry_permit(struct gate *gate, const struct gate_entry_request *request,
		       const struct access_attempt *attempt, const struct policy_decision *decision)
{
	struct gate_entry *entry = entry_take(gate);
	struct entry_handle *handle = malloc(sizeof(*handle));
	struct event_draft draft = {.type = "access.request",
				    .source = request->door->source,
				    .data = request->data,
				    .nonce_key = request->nonce_key,
				    .nonce = request->nonce};

	if (entry == NULL || handle == NULL) {
		if (entry != NULL)
			entry->used = false;
		free(handle);
		json_decref(request->data);
		reply_send(&request->reply, -EBUSY, "too many requests at once; try again", NULL);
		return;
	}
	entry->door = request->door;
	entry->data = request->data;
	entry->first_mono_us = request->first_mono_us;
	entry->asked_mono_ms = clock_mono_ms();
	entry->extended = decision->extended;
	entry->ordered = request->nonce_key != NULL;
	entry->reply = request->reply;
	entry->factor = request->factor;
	snprintf(entry->reader, sizeof(entry->reader), "%s", request->reader != NULL ? request->reader : "");
	if (request->factor != POLICY_REMOTE && request->factor != POLICY_PASS)
		snprintf(entry->person, sizeof(entry->person), "%s", request->person_id);
	draft.person = entry->person[0] != '\0' ? entry->person : NULL;
	*handle = (struct entry_handle){.entry = entry, .generation = entry->generation};
	if (record_request(gate, &draft, attempt, decision, handle) < 0) {
		free(handle); /* logged there; a broken disk locks nobody out */
		if (entry->ordered)
			refuse_order(entry);
		else
			open_for(entry, "failed");
	}
	tell_marks(gate, request, decision);
}

static void describe(const struct gate_entry_request *request, const struct access_attempt *attempt,
		     const struct policy_decision *decision)
{
	json_object_set_new(request->data, "factor", json_string(policy_factor_name(request->factor)));
	json_object_set_new(request->data, "door", json_string(request->door->config->name));
	json_object_set_new(request->data, "rule", json_string(decision->rule));
	if (request->credential_id != NULL && request->credential_id[0] != '\0')
		json_object_set_new(request->data, "credential", json_string(request->credential_id));
	if (attempt->count > 1) {
		json_t *factors = json_array();

		for (size_t i = 0; i < attempt->count; i++)
			json_array_append_new(factors,
					      json_string(policy_factor_name(attempt->shown[i].factor)));
		json_object_set_new(request->data, "factors", factors);
	}
	if (decision->extended)
		json_object_set_new(request->data, "extended", json_true());
}

static void begin_attempt(const struct gate_entry_request *request, uint64_t now_ms,
			  struct access_attempt *ret_attempt)
{
	struct presented_credential *shown = &ret_attempt->shown[0];

	*ret_attempt = (struct access_attempt){.door = request->door,
					       .leaving = request->leaving,
					       .presentation_attack = request->presentation_attack,
					       .count = 1};
	shown->factor = request->factor;
	shown->mono_ms = now_ms;
	shown->doubtful = request->doubtful;
	snprintf(shown->person, sizeof(shown->person), "%s",
		 request->person_id != NULL ? request->person_id : "");
	snprintf(shown->credential, sizeof(shown->credential), "%s",
		 request->credential_id != NULL ? request->credential_id : "");
}

void gate_entry_ask(struct gate *gate, const struct gate_entry_request *request)
{
	uint64_t now_ms = clock_mono_ms();
	struct policy_decision decision;
	struct access_attempt attempt;

	begin_attempt(request, now_ms, &attempt);
	mfa_pending_merge(gate, &attempt, now_ms);
	decision = gate_access_decide(gate, &attempt);
	end_slow(gate);
	describe(request, &attempt, &decision);
	switch (decision.outcome) {
	case POLICY_GRANT:
		mfa_pending_end(gate, request->door);
		gate_entry_permit(gate, request, &attempt, &decision);
		break;
	case POLICY_MORE:
		mfa_pending_keep(gate, &attempt, &decision, request->reader, request->data, now_ms);
		feed_back(gate, request->door, request->reader, ACCESS_FEEDBACK_MORE, decision.reason);
		if (request->factor == POLICY_FACE)
			gate_faces_decided(gate, request->door, ACCESS_FEEDBACK_MORE);
		break;
	case POLICY_ASK_GUARD:
		mfa_pending_end(gate, request->door);
		gate_guard_ask(gate, request, &attempt, &decision, now_ms);
		break;
	case POLICY_DENY:
		gate_entry_deny(gate, request, &attempt, &decision);
		tell_marks(gate, request, &decision);
		break;
	}
	timers_update(gate->timers);
}
