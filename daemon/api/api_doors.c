/* Handlers of the status and of the doors: state, opening, mode, reset of a fire alarm. */
#include "api_parts.h"

#include <string.h>

void api_get_status(struct api *api, const struct http_request *request, const char *param)
{
	json_t *status = api->ops->status(api->gate);

	(void)param;
	if (status == NULL)
		api_reject(api, request, problem_status_unreadable(&api->problem));
	else
		api_respond_json(api, request->token, 200, status);
}

void api_get_doors(struct api *api, const struct http_request *request, const char *param)
{
	json_t *doors = api->ops->doors(api->gate);

	(void)param;
	if (doors == NULL)
		api_reject(api, request, problem_doors_unreadable(&api->problem));
	else
		api_respond_json(api, request->token, 200, json_pack("{s:o}", "doors", doors));
}

void api_post_open(struct api *api, const struct http_request *request, const char *door)
{
	struct api_caller by = api_caller_of(request);
	struct api_token token;

	if (!config_name_is_valid(door))
		api_reject(api, request, problem_door_unknown(&api->problem));
	else if (api_begin_call(api, request->token, &token))
		api->ops->door_open(api->gate, token, &by, door);
}

static bool mode_is_known(const char *mode)
{
	static const char *const modes[] = {"Locked",       "Unlocked",   "Blocked",
					    "DoubleLocked", "LockedDown", "LockedOpen"};

	for (size_t i = 0; mode != NULL && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(modes[i], mode) == 0)
			return true;
	return false;
}

/* Only over the Unix socket: a fire alarm must be reset by a person on site. */
void api_post_fire_reset(struct api *api, const struct http_request *request, const char *param)
{
	struct api_caller by = api_caller_of(request);
	struct api_token token;

	(void)param;
	if (!request->local)
		api_reject(api, request, problem_fire_reset_on_site(&api->problem));
	else if (api_begin_call(api, request->token, &token))
		api->ops->fire_reset(api->gate, token, &by);
}

void api_post_mode(struct api *api, const struct http_request *request, const char *door)
{
	static const char *const known[] = {"mode", NULL};
	struct api_caller by = api_caller_of(request);
	json_t *object = api_parse_object(api, request, known);
	const char *mode = json_string_value(json_object_get(object, "mode"));
	struct api_token token;

	if (object == NULL)
		return;
	if (!config_name_is_valid(door) && strcmp(door, API_EVERY_DOOR) != 0)
		api_reject(api, request, problem_door_unknown(&api->problem));
	else if (!mode_is_known(mode))
		api_reject(api, request, problem_door_mode_unknown(&api->problem));
	else if (api_begin_call(api, request->token, &token))
		api->ops->door_mode(api->gate, token, &by, door, mode);
	json_decref(object);
}
