/*
 * worker.h - one thread for what would hold up the control loop: passwords, archives, pictures,
 * folders.
 *
 * A job runs on the worker's thread, in the order of posting, and then ends on the control thread,
 * which worker_dispatch() does. A job owns what it points to; it must not touch what the control
 * thread owns.
 */
#ifndef GH_BASE_WORKER_H
#define GH_BASE_WORKER_H

#include <stddef.h>

struct worker;

struct worker_job {
	void (*run)(struct worker_job *job); /* on the worker's thread */
	/*
	 * on the control thread; frees the job. Also called, without run, when the worker closes
	 * first
	 */
	void (*end)(struct worker_job *job, int r); /* 0, or -ECANCELED */
};

/** @param name  of the thread, at most 15 characters. @return 0, -ENOMEM or -EAGAIN (no thread). */
int worker_open(const char *name, size_t jobs_max, struct worker **ret_worker);

/**
 * @return 0 (job->end() will be called), or -ENOSPC: too many are waiting, the job stays the
 *         caller's.
 */
int worker_post(struct worker *worker, struct worker_job *job);

/** Readable when worker_dispatch() has work. */
int worker_fd(const struct worker *worker);
void worker_dispatch(struct worker *worker);

/** Waits for the job that runs; the others end with -ECANCELED. NULL is fine. */
void worker_close(struct worker *worker);

#endif
