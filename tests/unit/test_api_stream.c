#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "api_rig.h"

static void a_stream_resumes_after_its_last_event(void **state)
{
	const char *reply, *at;
	char id[32];
	int fd;

	(void)state;
	gate.rows = 130; /* more than two pages */
	fd = open_stream("GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: "
			 "3\r\n\r\n");
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
	fd = open_stream("GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: "
			 "0\r\n\r\n");
	while (gate.called[0] == '\0')
		client_pump(&loop);
	publish(3); /* while the page with 1 and 2 is pending */
	gate.wait = false;
	api_reply(api, gate.token, 200, json_pack("{s:[o,o]}", "events", event(1), event(2)));
	reply = client_read(&loop, fd, "id: 3\n");
	assert_non_null(strstr(reply, "id: 1\n"));
	assert_non_null(strstr(reply, "id: 2\n"));
	close(fd);
}

static void a_filter_excludes_other_types(void **state)
{
	int fd = open_stream(
		"GET /api/v1/events/stream?type=access. HTTP/1.1\r\nHost: localhost\r\n\r\n");
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
		fds[i] = open_stream(
			"GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
		client_read(&loop, fds[i], "retry: 2000\n\n");
	}
	assert_status(request("GET /api/v1/events/stream", ""), "503");
	for (int i = 0; i < API_STREAMS_MAX; i++)
		close(fds[i]);
}

static void a_guard_receives_no_operator_acts(void **state)
{
	(void)state;
	assert_true(api_role_may_see(API_ROLE_MANAGER, "operator.act"));
	assert_false(api_role_may_see(API_ROLE_GUARD, "operator.act"));
	assert_true(api_role_may_see(API_ROLE_GUARD, "door.mode"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stream_resumes_after_its_last_event, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(nothing_is_lost_between_replay_and_live, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(a_filter_excludes_other_types, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(the_board_streams_its_changes, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(too_many_streams_are_refused, rig_setup,
						rig_teardown),
		cmocka_unit_test(a_guard_receives_no_operator_acts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
