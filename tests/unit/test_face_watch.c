#include "unit.h"

#include "base/queue.h"
#include "face_models.h"
#include "vision/face/face_pipeline.h"
#include "vision/face/face_watch.h"
#include "vision/face/match.h"

#include <errno.h>
#include <unistd.h>

enum {
	WAIT_MS = 600000
}; /* only a test that fails waits so long; under qemu one look takes seconds */
static const char franck[] = "0000000000000000000000FRNC";

struct bench { /* a watch with its models loaded, and its results */
	struct queue *results;
	struct face_watch *watch;
};

static struct face_watch_config config_with(const char *dir)
{
	struct face_watch_config config;

	face_watch_defaults(&config);
	config.models_dir = dir;
	return config;
}

static struct face_result next(struct queue *results)
{
	struct face_result result;

	assert_int_equal(queue_pop_wait(results, &result, WAIT_MS), 0);
	return result;
}

static int set_up_with(void **state, bool blink)
{
	static struct bench bench;
	struct face_watch_config config = config_with(models_dir());

	assert_int_equal(queue_open(sizeof(struct face_result), 16, QUEUE_REFUSE_WHEN_FULL, NULL,
				    &bench.results),
			 0);
	config.blink = blink;
	assert_int_equal(face_watch_open(&config, bench.results, &bench.watch), 0);
	assert_int_equal(next(bench.results).kind, FACE_RESULT_READY);
	*state = &bench;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, false);
}

static int set_up_asking_for_a_blink(void **state)
{
	return set_up_with(state, true);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	face_watch_close(bench->watch);
	queue_close(bench->results);
	return 0;
}

static struct video_frame *frame_of(const char *name)
{
	struct video_frame *frame = NULL;
	struct face_photo photo = {0};
	struct problem problem = {0};
	size_t bytes;
	uint8_t *file = read_demo(name, &bytes);

	assert_int_equal(face_photo_decode(file, bytes, &photo, &problem), 0);
	assert_int_equal(video_frame_from_bgr(photo.image.pixels, photo.image.stride_bytes,
					      photo.image.width_px, photo.image.height_px, &frame),
			 0);
	face_photo_finish(&photo);
	free(file);
	return frame;
}

static struct face_result enrol(struct bench *bench, const char *name)
{
	size_t bytes;
	uint8_t *file = read_demo(name, &bytes);
	struct face_result result;

	assert_int_equal(face_watch_enrol(bench->watch, 42, file, bytes), 0);
	free(file);
	result = next(bench->results);
	assert_int_equal(result.request, 42);
	return result;
}

/* Shows the picture until something is decided; frames rise in time as a camera's do. */
static struct face_result show(struct bench *bench, const char *name)
{
	struct face_result result;
	int r = -EAGAIN;

	for (unsigned i = 0; i < 500 && r == -EAGAIN; i++) {
		struct video_frame *frame = frame_of(name);

		frame->arrived_mono_us = 1000000 + i * 40000;
		frame->pts_us = i * 40000;
		face_watch_frame(bench->watch, 0, frame);
		video_frame_unref(frame);
		r = queue_pop_wait(bench->results, &result, 200);
		if (r == 0 && result.kind == FACE_RESULT_PROMPT)
			r = -EAGAIN;
	}
	assert_int_equal(r, 0);
	return result;
}

static void an_enrolled_person_is_let_in(void **state)
{
	struct bench *bench = *state;
	struct face_result result = enrol(bench, "franck_01829.jpg");

	assert_int_equal(result.kind, FACE_RESULT_ENROLLED);
	assert_true(result.quality > 0);
	assert_int_equal(
		gallery_add(face_watch_gallery(bench->watch), franck, result.template_vector), 0);
	result = show(bench, "franck_03909.jpg");
	assert_int_equal(result.kind, FACE_RESULT_ACCESS);
	assert_string_equal(result.person, franck);
	assert_true(result.score >= result.threshold);
	assert_true(result.good_frames >= 2);
	assert_true(result.first_good_mono_us >= 1000000);
	assert_true(result.box.height_px > 60);
}

/* Offers the frame and waits until it was looked at. */
static void look_at(struct bench *bench, struct video_frame *frame)
{
	struct face_watch_stats before, after;

	face_watch_stats(bench->watch, &before);
	after = before;
	face_watch_frame(bench->watch, 0, frame);
	for (int i = 0; i < WAIT_MS && after.frames_searched + after.frames_still ==
					       before.frames_searched + before.frames_still;
	     i++) {
		usleep(1000);
		face_watch_stats(bench->watch, &after);
	}
}

/*
 * A photo that liveness takes for alive, before a camera that asks for a blink: asked, and refused
 * when time is over.
 */
static void a_still_picture_never_blinks(void **state)
{
	struct bench *bench = *state;
	struct face_result result = enrol(bench, "franck_01829.jpg");
	bool asked = false;
	int r = -EAGAIN;

	assert_int_equal(
		gallery_add(face_watch_gallery(bench->watch), franck, result.template_vector), 0);
	for (unsigned i = 0; i < 300 && !(r == 0 && result.kind != FACE_RESULT_PROMPT); i++) {
		struct video_frame *frame = frame_of("franck_03909.jpg");

		frame->arrived_mono_us = 1000000 + i * 250000; /* time is the frames' own */
		look_at(bench, frame);
		video_frame_unref(frame);
		while ((r = queue_pop(bench->results, &result)) == 0 &&
		       result.kind == FACE_RESULT_PROMPT)
			asked = asked || result.prompt == FACE_PROMPT_BLINK;
	}
	assert_int_equal(r, 0);
	assert_true(asked);
	assert_int_equal(result.kind, FACE_RESULT_SPOOF);
	assert_true(result.no_blink);
	assert_string_equal(result.person, franck);
	assert_true(result.liveness >= 0.35f); /* it was not that */
}

/*
 * Two seconds of the demo film in which he blinks; frames come as fast as they are looked at, in
 * the film's own time.
 */
static void whoever_blinks_is_let_in(void **state)
{
	enum { WIDTH = 360, HEIGHT = 288 };
	static uint8_t pixels[WIDTH * HEIGHT * 3];
	struct bench *bench = *state;
	struct face_result result = enrol(bench, "franck_01829.jpg");
	char command[512];
	FILE *film;
	unsigned frames = 0, blinked_after = 0;

	assert_int_equal(
		gallery_add(face_watch_gallery(bench->watch), franck, result.template_vector), 0);
	snprintf(command, sizeof(command),
		 "ffmpeg -v error -ss 29.6 -t 2 -i '%s/demo/franck.mp4' -vf scale=%d:%d -f "
		 "rawvideo -pix_fmt "
		 "bgr24 - "
		 "</dev/null",
		 models_dir(), WIDTH, HEIGHT);
	film = popen(command, "r");
	assert_non_null(film);
	for (; blinked_after == 0 && fread(pixels, sizeof(pixels), 1, film) == 1; frames++) {
		struct video_frame *frame;

		assert_int_equal(video_frame_from_bgr(pixels, WIDTH * 3, WIDTH, HEIGHT, &frame), 0);
		frame->arrived_mono_us = 1000000 + frames * 41667;
		look_at(bench, frame);
		video_frame_unref(frame);
		while (queue_pop(bench->results, &result) == 0)
			if (result.kind == FACE_RESULT_ACCESS)
				blinked_after = frames;
	}
	pclose(film);
	assert_in_range(blinked_after, 15, 40); /* not before he shut his eyes, after 0.7 s */
	assert_false(result.no_blink);
	assert_string_equal(result.person, franck);
}

static void somebody_not_enrolled_is_a_stranger(void **state)
{
	struct face_result result = show(*state, "franck_03909.jpg");

	assert_int_equal(result.kind, FACE_RESULT_STRANGER);
	assert_string_equal(result.person, "");
}

static void what_is_no_photo_is_answered_in_words(void **state)
{
	struct bench *bench = *state;
	struct face_result result;

	assert_int_equal(face_watch_enrol(bench->watch, 7, "hello", 5), 0);
	result = next(bench->results);
	assert_int_equal(result.kind, FACE_RESULT_ENROL_FAILED);
	assert_int_equal(result.request, 7);
	assert_non_null(strstr(result.reason.detail, "JPEG"));
	assert_int_equal(face_watch_enrol(bench->watch, 7, NULL, 5), -EINVAL);
	assert_int_equal(face_watch_enrol(bench->watch, 7, "x", 0), -EINVAL);
	assert_int_equal(face_watch_enrol(bench->watch, 7, "x", FACE_PHOTO_BYTES_MAX + 1), -EFBIG);
}

static void frames_of_no_camera_are_ignored(void **state)
{
	struct bench *bench = *state;
	struct face_watch_stats stats;
	uint8_t luma[64 * 64] = {0};
	struct video_frame *frame = NULL;

	assert_int_equal(video_frame_from_luma(luma, 64, 64, 64, &frame), 0);
	face_watch_frame(bench->watch, 9, frame);
	face_watch_frame(bench->watch, 0, NULL);
	face_watch_reset(bench->watch, 9);
	face_watch_stats(bench->watch, &stats);
	assert_int_equal(stats.frames_offered, 0);
	video_frame_unref(frame);
}

static void closing_drops_what_waits(void **state)
{
	struct bench *bench = *state;
	struct video_frame *frame = frame_of("franck_01829.jpg");
	size_t bytes;
	uint8_t *file = read_demo("franck_01829.jpg", &bytes);

	for (int i = 0; i < 4; i++)
		assert_int_equal(face_watch_enrol(bench->watch, (uint64_t)i, file, bytes), 0);
	face_watch_frame(bench->watch, 0, frame);
	video_frame_unref(frame);
	free(file);
}

static void missing_models_are_reported_and_harm_nothing(void **state)
{
	struct face_watch_config config = config_with("/nonexistent");
	struct face_watch *watch = NULL;
	struct queue *results = NULL;
	struct face_result result;

	(void)state;
	assert_int_equal(queue_open(sizeof(result), 4, QUEUE_REFUSE_WHEN_FULL, NULL, &results), 0);
	assert_int_equal(face_watch_open(&config, results, &watch), 0);
	result = next(results);
	assert_int_equal(result.kind, FACE_RESULT_FAILED);
	assert_non_null(strstr(result.reason.detail, "tools/setup"));
	assert_int_equal(face_watch_enrol(watch, 1, "x", 1), 0);
	assert_int_equal(next(results).kind, FACE_RESULT_ENROL_FAILED);
	face_watch_close(watch);
	queue_close(results);
}

static void values_out_of_range_are_refused(void **state)
{
	struct face_watch_config good = config_with("/nonexistent"), config;
	struct face_watch *watch = NULL;
	struct queue *results = NULL;

	(void)state;
	assert_int_equal(
		queue_open(sizeof(struct face_result), 1, QUEUE_REFUSE_WHEN_FULL, NULL, &results),
		0);
	config = good;
	config.cameras = FACE_WATCH_CAMERAS_MAX + 1;
	assert_int_equal(face_watch_open(&config, results, &watch), -EINVAL);
	config = good;
	config.access_frames = 1;
	assert_int_equal(face_watch_open(&config, results, &watch), -EINVAL);
	config = good;
	config.liveness_min = 1.1f;
	assert_int_equal(face_watch_open(&config, results, &watch), -EINVAL);
	config = good;
	config.models_dir = NULL;
	assert_int_equal(face_watch_open(&config, results, &watch), -EINVAL);
	assert_int_equal(face_watch_open(&good, NULL, &watch), -EINVAL);
	assert_null(watch);
	face_watch_close(NULL);
	queue_close(results);
}

static void a_still_street_is_no_motion(void **state)
{
	static uint8_t luma[240 * 320];
	static struct face_motion motion;

	(void)state;
	assert_true(face_motion_step(&motion, luma, 320, 320, 240, 1000)); /* the first picture */
	for (unsigned i = 1; i < 100; i++) {
		luma[i * 700] += 5; /* noise */
		assert_false(face_motion_step(&motion, luma, 320, 320, 240, 1000 + i * 40));
	}
	for (int y = 100; y < 140; y++)
		memset(luma + y * 320 + 100, 200, 40);
	assert_true(face_motion_step(&motion, luma, 320, 320, 240, 6000));
	assert_false(face_motion_step(&motion, luma, 320, 320, 240, 6040));
	assert_true(face_motion_step(&motion, luma, 320, 160, 120, 6080)); /* another size */
}

/* Shows the picture until the enrolment before the camera has ended, one way or the other. */
static struct face_result show_for_enrolment(struct bench *bench, const char *name,
					     unsigned seconds)
{
	assert_int_equal(face_watch_enrol_live(bench->watch, 7, 0, seconds), 0);
	return show(bench, name);
}

static void somebody_at_the_gate_is_enrolled_there(void **state)
{
	struct bench *bench = *state;
	struct face_result result = show_for_enrolment(bench, "franck_01829.jpg", 60);

	assert_int_equal(result.kind, FACE_RESULT_ENROLLED);
	assert_int_equal(result.request, 7);
	assert_int_equal(result.good_frames, FACE_ENROL_FRAMES);
	assert_true(result.quality > 0);
	assert_int_equal(
		gallery_add(face_watch_gallery(bench->watch), franck, result.template_vector), 0);
	result = show(bench, "franck_03909.jpg");
	assert_int_equal(result.kind, FACE_RESULT_ACCESS);
	assert_string_equal(result.person, franck);
	assert_string_equal(result.rival, ""); /* nobody else is there */
}

static void two_enrolments_at_once_do_not_mix(void **state)
{
	struct bench *bench = *state;
	struct face_result result;

	assert_int_equal(face_watch_enrol_live(bench->watch, 7, 0, 60), 0);
	assert_int_equal(face_watch_enrol_live(bench->watch, 8, 0, 60), 0);
	result = next(bench->results);
	assert_int_equal(result.kind, FACE_RESULT_ENROL_FAILED);
	assert_int_equal(result.request, 8);
	assert_non_null(strstr(result.reason.detail, "Somebody else"));
	assert_int_equal(show(bench, "franck_01829.jpg").request, 7);
	assert_int_equal(face_watch_enrol_live(bench->watch, 9, 1, 60),
			 -EINVAL); /* no such camera */
	assert_int_equal(face_watch_enrol_live(bench->watch, 9, 0, 4), -EINVAL);
}

static void nobody_in_time_is_no_enrolment(void **state)
{
	struct bench *bench = *state;
	struct face_result result;

	assert_int_equal(face_watch_enrol_live(bench->watch, 9, 0, 5), 0);
	result = next(bench->results); /* no frame at all: the camera may be lost */
	assert_int_equal(result.kind, FACE_RESULT_ENROL_FAILED);
	assert_int_equal(result.request, 9);
	assert_non_null(strstr(result.reason.detail, "Nobody came"));
}

static void a_second_like_face_is_told_as_the_rival(void **state)
{
	static const char twin[] = "0000000000000000000000TWNB";
	struct bench *bench = *state;
	struct face_result result = enrol(bench, "franck_01829.jpg");

	assert_int_equal(
		gallery_add(face_watch_gallery(bench->watch), franck, result.template_vector), 0);
	assert_int_equal(
		gallery_add(face_watch_gallery(bench->watch), twin, result.template_vector), 0);
	result = show(bench, "franck_03909.jpg");
	assert_int_equal(result.kind, FACE_RESULT_ACCESS);
	assert_true(strcmp(result.rival, franck) == 0 || strcmp(result.rival, twin) == 0);
	assert_string_not_equal(result.rival, result.person);
	assert_true(result.rival_score >= result.threshold);
}

/* Frames of @p made, which owns its pixels, until a result of @p kind comes. */
static struct face_result show_until(struct bench *bench, struct video_frame *(*make)(void),
				     enum face_result_kind kind)
{
	struct face_result result = {.kind = FACE_RESULT_READY};
	int r = -EAGAIN;

	for (unsigned i = 0; i < 300 && !(r == 0 && result.kind == kind); i++) {
		struct video_frame *frame = make();

		frame->arrived_mono_us = 1000000 + i * 40000;
		face_watch_frame(bench->watch, 0, frame);
		video_frame_unref(frame);
		r = queue_pop_wait(bench->results, &result, 20);
	}
	assert_int_equal(r, 0);
	assert_int_equal(result.kind, kind);
	return result;
}

static struct video_frame *remade(bool upside_down, int shrink)
{
	static unsigned turn;
	struct face_photo photo = {0};
	struct video_frame *frame = NULL;
	struct problem problem = {0};
	size_t bytes, stride;
	uint8_t *file = read_demo("franck_01829.jpg", &bytes), *made;

	assert_int_equal(face_photo_decode(file, bytes, &photo, &problem), 0);
	stride = (size_t)photo.image.width_px * 3;
	made = malloc(stride * (size_t)photo.image.height_px);
	assert_non_null(made);
	memset(made, turn++ % 2 == 0 ? 90 : 160,
	       stride * (size_t)photo.image.height_px); /* something moves */
	for (int y = 0; y < photo.image.height_px / shrink; y++) {
		for (int x = 0; x < photo.image.width_px / shrink; x++) {
			int to_x = upside_down ? photo.image.width_px - 1 - x : x;
			int to_y = upside_down ? photo.image.height_px - 1 - y : y;

			memcpy(made + (size_t)to_y * stride + 3 * (size_t)to_x,
			       photo.image.pixels +
				       (size_t)(y * shrink) * photo.image.stride_bytes +
				       3 * (size_t)(x * shrink),
			       3);
		}
	}
	assert_int_equal(video_frame_from_bgr(made, stride, photo.image.width_px,
					      photo.image.height_px, &frame),
			 0);
	free(made);
	face_photo_finish(&photo);
	free(file);
	return frame;
}

static struct video_frame *on_its_head(void)
{
	return remade(true, 1);
}

static struct video_frame *far_away(void)
{
	return remade(false, 6);
}

/*
 * A camera that hangs the wrong way round: faces are found, and nobody is let in as somebody else.
 */
static void faces_on_their_heads_match_nobody(void **state)
{
	static const char other[] = "0000000000000000000000THER";
	struct bench *bench = *state;
	struct face_result result = enrol(bench, "franck_01829.jpg");

	for (size_t i = 0; i < FACE_DIM; i += 2) /* somebody half like him */
		result.template_vector[i] = -result.template_vector[i];
	assert_int_equal(
		gallery_add(face_watch_gallery(bench->watch), other, result.template_vector), 0);
	assert_int_equal(show_until(bench, on_its_head, FACE_RESULT_STRANGER).person[0], '\0');
}

static void a_camera_upside_down_is_told(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < 3; i++) { /* three people */
		show_until(bench, on_its_head,
			   i < 2 ? FACE_RESULT_STRANGER : FACE_RESULT_UPSIDE_DOWN);
		face_watch_reset(bench->watch, 0);
	}
}

static void somebody_far_away_is_asked_to_come_closer(void **state)
{
	assert_int_equal(show_until(*state, far_away, FACE_RESULT_PROMPT).prompt,
			 FACE_PROMPT_CLOSER);
}

static void a_camera_can_ask_for_more(void **state)
{
	struct bench *bench = *state;
	struct face_result result = enrol(bench, "franck_01829.jpg");
	float before;

	assert_int_equal(
		gallery_add(face_watch_gallery(bench->watch), franck, result.template_vector), 0);
	before = show(bench, "franck_03909.jpg").threshold;
	face_watch_set_offset(bench->watch, 0, 0.1f);
	face_watch_reset(bench->watch, 0);
	assert_float_equal(show(bench, "franck_04000.jpg").threshold, before + 0.1f, 1e-4);
}

int main(void)
{
	const struct CMUnitTest plain[] = {
		cmocka_unit_test(missing_models_are_reported_and_harm_nothing),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(a_still_street_is_no_motion),
	};
	const struct CMUnitTest with_models[] = {
		cmocka_unit_test_setup_teardown(an_enrolled_person_is_let_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(somebody_at_the_gate_is_enrolled_there, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(two_enrolments_at_once_do_not_mix, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(nobody_in_time_is_no_enrolment, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_second_like_face_is_told_as_the_rival, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_camera_can_ask_for_more, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_camera_upside_down_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(faces_on_their_heads_match_nobody, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(somebody_far_away_is_asked_to_come_closer, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(whoever_blinks_is_let_in, set_up_asking_for_a_blink,
						tear_down),
		cmocka_unit_test_setup_teardown(a_still_picture_never_blinks,
						set_up_asking_for_a_blink, tear_down),
		cmocka_unit_test_setup_teardown(somebody_not_enrolled_is_a_stranger, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_photo_is_answered_in_words, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(frames_of_no_camera_are_ignored, set_up, tear_down),
		cmocka_unit_test_setup_teardown(closing_drops_what_waits, set_up, tear_down),
	};
	int failed = cmocka_run_group_tests(plain, NULL, NULL);

	if (failed != 0)
		return failed;
	if (models_dir() == NULL)
		return UNIT_SKIPPED;
	return cmocka_run_group_tests(with_models, NULL, NULL);
}
