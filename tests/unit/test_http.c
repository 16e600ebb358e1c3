#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "http/http.h"
#include "http_client.h"

static struct http *http;
static struct http_token waiting, stream;
static char dir[64], socket_path[80], error[256];
static unsigned drained, closed, handled, handled_a_turn;

static void admit(void *arg, const struct http_request *request, struct http_admission *admission)
{
	(void)arg;
	if (strcmp(request->path, "/upload") == 0)
		admission->body_bytes_max = 1000;
}

static void handle(void *arg, const struct http_request *request)
{
	char path[128];

	(void)arg;
	handled++;
	if (strcmp(request->path, "/later") == 0) {
		waiting = request->token;
	} else if (strcmp(request->path, "/stream") == 0) {
		stream = request->token;
		http_stream_start(http, request, "text/event-stream", HTTP_STREAM_BYTES_MAX);
	} else if (strcmp(request->path, "/file") == 0) {
		snprintf(path, sizeof(path), "%s/file", dir);
		(void)http_respond_file(http, request, open(path, O_RDONLY | O_CLOEXEC),
					"video/mp4", HTTP_CACHE_HOUR);
	} else {
		http_respond(http, request->token, 200, "text/plain",
			     strdup(request->local ? "unix" : "tcp"), request->local ? 4 : 3);
	}
}

static void news(void *arg, struct http_token token, enum http_stream_event what)
{
	(void)arg;
	(void)token;
	drained += what == HTTP_STREAM_DRAINED;
	closed += what == HTTP_STREAM_CLOSED;
}

static const struct http_ops ops = {.admit = admit, .handle = handle, .stream_event = news};

static void dispatch(void *arg)
{
	unsigned before = handled;

	(void)arg;
	http_dispatch(http);
	if (handled - before > handled_a_turn)
		handled_a_turn = handled - before;
}

static int loop_fd(void *arg)
{
	(void)arg;
	return http_fd(http);
}

static uint64_t loop_deadline_ms(void *arg)
{
	(void)arg;
	return http_deadline_ms(http);
}

static const struct client_loop loop = {
	.dispatch = dispatch, .fd = loop_fd, .deadline_ms = loop_deadline_ms};

static int setup(void **state)
{
	struct http_config config = {.socket_path = socket_path, .listen = "127.0.0.1:0"};
	char path[128];
	FILE *file;

	(void)state;
	drained = closed = handled = handled_a_turn = 0;
	strcpy(dir, "/tmp/gh-http-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(socket_path, sizeof(socket_path), "%s/api.sock", dir);
	snprintf(path, sizeof(path), "%s/file", dir);
	file = fopen(path, "w");
	fputs("0123456789", file);
	fclose(file);
	assert_int_equal(http_open(&config, &ops, NULL, &http, error, sizeof(error)), 0);
	return 0;
}

static int teardown(void **state)
{
	char path[128];

	(void)state;
	http_close(http);
	assert_int_equal(access(socket_path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/file", dir);
	unlink(path);
	rmdir(dir);
	return 0;
}

static const char *ask(const char *text)
{
	return client_ask(&loop, client_connect_tcp(http_port(http)), text);
}

#define END "Host: localhost\r\nConnection: close\r\n\r\n"

static void assert_begins(const char *text, const char *begin)
{
	if (strncmp(text, begin, strlen(begin)) != 0)
		fail_msg("expected \"%s\", got \"%.300s\"", begin, text);
}

static void both_listeners_answer(void **state)
{
	struct stat status;
	const char *reply = ask("GET /x HTTP/1.1\r\n" END);

	(void)state;
	assert_begins(reply, "HTTP/1.1 200");
	assert_non_null(strstr(reply, "\r\n\r\ntcp"));
	assert_non_null(strstr(reply, "X-Content-Type-Options: nosniff"));
	assert_non_null(strstr(reply, "Content-Security-Policy: default-src 'none'"));
	assert_non_null(strstr(reply, "Referrer-Policy: no-referrer"));
	reply = client_ask(&loop, client_connect_unix(socket_path), "GET /x HTTP/1.1\r\n" END);
	assert_non_null(strstr(reply, "\r\n\r\nunix"));
	assert_int_equal(stat(socket_path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
}

static void an_answer_may_be_late_or_without_a_client(void **state)
{
	struct problem problem;
	int fd = client_connect_tcp(http_port(http));
	const char *text = "GET /later HTTP/1.1\r\n" END;
	struct http_token stale;

	(void)state;
	client_send(&loop, fd, text, strlen(text));
	while (handled == 0)
		client_pump(&loop);
	http_respond(http, waiting, 200, "text/plain", strdup("late"), 4);
	http_respond(http, waiting, 200, "text/plain", strdup("twice"), 5);
	assert_non_null(strstr(client_read(&loop, fd, NULL), "\r\n\r\nlate"));
	close(fd);
	stale = waiting;

	fd = client_connect_tcp(http_port(http));
	client_send(&loop, fd, text, strlen(text));
	while (handled == 1)
		client_pump(&loop);
	close(fd);
	client_pump(&loop);
	http_respond(http, stale, 200, "text/plain", strdup("stale"), 5);
	problem_file_unknown(&problem);
	http_respond_problem(http, waiting, 404, &problem);
	for (int i = 0; i < 5; i++)
		client_pump(&loop);
	assert_begins(ask("GET /x HTTP/1.1\r\n" END), "HTTP/1.1 200");
}

static void close_ends_pending_requests_and_streams(void **state)
{
	int a = client_connect_tcp(http_port(http)), b = client_connect_tcp(http_port(http));

	(void)state;
	client_send(&loop, a, "GET /later HTTP/1.1\r\n" END, strlen("GET /later HTTP/1.1\r\n" END));
	client_send(&loop, b, "GET /stream HTTP/1.1\r\n" END,
		    strlen("GET /stream HTTP/1.1\r\n" END));
	while (handled < 2)
		client_pump(&loop);
	teardown(state);
	close(a);
	close(b);
	assert_int_equal(closed, 1);
	setup(state);
}

static void bodies_beyond_the_limit_are_refused(void **state)
{
	char text[2600];
	int n;

	(void)state;
	assert_begins(ask("POST /x HTTP/1.1\r\nContent-Length: 1\r\n" END "a"), "HTTP/1.1 413");
	assert_begins(ask("POST /upload HTTP/1.1\r\nContent-Length: 1001\r\n" END), "HTTP/1.1 413");
	assert_begins(ask("POST /upload HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n" END),
		      "HTTP/1.1 4");
	assert_int_equal(handled, 0);
	n = snprintf(text, sizeof(text),
		     "POST /upload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END "7d0\r\n");
	memset(text + n, 'a', 2000);
	strcpy(text + n + 2000, "\r\n0\r\n\r\n");
	assert_begins(ask(text), "HTTP/1.1 413");
	assert_int_equal(handled, 0);
	assert_begins(ask("POST /upload HTTP/1.1\r\nContent-Length: 3\r\n" END "abc"),
		      "HTTP/1.1 200");
}

static void a_huge_header_and_invalid_bytes_are_refused(void **state)
{
	static char text[2 * HTTP_HEAD_BYTES_MAX];
	const char *reply;

	(void)state;
	strcpy(text, "GET /");
	memset(text + 5, 'a', sizeof(text) - 6);
	reply = ask(text);
	assert_true(reply[0] == '\0' || strncmp(reply, "HTTP/1.1 4", 10) == 0);
	reply = ask("\x16\x03\x01 what is this\r\n\r\n");
	assert_true(reply[0] == '\0' || strstr(reply, " 200 ") == NULL);
	assert_int_equal(handled, 0);
}

static void files_are_sent_complete_or_in_ranges(void **state)
{
	const char *reply = ask("GET /file HTTP/1.1\r\n" END);

	(void)state;
	assert_begins(reply, "HTTP/1.1 200");
	assert_non_null(strstr(reply, "Content-Type: video/mp4"));
	assert_non_null(strstr(reply, "\r\n\r\n0123456789"));
	reply = ask("GET /file HTTP/1.1\r\nRange: bytes=2-4\r\n" END);
	assert_begins(reply, "HTTP/1.1 206");
	assert_non_null(strstr(reply, "Content-Range: bytes 2-4/10\r\n"));
	assert_string_equal(strstr(reply, "\r\n\r\n") + 4, "234");
	assert_begins(ask("GET /file HTTP/1.1\r\nRange: bytes=10-\r\n" END), "HTTP/1.1 416");
	reply = ask("HEAD /file HTTP/1.1\r\n" END);
	assert_non_null(strstr(reply, "Content-Length: 10\r\n"));
	assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
}

static void ranges_are_parsed_to_their_edges(void **state)
{
	uint64_t first, bytes;

	(void)state;
	assert_int_equal(http_parse_range("bytes=0-0", 10, &first, &bytes), 1);
	assert_int_equal(bytes, 1);
	assert_int_equal(http_parse_range("bytes=9-", 10, &first, &bytes), 1);
	assert_int_equal(first, 9);
	assert_int_equal(http_parse_range("bytes=5-99", 10, &first, &bytes), 1);
	assert_int_equal(bytes, 5);
	assert_int_equal(http_parse_range("bytes=-3", 10, &first, &bytes), 1);
	assert_int_equal(first, 7);
	assert_int_equal(http_parse_range("bytes=-99", 10, &first, &bytes), 1);
	assert_int_equal(bytes, 10);
	assert_int_equal(http_parse_range("bytes=10-", 10, &first, &bytes), -ERANGE);
	assert_int_equal(http_parse_range("bytes=-0", 10, &first, &bytes), -ERANGE);
	assert_int_equal(http_parse_range("bytes=0-", 0, &first, &bytes), -ERANGE);
	assert_int_equal(http_parse_range("bytes=4-3", 10, &first, &bytes), 0);
	assert_int_equal(http_parse_range("bytes=1-2,4-5", 10, &first, &bytes), 0);
	assert_int_equal(http_parse_range("bytes=99999999999999999999-", 10, &first, &bytes), 0);
	assert_int_equal(http_parse_range("bytes=", 10, &first, &bytes), 0);
	assert_int_equal(http_parse_range("lines=1-2", 10, &first, &bytes), 0);
	assert_int_equal(http_parse_range(NULL, 10, &first, &bytes), 0);
}

static int open_stream(void)
{
	int fd = client_connect_tcp(http_port(http));
	const char *text = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n";

	client_send(&loop, fd, text, strlen(text));
	while (drained == 0)
		client_pump(&loop);
	return fd;
}

static void a_stream_delivers_and_notices_the_end(void **state)
{
	int fd = open_stream();

	(void)state;
	assert_int_equal(http_stream_send(http, stream, "data: 1\n\n", 9), 0);
	assert_non_null(strstr(client_read(&loop, fd, "data: 1\n\n"), "text/event-stream"));
	assert_int_equal(http_stream_send(http, stream, "data: 2\n\n", 9), 0);
	client_read(&loop, fd, "data: 2\n\n");
	close(fd);
	for (int i = 0; i < 1000 && closed == 0; i++) {
		(void)http_stream_send(http, stream, ":\n\n", 3);
		client_pump(&loop);
	}
	assert_int_equal(closed, 1);
	assert_int_equal(http_stream_send(http, stream, "x", 1), -ENOENT);
}

static void a_client_that_does_not_read_is_disconnected(void **state)
{
	static char block[32768];
	int fd = open_stream(), r = 0;

	(void)state;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 10000 && r == 0; i++) {
		r = http_stream_send(http, stream, block, sizeof(block));
		http_dispatch(http);
	}
	assert_int_equal(r, -ENOBUFS);
	for (int i = 0; i < 1000 && closed == 0; i++)
		client_pump(&loop);
	assert_int_equal(closed, 1);
	close(fd);
}

static void connections_beyond_the_limit_do_not_starve_the_socket(void **state)
{
	int fds[HTTP_CONNECTIONS_MAX + 8];

	(void)state;
	for (int i = 0; i < HTTP_CONNECTIONS_MAX + 8; i++) {
		fds[i] = client_connect_tcp(http_port(http));
		client_pump(&loop);
	}
	assert_non_null(strstr(
		client_ask(&loop, client_connect_unix(socket_path), "GET /x HTTP/1.1\r\n" END),
		"unix"));
	for (int i = 0; i < HTTP_CONNECTIONS_MAX + 8; i++)
		close(fds[i]);
	for (int i = 0; i < 20; i++)
		client_pump(&loop);
	assert_begins(ask("GET /x HTTP/1.1\r\n" END), "HTTP/1.1 200");
}

static void a_turn_handles_a_limited_number_of_requests(void **state)
{
	const char *text = "GET /x HTTP/1.1\r\n" END;
	int fds[20];

	(void)state;
	for (int i = 0; i < 20; i++) {
		fds[i] = client_connect_unix(socket_path);
		assert_int_equal(write(fds[i], text, strlen(text)), (ssize_t)strlen(text));
	}
	for (int i = 0; i < 20; i++) {
		assert_begins(client_read(&loop, fds[i], NULL), "HTTP/1.1 200");
		close(fds[i]);
	}
	assert_int_equal(handled, 20);
	assert_in_range(handled_a_turn, 1, HTTP_REQUESTS_PER_TURN);
}

static void a_socket_in_use_is_refused(void **state)
{
	struct http_config config = {.socket_path = socket_path};
	struct http_config far_config = {.listen = "192.0.2.1:80"};
	struct http *second = NULL;
	char stale[96];

	(void)state;
	assert_int_equal(http_open(&config, &ops, NULL, &second, error, sizeof(error)),
			 -EADDRINUSE);
	assert_non_null(strstr(error, "another gatehoused"));
	assert_int_equal(http_open(&far_config, &ops, NULL, &second, error, sizeof(error)),
			 -EACCES);
	assert_null(second);
	snprintf(stale, sizeof(stale), "%s/file", dir);
	config.socket_path = stale; /* not a socket: not replaced */
	assert_int_equal(http_open(&config, &ops, NULL, &second, error, sizeof(error)),
			 -EADDRINUSE);
	assert_int_equal(access(stale, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(both_listeners_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_may_be_late_or_without_a_client, setup,
						teardown),
		cmocka_unit_test_setup_teardown(close_ends_pending_requests_and_streams, setup,
						teardown),
		cmocka_unit_test_setup_teardown(bodies_beyond_the_limit_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_huge_header_and_invalid_bytes_are_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(files_are_sent_complete_or_in_ranges, setup,
						teardown),
		cmocka_unit_test(ranges_are_parsed_to_their_edges),
		cmocka_unit_test_setup_teardown(a_stream_delivers_and_notices_the_end, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_client_that_does_not_read_is_disconnected, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			connections_beyond_the_limit_do_not_starve_the_socket, setup, teardown),
		cmocka_unit_test_setup_teardown(a_turn_handles_a_limited_number_of_requests, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_socket_in_use_is_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
