/* Handlers of the cases: alerts and people under one title, for the police or the residents. */
#include "api_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/ulid.h"
#include "base/unconst.h"

enum {
	CASES_MAX = 2000,
	TITLE_BYTES_MAX = 200,
	NOTE_BYTES_MAX = 4000,
	CASE_ALERTS_MAX = 500,
	CASE_PEOPLE_MAX = 100
};

void api_load_case(struct api *api, const char *id, json_t *json)
{
	if (ulid_is_valid(id) && json_is_array(json_object_get(json, "alerts")))
		json_object_set(api->cases, id, json);
}

json_t *api_case_of(const struct api *api, int64_t seq)
{
	const char *id, *found = NULL;
	json_t *json, *alert;
	size_t index;

	json_object_foreach(api->cases, id, json)
	{
		json_array_foreach(json_object_get(json, "alerts"), index,
				   alert) if (json_integer_value(alert) == seq) found = id;
	}
	return found != NULL ? json_string(found) : json_null();
}

/* Check "alerts" and "people", which may be missing. @return 0, or -EINVAL with @p problem. */
static int check_members(struct api *api, const json_t *object, struct problem *problem)
{
	const json_t *alerts = json_object_get(object, "alerts"),
		     *people = json_object_get(object, "people");
	const json_t *value;
	size_t index;

	if ((alerts != NULL &&
	     (!json_is_array(alerts) || json_array_size(alerts) > CASE_ALERTS_MAX)) ||
	    (people != NULL &&
	     (!json_is_array(people) || json_array_size(people) > CASE_PEOPLE_MAX)))
		return problem_case_too_large(problem, CASE_ALERTS_MAX, CASE_PEOPLE_MAX);
	json_array_foreach(alerts, index, value)
	{
		if (json_is_integer(value) &&
		    alert_find(api->alerts, json_integer_value(value)) != NULL)
			continue;
		return problem_case_alert_unknown(problem, (long long)index + 1);
	}
	json_array_foreach(people, index, value)
	{
		if (json_is_string(value) && ulid_is_valid(json_string_value(value)))
			continue;
		return problem_case_person_invalid(problem, (long long)index + 1);
	}
	return 0;
}

/* Check @p object and copy its members into @p json. @return 0, or -EINVAL with @p problem. */
static int apply_members(struct api *api, const json_t *object, json_t *json,
			 struct problem *problem)
{
	const char *title = NULL, *note = NULL;
	int r = json_read_string(object, "title", TITLE_BYTES_MAX, &title, problem);

	if (r == 0)
		r = json_read_string(object, "note", NOTE_BYTES_MAX, &note, problem);
	if (r == 0)
		r = check_members(api, object, problem);
	if (r == 0 && title != NULL && title[0] == '\0')
		r = problem_member_length(problem, "title", 1, TITLE_BYTES_MAX);
	if (r == 0)
		json_object_update(json, unconst(object));
	return r;
}

static json_t *public_json(const char *id, const json_t *json)
{
	json_t *copy = json_deep_copy(json);

	json_object_set_new(copy, "id", json_string(id));
	json_object_del(copy, "v");
	return copy;
}

struct change {
	char id[ULID_BYTES];
	json_t *json;
};

static void on_saved(struct api *api, void *arg, int r)
{
	struct change *change = arg;

	if (api != NULL && r == 0)
		json_object_set(api->cases, change->id, change->json);
	json_decref(change->json);
	free(change);
}

/* The reference to @p json passes to this call. */
static void save(struct api *api, const struct http_request *request, const char *id, json_t *json,
		 unsigned status)
{
	const struct api_caller by = api_caller_of(request);
	struct change *change = malloc(sizeof(*change));
	struct event_draft draft = {.type = "case.changed", .severity = EVENT_INFO};
	struct store_record record = {.kind = "case", .id = id, .json = json};

	if (change == NULL) {
		json_decref(json);
		api_reject(api, request, problem_no_memory(&api->problem));
		return;
	}
	json_object_set_new(
		json, "revision",
		json_integer(json_integer_value(json_object_get(json, "revision")) + 1));
	json_set_utc(json, "changed", clock_unix_ms());
	json_object_set_new(json, "by", json_string(by.name));
	snprintf(change->id, sizeof(change->id), "%s", id);
	change->json = json;
	draft.data =
		json_pack("{s:s, s:s, s:s, s:I}", "case", id, "by", by.name, "role", by.role_name,
			  "alerts", (json_int_t)json_array_size(json_object_get(json, "alerts")));
	api_save(api, request->token, &record, 1, &draft, status, public_json(id, json), on_saved,
		 change);
}

void api_get_cases(struct api *api, const struct http_request *request, const char *param)
{
	json_t *list = json_array(), *json;
	const char *id;

	(void)param;
	json_object_foreach(api->cases, id, json)
	{
		json_array_insert_new(list, 0, public_json(id, json));
	}
	api_respond_json(api, request->token, 200, json_pack("{s:o}", "cases", list));
}

void api_post_case(struct api *api, const struct http_request *request, const char *param)
{
	static const char *const known[] = {"title", "alerts", "people", "note", NULL};
	json_t *object = api_parse_object(api, request, known), *json;
	char id[ULID_BYTES];

	(void)param;
	if (object == NULL)
		return;
	json = json_pack("{s:i, s:[], s:[], s:s}", "v", 1, "alerts", "people", "note", "");
	if (json_object_get(object, "title") == NULL) {
		api_reject(api, request, problem_case_title_missing(&api->problem));
		json_decref(json);
	} else if (json_object_size(api->cases) >= CASES_MAX) {
		api_reject(api, request, problem_too_many_cases(&api->problem, CASES_MAX));
		json_decref(json);
	} else if (apply_members(api, object, json, &api->problem) < 0) {
		api_reject(api, request, problem_errno(&api->problem));
		json_decref(json);
	} else {
		ulid_make(clock_unix_ms(), id);
		save(api, request, id, json, 201);
	}
	json_decref(object);
}

static const json_t *find(struct api *api, const struct http_request *request, const char *id)
{
	const json_t *json = json_object_get(api->cases, id);

	if (json == NULL)
		api_reject(api, request, problem_case_unknown(&api->problem));
	return json;
}

void api_get_case(struct api *api, const struct http_request *request, const char *id)
{
	const json_t *json = find(api, request, id);

	if (json == NULL)
		return;
	api_respond_json(api, request->token, 200, public_json(id, json));
}

void api_patch_case(struct api *api, const struct http_request *request, const char *id)
{
	static const char *const known[] = {"title", "alerts", "people", "note", NULL};
	const json_t *current = find(api, request, id);
	json_t *object = current != NULL ? api_parse_object(api, request, known) : NULL, *json;

	if (object == NULL)
		return;
	json = json_deep_copy(current);
	if (apply_members(api, object, json, &api->problem) < 0) {
		api_reject(api, request, problem_errno(&api->problem));
		json_decref(json);
	} else {
		save(api, request, id, json, 200);
	}
	json_decref(object);
}
