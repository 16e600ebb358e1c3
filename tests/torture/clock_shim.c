/*
 * clock_shim.c - time that runs GH_CLOCK_FACTOR times as fast, for tools/torture: preloaded into
 * the daemon.
 *
 * Every clock the daemon reads counts from the true time of its start, so many times faster;
 * whatever it waits for comes so many times sooner. Its timers, anchors, retention and days are
 * then the ones of a day that takes minutes.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

static const int64_t second_ns = 1000000000;
static int64_t factor = 1, real_0, mono_0;

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static int64_t ns_of(const struct timespec *at)
{
	return at->tv_sec > INT64_MAX / second_ns - 1 ? INT64_MAX
						      : at->tv_sec * second_ns + at->tv_nsec;
}

static struct timespec of_ns(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / second_ns, .tv_nsec = ns % second_ns};
}

static int64_t true_ns(clockid_t id)
{
	struct timespec now = {0};

	(void)NEXT(clock_gettime)(id, &now);
	return ns_of(&now);
}

__attribute__((constructor)) static void attach(void)
{
	const char *text = getenv("GH_CLOCK_FACTOR");

	factor = text != NULL && atoll(text) > 0 ? atoll(text) : 1;
	real_0 = true_ns(CLOCK_REALTIME);
	mono_0 = true_ns(CLOCK_MONOTONIC);
}

static int is_wall(clockid_t id)
{
	return id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_REALTIME_ALARM;
}

static int64_t start_of(clockid_t id)
{
	return is_wall(id) ? real_0 : mono_0;
}

/* What takes the program `ns` takes so long in truth; something stays something. */
static int64_t shorter(int64_t ns)
{
	return ns <= 0 ? ns : ns / factor + 1;
}

/* A time of the program's in the true clock. */
static int64_t sooner(clockid_t id, int64_t at_ns)
{
	int64_t start = start_of(id);

	return at_ns <= start ? at_ns : start + shorter(at_ns - start);
}

int clock_gettime(clockid_t id, struct timespec *ret)
{
	int r = NEXT(clock_gettime)(id, ret);

	if (r == 0 && id != CLOCK_PROCESS_CPUTIME_ID && id != CLOCK_THREAD_CPUTIME_ID)
		*ret = of_ns(start_of(id) + (ns_of(ret) - start_of(id)) * factor);
	return r;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*ret = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret != NULL)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old)
{
	struct itimerspec there = {.it_interval = of_ns(shorter(ns_of(&to->it_interval)))};
	int64_t at = ns_of(&to->it_value);

	/* only the wall clock's times are that large */
	if ((flags & TFD_TIMER_ABSTIME) != 0)
		at = at == 0 ? 0 : sooner(at > real_0 / 2 ? CLOCK_REALTIME : CLOCK_MONOTONIC, at);
	else
		at = shorter(at);
	there.it_value = of_ns(at);
	return NEXT(timerfd_settime)(fd, flags, &there, old);
}

int pthread_cond_timedwait(pthread_cond_t *restrict what, pthread_mutex_t *restrict lock,
			   const struct timespec *restrict until)
{
	int64_t at = ns_of(until);
	struct timespec there =
		of_ns(sooner(at > real_0 / 2 ? CLOCK_REALTIME : CLOCK_MONOTONIC, at));
	__typeof__(&pthread_cond_timedwait) next =
		dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");

	return (next != NULL ? next : NEXT(pthread_cond_timedwait))(what, lock, &there);
}

int nanosleep(const struct timespec *ask, struct timespec *left)
{
	struct timespec there = of_ns(shorter(ns_of(ask)));

	return NEXT(nanosleep)(&there, left);
}

int clock_nanosleep(clockid_t id, int flags, const struct timespec *ask, struct timespec *left)
{
	int64_t ns = ns_of(ask);
	struct timespec there = of_ns((flags & TIMER_ABSTIME) != 0 ? sooner(id, ns) : shorter(ns));

	return NEXT(clock_nanosleep)(id, flags, &there, left);
}

static int shorter_ms(int ms)
{
	return ms <= 0 ? ms : (int)(ms / factor) + 1;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	return NEXT(poll)(fds, count, shorter_ms(timeout_ms));
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec there =
		timeout != NULL ? of_ns(shorter(ns_of(timeout))) : (struct timespec){0};

	return NEXT(ppoll)(fds, count, timeout != NULL ? &there : NULL, mask);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
	return NEXT(epoll_wait)(fd, events, max, shorter_ms(timeout_ms));
}

int epoll_pwait2(int fd, struct epoll_event *events, int max, const struct timespec *timeout,
		 const sigset_t *mask)
{
	struct timespec there =
		timeout != NULL ? of_ns(shorter(ns_of(timeout))) : (struct timespec){0};

	return NEXT(epoll_pwait2)(fd, events, max, timeout != NULL ? &there : NULL, mask);
}
