/*
 * Record, then open. The decision is committed as access.request before the relay moves; what the relay then
 * did, with the time from frame to edge, is access.granted. A disk that has not answered after storage.slow_ms
 * keeps nobody waiting: the door opens and storage.slow is an alarm.
 */
#include "gate_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

static void answer(struct gate *gate, const struct gate_reply *reply, int r, const char *problem,
		   json_t *result)
{
	if (reply->answer != NULL)
		reply->answer(gate, reply, r, problem, result);
	else
		json_decref(result);
}

static void feed_back(struct gate *gate, struct gate_door *door, const char *reader,
		      enum gate_feedback feedback, enum policy_reason reason)
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
	uint64_t relay_mono_us = 0;
	int r;

	snprintf(door->last_person, sizeof(door->last_person), "%s", entry->person);
	r = gate_door_apply(gate, door, DOOR_EVENT_ACCESS, clock_mono_ms(), &relay_mono_us);
	if (r < 0) {
		feed_back(gate, door, entry->reader, GATE_FEEDBACK_DENIED, POLICY_UNAUTHORIZED);
		answer(gate, &entry->reply, r,
		       r == -EPERM ? "the door's mode changed meanwhile: it stayed as it is"
				   : "the lock's relay does not follow; see the door's fault",
		       NULL);
		entry_free(entry);
		return;
	}
	json_object_set_new(entry->data, "storage", json_string(storage));
	json_object_set_new(entry->data, "frame_to_relay_ms",
			    json_real((double)(relay_mono_us - entry->first_mono_us) / 1000.0));
	gate_record(gate, "access.granted", EVENT_INFO, door->source, entry->person,
		    json_incref(entry->data));
	feed_back(gate, door, entry->reader, GATE_FEEDBACK_GRANTED, POLICY_GRANTED);
	answer(gate, &entry->reply, 0, NULL, gate_door_state(door));
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
	open_for(entry, r == 0 ? "committed" : "failed");
}

static void end_slow(struct gate *gate)
{
	if (gate->storage_slow && gate->store != NULL &&
	    store_pending_ms(gate->store) < gate->config->storage.slow_ms)
		gate->storage_slow = false;
}

static void note_slow(struct gate *gate)
{
	if (gate->storage_slow)
		return;
	gate->storage_slow = true;
	log_error("store", "no answer from the disk in %u ms: doors open before their record is safe",
		  gate->config->storage.slow_ms);
	gate_record(gate, "storage.slow", EVENT_ALARM, NULL, NULL,
		    json_pack("{s:i}", "slow_ms", (int)gate->config->storage.slow_ms));
}

uint64_t gate_entries_due_ms(const struct gate *gate)
{
	uint64_t due_ms = UINT64_MAX;

	for (size_t i = 0; i < GATE_ENTRIES_MAX; i++)
		if (gate->entries[i].used &&
		    gate->entries[i].asked_mono_ms + gate->config->storage.slow_ms < due_ms)
			due_ms = gate->entries[i].asked_mono_ms + gate->config->storage.slow_ms;
	return due_ms;
}

void gate_entries_tick(struct gate *gate, uint64_t now_ms)
{
	for (size_t i = 0; i < GATE_ENTRIES_MAX; i++) {
		struct gate_entry *entry = &gate->entries[i];

		if (!entry->used || entry->asked_mono_ms + gate->config->storage.slow_ms > now_ms)
			continue;
		open_for(entry, "slow");
		note_slow(gate);
	}
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

static struct policy_decision decide(struct gate *gate, const struct gate_entry_request *request)
{
	const struct roster_person *known = request->person_id != NULL && request->person_id[0] != '\0'
						    ? roster_find(gate->roster, request->person_id)
						    : NULL;
	const struct policy_person person = {
		.enabled = known != NULL && known->enabled,
		.valid_from_unix_ms = known != NULL ? known->valid_from_unix_ms : 0,
		.valid_to_unix_ms = known != NULL ? known->valid_to_unix_ms : 0,
	};
	const struct policy_request asked = {
		.factor = request->factor,
		.person = known != NULL ? &person : NULL,
		.presentation_attack = request->presentation_attack,
		.door_mode = door_mode(&request->door->machine),
		.now_unix_ms = clock_unix_ms(),
	};

	return policy_decide(&asked);
}

static void deny(struct gate *gate, const struct gate_entry_request *request,
		 const struct policy_decision *decision)
{
	char problem[160];
	struct event_draft draft = {.type = "access.denied",
				    .severity = EVENT_WARNING,
				    .source = request->door->source,
				    .person = request->person_id != NULL && request->person_id[0] != '\0'
						      ? request->person_id
						      : NULL,
				    .data = request->data,
				    .nonce_key = request->nonce_key,
				    .nonce = request->nonce};

	json_object_set_new(request->data, "reason", json_string(policy_reason_name(decision->reason)));
	json_object_set_new(request->data, "needed", json_string(decision->needed));
	(void)gate_record_draft(gate, &draft, NULL, NULL); /* logged there */
	json_decref(request->data);
	snprintf(problem, sizeof(problem), "%s: it needs %s", policy_reason_name(decision->reason),
		 decision->needed);
	feed_back(gate, request->door, request->reader, GATE_FEEDBACK_DENIED, decision->reason);
	answer(gate, &request->reply, -EPERM, problem, NULL);
}

static void permit(struct gate *gate, const struct gate_entry_request *request)
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
		answer(gate, &request->reply, -EBUSY, "too many requests at once; try again", NULL);
		return;
	}
	entry->door = request->door;
	entry->data = request->data;
	entry->first_mono_us = request->first_mono_us;
	entry->asked_mono_ms = clock_mono_ms();
	entry->reply = request->reply;
	snprintf(entry->reader, sizeof(entry->reader), "%s", request->reader != NULL ? request->reader : "");
	if (request->factor != POLICY_REMOTE)
		snprintf(entry->person, sizeof(entry->person), "%s", request->person_id);
	draft.person = entry->person[0] != '\0' ? entry->person : NULL;
	*handle = (struct entry_handle){.entry = entry, .generation = entry->generation};
	if (gate_record_draft(gate, &draft, on_recorded, handle) < 0) {
		free(handle);
		open_for(entry, "failed"); /* logged there; a broken disk locks nobody out */
	}
}

void gate_entry_ask(struct gate *gate, const struct gate_entry_request *request)
{
	struct policy_decision decision = decide(gate, request);

	end_slow(gate);
	json_object_set_new(request->data, "factor", json_string(policy_factor_name(request->factor)));
	json_object_set_new(request->data, "door", json_string(request->door->config->name));
	json_object_set_new(request->data, "rule", json_string(decision.rule));
	if (decision.granted)
		permit(gate, request);
	else
		deny(gate, request, &decision);
}

void gate_mode_ask(struct gate *gate, struct gate_door *door, const char *mode, json_t *data,
		   const struct gate_reply *reply)
{
	static const struct {
		const char *mode;
		enum door_event event;
	} orders[] = {
		{"Locked", DOOR_EVENT_LOCK},          {"Unlocked", DOOR_EVENT_UNLOCK},
		{"Blocked", DOOR_EVENT_BLOCK},        {"LockedDown", DOOR_EVENT_LOCK_DOWN},
		{"LockedOpen", DOOR_EVENT_LOCK_OPEN},
	};
	int r = -EINVAL;

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (strcmp(orders[i].mode, mode) != 0)
			continue;
		/* "Locked" also ends the two modes that only their own release ends (ONVIF) */
		if (orders[i].event == DOOR_EVENT_LOCK && door_mode(&door->machine) == DOOR_MODE_LOCKED_DOWN)
			r = gate_door_apply(gate, door, DOOR_EVENT_LOCK_DOWN_RELEASE, clock_mono_ms(), NULL);
		else if (orders[i].event == DOOR_EVENT_LOCK &&
			 door_mode(&door->machine) == DOOR_MODE_LOCKED_OPEN)
			r = gate_door_apply(gate, door, DOOR_EVENT_LOCK_OPEN_RELEASE, clock_mono_ms(), NULL);
		else
			r = gate_door_apply(gate, door, orders[i].event, clock_mono_ms(), NULL);
	}
	json_object_set_new(data, "order", json_string(mode));
	json_object_set_new(data, "ok", json_boolean(r == 0));
	gate_record(gate, "operator.act", EVENT_INFO, door->source, NULL, data);
	answer(gate, reply, r, r == -EPERM ? "not possible in the door's present mode" : NULL,
	       r == 0 ? gate_door_state(door) : NULL);
}
