#include "unit.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "store/audit.h"
#include "store_helper.h"

/* setup: a closed log of 20 events and anchors after 10 and at the end */
static int setup(void **state)
{
	struct store_test *test = calloc(1, sizeof(*test));

	store_test_make_dir(test);
	for (int i = 0; i < 2; i++) {
		store_test_open(test);
		store_test_fill(test, "door.mode", 10);
		store_test_close(test);
	}
	*state = test;
	return 0;
}

static int teardown(void **state)
{
	store_test_remove_dir(*state);
	free(*state);
	return 0;
}

static struct audit_result verify(struct store_test *test)
{
	struct audit_result result;

	assert_int_equal(audit_verify(test->db, NULL, NULL, NULL, &result), 0);
	return result;
}

static void assert_bad(struct store_test *test, int64_t seq, const char *word)
{
	struct audit_result result = verify(test);

	assert_false(result.ok);
	if (strstr(result.verdict.detail, word) == NULL)
		fail_msg("expected \"%s\" in: %s", word, result.verdict.detail);
	assert_int_equal(result.bad_seq, seq);
}

static void an_untouched_log_is_good(void **state)
{
	struct audit_result result = verify(*state);

	if (!result.ok)
		fail_msg("%s", result.verdict.detail);
	assert_true(result.signatures_checked);
	assert_int_equal(result.first_seq, 1);
	assert_int_equal(result.rows,
			 23); /* 10, anchor at stop, anchor at start, 10, anchor at stop */
	assert_int_equal(result.last_seq, 23);
	assert_int_equal(result.anchors, 3);
}

static void an_edited_row_is_found(void **state)
{
	store_test_sql(*state, "UPDATE event SET data = '{\"v\":2}' WHERE seq = 5");
	assert_bad(*state, 5, "changed");
}

static void an_edited_time_is_found(void **state)
{
	store_test_sql(*state, "UPDATE event SET unix_ms = unix_ms + 1 WHERE seq = 1");
	assert_bad(*state, 1, "changed");
}

static void text_behind_a_zero_is_found(void **state)
{
	store_test_sql(*state, "UPDATE event SET data = data || char(0) || 'x' WHERE seq = 6");
	assert_bad(*state, 6, "changed");
}

static void a_removed_row_is_found(void **state)
{
	store_test_sql(*state, "DELETE FROM event WHERE seq = 5");
	assert_bad(*state, 5, "missing");
}

static void a_removed_beginning_is_found(void **state)
{
	store_test_sql(*state, "DELETE FROM event WHERE seq <= 5");
	assert_bad(*state, 1, "missing");
}

static void an_inserted_row_is_found(void **state)
{
	store_test_sql(
		*state,
		"UPDATE event SET seq = -seq WHERE seq > 5; UPDATE event SET seq = 1 - seq WHERE "
		"seq < 0; INSERT INTO event SELECT 6, id, unix_ms, type, severity, source, person, "
		"data, "
		"prev, hash FROM event WHERE seq = 5");
	assert_bad(*state, 6, "changed");
}

static void reordered_rows_are_found(void **state)
{
	store_test_sql(
		*state,
		"UPDATE event SET seq = -5 WHERE seq = 5; UPDATE event SET seq = 5 WHERE seq = 6;"
		"UPDATE event SET seq = 6 WHERE seq = -5");
	assert_bad(*state, 5, "changed");
}

static void a_cut_tail_is_found(void **state)
{
	store_test_sql(*state, "DELETE FROM event WHERE seq > 20");
	assert_bad(*state, 21, "cut off");
}

static void an_emptied_log_is_found(void **state)
{
	store_test_sql(*state, "DELETE FROM event");
	assert_bad(*state, 1, "cut off");
}

static void a_head_moved_back_is_found(void **state)
{
	store_test_sql(*state, "DELETE FROM event WHERE seq > 20; UPDATE mark SET seq = 20, hash = "
			       "(SELECT hash FROM "
			       "event WHERE seq = 20) WHERE kind = 'head'");
	assert_bad(*state, 20, "signature");
}

static void an_anchors_signature_does_not_pass_for_a_head(void **state)
{
	struct store_test *test = *state;
	uint8_t seed[32] = {7}, hash[DIGEST_BYTES] = {1}, signature[CRYPTO_SIGNATURE_BYTES];
	struct crypto_signer signer;

	(void)test;
	crypto_signer_init(&signer, seed);
	audit_sign(&signer, AUDIT_ANCHOR, 11, hash, signature);
	assert_true(audit_signature_is_good(signer.public_key, AUDIT_ANCHOR, 11, hash, signature));
	assert_false(audit_signature_is_good(signer.public_key, AUDIT_HEAD, 11, hash, signature));
	assert_false(audit_signature_is_good(signer.public_key, AUDIT_BASE, 11, hash, signature));
	assert_false(audit_signature_is_good(signer.public_key, AUDIT_ANCHOR, 12, hash, signature));
}

/* Drops the rows before the @p seq-th; all are as old as can be asked for. */
static void drop(struct store_test *test, int64_t to_seq, int expected)
{
	assert_int_equal(store_drop(test->store, INT64_MAX, to_seq, store_test_done, test), 0);
	store_test_settle(test);
	assert_int_equal(test->r, expected);
}

static void a_log_without_its_oldest_rows_is_good(void **state)
{
	struct store_test *test = *state;
	struct audit_result result;

	store_test_open(test);
	drop(test, 12, 0);
	assert_non_null(strstr(test->last_json, "\"first\":1,"));
	assert_non_null(strstr(test->last_json, "\"last\":12"));
	drop(test, 12, -ENODATA);
	store_test_close(test);
	result = verify(test);
	if (!result.ok)
		fail_msg("%s", result.verdict.detail);
	assert_true(result.signatures_checked);
	assert_int_equal(result.first_seq, 13);
	store_test_open(test);
	assert_int_equal(test->told[STORE_TAMPERED] + test->told[STORE_QUARANTINED], 0);
	drop(test, INT64_MAX, 0); /* down to the event that tells of it */
	store_test_close(test);
	result = verify(test);
	if (!result.ok)
		fail_msg("%s", result.verdict.detail);
	store_test_sql(test, "DELETE FROM event WHERE seq = (SELECT min(seq) FROM event)");
	assert_false(verify(test).ok);
}

/* by the program that was written from the page alone */
static void somebody_elses_program_accepts_it(void **state)
{
	const char *source = getenv("GH_SOURCE_DIR");
	struct store_test *test = *state;
	char path[128], command[512], error[AUDIT_TEXT_BYTES];
	FILE *out;

	store_test_open(test);
	drop(test, 12, 0);
	store_test_close(test);
	snprintf(path, sizeof(path), "%s/bundle", test->dir);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(audit_export(test->db, NULL, out, NULL, NULL, error), 0);
	assert_int_equal(fclose(out), 0);
	snprintf(command, sizeof(command),
		 "/usr/bin/python3 %s/tools/verify-audit --key %s/keys/anchor.pub %s | grep -q '13 "
		 "to'",
		 source != NULL ? source : ".", test->dir, path);
	if (access("/usr/bin/python3", X_OK) == 0)
		assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): words of ours */
}

static void only_rows_that_are_old_enough_go(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "door.mode"};

	store_test_open(test);
	drop(test, INT64_MAX, 0);
	for (int i = 0; i < 3;
	     i++) { /* 5000, 1000, 6000: a clock that was set back hides what is behind it */
		draft.unix_ms = i == 1 ? 1000 : 5000 + i * 500;
		assert_int_equal(store_append(test->store, &draft, store_test_done, test), 0);
	}
	store_test_settle(test);
	assert_int_equal(store_drop(test->store, 5000, INT64_MAX, store_test_done, test), 0);
	store_test_settle(test);
	assert_int_equal(test->r, -ENODATA); /* the event of the first drop is of today */
	store_test_close(test);
	assert_true(verify(test).ok);
}

static bool drop_meanwhile(void *arg, int64_t rows, int64_t last_seq)
{
	struct store_test *test = arg;

	(void)last_seq;
	for (int i = 0; rows == 4096 && i < 3; i++)
		drop(test, INT64_MAX, 0); /* past what was read */
	return true;
}

static void rows_may_be_dropped_while_the_log_is_verified(void **state)
{
	struct store_test *test = *state;
	struct audit_result result;

	store_test_open(test);
	store_test_fill(test, "door.mode", 10000);
	for (int i = 0; i < 2; i++)
		drop(test, 4000, 0);
	assert_int_equal(audit_verify(test->db, NULL, drop_meanwhile, test, &result), 0);
	if (!result.ok)
		fail_msg("%s", result.verdict.detail);
	store_test_close(test);
}

static void missing_marks_are_found(void **state)
{
	store_test_sql(*state, "DELETE FROM mark WHERE kind = 'head'");
	assert_bad(*state, 1, "signed end");
	store_test_sql(*state, "DELETE FROM mark");
	assert_bad(*state, 1, "signed beginning");
}

/* Whoever rewrites a row and all hashes after it still cannot sign. */
static void a_chain_made_anew_is_found(void **state)
{
	struct store_test *test = *state;
	struct event_row row = {
		.seq = 24, .id = "01HF7YAT00000000000000000A", .unix_ms = 1, .type = "door.mode"};
	struct audit_result before = verify(test);
	char sql[512], prev[DIGEST_HEX_BYTES], hash[DIGEST_HEX_BYTES];

	row.data = "{\"v\":1}";
	memcpy(row.prev, before.last_hash, sizeof(row.prev));
	event_hash(&row, row.hash);
	event_hash_text(row.prev, prev);
	event_hash_text(row.hash, hash);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO event VALUES (24, '%s', 1, 'door.mode', 0, '', '', '{\"v\":1}', "
		 "x'%s', x'%s')",
		 row.id, prev, hash);
	store_test_sql(test, sql);
	assert_bad(test, 24, "added by somebody else");
	snprintf(sql, sizeof(sql), "UPDATE mark SET seq = 24, hash = x'%s' WHERE kind = 'head'",
		 hash);
	store_test_sql(test, sql);
	assert_bad(test, 24, "signature");
}

static void another_key_is_found(void **state)
{
	struct store_test *test = *state;
	char path[128], error[CRYPTO_ERROR_BYTES];
	uint8_t key[32];

	snprintf(path, sizeof(path), "%s/other.pub", test->dir);
	assert_int_equal(crypto_key_create(path, key, 32, error), 0);
	struct audit_result result;
	assert_int_equal(audit_verify(test->db, path, NULL, NULL, &result), 0);
	assert_false(result.ok);
	assert_non_null(strstr(result.verdict.detail, "signature"));
}

static void without_a_key_the_chain_is_checked_and_that_is_said(void **state)
{
	struct store_test *test = *state;
	struct audit_result result;

	assert_int_equal(audit_verify(test->db, "/nonexistent/anchor.pub", NULL, NULL, &result), 0);
	assert_true(result.ok);
	assert_false(result.signatures_checked);
	assert_non_null(strstr(result.verdict.detail, "not checked"));
}

static void what_is_no_log_is_an_error_with_a_sentence(void **state)
{
	struct store_test *test = *state;
	struct audit_result result;
	FILE *file;

	assert_int_equal(audit_verify("/nonexistent/gate.db", NULL, NULL, NULL, &result), -ENOENT);
	assert_string_not_equal(result.verdict.detail, "");
	store_test_sql(test, "PRAGMA user_version = 9");
	assert_int_equal(audit_verify(test->db, NULL, NULL, NULL, &result), -EPROTO);
	assert_non_null(strstr(result.verdict.detail, "schema 9"));
	file = fopen(test->db, "w");
	assert_non_null(file);
	for (int i = 0; i < 10000; i++)
		fputs("rubbish", file);
	fclose(file);
	assert_int_equal(audit_verify(test->db, NULL, NULL, NULL, &result), -EBADMSG);
	assert_string_not_equal(result.verdict.detail, "");
}

static bool stop(void *arg, int64_t rows, int64_t last_seq)
{
	*(int64_t *)arg = rows + last_seq;
	return false;
}

static void progress_can_stop_it(void **state)
{
	struct store_test *test = *state;
	struct audit_result result;
	int64_t sum = 0;

	assert_int_equal(audit_verify(test->db, NULL, stop, &sum, &result), -ECANCELED);
	assert_int_equal(sum, 46);
}

#define WITH_LOG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_LOG(an_untouched_log_is_good),
		WITH_LOG(an_edited_row_is_found),
		WITH_LOG(an_edited_time_is_found),
		WITH_LOG(text_behind_a_zero_is_found),
		WITH_LOG(a_removed_row_is_found),
		WITH_LOG(a_removed_beginning_is_found),
		WITH_LOG(an_inserted_row_is_found),
		WITH_LOG(reordered_rows_are_found),
		WITH_LOG(a_cut_tail_is_found),
		WITH_LOG(an_emptied_log_is_found),
		WITH_LOG(a_head_moved_back_is_found),
		WITH_LOG(an_anchors_signature_does_not_pass_for_a_head),
		WITH_LOG(a_log_without_its_oldest_rows_is_good),
		WITH_LOG(somebody_elses_program_accepts_it),
		WITH_LOG(only_rows_that_are_old_enough_go),
		WITH_LOG(rows_may_be_dropped_while_the_log_is_verified),
		WITH_LOG(missing_marks_are_found),
		WITH_LOG(a_chain_made_anew_is_found),
		WITH_LOG(another_key_is_found),
		WITH_LOG(without_a_key_the_chain_is_checked_and_that_is_said),
		WITH_LOG(what_is_no_log_is_an_error_with_a_sentence),
		WITH_LOG(progress_can_stop_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
