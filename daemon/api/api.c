#include "api.h"

#include "api_parts.h"
#include "api_routes.h"
#include "base/clock.h"
#include "base/thread_role.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Pass an event of a stream to the part that owns the stream. */
static void stream_event(void *arg, struct http_token http, enum http_stream_event event)
{
	static bool (*const parts[])(struct api * api, struct http_token http,
				     enum http_stream_event event) = {
		api_stream_on_event, api_log_on_event, api_export_on_event, api_mjpeg_on_event,
		api_fmp4_on_event};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i](arg, http, event))
			return;
}

static const struct http_ops http_ops = {
	.admit = api_admit, .handle = api_handle, .stream_event = stream_event};

static int copy_dir(char *out, const char *dir)
{
	return snprintf(out, API_DIR_BYTES, "%s", dir != NULL ? dir : "") < API_DIR_BYTES
		       ? 0
		       : -ENAMETOOLONG;
}

static int watch(struct api *api, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(api->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* Open the parts that the first request needs. */
static int open_parts(struct api *api, const struct api_config *config)
{
	int r = crypto_init();

	if (r == 0)
		r = sessions_open((uint64_t)config->session_hours * 3600000,
				  (uint64_t)config->session_idle_min * 60000, &api->sessions);
	if (r == 0)
		r = worker_open("password", API_PASSWORD_JOBS_MAX, &api->password_worker);
	if (r == 0)
		r = worker_open("files", API_FILE_JOBS_MAX, &api->file_worker);
	if (r == 0)
		r = alerts_open(&api->alerts);
	if (r == 0)
		r = api_log_open(api);
	if (r == 0)
		r = api_export_open(api);
	if (r == 0)
		r = api_mjpeg_open(api);
	if (r == 0)
		r = api_fmp4_open(api);
	api->cases = json_object();
	if (r == 0)
		r = api->cases == NULL ? -ENOMEM : watch(api, worker_fd(api->password_worker));
	if (r == 0)
		r = watch(api, worker_fd(api->file_worker));
	return r;
}

int api_open(const struct api_config *config, const struct api_ops *ops, void *gate,
	     struct api **ret_api, char *error, size_t error_bytes)
{
	struct http_config http_config = {.socket_path = config->socket_path,
					  .listen = config->listen,
					  .cert_file = config->cert_file,
					  .key_file = config->key_file};
	struct api *api = calloc(1, sizeof(*api));
	int r;

	assert_thread(THREAD_CONTROL);
	assert(ops != NULL && ops->access != NULL);
	snprintf(error, error_bytes,
		 "the API does not start: out of memory, or a path is too long");
	if (api == NULL)
		return -ENOMEM;
	api->ops = ops;
	api->gate = gate;
	snprintf(api->site, sizeof(api->site), "%s",
		 config->site != NULL ? config->site : "gatehouse");
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
	const uint64_t dues_ms[] = {api_mjpeg_due_ms(api), api_fmp4_due_ms(api)};
	uint64_t deadline_ms = http_deadline_ms(api->http);

	for (size_t i = 0; i < sizeof(dues_ms) / sizeof(dues_ms[0]); i++)
		if (dues_ms[i] < deadline_ms)
			deadline_ms = dues_ms[i];
	return deadline_ms;
}

void api_dispatch(struct api *api)
{
	assert_thread(THREAD_CONTROL);
	worker_dispatch(api->password_worker);
	worker_dispatch(api->file_worker);
	api_mjpeg_tick(api, clock_mono_ms());
	api_fmp4_tick(api, clock_mono_ms());
	http_dispatch(api->http);
}

unsigned api_port(const struct api *api)
{
	return http_port(api->http);
}

void api_load_record(struct api *api, const char *kind, const char *id, json_t *json)
{
	assert_thread(THREAD_CONTROL);
	if (strcmp(kind, "user") == 0)
		api_load_user(api, id, json);
	else if (strcmp(kind, "alert") == 0)
		api_load_alert(api, id, json);
	else if (strcmp(kind, "consent") == 0)
		api_load_consent(api, id, json);
	else if (strcmp(kind, "case") == 0)
		api_load_case(api, id, json);
}

void api_ready(struct api *api)
{
	api_alerts_ready(api);
}

void api_publish_event(struct api *api, int64_t seq, const char *type, const json_t *event)
{
	assert_thread(THREAD_CONTROL);
	assert(type != NULL && seq > 0);
	if (api_is_alert(type))
		api_alerts_add(api, event);
	if (strcmp(type, "person.removed") == 0)
		api_consent_remove(api, json_string_value(json_object_get(event, "person")));
	api_stream_publish(api, seq, type, event);
}

void api_publish_board(struct api *api)
{
	api_stream_publish_board(api);
}

void api_close(struct api *api)
{
	if (api == NULL)
		return;
	assert_thread(THREAD_CONTROL);
	api_cancel_internal(api);
	api_cancel_saves(api);
	worker_close(api->password_worker); /* the jobs end while requests can still be answered */
	worker_close(api->file_worker);
	api_mjpeg_close(api);
	api_fmp4_close(api);
	http_close(api->http);
	sessions_close(api->sessions);
	api_log_close(api);
	api_export_close(api);
	alerts_close(api->alerts);
	json_decref(api->cases);
	if (api->epoll_fd >= 0)
		close(api->epoll_fd);
	crypto_wipe(&api->users, sizeof(api->users));
	free(api);
}

void api_print_routes(FILE *out)
{
	const struct api_route *route;

	fputs("| method | path | least role |\n|---|---|---|\n", out);
	for (size_t i = 0; (route = api_route_at(i)) != NULL; i++) {
		fprintf(out, "| %s | `", route->method);
		for (const char *at = route->pattern; *at != '\0'; at++)
			fputs(*at == '{' ? "{id" : (char[]){*at, '\0'}, out);
		fprintf(out, "` | %s |\n", api_role_name(route->role));
	}
}
