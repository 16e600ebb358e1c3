#include "worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/queue.h"
#include "base/thread_role.h"

enum { NAME_BYTES = 16 };

struct worker {
	char name[NAME_BYTES];
	struct queue *jobs, *done; /* of struct worker_job * */
	size_t jobs_max, posted;   /* posted: not ended yet; control thread only */
	atomic_bool closing;
	pthread_t thread;
	bool started;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct worker_job *job;

	thread_role_set(THREAD_WORKER);
	pthread_setname_np(pthread_self(), worker->name);
	while (!atomic_load(&worker->closing) && queue_pop_wait(worker->jobs, &job, -1) == 0) {
		job->run(job);
		(void)queue_push(worker->done, &job); /* it has room for all posted jobs */
	}
	return NULL;
}

int worker_open(const char *name, size_t jobs_max, struct worker **ret_worker)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int r;

	assert_thread(THREAD_CONTROL);
	if (worker == NULL)
		return -ENOMEM;
	snprintf(worker->name, sizeof(worker->name), "%s", name);
	worker->jobs_max = jobs_max;
	r = queue_open(sizeof(struct worker_job *), jobs_max, QUEUE_REFUSE_WHEN_FULL, NULL,
		       &worker->jobs);
	if (r == 0)
		r = queue_open(sizeof(struct worker_job *), jobs_max, QUEUE_REFUSE_WHEN_FULL, NULL,
			       &worker->done);
	if (r == 0)
		r = -pthread_create(&worker->thread, NULL, work, worker);
	worker->started = r == 0;
	if (r < 0) {
		worker_close(worker);
		return r;
	}
	*ret_worker = worker;
	return 0;
}

int worker_post(struct worker *worker, struct worker_job *job)
{
	assert_thread(THREAD_CONTROL);
	assert(job->run != NULL && job->end != NULL);
	if (worker->posted >= worker->jobs_max)
		return -ENOSPC;
	worker->posted++;
	return queue_push(worker->jobs, &job);
}

int worker_fd(const struct worker *worker)
{
	return queue_fd(worker->done);
}

static void end_all(struct worker *worker, struct queue *queue, int r)
{
	struct worker_job *job;

	while (queue != NULL && queue_pop(queue, &job) == 0) {
		assert(worker->posted > 0);
		worker->posted--;
		job->end(job, r);
	}
}

void worker_dispatch(struct worker *worker)
{
	assert_thread(THREAD_CONTROL);
	end_all(worker, worker->done, 0);
}

void worker_close(struct worker *worker)
{
	if (worker == NULL)
		return;
	atomic_store(&worker->closing, true);
	if (worker->started) {
		queue_cancel(worker->jobs);
		pthread_join(worker->thread, NULL);
	}
	end_all(worker, worker->done, -ECANCELED);
	end_all(worker, worker->jobs, -ECANCELED);
	queue_close(worker->jobs);
	queue_close(worker->done);
	free(worker);
}
