/*
 * Handlers of the paths under access/: rules, credentials, passes and decisions. They validate what
 * can be validated without the roster.
 */
#include "api_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/ulid.h"

enum { ACCESS_BODY_BYTES_MAX = 64 << 10 };

static const struct {
	const char *path, *kind;
	bool gate_makes_id; /* POST creates one, under an id that the gate makes */
} kinds[] = {
	{"groups", "group", false},     {"schedules", "schedule", false},
	{"rules", "rule", false},       {"holidays", "holiday", false},
	{"areas", "area", false},       {"credentials", "credential", true},
	{"passes", "pass", true},       {"holders", "holder", false},
	{"openings", "opening", false},
};

/* Parse "rules/night" or "rules". @return the index in kinds, or -1: the request was rejected. */
static int find_kind(struct api *api, const struct http_request *request, const char *param,
		     const char **ret_id)
{
	size_t length = strcspn(param, "/");

	*ret_id = param[length] == '/' ? param + length + 1 : "";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].path) == length && memcmp(kinds[i].path, param, length) == 0)
			return (int)i;
	api_reject(api, request, problem_kind_unknown(&api->problem));
	return -1;
}

/* NULL: the request was rejected. */
static json_t *read_body(struct api *api, const struct http_request *request)
{
	json_t *value =
		json_read(request->body, request->body_bytes, ACCESS_BODY_BYTES_MAX, &api->problem);

	if (json_is_object(value))
		return value;
	if (value != NULL)
		problem_json_not_object(&api->problem);
	api_reject(api, request, problem_errno(&api->problem));
	json_decref(value);
	return NULL;
}

void api_access_list(struct api *api, const struct http_request *request, const char *param)
{
	const char *after = http_query(request, "after"),
		   *limit_text = http_query(request, "limit"), *id;
	const char *person = http_query(request, "person");
	int kind = find_kind(api, request, param, &id);
	int64_t limit = API_PAGE_DEFAULT;
	struct api_token token;

	if (kind < 0)
		return;
	if (limit_text != NULL &&
	    (api_parse_number(limit_text, API_PAGE_MAX, &limit) < 0 || limit < 1))
		api_reject(api, request,
			   problem_query_not_limit(&api->problem, "limit", API_PAGE_MAX));
	else if (person != NULL &&
		 (strcmp(kinds[kind].kind, "credential") != 0 || !ulid_is_valid(person)))
		api_reject(api, request, problem_query_person_not_here(&api->problem));
	else if (api_begin_call(api, request->token, &token))
		api->ops->access->list(api->gate, token, kinds[kind].kind,
				       person != NULL ? person : "", after != NULL ? after : "",
				       (unsigned)limit);
}

void api_access_get_passes(struct api *api, const struct http_request *request, const char *param)
{
	(void)param;
	api_access_list(api, request, "passes");
}

void api_access_get(struct api *api, const struct http_request *request, const char *param)
{
	const char *id;
	int kind = find_kind(api, request, param, &id);
	struct api_token token;

	if (kind >= 0 && api_begin_call(api, request->token, &token))
		api->ops->access->get(api->gate, token, kinds[kind].kind, id);
}

static void put(struct api *api, const struct http_request *request, const char *kind,
		const char *id)
{
	struct api_caller by = api_caller_of(request);
	json_t *value = read_body(api, request);
	struct api_token token;

	if (value != NULL && api_begin_call(api, request->token, &token))
		api->ops->access->put(api->gate, token, &by, kind, id, value);
	json_decref(value);
}

void api_access_put(struct api *api, const struct http_request *request, const char *param)
{
	const char *id;
	int kind = find_kind(api, request, param, &id);

	if (kind >= 0)
		put(api, request, kinds[kind].kind, id);
}

void api_access_put_person(struct api *api, const struct http_request *request, const char *id)
{
	put(api, request, "person", id);
}

void api_access_post(struct api *api, const struct http_request *request, const char *param)
{
	const char *id;
	int kind = find_kind(api, request, param, &id);

	if (kind >= 0 && !kinds[kind].gate_makes_id)
		api_reject(api, request, problem_rule_name_needed(&api->problem));
	else if (kind >= 0)
		put(api, request, kinds[kind].kind, NULL);
}

/* a route of its own, because a guard may make passes and no other item */
void api_access_post_pass(struct api *api, const struct http_request *request, const char *param)
{
	(void)param;
	put(api, request, "pass", NULL);
}

void api_access_delete(struct api *api, const struct http_request *request, const char *param)
{
	struct api_caller by = api_caller_of(request);
	const char *id;
	int kind = find_kind(api, request, param, &id);
	struct api_token token;

	if (kind >= 0 && api_begin_call(api, request->token, &token))
		api->ops->access->remove(api->gate, token, &by, kinds[kind].kind, id);
}

void api_access_what_if(struct api *api, const struct http_request *request, const char *param)
{
	json_t *question = read_body(api, request);
	struct api_token token;

	(void)param;
	if (question != NULL && api_begin_call(api, request->token, &token))
		api->ops->access->what_if(api->gate, token, question);
	json_decref(question);
}

void api_access_explain(struct api *api, const struct http_request *request, const char *param)
{
	struct api_token token;
	int64_t seq;

	if (api_parse_number(param, INT64_MAX, &seq) < 0 || seq < 1)
		api_reject(api, request, problem_event_number_invalid(&api->problem));
	else if (api_begin_call(api, request->token, &token))
		api->ops->access->explain(api->gate, token, seq);
}

void api_access_reset(struct api *api, const struct http_request *request, const char *param)
{
	struct api_caller by = api_caller_of(request);
	struct api_token token;

	if (api_begin_call(api, request->token, &token))
		api->ops->access->area_reset(api->gate, token, &by, param);
}

void api_access_pass_code(struct api *api, const struct http_request *request, const char *param)
{
	struct api_token token;

	if (api_begin_call(api, request->token, &token))
		api->ops->access->pass_code(api->gate, token, param);
}

void api_access_requests(struct api *api, const struct http_request *request, const char *param)
{
	struct api_token token;

	(void)param;
	if (api_begin_call(api, request->token, &token))
		api->ops->access->requests(api->gate, token);
}

void api_access_answer(struct api *api, const struct http_request *request, const char *param)
{
	static const char *const known[] = {"admit", NULL};
	struct api_caller by = api_caller_of(request);
	json_t *value = read_body(api, request);
	struct api_token token;

	if (value == NULL)
		return;
	if (json_check_members(value, known, &api->problem) < 0)
		api_reject(api, request, problem_errno(&api->problem));
	else if (!json_is_boolean(json_object_get(value, "admit")))
		api_reject(api, request, problem_member_not_bool(&api->problem, "admit"));
	else if (api_begin_call(api, request->token, &token))
		api->ops->access->answer(api->gate, token, &by, param,
					 json_is_true(json_object_get(value, "admit")));
	json_decref(value);
}
