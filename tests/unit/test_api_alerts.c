#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "api_rig.h"

static int setup(void **state)
{
	int r = rig_setup(state);

	for (int64_t seq = 5; seq <= 7; seq++) {
		json_t *row = json_pack("{s:I,s:s,s:s,s:{s:s}}", "seq", (json_int_t)seq, "type",
					seq == 6 ? "litter.suspected" : "litter.detected", "time",
					"2026-11-21T08:00:00.000Z", "data", "camera",
					seq == 6 ? "north" : "south");

		api_publish_event(api, seq, json_string_value(json_object_get(row, "type")), row);
		json_decref(row);
	}
	return r;
}

static void alerts_are_listed_by_state(void **state)
{
	const char *reply = request("GET /api/v1/alerts?limit=2", "");

	(void)state;
	assert_status(reply, "200");
	assert_non_null(strstr(reply, "\"seq\":7"));
	assert_non_null(strstr(reply, "\"next\":6,\"new\":3,\"held\":0"));
	assert_non_null(strstr(request("GET /api/v1/alerts?before=6", ""), "\"next\":null"));
	assert_non_null(strstr(request("GET /api/v1/alerts?state=reviewed", ""), "{\"alerts\":[]"));
	reply = request("GET /api/v1/alerts?camera=south&limit=1", "");
	assert_non_null(strstr(reply, "\"seq\":7"));
	assert_non_null(strstr(reply, "\"next\":7,\"new\":3,")); /* new ones of all cameras */
	reply = request("GET /api/v1/alerts?camera=north", "");
	assert_non_null(strstr(reply, "\"seq\":6"));
	assert_null(strstr(reply, "\"seq\":7"));
	assert_non_null(strstr(request("GET /api/v1/alerts?camera=north&state=reviewed", ""),
			       "{\"alerts\":[]"));
	assert_non_null(strstr(request("GET /api/v1/alerts?camera=west", ""), "{\"alerts\":[]"));
	assert_status(request("GET /api/v1/alerts?camera=a+b", ""), "400");
	assert_status(request("GET /api/v1/alerts?state=old", ""), "400");
	assert_status(request("GET /api/v1/alerts/4", ""), "404");
	assert_status(request("GET /api/v1/alerts/x", ""), "404");
	assert_non_null(strstr(request("GET /api/v1/alerts/6", ""), "\"grade\":\"suspected\""));
}

static void a_verdict_is_stored_and_its_event_omits_the_note(void **state)
{
	const char *reply =
		request("POST /api/v1/alerts/5/verdict",
			"{\"verdict\":\"false\",\"cause\":\"bird\",\"note\":\"<b>Anna said so\"}");

	(void)state;
	assert_status(reply, "200");
	assert_non_null(strstr(gate.saved, "alert 5 {"));
	assert_non_null(strstr(gate.saved, "Anna"));
	assert_non_null(strstr(gate.recorded, "alert.reviewed"));
	assert_null(strstr(gate.recorded, "Anna"));
	assert_status(request("POST /api/v1/alerts/5/hold", "{\"held\":true}"), "200");
	reply = request("GET /api/v1/alerts?state=held", "");
	assert_non_null(strstr(reply, "\"verdict\":{\"verdict\":\"false\",\"cause\":\"bird\""));
	assert_non_null(strstr(reply, "\"new\":2,\"held\":1"));
	assert_status(request("POST /api/v1/alerts/5/hold", "{\"held\":false}"), "200");
	assert_non_null(strstr(request("GET /api/v1/alerts?state=held", ""), "{\"alerts\":[]"));
}

static void invalid_requests_change_no_alert(void **state)
{
	static const char *const bad[][3] = {
		{"POST /api/v1/alerts/9/verdict", "{\"verdict\":\"false\"}", "404"},
		{"POST /api/v1/alerts/5/verdict", "{\"verdict\":\"maybe\"}", "400"},
		{"POST /api/v1/alerts/5/verdict", "{}", "400"},
		{"POST /api/v1/alerts/5/verdict", "{\"verdict\":\"false\",\"cause\":\"<b>\"}",
		 "400"},
		{"POST /api/v1/alerts/5/verdict", "{\"verdict\":\"false\",\"note\":5}", "400"},
		{"POST /api/v1/alerts/5/hold", "{\"held\":1}", "400"},
		{"POST /api/v1/alerts/5/hold", "{\"held\":true,\"for\":\"ever\"}", "400"},
		{"POST /api/v1/cases", "{\"alerts\":[5]}", "400"},
		{"POST /api/v1/cases", "{\"title\":\"\"}", "400"},
		{"POST /api/v1/cases", "{\"title\":\"a\",\"alerts\":[4]}", "400"},
		{"POST /api/v1/cases", "{\"title\":\"a\",\"alerts\":\"all\"}", "400"},
		{"POST /api/v1/cases", "{\"title\":\"a\",\"people\":[\"me\"]}", "400"},
		{"PATCH /api/v1/cases/" PERSON, "{\"title\":\"a\"}", "404"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_status(request(bad[i][0], bad[i][1]), bad[i][2]);
	assert_string_equal(gate.saved, "");
	gate.save_result = -EIO;
	assert_status(request("POST /api/v1/alerts/5/verdict", "{\"verdict\":\"false\"}"), "503");
	assert_non_null(strstr(request("GET /api/v1/alerts?state=reviewed", ""), "{\"alerts\":[]"));
}

static void concurrent_changes_of_a_case_do_not_overwrite_each_other(void **state)
{
	char id[ULID_BYTES], etag[40], line[128], text[512];
	const char *reply = request("POST /api/v1/cases", "{\"title\":\"11楼\",\"alerts\":[5,7]}");

	(void)state;
	assert_status(reply, "201");
	snprintf(etag, sizeof(etag), "%.34s", strstr(reply, "ETag: ") + 6);
	snprintf(id, sizeof(id), "%s", strstr(reply, "\"id\":\"") + 6);
	assert_non_null(strstr(request("GET /api/v1/alerts/7", ""), id));
	assert_non_null(strstr(request("GET /api/v1/alerts/6", ""), "\"case\":null"));
	snprintf(line, sizeof(line), "PATCH /api/v1/cases/%s", id);
	assert_status(request(line, "{\"note\":\"seen\"}"), "200");
	snprintf(text, sizeof(text),
		 "PATCH /api/v1/cases/%s HTTP/1.1\r\nIf-Match: %s\r\nContent-Length: 13\r\n" END
		 "{\"title\":\"b\"}",
		 id, etag);
	assert_status(ask_socket(text), "HTTP/1.1 412");
	snprintf(line, sizeof(line), "GET /api/v1/cases/%s", id);
	reply = request(line, "");
	assert_non_null(strstr(reply, "\"note\":\"seen\""));
	assert_non_null(strstr(reply, "\"title\":\"11楼\""));
	assert_non_null(strstr(request("GET /api/v1/cases", ""), id));
}

static void an_export_without_evidence_is_refused(void **state)
{
	(void)state;
	assert_status(request("GET /api/v1/alerts/4/export", ""), "404");
	assert_status(request("GET /api/v1/alerts/5/export", ""),
		      "503"); /* no key: nothing is signed */
}

static void pending_requests_are_freed_by_close(void **state)
{
	const char *text = "GET /api/v1/alerts HTTP/1.1\r\n" END;
	int fd = open_stream("");

	(void)state;
	gate.wait = true;
	gate.token = (struct api_token){0};
	client_send(&loop, fd, text, strlen(text));
	while (gate.token.generation == 0)
		client_pump(&loop);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(alerts_are_listed_by_state, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(a_verdict_is_stored_and_its_event_omits_the_note,
						setup, rig_teardown),
		cmocka_unit_test_setup_teardown(invalid_requests_change_no_alert, setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(
			concurrent_changes_of_a_case_do_not_overwrite_each_other, setup,
			rig_teardown),
		cmocka_unit_test_setup_teardown(an_export_without_evidence_is_refused, setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(pending_requests_are_freed_by_close, setup,
						rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
