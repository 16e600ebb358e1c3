#include "api_private.h"

#include "base/json.h"
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listen_address.h"

#define API_PREFIX "/api/"

struct api_caller api_caller_of(const struct http_request *request)
{
	return (struct api_caller){.role = API_ROLE_ADMIN, .name = request->local ? "socket" : "console"};
}

static bool token_is_right(const struct api *api, const char *given)
{
	return given != NULL && strlen(given) == API_TOKEN_BYTES - 1 &&
	       sodium_memcmp(given, api->token, API_TOKEN_BYTES - 1) == 0;
}

static void refuse(struct http_admission *admission, unsigned status, const char *detail)
{
	admission->status = status;
	admission->detail = detail;
}

static void admit_api(struct api *api, const struct http_request *request, struct http_admission *admission)
{
	static char allow[32]; /* read before the next request is admitted */
	char param[API_PARAM_BYTES];
	const struct api_route *route =
		api_find_route(request->method, request->path, param, allow, sizeof(allow));

	if (route == NULL && allow[0] == '\0') {
		refuse(admission, 404, "there is no such path");
	} else if (route == NULL) {
		refuse(admission, 405, "this path does not know that method");
		admission->allow = allow;
	} else if (route->role == API_ROLE_ADMIN && !request->local &&
		   !token_is_right(api, http_header(request, "X-Gatehouse-Token"))) {
		refuse(admission, 401, "this needs the header X-Gatehouse-Token with the token of api.token");
	} else {
		admission->body_bytes_max = route->body_bytes_max;
	}
}

static void admit(void *arg, const struct http_request *request, struct http_admission *admission)
{
	const char *host = http_header(request, "Host");

	/* a page of a hostile site, whose name was made to point here, still sends its own name */
	if (!request->local && (host == NULL || !listen_host_is_loopback(host)))
		refuse(admission, 403,
		       "the Host header must name this machine: localhost or a loopback address");
	else if (strncmp(request->path, API_PREFIX, strlen(API_PREFIX)) == 0)
		admit_api(arg, request, admission);
	else if (strcmp(request->method, "GET") != 0) {
		refuse(admission, 405, "the console's files can only be read");
		admission->allow = "GET, HEAD";
	}
}

static void handle(void *arg, const struct http_request *request)
{
	char param[API_PARAM_BYTES] = "", allow[32];
	const struct api_route *route;

	if (strncmp(request->path, API_PREFIX, strlen(API_PREFIX)) != 0) {
		api_get_console(arg, request);
		return;
	}
	route = api_find_route(request->method, request->path, param, allow, sizeof(allow));
	if (route != NULL) /* always: it was admitted */
		route->run(arg, request, param);
}

static const struct http_ops http_ops = {.admit = admit, .handle = handle, .stream_news = api_stream_news};

bool api_begin_call(struct api *api, struct http_token http, bool replay, struct api_token *ret_token)
{
	for (uint32_t slot = 0; slot < API_CALLS_MAX; slot++) {
		struct api_call *call = &api->calls[slot];

		if (call->used)
			continue;
		*call = (struct api_call){
			.used = true, .replay = replay, .generation = call->generation + 1, .http = http};
		*ret_token = (struct api_token){.slot = slot, .generation = call->generation};
		return true;
	}
	if (!replay)
		http_respond_problem(api->http, http, 503, "too many requests are waiting, try again");
	return false;
}

/* The call of a token, which is over now; NULL: it was answered before. */
static const struct api_call *end_call(struct api *api, struct api_token token)
{
	struct api_call *call = token.slot < API_CALLS_MAX ? &api->calls[token.slot] : NULL;

	if (call == NULL || !call->used || call->generation != token.generation)
		return NULL;
	call->used = false;
	return call;
}

void api_respond_json(struct api *api, struct http_token http, unsigned status, json_t *body)
{
	char *text = body != NULL ? json_text(body) : NULL;

	if (body != NULL && text == NULL)
		http_respond_problem(api->http, http, 500, "the answer could not be written");
	else
		http_respond(api->http, http, status, text != NULL ? "application/json" : NULL, text,
			     text != NULL ? strlen(text) : 0);
	json_decref(body);
}

void api_reply(struct api *api, struct api_token token, unsigned status, json_t *body)
{
	const struct api_call *call = end_call(api, token);

	if (call != NULL && !call->replay) {
		api_respond_json(api, call->http, status, body);
		return;
	}
	if (call != NULL)
		api_stream_replay(api, call->http, status == 200 ? body : NULL);
	json_decref(body);
}

void api_reply_problem(struct api *api, struct api_token token, unsigned status, const char *detail, ...)
{
	const struct api_call *call = end_call(api, token);
	char text[512];
	va_list args;

	if (call == NULL)
		return;
	va_start(args, detail);
	vsnprintf(text, sizeof(text), detail, args);
	va_end(args);
	if (call->replay)
		api_stream_replay(api, call->http, NULL);
	else
		http_respond_problem(api->http, call->http, status, text);
}

static int copy_dir(char *out, const char *dir)
{
	return snprintf(out, API_DIR_BYTES, "%s", dir != NULL ? dir : "") < API_DIR_BYTES ? 0 : -ENAMETOOLONG;
}

int api_open(const struct api_config *config, const struct api_ops *ops, void *gate, struct api **ret_api,
	     char *error, size_t error_bytes)
{
	struct http_config http_config = {.socket_path = config->socket_path, .listen = config->listen};
	struct api *api = calloc(1, sizeof(*api));
	int r;

	snprintf(error, error_bytes, "the API does not start: out of memory, or a path is too long");
	if (api == NULL)
		return -ENOMEM;
	api->ops = ops;
	api->gate = gate;
	r = copy_dir(api->console_dir, config->console_dir);
	if (r == 0)
		r = copy_dir(api->evidence_dir, config->evidence_dir);
	if (r == 0)
		r = api_load_token(config->state_dir, api->token, error, error_bytes);
	if (r == 0)
		r = http_open(&http_config, &http_ops, api, &api->http, error, error_bytes);
	if (r < 0) {
		api_close(api);
		return r;
	}
	*ret_api = api;
	return 0;
}

int api_fd(const struct api *api)
{
	return http_fd(api->http);
}

uint64_t api_deadline_ms(const struct api *api)
{
	return http_deadline_ms(api->http);
}

void api_dispatch(struct api *api)
{
	http_dispatch(api->http);
}

unsigned api_port(const struct api *api)
{
	return http_port(api->http);
}

void api_close(struct api *api)
{
	if (api == NULL)
		return;
	http_close(api->http);
	sodium_memzero(api->token, sizeof(api->token));
	free(api);
}
