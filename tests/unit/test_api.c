#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"
#include "daemon/api.h"
#include "daemon/api_private.h"
#include "http_client.h"

#define END "Host: localhost\r\nConnection: close\r\n\r\n"
#define PERSON "01ARYZ6S41TSV4RRFFQ69G5FAV"

static struct api *api;
static char dir[64], socket_path[80], token[API_TOKEN_BYTES], error[256];

/* the gate that answers: what it was asked last, and how it answers */
static struct {
	char asked[256];
	struct api_token token;
	bool wait; /* answer later, by hand */
	int board_result;
	int64_t rows; /* of the log: seq 1 to rows */
	unsigned views;
} gate;

static void answer(struct api_token call, unsigned status, json_t *body)
{
	gate.token = call;
	if (gate.wait)
		json_decref(body);
	else
		api_reply(api, call, status, body);
}

static json_t *op_status(void *arg)
{
	(void)arg;
	return json_pack("{s:s}", "site", "hill-park");
}

static json_t *op_doors(void *arg)
{
	(void)arg;
	return json_pack("[{s:s}]", "name", "main");
}

static json_t *op_board(void *arg)
{
	(void)arg;
	return json_pack("{s:s,s:[]}", "driver", "sim", "lines");
}

static int op_board_drive(void *arg, const char *line, enum api_level level)
{
	(void)arg;
	snprintf(gate.asked, sizeof(gate.asked), "drive %s %d", line, (int)level);
	return gate.board_result;
}

static void op_people_list(void *arg, struct api_token call, const char *after, unsigned limit)
{
	(void)arg;
	snprintf(gate.asked, sizeof(gate.asked), "people \"%s\" %u", after, limit);
	answer(call, 200, json_pack("{s:[],s:n}", "people", "next"));
}

static void op_person_add(void *arg, struct api_token call, const struct api_caller *by,
			  const struct api_person *person)
{
	(void)arg;
	snprintf(gate.asked, sizeof(gate.asked), "add %s by %s %lld-%lld", person->name, by->name,
		 (long long)person->valid_from_unix_ms, (long long)person->valid_to_unix_ms);
	answer(call, 201, json_pack("{s:s}", "id", PERSON));
}

static void op_person_get(void *arg, struct api_token call, const char *id)
{
	(void)arg;
	snprintf(gate.asked, sizeof(gate.asked), "get %s", id);
	answer(call, 200, json_pack("{s:s}", "id", id));
}

static void op_person_remove(void *arg, struct api_token call, const struct api_caller *by, const char *id)
{
	(void)arg;
	(void)by;
	snprintf(gate.asked, sizeof(gate.asked), "remove %s", id);
	answer(call, 204, NULL);
}

static void op_enrol(void *arg, struct api_token call, const struct api_caller *by, const char *id,
		     const void *photo, size_t bytes)
{
	(void)arg;
	(void)by;
	snprintf(gate.asked, sizeof(gate.asked), "enrol %s %zu %.4s", id, bytes, (const char *)photo);
	gate.token = call;
	api_reply_problem(api, call, 422, "there is no face in the photo");
}

static void op_door_open(void *arg, struct api_token call, const struct api_caller *by, const char *door)
{
	(void)arg;
	snprintf(gate.asked, sizeof(gate.asked), "open %s by %s", door, by->name);
	answer(call, 200, json_pack("{s:s}", "door", door));
}

static void op_door_mode(void *arg, struct api_token call, const struct api_caller *by, const char *door,
			 const char *mode)
{
	(void)arg;
	(void)by;
	snprintf(gate.asked, sizeof(gate.asked), "mode %s %s", door, mode);
	answer(call, 200, json_object());
}

static json_t *event(int64_t seq)
{
	return json_pack("{s:I,s:s}", "seq", (json_int_t)seq, "type", "door.mode");
}

static void op_events(void *arg, struct api_token call, const struct api_events_query *query)
{
	json_t *rows = json_array();

	(void)arg;
	snprintf(gate.asked, sizeof(gate.asked), "events %lld %lld %u %s %d", (long long)query->after,
		 (long long)query->before, query->limit, query->type != NULL ? query->type : "-",
		 query->ascending);
	for (int64_t seq = query->after + 1; seq <= gate.rows && json_array_size(rows) < query->limit; seq++)
		json_array_append_new(rows, event(seq));
	answer(call, 200, json_pack("{s:o}", "events", rows));
}

static void op_audit(void *arg, struct api_token call)
{
	(void)arg;
	answer(call, 200, json_pack("{s:b}", "ok", 1));
}

static void op_viewed(void *arg, const struct api_caller *by, const char *file)
{
	(void)arg;
	(void)by;
	snprintf(gate.asked, sizeof(gate.asked), "viewed %s", file);
	gate.views++;
}

static const struct api_ops ops = {.status = op_status,
				   .doors = op_doors,
				   .board = op_board,
				   .board_drive = op_board_drive,
				   .people_list = op_people_list,
				   .person_add = op_person_add,
				   .person_get = op_person_get,
				   .person_remove = op_person_remove,
				   .enrol = op_enrol,
				   .door_open = op_door_open,
				   .door_mode = op_door_mode,
				   .events = op_events,
				   .audit_verify = op_audit,
				   .evidence_viewed = op_viewed};

static void dispatch(void *arg)
{
	(void)arg;
	api_dispatch(api);
}

static int loop_fd(void *arg)
{
	(void)arg;
	return api_fd(api);
}

static uint64_t loop_deadline_ms(void *arg)
{
	(void)arg;
	return api_deadline_ms(api);
}

static const struct client_loop loop = {.dispatch = dispatch, .fd = loop_fd, .deadline_ms = loop_deadline_ms};

static void put(const char *name, const char *text)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	fputs(text, file);
	fclose(file);
}

static int setup(void **state)
{
	char console[96], evidence[96], path[160];
	struct api_config config = {.socket_path = socket_path,
				    .listen = "127.0.0.1:0",
				    .console_dir = console,
				    .evidence_dir = evidence,
				    .state_dir = dir};
	FILE *file;

	(void)state;
	memset(&gate, 0, sizeof(gate));
	strcpy(dir, "/tmp/gh-api-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(socket_path, sizeof(socket_path), "%s/api.sock", dir);
	snprintf(console, sizeof(console), "%s/console", dir);
	snprintf(evidence, sizeof(evidence), "%s/evidence", dir);
	mkdir(console, 0700);
	mkdir(evidence, 0700);
	snprintf(path, sizeof(path), "%s/assets", console);
	mkdir(path, 0700);
	put("console/index.html", "<p>desk");
	put("console/assets/app.js", "let a;");
	put("console/.hidden", "no");
	put("evidence/clip.mp4", "0123456789");
	put("secret", "secret");
	snprintf(path, sizeof(path), "%s/evidence/link.mp4", dir);
	assert_int_equal(symlink("../secret", path), 0);
	assert_int_equal(api_open(&config, &ops, NULL, &api, error, sizeof(error)), 0);
	snprintf(path, sizeof(path), "%s/api.token", dir);
	file = fopen(path, "r");
	assert_non_null(fgets(token, sizeof(token), file));
	fclose(file);
	return 0;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	api_close(api);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static const char *ask(const char *text)
{
	return client_ask(&loop, client_connect_tcp(api_port(api)), text);
}

static const char *ask_socket(const char *text)
{
	return client_ask(&loop, client_connect_unix(socket_path), text);
}

/* "METHOD /path" with an optional JSON body, over the socket; the answer begins with the status. */
static const char *request(const char *line, const char *body)
{
	char text[1024];
	const char *reply;

	snprintf(text, sizeof(text), "%s HTTP/1.1\r\nContent-Length: %zu\r\n" END "%s", line, strlen(body),
		 body);
	gate.asked[0] = '\0';
	reply = ask_socket(text);
	return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? reply + 9 : reply;
}

static void assert_status(const char *reply, const char *status)
{
	if (strncmp(reply, status, strlen(status)) != 0)
		fail_msg("expected %s, got \"%.400s\"", status, reply);
}

static void unknown_paths_and_methods_are_refused(void **state)
{
	const char *reply = request("GET /api/v1/nothing", "");

	(void)state;
	assert_status(reply, "404");
	assert_non_null(strstr(reply, "application/problem+json"));
	assert_non_null(strstr(reply, "\"detail\":\"there is no such path\""));
	assert_status(request("GET /api/v2/status", ""), "404");
	assert_status(request("GET /api/v1/status/", ""), "404");
	assert_status(request("GET /api/v1/people//faces", ""), "404");
	reply = request("PUT /api/v1/people/" PERSON, "");
	assert_status(reply, "405");
	assert_non_null(strstr(reply, "Allow: GET, DELETE\r\n"));
	assert_status(request("DELETE /api/v1/status", ""), "405");
	assert_status(request("POST /index.html", ""), "405");
}

static void each_path_reaches_its_op(void **state)
{
	(void)state;
	assert_non_null(strstr(request("GET /api/v1/status", ""), "{\"site\":\"hill-park\"}"));
	assert_non_null(strstr(request("GET /api/v1/doors", ""), "{\"doors\":[{\"name\":\"main\"}]}"));
	assert_status(request("GET /api/v1/people?limit=7&after=" PERSON, ""), "200");
	assert_string_equal(gate.asked, "people \"" PERSON "\" 7");
	assert_status(
		request("POST /api/v1/people", "{\"name\":\"李雷\",\"valid_from\":\"1970-01-01T00:00:01Z\"}"),
		"201");
	assert_string_equal(gate.asked, "add 李雷 by socket 1000-0");
	assert_status(request("GET /api/v1/people/" PERSON, ""), "200");
	assert_status(request("DELETE /api/v1/people/" PERSON, ""), "204");
	assert_status(request("POST /api/v1/people/" PERSON "/faces", "JPEG"), "422");
	assert_string_equal(gate.asked, "enrol " PERSON " 4 JPEG");
	assert_status(request("POST /api/v1/doors/main/open", ""), "200");
	assert_string_equal(gate.asked, "open main by socket");
	assert_status(request("POST /api/v1/doors/main/mode", "{\"mode\":\"Blocked\"}"), "200");
	assert_string_equal(gate.asked, "mode main Blocked");
	assert_status(request("GET /api/v1/events?after=3&limit=5&type=door.", ""), "200");
	assert_string_equal(gate.asked, "events 3 0 5 door. 1");
	assert_status(request("GET /api/v1/events?before=9", ""), "200");
	assert_string_equal(gate.asked, "events 0 9 100 - 0");
	assert_non_null(strstr(request("GET /api/v1/board", ""), "\"driver\":\"sim\""));
	assert_status(request("POST /api/v1/board/lines/exit-a", "{\"level\":\"unknown\"}"), "204");
	assert_string_equal(gate.asked, "drive exit-a 2");
	assert_status(request("POST /api/v1/audit/verify", ""), "200");
}

static void mistakes_never_reach_the_gate(void **state)
{
	static const char *const bad[][3] = {
		{"POST /api/v1/people", "", "400"},
		{"POST /api/v1/people", "[]", "400"},
		{"POST /api/v1/people", "{}", "400"},
		{"POST /api/v1/people", "{\"name\":\"\"}", "400"},
		{"POST /api/v1/people", "{\"name\":\"  \"}", "400"},
		{"POST /api/v1/people", "{\"name\":\"a\\u0007\"}", "400"},
		{"POST /api/v1/people", "{\"name\":\"a\",\"age\":3}", "400"},
		{"POST /api/v1/people", "{\"name\":\"a\",\"valid_to\":\"2026-02-30\"}", "400"},
		{"POST /api/v1/people", "{\"name\":\"a\",\"valid_to\":5}", "400"},
		{"POST /api/v1/people",
		 "{\"name\":\"a\",\"valid_from\":\"2026-02-02\",\"valid_to\":\"2026-02-01\"}", "400"},
		{"GET /api/v1/people/me", "", "404"},
		{"DELETE /api/v1/people/..", "", "404"},
		{"POST /api/v1/people/" PERSON "/faces", "", "422"},
		{"GET /api/v1/people?limit=0", "", "400"},
		{"GET /api/v1/people?limit=1001", "", "400"},
		{"GET /api/v1/people?after=x", "", "400"},
		{"GET /api/v1/events?limit=-1", "", "400"},
		{"GET /api/v1/events?after=99999999999999999999", "", "400"},
		{"GET /api/v1/events?type=a%27b", "", "400"},
		{"GET /api/v1/events/stream?after=x", "", "400"},
		{"POST /api/v1/doors/Main/open", "", "404"},
		{"POST /api/v1/doors/main/mode", "{\"mode\":\"Open\"}", "400"},
		{"POST /api/v1/doors/main/mode", "{}", "400"},
		{"POST /api/v1/board/lines/exit-a", "{\"level\":1}", "400"},
		{"GET /api/v1/evidence?limit=x", "", "400"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_status(request(bad[i][0], bad[i][1]), bad[i][2]);
		assert_string_equal(gate.asked, "");
	}
	gate.board_result = -ENOTSUP;
	assert_status(request("POST /api/v1/board/lines/a", "{\"level\":\"active\"}"), "409");
	gate.board_result = -ENOENT;
	assert_status(request("POST /api/v1/board/lines/a", "{\"level\":\"active\"}"), "404");
}

static void a_change_over_tcp_needs_the_token_and_an_honest_host(void **state)
{
	char text[512];

	(void)state;
	assert_int_equal(strlen(token), API_TOKEN_BYTES - 1);
	assert_status(ask("POST /api/v1/doors/main/open HTTP/1.1\r\n" END), "HTTP/1.1 401");
	assert_status(ask("POST /api/v1/doors/main/open HTTP/1.1\r\nX-Gatehouse-Token: 00\r\n" END),
		      "HTTP/1.1 401");
	assert_string_equal(gate.asked, "");
	snprintf(text, sizeof(text), "POST /api/v1/doors/main/open HTTP/1.1\r\nX-Gatehouse-Token: %s\r\n" END,
		 token);
	assert_status(ask(text), "HTTP/1.1 200");
	assert_string_equal(gate.asked, "open main by console");
	assert_status(ask("GET /api/v1/status HTTP/1.1\r\n" END), "HTTP/1.1 200");
	assert_status(ask("GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
		      "HTTP/1.1 403");
	assert_status(ask("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
		      "HTTP/1.1 403");
}

static void files_outside_are_out_of_reach(void **state)
{
	static const char *const paths[] = {
		"/../secret",
		"/..%2fsecret",
		"/assets/../../secret",
		"/%2e%2e/secret",
		"//etc/passwd",
		"/.hidden",
		"/assets",
		"/assets/",
		"/secret%00.html",
		"/api/v1/evidence/..%2Fsecret",
		"/api/v1/evidence/..",
		"/api/v1/evidence/link.mp4",
		"/api/v1/evidence/.",
	};
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *reply;

		snprintf(line, sizeof(line), "GET %s", paths[i]);
		reply = request(line, "");
		assert_status(reply, "40");
		assert_null(strstr(reply, "\r\n\r\nsecret"));
	}
	assert_int_equal(gate.views, 0);
}

static void the_console_and_evidence_are_served(void **state)
{
	const char *reply = request("GET /", "");

	(void)state;
	assert_status(reply, "200");
	assert_non_null(strstr(reply, "text/html"));
	assert_non_null(strstr(reply, "<p>desk"));
	reply = request("GET /assets/app.js", "");
	assert_non_null(strstr(reply, "text/javascript"));
	reply = request("GET /api/v1/evidence", "");
	assert_non_null(strstr(reply, "\"name\":\"clip.mp4\",\"bytes\":10"));
	assert_null(strstr(reply, "link.mp4"));
	reply = request("GET /api/v1/evidence/clip.mp4", "");
	assert_non_null(strstr(reply, "video/mp4"));
	assert_int_equal(gate.views, 1);
	assert_status(ask("GET /api/v1/evidence/clip.mp4 HTTP/1.1\r\nRange: bytes=4-\r\n" END),
		      "HTTP/1.1 206");
	assert_int_equal(gate.views, 1);
}

static void oversized_bodies_are_refused_by_their_path(void **state)
{
	(void)state;
	assert_status(ask_socket("POST /api/v1/people HTTP/1.1\r\nContent-Length: 16385\r\n" END),
		      "HTTP/1.1 413");
	assert_status(ask_socket("POST /api/v1/people/" PERSON
				 "/faces HTTP/1.1\r\nContent-Length: 10485761\r\n" END),
		      "HTTP/1.1 413");
	assert_status(request("GET /api/v1/status", "x"), "413");
}

static int open_stream(const char *head)
{
	int fd = client_connect_tcp(api_port(api));

	client_send(&loop, fd, head, strlen(head));
	return fd;
}

static void publish(int64_t seq)
{
	json_t *row = event(seq);

	gate.rows = seq;
	api_publish_event(api, seq, "door.mode", row);
	json_decref(row);
}

static void a_stream_goes_on_where_it_was(void **state)
{
	const char *reply, *at;
	char id[32];
	int fd;

	(void)state;
	gate.rows = 130; /* more than two pages */
	fd = open_stream("GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 3\r\n\r\n");
	client_read(&loop, fd, "id: 60\n");
	client_read(&loop, fd, "id: 130\n");
	publish(131);
	publish(132);
	reply = client_read(&loop, fd, "id: 132\n");
	at = strstr(reply, "id: 131\n");
	assert_non_null(at);
	snprintf(id, sizeof(id), "id: 132\n");
	assert_null(strstr(strstr(reply, id) + 1, id)); /* once */
	close(fd);
}

static void nothing_is_lost_between_replay_and_live(void **state)
{
	const char *reply;
	int fd;

	(void)state;
	gate.rows = 2;
	gate.wait = true;
	fd = open_stream("GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 0\r\n\r\n");
	while (gate.asked[0] == '\0')
		client_pump(&loop);
	publish(3); /* while the page with 1 and 2 is on its way */
	gate.wait = false;
	api_reply(api, gate.token, 200, json_pack("{s:[o,o]}", "events", event(1), event(2)));
	reply = client_read(&loop, fd, "id: 3\n");
	assert_non_null(strstr(reply, "id: 1\n"));
	assert_non_null(strstr(reply, "id: 2\n"));
	close(fd);
}

static void a_filter_keeps_other_types_out(void **state)
{
	int fd = open_stream("GET /api/v1/events/stream?type=access. HTTP/1.1\r\nHost: localhost\r\n\r\n");
	json_t *row = event(2);
	const char *reply;

	(void)state;
	client_read(&loop, fd, "retry: 2000\n\n");
	publish(1);
	api_publish_event(api, 2, "access.granted", row);
	json_decref(row);
	reply = client_read(&loop, fd, "id: 2\n");
	assert_null(strstr(reply, "id: 1\n"));
	close(fd);
}

static void the_board_streams_its_changes(void **state)
{
	int fd = open_stream("GET /api/v1/board/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");

	(void)state;
	client_read(&loop, fd, "data: {\"driver\"");
	api_publish_board(api);
	client_read(&loop, fd, "data: {\"driver\"");
	close(fd);
}

static void too_many_streams_are_refused(void **state)
{
	int fds[API_STREAMS_MAX];

	(void)state;
	for (int i = 0; i < API_STREAMS_MAX; i++) {
		fds[i] = open_stream("GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
		client_read(&loop, fds[i], "retry: 2000\n\n");
	}
	assert_status(request("GET /api/v1/events/stream", ""), "503");
	for (int i = 0; i < API_STREAMS_MAX; i++)
		close(fds[i]);
}

static void an_answer_after_close_or_twice_is_dropped(void **state)
{
	int fd = client_connect_unix(socket_path);
	const char *text = "GET /api/v1/events HTTP/1.1\r\n" END;

	(void)state;
	gate.wait = true;
	client_send(&loop, fd, text, strlen(text));
	while (gate.asked[0] == '\0')
		client_pump(&loop);
	close(fd);
	api_reply(api, gate.token, 200, json_object());
	api_reply(api, gate.token, 200, json_object());
	api_reply_problem(api, gate.token, 500, "again");
	assert_status(request("GET /api/v1/status", ""), "200");
}

/* "get /people/{}" for each operation of the page, a line each */
static void read_page(char *list, size_t list_bytes)
{
	const char *source = getenv("GH_SOURCE_DIR");
	char line[256], path[128] = "";
	size_t used = 0;
	FILE *file;

	snprintf(line, sizeof(line), "%s/docs/openapi.yaml", source != NULL ? source : ".");
	file = fopen(line, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL && strcmp(line, "components:\n") != 0) {
		size_t out = 0;

		if (strncmp(line, "  /", 3) == 0) {
			for (const char *at = line + 2; *at != ':' && out < sizeof(path) - 1; at++) {
				path[out++] = *at;
				if (*at == '{')
					at += strcspn(at, "}") - 1;
			}
			path[out] = '\0';
		} else if (path[0] != '\0' && strncmp(line, "    ", 4) == 0 && line[4] != ' ' &&
			   strncmp(line + 4, "parameters", 10) != 0) {
			used += (size_t)snprintf(list + used, list_bytes - used, "%.*s %s\n",
						 (int)strcspn(line + 4, ":"), line + 4, path);
		}
	}
	fclose(file);
}

static void the_page_lists_exactly_the_table(void **state)
{
	char list[4096] = "\n", operation[160];
	size_t count = 0, listed = 0;

	(void)state;
	read_page(list + 1, sizeof(list) - 1);
	for (const struct api_route *route; (route = api_route_at(count)) != NULL; count++) {
		snprintf(operation, sizeof(operation), "\n%s %s\n", route->method,
			 route->pattern + strlen("/api/v1"));
		for (char *at = operation + 1; *at != ' '; at++)
			*at = (char)(*at - 'A' + 'a');
		if (strstr(list, operation) == NULL)
			fail_msg("docs/openapi.yaml does not list%s in:%s", operation, list);
	}
	for (const char *at = list + 1; *at != '\0'; at++)
		listed += *at == '\n';
	assert_int_equal(listed, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(unknown_paths_and_methods_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(each_path_reaches_its_op, setup, teardown),
		cmocka_unit_test_setup_teardown(mistakes_never_reach_the_gate, setup, teardown),
		cmocka_unit_test_setup_teardown(a_change_over_tcp_needs_the_token_and_an_honest_host, setup,
						teardown),
		cmocka_unit_test_setup_teardown(files_outside_are_out_of_reach, setup, teardown),
		cmocka_unit_test_setup_teardown(the_console_and_evidence_are_served, setup, teardown),
		cmocka_unit_test_setup_teardown(oversized_bodies_are_refused_by_their_path, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stream_goes_on_where_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_lost_between_replay_and_live, setup, teardown),
		cmocka_unit_test_setup_teardown(a_filter_keeps_other_types_out, setup, teardown),
		cmocka_unit_test_setup_teardown(the_board_streams_its_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_streams_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_after_close_or_twice_is_dropped, setup, teardown),
		cmocka_unit_test(the_page_lists_exactly_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
