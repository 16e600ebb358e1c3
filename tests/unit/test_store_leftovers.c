/* What a crash or a power cut left half done in the state folder, at the next start. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store_helper.h"

static char *beside(const struct store_test *test, const char *name)
{
	static char paths[4][128];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", test->dir, name);
	return path;
}

static void put_file(const char *path)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs("rubbish", file);
	fclose(file);
}

/* Alice and three rows, closed; then one step more of putting gate.db in its place. */
static void end_before_it_is_in_place(struct store_test *test)
{
	store_test_open(test);
	store_test_put_alice(test);
	store_test_fill(test, "door.mode", 3);
	store_test_close(test);
	assert_int_equal(rename(test->db, beside(test, "gate.db.pending")), 0);
}

static void assert_all_is_there(struct store_test *test, unsigned told)
{
	store_test_open(test);
	assert_int_equal(test->told[STORE_TAMPERED], told);
	assert_int_equal(test->told[STORE_QUARANTINED], 0);
	assert_int_equal(test->people, 1);
	assert_int_equal(
		store_test_int(test, "SELECT count(*) FROM event WHERE type = 'door.mode'"), 3);
	assert_int_not_equal(access(beside(test, "gate.db.pending"), F_OK), 0);
	store_test_fill(test, "door.closed", 1);
	store_test_close(test);
	store_test_assert_log_good(test, 0);
}

static void a_whole_copy_takes_the_place_of_a_missing_file(void **state)
{
	struct store_test *test = *state;

	end_before_it_is_in_place(test);
	put_file(beside(test, "gate.db-wal")); /* of the one that went: it belongs to no other */
	assert_all_is_there(test, 1);
	assert_non_null(strstr(test->text, "gate.db.pending, which took its place"));
}

static void a_whole_copy_takes_the_place_of_an_older_file(void **state)
{
	struct store_test *test = *state;

	store_test_open(test);
	store_test_close(test);
	store_test_copy(test->db, beside(test, "before"));
	end_before_it_is_in_place(test);
	store_test_copy(beside(test, "before"), test->db);
	assert_all_is_there(test, 1);
}

static void a_whole_copy_that_is_older_goes(void **state)
{
	struct store_test *test = *state;

	end_before_it_is_in_place(test);
	store_test_copy(beside(test, "gate.db.pending"), test->db);
	assert_all_is_there(test, 0);
}

static void what_a_crash_left_half_done_is_removed(void **state)
{
	static const char *const left[] = {"export-01HF7YAT.zip", "export-01HF7YAT.zip.a1b2c3",
					   "gate.db.restoring", "gate.db.part",
					   "keys/anchor.key.1.new"};
	static const char *const kept[] = {"gate.db.corrupt-20260101T000000Z", "backups.json",
					   "doors", "keys/other.key"};
	struct store_test *test = *state;

	store_test_open(test);
	store_test_close(test);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		put_file(beside(test, left[i]));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		put_file(beside(test, kept[i]));
	store_test_open(test);
	for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++)
		assert_int_not_equal(access(beside(test, left[i]), F_OK), 0);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		assert_int_equal(access(beside(test, kept[i]), F_OK), 0);
	store_test_close(test);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_whole_copy_takes_the_place_of_a_missing_file),
		STORE_TEST(a_whole_copy_takes_the_place_of_an_older_file),
		STORE_TEST(a_whole_copy_that_is_older_goes),
		STORE_TEST(what_a_crash_left_half_done_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
