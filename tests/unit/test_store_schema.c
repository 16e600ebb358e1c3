/* The schema and how a file of an older one is upgraded, by a made-up version 2. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/schema.h"
#include "store_helper.h"

enum { MADE_UP_ROWS = 200, KILOBYTE = 1024 };

#define MADE_UP_TABLE "CREATE TABLE made_up (place INTEGER PRIMARY KEY, filling BLOB);"

/* It writes 200 kB, so that a process may end in the middle of it. Done twice it would fail. */
static const char to_2[] = MADE_UP_TABLE "INSERT INTO made_up WITH RECURSIVE n (place) AS (SELECT "
					 "1 UNION ALL SELECT place + 1 FROM n "
					 "WHERE place < 200) SELECT place, zeroblob(1024) FROM n";
static const char to_2_wrong[] = MADE_UP_TABLE "INSERT INTO missing VALUES (1)";
static const char *const upgrades[] = {to_2}, *const wrong_upgrades[] = {to_2_wrong};
static char create_gate[8192], create_replica[4096];
static const struct schema gate_2 = {.version = 2, .create = create_gate, .upgrades = upgrades};
static const struct schema gate_2_wrong = {
	.version = 2, .create = create_gate, .upgrades = wrong_upgrades};
static const struct schema replica_2 = {
	.version = 2, .create = create_replica, .upgrades = upgrades};

static int make_schemas(void **state)
{
	(void)state;
	snprintf(create_gate, sizeof(create_gate), "%s;" MADE_UP_TABLE, schema_gate.create);
	snprintf(create_replica, sizeof(create_replica), "%s;" MADE_UP_TABLE,
		 schema_replica.create);
	return 0;
}

/* A file of version 1 with one person. */
static void make_version_1(struct store_test *test)
{
	store_test_open(test);
	store_test_put_alice(test);
	store_test_close(test);
	assert_int_equal(store_test_int(test, "PRAGMA user_version"), 1);
}

static void use_version_2(struct store_test *test)
{
	test->schema = &gate_2;
	test->replica_schema = &replica_2;
}

static int64_t in_replica(struct store_test *test, const char *sql)
{
	char gate[sizeof(test->db)];
	int64_t value;

	memcpy(gate, test->db, sizeof(gate));
	snprintf(test->db, sizeof(test->db), "%s/roster.db", test->dir);
	value = store_test_int(test, sql);
	memcpy(test->db, gate, sizeof(gate));
	return value;
}

static void a_new_file_has_the_newest_version(void **state)
{
	struct store_test *test = *state;

	use_version_2(test);
	store_test_open(test);
	store_test_put_alice(test);
	store_test_close(test);
	assert_int_equal(store_test_int(test, "PRAGMA user_version"), 2);
	assert_int_equal(in_replica(test, "PRAGMA user_version"), 2);
	assert_int_equal(store_test_int(test, "SELECT count(*) FROM made_up"),
			 0); /* no upgrade ran */
}

static void an_older_file_is_upgraded_once(void **state)
{
	struct store_test *test = *state;

	make_version_1(test);
	use_version_2(test);
	for (int time = 0; time < 2; time++) {
		store_test_open(test);
		assert_int_equal(test->people, 1);
		assert_int_equal(test->faces, 1);
		assert_int_equal(test->told[STORE_TAMPERED] + test->told[STORE_QUARANTINED] +
					 test->told[STORE_REPLICA_RENEWED] +
					 test->told[STORE_FAILED],
				 0);
		store_test_fill(test, "door.mode", 1);
		assert_int_equal(test->r, 0);
		store_test_close(test);
		assert_int_equal(store_test_int(test, "PRAGMA user_version"), 2);
		assert_int_equal(store_test_int(test, "SELECT count(*) FROM made_up"),
				 MADE_UP_ROWS);
		assert_int_equal(in_replica(test, "PRAGMA user_version"), 2);
		assert_int_equal(in_replica(test, "SELECT count(*) FROM made_up"), MADE_UP_ROWS);
	}
}

/*
 * The roster of a gate.db that is damaged at the first start of a new program comes from the old
 * program's replica.
 */
static void a_damaged_file_is_recovered_from_an_older_replica(void **state)
{
	struct store_test *test = *state;
	FILE *file;

	make_version_1(test);
	file = fopen(test->db, "r+");
	assert_non_null(file);
	for (int i = 0; i < 100000; i++)
		fputc('x', file);
	fclose(file);
	use_version_2(test);
	store_test_open(test);
	assert_int_equal(test->told[STORE_QUARANTINED], 1);
	assert_int_equal(test->people, 1);
	assert_int_equal(test->faces, 1);
}

static void an_upgrade_that_is_wrong_changes_nothing(void **state)
{
	struct store_test *test = *state;
	int64_t version = 0;
	struct db *db;

	make_version_1(test);
	assert_int_equal(db_open(test->db, false, &db, NULL), 0);
	assert_int_equal(schema_upgrade(db, &gate_2_wrong, 1), -EINVAL);
	assert_false(db_in_transaction(db));
	assert_int_equal(schema_version(db, &version), 0);
	assert_int_equal(version, 1);
	assert_int_equal(db_run(db, "SELECT 1 FROM made_up"),
			 -EINVAL); /* its first statement is undone */
	assert_int_equal(schema_upgrade(db, &schema_gate, 1), 0); /* nothing to do */
	db_close(db);
}

static void set_file_limit(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_delays_an_upgrade(void **state)
{
	struct store_test *test = *state;
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);

	make_version_1(test);
	use_version_2(test);
	set_file_limit(1);
	store_test_start(test);
	store_test_wait_status(test, STORE_FAILED);
	store_test_close(test);
	set_file_limit(RLIM_INFINITY);
	assert_int_equal(store_test_int(test, "PRAGMA user_version"), 1);
	store_test_open(test);
	assert_int_equal(test->people, 1);
	assert_int_equal(store_test_int(test, "SELECT count(*) FROM made_up"), MADE_UP_ROWS);
	(void)signal(SIGXFSZ, before);
}

/*
 * In a process of its own, which the kernel ends when a file grows above @p bytes. @return whether
 * it ended so
 */
static bool upgrade_and_die(const char *path, rlim_t bytes)
{
	const struct rlimit no_core = {0, 0}, file = {bytes, bytes};
	struct db *db;
	int status, r;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)signal(SIGXFSZ, SIG_DFL);
		if (setrlimit(RLIMIT_CORE, &no_core) < 0 || setrlimit(RLIMIT_FSIZE, &file) < 0)
			_exit(2);
		r = db_open(path, false, &db, NULL);
		_exit(r < 0 || schema_upgrade(db, &gate_2, 1) < 0 ||
		      db_run(db, "PRAGMA wal_checkpoint") < 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) ? WTERMSIG(status) == SIGXFSZ : WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status);
}

static void a_crash_leaves_the_old_version_or_the_new_one(void **state)
{
	struct store_test *test = *state;
	char good[128], path[128], wal[136];
	unsigned crashes = 0, old = 0;
	bool crashed = true;

	make_version_1(test);
	snprintf(good, sizeof(good), "%s/good.db", test->dir);
	snprintf(path, sizeof(path), "%s/upgraded.db", test->dir);
	snprintf(wal, sizeof(wal), "%s-wal", path);
	store_test_copy(test->db, good);
	for (rlim_t bytes = 32 * KILOBYTE; crashed; bytes += 16 * KILOBYTE) {
		int64_t version, rows = 0;
		struct db *db;

		assert_true(bytes < 4096 * KILOBYTE);
		(void)unlink(wal);
		store_test_copy(good, path);
		crashed = upgrade_and_die(path, bytes);
		crashes += crashed;
		assert_int_equal(db_open(path, false, &db, NULL), 0);
		assert_int_equal(db_quick_check(db), 0);
		assert_int_equal(schema_version(db, &version), 0);
		if (version == 2)
			assert_int_equal(db_int(db, "SELECT count(*) FROM made_up", &rows), 0);
		else
			assert_int_equal(db_run(db, "SELECT 1 FROM made_up"), -EINVAL);
		assert_int_equal(rows, version == 2 ? MADE_UP_ROWS : 0);
		old += version == 1;
		db_close(db);
	}
	assert_true(crashes >= 5 && old >= 5 && old <= crashes);
}

static void a_newer_schema_is_refused_and_not_touched(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "door.mode"};
	char before[64], after[64];
	struct stat at;

	store_test_open(test);
	store_test_fill(test, "door.mode", 3);
	store_test_close(test);
	store_test_sql(test, "PRAGMA user_version = 7");
	assert_int_equal(stat(test->db, &at), 0);
	snprintf(before, sizeof(before), "%ld.%09ld %ld", at.st_mtim.tv_sec, at.st_mtim.tv_nsec,
		 at.st_size);
	store_test_start(test);
	assert_int_equal(store_append(test->store, &draft, store_test_done, test), 0);
	store_test_wait_status(test, STORE_UNUSABLE);
	assert_non_null(
		strstr(test->text, "schema 7, this program knows 1: install the newer version"));
	store_test_settle(test);
	assert_int_equal(test->r, -EIO);
	assert_int_equal(store_append(test->store, &draft, NULL, NULL), -EIO);
	store_test_close(test);
	assert_int_equal(stat(test->db, &at), 0);
	snprintf(after, sizeof(after), "%ld.%09ld %ld", at.st_mtim.tv_sec, at.st_mtim.tv_nsec,
		 at.st_size);
	assert_string_equal(before, after);
}

static void a_version_that_nobody_wrote_is_damage(void **state)
{
	struct store_test *test = *state;

	make_version_1(test);
	store_test_sql(test, "PRAGMA user_version = -3");
	store_test_open(test);
	assert_int_equal(test->told[STORE_QUARANTINED], 1);
	assert_int_equal(test->people, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_new_file_has_the_newest_version),
		STORE_TEST(an_older_file_is_upgraded_once),
		STORE_TEST(a_damaged_file_is_recovered_from_an_older_replica),
		STORE_TEST(an_upgrade_that_is_wrong_changes_nothing),
		STORE_TEST(a_full_disk_delays_an_upgrade),
		STORE_TEST(a_crash_leaves_the_old_version_or_the_new_one),
		STORE_TEST(a_newer_schema_is_refused_and_not_touched),
		STORE_TEST(a_version_that_nobody_wrote_is_damage),
	};

	return cmocka_run_group_tests(tests, make_schemas, NULL);
}
