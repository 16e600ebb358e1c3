#include "http.h"

#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "http_listen.h"

enum {
	LISTENERS = 2, /* the Unix socket, then TCP */
	EXCHANGES_MAX = LISTENERS * HTTP_CONNECTIONS_MAX,
	STREAM_BLOCK_BYTES = 4096,
	/* a resume from outside MHD_run() wakes no epoll: one turn takes it in, one writes, one looks for more */
	TURNS_AFTER_RESUME = 3,
	DISCARD_BYTES_MAX = 64 << 20 /* of a body that is too large, before the client is hung up on */
};

/* one request from its head to its end */
struct exchange {
	struct http *http;
	struct MHD_Connection *connection; /* NULL: the slot is free */
	uint32_t generation;
	char *method, *path;
	bool local, handled, suspended, answered;
	char *body;
	size_t body_bytes, body_bytes_max, discarded;
	unsigned status; /* of the answer in waiting, `response` */
	struct MHD_Response *response;
	bool streaming, dropped, drained_told;
	char *pending; /* HTTP_STREAM_BYTES_MAX for a stream */
	size_t pending_bytes;
	uint64_t alive_due_ms;
};

struct http {
	const struct http_ops *ops;
	void *arg;
	int epoll_fd;
	struct MHD_Daemon *daemons[LISTENERS];
	char *socket_path;
	unsigned port;
	size_t bodies_bytes;
	bool closing;
	unsigned turns_due;
	struct exchange exchanges[EXCHANGES_MAX];
};

static const char *const fixed_headers[][2] = {
	{"Content-Security-Policy", "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
				    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
				    "form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
};

static struct http_token token_of(const struct exchange *exchange)
{
	return (struct http_token){.slot = (uint32_t)(exchange - exchange->http->exchanges),
				   .generation = exchange->generation};
}

static struct exchange *find(struct http *http, struct http_token token)
{
	struct exchange *exchange = token.slot < EXCHANGES_MAX ? &http->exchanges[token.slot] : NULL;

	if (exchange == NULL || exchange->connection == NULL || exchange->generation != token.generation)
		return NULL;
	return exchange;
}

static struct exchange *claim(struct http *http, struct MHD_Connection *connection)
{
	for (size_t i = 0; i < EXCHANGES_MAX; i++) {
		struct exchange *exchange = &http->exchanges[i];

		if (exchange->connection != NULL)
			continue;
		*exchange = (struct exchange){
			.http = http, .connection = connection, .generation = exchange->generation + 1};
		return exchange;
	}
	return NULL;
}

static void release(struct exchange *exchange)
{
	struct http *http = exchange->http;
	struct http_token token = token_of(exchange);
	bool streaming = exchange->streaming;

	http->bodies_bytes -= exchange->body_bytes;
	free(exchange->method);
	free(exchange->path);
	free(exchange->body);
	free(exchange->pending);
	if (exchange->response != NULL)
		MHD_destroy_response(exchange->response);
	*exchange = (struct exchange){.generation = exchange->generation};
	if (streaming)
		http->ops->stream_news(http->arg, token, HTTP_STREAM_CLOSED);
}

static struct http_request request_of(struct exchange *exchange)
{
	return (struct http_request){.token = token_of(exchange),
				     .method =
					     strcmp(exchange->method, "HEAD") == 0 ? "GET" : exchange->method,
				     .path = exchange->path,
				     .body = exchange->body,
				     .body_bytes = exchange->body_bytes,
				     .local = exchange->local,
				     .internal = exchange};
}

const char *http_header(const struct http_request *request, const char *name)
{
	struct exchange *exchange = request->internal;

	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *http_query(const struct http_request *request, const char *name)
{
	struct exchange *exchange = request->internal;

	return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

static void resume(struct exchange *exchange)
{
	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	exchange->http->turns_due = TURNS_AFTER_RESUME;
	MHD_resume_connection(exchange->connection);
}

/* Takes the response over; NULL (no memory) ends the connection. */
static void answer(struct exchange *exchange, unsigned status, struct MHD_Response *response,
		   const char *type)
{
	if (exchange->answered) {
		if (response != NULL)
			MHD_destroy_response(response);
		return;
	}
	exchange->answered = true;
	exchange->status = status;
	exchange->response = response;
	if (response != NULL) {
		for (size_t i = 0; i < sizeof(fixed_headers) / sizeof(fixed_headers[0]); i++)
			MHD_add_response_header(response, fixed_headers[i][0], fixed_headers[i][1]);
		if (type != NULL)
			MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
		if (MHD_get_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL) == NULL)
			MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	}
	resume(exchange);
}

void http_respond(struct http *http, struct http_token token, unsigned status, const char *type, char *body,
		  size_t bytes)
{
	struct exchange *exchange = find(http, token);
	struct MHD_Response *response;

	if (exchange == NULL) {
		free(body);
		return;
	}
	response = MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
		free(body);
	answer(exchange, status, response, type);
}

static char *problem_text(unsigned status, const char *detail)
{
	const char *title = MHD_get_reason_phrase_for(status);
	json_t *problem = json_pack("{s:s,s:s,s:i,s:s}", "type", "about:blank", "title", title, "status",
				    (int)status, "detail", detail);
	char *text = problem != NULL ? json_text(problem) : NULL;

	json_decref(problem);
	return text;
}

void http_respond_problem(struct http *http, struct http_token token, unsigned status, const char *detail)
{
	char *text = problem_text(status, detail);

	http_respond(http, token, status, "application/problem+json", text, text != NULL ? strlen(text) : 0);
}

static bool add_range_headers(struct MHD_Response *response, uint64_t first, uint64_t bytes, uint64_t size)
{
	char text[80];

	snprintf(text, sizeof(text), "bytes %llu-%llu/%llu", (unsigned long long)first,
		 (unsigned long long)(first + bytes - 1), (unsigned long long)size);
	return MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text) == MHD_YES;
}

int64_t http_respond_file(struct http *http, const struct http_request *request, int fd, const char *type,
			  bool cacheable)
{
	struct exchange *exchange = request->internal;
	uint64_t first = 0, bytes;
	struct MHD_Response *response;
	struct stat status;
	int range;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		http_respond_problem(http, request->token, 404, "there is no such file");
		return -ENOENT;
	}
	bytes = (uint64_t)status.st_size;
	range = http_parse_range(http_header(request, MHD_HTTP_HEADER_RANGE), bytes, &first, &bytes);
	if (range < 0) {
		close(fd);
		http_respond_problem(http, request->token, 416,
				     "the file is shorter than the range asked for");
		return -ERANGE;
	}
	response = MHD_create_response_from_fd_at_offset64(bytes, fd, first);
	if (response == NULL) {
		close(fd);
	} else {
		MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
		if (range == 1)
			add_range_headers(response, first, bytes, (uint64_t)status.st_size);
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
					cacheable ? "private, max-age=3600" : "no-cache");
	}
	answer(exchange, range == 1 ? 206 : 200, response, type);
	return response != NULL ? (int64_t)first : -ENOMEM;
}

/* MHD asks for more to send: what waits, or the connection sleeps until there is some. */
static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct exchange *exchange = cls;
	struct http *http = exchange->http;
	size_t bytes;

	(void)pos;
	if (exchange->dropped || http->closing)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (exchange->pending_bytes == 0 && !exchange->drained_told) {
		exchange->drained_told = true;
		http->ops->stream_news(http->arg, token_of(exchange), HTTP_STREAM_DRAINED);
		if (exchange->dropped)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	bytes = exchange->pending_bytes < max ? exchange->pending_bytes : max;
	if (bytes == 0) {
		exchange->suspended = true;
		MHD_suspend_connection(exchange->connection);
		return 0;
	}
	memcpy(buf, exchange->pending, bytes);
	exchange->pending_bytes -= bytes;
	memmove(exchange->pending, exchange->pending + bytes, exchange->pending_bytes);
	return (ssize_t)bytes;
}

int http_stream_start(struct http *http, const struct http_request *request)
{
	struct exchange *exchange = request->internal;
	struct MHD_Response *response = NULL;

	exchange->pending = malloc(HTTP_STREAM_BYTES_MAX);
	if (exchange->pending != NULL)
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES,
							     read_stream, exchange, NULL);
	if (response == NULL) {
		http_respond_problem(http, request->token, 503, "out of memory");
		return -ENOMEM;
	}
	exchange->streaming = true;
	exchange->alive_due_ms = clock_mono_ms() + HTTP_STREAM_ALIVE_MS;
	answer(exchange, 200, response, "text/event-stream");
	return 0;
}

void http_stream_end(struct http *http, struct http_token token)
{
	struct exchange *exchange = find(http, token);
	const union MHD_ConnectionInfo *info;

	if (exchange == NULL || !exchange->streaming || exchange->dropped)
		return;
	exchange->dropped = true;
	info = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info != NULL)
		shutdown(info->connect_fd,
			 SHUT_RDWR); /* a client that does not read would stay until its time-out */
	resume(exchange);
}

int http_stream_send(struct http *http, struct http_token token, const char *text, size_t bytes)
{
	struct exchange *exchange = find(http, token);

	if (exchange == NULL || !exchange->streaming || exchange->dropped)
		return -ENOENT;
	if (bytes > HTTP_STREAM_BYTES_MAX - exchange->pending_bytes) {
		http_stream_end(http, token);
		return -ENOBUFS;
	}
	memcpy(exchange->pending + exchange->pending_bytes, text, bytes);
	exchange->pending_bytes += bytes;
	exchange->drained_told = false;
	exchange->alive_due_ms = clock_mono_ms() + HTTP_STREAM_ALIVE_MS;
	resume(exchange);
	return 0;
}

static enum MHD_Result queue_answer(struct exchange *exchange)
{
	enum MHD_Result result;

	if (exchange->response == NULL)
		return MHD_NO;
	result = MHD_queue_response(exchange->connection, exchange->status, exchange->response);
	MHD_destroy_response(exchange->response);
	exchange->response = NULL;
	return result;
}

/* The head is read: may it come in? */
static enum MHD_Result begin(struct exchange *exchange)
{
	struct http *http = exchange->http;
	struct http_admission admission = {0};
	struct http_request request = request_of(exchange);
	const char *length_text = http_header(&request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	unsigned long long length = length_text != NULL ? strtoull(length_text, NULL, 10) : 0;

	http->ops->admit(http->arg, &request, &admission);
	exchange->body_bytes_max = admission.body_bytes_max < HTTP_BODY_BYTES_MAX ? admission.body_bytes_max
										  : HTTP_BODY_BYTES_MAX;
	if (admission.status == 0 && length > exchange->body_bytes_max) {
		admission.status = 413;
		admission.detail = exchange->body_bytes_max > 0 ? "the body is larger than this path takes"
								: "this path takes no body";
	} else if (admission.status == 0 && http->bodies_bytes + length > HTTP_BODIES_BYTES_MAX) {
		admission.status = 503;
		admission.detail = "too many uploads at once, try again";
	}
	if (admission.status == 0)
		return MHD_YES;
	exchange->handled = true;
	http_respond_problem(http, request.token, admission.status, admission.detail);
	if (exchange->response != NULL && admission.allow != NULL)
		MHD_add_response_header(exchange->response, MHD_HTTP_HEADER_ALLOW, admission.allow);
	return queue_answer(exchange);
}

static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *bytes)
{
	struct http *http = exchange->http;
	size_t wanted = exchange->body_bytes + *bytes;
	char *grown = NULL;

	/* a chunked body tells its length only at its end */
	if (exchange->discarded == 0 && wanted <= exchange->body_bytes_max &&
	    http->bodies_bytes + *bytes <= HTTP_BODIES_BYTES_MAX)
		grown = realloc(exchange->body, wanted + 1);
	if (grown != NULL) {
		memcpy(grown + exchange->body_bytes, data, *bytes);
		grown[wanted] = '\0';
		exchange->body = grown;
		exchange->body_bytes = wanted;
		http->bodies_bytes += *bytes;
	} else {
		exchange->discarded += *bytes;
	}
	*bytes = 0;
	return exchange->discarded <= DISCARD_BYTES_MAX ? MHD_YES : MHD_NO;
}

static enum MHD_Result finish(struct exchange *exchange)
{
	struct http *http = exchange->http;
	struct http_request request = request_of(exchange);

	exchange->handled = true;
	if (exchange->discarded > 0)
		http_respond_problem(http, request.token, 413, "the body is larger than this path takes");
	else
		http->ops->handle(http->arg, &request);
	if (exchange->answered)
		return queue_answer(exchange);
	exchange->suspended = true;
	MHD_suspend_connection(exchange->connection);
	return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data, size_t *bytes,
				  void **slot)
{
	struct http *http = cls;
	struct exchange *exchange = *slot;

	(void)version;
	if (exchange == NULL) {
		exchange = http->closing ? NULL : claim(http, connection);
		if (exchange == NULL)
			return MHD_NO;
		*slot = exchange;
		exchange->method = strdup(method);
		exchange->path = strdup(url);
		exchange->local = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_DAEMON)->daemon ==
				  http->daemons[0];
		if (exchange->method == NULL || exchange->path == NULL || url[0] != '/')
			return MHD_NO;
		return begin(exchange);
	}
	if (*bytes > 0)
		return take_body(exchange, data, bytes);
	if (!exchange->handled)
		return finish(exchange);
	return exchange->answered ? queue_answer(exchange) : MHD_YES;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **slot,
			 enum MHD_RequestTerminationCode code)
{
	(void)cls;
	(void)connection;
	(void)code;
	if (*slot != NULL)
		release(*slot);
	*slot = NULL;
}

/* A full listener takes the next connection in only after a turn that finds room. */
static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http *http = cls;

	(void)connection;
	(void)context;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		http->turns_due = TURNS_AFTER_RESUME;
}

/* Takes the listening @p fd over, also on failure. */
static int start_daemon(struct http *http, int fd, struct MHD_Daemon **ret_daemon)
{
	struct epoll_event event = {.events = EPOLLIN};
	const union MHD_DaemonInfo *info;

	*ret_daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, http,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTP_HEAD_BYTES_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_END);
	if (*ret_daemon == NULL) {
		close(fd);
		return -ENOMEM;
	}
	info = MHD_get_daemon_info(*ret_daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		return -EIO;
	return epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, info->epoll_fd, &event) < 0 ? -errno : 0;
}

static int open_listeners(struct http *http, const struct http_config *config, char *error,
			  size_t error_bytes)
{
	int fd, r = 0;

	if (config->socket_path != NULL && config->socket_path[0] != '\0') {
		fd = http_listen_unix(config->socket_path, error, error_bytes);
		if (fd < 0)
			return fd;
		http->socket_path = strdup(config->socket_path);
		r = start_daemon(http, fd, &http->daemons[0]);
	}
	if (r == 0 && config->listen != NULL && config->listen[0] != '\0') {
		fd = http_listen_tcp(config->listen, &http->port, error, error_bytes);
		if (fd < 0)
			return fd;
		r = start_daemon(http, fd, &http->daemons[1]);
	}
	return r;
}

int http_open(const struct http_config *config, const struct http_ops *ops, void *arg, struct http **ret_http,
	      char *error, size_t error_bytes)
{
	struct http *http = calloc(1, sizeof(*http));
	int r;

	snprintf(error, error_bytes, "the HTTP server does not start: out of memory or file descriptors");
	if (http == NULL)
		return -ENOMEM;
	http->ops = ops;
	http->arg = arg;
	http->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r = http->epoll_fd < 0 ? -errno : open_listeners(http, config, error, error_bytes);
	if (r < 0) {
		http_close(http);
		return r;
	}
	*ret_http = http;
	return 0;
}

int http_fd(const struct http *http)
{
	return http->epoll_fd;
}

unsigned http_port(const struct http *http)
{
	return http->port;
}

uint64_t http_deadline_ms(const struct http *http)
{
	uint64_t now_ms = clock_mono_ms(), deadline_ms = UINT64_MAX;
	MHD_UNSIGNED_LONG_LONG wait_ms;

	if (http->turns_due > 0)
		return now_ms;
	for (size_t i = 0; i < LISTENERS; i++)
		if (http->daemons[i] != NULL && MHD_get_timeout(http->daemons[i], &wait_ms) == MHD_YES &&
		    now_ms + wait_ms < deadline_ms)
			deadline_ms = now_ms + wait_ms;
	for (size_t i = 0; i < EXCHANGES_MAX; i++)
		if (http->exchanges[i].streaming && http->exchanges[i].alive_due_ms < deadline_ms)
			deadline_ms = http->exchanges[i].alive_due_ms;
	return deadline_ms;
}

void http_dispatch(struct http *http)
{
	static const char alive[] = ":\n\n";
	uint64_t now_ms = clock_mono_ms();

	if (http->turns_due > 0)
		http->turns_due--;
	for (size_t i = 0; i < EXCHANGES_MAX; i++) {
		struct exchange *exchange = &http->exchanges[i];

		if (!exchange->streaming || exchange->alive_due_ms > now_ms)
			continue;
		exchange->alive_due_ms = now_ms + HTTP_STREAM_ALIVE_MS;
		(void)http_stream_send(http, token_of(exchange), alive,
				       sizeof(alive) - 1); /* who is gone is closed */
	}
	for (size_t i = 0; i < LISTENERS; i++)
		if (http->daemons[i] != NULL)
			MHD_run(http->daemons[i]);
}

void http_close(struct http *http)
{
	if (http == NULL)
		return;
	http->closing = true;
	for (size_t i = 0; i < EXCHANGES_MAX; i++)
		if (http->exchanges[i].connection != NULL)
			resume(&http->exchanges[i]);
	for (size_t i = 0; i < LISTENERS; i++)
		if (http->daemons[i] != NULL)
			MHD_stop_daemon(http->daemons[i]);
	if (http->socket_path != NULL)
		unlink(http->socket_path);
	if (http->epoll_fd >= 0)
		close(http->epoll_fd);
	free(http->socket_path);
	free(http);
}
