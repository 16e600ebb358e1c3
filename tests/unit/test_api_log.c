#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"
#include "api_rig.h"

static void invalid_arguments_are_refused(void **state)
{
	static const char *const bad[] = {
		"GET /api/v1/events?from=yesterday",
		"GET /api/v1/events?from=2026-11-21&to=2026-11-21",
		"GET /api/v1/events?person=anna",
		"GET /api/v1/events?door=Main%27",
		"GET /api/v1/events?result=maybe",
		"GET /api/v1/events?result=denied&type=door.",
		"GET /api/v1/events?severity=loud",
		"GET /api/v1/events/export",
		"GET /api/v1/events/export?format=pdf",
		"GET /api/v1/report",
		"GET /api/v1/report?month=2026-13",
		"GET /api/v1/report?month=2026-1",
		"GET /api/v1/report?month=11-2026",
	};
	char line[400], text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_status(request(bad[i], ""), "400");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	snprintf(line, sizeof(line), "GET /api/v1/events?text=%s", text);
	assert_status(request(line, ""), "400");
	assert_string_equal(gate.called, "");
}

static void the_complete_log_is_exported(void **state)
{
	const char *reply, *at;

	(void)state;
	gate.rows = 450; /* more than two pages */
	reply = request("GET /api/v1/events/export?format=jsonl", "");
	assert_status(reply, "200");
	assert_non_null(strstr(reply, "attachment; filename=\"gatehouse-log.jsonl\""));
	at = strstr(reply, "\"seq\":1,");
	assert_non_null(at);
	assert_non_null(strstr(reply, "\"seq\":200,"));
	assert_non_null(strstr(reply, "\"seq\":450,"));
	assert_null(strstr(strstr(reply, "\"seq\":201,") + 1, "\"seq\":201,"));
	assert_non_null(strstr(gate.recorded, "\"act\":\"log.export\""));
	reply = request("GET /api/v1/events/export?format=csv&after=448", "");
	assert_non_null(strstr(
		reply, "seq,id,time,type,severity,source,person,data,hash\r\n449,\"" PERSON "\","));
	assert_null(strstr(reply, "\n448,"));
}

static void a_disconnect_frees_the_export(void **state)
{
	(void)state;
	gate.rows = 100000;
	for (int i = 0; i < 3 * API_EXPORTS_MAX; i++) {
		int fd = open_stream("GET /api/v1/events/export?format=jsonl HTTP/1.1\r\nHost: "
				     "localhost\r\n\r\n");

		client_read(&loop, fd, "\"seq\":1,");
		close(fd);
		for (int turn = 0; turn < 50; turn++)
			client_pump(&loop);
	}
	assert_status(request("GET /api/v1/events/export?format=csv&after=99990", ""), "200");
}

static void a_report_covers_one_month(void **state)
{
	(void)state;
	assert_non_null(
		strstr(request("GET /api/v1/report?month=1970-12", ""), "\"month\":\"1970-12\""));
	assert_string_equal(gate.called, "report 28857600000 31536000000");
	assert_non_null(strstr(request("GET /api/v1/audit/verify", ""), "\"rows\":5,\"of\":10"));
}

static void metrics_need_the_token(void **state)
{
	char text[256];
	const char *reply;

	(void)state;
	reply = request("GET /metrics", "");
	assert_status(reply, "200");
	assert_non_null(strstr(reply, "gatehouse_store_queue 3\n"));
	assert_non_null(strstr(reply, "gatehouse_store_commit_seconds 0.02\n"));
	assert_non_null(strstr(reply, "gatehouse_camera_live{camera=\"facade\"} 1\n"));
	assert_non_null(strstr(
		reply, "gatehouse_door_state{door=\"main\",kind=\"mode\",state=\"Locked\"} 1\n"));
	assert_status(ask("GET /metrics HTTP/1.1\r\n" END), "HTTP/1.1 401");
	assert_status(ask("GET /metrics HTTP/1.1\r\nAuthorization: Bearer 00\r\n" END),
		      "HTTP/1.1 401");
	snprintf(text, sizeof(text), "GET /metrics HTTP/1.1\r\nAuthorization: Bearer %s\r\n" END,
		 api->metrics_token);
	assert_status(ask(text), "HTTP/1.1 200");
	assert_status(request("POST /metrics", ""), "405");
}

static void live_video_is_a_sequence_of_pictures(void **state)
{
	static const char mark[] = "Content-Type: image/jpeg\r\n";
	char heard[16384];
	size_t filled = 0;
	unsigned pictures = 0;
	int fd;

	(void)state;
	assert_status(request("GET /api/v1/cameras/none/live.mjpeg", ""), "404");
	assert_status(request("GET /api/v1/cameras/..%2Fx/live.mjpeg", ""), "404");
	fd = open_stream(
		"GET /api/v1/cameras/facade/live.mjpeg HTTP/1.1\r\nHost: localhost\r\n\r\n");
	while (pictures < 2) { /* pictures contain zeros, so this is not text */
		ssize_t bytes = recv(fd, heard + filled, sizeof(heard) - filled, 0);

		client_pump(&loop);
		if (bytes <= 0)
			continue;
		filled += (size_t)bytes;
		pictures = 0;
		for (size_t at = 0; at + sizeof(mark) - 1 <= filled; at++)
			pictures += memcmp(heard + at, mark, sizeof(mark) - 1) == 0;
	}
	assert_non_null(
		memmem(heard, filled, "multipart/x-mixed-replace; boundary=gatehouse-picture", 53));
	assert_non_null(memmem(heard, filled, "\r\n\r\n\xff\xd8\xff", 7));
	assert_non_null(strstr(gate.recorded, "\"act\":\"camera.watch\""));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(invalid_arguments_are_refused, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(the_complete_log_is_exported, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(a_disconnect_frees_the_export, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(a_report_covers_one_month, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(metrics_need_the_token, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(live_video_is_a_sequence_of_pictures, rig_setup,
						rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
