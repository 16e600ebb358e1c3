#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "api_rig.h"

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
	reply = request("PATCH /api/v1/people/" PERSON, "");
	assert_status(reply, "405");
	assert_non_null(strstr(reply, "Allow: GET, DELETE, PUT\r\n"));
	assert_status(request("DELETE /api/v1/status", ""), "405");
	assert_status(request("POST /index.html", ""), "405");
}

static void each_path_calls_its_operation(void **state)
{
	(void)state;
	assert_non_null(strstr(request("GET /api/v1/status", ""), "{\"site\":\"hill-park\""));
	assert_non_null(
		strstr(request("GET /api/v1/doors", ""), "{\"doors\":[{\"name\":\"main\"}]}"));
	assert_status(request("GET /api/v1/people?limit=7&after=" PERSON, ""), "200");
	assert_string_equal(gate.called, "people \"" PERSON "\" 7");
	assert_status(request("POST /api/v1/people",
			      "{\"name\":\"李雷\",\"valid_from\":\"1970-01-01T00:00:01Z\"}"),
		      "201");
	assert_string_equal(gate.called, "add 李雷 by socket 1000-0");
	assert_status(request("GET /api/v1/people/" PERSON, ""), "200");
	assert_status(request("DELETE /api/v1/people/" PERSON "/faces", ""), "204");
	assert_string_equal(gate.called, "remove faces " PERSON);
	assert_status(request("GET /api/v1/people/" PERSON "/faces", ""), "200");
	assert_string_equal(gate.called, "faces " PERSON);
	assert_status(request("DELETE /api/v1/people/" PERSON "/faces/7", ""), "204");
	assert_string_equal(gate.called, "remove face " PERSON " 7");
	assert_status(request("DELETE /api/v1/people/" PERSON "/faces/0", ""), "404");
	assert_status(request("DELETE /api/v1/people/" PERSON "/faces/a7", ""), "404");
	assert_status(request("DELETE /api/v1/people/7/faces/7", ""), "404");
	assert_status(request("DELETE /api/v1/people/" PERSON, ""), "204");
	assert_status(request("POST /api/v1/people/" PERSON "/faces", "JPEG"), "422");
	assert_string_equal(gate.called, "enrol " PERSON " 4 JPEG");
	assert_status(request("POST /api/v1/doors/main/open", ""), "200");
	assert_string_equal(gate.called, "open main by socket");
	assert_status(request("POST /api/v1/doors/main/mode", "{\"mode\":\"Blocked\"}"), "200");
	assert_string_equal(gate.called, "mode main Blocked");
	assert_status(request("GET /api/v1/events?after=3&limit=5&type=door.", ""), "200");
	assert_string_equal(gate.called, "events 3 0 5 door. 1");
	assert_status(request("GET /api/v1/events?before=9", ""), "200");
	assert_string_equal(gate.called, "events 0 9 100 - 0");
	assert_non_null(strstr(request("GET /api/v1/board", ""), "\"driver\":\"sim\""));
	assert_status(request("POST /api/v1/board/lines/exit-a", "{\"level\":\"unknown\"}"), "204");
	assert_string_equal(gate.called, "drive exit-a 2");
	assert_non_null(strstr(request("GET /api/v1/readers", ""), "in-a"));
	assert_status(request("POST /api/v1/board/readers/in-a/swipe", "{\"code\":\"4711\"}"),
		      "204");
	assert_string_equal(gate.called, "swipe in-a 4711");
	assert_status(request("POST /api/v1/board/readers/in-a/type", "{\"keys\":\"12#\"}"), "204");
	assert_string_equal(gate.called, "type in-a 12#");
	assert_status(request("POST /api/v1/audit/verify", ""), "200");
}

static void invalid_requests_never_reach_the_gate(void **state)
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
		 "{\"name\":\"a\",\"valid_from\":\"2026-02-02\",\"valid_to\":\"2026-02-01\"}",
		 "400"},
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
		{"POST /api/v1/board/readers/in-a/swipe", "{\"code\":\"\"}", "400"},
		{"POST /api/v1/board/readers/in-a/swipe", "{\"code\":17}", "400"},
		{"POST /api/v1/board/readers/in-a/swipe", "{\"keys\":\"1\"}", "400"},
		{"POST /api/v1/board/readers/in-a/type", "{\"keys\":\"1\\u0007\"}", "400"},
		{"POST /api/v1/board/readers/In/type", "{\"keys\":\"1\"}", "404"},
		{"GET /api/v1/evidence?limit=x", "", "400"},
	};
	static const struct {
		int result;
		const char *status;
	} readers[] = {{-ENOENT, "404"}, {-ENOTSUP, "409"}, {-EIO, "409"},   {-EPERM, "409"},
		       {-EINVAL, "400"}, {-ERANGE, "400"},  {-ENOMEM, "500"}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_status(request(bad[i][0], bad[i][1]), bad[i][2]);
		assert_string_equal(gate.called, "");
	}
	gate.board_result = -ENOTSUP;
	assert_status(request("POST /api/v1/board/lines/a", "{\"level\":\"active\"}"), "409");
	gate.board_result = -ENOENT;
	assert_status(request("POST /api/v1/board/lines/a", "{\"level\":\"active\"}"), "404");
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		gate.board_result = readers[i].result;
		assert_status(request("POST /api/v1/board/readers/a/swipe", "{\"code\":\"1\"}"),
			      readers[i].status);
		assert_status(request("POST /api/v1/board/readers/a/type", "{\"keys\":\"1#\"}"),
			      readers[i].status);
	}
}

static void files_outside_of_the_directories_are_not_served(void **state)
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
	assert_status(
		ask_socket("GET /api/v1/evidence/clip.mp4 HTTP/1.1\r\nRange: bytes=4-\r\n" END),
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

static void a_second_or_late_answer_is_dropped(void **state)
{
	struct problem problem;
	int fd = open_stream("");
	const char *text = "GET /api/v1/events HTTP/1.1\r\n" END;

	(void)state;
	gate.wait = true;
	client_send(&loop, fd, text, strlen(text));
	while (gate.called[0] == '\0')
		client_pump(&loop);
	close(fd);
	api_reply(api, gate.token, 200, json_object());
	api_reply(api, gate.token, 200, json_object());
	api_refuse(api, gate.token, problem_no_memory(&problem), &problem);
	assert_status(request("GET /api/v1/status", ""), "200");
}

/* "get /people/{}" for each operation of the page, a line each */
static void read_page(char *list, size_t list_bytes)
{
	const char *source = getenv("GH_SOURCE_DIR");
	char line[256], path[128] = "";
	size_t used = 0;
	FILE *file;

	snprintf(line, sizeof(line), "%s/docs/reference/openapi.yaml",
		 source != NULL ? source : ".");
	file = fopen(line, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL && strcmp(line, "components:\n") != 0) {
		size_t out = 0;

		if (strncmp(line, "  /", 3) == 0) {
			for (const char *at = line + 2; *at != ':' && out < sizeof(path) - 1;
			     at++) {
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

static void the_document_lists_exactly_the_routes(void **state)
{
	char list[16384] = "\n", operation[160];
	size_t count = 0, listed = 0;

	(void)state;
	read_page(list + 1, sizeof(list) - 1);
	for (const struct api_route *route; (route = api_route_at(count)) != NULL; count++) {
		snprintf(operation, sizeof(operation), "\n%s %s\n", route->method,
			 route->pattern + strlen("/api/v1"));
		for (char *at = operation + 1; *at != ' '; at++)
			*at = (char)(*at - 'A' + 'a');
		if (strstr(list, operation) == NULL)
			fail_msg("docs/reference/openapi.yaml does not list%s in:%s", operation,
				 list);
	}
	for (const char *at = list + 1; *at != '\0'; at++)
		listed += *at == '\n';
	assert_int_equal(listed, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(unknown_paths_and_methods_are_refused, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(each_path_calls_its_operation, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(invalid_requests_never_reach_the_gate, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(files_outside_of_the_directories_are_not_served,
						rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(the_console_and_evidence_are_served, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(oversized_bodies_are_refused_by_their_path,
						rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(a_second_or_late_answer_is_dropped, rig_setup,
						rig_teardown),
		cmocka_unit_test(the_document_lists_exactly_the_routes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
