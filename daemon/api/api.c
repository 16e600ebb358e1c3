#include "api_core.h"

#include "base/clock.h"
#include "base/json.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/listen_address.h"

#define API_PREFIX "/api/"
#define API_METRICS "/metrics"

struct api_caller api_caller_of(const struct http_request *request)
{
	enum api_role role = (enum api_role)request->caller.role;

	return (struct api_caller){
		.role = role, .name = request->caller.name, .role_name = api_role_name(role)};
}

static void refuse(struct http_admission *admission, unsigned status, const char *code, const char *detail)
{
	admission->status = status;
	admission->code = code;
	admission->detail = detail;
}

/* A page of another site can make a browser send the cookie's requests, but not this header. */
static bool token_is_given(const struct http_request *request, const struct session *session)
{
	return request->local || strcmp(request->method, "GET") == 0 ||
	       (session != NULL && session_token_is(session, http_header(request, "X-Gatehouse-Token")));
}

static void admit_api(struct api *api, const struct http_request *request, struct http_admission *admission)
{
	static char allow[48]; /* read before the next request is admitted */
	char param[API_PARAM_BYTES];
	const struct api_route *route =
		api_find_route(request->method, request->path, param, allow, sizeof(allow));
	const struct session *session = NULL;

	admission->caller = api_identify(api, request, &session);
	if (route == NULL && allow[0] == '\0') {
		refuse(admission, 404, "no-such-path", "there is no such path");
	} else if (route == NULL) {
		refuse(admission, 405, NULL, "this path does not know that method");
		admission->allow = allow;
	} else if (route->role == API_ROLE_ANYONE) {
		admission->body_bytes_max = route->body_bytes_max;
	} else if (admission->caller.role == API_ROLE_ANYONE) {
		refuse(admission, 401, NULL, "nobody is logged in, or the session is over: log in");
	} else if (admission->caller.role < (int)route->role) {
		refuse(admission, 403, "role", "your role may not do this");
	} else if (!token_is_given(request, session)) {
		refuse(admission, 403, "token",
		       "a change needs the header X-Gatehouse-Token of this session");
	} else {
		admission->body_bytes_max = route->body_bytes_max;
	}
}

/* A program that scrapes has no cookie: it shows the token of metrics.token, or is somebody who is logged in. */
static void admit_metrics(struct api *api, const struct http_request *request,
			  struct http_admission *admission)
{
	static const char scheme[] = "Bearer ";
	const char *given = http_header(request, "Authorization");
	const struct session *session;
	bool known = given != NULL && strncmp(given, scheme, sizeof(scheme) - 1) == 0 &&
		     strlen(given) == sizeof(scheme) - 1 + API_TOKEN_BYTES - 1 &&
		     crypto_equal(given + sizeof(scheme) - 1, api->metrics_token, API_TOKEN_BYTES - 1);

	if (strcmp(request->method, "GET") != 0) {
		refuse(admission, 405, NULL, "figures can only be read");
		admission->allow = "GET, HEAD";
	} else if (!known && api_identify(api, request, &session).role == API_ROLE_ANYONE) {
		refuse(admission, 401, NULL,
		       "this needs a session, or Authorization: Bearer with the token of metrics.token");
	}
}

static void admit(void *arg, const struct http_request *request, struct http_admission *admission)
{
	const char *host = http_header(request, "Host");

	/* a page of a hostile site, whose name was made to point here, still sends its own name */
	if (!request->local && !request->secure && (host == NULL || !listen_host_is_loopback(host)))
		refuse(admission, 403, "host",
		       "the Host header must name this machine: localhost or a loopback address");
	else if (strncmp(request->path, API_PREFIX, strlen(API_PREFIX)) == 0)
		admit_api(arg, request, admission);
	else if (strcmp(request->path, API_METRICS) == 0)
		admit_metrics(arg, request, admission);
	else if (strcmp(request->method, "GET") != 0) {
		refuse(admission, 405, NULL, "the console's files can only be read");
		admission->allow = "GET, HEAD";
	}
}

static void handle(void *arg, const struct http_request *request)
{
	char param[API_PARAM_BYTES] = "", allow[48];
	const struct api_route *route;

	if (strcmp(request->path, API_METRICS) == 0) {
		api_get_metrics(arg, request);
		return;
	}
	if (strncmp(request->path, API_PREFIX, strlen(API_PREFIX)) != 0) {
		api_get_console(arg, request);
		return;
	}
	route = api_find_route(request->method, request->path, param, allow, sizeof(allow));
	if (route != NULL && api_is_current(arg, request)) /* always a route: it was admitted */
		route->run(arg, request, param);
}

static const struct http_ops http_ops = {.admit = admit, .handle = handle, .stream_news = api_stream_news};

/* ---- what the gate still owes ---- */

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

bool api_begin_inner(struct api *api, void (*take)(struct api *api, void *arg, const json_t *body), void *arg,
		     struct api_token *ret_token)
{
	if (!api_begin_call(api, (struct http_token){0}, true, ret_token))
		return false;
	api->calls[ret_token->slot].take = take;
	api->calls[ret_token->slot].arg = arg;
	return true;
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
	char *text;

	if (api_etag_takes(api, http, status, body)) {
		json_decref(body);
		return;
	}
	text = body != NULL ? json_text(body) : NULL;
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
	if (call != NULL && call->take != NULL)
		call->take(api, call->arg, status < 300 ? body : NULL);
	else if (call != NULL)
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
	if (call->take != NULL)
		call->take(api, call->arg, NULL);
	else if (call->replay)
		api_stream_replay(api, call->http, NULL);
	else
		http_respond_problem(api->http, call->http, status, text);
}

static int copy_dir(char *out, const char *dir)
{
	return snprintf(out, API_DIR_BYTES, "%s", dir != NULL ? dir : "") < API_DIR_BYTES ? 0 : -ENAMETOOLONG;
}

static int watch(struct api *api, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(api->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* What has to be there before the first request. */
static int open_parts(struct api *api, const struct api_config *config)
{
	int r = crypto_init();

	if (r == 0)
		r = sessions_open((uint64_t)config->session_hours * 3600000,
				  (uint64_t)config->session_idle_min * 60000, &api->sessions);
	if (r == 0)
		r = worker_open("password", API_PASSWORD_JOBS_MAX, &api->passwords);
	if (r == 0)
		r = worker_open("office", API_OFFICE_JOBS_MAX, &api->office);
	if (r == 0)
		r = alerts_open(&api->alerts);
	if (r == 0)
		r = api_log_open(api);
	if (r == 0)
		r = api_people_open(api);
	if (r == 0)
		r = api_live_open(api);
	if (r == 0)
		r = api_video_open(api);
	api->cases = json_object();
	if (r == 0)
		r = api->cases == NULL ? -ENOMEM : watch(api, worker_fd(api->passwords));
	if (r == 0)
		r = watch(api, worker_fd(api->office));
	return r;
}

int api_open(const struct api_config *config, const struct api_ops *ops, void *gate, struct api **ret_api,
	     char *error, size_t error_bytes)
{
	struct http_config http_config = {.socket_path = config->socket_path,
					  .listen = config->listen,
					  .cert_file = config->cert_file,
					  .key_file = config->key_file};
	struct api *api = calloc(1, sizeof(*api));
	int r;

	snprintf(error, error_bytes, "the API does not start: out of memory, or a path is too long");
	if (api == NULL)
		return -ENOMEM;
	api->ops = ops;
	api->gate = gate;
	snprintf(api->site, sizeof(api->site), "%s", config->site != NULL ? config->site : "gatehouse");
	api->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r = api->epoll_fd < 0 ? -errno : copy_dir(api->console_dir, config->console_dir);
	if (r == 0)
		r = copy_dir(api->evidence_dir, config->evidence_dir);
	if (r == 0)
		r = copy_dir(api->state_dir, config->state_dir);
	if (r == 0)
		r = api_load_token(config->state_dir, api->metrics_token, error, error_bytes);
	if (r == 0)
		r = open_parts(api, config);
	if (r == 0)
		r = http_open(&http_config, &http_ops, api, &api->http, error, error_bytes);
	if (r == 0)
		r = watch(api, http_fd(api->http));
	if (r < 0) {
		api_close(api);
		return r;
	}
	*ret_api = api;
	return 0;
}

int api_fd(const struct api *api)
{
	return api->epoll_fd;
}

uint64_t api_deadline_ms(const struct api *api)
{
	const uint64_t dues_ms[] = {api_live_due_ms(api), api_video_due_ms(api)};
	uint64_t deadline_ms = http_deadline_ms(api->http);

	for (size_t i = 0; i < sizeof(dues_ms) / sizeof(dues_ms[0]); i++)
		if (dues_ms[i] < deadline_ms)
			deadline_ms = dues_ms[i];
	return deadline_ms;
}

void api_dispatch(struct api *api)
{
	worker_dispatch(api->passwords);
	worker_dispatch(api->office);
	api_live_tick(api, clock_mono_ms());
	api_video_tick(api, clock_mono_ms());
	http_dispatch(api->http);
}

unsigned api_port(const struct api *api)
{
	return http_port(api->http);
}

void api_load_record(struct api *api, const char *kind, const char *id, json_t *json)
{
	if (strcmp(kind, "user") == 0)
		api_load_user(api, id, json);
	else if (strcmp(kind, "alert") == 0)
		api_load_alert(api, id, json);
	else if (strcmp(kind, "consent") == 0)
		api_load_consent(api, id, json);
	else if (strcmp(kind, "case") == 0)
		api_load_case(api, id, json);
}

/* Questions of our own that nobody will answer any more: what they carry is freed. */
static void forget_inner(struct api *api)
{
	for (uint32_t slot = 0; slot < API_CALLS_MAX; slot++) {
		struct api_call *call = &api->calls[slot];

		if (call->used && call->take != NULL) {
			call->used = false;
			call->take(api, call->arg, NULL);
		}
	}
}

void api_close(struct api *api)
{
	if (api == NULL)
		return;
	forget_inner(api);
	api_forget_keepings(api);
	worker_close(api->passwords); /* jobs end while there is somebody to answer */
	worker_close(api->office);
	api_live_close(api);
	api_video_close(api);
	http_close(api->http);
	sessions_close(api->sessions);
	api_log_close(api);
	api_people_close(api);
	alerts_close(api->alerts);
	json_decref(api->cases);
	if (api->epoll_fd >= 0)
		close(api->epoll_fd);
	crypto_wipe(&api->users, sizeof(api->users));
	free(api);
}
