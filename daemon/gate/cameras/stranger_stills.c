/*
 * Deletes the stills of strangers after face.stranger_still_hours: a job of the worker, every ten
 * minutes.
 */
#include "calibration.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { EVERY_US = 600 * 1000 * 1000, SOON_US = 1000 * 1000, LATE_US = 1000 * 1000 };
static const char ending[] = "-stranger.jpg";

struct sweep {
	struct worker_job job;
	char dir[CONFIG_PATH_BYTES];
	int64_t before_unix_ms;
	unsigned deleted, failed;
};

static void delete_if_expired(struct sweep *sweep, int fd, const char *name)
{
	size_t length = strlen(name), tail = sizeof(ending) - 1;
	struct stat status;

	if (length <= tail || name[0] == '.' || strcmp(name + length - tail, ending) != 0 ||
	    fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode) ||
	    (int64_t)status.st_mtim.tv_sec * 1000 >= sweep->before_unix_ms)
		return;
	if (unlinkat(fd, name, 0) == 0)
		sweep->deleted++;
	else
		sweep->failed++;
}

static void run_sweep(struct worker_job *job)
{
	struct sweep *sweep = (struct sweep *)job;
	DIR *dir = opendir(sweep->dir);
	struct dirent *entry;

	if (dir == NULL)
		return; /* it does not exist yet */
	while ((entry = readdir(dir)) != NULL)
		delete_if_expired(sweep, dirfd(dir), entry->d_name);
	closedir(dir);
}

static void end_sweep(struct worker_job *job, int r)
{
	struct sweep *sweep = (struct sweep *)job;

	if (r == 0 && sweep->deleted > 0)
		log_info("vision", "%u stills of strangers were deleted after their retention time",
			 sweep->deleted);
	if (r == 0 && sweep->failed > 0)
		log_error("vision", "%u stills of strangers in %s cannot be deleted", sweep->failed,
			  sweep->dir);
	free(sweep);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct cameras *cameras = arg;
	const struct config *config = cameras->deps.config;
	struct sweep *sweep = calloc(1, sizeof(*sweep));

	(void)usec;
	if (sweep != NULL) {
		sweep->job = (struct worker_job){.run = run_sweep, .end = end_sweep};
		snprintf(sweep->dir, sizeof(sweep->dir), "%s", config->evidence.dir);
		sweep->before_unix_ms =
			clock_unix_ms() - (int64_t)config->face.stranger_still_hours * 3600 * 1000;
		if (worker_post(cameras->calibration->worker, &sweep->job) < 0)
			free(sweep); /* the worker is busy; retried in ten minutes */
	}
	sd_event_source_set_time(source, clock_mono_us() + EVERY_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

int stranger_stills_open(struct cameras *cameras)
{
	assert(cameras->calibration != NULL && cameras->calibration->worker != NULL);
	return sd_event_add_time(cameras->deps.event, &cameras->calibration->stills_timer,
				 CLOCK_MONOTONIC, clock_mono_us() + SOON_US, LATE_US, on_timer,
				 cameras);
}
