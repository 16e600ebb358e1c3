#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include "store_helper.h"

struct page {
	struct store_test *test;
	int r;
	size_t count;
	int64_t first, last;
	bool done;
	unsigned nth; /* of the answers */
	char json[512];
};

static unsigned answers;

static void on_rows(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct page *page = arg;

	page->done = true;
	page->nth = ++answers;
	page->r = r;
	page->count = count;
	if (count == 0)
		return;
	page->first = rows[0].seq;
	page->last = rows[count - 1].seq;
	snprintf(page->json, sizeof(page->json), "%s", rows[0].json);
}

static struct page ask(struct store_test *test, const struct store_filter *filter)
{
	struct page page = {.test = test};

	assert_int_equal(store_query_events(test->store, filter, on_rows, &page), 0);
	while (!page.done)
		store_test_wait(test);
	assert_int_equal(page.r, 0);
	return page;
}

static void fill_for_queries(struct store_test *test)
{
	struct event_draft draft = {.type = "door.mode"};

	store_test_open(test);
	for (int i = 1; i <= 300; i++) {
		draft.type = i % 3 == 0   ? "door.mode"
			     : i % 3 == 1 ? "door.forced"
					  : "access.granted";
		draft.person = i % 10 == 0 ? store_test_alice : NULL;
		draft.unix_ms = 1000000 + i * 1000;
		assert_int_equal(store_append(test->store, &draft, NULL, NULL), 0);
	}
	store_test_settle(test);
}

static void pages_follow_each_other_both_ways(void **state)
{
	struct store_test *test = *state;
	struct page page;

	fill_for_queries(test);
	page = ask(test, &(struct store_filter){.limit = 100});
	assert_int_equal(page.count, 100);
	assert_int_equal(page.first, 300);
	assert_int_equal(page.last, 201);
	page = ask(test, &(struct store_filter){.limit = 1000, .before_seq = page.last});
	assert_int_equal(page.count, 200);
	assert_int_equal(page.first, 200);
	page = ask(test, &(struct store_filter){.limit = 10, .after_seq = 295, .ascending = true});
	assert_int_equal(page.count, 5);
	assert_int_equal(page.first, 296);
	assert_non_null(strstr(page.json, "\"seq\":296,"));
	assert_null(strstr(page.json, "\"hash\""));
	page = ask(test, &(struct store_filter){.limit = 1, .hashes = true});
	assert_non_null(strstr(page.json, "\"hash\""));
	page = ask(test, &(struct store_filter){.limit = 1, .after_seq = 300});
	assert_int_equal(page.count, 0);
}

static void filters_pick_type_person_and_time(void **state)
{
	struct store_test *test = *state;
	struct page page;

	fill_for_queries(test);
	page = ask(test, &(struct store_filter){.limit = 1000, .type = "door.mode"});
	assert_int_equal(page.count, 100);
	assert_int_equal(page.first, 300);
	page = ask(test, &(struct store_filter){.limit = 1000, .type = "door."});
	assert_int_equal(page.count, 200);
	page = ask(test, &(struct store_filter){.limit = 3, .type = "door.", .ascending = true});
	assert_int_equal(page.first, 1);
	assert_int_equal(page.last, 4);
	page = ask(test, &(struct store_filter){.limit = 9, .type = "nothing."});
	assert_int_equal(page.count, 0);
	page = ask(test, &(struct store_filter){.limit = 1000, .person = store_test_alice});
	assert_int_equal(page.count, 30);
	page = ask(test, &(struct store_filter){
				 .limit = 1000, .person = store_test_alice, .type = "door.mode"});
	assert_int_equal(page.count, 10);
	page = ask(test, &(struct store_filter){.limit = 1000,
						.from_unix_ms = 1000000 + 5000,
						.to_unix_ms = 1000000 + 9000});
	assert_int_equal(page.count, 4);
	assert_int_equal(page.first, 8);
	assert_int_equal(page.last, 5);
	page = ask(test, &(struct store_filter){.limit = 1000, .from_unix_ms = 9000000});
	assert_int_equal(page.count, 0);
}

static void questions_out_of_range_are_refused(void **state)
{
	struct store_test *test = *state;
	struct page page = {.test = test};
	unsigned asked = 0;

	store_test_start(test);
	assert_int_equal(store_fetch_outbox(test->store, 0, 10, on_rows, &page), -EAGAIN);
	store_test_wait_status(test, STORE_READY);
	assert_int_equal(store_fetch_outbox(test->store, 0, 0, on_rows, &page), -EINVAL);
	assert_int_equal(store_fetch_outbox(test->store, 0, STORE_ROWS_MAX + 1, on_rows, &page),
			 -EINVAL);
	assert_int_equal(store_fetch_outbox(test->store, -1, 1, on_rows, &page), -EINVAL);
	while (store_fetch_outbox(test->store, 0, 1, on_rows, &page) == 0)
		asked++;
	assert_int_equal(asked, STORE_QUERIES_MAX);
	store_test_close(test); /* every question is answered, one way or the other */
	assert_true(page.done);
}

/* ---- a disk that holds up the thread that asks ---- */

typedef ssize_t (*read_fn)(int fd, void *at, size_t bytes, off_t offset);

static read_fn real_read;
static atomic_bool holding;
static sem_t held, released;

static ssize_t held_read(int fd, void *at, size_t bytes, off_t offset)
{
	char name[16] = "";

	pthread_getname_np(pthread_self(), name, sizeof(name));
	if (strcmp(name, "query") == 0 && atomic_exchange(&holding, false)) {
		sem_post(&held);
		sem_wait(&released);
	}
	return real_read(fd, at, bytes, offset);
}

static void who_can_wait_lets_in_who_cannot(void **state)
{
	const struct store_filter old = {.limit = 1000, .ascending = true, .low_priority = true};
	const struct store_filter newest = {.limit = 1};
	struct event_draft draft = {.type = "door.mode"};
	struct page first = {0}, second = {0}, urgent = {0};
	sqlite3_vfs *disk = sqlite3_vfs_find(NULL);
	struct store_test *test = *state;

	sem_init(&held, 0, 0);
	sem_init(&released, 0, 0);
	/* before the store has threads: each of them reads real_read */
	real_read = (read_fn)disk->xGetSystemCall(disk, "pread64");
	assert_int_equal(disk->xSetSystemCall(disk, "pread64", (sqlite3_syscall_ptr)held_read),
			 SQLITE_OK);
	fill_for_queries(test);
	(void)ask(test, &newest); /* the one that is asked at the start is over */
	assert_int_equal(store_append(test->store, &draft, NULL, NULL),
			 0); /* what it has in memory is old */
	store_test_settle(test);
	atomic_store(&holding, true);
	answers = 0;
	assert_int_equal(store_query_events(test->store, &old, on_rows, &first), 0);
	assert_int_equal(store_query_events(test->store, &old, on_rows, &second), 0);
	sem_wait(&held);
	assert_int_equal(store_append(test->store, &draft, NULL, NULL), 0);
	store_test_settle(test);
	assert_int_equal(store_query_events(test->store, &newest, on_rows, &urgent), 0);
	sem_post(&released);
	while (!first.done || !second.done || !urgent.done)
		store_test_wait(test);
	store_test_close(test);
	assert_int_equal(disk->xSetSystemCall(disk, "pread64", NULL), SQLITE_OK);
	assert_int_equal(urgent.nth, 1);
	assert_int_equal(urgent.first, 302); /* also what was committed since the other began */
	assert_int_equal(first.nth, 2);
	assert_int_equal(first.count, 301);
	assert_int_equal(second.nth, 3);
	assert_int_equal(second.count, 302);
	assert_int_equal(second.last, 302);
}

struct chain {
	struct store *store;
	int answers;
};

/* asks again at once, and does not return before that answer is there, too */
static void on_link(void *arg, int r, const struct event_row *rows, size_t count)
{
	const struct store_filter newest = {.limit = 1};
	struct chain *chain = arg;
	struct pollfd there = {.fd = store_fd(chain->store), .events = POLLIN};

	(void)rows;
	assert_int_equal(r, 0);
	assert_int_equal(count, 1);
	if (++chain->answers == 5)
		return;
	assert_int_equal(store_query_events(chain->store, &newest, on_link, chain), 0);
	assert_int_equal(poll(&there, 1, 10000), 1);
}

static void an_answer_that_asks_again_does_not_keep_the_loop(void **state)
{
	const struct store_filter newest = {.limit = 1};
	struct store_test *test = *state;
	struct chain chain = {0};
	struct pollfd there = {.events = POLLIN};

	fill_for_queries(test);
	chain.store = test->store;
	there.fd = store_fd(test->store);
	(void)ask(test, &newest); /* the one that is asked at the start is over */
	assert_int_equal(store_query_events(test->store, &newest, on_link, &chain), 0);
	for (int turn = 1; turn <= 5; turn++) {
		assert_int_equal(poll(&there, 1, 10000), 1);
		store_dispatch(test->store);
		assert_int_equal(chain.answers, turn);
	}
}

static void on_verified(void *arg, int r, const struct audit_result *result)
{
	*(int *)arg = r == 0 && result->ok ? 1 : 2;
}

static void the_log_is_verified_while_it_grows(void **state)
{
	struct store_test *test = *state;
	int verdict = 0;

	store_test_open(test);
	store_test_fill(test, "door.mode", 6000);
	assert_int_equal(store_audit_verify(test->store, on_verified, &verdict), 0);
	assert_int_equal(store_audit_verify(test->store, on_verified, &verdict), -EBUSY);
	while (verdict == 0)
		store_test_fill(test, "door.mode", 10);
	assert_int_equal(verdict, 1);
	verdict = 0;
	assert_int_equal(store_audit_verify(test->store, on_verified, &verdict), 0);
	store_test_close(test);
	assert_int_not_equal(verdict, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(pages_follow_each_other_both_ways),
		STORE_TEST(filters_pick_type_person_and_time),
		STORE_TEST(questions_out_of_range_are_refused),
		STORE_TEST(who_can_wait_lets_in_who_cannot),
		STORE_TEST(an_answer_that_asks_again_does_not_keep_the_loop),
		STORE_TEST(the_log_is_verified_while_it_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
