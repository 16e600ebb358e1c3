#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_helper.h"

/* A claim of another process, which ends when @p ret_hold is closed. */
static pid_t claim_elsewhere(const char *dir, int *ret_hold)
{
	int hold[2], ready[2];
	char word;
	pid_t child;

	assert_int_equal(pipe(hold), 0);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct store_claim *claim;
		char error[STORE_TEXT_BYTES];

		close(hold[1]);
		word = store_claim(dir, &claim, error) == 0 ? 'y' : 'n';
		(void)!write(ready[1], &word, 1);
		(void)!read(hold[0], &word, 1);
		_exit(0);
	}
	close(hold[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &word, 1), 1);
	assert_int_equal(word, 'y');
	close(ready[0]);
	*ret_hold = hold[1];
	return child;
}

static void only_one_daemon_claims_a_directory(void **state)
{
	struct store_test *test = *state;
	struct store_claim *claim, *other;
	char dir[80], path[96], error[STORE_TEXT_BYTES] = "", pid[24];
	struct stat at, before;
	pid_t child;
	int hold;

	snprintf(dir, sizeof(dir), "%s/state", test->dir);
	snprintf(path, sizeof(path), "%s/lock", dir);
	assert_int_equal(store_claim(dir, &claim, error), 0);
	assert_int_equal(stat(dir, &at), 0);
	assert_int_equal(at.st_mode & 0777, 0700);
	assert_int_equal(store_claim(dir, &other, error), -EBUSY);
	store_claim_release(claim);
	assert_int_equal(stat(path, &before), 0);

	child = claim_elsewhere(dir, &hold);
	assert_int_equal(store_claim(dir, &other, error), -EBUSY);
	snprintf(pid, sizeof(pid), "pid %d:", (int)child);
	assert_non_null(strstr(error, pid));
	close(hold);
	assert_int_equal(waitpid(child, NULL, 0), child);

	assert_int_equal(store_claim(dir, &claim, error), 0);
	store_claim_release(claim);
	assert_int_equal(stat(path, &at), 0);
	assert_memory_equal(&at.st_ctim, &before.st_ctim,
			    sizeof(at.st_ctim)); /* doors wait for no write */
	assert_int_equal(store_claim("/proc/nowhere/state", &claim, error), -ENOENT);
	assert_non_null(strstr(error, "/proc/nowhere"));
}

static void events_come_back_committed_in_order(void **state)
{
	struct store_test *test = *state;
	struct stat at;

	store_test_open(test);
	assert_true(store_is_ready(test->store));
	assert_int_equal(store_last_seq(test->store), 0);
	store_test_fill(test, "door.mode", 10000); /* more than one batch */
	assert_int_equal(test->answered, 10000);
	assert_int_equal(test->last_seq, 10000);
	assert_true(test->in_order);
	assert_int_equal(store_last_seq(test->store), 10000);
	assert_non_null(strstr(test->last_json, "\"seq\":10000,"));
	assert_int_equal(stat(test->db, &at), 0);
	assert_int_equal(at.st_mode & 0777, 0600);
	store_test_close(test);
	store_test_assert_log_good(test, 10001);
	store_test_open(test);
	assert_in_range(store_last_seq(test->store), 10001,
			10002); /* the new anchor may be told already */
	store_test_fill(test, "door.mode", 1);
	assert_int_equal(test->last_seq, 10003); /* an anchor is first */
	assert_int_equal(test->told[STORE_TAMPERED], 0);
	store_test_close(test);
	store_test_assert_log_good(test, 10004);
}

static void bad_drafts_are_refused_at_once(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "No Type"};
	char *large = malloc(EVENT_DATA_BYTES_MAX + 1);

	store_test_open(test);
	assert_int_equal(store_append(test->store, &draft, store_test_done, test), -EINVAL);
	memset(large, 'x', EVENT_DATA_BYTES_MAX);
	large[EVENT_DATA_BYTES_MAX] = '\0';
	draft.type = "door.mode";
	draft.data = json_pack("{s:s}", "text", large);
	assert_int_equal(store_append(test->store, &draft, store_test_done, test), -EFBIG);
	json_decref(draft.data);
	free(large);
	assert_int_equal(test->answered, 0);
	assert_int_equal(store_pending(test->store), 0);
}

static void a_full_queue_refuses_and_loses_nothing(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "door.mode"};
	unsigned accepted = 0;

	store_test_start(test);
	while (store_append(test->store, &draft, store_test_done, test) == 0)
		accepted++; /* nobody dispatches: the answers stay on their way */
	assert_int_equal(accepted, STORE_QUEUE_MAX);
	assert_int_equal(store_append(test->store, &draft, NULL, NULL), -ENOSPC);
	store_test_settle(test);
	assert_int_equal(test->answered, accepted);
	assert_int_equal(test->last_seq, accepted);
	store_test_fill(test, "door.mode", 1);
}

static void cursors_and_nonces_survive(void **state)
{
	struct store_test *test = *state;
	struct event_draft draft = {.type = "command.accepted", .nonce_key = "key-1", .nonce = 7};

	store_test_open(test);
	assert_int_equal(store_nonce_get(test->store, "key-1"), 0);
	assert_int_equal(store_append(test->store, &draft, store_test_done, test), 0);
	assert_int_equal(store_nonce_get(test->store, "key-1"),
			 7); /* at once: the same command is late now */
	draft.nonce = 5;
	assert_int_equal(store_append(test->store, &draft, store_test_done, test), 0);
	assert_int_equal(store_cursor_set(test->store, "mqtt", 1), 0);
	assert_int_equal(store_cursor_set(test->store, "mqtt", 2), 0);
	assert_int_equal(store_cursor_set(test->store, "", 2), -EINVAL);
	store_test_close(test);
	store_test_open(test);
	assert_int_equal(store_nonce_get(test->store, "key-1"), 7);
	assert_int_equal(store_nonce_get(test->store, "key-2"), 0);
	assert_int_equal(store_cursor_get(test->store, "mqtt"), 2);
	for (int i = 1; i < STORE_CURSORS_MAX; i++) {
		char name[8];

		snprintf(name, sizeof(name), "c%d", i);
		assert_int_equal(store_cursor_set(test->store, name, 1), 0);
	}
	assert_int_equal(store_cursor_set(test->store, "more", 1), -ENOSPC);
}

/* The child tells each answered seq through a pipe until it is killed. */
static void append_until_killed(struct store_test *test, int pipe_fd)
{
	struct event_draft draft = {.type = "door.mode"};
	int64_t told = 0;

	store_test_open(test);
	for (;;) {
		for (int i = 0; i < 20; i++)
			(void)store_append(test->store, &draft, store_test_done, test);
		store_test_wait(test);
		if (test->last_seq > told) {
			told = test->last_seq;
			if (write(pipe_fd, &told, sizeof(told)) != sizeof(told))
				_exit(1);
		}
	}
}

static int64_t run_and_kill(struct store_test *test, unsigned answers)
{
	int fds[2];
	int64_t acked = 0, seq;
	pid_t child;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		append_until_killed(test, fds[1]);
	close(fds[1]);
	while (answers-- > 0 && read(fds[0], &seq, sizeof(seq)) == sizeof(seq))
		acked = seq;
	assert_int_equal(kill(child, SIGKILL), 0);
	while (read(fds[0], &seq, sizeof(seq)) == sizeof(seq))
		acked = seq; /* told before the kill */
	close(fds[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return acked;
}

static void a_kill_loses_no_answered_event(void **state)
{
	struct store_test *test = *state;

	for (unsigned i = 0; i < 20; i++) {
		struct audit_result result;
		int64_t acked = run_and_kill(test, 1 + i * 3);

		assert_true(acked > 0);
		assert_int_equal(audit_verify(test->db, NULL, NULL, NULL, &result), 0);
		if (!result.ok)
			fail_msg("%s", result.verdict.detail);
		assert_true(result.last_seq >= acked);
	}
	store_test_open(test);
	assert_int_equal(test->told[STORE_TAMPERED] + test->told[STORE_QUARANTINED], 0);
}

static void a_store_that_was_not_used_can_be_closed(void **state)
{
	struct store_test *test = *state;

	store_test_start(test);
	store_test_close(test);
	store_test_open(test);
	assert_int_equal(store_pending_ms(test->store), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(only_one_daemon_claims_a_directory),
		STORE_TEST(events_come_back_committed_in_order),
		STORE_TEST(bad_drafts_are_refused_at_once),
		STORE_TEST(a_full_queue_refuses_and_loses_nothing),
		STORE_TEST(cursors_and_nonces_survive),
		STORE_TEST(a_kill_loses_no_answered_event),
		STORE_TEST(a_store_that_was_not_used_can_be_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
