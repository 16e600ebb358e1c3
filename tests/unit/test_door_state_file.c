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

static struct door_book *open_book(void)
{
	struct door_book *book = NULL;

	assert_int_equal(door_book_open(folder, &book), 0);
	return book;
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
	const struct door_memory down = {.mode = DOOR_MODE_LOCKED_DOWN, .before = DOOR_MODE_UNLOCKED},
				 fire = {.mode = DOOR_MODE_BLOCKED, .before = DOOR_MODE_LOCKED, .fire = true};
	struct door_book *book = open_book();
	struct door_memory found;

	(void)state;
	assert_int_equal(door_book_find(book, "main").mode, DOOR_MODE_LOCKED);
	for (int i = 0; i < 100; i++) /* only the last counts */
		door_book_put(book, "main", i % 2 == 0 ? &fire : &down);
	door_book_put(book, "side", &fire);
	door_book_close(book);
	book = open_book();
	assert_int_equal(door_book_find(book, "main").mode, DOOR_MODE_LOCKED_DOWN);
	assert_int_equal(door_book_find(book, "main").before, DOOR_MODE_UNLOCKED);
	found = door_book_find(book, "side");
	assert_true(found.fire);
	assert_int_equal(found.mode, DOOR_MODE_BLOCKED);
	door_book_close(book);
}

static void what_did_not_change_is_not_written(void **state)
{
	const struct door_memory open = {.mode = DOOR_MODE_UNLOCKED, .before = DOOR_MODE_LOCKED};
	struct door_book *book = open_book();
	struct stat before, after;

	(void)state;
	door_book_put(book, "main", &open);
	door_book_close(book);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	book = open_book();
	door_book_put(book, "main", &open);
	door_book_close(book);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void a_foreign_or_cut_file_locks(void **state)
{
	struct door_book *book;

	(void)state;
	write_file("main Ajar Locked 0\nside Unlocked Locked 0\n\xff\xfe\nback Unlocked Loc");
	book = open_book();
	assert_int_equal(door_book_find(book, "main").mode, DOOR_MODE_LOCKED);
	assert_int_equal(door_book_find(book, "side").mode, DOOR_MODE_UNLOCKED);
	assert_int_equal(door_book_find(book, "back").mode, DOOR_MODE_LOCKED);
	door_book_close(book);
}

static void a_disk_that_takes_nothing_stops_nobody(void **state)
{
	const struct door_memory open = {.mode = DOOR_MODE_UNLOCKED, .before = DOOR_MODE_LOCKED};
	struct door_book *book = open_book();

	(void)state;
	rmdir(folder);
	door_book_put(book, "main", &open);
	assert_int_equal(door_book_find(book, "main").mode, DOOR_MODE_UNLOCKED);
	door_book_close(book);
}

static void settled_when_it_is_on_disk(void **state)
{
	struct door_book *book = open_book();
	const struct door_memory open = {.mode = DOOR_MODE_UNLOCKED, .before = DOOR_MODE_LOCKED};
	struct door_book *after;
	int r = -1;

	(void)state;
	assert_int_equal(door_book_settled(book, &r), 0);
	assert_int_equal(door_book_last(book), 0);
	door_book_put(book, "main", &open);
	assert_int_equal(door_book_last(book), 1);
	while (door_book_settled(book, &r) < 1)
		assert_int_equal(poll(&(struct pollfd){.fd = door_book_fd(book), .events = POLLIN}, 1, 10000),
				 1);
	assert_int_equal(r, 0);
	after = open_book(); /* as after a crash: the first was not closed */
	assert_int_equal(door_book_find(after, "main").mode, DOOR_MODE_UNLOCKED);
	door_book_close(after);
	door_book_close(book);
}

static void settled_with_what_went_wrong(void **state)
{
	struct door_book *book = open_book();
	const struct door_memory open = {.mode = DOOR_MODE_UNLOCKED, .before = DOOR_MODE_LOCKED};
	int r = 0;

	(void)state;
	assert_int_equal(rmdir(folder), 0);
	door_book_put(book, "main", &open);
	while (door_book_settled(book, &r) < 1)
		assert_int_equal(poll(&(struct pollfd){.fd = door_book_fd(book), .events = POLLIN}, 1, 10000),
				 1);
	assert_int_equal(r, -ENOENT);
	assert_int_equal(mkdir(folder, 0700), 0);
	door_book_close(book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(settled_when_it_is_on_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(settled_with_what_went_wrong, setup, teardown),
		cmocka_unit_test_setup_teardown(what_was_put_is_found_after_a_restart, setup, teardown),
		cmocka_unit_test_setup_teardown(what_did_not_change_is_not_written, setup, teardown),
		cmocka_unit_test_setup_teardown(a_foreign_or_cut_file_locks, setup, teardown),
		cmocka_unit_test_setup_teardown(a_disk_that_takes_nothing_stops_nobody, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
