/* Admits requests and calls their handlers. */
#include "api_parts.h"
#include "api_routes.h"

#include <assert.h>
#include <string.h>

#include "base/listen_address.h"
#include "base/thread_role.h"

#define API_PREFIX "/api/"
#define API_METRICS "/metrics"

/* A page of another site can make a browser send the cookie, but not this header. */
static bool token_is_given(const struct http_request *request, const struct session *session)
{
	return request->local || strcmp(request->method, "GET") == 0 ||
	       (session != NULL &&
		session_token_is(session, http_header(request, "X-Gatehouse-Token")));
}

static void admit_api(struct api *api, const struct http_request *request,
		      struct http_admission *admission)
{
	static char allow[48]; /* read before the next request is admitted */
	char param[API_PARAM_BYTES];
	const struct api_route *route =
		api_find_route(request->method, request->path, param, allow, sizeof(allow));
	const struct session *session = NULL;

	admission->caller = api_identify(api, request, &session);
	if (route == NULL && allow[0] == '\0') {
		problem_no_such_path(&admission->problem);
	} else if (route == NULL) {
		problem_method_unknown(&admission->problem);
		admission->allow = allow;
	} else if (route->role == API_ROLE_ANYONE) {
		admission->body_bytes_max = route->body_bytes_max;
	} else if (admission->caller.role == API_ROLE_ANYONE) {
		problem_no_session(&admission->problem);
	} else if (admission->caller.role < (int)route->role) {
		problem_role(&admission->problem);
	} else if (!token_is_given(request, session)) {
		problem_token(&admission->problem);
	} else {
		admission->body_bytes_max = route->body_bytes_max;
	}
}

/*
 * A program that scrapes has no cookie: it sends the token of metrics.token, or a user's session.
 */
static void admit_metrics(struct api *api, const struct http_request *request,
			  struct http_admission *admission)
{
	static const char scheme[] = "Bearer ";
	const char *given = http_header(request, "Authorization");
	const struct session *session;
	bool known =
		given != NULL && strncmp(given, scheme, sizeof(scheme) - 1) == 0 &&
		strlen(given) == sizeof(scheme) - 1 + API_TOKEN_BYTES - 1 &&
		crypto_equal(given + sizeof(scheme) - 1, api->metrics_token, API_TOKEN_BYTES - 1);

	if (strcmp(request->method, "GET") != 0) {
		problem_metrics_read_only(&admission->problem);
		admission->allow = "GET, HEAD";
	} else if (!known && api_identify(api, request, &session).role == API_ROLE_ANYONE) {
		problem_metrics_no_session(&admission->problem);
	}
}

void api_admit(void *arg, const struct http_request *request, struct http_admission *admission)
{
	const char *host = http_header(request, "Host");

	/* against DNS rebinding: a page of a hostile site sends the name of its own host */
	if (!request->local && !request->secure && (host == NULL || !listen_host_is_loopback(host)))
		problem_host(&admission->problem);
	else if (strncmp(request->path, API_PREFIX, strlen(API_PREFIX)) == 0)
		admit_api(arg, request, admission);
	else if (strcmp(request->path, API_METRICS) == 0)
		admit_metrics(arg, request, admission);
	else if (strcmp(request->method, "GET") != 0) {
		problem_console_read_only(&admission->problem);
		admission->allow = "GET, HEAD";
	}
}

/* Check If-Match against the present version. @return false: the request was rejected. */
static bool api_is_current(struct api *api, const struct http_request *request)
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
	if (etag[0] == '\0') /* unless the handler has rejected the request already */
		api_respond_problem(api, request->token, problem_version_unknown(&api->problem));
	else if (strcmp(given, etag) != 0)
		api_respond_problem(api, request->token, problem_changed(&api->problem));
	return strcmp(given, etag) == 0;
}

void api_handle(void *arg, const struct http_request *request)
{
	char param[API_PARAM_BYTES] = "", allow[48];
	const struct api_route *route;

	assert_thread(THREAD_CONTROL);
	assert(request->path[0] == '/');
	if (strcmp(request->path, API_METRICS) == 0) {
		api_get_metrics(arg, request);
		return;
	}
	if (strncmp(request->path, API_PREFIX, strlen(API_PREFIX)) != 0) {
		api_get_console(arg, request);
		return;
	}
	route = api_find_route(request->method, request->path, param, allow, sizeof(allow));
	if (route != NULL &&
	    api_is_current(arg, request)) /* never NULL: the request was admitted */
		route->run(arg, request, param);
}
