#include <errno.h>
#include <string.h>

#include "unit.h"
#include "api_rig.h"
#include "base/clock.h"

#define PASSWORD "correct horse"

static char cookie[160], token[SESSION_TOKEN_BYTES];

static const char *tcp(const char *method, const char *path, const char *headers, const char *body)
{
	char text[2048];
	const char *reply;

	snprintf(text, sizeof(text), "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n" END "%s", method,
		 path, headers, strlen(body), body);
	gate.called[0] = '\0';
	reply = ask(text);
	return strncmp(reply, "HTTP/1.1 ", 9) == 0 ? reply + 9 : reply;
}

static void add_user(const char *name, const char *role)
{
	char body[256];

	snprintf(body, sizeof(body),
		 "{\"user\":\"%s\",\"role\":\"%s\",\"password\":\"" PASSWORD "\"}", name, role);
	assert_status(request("POST /api/v1/users", body), "201");
}

/* Log in; stores "Cookie: ..." in `cookie` and the token in `token`. */
static void log_in(const char *name)
{
	char body[256];
	const char *reply, *at;

	snprintf(body, sizeof(body), "{\"user\":\"%s\",\"password\":\"" PASSWORD "\"}", name);
	reply = tcp("POST", "/api/v1/session", "", body);
	assert_status(reply, "200");
	at = strstr(reply, "Set-Cookie: ");
	assert_non_null(at);
	snprintf(cookie, sizeof(cookie), "Cookie: %.*s\r\n", (int)strcspn(at + 12, ";"), at + 12);
	assert_non_null(strstr(at, "; Path=/; HttpOnly; SameSite=Strict\r\n"));
	at = strstr(reply, "\"token\":\"");
	assert_non_null(at);
	snprintf(token, sizeof(token), "%.32s", at + 9);
}

static const char *with_token(void)
{
	static char headers[320];

	snprintf(headers, sizeof(headers), "%sX-Gatehouse-Token: %s\r\n", cookie, token);
	return headers;
}

static void nothing_is_open_without_a_session(void **state)
{
	(void)state;
	for (size_t i = 0; api_route_at(i) != NULL; i++) {
		const struct api_route *route = api_route_at(i);
		char path[160];
		size_t used = 0;

		if (route->role == API_ROLE_ANYONE)
			continue;
		for (const char *at = route->pattern; *at != '\0'; at++)
			if (*at == '{')
				path[used++] = 'x', at++;
			else
				path[used++] = *at;
		path[used] = '\0';
		assert_status(tcp(route->method, path, "", ""), "401");
		assert_status(tcp(route->method, path, "Cookie: gatehouse_session=00\r\n", ""),
			      "401");
		assert_string_equal(gate.called, "");
	}
	assert_status(tcp("GET", "/api/v1/session", "", ""), "401");
	assert_status(tcp("GET", "/", "", ""), "200");
}

static void a_person_logs_in_and_out(void **state)
{
	(void)state;
	add_user("anna", "manager");
	assert_non_null(strstr(gate.saved, "user anna {"));
	assert_non_null(strstr(gate.saved, "$argon2id$"));
	assert_null(strstr(gate.saved, PASSWORD));
	assert_null(strstr(gate.recorded, "argon2id"));
	log_in("anna");
	assert_non_null(strstr(gate.recorded, "\"act\":\"session.begin\""));
	assert_non_null(strstr(tcp("GET", "/api/v1/session", cookie, ""), "\"role\":\"manager\""));
	assert_status(tcp("GET", "/api/v1/status", cookie, ""), "200");
	assert_status(tcp("DELETE", "/api/v1/session", cookie, ""), "403");
	assert_status(tcp("DELETE", "/api/v1/session", with_token(), ""), "204");
	assert_status(tcp("GET", "/api/v1/status", cookie, ""), "401");
}

static void a_change_needs_the_token_of_its_session(void **state)
{
	char other[320];

	(void)state;
	add_user("anna", "guard");
	add_user("bob", "guard");
	log_in("bob");
	snprintf(other, sizeof(other), "%s", token);
	log_in("anna");
	assert_status(tcp("POST", "/api/v1/doors/main/open", cookie, ""), "403");
	assert_string_equal(gate.called, "");
	strcpy(token, other);
	assert_status(tcp("POST", "/api/v1/doors/main/open", with_token(), ""), "403");
	assert_string_equal(gate.called, "");
	log_in("anna");
	assert_status(tcp("POST", "/api/v1/doors/main/open", with_token(), ""), "200");
	assert_string_equal(gate.called, "open main by anna");
}

static void each_role_is_enforced(void **state)
{
	(void)state;
	add_user("gus", "guard");
	add_user("mia", "manager");
	log_in("gus");
	assert_status(tcp("GET", "/api/v1/people", cookie, ""), "403");
	assert_status(tcp("POST", "/api/v1/people", with_token(), "{\"name\":\"a\"}"), "403");
	assert_status(tcp("GET", "/api/v1/users", cookie, ""), "403");
	assert_string_equal(gate.called, "");
	log_in("mia");
	assert_status(tcp("GET", "/api/v1/people", cookie, ""), "200");
	assert_status(tcp("GET", "/api/v1/users", cookie, ""), "403");
	assert_status(request("PATCH /api/v1/users/mia", "{\"role\":\"guard\"}"), "200");
	assert_status(tcp("GET", "/api/v1/people", cookie, ""), "403");
	assert_status(request("PATCH /api/v1/users/mia", "{\"disabled\":true}"), "200");
	assert_status(tcp("GET", "/api/v1/status", cookie, ""), "401");
}

static void failed_log_ins_cause_a_pause_and_an_event(void **state)
{
	const char *reply;

	(void)state;
	add_user("anna", "admin");
	for (int i = 0; i < SESSION_TRIES; i++) {
		reply = tcp("POST", "/api/v1/session", "",
			    "{\"user\":\"anna\",\"password\":\"guess\"}");
		assert_status(reply, "401");
		assert_non_null(strstr(reply, "\"code\":\"wrong-login\""));
	}
	assert_non_null(strstr(gate.recorded, "\"act\":\"session.refused\""));
	assert_non_null(strstr(gate.recorded, "127.0.0.1"));
	reply = tcp("POST", "/api/v1/session", "",
		    "{\"user\":\"anna\",\"password\":\"" PASSWORD "\"}");
	assert_status(reply, "429");
	assert_non_null(strstr(reply, "Retry-After: "));
}

static void an_unknown_name_is_not_recorded(void **state)
{
	(void)state;
	assert_status(
		tcp("POST", "/api/v1/session", "", "{\"user\":\"my-secret\",\"password\":\"x\"}"),
		"401");
	assert_null(strstr(gate.recorded, "my-secret"));
	assert_non_null(strstr(gate.recorded, "\"by\":\"unknown\""));
}

static void a_second_factor_is_required_and_valid_once(void **state)
{
	char secret[TOTP_SECRET_TEXT_BYTES], code[TOTP_DIGITS + 1], body[256];
	const char *reply;

	(void)state;
	add_user("anna", "admin");
	reply = request("POST /api/v1/users/anna/totp", "");
	assert_status(reply, "201");
	assert_non_null(strstr(reply, "otpauth://totp/hill-park:anna?secret="));
	snprintf(secret, sizeof(secret), "%s", strstr(reply, "\"secret\":\"") + 10);
	reply = tcp("POST", "/api/v1/session", "",
		    "{\"user\":\"anna\",\"password\":\"" PASSWORD "\"}");
	assert_status(reply, "401");
	assert_non_null(strstr(reply, "\"code\":\"totp-needed\""));
	totp_code(secret, (uint64_t)(clock_unix_ms() / TOTP_STEP_MS), code);
	snprintf(body, sizeof(body),
		 "{\"user\":\"anna\",\"password\":\"" PASSWORD "\",\"totp\":\"%s\"}", code);
	assert_status(tcp("POST", "/api/v1/session", "", body), "200");
	reply = tcp("POST", "/api/v1/session", "", body);
	assert_status(reply, "401");
	assert_non_null(strstr(reply, "\"code\":\"wrong-totp\""));
	assert_status(request("DELETE /api/v1/users/anna/totp", ""), "204");
	log_in("anna");
}

static void the_own_password_changes_with_the_old_one(void **state)
{
	(void)state;
	add_user("anna", "guard");
	log_in("anna");
	assert_status(tcp("POST", "/api/v1/session/password", with_token(),
			  "{\"old\":\"wrong one\",\"password\":\"another horse\"}"),
		      "403");
	assert_status(tcp("POST", "/api/v1/session/password", with_token(),
			  "{\"old\":\"" PASSWORD "\",\"password\":\"short\"}"),
		      "400");
	assert_status(tcp("POST", "/api/v1/session/password", with_token(),
			  "{\"old\":\"" PASSWORD "\",\"password\":\"another horse\"}"),
		      "204");
	assert_status(tcp("GET", "/api/v1/status", cookie, ""),
		      "200"); /* this session does not end */
	assert_status(tcp("POST", "/api/v1/session", "",
			  "{\"user\":\"anna\",\"password\":\"" PASSWORD "\"}"),
		      "401");
}

static void invalid_requests_change_no_user(void **state)
{
	static const char *const bad[][3] = {
		{"POST /api/v1/users",
		 "{\"user\":\"A b\",\"role\":\"guard\",\"password\":\"" PASSWORD "\"}", "400"},
		{"POST /api/v1/users",
		 "{\"user\":\"bob\",\"role\":\"king\",\"password\":\"" PASSWORD "\"}", "400"},
		{"POST /api/v1/users",
		 "{\"user\":\"bob\",\"role\":\"guard\",\"password\":\"short\"}", "400"},
		{"POST /api/v1/users", "{\"user\":\"bob\",\"role\":\"guard\"}", "400"},
		{"POST /api/v1/users", "{\"user\":\"bob\",\"password\":\"" PASSWORD "\"}", "400"},
		{"POST /api/v1/users",
		 "{\"user\":\"anna\",\"role\":\"guard\",\"password\":\"" PASSWORD "\"}", "409"},
		{"PATCH /api/v1/users/nobody", "{\"disabled\":true}", "404"},
		{"PATCH /api/v1/users/anna", "{\"disabled\":3}", "400"},
		{"PATCH /api/v1/users/anna", "{\"name\":\"x\"}", "400"},
		{"POST /api/v1/users/nobody/totp", "", "404"},
		{"POST /api/v1/session", "{}", "409"},
	};

	(void)state;
	add_user("anna", "guard");
	gate.saved[0] = '\0';
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_status(request(bad[i][0], bad[i][1]), bad[i][2]);
	assert_string_equal(gate.saved, "");
	assert_status(tcp("POST", "/api/v1/session", "", "{\"user\":\"anna\"}"), "400");
	assert_status(tcp("POST", "/api/v1/session", "", "{\"user\":5,\"password\":\"x\"}"), "400");
	gate.save_result = -EIO;
	assert_status(request("PATCH /api/v1/users/anna", "{\"role\":\"admin\"}"), "503");
	gate.save_result = 0;
	assert_non_null(strstr(request("GET /api/v1/users", ""), "\"role\":\"guard\""));
}

static void a_foreign_host_is_refused(void **state)
{
	(void)state;
	assert_status(ask("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"),
		      "HTTP/1.1 403");
	assert_status(ask("GET /api/v1/session HTTP/1.1\r\nHost: evil.example\r\nConnection: "
			  "close\r\n\r\n"),
		      "HTTP/1.1 403");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_open_without_a_session, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(a_person_logs_in_and_out, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(a_change_needs_the_token_of_its_session, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(each_role_is_enforced, rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(failed_log_ins_cause_a_pause_and_an_event,
						rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(an_unknown_name_is_not_recorded, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(a_second_factor_is_required_and_valid_once,
						rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(the_own_password_changes_with_the_old_one,
						rig_setup, rig_teardown),
		cmocka_unit_test_setup_teardown(invalid_requests_change_no_user, rig_setup,
						rig_teardown),
		cmocka_unit_test_setup_teardown(a_foreign_host_is_refused, rig_setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
