#include "unit.h"
#include "litter_scene.h"
#include "base/queue.h"
#include "vision/camera/frame.h"
#include "vision/litter/litter_watch.h"
#include "vision/camera/ring.h"

#include <errno.h>

enum { LEAD = 30, FRAMES = LEAD + 66, WAIT_MS = 20000 };

static struct scene scene;

static struct litter_watch *open_watch(struct queue *results, struct packet_ring *ring,
				       const char *dir)
{
	struct litter_watch_config config = {.camera = 3,
					     .name = "facade",
					     .evidence_dir = dir,
					     .ring = ring,
					     .queue_frames = LITTER_WATCH_FRAMES_MAX};
	struct litter_watch *watch = NULL;

	assert_int_equal(litter_watch_open(&config, results, &watch), 0);
	return watch;
}

static struct queue *open_results(void)
{
	struct queue *results = NULL;

	assert_int_equal(
		queue_open(sizeof(struct litter_result), 8, QUEUE_REFUSE_WHEN_FULL, NULL, &results),
		0);
	return results;
}

/* waits until the worker has room, so that none is skipped on a slow machine */
static void offer(struct litter_watch *watch, int frame, int64_t pts_us, uint32_t epoch)
{
	struct litter_watch_stats stats;
	struct video_frame *picture = NULL;
	float s = (float)(frame - LEAD) * 0.04F;

	scene_facade(&scene, 0, 0, 0);
	if (s >= 0)
		scene_disc(&scene, 300, scene_fall_y(s), 4, 250);
	assert_int_equal(
		video_frame_from_luma(scene.luma, SCENE_WIDTH, SCENE_WIDTH, SCENE_HEIGHT, &picture),
		0);
	picture->pts_us = pts_us;
	picture->arrived_mono_us = 1000000 + (uint64_t)pts_us;
	picture->epoch = epoch;
	do
		litter_watch_stats(watch, &stats);
	while (stats.frames_offered - stats.frames_skipped - stats.frames_analysed >=
	       LITTER_WATCH_FRAMES_MAX / 2);
	litter_watch_frame(watch, picture);
	video_frame_unref(picture);
}

static void a_throw_is_posted_with_its_times(void **state)
{
	struct queue *results = open_results();
	struct litter_watch *watch = open_watch(results, NULL, NULL);
	static struct litter_result result;

	(void)state;
	for (int i = 0; i < FRAMES; i++)
		offer(watch, i, (int64_t)i * SCENE_FRAME_US, 1);
	litter_watch_flush(watch);
	assert_int_equal(queue_pop_wait(results, &result, WAIT_MS), 0);
	assert_int_equal(result.camera, 3);
	assert_int_equal(result.verdict.grade, LITTER_ALERT);
	assert_int_equal(result.first_seen_mono_us,
			 1000000 + (uint64_t)result.verdict.begin_pts_us);
	assert_int_equal(result.width_px, SCENE_WIDTH);
	assert_int_equal(result.file_count, 0);
	assert_string_equal(result.evidence_problem.detail, "");
	litter_watch_close(watch);
	assert_int_equal(queue_pop(results, &result), -EAGAIN);
	queue_close(results);
}

static void a_new_epoch_judges_the_old_one(void **state)
{
	struct queue *results = open_results();
	struct litter_watch *watch = open_watch(results, NULL, NULL);
	static struct litter_result result;

	(void)state;
	for (int loop = 0; loop < 2; loop++) {
		for (int i = 0; i < FRAMES; i++)
			offer(watch, i, (int64_t)(loop * FRAMES + i) * SCENE_FRAME_US,
			      (uint32_t)loop);
	}
	litter_watch_close(watch);
	assert_int_equal(queue_pop(results, &result), 0);
	assert_int_equal(queue_pop(results, &result), 0);
	assert_int_equal(queue_pop(results, &result), -EAGAIN);
	queue_close(results);
}

static void another_size_judges_what_was_seen_before(void **state)
{
	struct queue *results = open_results();
	struct litter_watch *watch = open_watch(results, NULL, NULL);
	static struct litter_result result;

	(void)state;
	for (int i = 0; i < FRAMES; i++)
		offer(watch, i, (int64_t)i * SCENE_FRAME_US, 1);
	for (int i = 0; i < 20; i++) {
		struct video_frame *small = NULL;

		assert_int_equal(video_frame_from_luma(scene.luma, SCENE_WIDTH, SCENE_WIDTH / 2,
						       SCENE_HEIGHT / 2, &small),
				 0);
		small->pts_us = (int64_t)(FRAMES + i) * SCENE_FRAME_US;
		small->epoch = 1;
		litter_watch_frame(watch, small);
		video_frame_unref(small);
	}
	litter_watch_close(watch);
	assert_int_equal(queue_pop(results, &result), 0);
	assert_int_equal(result.width_px, SCENE_WIDTH);
	assert_int_equal(queue_pop(results, &result), -EAGAIN);
	queue_close(results);
}

static void an_alert_without_evidence_is_posted_all_the_same(void **state)
{
	struct queue *results = open_results();
	struct packet_ring *ring = NULL;
	struct litter_watch *watch;
	static struct litter_result result;

	(void)state;
	assert_int_equal(ring_open(1, 1000, &ring), 0);
	watch = open_watch(results, ring, "/nonexistent/evidence");
	for (int i = 0; i < FRAMES; i++)
		offer(watch, i, (int64_t)i * SCENE_FRAME_US, 1);
	litter_watch_close(watch);
	assert_int_equal(queue_pop(results, &result), 0);
	assert_int_equal(result.verdict.grade, LITTER_ALERT);
	assert_true(strlen(result.evidence_problem.detail) > 0);
	ring_close(ring);
	queue_close(results);
}

static void skipped_frames_are_counted(void **state)
{
	struct queue *results = open_results();
	struct litter_watch_config config = {.name = "facade", .queue_frames = 1};
	struct litter_watch *watch = NULL;
	struct litter_watch_stats stats;
	struct video_frame *picture = NULL;

	(void)state;
	assert_int_equal(litter_watch_open(&config, results, &watch), 0);
	assert_int_equal(
		video_frame_from_luma(scene.luma, SCENE_WIDTH, SCENE_WIDTH, SCENE_HEIGHT, &picture),
		0);
	for (int i = 0; i < 500; i++)
		litter_watch_frame(watch, picture);
	litter_watch_stats(watch, &stats);
	assert_int_equal(stats.frames_offered, 500);
	assert_true(stats.frames_skipped <= 500);
	litter_watch_close(watch); /* takes what waits, and gives back every reference */
	video_frame_unref(picture);
	queue_close(results);
}

static void wrong_settings_are_refused(void **state)
{
	struct queue *results = open_results();
	struct litter_watch_config config = {.name = "facade", .post_roll_ms = 60001};
	struct litter_watch *watch = NULL;

	(void)state;
	assert_int_equal(litter_watch_open(&config, results, &watch), -EINVAL);
	config.post_roll_ms = 0;
	config.queue_frames = LITTER_WATCH_FRAMES_MAX + 1;
	assert_int_equal(litter_watch_open(&config, results, &watch), -EINVAL);
	config.queue_frames = 0;
	config.litter.roi.count = 2;
	assert_int_equal(litter_watch_open(&config, results, &watch), -EINVAL);
	assert_null(watch);
	litter_watch_close(NULL);
	queue_close(results);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_throw_is_posted_with_its_times),
		cmocka_unit_test(a_new_epoch_judges_the_old_one),
		cmocka_unit_test(another_size_judges_what_was_seen_before),
		cmocka_unit_test(an_alert_without_evidence_is_posted_all_the_same),
		cmocka_unit_test(skipped_frames_are_counted),
		cmocka_unit_test(wrong_settings_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
