/* What both formats of live video share. */
#include "api_parts.h"

#include <errno.h>

int api_find_camera(struct api *api, const struct http_request *request, const char *name,
		    struct api_camera *ret_camera)
{
	int r = config_name_is_valid(name) ? api->ops->camera(api->gate, name, ret_camera)
					   : -ENOENT;

	if (r < 0)
		api_reject(api, request, problem_camera_unknown(&api->problem));
	return r;
}

void api_record_watch(struct api *api, const struct http_request *request, const char *camera)
{
	const struct api_caller by = api_caller_of(request);
	json_t *data = api_act(&by, "camera.watch");

	json_object_set_new(data, "camera", json_string(camera));
	api_record_act(api, EVENT_INFO, NULL, data);
}
