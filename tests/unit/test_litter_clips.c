/*
 * Recorded clips with a known throw, or with none: as they are, mirrored, at half size, and with
 * noise.
 */
#include "unit.h"
#include "vision/camera/camera.h"
#include "vision/litter/litter.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "../shared/data/falling/"

enum variant { PLAIN, MIRRORED, HALF, NOISY, VARIANTS };

/* truth: where the thing is first seen, and a place near its end; frames at @p fps */
static const struct clip {
	const char *name;
	int alerts;
	double fps;
	float frame, x, y;
} clips[] = {
	{"tower.mp4", 1, 30, 18, 614, 38},
	{"office1.mp4", 1, 29.97, 219, 680, 62},
	{"negatives/birds.mp4", 0, 0, 0, 0, 0},
	{"negatives/leaf.gif", 0, 0, 0, 0, 0},
	{"negatives/motorway.avi", 0, 0, 0, 0, 0},
	{"negatives/tree.avi", 0, 0, 0, 0, 0},
	{"negatives/handheld-truncated.gif", 0, 0, 0, 0, 0},
};

struct play {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ended;
	struct litter *litters[VARIANTS];
	struct litter_verdict first[VARIANTS];
	int alerts[VARIANTS];
	int width, height;
	int64_t pts_first_us;
	uint8_t *pixels;
	uint32_t seed;
};

static void fetch(struct play *play)
{
	struct litter_verdict verdict;

	for (int v = 0; v < VARIANTS; v++) {
		while (play->litters[v] != NULL && litter_next(play->litters[v], &verdict) == 1) {
			if (verdict.grade == LITTER_ALERT && play->alerts[v]++ == 0)
				play->first[v] = verdict;
		}
	}
}

static void draw(struct play *play, const struct video_frame *frame, enum variant variant)
{
	int w = variant == HALF ? frame->width_px / 2 : frame->width_px;
	int h = variant == HALF ? frame->height_px / 2 : frame->height_px;

	for (int y = 0; y < h; y++) {
		uint8_t *to = play->pixels + (size_t)y * (size_t)w;
		const uint8_t *row = frame->luma + (size_t)y * (size_t)frame->stride_bytes;
		const uint8_t *a = frame->luma + (size_t)(2 * y) * (size_t)frame->stride_bytes;

		for (int x = 0; x < w; x++) {
			if (variant == MIRRORED) {
				to[x] = row[w - 1 - x];
			} else if (variant == HALF) {
				const uint8_t *b = a + frame->stride_bytes;

				to[x] = (uint8_t)((a[2 * x] + a[2 * x + 1] + b[2 * x] +
						   b[2 * x + 1] + 2) /
						  4);
			} else {
				int level;

				play->seed = play->seed * 1664525U + 1013904223U;
				level = row[x] + (int)(play->seed >> 24) % 9 - 4;
				to[x] = (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
			}
		}
	}
}

static void take_frame(void *arg, struct video_frame *frame)
{
	struct play *play = arg;

	if (play->width == 0) {
		play->width = frame->width_px;
		play->height = frame->height_px;
		play->pts_first_us = frame->pts_us;
		play->pixels = malloc((size_t)play->width * (size_t)play->height);
		for (int v = 0; v < VARIANTS; v++)
			(void)litter_open(v == HALF ? play->width / 2 : play->width,
					  v == HALF ? play->height / 2 : play->height, NULL,
					  &play->litters[v]);
	}
	if (play->pixels == NULL || frame->width_px != play->width ||
	    frame->height_px != play->height)
		return;
	for (int v = 0; v < VARIANTS; v++) {
		if (play->litters[v] == NULL)
			continue;
		if (v == PLAIN) {
			litter_frame(play->litters[v], frame->luma, (size_t)frame->stride_bytes,
				     frame->pts_us);
			continue;
		}
		draw(play, frame, (enum variant)v);
		litter_frame(play->litters[v], play->pixels,
			     (size_t)(v == HALF ? play->width / 2 : play->width), frame->pts_us);
	}
	fetch(play);
}

static void take_state(void *arg, enum camera_state state, const struct problem *reason)
{
	struct play *play = arg;

	(void)reason;
	if (state == CAMERA_LIVE)
		return;
	pthread_mutex_lock(&play->lock);
	play->ended = true;
	pthread_cond_signal(&play->changed);
	pthread_mutex_unlock(&play->lock);
}

static void run(struct play *play, const char *name)
{
	const struct camera_ops ops = {.frame = take_frame, .state = take_state};
	struct camera_config config;
	struct camera *camera = NULL;

	pthread_mutex_init(&play->lock, NULL);
	pthread_cond_init(&play->changed, NULL);
	camera_config_defaults(&config);
	config.realtime = false;
	config.ring_seconds = 0;
	snprintf(config.name, sizeof(config.name), "clip");
	snprintf(config.url, sizeof(config.url), "file:" FOLDER "%s", name);
	assert_int_equal(camera_open(&config, &ops, play, &camera), 0);
	pthread_mutex_lock(&play->lock);
	while (!play->ended)
		pthread_cond_wait(&play->changed, &play->lock);
	pthread_mutex_unlock(&play->lock);
	camera_close(camera);
	for (int v = 0; v < VARIANTS; v++) {
		if (play->litters[v] != NULL)
			litter_flush(play->litters[v]);
	}
	fetch(play);
	for (int v = 0; v < VARIANTS; v++)
		litter_close(play->litters[v]);
	free(play->pixels);
	pthread_cond_destroy(&play->changed);
	pthread_mutex_destroy(&play->lock);
}

static void check_origin(const struct clip *clip, const struct play *play, int variant)
{
	const struct litter_verdict *verdict = &play->first[variant];
	float scale = variant == HALF ? 2 : 1;
	float x = verdict->points[0].x * scale, y = verdict->points[0].y * scale;
	double frame = (double)(verdict->begin_pts_us - play->pts_first_us) * clip->fps / 1e6;

	if (variant == MIRRORED)
		x = (float)play->width - x;
	if (fabs(frame - (double)clip->frame) > 10 || hypotf(x - clip->x, y - clip->y) > 40)
		fail_msg("%s, variant %d: first sight in frame %.1f at (%.0f, %.0f)", clip->name,
			 variant, frame, (double)x, (double)y);
}

static void throws_alert_once_and_nothing_else_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(clips) / sizeof(*clips); i++) {
		struct play play = {.seed = 1};

		run(&play, clips[i].name);
		for (int v = 0; v < VARIANTS; v++) {
			if (play.alerts[v] != clips[i].alerts)
				fail_msg("%s, variant %d: %d alerts", clips[i].name, v,
					 play.alerts[v]);
			if (clips[i].alerts == 1)
				check_origin(&clips[i], &play, v);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(throws_alert_once_and_nothing_else_does)};

	if (access(FOLDER "ground_truth.csv", R_OK) != 0) {
		printf("skipped: no recorded clips in " FOLDER "\n");
		return UNIT_SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
