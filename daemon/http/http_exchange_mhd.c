#include "http_private.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>

#include "base/thread_role.h"

struct http_token http_token_of(const struct exchange *exchange)
{
	return (struct http_token){.slot = (uint32_t)(exchange - exchange->http->exchanges),
				   .generation = exchange->generation};
}

struct exchange *http_find(struct http *http, struct http_token token)
{
	struct exchange *exchange =
		token.slot < EXCHANGES_MAX ? &http->exchanges[token.slot] : NULL;

	assert_thread(THREAD_CONTROL);
	if (exchange == NULL || exchange->connection == NULL ||
	    exchange->generation != token.generation)
		return NULL;
	return exchange;
}

const char *http_header(const struct http_request *request, const char *name)
{
	struct exchange *exchange = request->internal;

	assert(exchange->connection != NULL);
	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

int http_cookie(const struct http_request *request, const char *name, char *ret_value, size_t bytes)
{
	struct exchange *exchange = request->internal;
	const char *value =
		MHD_lookup_connection_value(exchange->connection, MHD_COOKIE_KIND, name);

	if (value == NULL)
		return -ENOENT;
	return snprintf(ret_value, bytes, "%s", value) < (int)bytes ? 0 : -ENAMETOOLONG;
}

const char *http_query(const struct http_request *request, const char *name)
{
	struct exchange *exchange = request->internal;

	assert(exchange->connection != NULL);
	return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}
