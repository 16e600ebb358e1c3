#include "http_private.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/listen_address.h"
#include "base/thread_role.h"
#include "http_listen.h"

static struct peer *peer_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

static struct exchange *claim(struct http *http, struct MHD_Connection *connection)
{
	struct peer *peer = peer_of(connection);

	for (size_t i = 0; peer != NULL && i < EXCHANGES_MAX; i++) {
		struct exchange *exchange = &http->exchanges[i];

		if (exchange->connection != NULL)
			continue;
		*exchange = (struct exchange){.http = http,
					      .peer = peer,
					      .connection = connection,
					      .generation = exchange->generation + 1};
		peer->deadline_ms = clock_mono_ms() + HTTP_BODY_MS;
		return exchange;
	}
	return NULL;
}

static void release(struct exchange *exchange)
{
	struct http *http = exchange->http;
	struct http_token token = http_token_of(exchange);
	bool streaming = exchange->streaming;

	assert(http->bodies_bytes >= exchange->body_bytes);
	http->bodies_bytes -= exchange->body_bytes;
	free(exchange->method);
	free(exchange->path);
	free(exchange->body);
	free(exchange->pending);
	for (struct header *header = exchange->headers, *next; header != NULL; header = next) {
		next = header->next;
		free(header);
	}
	exchange->peer->deadline_ms = clock_mono_ms() + HTTP_HEAD_MS;
	if (exchange->response != NULL)
		MHD_destroy_response(exchange->response);
	*exchange = (struct exchange){.generation = exchange->generation};
	if (streaming)
		http->ops->stream_event(http->arg, token, HTTP_STREAM_CLOSED);
}

static struct http_request request_of(struct exchange *exchange)
{
	return (struct http_request){
		.token = http_token_of(exchange),
		.method = strcmp(exchange->method, "HEAD") == 0 ? "GET" : exchange->method,
		.path = exchange->path,
		.body = exchange->body,
		.body_bytes = exchange->body_bytes,
		.local = exchange->local,
		.secure = !exchange->local && exchange->http->cert != NULL,
		.address = exchange->peer->address,
		.caller = exchange->caller,
		.internal = exchange};
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

/* The header has been read: ask whether to admit the request. */
static enum MHD_Result begin(struct exchange *exchange)
{
	struct http *http = exchange->http;
	struct http_admission admission = {0};
	struct problem *problem = &admission.problem;
	struct http_request request = request_of(exchange);
	const char *length_text = http_header(&request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	unsigned long long length = length_text != NULL ? strtoull(length_text, NULL, 10) : 0;

	http->ops->admit(http->arg, &request, &admission);
	exchange->caller = admission.caller;
	exchange->body_bytes_max = admission.body_bytes_max < HTTP_BODY_BYTES_MAX
					   ? admission.body_bytes_max
					   : HTTP_BODY_BYTES_MAX;
	if (problem->code == PROBLEM_NONE && length > exchange->body_bytes_max) {
		if (exchange->body_bytes_max > 0)
			problem_body_too_large(problem);
		else
			problem_body_not_expected(problem);
	} else if (problem->code == PROBLEM_NONE &&
		   http->bodies_bytes + length > HTTP_BODIES_BYTES_MAX) {
		problem_too_many_uploads(problem);
	}
	if (problem->code == PROBLEM_NONE)
		return MHD_YES;
	exchange->handled = true;
	http_respond_problem(http, request.token, problem_status(problem), problem);
	if (exchange->response != NULL && admission.allow != NULL)
		MHD_add_response_header(exchange->response, MHD_HTTP_HEADER_ALLOW, admission.allow);
	return queue_answer(exchange);
}

/*
 * Refuse a chunked body that exceeds its limit. The answer is written to the socket directly,
 * because libmicrohttpd answers only after it has read the complete body. The bytes that follow are
 * read and dropped, up to DISCARD_BYTES_MAX: if a socket is closed with unread bytes the kernel
 * sends a reset, and the client loses the answer. Over TLS nothing can be written past the library;
 * the answer is sent after the body, or the connection is closed.
 */
static void refuse_early(struct exchange *exchange)
{
	struct problem problem;
	char answer[1024], *text;
	int n;

	if (!exchange->local && exchange->http->cert != NULL)
		return;
	problem_body_too_large(&problem);
	text = http_problem_text(413, &problem);
	if (text == NULL)
		return;
	n = snprintf(answer, sizeof(answer),
		     "HTTP/1.1 413 %s\r\nContent-Type: application/problem+json\r\nCache-Control: "
		     "no-store\r\n"
		     "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
		     MHD_get_reason_phrase_for(413), strlen(text), text);
	free(text);
	exchange->refused =
		n < (int)sizeof(answer) && send(exchange->peer->fd, answer, (size_t)n,
						MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n;
}

static enum MHD_Result append_body(struct exchange *exchange, const char *data, size_t *bytes)
{
	struct http *http = exchange->http;
	size_t total_bytes = exchange->body_bytes + *bytes;
	char *grown = NULL;

	/* the length of a chunked body is known only at its end */
	if (exchange->discarded == 0 && total_bytes <= exchange->body_bytes_max &&
	    http->bodies_bytes + *bytes <= HTTP_BODIES_BYTES_MAX)
		grown = realloc(exchange->body, total_bytes + 1);
	if (grown != NULL) {
		memcpy(grown + exchange->body_bytes, data, *bytes);
		grown[total_bytes] = '\0';
		exchange->body = grown;
		exchange->body_bytes = total_bytes;
		http->bodies_bytes += *bytes;
	} else {
		if (exchange->discarded == 0)
			refuse_early(exchange);
		exchange->discarded += *bytes;
	}
	*bytes = 0;
	return exchange->discarded <= DISCARD_BYTES_MAX ? MHD_YES : MHD_NO;
}

/* The body is complete: have the request handled, and send the answer if there is one by now. */
static enum MHD_Result handle_request(struct exchange *exchange)
{
	struct http *http = exchange->http;
	struct http_request request = request_of(exchange);
	struct problem problem;

	if (exchange->refused)
		return MHD_NO; /* the answer has been sent; close the connection */
	if (http->requests_left == 0) {
		http->turns_due = http->turns_due > 0 ? http->turns_due : 1;
		return MHD_YES; /* MHD calls again in the next turn */
	}
	http->requests_left--;
	exchange->handled = true;
	if (exchange->discarded > 0) {
		problem_body_too_large(&problem);
		http_respond_problem(http, request.token, 413, &problem);
	} else {
		http->ops->handle(http->arg, &request);
	}
	if (exchange->answered)
		return queue_answer(exchange);
	exchange->suspended = true;
	MHD_suspend_connection(exchange->connection);
	return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *bytes, void **slot)
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
		exchange->local =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_DAEMON)->daemon ==
			http->daemons[0];
		if (exchange->method == NULL || exchange->path == NULL || url[0] != '/')
			return MHD_NO;
		return begin(exchange);
	}
	if (*bytes > 0)
		return append_body(exchange, data, bytes);
	if (!exchange->handled)
		return handle_request(exchange);
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

static struct peer *claim_peer(struct http *http, struct MHD_Connection *connection)
{
	const struct sockaddr *address =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
			->client_addr;

	for (size_t i = 0; i < EXCHANGES_MAX; i++) {
		struct peer *peer = &http->peers[i];

		if (peer->fd >= 0)
			continue;
		peer->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
				   ->connect_fd;
		peer->deadline_ms = clock_mono_ms() + HTTP_HEAD_MS;
		listen_address_print(address, peer->address);
		return peer;
	}
	return NULL; /* its requests are refused */
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http *http = cls;
	struct peer *peer = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = claim_peer(http, connection);
		return;
	}
	if (peer != NULL)
		peer->fd = -1;
	/* a listener at its limit accepts again only in a turn that begins with a free slot */
	http->turns_due = TURNS_AFTER_RESUME;
}

/* Ownership of the listening @p fd passes to this call, also on failure. */
static int start_daemon(struct http *http, int fd, bool tls, unsigned per_address,
			struct MHD_Daemon **ret_daemon)
{
	const struct MHD_OptionItem with_tls[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, http->cert},
						  {MHD_OPTION_HTTPS_MEM_KEY, 0, http->key},
						  {MHD_OPTION_END, 0, NULL}},
				    plain[] = {{MHD_OPTION_END, 0, NULL}};
	struct epoll_event event = {.events = EPOLLIN};
	const union MHD_DaemonInfo *info;

	*ret_daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0), 0, NULL, NULL,
		on_request, http, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_address,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEAD_BYTES_MAX,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_ARRAY,
		tls ? with_tls : plain, MHD_OPTION_END);
	if (*ret_daemon == NULL) {
		close(fd);
		return tls ? -EKEYREJECTED : -ENOMEM;
	}
	info = MHD_get_daemon_info(*ret_daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		return -EIO;
	return epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, info->epoll_fd, &event) < 0 ? -errno : 0;
}

static int read_certificate(struct http *http, const struct http_config *config, char *error,
			    size_t error_bytes)
{
	int r;

	if (config->cert_file == NULL || config->cert_file[0] == '\0')
		return 0;
	r = http_read_pem(config->cert_file, &http->cert, error, error_bytes);
	return r < 0 ? r : http_read_pem(config->key_file, &http->key, error, error_bytes);
}

static int open_tcp(struct http *http, const struct http_config *config, char *error,
		    size_t error_bytes)
{
	int fd, r = read_certificate(http, config, error, error_bytes);

	if (r < 0)
		return r;
	fd = http_listen_tcp(config->listen, http->cert != NULL, &http->port, error, error_bytes);
	if (fd < 0)
		return fd;
	r = start_daemon(http, fd, http->cert != NULL, HTTP_ADDRESS_CONNECTIONS_MAX,
			 &http->daemons[1]);
	if (r == -EKEYREJECTED)
		snprintf(error, error_bytes,
			 "api.cert_file, api.key_file: %s and %s cannot be used for TLS",
			 config->cert_file, config->key_file);
	return r;
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
		r = start_daemon(http, fd, false, HTTP_CONNECTIONS_MAX, &http->daemons[0]);
	}
	if (r == 0 && config->listen != NULL && config->listen[0] != '\0')
		r = open_tcp(http, config, error, error_bytes);
	return r;
}

int http_open(const struct http_config *config, const struct http_ops *ops, void *arg,
	      struct http **ret_http, char *error, size_t error_bytes)
{
	struct http *http = calloc(1, sizeof(*http));
	int r;

	assert_thread(THREAD_CONTROL);
	assert(ops->admit != NULL && ops->handle != NULL && ops->stream_event != NULL);
	snprintf(error, error_bytes,
		 "the HTTP server does not start: out of memory or file descriptors");
	if (http == NULL)
		return -ENOMEM;
	http->ops = ops;
	http->arg = arg;
	for (size_t i = 0; i < EXCHANGES_MAX; i++)
		http->peers[i].fd = -1;
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

	assert_thread(THREAD_CONTROL);
	if (http->turns_due > 0)
		return now_ms;
	for (size_t i = 0; i < LISTENERS; i++)
		if (http->daemons[i] != NULL &&
		    MHD_get_timeout(http->daemons[i], &wait_ms) == MHD_YES &&
		    now_ms + wait_ms < deadline_ms)
			deadline_ms = now_ms + wait_ms;
	for (size_t i = 0; i < EXCHANGES_MAX; i++) {
		if (http->exchanges[i].streaming && http->exchanges[i].events &&
		    http->exchanges[i].alive_due_ms < deadline_ms)
			deadline_ms = http->exchanges[i].alive_due_ms;
		if (http->peers[i].fd >= 0 && http->peers[i].deadline_ms < deadline_ms)
			deadline_ms = http->peers[i].deadline_ms;
	}
	return deadline_ms;
}

/* Close the connections whose header or body is incomplete at the deadline. */
static void close_slow_connections(struct http *http, uint64_t now_ms)
{
	for (size_t i = 0; i < EXCHANGES_MAX; i++) {
		struct peer *peer = &http->peers[i];

		if (peer->fd < 0 || peer->deadline_ms > now_ms)
			continue;
		peer->deadline_ms = UINT64_MAX; /* MHD sees the end of input and closes */
		shutdown(peer->fd, SHUT_RDWR);
	}
}

void http_dispatch(struct http *http)
{
	static const char alive[] = ":\n\n";
	uint64_t now_ms = clock_mono_ms();

	assert_thread(THREAD_CONTROL);
	if (http->turns_due > 0)
		http->turns_due--;
	http->requests_left = HTTP_REQUESTS_PER_TURN;
	close_slow_connections(http, now_ms);
	for (size_t i = 0; i < EXCHANGES_MAX; i++) {
		struct exchange *exchange = &http->exchanges[i];

		if (!exchange->streaming || !exchange->events || exchange->alive_due_ms > now_ms)
			continue;
		exchange->alive_due_ms = now_ms + HTTP_STREAM_ALIVE_MS;
		/* if this fails the connection has been closed */
		(void)http_stream_send(http, http_token_of(exchange), alive, sizeof(alive) - 1);
	}
	for (size_t i = 0; i < LISTENERS; i++)
		if (http->daemons[i] != NULL)
			MHD_run(http->daemons[i]);
}

void http_close(struct http *http)
{
	if (http == NULL)
		return;
	assert_thread(THREAD_CONTROL);
	http->closing = true;
	for (size_t i = 0; i < EXCHANGES_MAX; i++)
		if (http->exchanges[i].connection != NULL)
			http_resume(&http->exchanges[i]);
	for (size_t i = 0; i < LISTENERS; i++)
		if (http->daemons[i] != NULL)
			MHD_stop_daemon(http->daemons[i]);
	if (http->socket_path != NULL)
		unlink(http->socket_path);
	if (http->epoll_fd >= 0)
		close(http->epoll_fd);
	free(http->socket_path);
	free(http->cert);
	if (http->key != NULL)
		explicit_bzero(http->key, strlen(http->key));
	free(http->key);
	free(http);
}
