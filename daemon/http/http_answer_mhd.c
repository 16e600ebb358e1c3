#include "http_private.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/thread_role.h"

static const char *const fixed_headers[][2] = {
	{"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "
				    "connect-src 'self'; font-src 'self'; "
				    "img-src 'self' blob: data:; media-src 'self' blob:; "
				    "manifest-src 'self'; worker-src 'self'; "
				    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
};

void http_resume(struct exchange *exchange)
{
	if (!exchange->suspended)
		return;
	assert(exchange->connection != NULL);
	exchange->suspended = false;
	exchange->http->turns_due = TURNS_AFTER_RESUME;
	MHD_resume_connection(exchange->connection);
}

/* Ownership of @p response passes to the exchange; NULL (no memory) closes the connection. */
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
	exchange->peer->deadline_ms = UINT64_MAX;
	if (response != NULL) {
		for (size_t i = 0; i < sizeof(fixed_headers) / sizeof(fixed_headers[0]); i++)
			MHD_add_response_header(response, fixed_headers[i][0], fixed_headers[i][1]);
		if (exchange->http->cert != NULL && !exchange->local)
			MHD_add_response_header(response, "Strict-Transport-Security",
						"max-age=31536000");
		for (const struct header *header = exchange->headers; header != NULL;
		     header = header->next)
			MHD_add_response_header(response, header->name, header->value);
		if (type != NULL)
			MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
		if (MHD_get_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL) == NULL)
			MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
						"no-store");
	}
	http_resume(exchange);
}

void http_respond(struct http *http, struct http_token token, unsigned status, const char *type,
		  char *body, size_t bytes)
{
	struct exchange *exchange = http_find(http, token);
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

void http_set_header(struct http *http, struct http_token token, const char *name,
		     const char *value)
{
	struct exchange *exchange = http_find(http, token);
	size_t bytes = strlen(value) + 1;
	struct header *header = exchange != NULL ? malloc(sizeof(*header) + bytes) : NULL;

	if (header == NULL)
		return; /* the connection is closed, or there is no memory for an answer either */
	header->name = name;
	memcpy(header->value, value, bytes);
	header->next = exchange->headers;
	exchange->headers = header;
}

char *http_problem_text(unsigned status, const struct problem *problem)
{
	json_t *json = json_pack("{s:s,s:s,s:i,s:s,s:o}", "type", "about:blank", "title",
				 MHD_get_reason_phrase_for(status), "status", (int)status, "code",
				 problem_name(problem), "params", problem_params_json(problem));
	char *text;

	/* if `detail` is not UTF-8 json_string() returns NULL and `detail` is left out */
	json_object_set_new(json, "detail", json_string(problem->detail));
	text = json != NULL ? json_text(json) : NULL;
	json_decref(json);
	return text;
}

void http_respond_problem(struct http *http, struct http_token token, unsigned status,
			  const struct problem *problem)
{
	char *text = http_problem_text(status, problem);

	http_respond(http, token, status, "application/problem+json", text,
		     text != NULL ? strlen(text) : 0);
}

/* @p r is unused: the call that fills @p problem stands in this argument. */
static void refuse(struct http *http, struct http_token token, const struct problem *problem, int r)
{
	(void)r;
	http_respond_problem(http, token, problem_status(problem), problem);
}

void http_respond_fd(struct http *http, struct http_token token, int fd, const char *type)
{
	struct exchange *exchange = http_find(http, token);
	struct MHD_Response *response = NULL;
	struct stat status;

	if (exchange != NULL && fstat(fd, &status) == 0)
		response = MHD_create_response_from_fd64((uint64_t)status.st_size, fd);
	if (response == NULL)
		close(fd);
	if (exchange != NULL)
		answer(exchange, 200, response, type);
}

static void add_range_headers(struct MHD_Response *response, uint64_t first, uint64_t bytes,
			      uint64_t size)
{
	char text[80];

	snprintf(text, sizeof(text), "bytes %llu-%llu/%llu", (unsigned long long)first,
		 (unsigned long long)(first + bytes - 1), (unsigned long long)size);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
}

/* A file that is replaced has another tag. */
static void make_etag(const struct stat *status, char *etag, size_t bytes)
{
	snprintf(etag, bytes, "\"%llx-%llx-%llx\"", (unsigned long long)status->st_ino,
		 (unsigned long long)status->st_size,
		 (unsigned long long)status->st_mtim.tv_sec * 1000000000ULL +
			 (unsigned long long)status->st_mtim.tv_nsec);
}

/* fd -1: no body, for a 304. @p size 0: the complete file, so no Content-Range. */
static struct MHD_Response *file_response(int fd, uint64_t first, uint64_t bytes, uint64_t size,
					  const char *etag, enum http_cache cache)
{
	static const char *const caches[] = {[HTTP_CACHE_REVALIDATE] = "no-cache",
					     [HTTP_CACHE_HOUR] = "private, max-age=3600",
					     [HTTP_CACHE_FOREVER] = "max-age=31536000, immutable"};
	struct MHD_Response *response =
		fd >= 0 ? MHD_create_response_from_fd_at_offset64(bytes, fd, first)
			: MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);

	if (response == NULL)
		return NULL;
	MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, caches[cache]);
	if (size > 0)
		add_range_headers(response, first, bytes, size);
	return response;
}

int64_t http_respond_file(struct http *http, const struct http_request *request, int fd,
			  const char *type, enum http_cache cache)
{
	const char *known = http_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
	struct exchange *exchange = request->internal;
	uint64_t first = 0, bytes;
	struct MHD_Response *response;
	struct problem problem;
	struct stat status;
	char etag[64];
	int range;

	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		refuse(http, request->token, &problem, problem_file_unknown(&problem));
		return -ENOENT;
	}
	make_etag(&status, etag, sizeof(etag));
	if (known != NULL && strstr(known, etag) != NULL) {
		close(fd);
		answer(exchange, 304, file_response(-1, 0, 0, 0, etag, cache), NULL);
		return -EALREADY;
	}
	bytes = (uint64_t)status.st_size;
	range = http_parse_range(http_header(request, MHD_HTTP_HEADER_RANGE), bytes, &first,
				 &bytes);
	if (range < 0) {
		close(fd);
		refuse(http, request->token, &problem, problem_range_beyond_end(&problem));
		return -ERANGE;
	}
	response = file_response(fd, first, bytes, range == 1 ? (uint64_t)status.st_size : 0, etag,
				 cache);
	if (response == NULL)
		close(fd);
	answer(exchange, range == 1 ? 206 : 200, response, type);
	return response != NULL ? (int64_t)first : -ENOMEM;
}

/* Called by MHD for more bytes to send; suspends the connection if none are pending. */
static ssize_t read_stream(void *cls, uint64_t pos, char *buf, size_t max)
{
	struct exchange *exchange = cls;
	struct http *http = exchange->http;
	size_t bytes;

	(void)pos;
	if (exchange->aborted || http->closing)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (exchange->pending_bytes == 0 && !exchange->drained_reported && !exchange->finished) {
		exchange->drained_reported = true;
		http->ops->stream_event(http->arg, http_token_of(exchange), HTTP_STREAM_DRAINED);
		if (exchange->aborted)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	bytes = exchange->pending_bytes < max ? exchange->pending_bytes : max;
	if (bytes == 0 && exchange->finished)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (bytes == 0) {
		exchange->suspended = true;
		MHD_suspend_connection(exchange->connection);
		return 0;
	}
	memcpy(buf, exchange->pending + exchange->pending_first, bytes);
	exchange->pending_bytes -= bytes;
	exchange->pending_first = exchange->pending_bytes > 0 ? exchange->pending_first + bytes : 0;
	return (ssize_t)bytes;
}

int http_stream_start(struct http *http, const struct http_request *request, const char *type,
		      size_t bytes_max)
{
	struct exchange *exchange = request->internal;
	struct MHD_Response *response = NULL;
	struct problem problem;

	assert_thread(THREAD_CONTROL);
	assert(!exchange->answered && exchange->pending == NULL && bytes_max > 0);
	exchange->pending = malloc(bytes_max);
	exchange->pending_max = bytes_max;
	if (exchange->pending != NULL)
		response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES,
							     read_stream, exchange, NULL);
	if (response == NULL) {
		refuse(http, request->token, &problem, problem_no_memory(&problem));
		return -ENOMEM;
	}
	exchange->streaming = true;
	exchange->events = strcmp(type, "text/event-stream") == 0;
	exchange->alive_due_ms = clock_mono_ms() + HTTP_STREAM_ALIVE_MS;
	answer(exchange, 200, response, type);
	return 0;
}

size_t http_stream_waiting(struct http *http, struct http_token token)
{
	const struct exchange *exchange = http_find(http, token);

	return exchange != NULL ? exchange->pending_bytes : 0;
}

void http_stream_finish(struct http *http, struct http_token token)
{
	struct exchange *exchange = http_find(http, token);

	if (exchange == NULL || !exchange->streaming || exchange->aborted)
		return;
	exchange->finished = true;
	http_resume(exchange);
}

void http_stream_abort(struct http *http, struct http_token token)
{
	struct exchange *exchange = http_find(http, token);
	const union MHD_ConnectionInfo *info;

	if (exchange == NULL || !exchange->streaming || exchange->aborted)
		return;
	exchange->aborted = true;
	info = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	/* without this a client that does not read would stay connected until its time-out */
	if (info != NULL)
		shutdown(info->connect_fd, SHUT_RDWR);
	http_resume(exchange);
}

int http_stream_send(struct http *http, struct http_token token, const void *at, size_t bytes)
{
	struct exchange *exchange = http_find(http, token);

	if (exchange == NULL || !exchange->streaming || exchange->aborted || exchange->finished)
		return -ENOENT;
	assert(exchange->pending_first + exchange->pending_bytes <= exchange->pending_max);
	if (bytes > exchange->pending_max - exchange->pending_bytes) {
		http_stream_abort(http, token);
		return -ENOBUFS;
	}
	if (exchange->pending_first + exchange->pending_bytes + bytes > exchange->pending_max) {
		memmove(exchange->pending, exchange->pending + exchange->pending_first,
			exchange->pending_bytes);
		exchange->pending_first = 0;
	}
	memcpy(exchange->pending + exchange->pending_first + exchange->pending_bytes, at, bytes);
	exchange->pending_bytes += bytes;
	exchange->drained_reported = false;
	exchange->alive_due_ms = clock_mono_ms() + HTTP_STREAM_ALIVE_MS;
	http_resume(exchange);
	return 0;
}
