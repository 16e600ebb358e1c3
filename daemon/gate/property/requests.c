/* Unanswered requests of the property system, their answers, and the rate limits for failures. */
#include "property_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

enum {
	/* failed authentications: a burst, then ten a second; further commands are dropped */
	FAILURES_MAX = 100,
	FAILURE_REFILL_MS = 100,
	/* events about refusals: a burst, then one in ten seconds; the rest is counted */
	RECORDS_MAX = 20,
	RECORD_REFILL_MS = 10000,
};

/* ---- rate limits ---- */

static void refill(struct rate_limiter *limiter)
{
	uint64_t now_ms = clock_mono_ms(), added;

	assert(limiter->refill_ms > 0 && limiter->tokens <= limiter->tokens_max);
	added = (now_ms - limiter->filled_mono_ms) / limiter->refill_ms;
	limiter->filled_mono_ms += added * limiter->refill_ms;
	limiter->tokens = added >= limiter->tokens_max - limiter->tokens
				  ? limiter->tokens_max
				  : limiter->tokens + (unsigned)added;
}

static bool has_token(struct rate_limiter *limiter)
{
	refill(limiter);
	return limiter->tokens > 0;
}

void requests_init(struct property *property)
{
	property->failures = (struct rate_limiter){FAILURES_MAX, FAILURES_MAX, FAILURE_REFILL_MS,
						   clock_mono_ms()};
	property->records =
		(struct rate_limiter){RECORDS_MAX, RECORDS_MAX, RECORD_REFILL_MS, clock_mono_ms()};
}

bool requests_may_authenticate(struct property *property)
{
	if (has_token(&property->failures))
		return true;
	property->dropped++;
	property->unrecorded++;
	return false;
}

void requests_count_failure(struct property *property)
{
	assert(property->failures.tokens > 0);
	property->failures.tokens--;
}

void requests_tick(struct property *property)
{
	/* as soon as the rate limit allows one more event */
	if (property->unrecorded == 0 || !has_token(&property->records))
		return;
	property->records.tokens--;
	journal_record(property->deps.journal, "command.refused", EVENT_WARNING, "mqtt", NULL,
		       json_pack("{s:s, s:s, s:I, s:I}", "code", "flood", "reason",
				 "more refused commands than are recorded one by one", "count",
				 (json_int_t)property->unrecorded, "dropped",
				 (json_int_t)property->dropped));
	property->unrecorded = 0;
}

/* ---- answers ---- */

struct command_request *request_begin(struct property *property, const struct link_command *from,
				      const char *id)
{
	for (size_t i = 0; i < COMMAND_REQUESTS_MAX; i++) {
		struct command_request *request = &property->requests[i];

		if (request->used)
			continue;
		*request = (struct command_request){.used = true,
						    .correlation_bytes = from->correlation_bytes};
		snprintf(request->id, sizeof(request->id), "%s", id);
		if (from->answer_topic != NULL)
			snprintf(request->topic, sizeof(request->topic), "%s", from->answer_topic);
		if (from->correlation_bytes > 0)
			memcpy(request->correlation, from->correlation, from->correlation_bytes);
		return request;
	}
	return NULL;
}

const char *request_code(int r)
{
	switch (r) {
	case -EPERM:
		return "denied";
	case -EINVAL:
	case -ENOENT:
	case -E2BIG:
		return "invalid";
	case -EACCES:
		return "forbidden";
	case -EBUSY:
	case -EAGAIN:
	case -ENOSPC:
		return "busy";
	case -EEXIST:
		return "conflict";
	default:
		return "failed";
	}
}

void request_answer(struct property *property, struct command_request *request, int r,
		    const char *problem, json_t *result)
{
	json_t *reply;

	assert(request->used && r <= 0);
	if (r == 0) {
		reply = command_reply_ok(request->id, result);
	} else {
		json_decref(result);
		reply = command_reply_error(request->id, request_code(r),
					    problem != NULL ? problem : strerror(-r));
	}
	if (request->topic[0] != '\0')
		link_reply(property->link, request->topic, request->correlation,
			   request->correlation_bytes, reply);
	json_decref(reply);
	request->used = false;
}

static void answer_command(const struct reply *reply, int r, const struct problem *problem,
			   json_t *result)
{
	struct property *property = reply->owner;

	request_answer(property, &property->requests[reply->request], r,
		       problem != NULL ? problem->detail : NULL, result);
}

struct reply request_reply(struct property *property, const struct command_request *request)
{
	return (struct reply){.answer = answer_command,
			      .owner = property,
			      .request = (uint64_t)(request - property->requests),
			      .leaves_gate = true};
}

void request_refuse(struct property *property, const struct link_command *from, const char *id,
		    const char *code, const char *message)
{
	json_t *reply;

	property->refused++;
	if (has_token(&property->records)) {
		property->records.tokens--;
		journal_record(property->deps.journal, "command.refused", EVENT_WARNING, "mqtt",
			       NULL,
			       json_pack("{s:s, s:s, s:s, s:s}", "command", from->name, "id", id,
					 "code", code, "reason", message));
	} else {
		property->unrecorded++;
	}
	if (from->answer_topic == NULL)
		return;
	reply = command_reply_error(id, code, message);
	link_reply(property->link, from->answer_topic, from->correlation, from->correlation_bytes,
		   reply);
	json_decref(reply);
}
