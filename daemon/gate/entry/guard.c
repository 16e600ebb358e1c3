/*
 * Attempts that wait for a guard's approval: requested by an event, and denied without an answer in
 * time.
 */
#include "entry_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

/* The live picture of the door's face camera, in which the guard sees the person. */
static json_t *picture_json(const struct entry *entry, unsigned door)
{
	const struct config *config = entry->deps.config;

	for (size_t i = 0; i < config->camera_count; i++) {
		const struct config_camera *camera = &config->cameras[i];
		char path[CONFIG_NAME_BYTES + 32];

		if (camera->role != CONFIG_CAMERA_FACE ||
		    strcmp(camera->door, config->doors[door].name) != 0)
			continue;
		snprintf(path, sizeof(path), "cameras/%s/live.mjpeg", camera->name);
		return json_pack("{s:s, s:s}", "camera", camera->name, "live", path);
	}
	return json_null();
}

static json_t *request_json(const struct entry *entry, const struct attempt *attempt)
{
	const struct presented_credential *last = attempt_last(attempt);
	uint64_t now_ms = clock_mono_ms();

	return json_pack(
		"{s:s, s:s, s:s, s:s, s:s?, s:o, s:I}", "id", attempt->id, "door",
		entry->deps.config->doors[attempt->door].name, "rule", attempt->decision.rule,
		"factor", policy_factor_name(last->factor), "person",
		last->person[0] != '\0' ? last->person : NULL, "picture",
		picture_json(entry, attempt->door), "left_ms",
		(json_int_t)(attempt->deadline_ms > now_ms ? attempt->deadline_ms - now_ms : 0));
}

static bool is_pending(const struct attempt *attempt)
{
	return attempt->used && attempt->state == ATTEMPT_GUARD_PENDING;
}

/* A camera presents the same person repeatedly: one request is enough. */
static bool is_already_pending(const struct entry *entry, const struct attempt *now)
{
	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++) {
		const struct attempt *other = &entry->attempts[i];

		if (is_pending(other) && other->door == now->door &&
		    other->leaving == now->leaving &&
		    strcmp(attempt_last(other)->person, attempt_last(now)->person) == 0 &&
		    strcmp(attempt_last(other)->credential, attempt_last(now)->credential) == 0)
			return true;
	}
	return false;
}

void entry_guard_ask(struct entry *entry, struct attempt *copy, uint64_t now_ms)
{
	struct attempt *attempt;
	struct problem problem;

	if (is_already_pending(entry, copy)) {
		reply_refuse(&copy->reply, problem_guard_asked_already(&problem), &problem);
		entry_remove(copy);
		return;
	}
	attempt = entry_count(entry, ATTEMPT_GUARD_PENDING) < ENTRY_GUARD_MAX
			  ? entry_add(entry, copy)
			  : NULL;
	if (attempt == NULL) {
		entry_deny(entry, copy, NULL);
		return;
	}
	(void)attempt_step(attempt, ATTEMPT_EVENT_GUARD_NEEDED);
	attempt->deadline_ms = now_ms + (uint64_t)entry->deps.config->access.guard_s * 1000;
	ulid_make(clock_unix_ms(), attempt->id);
	json_object_set_new(attempt->data, "guard_request", json_string(attempt->id));
	journal_record(entry->deps.journal, "access.guard_asked", EVENT_WARNING,
		       entry->sources[attempt->door], attempt_last(attempt)->person,
		       request_json(entry, attempt));
	if (attempt->reader[0] != '\0')
		entry->ops->reader_feedback(entry->arg, attempt->door, attempt->reader,
					    ACCESS_FEEDBACK_MORE, attempt->decision.reason);
}

static struct attempt *find(struct entry *entry, const char *id)
{
	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++)
		if (is_pending(&entry->attempts[i]) && strcmp(entry->attempts[i].id, id) == 0)
			return &entry->attempts[i];
	return NULL;
}

int entry_guard_answer(struct entry *entry, const char *id, bool admit, const char *by,
		       struct problem *problem)
{
	struct attempt *found = find(entry, id), attempt;
	struct policy_decision now;
	struct problem needed;
	int r;

	assert_thread(THREAD_CONTROL);
	if (found == NULL)
		return problem_request_unknown(problem);
	attempt = *found;
	attempt.used = false;
	attempt.first_mono_us = clock_mono_us(); /* latency counts from the guard's answer */
	found->data = NULL;                      /* owned by the copy from here on */
	entry_remove(found);
	json_object_set_new(attempt.data, "guard", json_string(by));
	/* the door and the rules may have changed since the request */
	now = entry_decide(entry, &attempt);
	if (admit || now.outcome == POLICY_DENY)
		attempt.decision = now;
	if (admit && (now.outcome == POLICY_ASK_GUARD || now.outcome == POLICY_GRANT)) {
		attempt.decision.outcome = POLICY_GRANT;
		attempt.decision.reason = POLICY_GRANTED;
		entry_grant(entry, &attempt, NULL);
		timers_update(entry->deps.timers);
		return 0;
	}
	policy_needed(&attempt.decision, &needed);
	r = admit ? problem_access_denied(problem, policy_reason_name(attempt.decision.reason),
					  &needed)
		  : 0;
	entry_deny(entry, &attempt, NULL);
	timers_update(entry->deps.timers);
	return r;
}

json_t *entry_guard_json(const struct entry *entry)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ENTRY_ATTEMPTS_MAX; i++)
		if (is_pending(&entry->attempts[i]))
			json_array_append_new(list, request_json(entry, &entry->attempts[i]));
	return list;
}
