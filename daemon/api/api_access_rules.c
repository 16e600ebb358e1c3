/* Paths under access/: rules, credentials, passes and questions, checked as far as this needs no roster. */
#include "api_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/ulid.h"

enum { ACCESS_BODY_BYTES_MAX = 64 << 10 };

static const struct {
	const char *path, *kind;
	bool made; /* POST makes one with an id of the gate's */
} kinds[] = {
	{"groups", "group", false},     {"schedules", "schedule", false}, {"rules", "rule", false},
	{"holidays", "holiday", false}, {"areas", "area", false},         {"credentials", "credential", true},
	{"passes", "pass", true},       {"holders", "holder", false},     {"openings", "opening", false},
};

static void problem(struct api *api, const struct http_request *request, unsigned status, const char *text)
{
	http_respond_problem(api->http, request->token, status, text);
}

/* "rules/night" or "rules". @return the place in kinds, or -1 when the mistake was answered */
static int take_kind(struct api *api, const struct http_request *request, const char *param,
		     const char **ret_id)
{
	size_t length = strcspn(param, "/");

	*ret_id = param[length] == '/' ? param + length + 1 : "";
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].path) == length && memcmp(kinds[i].path, param, length) == 0)
			return (int)i;
	problem(api, request, 404, "there is no such kind of thing");
	return -1;
}

/* NULL when the mistake was answered. */
static json_t *take_body(struct api *api, const struct http_request *request)
{
	char error[JSON_ERROR_BYTES] = "expected a JSON object";
	json_t *value = json_parse(request->body, request->body_bytes, ACCESS_BODY_BYTES_MAX, error);

	if (json_is_object(value))
		return value;
	problem(api, request, 400, value != NULL ? "expected a JSON object" : error);
	json_decref(value);
	return NULL;
}

void api_access_list(struct api *api, const struct http_request *request, const char *param)
{
	const char *after = http_query(request, "after"), *limit_text = http_query(request, "limit"), *id;
	const char *person = http_query(request, "person");
	int kind = take_kind(api, request, param, &id);
	int64_t limit = API_PAGE_DEFAULT;
	struct api_token token;

	if (kind < 0)
		return;
	if (limit_text != NULL && (api_parse_number(limit_text, API_PAGE_MAX, &limit) < 0 || limit < 1))
		problem(api, request, 400, "limit takes a whole number from 1 to 1000");
	else if (person != NULL && (strcmp(kinds[kind].kind, "credential") != 0 || !ulid_is_valid(person)))
		problem(api, request, 400, "person takes the id of a person, for credentials alone");
	else if (api_begin_call(api, request->token, &token))
		api->ops->access->list(api->gate, token, kinds[kind].kind, person != NULL ? person : "",
				       after != NULL ? after : "", (unsigned)limit);
}

void api_access_get_passes(struct api *api, const struct http_request *request, const char *param)
{
	(void)param;
	api_access_list(api, request, "passes");
}

void api_access_get(struct api *api, const struct http_request *request, const char *param)
{
	const char *id;
	int kind = take_kind(api, request, param, &id);
	struct api_token token;

	if (kind >= 0 && api_begin_call(api, request->token, &token))
		api->ops->access->get(api->gate, token, kinds[kind].kind, id);
}

static void put(struct api *api, const struct http_request *request, const char *kind, const char *id)
{
	struct api_caller by = api_caller_of(request);
	json_t *value = take_body(api, request);
	struct api_token token;

	if (value != NULL && api_begin_call(api, request->token, &token))
		api->ops->access->put(api->gate, token, &by, kind, id, value);
	json_decref(value);
}

void api_access_put(struct api *api, const struct http_request *request, const char *param)
{
	const char *id;
	int kind = take_kind(api, request, param, &id);

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
	int kind = take_kind(api, request, param, &id);

	if (kind >= 0 && !kinds[kind].made)
		problem(api, request, 405, "give it a name and PUT it there");
	else if (kind >= 0)
		put(api, request, kinds[kind].kind, NULL);
}

/* rows of their own: a guard at the gate makes passes, and nothing else */
void api_access_post_pass(struct api *api, const struct http_request *request, const char *param)
{
	(void)param;
	put(api, request, "pass", NULL);
}

void api_access_delete(struct api *api, const struct http_request *request, const char *param)
{
	struct api_caller by = api_caller_of(request);
	const char *id;
	int kind = take_kind(api, request, param, &id);
	struct api_token token;

	if (kind >= 0 && api_begin_call(api, request->token, &token))
		api->ops->access->remove(api->gate, token, &by, kinds[kind].kind, id);
}

void api_access_what_if(struct api *api, const struct http_request *request, const char *param)
{
	json_t *question = take_body(api, request);
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
		problem(api, request, 404, "an event is named by its number");
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
	char error[JSON_ERROR_BYTES];
	json_t *value = take_body(api, request);
	struct api_token token;

	if (value == NULL)
		return;
	if (json_only_known(value, known, error) < 0)
		problem(api, request, 400, error);
	else if (!json_is_boolean(json_object_get(value, "admit")))
		problem(api, request, 400, "admit: expected true or false");
	else if (api_begin_call(api, request->token, &token))
		api->ops->access->answer(api->gate, token, &by, param,
					 json_is_true(json_object_get(value, "admit")));
	json_decref(value);
}
