/* api_routes.h - the one table of paths. Private to api_*.c. */
#ifndef GH_API_API_ROUTES_H
#define GH_API_API_ROUTES_H

#include "api_core.h"

struct api_route {
	const char *method, *pattern; /* {} matches one segment */
	enum api_role role;           /* the least role that is admitted */
	size_t body_bytes_max;
	void (*run)(struct api *api, const struct http_request *request, const char *param);
};

/**
 * Find the route of @p method and @p path.
 * @param param      API_PARAM_BYTES; the segments that match {}.
 * @param ret_allow  @p bytes; if the result is NULL, the methods of the path, "": no such path.
 * @return the route, or NULL.
 */
const struct api_route *api_find_route(const char *method, const char *path, char *param,
				       char *ret_allow, size_t bytes);

/** Row @p index of the table; NULL after the last. */
const struct api_route *api_route_at(size_t index);

#endif
