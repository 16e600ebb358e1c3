/* The table of paths, and what each checks before the gate is asked. */
#include "api_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/ulid.h"
#include "config.h"

enum { JSON_BODY_BYTES_MAX = 16 << 10 };

#define BAD(api, request, ...) respond_bad(api, request, 400, __VA_ARGS__)

static void respond_bad(struct api *api, const struct http_request *request, unsigned status,
			const char *format, ...) __attribute__((format(printf, 4, 5)));

static void respond_bad(struct api *api, const struct http_request *request, unsigned status,
			const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	http_respond_problem(api->http, request->token, status, text);
}

/* A JSON object with no member but @p known; NULL when the mistake was answered. */
static json_t *take_object(struct api *api, const struct http_request *request, const char *const *known)
{
	char error[JSON_ERROR_BYTES];
	json_t *object = json_parse(request->body, request->body_bytes, JSON_BODY_BYTES_MAX, error);

	if (object != NULL && json_is_object(object) && json_only_known(object, known, error) == 0)
		return object;
	BAD(api, request, "%s", object != NULL && !json_is_object(object) ? "expected a JSON object" : error);
	json_decref(object);
	return NULL;
}

/* The query argument @p name within 1 to @p max; false when the mistake was answered. */
static bool take_query(struct api *api, const struct http_request *request, const char *name, int64_t max,
		       int64_t *value)
{
	const char *text = http_query(request, name);

	if (text == NULL || (api_parse_number(text, max, value) == 0 && (*value > 0 || max > API_PAGE_MAX)))
		return true;
	BAD(api, request, "%s takes a whole number%s", name, max <= API_PAGE_MAX ? " from 1 to 1000" : "");
	return false;
}

static bool take_person_id(struct api *api, const struct http_request *request, const char *id)
{
	if (ulid_is_valid(id))
		return true;
	respond_bad(api, request, 404, "there is no such person");
	return false;
}

static void get_status(struct api *api, const struct http_request *request, const char *param)
{
	json_t *status = api->ops->status(api->gate);

	(void)param;
	if (status == NULL)
		respond_bad(api, request, 500, "the status could not be read");
	else
		api_respond_json(api, request->token, 200, status);
}

static void get_doors(struct api *api, const struct http_request *request, const char *param)
{
	json_t *doors = api->ops->doors(api->gate);

	(void)param;
	if (doors == NULL)
		respond_bad(api, request, 500, "the doors could not be read");
	else
		api_respond_json(api, request->token, 200, json_pack("{s:o}", "doors", doors));
}

static void get_people(struct api *api, const struct http_request *request, const char *param)
{
	const char *after = http_query(request, "after");
	int64_t limit = API_PAGE_DEFAULT;
	struct api_token token;

	(void)param;
	if (!take_query(api, request, "limit", API_PAGE_MAX, &limit))
		return;
	if (after != NULL && !ulid_is_valid(after))
		BAD(api, request, "after takes the id of a person");
	else if (api_begin_call(api, request->token, false, &token))
		api->ops->people_list(api->gate, token, after != NULL ? after : "", (unsigned)limit);
}

static bool name_is_fit(const char *name)
{
	bool visible = false;

	for (const unsigned char *at = (const unsigned char *)name; *at != '\0'; at++) {
		if (*at < ' ' || *at == 0x7f)
			return false;
		visible |= *at != ' ';
	}
	return visible && strlen(name) <= API_NAME_BYTES_MAX;
}

/* A time that may be missing or null; -EINVAL with the mistake in @p error. */
static int take_time(const json_t *object, const char *key, int64_t *ret_unix_ms, char *error)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL || json_is_null(value))
		return 0;
	if (json_is_string(value) && clock_parse_utc(json_string_value(value), ret_unix_ms) == 0)
		return 0;
	snprintf(error, JSON_ERROR_BYTES, "%s: expected a time such as 2026-11-21 or 2026-11-21T08:00:00Z",
		 key);
	return -EINVAL;
}

static int take_person(const json_t *object, struct api_person *person, char *error)
{
	int r;

	person->name = NULL;
	r = json_get_string(object, "name", API_NAME_BYTES_MAX, &person->name, error);
	if (r == 0 && (person->name == NULL || !name_is_fit(person->name))) {
		snprintf(error, JSON_ERROR_BYTES, "name: expected 1 to %d bytes without control characters",
			 API_NAME_BYTES_MAX);
		r = -EINVAL;
	}
	if (r == 0)
		r = take_time(object, "valid_from", &person->valid_from_unix_ms, error);
	if (r == 0)
		r = take_time(object, "valid_to", &person->valid_to_unix_ms, error);
	if (r == 0 && person->valid_to_unix_ms != 0 &&
	    person->valid_to_unix_ms <= person->valid_from_unix_ms) {
		snprintf(error, JSON_ERROR_BYTES, "valid_to: expected a time after valid_from");
		r = -EINVAL;
	}
	return r;
}

static void post_person(struct api *api, const struct http_request *request, const char *param)
{
	static const char *const known[] = {"name", "valid_from", "valid_to", NULL};
	struct api_caller by = api_caller_of(request);
	struct api_person person = {0};
	char error[JSON_ERROR_BYTES];
	struct api_token token;
	json_t *object = take_object(api, request, known);

	(void)param;
	if (object == NULL)
		return;
	if (take_person(object, &person, error) < 0)
		BAD(api, request, "%s", error);
	else if (api_begin_call(api, request->token, false, &token))
		api->ops->person_add(api->gate, token, &by, &person);
	json_decref(object);
}

static void get_person(struct api *api, const struct http_request *request, const char *id)
{
	struct api_token token;

	if (take_person_id(api, request, id) && api_begin_call(api, request->token, false, &token))
		api->ops->person_get(api->gate, token, id);
}

static void delete_person(struct api *api, const struct http_request *request, const char *id)
{
	struct api_caller by = api_caller_of(request);
	struct api_token token;

	if (take_person_id(api, request, id) && api_begin_call(api, request->token, false, &token))
		api->ops->person_remove(api->gate, token, &by, id);
}

static void post_face(struct api *api, const struct http_request *request, const char *id)
{
	struct api_caller by = api_caller_of(request);
	struct api_token token;

	if (!take_person_id(api, request, id))
		return;
	if (request->body_bytes == 0)
		respond_bad(api, request, 422, "the photo is empty");
	else if (api_begin_call(api, request->token, false, &token))
		api->ops->enrol(api->gate, token, &by, id, request->body, request->body_bytes);
}

static void post_open(struct api *api, const struct http_request *request, const char *door)
{
	struct api_caller by = api_caller_of(request);
	struct api_token token;

	if (!config_name_is_valid(door))
		respond_bad(api, request, 404, "there is no such door");
	else if (api_begin_call(api, request->token, false, &token))
		api->ops->door_open(api->gate, token, &by, door);
}

static bool mode_is_known(const char *mode)
{
	static const char *const modes[] = {"Locked", "Unlocked", "Blocked", "LockedDown", "LockedOpen"};

	for (size_t i = 0; mode != NULL && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i], mode) == 0)
			return true;
	return false;
}

static void post_mode(struct api *api, const struct http_request *request, const char *door)
{
	static const char *const known[] = {"mode", NULL};
	struct api_caller by = api_caller_of(request);
	json_t *object = take_object(api, request, known);
	const char *mode = json_string_value(json_object_get(object, "mode"));
	struct api_token token;

	if (object == NULL)
		return;
	if (!config_name_is_valid(door))
		respond_bad(api, request, 404, "there is no such door");
	else if (!mode_is_known(mode))
		BAD(api, request, "mode: expected Locked, Unlocked, Blocked, LockedDown or LockedOpen");
	else if (api_begin_call(api, request->token, false, &token))
		api->ops->door_mode(api->gate, token, &by, door, mode);
	json_decref(object);
}

static void get_events(struct api *api, const struct http_request *request, const char *param)
{
	struct api_events_query query = {.type = http_query(request, "type"),
					 .ascending = http_query(request, "after") != NULL};
	int64_t limit = API_PAGE_DEFAULT;
	struct api_token token;

	(void)param;
	if (!take_query(api, request, "limit", API_PAGE_MAX, &limit) ||
	    !take_query(api, request, "after", INT64_MAX, &query.after) ||
	    !take_query(api, request, "before", INT64_MAX, &query.before))
		return;
	query.limit = (unsigned)limit;
	if (query.type != NULL && !api_type_is_valid(query.type))
		BAD(api, request, "type takes an event type, or its beginning up to a dot");
	else if (api_begin_call(api, request->token, false, &token))
		api->ops->events(api->gate, token, &query);
}

static void post_audit(struct api *api, const struct http_request *request, const char *param)
{
	struct api_token token;

	(void)param;
	if (api_begin_call(api, request->token, false, &token))
		api->ops->audit_verify(api->gate, token);
}

static void get_board(struct api *api, const struct http_request *request, const char *param)
{
	json_t *board = api->ops->board(api->gate);

	(void)param;
	if (board == NULL)
		respond_bad(api, request, 500, "the board could not be read");
	else
		api_respond_json(api, request->token, 200, board);
}

static bool take_level(const char *text, enum api_level *ret_level)
{
	static const char *const levels[] = {[API_LEVEL_INACTIVE] = "inactive",
					     [API_LEVEL_ACTIVE] = "active",
					     [API_LEVEL_UNKNOWN] = "unknown"};

	for (size_t i = 0; text != NULL && i < sizeof(levels) / sizeof(levels[0]); i++)
		if (strcmp(levels[i], text) == 0) {
			*ret_level = (enum api_level)i;
			return true;
		}
	return false;
}

static void drive(struct api *api, const struct http_request *request, const char *line, enum api_level level)
{
	switch (api->ops->board_drive(api->gate, line, level)) {
	case 0:
		api_respond_json(api, request->token, 204, NULL);
		break;
	case -ENOENT:
		respond_bad(api, request, 404, "there is no such line");
		break;
	case -ENOTSUP:
		respond_bad(api, request, 409, "this board is real: only a simulated one can be driven");
		break;
	case -EPERM:
		respond_bad(api, request, 409, "this line is an output: the gate drives it");
		break;
	default:
		respond_bad(api, request, 500, "the line could not be driven");
	}
}

static void post_line(struct api *api, const struct http_request *request, const char *line)
{
	static const char *const known[] = {"level", NULL};
	json_t *object = take_object(api, request, known);
	enum api_level level;

	if (object == NULL)
		return;
	if (!config_name_is_valid(line))
		respond_bad(api, request, 404, "there is no such line");
	else if (!take_level(json_string_value(json_object_get(object, "level")), &level))
		BAD(api, request, "level: expected active, inactive or unknown");
	else
		drive(api, request, line, level);
	json_decref(object);
}

#define V1 "/api/v1/"

static const struct api_route routes[] = {
	{"GET", V1 "status", API_ROLE_READER, 0, get_status},
	{"GET", V1 "people", API_ROLE_READER, 0, get_people},
	{"POST", V1 "people", API_ROLE_ADMIN, JSON_BODY_BYTES_MAX, post_person},
	{"GET", V1 "people/{}", API_ROLE_READER, 0, get_person},
	{"DELETE", V1 "people/{}", API_ROLE_ADMIN, 0, delete_person},
	{"POST", V1 "people/{}/faces", API_ROLE_ADMIN, API_PHOTO_BYTES_MAX, post_face},
	{"GET", V1 "doors", API_ROLE_READER, 0, get_doors},
	{"POST", V1 "doors/{}/open", API_ROLE_ADMIN, JSON_BODY_BYTES_MAX, post_open},
	{"POST", V1 "doors/{}/mode", API_ROLE_ADMIN, JSON_BODY_BYTES_MAX, post_mode},
	{"GET", V1 "events", API_ROLE_READER, 0, get_events},
	{"GET", V1 "events/stream", API_ROLE_READER, 0, api_stream_events},
	{"GET", V1 "evidence", API_ROLE_READER, 0, api_get_evidence},
	{"GET", V1 "evidence/{}", API_ROLE_READER, 0, api_get_evidence_file},
	{"GET", V1 "board", API_ROLE_READER, 0, get_board},
	{"GET", V1 "board/stream", API_ROLE_READER, 0, api_stream_board},
	{"POST", V1 "board/lines/{}", API_ROLE_ADMIN, JSON_BODY_BYTES_MAX, post_line},
	{"POST", V1 "audit/verify", API_ROLE_ADMIN, JSON_BODY_BYTES_MAX, post_audit},
};

const struct api_route *api_route_at(size_t index)
{
	return index < sizeof(routes) / sizeof(routes[0]) ? &routes[index] : NULL;
}

static bool matches(const char *pattern, const char *path, char *param)
{
	while (*pattern != '\0') {
		size_t length;

		if (pattern[0] != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		length = strcspn(path, "/");
		if (length == 0 || length >= API_PARAM_BYTES)
			return false;
		memcpy(param, path, length);
		param[length] = '\0';
		path += length;
		pattern += 2;
	}
	return *path == '\0';
}

const struct api_route *api_find_route(const char *method, const char *path, char *param, char *ret_allow,
				       size_t bytes)
{
	size_t used = 0;

	param[0] = '\0';
	ret_allow[0] = '\0';
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!matches(routes[i].pattern, path, param))
			continue;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
		if (used < bytes)
			used += (size_t)snprintf(ret_allow + used, bytes - used, "%s%s", used > 0 ? ", " : "",
						 routes[i].method);
	}
	return NULL;
}
