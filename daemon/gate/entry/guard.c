/* Decisions that a guard has the last word in: told as an event, answered in time or refused. */
#include "gate_access.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

static struct gate_pending *free_slot(struct gate *gate)
{
	for (size_t i = 0; i < GATE_GUARDS_MAX; i++)
		if (gate->access->guards[i].until_ms == 0)
			return &gate->access->guards[i];
	return NULL;
}

/* Where the guard can see who stands there: the face camera of the door. */
static json_t *picture_json(const struct gate *gate, const struct gate_door *door)
{
	for (size_t i = 0; i < gate->config->camera_count; i++) {
		const struct config_camera *camera = &gate->config->cameras[i];
		char path[CONFIG_NAME_BYTES + 32];

		if (camera->role != CONFIG_CAMERA_FACE || strcmp(camera->door, door->config->name) != 0)
			continue;
		snprintf(path, sizeof(path), "cameras/%s/live.mjpeg", camera->name);
		return json_pack("{s:s, s:s}", "camera", camera->name, "live", path);
	}
	return json_null();
}

static json_t *request_json(const struct gate *gate, const struct gate_pending *pending)
{
	const struct presented_credential *last = &pending->attempt.shown[pending->attempt.count - 1];
	uint64_t now_ms = clock_mono_ms();

	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:o, s:I}", "id", pending->id, "door",
			 pending->attempt.door->config->name, "rule", pending->decision.rule, "factor",
			 policy_factor_name(last->factor), "person",
			 last->person[0] != '\0' ? last->person : NULL, "picture",
			 picture_json(gate, pending->attempt.door), "left_ms",
			 (json_int_t)(pending->until_ms > now_ms ? pending->until_ms - now_ms : 0));
}

/* A camera sees the same person again and again: one question is enough. */
static bool is_asked(const struct gate *gate, const struct access_attempt *attempt)
{
	for (size_t i = 0; i < GATE_GUARDS_MAX; i++) {
		const struct gate_pending *pending = &gate->access->guards[i];
		const struct presented_credential *last, *now = &attempt->shown[attempt->count - 1];

		if (pending->until_ms == 0 || pending->attempt.door != attempt->door ||
		    pending->attempt.leaving != attempt->leaving)
			continue;
		last = &pending->attempt.shown[pending->attempt.count - 1];
		if (strcmp(last->person, now->person) == 0 && strcmp(last->credential, now->credential) == 0)
			return true;
	}
	return false;
}

void gate_guard_ask(struct gate *gate, const struct gate_entry_request *request,
		    const struct access_attempt *attempt, const struct policy_decision *decision,
		    uint64_t now_ms)
{
	struct gate_pending *pending = free_slot(gate);

	if (is_asked(gate, attempt)) {
		json_decref(request->data);
		return;
	}
	if (pending == NULL) {
		gate_entry_deny(gate, request, attempt, decision);
		return;
	}
	*pending = (struct gate_pending){.until_ms = now_ms + (uint64_t)gate->config->access.guard_s * 1000,
					 .attempt = *attempt,
					 .decision = *decision,
					 .data = request->data,
					 .first_mono_us = request->first_mono_us};
	ulid_make(clock_unix_ms(), pending->id);
	snprintf(pending->reader, sizeof(pending->reader), "%s",
		 request->reader != NULL ? request->reader : "");
	json_object_set_new(pending->data, "guard_request", json_string(pending->id));
	journal_record(gate->journal, "access.guard_asked", EVENT_WARNING, request->door->source,
		       request->person_id, request_json(gate, pending));
	if (gate->feedback != NULL && pending->reader[0] != '\0')
		gate->feedback(gate, attempt->door, pending->reader, ACCESS_FEEDBACK_MORE, decision->reason);
}

static struct gate_pending *find(struct gate *gate, const char *id)
{
	for (size_t i = 0; i < GATE_GUARDS_MAX; i++)
		if (gate->access->guards[i].until_ms != 0 && strcmp(gate->access->guards[i].id, id) == 0)
			return &gate->access->guards[i];
	return NULL;
}

int gate_guard_answer(struct gate *gate, const char *id, bool admit, const char *by, const char **ret_why)
{
	struct gate_pending *pending = find(gate, id), asked;
	struct gate_entry_request request;
	struct policy_decision decision;

	if (pending == NULL)
		return -ENOENT;
	asked = *pending;
	*pending = (struct gate_pending){0};
	request =
		(struct gate_entry_request){.factor = asked.attempt.shown[asked.attempt.count - 1].factor,
					    .door = asked.attempt.door,
					    .person_id = asked.attempt.shown[asked.attempt.count - 1].person,
					    .reader = asked.reader,
					    .first_mono_us = clock_mono_us(),
					    .data = asked.data};
	json_object_set_new(asked.data, "guard", json_string(by));
	/* the door and the rules may have changed while the guard looked */
	decision = gate_access_decide(gate, &asked.attempt);
	if (!admit && decision.outcome != POLICY_DENY)
		decision = asked.decision;
	if (admit && (decision.outcome == POLICY_ASK_GUARD || decision.outcome == POLICY_GRANT)) {
		decision.outcome = POLICY_GRANT;
		decision.reason = POLICY_GRANTED;
		gate_entry_permit(gate, &request, &asked.attempt, &decision);
		timers_update(gate->timers);
		return 0;
	}
	gate_entry_deny(gate, &request, &asked.attempt, &decision);
	timers_update(gate->timers);
	*ret_why = policy_reason_name(decision.reason);
	return admit ? -EPERM : 0;
}

json_t *gate_guard_json(struct gate *gate)
{
	json_t *list = json_array();

	for (size_t i = 0; i < GATE_GUARDS_MAX; i++)
		if (gate->access->guards[i].until_ms != 0)
			json_array_append_new(list, request_json(gate, &gate->access->guards[i]));
	return list;
}
