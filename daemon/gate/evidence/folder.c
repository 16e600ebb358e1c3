#include "folder.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char sealed_dir[] = "sealed"; /* unmasked clips and stills, never served */

static int by_stem(const void *a, const void *b)
{
	return strcmp(((const struct retention_item *)a)->stem,
		      ((const struct retention_item *)b)->stem);
}

/* Merge the files of one throw into one item. */
static void join_files(struct folder_scan *scan)
{
	size_t last = 0;

	if (scan->count > 1)
		qsort(scan->items, scan->count, sizeof(*scan->items), by_stem);
	for (size_t i = 1; i < scan->count; i++) {
		struct retention_item *to = &scan->items[last], *from = &scan->items[i];

		if (strcmp(to->stem, from->stem) != 0) {
			scan->items[++last] = *from;
			continue;
		}
		to->bytes += from->bytes;
		to->files++;
		if (from->unix_ms > to->unix_ms)
			to->unix_ms = from->unix_ms;
	}
	if (scan->count > 0)
		scan->count = last + 1;
}

static void add_file(struct folder_scan *scan, const char *stem, const struct stat *status,
		     int64_t unix_ms)
{
	if (scan->count == scan->capacity) {
		size_t capacity = scan->capacity > 0 ? scan->capacity * 2 : 256;
		struct retention_item *items = reallocarray(scan->items, capacity, sizeof(*items));

		if (items == NULL)
			return; /* the next scan tries it again */
		scan->items = items;
		scan->capacity = capacity;
	}
	scan->items[scan->count] = (struct retention_item){
		.unix_ms = unix_ms, .bytes = (uint64_t)status->st_size, .files = 1};
	snprintf(scan->items[scan->count++].stem, RETENTION_STEM_BYTES, "%s", stem);
}

static void add_entry(struct folder_scan *scan, int fd, const char *name)
{
	size_t length = strlen(name);
	char stem[RETENTION_STEM_BYTES];
	struct stat status;
	int64_t unix_ms;

	if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
		return;
	unix_ms = (int64_t)status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1000000;
	if (retention_stem(name, stem) == 0)
		add_file(scan, stem, &status, unix_ms);
	else if (name[0] == '.' && length > 5 && strcmp(name + length - 5, ".part") == 0 &&
		 unix_ms < scan->started_unix_ms && unlinkat(fd, name, 0) == 0)
		scan->leftovers++; /* of an earlier run: nothing will finish it */
}

static void read_folder(struct folder_scan *scan, int at, const char *path)
{
	int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, sealed_dir) == 0)
			read_folder(scan, fd, sealed_dir);
		else
			add_entry(scan, fd, entry->d_name);
	closedir(dir);
}

void folder_scan_run(struct worker_job *job)
{
	struct folder_scan *scan = (struct folder_scan *)job;
	struct statvfs disk;

	assert(scan->items == NULL && scan->count == 0);
	read_folder(scan, AT_FDCWD, scan->dir);
	join_files(scan);
	if (statvfs(scan->dir, &disk) == 0) {
		scan->free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
		scan->disk_bytes = (uint64_t)disk.f_blocks * disk.f_frsize;
	} else {
		scan->free_bytes = scan->disk_bytes = UINT64_MAX;
	}
}

void folder_removal_run(struct worker_job *job)
{
	static const char *const patterns[] = {"%s/%s.mp4", "%s/%s.jpg", "%s/%s-trajectory.jpg",
					       "%s/sealed/%s.mp4", "%s/sealed/%s.jpg"};
	struct folder_removal *removal = (struct folder_removal *)job;
	char path[CONFIG_PATH_BYTES + RETENTION_STEM_BYTES + 32];

	/* an empty stem would name files of no throw */
	assert(removal->stem[0] != '\0');
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof(path), patterns[i], removal->dir, removal->stem);
#pragma GCC diagnostic pop
		if (unlink(path) < 0 && errno != ENOENT)
			removal->r = -errno;
	}
}
