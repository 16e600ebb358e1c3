/* api_routes.h - the one table of paths. Private to api_*.c. */
#ifndef GH_API_API_ROUTES_H
#define GH_API_API_ROUTES_H

#include "api_core.h"

struct api_route {
	const char *method, *pattern; /* {} stands for one segment */
	enum api_role role;           /* the least that may */
	size_t body_bytes_max;
	void (*run)(struct api *api, const struct http_request *request, const char *param);
};

/**
 * The route of @p method and @p path; @p param (API_PARAM_BYTES) gets what {} stood for.
 * @return NULL with *ret_allow the methods that the path knows, "" when there is no such path.
 */
const struct api_route *api_find_route(const char *method, const char *path, char *param,
				       char *ret_allow, size_t bytes);

/** The table, row by row; NULL after the last. */
const struct api_route *api_route_at(size_t index);

#endif
