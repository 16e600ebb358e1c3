/*
 * worker.h - a thread for work that would block the control thread: password hashes, archives,
 * pictures, folders.
 *
 * Jobs run on the worker's thread in the order of posting. worker_dispatch() then calls end() on
 * the control thread. A job owns its data and must not access data of the control thread. Only the
 * control thread may call the functions below.
 */
#ifndef GH_BASE_WORKER_H
#define GH_BASE_WORKER_H

#include <stddef.h>

struct worker;

struct worker_job {
	void (*run)(struct worker_job *job); /* on the worker's thread */
	/* on the control thread; frees the job. @p r is 0, or -ECANCELED: the worker was closed */
	void (*end)(struct worker_job *job, int r);
};

/**
 * Start the thread.
 * @param name      of the thread, at most 15 characters.
 * @param jobs_max  the largest number of unfinished jobs, at least 1.
 * @return 0, -ENOMEM, -EAGAIN (no thread) or what eventfd(2) failed with.
 */
int worker_open(const char *name, size_t jobs_max, struct worker **ret_worker);

/**
 * Post a job. @return 0 (the worker owns it until job->end()), or -ENOSPC: there are @p jobs_max
 * unfinished jobs, and the caller still owns this one.
 */
int worker_post(struct worker *worker, struct worker_job *job);

/** Readable when worker_dispatch() has work. */
int worker_fd(const struct worker *worker);
void worker_dispatch(struct worker *worker);

/**
 * Wait for the running job, end all jobs with -ECANCELED and free the worker. NULL is allowed.
 */
void worker_close(struct worker *worker);

#endif
