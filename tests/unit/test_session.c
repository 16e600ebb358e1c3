#include <string.h>

#include "unit.h"
#include "crypto/crypto.h"
#include "api/session.h"
#include "api/totp.h"

enum { HOUR_MS = 3600000 };

static struct sessions *sessions;

static int setup(void **state)
{
	(void)state;
	assert_int_equal(crypto_init(), 0);
	return sessions_open(12 * HOUR_MS, HOUR_MS, &sessions);
}

static int teardown(void **state)
{
	(void)state;
	sessions_close(sessions);
	return 0;
}

static void a_session_is_found_only_by_its_id(void **state)
{
	char id[SESSION_ID_BYTES], other[SESSION_ID_BYTES];
	const struct session *session = session_begin(sessions, "anna", 1000, id);

	(void)state;
	assert_string_equal(session->user, "anna");
	assert_ptr_equal(session_find(sessions, id, 2000), session);
	strcpy(other, id);
	other[63] = other[63] == '0' ? '1' : '0';
	assert_null(session_find(sessions, other, 2000));
	assert_null(session_find(sessions, "", 2000));
	assert_null(session_find(sessions, session->token, 2000));
	assert_true(session_token_is(session, session->token));
	assert_false(session_token_is(session, id));
	assert_false(session_token_is(session, NULL));
	session_end(sessions, session->number);
	assert_null(session_find(sessions, id, 2000));
}

static void a_session_ends_when_idle_and_when_old(void **state)
{
	char id[SESSION_ID_BYTES];
	uint64_t now_ms = 1000, number = session_begin(sessions, "anna", now_ms, id)->number;

	(void)state;
	assert_non_null(session_find(sessions, id, now_ms + HOUR_MS - 1));
	assert_null(session_find(sessions, id, now_ms + 2 * HOUR_MS - 1));
	number = session_begin(sessions, "anna", now_ms, id)->number;
	for (uint64_t at_ms = 0; at_ms < 12 * HOUR_MS; at_ms += HOUR_MS / 2)
		assert_non_null(session_find(sessions, id, now_ms + at_ms));
	assert_true(session_is_live(sessions, number, now_ms + 12 * HOUR_MS - 1));
	assert_null(session_find(sessions, id, now_ms + 12 * HOUR_MS));
	assert_false(session_is_live(sessions, number, now_ms + 12 * HOUR_MS));
	assert_false(session_is_live(sessions, 0, now_ms));
}

static void sessions_of_a_user_are_limited_and_end_together(void **state)
{
	char first[SESSION_ID_BYTES], other[SESSION_ID_BYTES], id[SESSION_ID_BYTES];

	(void)state;
	session_begin(sessions, "anna", 1000, first);
	session_begin(sessions, "bob", 1000, other);
	for (unsigned i = 1; i < SESSIONS_OF_USER_MAX; i++)
		session_begin(sessions, "anna", 1000 + i, id);
	assert_non_null(session_find(sessions, first, 1000));
	session_begin(sessions, "anna", 5000, id);
	assert_null(session_find(sessions, first, 5000));
	sessions_end_user(sessions, "anna", session_find(sessions, id, 5000)->number);
	assert_non_null(session_find(sessions, id, 5000));
	sessions_end_user(sessions, "anna", 0);
	assert_null(session_find(sessions, id, 5000));
	assert_non_null(session_find(sessions, other, 5000));
}

static void a_full_table_drops_the_session_unused_longest(void **state)
{
	char ids[3][SESSION_ID_BYTES], name[USER_NAME_BYTES];

	(void)state;
	for (unsigned i = 0; i < SESSIONS_MAX; i++) {
		snprintf(name, sizeof(name), "user-%u", i);
		session_begin(sessions, name, 1000 + i, ids[i < 2 ? i : 2]);
	}
	assert_non_null(session_find(sessions, ids[0], 9000));
	session_begin(sessions, "late", 9000, ids[2]);
	assert_non_null(session_find(sessions, ids[0], 9000));
	assert_null(session_find(sessions, ids[1], 9000));
}

static void failed_log_ins_cause_longer_pauses(void **state)
{
	uint64_t pause_ms = 0, now_ms = 1000000;

	(void)state;
	for (unsigned i = 0; i < SESSION_TRIES; i++) {
		assert_int_equal(session_pause_ms(sessions, "anna", "10.0.0.9", now_ms), 0);
		session_count_attempt(sessions, "anna", "10.0.0.9", false, now_ms);
	}
	assert_int_equal(session_pause_ms(sessions, "anna", "10.0.0.9", now_ms), 10000);
	assert_int_equal(session_pause_ms(sessions, "anna", "10.0.0.9", now_ms + 9999), 1);
	assert_int_equal(session_pause_ms(sessions, "anna", "10.0.0.9", now_ms + 10000), 0);
	assert_int_equal(session_pause_ms(sessions, "anna", "10.0.0.8", now_ms), 0);
	assert_int_equal(session_pause_ms(sessions, "bob", "10.0.0.9", now_ms), 0);
	for (unsigned i = 0; i < 40; i++)
		session_count_attempt(sessions, "anna", "10.0.0.9", false, now_ms);
	pause_ms = session_pause_ms(sessions, "anna", "10.0.0.9", now_ms);
	assert_int_equal(pause_ms, SESSION_PAUSE_MS_MAX);
	assert_true(session_pause_ms(sessions, "anna", "10.0.0.8", now_ms) > 0);
	assert_true(session_pause_ms(sessions, "bob", "10.0.0.9", now_ms) > 0);
	assert_int_equal(session_pause_ms(sessions, "bob", "10.0.0.8", now_ms), 0);
	assert_int_equal(
		session_pause_ms(sessions, "anna", "10.0.0.9", now_ms + SESSION_PAUSE_MS_MAX), 0);
}

static void a_successful_log_in_is_not_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		session_count_attempt(sessions, "anna", "10.0.0.9", false, 1000);
		session_count_attempt(sessions, "anna", "10.0.0.9", true, 1000);
	}
	assert_int_equal(session_pause_ms(sessions, "anna", "10.0.0.9", 1000), 0);
	assert_int_equal(session_pause_ms(sessions, "bob", "10.0.0.9", 1000), 0);
}

/* RFC 6238, appendix B: SHA-1, the last six of its eight digits */
static void codes_are_those_of_rfc_6238(void **state)
{
	static const char secret[] =
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"; /* "12345678901234567890" */
	static const struct {
		int64_t seconds;
		const char *code;
	} known[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
		     {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
	char code[TOTP_DIGITS + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(totp_code(secret, (uint64_t)known[i].seconds / 30, code), 0);
		assert_string_equal(code, known[i].code);
	}
	assert_int_equal(totp_code("short", 1, code), -1 * 22);
}

static void a_code_is_valid_once_and_for_a_short_time(void **state)
{
	char secret[TOTP_SECRET_TEXT_BYTES], code[TOTP_DIGITS + 1];
	uint64_t step = 1000, used;

	(void)state;
	totp_make(secret);
	totp_code(secret, step, code);
	assert_int_equal(totp_check(secret, code, 30000 * 1000, 0), step);
	assert_int_equal(totp_check(secret, code, 30000 * 1001, 0), step);
	assert_int_equal(totp_check(secret, code, 30000 * 999, 0), step);
	used = totp_check(secret, code, 30000 * 1000, step);
	assert_int_equal(used, 0);
	assert_int_equal(totp_check(secret, "", 30000 * 1000, 0), 0);
	assert_int_equal(totp_check(secret, "12345x", 30000 * 1000, 0), 0);
}

static void a_user_is_restored_from_the_record(void **state)
{
	struct user user = {.name = "anna",
			    .role = USER_MANAGER,
			    .disabled = true,
			    .hash = "$argon2id$x",
			    .created_unix_ms = 5},
		    back;
	struct users users = {0};
	json_t *json = user_json(&user), *bad = json_pack("{s:s}", "role", "king");

	(void)state;
	assert_int_equal(user_parse("anna", json, &back), 0);
	assert_memory_equal(&back, &user, sizeof(user));
	assert_true(user_parse("Anna", json, &back) < 0);
	assert_true(user_parse("anna", bad, &back) < 0);
	assert_null(user_find(&users, ""));
	for (unsigned i = 0; i < USERS_MAX; i++) {
		snprintf(user.name, sizeof(user.name), "u%u", i);
		assert_int_equal(user_put(&users, &user), 0);
	}
	assert_int_equal(user_put(&users, &user), 0);
	strcpy(user.name, "more");
	assert_true(user_put(&users, &user) < 0);
	json_decref(json);
	json_decref(bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_session_is_found_only_by_its_id, setup, teardown),
		cmocka_unit_test_setup_teardown(a_session_ends_when_idle_and_when_old, setup,
						teardown),
		cmocka_unit_test_setup_teardown(sessions_of_a_user_are_limited_and_end_together,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_table_drops_the_session_unused_longest,
						setup, teardown),
		cmocka_unit_test_setup_teardown(failed_log_ins_cause_longer_pauses, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_successful_log_in_is_not_counted, setup,
						teardown),
		cmocka_unit_test_setup_teardown(codes_are_those_of_rfc_6238, setup, teardown),
		cmocka_unit_test_setup_teardown(a_code_is_valid_once_and_for_a_short_time, setup,
						teardown),
		cmocka_unit_test(a_user_is_restored_from_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
