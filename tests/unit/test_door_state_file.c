#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/door_state_file.h"

static char folder[64], path[80];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/gatehouse-doors-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/doors", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	rmdir(folder);
	return 0;
}

static struct door_state_file *open_book(void)
{
	struct door_state_file *file = NULL;

	assert_int_equal(door_state_file_open(folder, &file), 0);
	return file;
}

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void what_was_put_is_found_after_a_restart(void **state)
{
	const struct door_memory down = {.mode = DOOR_MODE_LOCKED_DOWN,
					 .before = DOOR_MODE_UNLOCKED},
				 fire = {.mode = DOOR_MODE_BLOCKED,
					 .before = DOOR_MODE_LOCKED,
					 .fire = true};
	struct door_state_file *file = open_book();
	struct door_memory found;

	(void)state;
	assert_int_equal(door_state_file_find(file, "main").mode, DOOR_MODE_LOCKED);
	for (int i = 0; i < 100; i++) /* only the last counts */
		door_state_file_put(file, "main", i % 2 == 0 ? &fire : &down);
	door_state_file_put(file, "side", &fire);
	door_state_file_close(file);
	file = open_book();
	assert_int_equal(door_state_file_find(file, "main").mode, DOOR_MODE_LOCKED_DOWN);
	assert_int_equal(door_state_file_find(file, "main").before, DOOR_MODE_UNLOCKED);
	found = door_state_file_find(file, "side");
	assert_true(found.fire);
	assert_int_equal(found.mode, DOOR_MODE_BLOCKED);
	door_state_file_close(file);
}

static void what_did_not_change_is_not_written(void **state)
{
	const struct door_memory open = {.mode = DOOR_MODE_UNLOCKED, .before = DOOR_MODE_LOCKED};
	struct door_state_file *file = open_book();
	struct stat before, after;

	(void)state;
	door_state_file_put(file, "main", &open);
	door_state_file_close(file);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	file = open_book();
	door_state_file_put(file, "main", &open);
	door_state_file_close(file);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void a_foreign_or_cut_file_locks(void **state)
{
	struct door_state_file *file;

	(void)state;
	write_file("main Ajar Locked 0\nside Unlocked Locked 0\n\xff\xfe\nback Unlocked Loc");
	file = open_book();
	assert_int_equal(door_state_file_find(file, "main").mode, DOOR_MODE_LOCKED);
	assert_int_equal(door_state_file_find(file, "side").mode, DOOR_MODE_UNLOCKED);
	assert_int_equal(door_state_file_find(file, "back").mode, DOOR_MODE_LOCKED);
	door_state_file_close(file);
}

static void a_disk_that_takes_nothing_stops_nobody(void **state)
{
	const struct door_memory open = {.mode = DOOR_MODE_UNLOCKED, .before = DOOR_MODE_LOCKED};
	struct door_state_file *file = open_book();

	(void)state;
	rmdir(folder);
	door_state_file_put(file, "main", &open);
	assert_int_equal(door_state_file_find(file, "main").mode, DOOR_MODE_UNLOCKED);
	door_state_file_close(file);
}

static void settled_when_it_is_on_disk(void **state)
{
	struct door_state_file *file = open_book();
	const struct door_memory open = {.mode = DOOR_MODE_UNLOCKED, .before = DOOR_MODE_LOCKED};
	struct door_state_file *after;
	int r = -1;

	(void)state;
	assert_int_equal(door_state_file_settled(file, &r), 0);
	assert_int_equal(door_state_file_last(file), 0);
	door_state_file_put(file, "main", &open);
	assert_int_equal(door_state_file_last(file), 1);
	while (door_state_file_settled(file, &r) < 1)
		assert_int_equal(
			poll(&(struct pollfd){.fd = door_state_file_fd(file), .events = POLLIN}, 1,
			     10000),
			1);
	assert_int_equal(r, 0);
	after = open_book(); /* as after a crash: the first was not closed */
	assert_int_equal(door_state_file_find(after, "main").mode, DOOR_MODE_UNLOCKED);
	door_state_file_close(after);
	door_state_file_close(file);
}

static void settled_with_what_went_wrong(void **state)
{
	struct door_state_file *file = open_book();
	const struct door_memory open = {.mode = DOOR_MODE_UNLOCKED, .before = DOOR_MODE_LOCKED};
	int r = 0;

	(void)state;
	assert_int_equal(rmdir(folder), 0);
	door_state_file_put(file, "main", &open);
	while (door_state_file_settled(file, &r) < 1)
		assert_int_equal(
			poll(&(struct pollfd){.fd = door_state_file_fd(file), .events = POLLIN}, 1,
			     10000),
			1);
	assert_int_equal(r, -ENOENT);
	assert_int_equal(mkdir(folder, 0700), 0);
	door_state_file_close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(settled_when_it_is_on_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(settled_with_what_went_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_put_is_found_after_a_restart, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_did_not_change_is_not_written, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_foreign_or_cut_file_locks, setup, teardown),
		cmocka_unit_test_setup_teardown(a_disk_that_takes_nothing_stops_nobody, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
