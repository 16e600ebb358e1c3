#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_helper.h"

/* A file may grow no more: what a full disk does, without filling one. */
static void set_file_limit(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void replace_key(struct store_test *test, const char *name, bool with_another)
{
	char path[128], error[CRYPTO_ERROR_BYTES];
	uint8_t key[32];

	snprintf(path, sizeof(path), "%s/keys/%s", test->dir, name);
	assert_int_equal(unlink(path), 0);
	if (with_another)
		assert_int_equal(crypto_key_create(path, key, sizeof(key), error), 0);
}

static void a_wrong_or_missing_data_key_is_told_clearly(void **state)
{
	struct store_test *test = *state;
	char path[128];

	store_test_open(test);
	store_test_put_alice(test);
	store_test_close(test);
	replace_key(test, "data.key", true);
	store_test_start(test);
	store_test_wait_status(test, STORE_UNUSABLE);
	assert_non_null(
		strstr(test->text, "data.key: is not the key that gate.db was written with"));
	store_test_close(test);
	replace_key(test, "data.key", false);
	store_test_start(test);
	store_test_wait_status(test, STORE_UNUSABLE);
	assert_non_null(strstr(test->text, "put the key back"));
	store_test_close(test);
	snprintf(path, sizeof(path), "%s/keys/data.key", test->dir);
	assert_int_not_equal(access(path, F_OK), 0); /* none was made in its place */
}

static void a_damaged_file_is_set_aside(void **state)
{
	struct store_test *test = *state;
	FILE *file;

	store_test_open(test);
	store_test_fill(test, "door.mode", 3);
	store_test_close(test);
	file = fopen(test->db, "r+");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("rubbish", file);
	fclose(file);
	store_test_open(test);
	assert_int_equal(test->told[STORE_QUARANTINED], 1);
	assert_non_null(strstr(test->text, "gate.db.corrupt-"));
	store_test_fill(test, "door.mode", 1);
	assert_int_equal(test->r, 0);
	store_test_close(test);
	store_test_assert_log_good(test, 0);
}

/* Alice and two rows, then a file goes while it is in use, then one more. */
static void remove_while_used(struct store_test *test, const char *suffix)
{
	char path[256];

	store_test_open(test);
	store_test_put_alice(test);
	store_test_fill(test, "door.mode", 2);
	snprintf(path, sizeof(path), "%s%s", test->db, suffix);
	assert_int_equal(unlink(path), 0);
	store_test_fill(test, "door.mode", 1);
	assert_int_equal(test->r, 0);
	store_test_settle(test);
	assert_int_equal(test->told[STORE_TAMPERED], 1);
	assert_non_null(strstr(test->text, "written again, whole"));
	store_test_close(test);
	store_test_assert_log_good(test, 0);
	store_test_open(test);
	assert_int_equal(test->told[STORE_QUARANTINED], 0);
	assert_int_equal(test->people, 1);
	assert_int_equal(
		store_test_int(test, "SELECT count(*) FROM event WHERE type = 'door.mode'"), 3);
	store_test_close(test);
}

static void a_file_that_is_removed_while_used_is_written_again(void **state)
{
	remove_while_used(*state, "");
}

static void a_wal_that_is_removed_while_used_is_written_again(void **state)
{
	remove_while_used(*state, "-wal");
}

static void what_can_be_read_of_a_damaged_file_is_saved(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "command.accepted", .nonce_key = "key-1", .nonce = 41};

	store_test_open(test);
	store_test_put_alice(test);
	store_append(test->store, &draft, store_test_done, test);
	assert_int_equal(store_cursor_set(test->store, "mqtt", 2), 0);
	store_test_settle(test);
	store_test_close(test); /* rows 1 to 3 and an anchor */
	store_test_sql(test, "DROP TABLE event");
	store_test_open(test);
	assert_int_equal(test->told[STORE_QUARANTINED], 1);
	assert_non_null(
		strstr(test->text, "after row 4, 1 people came back from the last good copy"));
	assert_int_equal(test->people, 1);
	assert_int_equal(test->faces, 1);
	assert_int_equal(store_nonce_get(test->store, "key-1"), 41);
	assert_int_equal(store_cursor_get(test->store, "mqtt"), 2);
	store_test_fill(test, "door.mode", 1);
	assert_true(test->last_seq > 4);
	store_test_close(test);
	store_test_assert_log_good(test, 0);
}

/* What is left of gate.db between two places is rubbish. */
static void ruin(struct store_test *test, size_t from, size_t to)
{
	FILE *file = fopen(test->db, "r+");

	assert_non_null(file);
	assert_int_equal(fseek(file, (long)from, SEEK_SET), 0);
	for (size_t i = from; i < to; i++)
		fputc('x', file);
	fclose(file);
}

static void path_of(struct store_test *test, const char *name, char *path, size_t bytes)
{
	snprintf(path, bytes, "%s/%s", test->dir, name);
}

static void everybody_comes_back_from_the_copy(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "rule.changed"};
	json_t *json = json_pack("{s:s}", "name", "Stairs");

	store_test_open(test);
	store_test_put_alice(test);
	assert_int_equal(
		store_record_put(test->store, "rule", "r1", json, &draft, store_test_done, test),
		0);
	json_decref(json);
	store_test_settle(test);
	store_test_close(test);
	ruin(test, 0, 200000); /* nothing of it can be read */
	store_test_open(test);
	assert_int_equal(test->told[STORE_QUARANTINED], 1);
	assert_non_null(strstr(test->text, "1 people came back from the last good copy"));
	assert_int_equal(test->people, 1);
	assert_string_equal(test->person.name, "Alice Plaintext");
	assert_int_equal(test->faces, 1);
	assert_true(test->vector[511] == 511);
	assert_string_equal(test->record, "rule/r1");
	store_test_close(test);
	store_test_assert_log_good(test, 0);
	ruin(test, 0, 200000); /* and once more: the copy went on with the new file */
	store_test_open(test);
	assert_int_equal(test->people, 1);
	assert_int_equal(test->faces, 1);
}

static void a_seq_is_not_given_twice_when_the_log_is_lost(void **state)
{
	struct store_test *test = *state;
	int64_t last;

	store_test_open(test);
	store_test_fill(test, "door.mode", 50);
	store_test_put_alice(test);
	store_test_close(test);
	store_test_open(test);
	last = store_last_seq(test->store);
	store_test_close(test);
	assert_int_equal(unlink(test->db), 0);
	store_test_open(test);
	assert_int_equal(test->told[STORE_QUARANTINED], 1);
	assert_int_equal(test->people, 1);
	store_test_fill(test, "door.mode", 1);
	assert_true(test->last_seq > last);
	store_test_close(test);
	store_test_assert_log_good(test, 0);
}

static void an_older_file_put_back_is_noticed(void **state)
{
	struct store_test *test = *state;
	char older[128];

	path_of(test, "older.db", older, sizeof(older));
	store_test_open(test);
	store_test_put_alice(test);
	store_test_close(test);
	store_test_copy(test->db, older);
	store_test_open(test);
	store_test_remove(test, store_test_alice);
	store_test_close(test);
	assert_int_equal(rename(older, test->db), 0);
	store_test_open(test);
	assert_int_equal(test->told[STORE_QUARANTINED], 1);
	assert_non_null(strstr(test->text, "ended at row 3 though row"));
	assert_int_equal(test->people, 0); /* who was removed does not come back */
}

static void somebody_erased_is_in_no_file(void **state)
{
	struct store_test *test = *state;
	char path[128];
	struct stat at;

	store_test_open(test);
	store_test_put_alice(test);
	store_test_close(test);
	store_test_open(test);
	store_test_remove(test, store_test_alice);
	path_of(test, "roster.db-wal", path, sizeof(path));
	assert_int_equal(stat(path, &at), 0);
	assert_int_equal(at.st_size, 0); /* emptied before the answer */
	store_test_close(test);
	ruin(test, 0, 200000);
	store_test_open(test);
	assert_int_equal(test->told[STORE_QUARANTINED], 1);
	assert_int_equal(test->people + test->faces, 0);
}

static void a_damaged_copy_is_told_and_made_anew(void **state)
{
	struct store_test *test = *state;
	char good[sizeof(test->db)], copy[128];

	path_of(test, "roster.db", copy, sizeof(copy));
	store_test_open(test);
	store_test_put_alice(test);
	store_test_close(test);
	memcpy(good, test->db, sizeof(good));
	snprintf(test->db, sizeof(test->db), "%.90s", copy);
	ruin(test, 0, 40000);
	memcpy(test->db, good, sizeof(good));
	store_test_open(test);
	store_test_wait_status(test, STORE_REPLICA_RENEWED);
	assert_int_equal(test->people, 1);
	store_test_close(test);
	ruin(test, 0, 200000);
	store_test_open(test);
	assert_int_equal(test->people, 1);
	assert_int_equal(test->faces, 1);
}

static void a_file_somebody_changed_is_told_at_start(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_fill(test, "door.mode", 9);
	store_test_close(test);
	store_test_sql(test, "DELETE FROM event WHERE seq > 7");
	store_test_open(test);
	assert_int_equal(test->told[STORE_TAMPERED], 1);
	store_test_fill(test, "door.mode", 1);
	assert_true(test->last_seq >
		    10); /* the seqs of the rows that were cut off are not given again */
}

static void a_full_disk_delays_and_loses_nothing(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "door.mode"};
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);

	store_test_open(test);
	store_test_fill(test, "door.mode", 10);
	draft.data = json_pack("{s:s}", "text", "a kilobyte would do as well as this sentence");
	set_file_limit(512 * 1024);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(store_append(test->store, &draft, store_test_done, test), 0);
	store_test_wait_status(test, STORE_FAILED);
	assert_non_null(strstr(test->text, "cannot be written"));
	assert_true(store_pending(test->store) > 0);
	assert_int_equal(test->told[STORE_RESTORED], 0);
	set_file_limit(RLIM_INFINITY);
	store_test_settle(test);
	store_test_wait_status(test, STORE_RESTORED);
	json_decref(draft.data);
	assert_int_equal(test->told[STORE_FAILED], 1);
	assert_int_equal(test->answered, 20010);
	assert_int_equal(test->last_seq, 20010);
	assert_true(test->in_order);
	store_test_close(test);
	store_test_assert_log_good(test, 20011);
	(void)signal(SIGXFSZ, before);
}

static void closing_on_a_full_disk_ends_and_says_what_is_lost(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "door.mode"};
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);

	store_test_open(test);
	store_test_fill(test, "door.mode", 10);
	set_file_limit(16 * 1024);
	for (int i = 0; i < 100; i++)
		store_append(test->store, &draft, store_test_done, test);
	store_test_wait_status(test, STORE_FAILED);
	store_test_close(test);
	set_file_limit(RLIM_INFINITY);
	assert_int_equal(test->answered, 110);
	assert_int_equal(test->r, -ECANCELED);
	store_test_assert_log_good(test, 10);
	(void)signal(SIGXFSZ, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_wrong_or_missing_data_key_is_told_clearly),
		STORE_TEST(a_damaged_file_is_set_aside),
		STORE_TEST(a_file_that_is_removed_while_used_is_written_again),
		STORE_TEST(a_wal_that_is_removed_while_used_is_written_again),
		STORE_TEST(what_can_be_read_of_a_damaged_file_is_saved),
		STORE_TEST(everybody_comes_back_from_the_copy),
		STORE_TEST(a_seq_is_not_given_twice_when_the_log_is_lost),
		STORE_TEST(an_older_file_put_back_is_noticed),
		STORE_TEST(somebody_erased_is_in_no_file),
		STORE_TEST(a_damaged_copy_is_told_and_made_anew),
		STORE_TEST(a_file_somebody_changed_is_told_at_start),
		STORE_TEST(a_full_disk_delays_and_loses_nothing),
		STORE_TEST(closing_on_a_full_disk_ends_and_says_what_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
