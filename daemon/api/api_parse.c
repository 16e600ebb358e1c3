#include "api_core.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/scan.h"

int api_parse_number(const char *text, int64_t max, int64_t *ret_value)
{
	uint64_t value;

	if (scan_number(&text, (uint64_t)max, &value) < 0 || *text != '\0')
		return -EINVAL;
	*ret_value = (int64_t)value;
	return 0;
}

bool api_type_is_valid(const char *type)
{
	size_t length = strspn(type, "abcdefghijklmnopqrstuvwxyz_.");

	return length > 0 && length < API_TYPE_BYTES && type[length] == '\0';
}

bool api_type_matches(const char *filter, const char *type)
{
	size_t length = strlen(filter);

	if (length == 0)
		return true;
	return filter[length - 1] == '.' ? strncmp(filter, type, length) == 0
					 : strcmp(filter, type) == 0;
}

json_t *api_parse_object(struct api *api, const struct http_request *request,
			 const char *const *known)
{
	json_t *object =
		json_read(request->body, request->body_bytes, API_JSON_BYTES_MAX, &api->problem);

	if (object != NULL && !json_is_object(object))
		problem_json_not_object(&api->problem);
	else if (object != NULL && json_check_members(object, known, &api->problem) == 0)
		return object;
	api_reject(api, request, problem_errno(&api->problem));
	json_decref(object);
	return NULL;
}

bool api_query_number(struct api *api, const struct http_request *request, const char *name,
		      int64_t max, int64_t *value)
{
	const char *text = http_query(request, name);

	if (text == NULL ||
	    (api_parse_number(text, max, value) == 0 && (*value > 0 || max > API_PAGE_MAX)))
		return true;
	api_reject(api, request,
		   max <= API_PAGE_MAX ? problem_query_not_limit(&api->problem, name, API_PAGE_MAX)
				       : problem_query_not_number(&api->problem, name));
	return false;
}
