#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../scenes/scene.h"

enum { WIDE = 640, TALL = 360, PIXELS = WIDE * TALL, FRAME = PIXELS * 3 / 2 };

static struct scene_options throw_of(uint64_t seed, enum scene_kind kind)
{
	return (struct scene_options){
		.seed = seed,
		.width_px = WIDE,
		.height_px = TALL,
		.frames_per_s = 25,
		.frames = 150,
		.throws = {{.t_s = 1.0, .floor = 11, .column = 3, .kind = kind}},
		.throw_count = 1,
		.birds = 2,
		.leaves = true};
}

static struct scene *open_scene(const struct scene_options *options)
{
	struct scene *scene = NULL;

	assert_int_equal(scene_open(options, &scene), 0);
	return scene;
}

static uint8_t *draw(struct scene *scene, int n)
{
	uint8_t *frame = malloc(FRAME);
	struct scene_planes planes = {{frame, frame + PIXELS, frame + PIXELS * 5 / 4},
				      {WIDE, WIDE / 2, WIDE / 2}};

	assert_non_null(frame);
	scene_draw(scene, n, &planes);
	return frame;
}

static bool same_picture(struct scene *a, struct scene *b, int n)
{
	uint8_t *from_a = draw(a, n), *from_b = draw(b, n);
	bool same = memcmp(from_a, from_b, FRAME) == 0;

	free(from_a);
	free(from_b);
	return same;
}

static void same_seed_same_film(void **state)
{
	const struct scene_options options = throw_of(7, SCENE_BOTTLE),
				   other = throw_of(8, SCENE_BOTTLE);
	struct scene *a = open_scene(&options), *b = open_scene(&options), *c = open_scene(&other);
	bool truth_differs = false;

	(void)state;
	assert_true(same_picture(a, b, 60));
	assert_true(same_picture(a, b, 3)); /* in any order */
	assert_false(same_picture(a, c, 60));
	for (int n = 0; n < options.frames; n++) {
		struct scene_box in_a = {0, 0, 0, 0}, in_b = {0, 0, 0, 0}, in_c = {0, 0, 0, 0};

		assert_int_equal(scene_truth(a, 0, n, &in_a), scene_truth(b, 0, n, &in_b));
		assert_memory_equal(&in_a, &in_b, sizeof(in_a));
		truth_differs |=
			scene_truth(c, 0, n, &in_c) && memcmp(&in_a, &in_c, sizeof(in_a)) != 0;
	}
	assert_true(truth_differs);
	scene_close(a);
	scene_close(b);
	scene_close(c);
}

static int change_at(const uint8_t *a, const uint8_t *b, const struct scene_box *box)
{
	int most = 0;

	for (int y = (int)(box->cy - box->h / 2); y < (int)(box->cy + box->h / 2); y++)
		for (int x = (int)(box->cx - box->w / 2); x < (int)(box->cx + box->w / 2); x++) {
			int change = abs(a[y * WIDE + x] - b[y * WIDE + x]);

			most = change > most ? change : most;
		}
	return most;
}

/*
 * Every kind stands out from what is behind it in nearly every frame, and nowhere else does a throw
 * change one.
 */
static void a_throw_is_where_the_truth_says(void **state)
{
	(void)state;
	for (int kind = 0; kind < SCENE_KINDS; kind++) {
		struct scene_options options = throw_of(7, (enum scene_kind)kind), empty = options;
		struct scene *with, *without;
		int begin, end, seen = 0, looked = 0;

		empty.throw_count = 0;
		with = open_scene(&options);
		without = open_scene(&empty);
		scene_throw_frames(with, 0, &begin, &end);
		assert_in_range(begin, 25, 26);
		assert_true(end > begin + 40);
		assert_true(same_picture(with, without, begin - 1));
		for (int n = begin; n <= end; n += 5, looked++) {
			struct scene_box box;
			uint8_t *a = draw(with, n), *b = draw(without, n);

			assert_true(scene_truth(with, 0, n, &box));
			seen += change_at(a, b, &box) >= 20;
			free(a);
			free(b);
		}
		assert_true(seen * 5 >= looked * 4);
		scene_close(with);
		scene_close(without);
	}
}

static void a_throw_begins_at_its_flat_and_falls(void **state)
{
	const struct scene_options options = throw_of(7, SCENE_BOTTLE);
	struct scene *scene = open_scene(&options);
	double at[4][2], last_y = 0;
	struct scene_box box;
	int begin, end;

	(void)state;
	scene_corners(scene, at);
	scene_throw_frames(scene, 0, &begin, &end);
	assert_true(scene_truth(scene, 0, begin, &box));
	/*
	 * floor 11 of 18 stands above the middle of the building's picture; column C left of its
	 * middle
	 */
	assert_true(box.cy > at[3][1] * TALL && box.cy < (at[0][1] + at[3][1]) / 2 * TALL);
	assert_true(box.cx > at[0][0] * WIDE && box.cx < 0.5 * WIDE);
	for (int n = begin + 15; n <= end; n++) {
		assert_true(scene_truth(scene, 0, n, &box));
		assert_true(box.cy > last_y);
		last_y = box.cy;
	}
	assert_true(last_y > 0.9 * TALL);
	scene_close(scene);
}

/*
 * @return whether @p distractor shows in a picture of that scene, which is drawn the same when it
 *         is drawn again
 */
static bool shows(struct scene *empty, unsigned distractor, struct scene_options options)
{
	struct scene *scene;
	bool differs = false;

	options.distract = distractor;
	scene = open_scene(&options);
	for (int n = 100; n < options.frames && !differs; n += 37) {
		differs = !same_picture(scene, empty, n);
		assert_true(!differs || same_picture(scene, scene, n));
	}
	scene_close(scene);
	return differs;
}

/* each within a minute and a half */
static void every_distractor_shows(void **state)
{
	struct scene_options options = throw_of(7, SCENE_BOTTLE);
	struct scene *empty;

	(void)state;
	options.throw_count = 0;
	options.birds = 0;
	options.frames = 25 * 90;
	empty = open_scene(&options);
	for (unsigned bit = 1; bit < 1U << SCENE_DISTRACTORS; bit <<= 1) {
		assert_int_equal(scene_distractor_find(scene_distractor_name(bit)), bit);
		if (!shows(empty, bit, options))
			fail_msg("%s never shows", scene_distractor_name(bit));
	}
	scene_close(empty);
}

static void a_given_plate_is_drawn_on(void **state)
{
	struct scene_options options = throw_of(7, SCENE_BOTTLE);
	struct scene_plate plate = {NULL, 1};
	uint8_t *grey = malloc(PIXELS), *frame;
	struct scene *scene;
	struct scene_box box;
	int begin, end;

	(void)state;
	assert_non_null(grey);
	memset(grey, 90, PIXELS);
	plate.luma = &grey;
	options.plate = &plate;
	options.birds = 0;
	options.leaves = false;
	scene = open_scene(&options);
	scene_throw_frames(scene, 0, &begin, &end);
	frame = draw(scene, begin + 20);
	assert_true(scene_truth(scene, 0, begin + 20, &box));
	assert_in_range(frame[WIDE + 1], 89, 91);
	assert_true(frame[(int)box.cy * WIDE + (int)box.cx] > 110);
	free(frame);
	scene_close(scene);
	free(grey);
}

static void wrong_options_are_refused(void **state)
{
	struct scene_options good = throw_of(7, SCENE_BOTTLE), bad = good;
	struct scene *scene = NULL;

	(void)state;
	bad.width_px = 641;
	assert_int_equal(scene_open(&bad, &scene), -EINVAL);
	bad = good;
	bad.throws[0].floor = SCENE_FLOORS + 1;
	assert_int_equal(scene_open(&bad, &scene), -EINVAL);
	bad = good;
	bad.throws[0].column = 0;
	assert_int_equal(scene_open(&bad, &scene), -EINVAL);
	bad = good;
	bad.birds = SCENE_BIRDS_MAX + 1;
	assert_int_equal(scene_open(&bad, &scene), -EINVAL);
	assert_null(scene);
	assert_int_equal(scene_kind_find("piano"), SCENE_KINDS);
	for (int kind = 0; kind < SCENE_KINDS; kind++)
		assert_int_equal(scene_kind_find(scene_kind_name((enum scene_kind)kind)), kind);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_film),
		cmocka_unit_test(a_throw_is_where_the_truth_says),
		cmocka_unit_test(a_throw_begins_at_its_flat_and_falls),
		cmocka_unit_test(every_distractor_shows),
		cmocka_unit_test(a_given_plate_is_drawn_on),
		cmocka_unit_test(wrong_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
