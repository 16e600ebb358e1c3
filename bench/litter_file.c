/*
 * litter_file - what the littering analysis says about a video file, as fast as it decodes.
 *
 *   litter_file [--json] PATH...   a line a verdict; exits 1 when a file cannot be read
 */
#include "vision/camera.h"
#include "vision/litter.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct run {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ended, failed;
	char reason[CAMERA_REASON_BYTES];
	struct litter *litter;
	int width, height;
	uint32_t epoch;
	uint64_t frames;
	double busy_ms;
	bool json;
	const char *path;
};

static void print_json(const char *path, const struct litter_verdict *v)
{
	printf("{\"file\":\"%s\",\"grade\":\"%s\",\"score\":%.2f,\"begin_s\":%.3f,\"end_s\":%.3f,\"points\":"
	       "[",
	       path, litter_grade_name(v->grade), (double)v->score, (double)v->begin_pts_us / 1e6,
	       (double)v->end_pts_us / 1e6);
	for (size_t i = 0; i < v->point_count; i++)
		printf("%s[%.3f,%.1f,%.1f]", i > 0 ? "," : "", (double)v->points[i].pts_us / 1e6,
		       (double)v->points[i].x, (double)v->points[i].y);
	printf("],\"reasons\":{");
	for (size_t i = 0; i < v->reason_count; i++)
		printf("%s\"%s\":[%.4f,%.2f]", i > 0 ? "," : "", v->reasons[i].name,
		       (double)v->reasons[i].value, (double)v->reasons[i].weight);
	printf("}}\n");
}

static void print_text(const char *path, const struct litter_verdict *v)
{
	const struct litter_point *a = &v->points[0], *b = &v->points[v->point_count - 1];

	printf("%s: %s %.2f, %.3f to %.3f s, (%.0f,%.0f) to (%.0f,%.0f), %zu sights:", path,
	       litter_grade_name(v->grade), (double)v->score, (double)v->begin_pts_us / 1e6,
	       (double)v->end_pts_us / 1e6, (double)a->x, (double)a->y, (double)b->x, (double)b->y,
	       v->point_count);
	for (size_t i = 0; i < v->reason_count; i++)
		printf(" %s=%.3f:%+.2f", v->reasons[i].name, (double)v->reasons[i].value,
		       (double)v->reasons[i].weight);
	printf("\n");
}

static void print_verdicts(struct run *run)
{
	struct litter_verdict verdict;

	while (run->litter != NULL && litter_next(run->litter, &verdict) == 1)
		(run->json ? print_json : print_text)(run->path, &verdict);
}

static void take_frame(void *arg, struct video_frame *frame)
{
	struct run *run = arg;
	struct timespec begin, end;

	if (run->litter != NULL && frame->epoch != run->epoch) {
		litter_flush(run->litter);
		print_verdicts(run);
	}
	run->epoch = frame->epoch;
	if (run->litter == NULL || frame->width_px != run->width || frame->height_px != run->height) {
		litter_close(run->litter);
		run->litter = NULL;
		run->width = frame->width_px;
		run->height = frame->height_px;
		if (litter_open(run->width, run->height, NULL, &run->litter) < 0)
			return;
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	litter_frame(run->litter, frame->luma, (size_t)frame->stride_bytes, frame->pts_us);
	clock_gettime(CLOCK_MONOTONIC, &end);
	run->busy_ms +=
		(double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
	run->frames++;
	print_verdicts(run);
}

static void take_state(void *arg, enum camera_state state, const char *reason)
{
	struct run *run = arg;

	if (state == CAMERA_LIVE)
		return;
	pthread_mutex_lock(&run->lock);
	run->ended = true;
	run->failed = state == CAMERA_LOST;
	snprintf(run->reason, sizeof(run->reason), "%s", reason);
	pthread_cond_signal(&run->changed);
	pthread_mutex_unlock(&run->lock);
}

static int play(const char *path, bool json)
{
	struct run run = {.path = path, .json = json};
	const struct camera_ops ops = {.frame = take_frame, .state = take_state};
	struct camera_config config;
	struct camera *camera = NULL;
	int r;

	pthread_mutex_init(&run.lock, NULL);
	pthread_cond_init(&run.changed, NULL);
	camera_config_defaults(&config);
	config.realtime = false;
	config.ring_seconds = 0;
	snprintf(config.name, sizeof(config.name), "file");
	r = snprintf(config.url, sizeof(config.url), "file:%s", path) < (int)sizeof(config.url) ? 0 : -1;
	if (r == 0)
		r = camera_open(&config, &ops, &run, &camera);
	if (r == 0) {
		pthread_mutex_lock(&run.lock);
		while (!run.ended)
			pthread_cond_wait(&run.changed, &run.lock);
		pthread_mutex_unlock(&run.lock);
		camera_close(camera);
	}
	if (run.litter != NULL)
		litter_flush(run.litter);
	print_verdicts(&run);
	if (r != 0 || (run.failed && run.frames == 0))
		fprintf(stderr, "litter_file: %s: %s\n", path, r != 0 ? "cannot be opened" : run.reason);
	else if (!json)
		printf("%s: %llu frames, %.3f ms each\n", path, (unsigned long long)run.frames,
		       run.frames > 0 ? run.busy_ms / (double)run.frames : 0);
	litter_close(run.litter);
	pthread_cond_destroy(&run.changed);
	pthread_mutex_destroy(&run.lock);
	return r != 0 || run.frames == 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	bool json = false;
	int status = 0, files = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			json = true;
			continue;
		}
		status |= play(argv[i], json);
		files++;
	}
	if (files == 0) {
		fprintf(stderr, "usage: litter_file [--json] PATH...\n");
		return 2;
	}
	return status;
}
