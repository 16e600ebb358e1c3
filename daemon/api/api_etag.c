/*
 * Versions of things: whoever changes one may say which version was read (If-Match), and is told when somebody else
 * was faster. The version is a digest of what a GET of the same path shows.
 */
#include "api_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

static void etag_of(const json_t *body, char *etag)
{
	char *text = json_canonical(body);
	const struct crypto_bytes part = {.at = text, .bytes = text != NULL ? strlen(text) : 0};
	uint8_t digest[CRYPTO_HASH_BYTES];
	size_t used = 1;

	crypto_digest(&part, 1, digest);
	etag[0] = '"';
	for (size_t i = 0; i < API_ETAG_BYTES / 2 - 2; i++)
		used += (size_t)snprintf(etag + used, API_ETAG_BYTES - used, "%02x", digest[i]);
	snprintf(etag + used, API_ETAG_BYTES - used, "\"");
	free(text);
}

bool api_etag_takes(struct api *api, struct http_token http, unsigned status, const json_t *body)
{
	char etag[API_ETAG_BYTES];

	if (api->probe.etag != NULL && api->probe.http.slot == http.slot &&
	    api->probe.http.generation == http.generation) {
		if (status == 200 && body != NULL)
			etag_of(body, api->probe.etag);
		return status == 200;
	}
	if ((status == 200 || status == 201) &&
	    (json_object_get(body, "id") != NULL || json_object_get(body, "created") != NULL)) {
		etag_of(body, etag);
		http_set_header(api->http, http, "ETag", etag);
	}
	return false;
}

bool api_is_current(struct api *api, const struct http_request *request)
{
	const char *given = http_header(request, "If-Match");
	char param[API_PARAM_BYTES], allow[48], etag[API_ETAG_BYTES] = "";
	const struct api_route *route;

	if (given == NULL || strcmp(given, "*") == 0 || strcmp(request->method, "GET") == 0)
		return true;
	route = api_find_route("GET", request->path, param, allow, sizeof(allow));
	if (route == NULL)
		return true;
	api->probe.etag = etag;
	api->probe.http = request->token;
	route->run(api, request, param);
	api->probe.etag = NULL;
	if (etag[0] == '\0') /* it was answered that there is no such thing; if not: */
		http_respond_problem(api->http, request->token, 503,
				     "its version cannot be told now, try again");
	else if (strcmp(given, etag) != 0)
		http_respond_problem(api->http, request->token, 412,
				     "somebody else has changed this since you read it: read it again");
	return strcmp(given, etag) == 0;
}
