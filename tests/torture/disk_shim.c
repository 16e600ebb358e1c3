/*
 * disk_shim.c - a disk that fails on command, for tools/torture: preloaded into the daemon, it
 * stands between it and its databases.
 *
 * GH_FAULTS names a file of five 64-bit numbers that is mapped; the test writes, this reads (and
 * counts):
 *   0 calls   writes, syncs and truncations of *.db and *.db-wal so far
 *   1 from    the call that fails first, as calls will then be; 0: none
 *   2 count   how many fail from there
 *   3 error   with which errno
 *   4 slow_us how long each sync takes more; it goes on at once when this becomes 0
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CALLS, FROM, COUNT, ERROR, SLOW_US, FIELDS };

static _Atomic int64_t *fields;

__attribute__((constructor)) static void attach(void)
{
	const char *path = getenv("GH_FAULTS");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd >= 0 ? mmap(NULL, FIELDS * sizeof(*fields), PROT_READ | PROT_WRITE,
				  MAP_SHARED, fd, 0)
			   : MAP_FAILED;

	if (fd >= 0)
		close(fd);
	fields = at == MAP_FAILED ? NULL : at;
}

static int is_database(int fd)
{
	char link[64], path[512];
	ssize_t bytes;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	bytes = readlink(link, path, sizeof(path) - 1);
	if (bytes < 4)
		return 0;
	path[bytes] = '\0';
	return strcmp(path + bytes - 3, ".db") == 0 ||
	       (bytes > 7 && strcmp(path + bytes - 7, ".db-wal") == 0);
}

static void hold(int64_t slow_us)
{
	const struct timespec pause = {.tv_nsec = 500000};
	struct timespec now;
	int64_t until_us;

	clock_gettime(CLOCK_MONOTONIC, &now);
	until_us = now.tv_sec * 1000000 + now.tv_nsec / 1000 + slow_us;
	while (fields[SLOW_US] > 0 && now.tv_sec * 1000000 + now.tv_nsec / 1000 < until_us) {
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
}

/* Whether this call is to fail, with errno set. */
static int fails(int fd, int sync)
{
	int saved = errno;
	int64_t call, from, slow_us;

	if (fields == NULL || !is_database(fd)) {
		errno = saved;
		return 0;
	}
	slow_us = sync ? fields[SLOW_US] : 0;
	if (slow_us > 0)
		hold(slow_us);
	call = atomic_fetch_add(&fields[CALLS], 1) + 1;
	from = fields[FROM];
	if (from == 0 || call < from || call >= from + fields[COUNT]) {
		errno = saved;
		return 0;
	}
	errno = (int)fields[ERROR];
	return 1;
}

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *at, size_t bytes)
{
	return fails(fd, 0) ? -1 : NEXT(write)(fd, at, bytes);
}

ssize_t pwrite(int fd, const void *at, size_t bytes, off_t offset)
{
	return fails(fd, 0) ? -1 : NEXT(pwrite)(fd, at, bytes, offset);
}

ssize_t pwrite64(int fd, const void *at, size_t bytes, off64_t offset)
{
	return fails(fd, 0) ? -1 : NEXT(pwrite64)(fd, at, bytes, offset);
}

int fsync(int fd)
{
	return fails(fd, 1) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
	return fails(fd, 1) ? -1 : NEXT(fdatasync)(fd);
}

int ftruncate(int fd, off_t bytes)
{
	return fails(fd, 0) ? -1 : NEXT(ftruncate)(fd, bytes);
}

int ftruncate64(int fd, off64_t bytes)
{
	return fails(fd, 0) ? -1 : NEXT(ftruncate64)(fd, bytes);
}
