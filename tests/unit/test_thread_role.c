#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"
#include "base/thread_role.h"
#include "base/worker.h"

static void a_thread_that_registers_nothing_is_the_control_thread(void **state)
{
	(void)state;
	assert_int_equal(thread_role(), THREAD_CONTROL);
	assert_thread(THREAD_CONTROL);
}

static void *store_and_read(void *arg)
{
	enum thread_role *roles = arg;

	roles[0] = thread_role();
	thread_role_set(THREAD_STORE);
	roles[1] = thread_role();
	return NULL;
}

static void a_role_belongs_to_one_thread(void **state)
{
	enum thread_role roles[2] = {THREAD_ROLES, THREAD_ROLES};
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, store_and_read, roles), 0);
	pthread_join(thread, NULL);
	assert_int_equal(roles[0], THREAD_CONTROL);
	assert_int_equal(roles[1], THREAD_STORE);
	assert_int_equal(thread_role(), THREAD_CONTROL);
}

struct role_job {
	struct worker_job job;
	enum thread_role run, end;
};

static void read_in_run(struct worker_job *job)
{
	((struct role_job *)job)->run = thread_role();
}

static void read_in_end(struct worker_job *job, int r)
{
	assert_true(r == 0 || r == -ECANCELED);
	((struct role_job *)job)->end = thread_role();
}

static void a_job_runs_on_the_worker_and_ends_on_the_control_thread(void **state)
{
	struct role_job job = {.job = {.run = read_in_run, .end = read_in_end}};
	struct pollfd ended = {.events = POLLIN};
	struct worker *worker;

	(void)state;
	assert_int_equal(worker_open("role", 1, &worker), 0);
	assert_int_equal(worker_post(worker, &job.job), 0);
	ended.fd = worker_fd(worker);
	assert_int_equal(poll(&ended, 1, -1), 1);
	worker_dispatch(worker);
	worker_close(worker);
	assert_int_equal(job.run, THREAD_WORKER);
	assert_int_equal(job.end, THREAD_CONTROL);
}

static void a_call_on_the_wrong_thread_ends_the_process(void **state)
{
	const struct rlimit no_core = {0, 0};
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		assert_non_null(freopen("/dev/null", "w", stderr)); /* what assert() prints */
		assert_thread(THREAD_STORE);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_that_registers_nothing_is_the_control_thread),
		cmocka_unit_test(a_role_belongs_to_one_thread),
		cmocka_unit_test(a_job_runs_on_the_worker_and_ends_on_the_control_thread),
		cmocka_unit_test(a_call_on_the_wrong_thread_ends_the_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
