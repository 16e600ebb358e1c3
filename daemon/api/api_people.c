/* Handlers of people and their faces: they validate a request before the gate executes it. */
#include "api_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/ulid.h"
#include "config/config.h"

enum { LIVE_SECONDS = 30, LIVE_SECONDS_MIN = 5, LIVE_SECONDS_MAX = 120 };

static bool check_person_id(struct api *api, const struct http_request *request, const char *id)
{
	if (ulid_is_valid(id))
		return true;
	api_reject(api, request, problem_person_unknown(&api->problem));
	return false;
}

void api_get_people(struct api *api, const struct http_request *request, const char *param)
{
	const char *after = http_query(request, "after");
	int64_t limit = API_PAGE_DEFAULT;
	struct api_token token;

	(void)param;
	if (!api_query_number(api, request, "limit", API_PAGE_MAX, &limit))
		return;
	if (after != NULL && !ulid_is_valid(after))
		api_reject(api, request, problem_query_after_invalid(&api->problem));
	else if (api_begin_call(api, request->token, &token))
		api->ops->people_list(api->gate, token, after != NULL ? after : "",
				      (unsigned)limit);
}

/* Parse a time, which may be missing or null. @return 0, or -EINVAL with @p problem. */
static int parse_time(const json_t *object, const char *key, int64_t *ret_unix_ms,
		      struct problem *problem)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL || json_is_null(value))
		return 0;
	if (json_is_string(value) && clock_parse_utc(json_string_value(value), ret_unix_ms) == 0)
		return 0;
	return problem_member_not_time(problem, key);
}

int api_parse_person(const json_t *object, struct api_person *person, struct problem *problem)
{
	int r;

	person->name = NULL;
	r = json_read_string(object, "name", API_NAME_BYTES_MAX, &person->name, problem);
	if (r == 0 && (person->name == NULL || !roster_person_name_is_valid(person->name)))
		r = problem_person_name_invalid(problem, API_NAME_BYTES_MAX);
	if (r == 0)
		r = parse_time(object, "valid_from", &person->valid_from_unix_ms, problem);
	if (r == 0)
		r = parse_time(object, "valid_to", &person->valid_to_unix_ms, problem);
	if (r == 0 && person->valid_to_unix_ms != 0 &&
	    person->valid_to_unix_ms <= person->valid_from_unix_ms)
		r = problem_valid_to_not_after(problem);
	return r;
}

void api_post_person(struct api *api, const struct http_request *request, const char *param)
{
	static const char *const known[] = {"name", "valid_from", "valid_to", NULL};
	struct api_caller by = api_caller_of(request);
	struct api_person person = {0};
	struct api_token token;
	json_t *object = api_parse_object(api, request, known);

	(void)param;
	if (object == NULL)
		return;
	if (api_parse_person(object, &person, &api->problem) < 0)
		api_reject(api, request, problem_errno(&api->problem));
	else if (api_begin_call(api, request->token, &token))
		api->ops->person_add(api->gate, token, &by, &person);
	json_decref(object);
}

void api_get_person(struct api *api, const struct http_request *request, const char *id)
{
	struct api_token token;

	if (check_person_id(api, request, id) && api_begin_call(api, request->token, &token))
		api->ops->person_get(api->gate, token, id);
}

void api_delete_person(struct api *api, const struct http_request *request, const char *id)
{
	struct api_caller by = api_caller_of(request);
	struct api_token token;

	if (check_person_id(api, request, id) && api_begin_call(api, request->token, &token))
		api->ops->person_remove(api->gate, token, &by, id);
}

void api_post_face(struct api *api, const struct http_request *request, const char *id)
{
	struct api_caller by = api_caller_of(request);
	const char *look_alike = http_query(request, "look_alike");
	struct api_enrol enrol = {.photo = request->body,
				  .photo_bytes = request->body_bytes,
				  .accept_ambiguous = look_alike != NULL};
	struct api_token token;

	if (!check_person_id(api, request, id))
		return;
	if (look_alike != NULL && strcmp(look_alike, "accept") != 0)
		api_reject(api, request, problem_query_look_alike_invalid(&api->problem));
	else if (request->body_bytes == 0)
		api_reject(api, request, problem_photo_empty(&api->problem));
	else if (api_begin_call(api, request->token, &token))
		api->ops->enrol(api->gate, token, &by, id, &enrol);
}

void api_delete_faces(struct api *api, const struct http_request *request, const char *id)
{
	struct api_caller by = api_caller_of(request);
	struct api_token token;

	if (check_person_id(api, request, id) && api_begin_call(api, request->token, &token))
		api->ops->faces_remove(api->gate, token, &by, id);
}

void api_get_faces(struct api *api, const struct http_request *request, const char *id)
{
	struct api_token token;

	if (check_person_id(api, request, id) && api_begin_call(api, request->token, &token))
		api->ops->faces_list(api->gate, token, id);
}

/* "PERSON/NUMBER" */
void api_delete_face(struct api *api, const struct http_request *request, const char *param)
{
	struct api_caller by = api_caller_of(request);
	char id[ULID_BYTES] = "";
	const char *slash = strchr(param, '/');
	struct api_token token;
	int64_t number;

	if (slash != NULL && slash - param < ULID_BYTES)
		memcpy(id, param, (size_t)(slash - param));
	if (!check_person_id(api, request, id))
		return;
	if (slash == NULL || api_parse_number(slash + 1, INT64_MAX, &number) < 0 || number == 0)
		api_reject(api, request, problem_face_unknown(&api->problem));
	else if (api_begin_call(api, request->token, &token))
		api->ops->face_remove(api->gate, token, &by, id, number);
}

static int parse_live(const json_t *object, struct api_enrol *enrol, struct problem *problem)
{
	const json_t *seconds = json_object_get(object, "seconds"),
		     *accept = json_object_get(object, "look_alike");
	int r = json_read_string(object, "camera", CONFIG_NAME_BYTES - 1, &enrol->camera, problem);

	if (r == 0 && enrol->camera == NULL)
		r = problem_face_camera_missing(problem);
	enrol->seconds = LIVE_SECONDS;
	if (r == 0 && seconds != NULL) {
		json_int_t value = json_integer_value(seconds);

		if (!json_is_integer(seconds) || value < LIVE_SECONDS_MIN ||
		    value > LIVE_SECONDS_MAX)
			r = problem_seconds_invalid(problem, LIVE_SECONDS_MIN, LIVE_SECONDS_MAX);
		enrol->seconds = (unsigned)value;
	}
	if (r == 0 && accept != NULL &&
	    (!json_is_string(accept) || strcmp(json_string_value(accept), "accept") != 0))
		r = problem_look_alike_invalid(problem);
	enrol->accept_ambiguous = accept != NULL;
	return r;
}

void api_post_face_live(struct api *api, const struct http_request *request, const char *id)
{
	static const char *const known[] = {"camera", "seconds", "look_alike", NULL};
	struct api_caller by = api_caller_of(request);
	struct api_enrol enrol = {0};
	struct api_token token;
	json_t *object;

	if (!check_person_id(api, request, id))
		return;
	object = api_parse_object(api, request, known);
	if (object == NULL)
		return;
	if (parse_live(object, &enrol, &api->problem) < 0)
		api_reject(api, request, problem_errno(&api->problem));
	else if (api_begin_call(api, request->token, &token))
		api->ops->enrol(api->gate, token, &by, id, &enrol);
	json_decref(object);
}

void api_get_face_report(struct api *api, const struct http_request *request, const char *param)
{
	struct api_token token;

	(void)param;
	if (api_begin_call(api, request->token, &token))
		api->ops->face_report(api->gate, token);
}
