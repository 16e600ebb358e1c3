/* Handler of the copy of all data of one person; the request is recorded in the log. */
#include "api_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COPY_EVENTS_MAX = API_PAGE_MAX };

/* the parts, requested one after the other */
enum part { PERSON, CREDENTIALS, EVENTS, DONE };

struct copy {
	struct http_token http;
	enum api_role role;
	char by[HTTP_CALLER_BYTES];
	char id[ULID_BYTES];
	enum part part;
	json_t *json;
};

static void request_part(struct api *api, struct copy *copy);

static void finish(struct api *api, struct copy *copy)
{
	char header[96];
	const struct api_caller by = {
		.role = copy->role, .name = copy->by, .role_name = api_role_name(copy->role)};

	api_record_act(api, EVENT_INFO, copy->id, api_act(&by, "person.copy"));
	snprintf(header, sizeof(header), "attachment; filename=\"gatehouse-person-%s.json\"",
		 copy->id);
	http_set_header(api->http, copy->http, "Content-Disposition", header);
	api_respond_json(api, copy->http, 200, copy->json);
	free(copy);
}

/* @p r is unused: the call that fills the problem of @p api stands in this argument. */
static void fail(struct api *api, struct copy *copy, int r)
{
	api_respond_problem(api, copy->http, r);
	json_decref(copy->json);
	free(copy);
}

static void on_part(struct api *api, void *arg, const json_t *body)
{
	struct copy *copy = arg;

	if (body == NULL) {
		fail(api, copy,
		     copy->part == PERSON ? problem_person_unknown(&api->problem)
					  : problem_gate_not_answering(&api->problem));
		return;
	}
	if (copy->part == PERSON) {
		json_object_set_new(copy->json, "person", json_deep_copy(body));
		json_object_set_new(copy->json, "consent", api_consent_json(api, copy->id));
	} else if (copy->part == CREDENTIALS) {
		json_object_set_new(copy->json, "credentials",
				    json_deep_copy(json_object_get(body, "items")));
	} else {
		json_object_set_new(copy->json, "events",
				    json_deep_copy(json_object_get(body, "events")));
		json_object_set_new(copy->json, "events_complete",
				    json_boolean(json_is_null(json_object_get(body, "next"))));
	}
	copy->part++;
	request_part(api, copy);
}

static void request_part(struct api *api, struct copy *copy)
{
	struct api_events_query query = {.person = copy->id, .limit = COPY_EVENTS_MAX};
	struct api_token token;

	assert(copy->part <= DONE);
	if (copy->part == DONE) {
		finish(api, copy);
		return;
	}
	if (!api_begin_internal(api, on_part, copy, &token)) {
		fail(api, copy, problem_too_many_requests(&api->problem));
		return;
	}
	if (copy->part == PERSON)
		api->ops->person_get(api->gate, token, copy->id);
	else if (copy->part == CREDENTIALS)
		api->ops->access->list(api->gate, token, "credential", copy->id, "", API_PAGE_MAX);
	else
		api->ops->events(api->gate, token, &query);
}

void api_get_person_copy(struct api *api, const struct http_request *request, const char *id)
{
	struct copy *copy = ulid_is_valid(id) ? calloc(1, sizeof(*copy)) : NULL;

	if (copy == NULL) {
		api_reject(api, request,
			   ulid_is_valid(id) ? problem_no_memory(&api->problem)
					     : problem_person_unknown(&api->problem));
		return;
	}
	copy->http = request->token;
	copy->role = (enum api_role)request->caller.role;
	snprintf(copy->by, sizeof(copy->by), "%s", request->caller.name);
	copy->json = json_pack("{s:s}", "site", api->site);
	snprintf(copy->id, sizeof(copy->id), "%s", id);
	request_part(api, copy);
}
