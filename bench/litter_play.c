#include "litter_play.h"

#include "vision/camera/camera.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct run {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ended;
	int error;
	const struct litter_play_ops *ops;
	void *arg;
	struct litter *litter;
	uint32_t epoch;
	int64_t frame_us;
	struct litter_played *played;
};

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fetch(struct run *run)
{
	struct litter_verdict verdict;

	while (run->litter != NULL && litter_next(run->litter, &verdict) == 1)
		run->ops->verdict(run->arg, &verdict, run->played->last_pts_us);
}

static void finish(struct run *run)
{
	if (run->litter != NULL)
		litter_flush(run->litter);
	fetch(run);
}

static void open_analysis(struct run *run, const struct video_frame *frame)
{
	struct litter_config config;
	int r;

	finish(run);
	litter_close(run->litter);
	run->litter = NULL;
	run->played->width_px = frame->width_px;
	run->played->height_px = frame->height_px;
	memset(&config, 0, sizeof(config));
	if (run->ops->config != NULL)
		run->ops->config(run->arg, frame->width_px, frame->height_px, &config);
	r = litter_open(frame->width_px, frame->height_px, &config, &run->litter);
	if (r < 0)
		run->error = r;
}

static void on_frame(void *arg, struct video_frame *frame)
{
	struct run *run = arg;
	struct litter_played *played = run->played;
	double begin_ms;

	if (run->litter != NULL && frame->epoch != run->epoch)
		finish(run);
	if (frame->width_px != played->width_px || frame->height_px != played->height_px)
		open_analysis(run, frame);
	run->epoch = frame->epoch;
	if (played->frames++ == 0)
		played->first_pts_us = frame->pts_us;
	else
		run->frame_us = frame->pts_us - played->last_pts_us;
	played->last_pts_us = frame->pts_us;
	if (run->litter == NULL)
		return;
	begin_ms = cpu_ms();
	litter_frame(run->litter, frame->luma, (size_t)frame->stride_bytes, frame->pts_us);
	played->busy_ms += cpu_ms() - begin_ms;
	fetch(run);
}

static void on_state(void *arg, enum camera_state state, const struct problem *reason)
{
	struct run *run = arg;

	if (state == CAMERA_LIVE)
		return;
	pthread_mutex_lock(&run->lock);
	if (!run->ended && state == CAMERA_LOST)
		snprintf(run->played->error, sizeof(run->played->error), "%s", reason->detail);
	run->ended = true;
	pthread_cond_signal(&run->changed);
	pthread_mutex_unlock(&run->lock);
}

static int play_through(struct run *run, const char *path)
{
	const struct camera_ops ops = {.frame = on_frame, .state = on_state};
	struct camera_config config;
	struct camera *camera = NULL;
	int r;

	camera_config_defaults(&config);
	config.realtime = false;
	config.ring_seconds = 0;
	config.reconnect_min_ms = config.reconnect_max_ms = 600000; /* a file is tried once */
	snprintf(config.name, sizeof(config.name), "file");
	if (snprintf(config.url, sizeof(config.url), "file:%s", path) >= (int)sizeof(config.url))
		return -ENAMETOOLONG;
	r = camera_open(&config, &ops, run, &camera);
	if (r < 0)
		return r;
	pthread_mutex_lock(&run->lock);
	while (!run->ended)
		pthread_cond_wait(&run->changed, &run->lock);
	pthread_mutex_unlock(&run->lock);
	camera_close(camera);
	return 0;
}

int litter_play(const char *path, const struct litter_play_ops *ops, void *arg,
		struct litter_played *ret_played)
{
	struct run run = {.ops = ops, .arg = arg, .played = ret_played};
	int r;

	memset(ret_played, 0, sizeof(*ret_played));
	pthread_mutex_init(&run.lock, NULL);
	pthread_cond_init(&run.changed, NULL);
	r = play_through(&run, path);
	finish(&run);
	litter_close(run.litter);
	pthread_cond_destroy(&run.changed);
	pthread_mutex_destroy(&run.lock);
	ret_played->seconds =
		(double)(ret_played->last_pts_us - ret_played->first_pts_us + run.frame_us) / 1e6;
	if (r == 0)
		r = run.error;
	if (r == 0 && ret_played->frames == 0)
		r = -EIO;
	if (r < 0 && ret_played->error[0] == '\0')
		snprintf(ret_played->error, sizeof(ret_played->error), "%s",
			 r == -EIO ? "holds no picture" : strerror(-r));
	return r;
}
