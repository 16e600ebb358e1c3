#include "unit.h"
#include "litter_scene.h"
#include "vision/litter/litter.h"

#include <errno.h>
#include <float.h>

enum { LEAD_FRAMES = 30, TAIL_FRAMES = 45 };

struct seen {
	int alerts, suspected;
	struct litter_verdict first;
};

static struct scene scene;

/* what to draw in frame @p frame; the facade is there already */
typedef void (*drawing)(int frame);

static void fetch(struct litter *litter, struct seen *seen)
{
	struct litter_verdict verdict;

	while (litter_next(litter, &verdict) == 1) {
		if (verdict.grade == LITTER_SUSPECTED) {
			seen->suspected++;
			continue;
		}
		if (seen->alerts++ == 0)
			seen->first = verdict;
	}
}

static struct seen watch(drawing draw, int frames, const struct litter_config *config)
{
	struct seen seen = {0};
	struct litter *litter = NULL;

	scene.seed = 7;
	assert_int_equal(litter_open(SCENE_WIDTH, SCENE_HEIGHT, config, &litter), 0);
	for (int i = 0; i < frames; i++) {
		scene_facade(&scene, 0, 0, 0);
		draw(i);
		litter_frame(litter, scene.luma, SCENE_WIDTH, (int64_t)i * SCENE_FRAME_US);
		fetch(litter, &seen);
	}
	litter_flush(litter);
	fetch(litter, &seen);
	litter_close(litter);
	return seen;
}

static void fall_at(int frame, float x, float radius)
{
	float s = (float)(frame - LEAD_FRAMES) * 0.04F;

	if (s >= 0 && s < 2.8F)
		scene_disc(&scene, x + 12 * s, scene_fall_y(s), radius + s, 250);
}

static void one_fall(int frame)
{
	fall_at(frame, 300, 3);
}

static void two_falls(int frame)
{
	fall_at(frame, 150, 3);
	fall_at(frame - 4, 450, 4);
}

static void faded_in_fall(int frame) /* an open aperture for a second, then a thing hardly darker */
{
	float s = (float)(frame - LEAD_FRAMES - 20) * 0.04F;

	for (int i = 0; frame < 25 && i < SCENE_WIDTH * SCENE_HEIGHT; i++)
		scene.luma[i] = (uint8_t)(scene.luma[i] * frame / 25);
	if (s >= 0 && s < 2.6F)
		scene_disc(&scene, 300, scene_fall_y(s), 4, 105);
}

static void repeated_fall(int frame) /* every third frame is the one before */
{
	one_fall(frame % 3 == 2 ? frame - 1 : frame);
}

static void lossy_fall(int frame) /* every fifth frame shows nothing */
{
	if (frame % 5 != 0)
		one_fall(frame);
}

static void bird(int frame)
{
	scene_disc(&scene, 8 * (float)frame, 200 + 20 * sinf((float)frame * 0.3F), 4, 20);
}

static void rising(int frame)
{
	float s = (float)(frame - LEAD_FRAMES) * 0.04F;

	if (s >= 0 && s < 2.6F)
		scene_disc(&scene, 320, scene_fall_y(2.6F - s), 4, 250);
}

static void laundry(int frame)
{
	scene_disc(&scene, 320 + 12 * sinf((float)frame * 0.25F),
		   200 + 40 * sinf((float)frame * 0.2F), 12, 240);
}

static void leaf_and_fall(int frame)
{
	scene_disc(&scene, 560 + 6 * sinf((float)frame * 0.5F), 300, 5, 120);
	fall_at(frame, 150, 3);
}

static void nothing(int frame)
{
	(void)frame;
}

static void light_step(int frame)
{
	if (frame >= 40)
		scene_facade(&scene, 0, 0, 45);
}

static void shaken(int frame)
{
	if (frame >= 40 && frame < 60)
		scene_facade(&scene, (int)(frame * 7 % 5) - 2, frame * 3 % 7 - 3, 0);
}

static void snow(int frame)
{
	for (int i = 0; i < 300; i++) {
		float speed = 2.5F + (float)(i % 7) * 0.5F;
		float y = fmodf((float)(i * 97 % 480) + speed * (float)frame, 480);

		scene_disc(&scene, (float)(i * 211 % 640) + 3 * sinf((float)(frame + i) * 0.1F), y,
			   1.5F, 235);
	}
}

static void sinking(int frame) /* a bag in the wind: slow, even, off to the side */
{
	scene_disc(&scene, 40 + 4.2F * (float)frame, 60 + 2.2F * (float)frame, 4, 240);
}

static void a_fall_alerts_once(void **state)
{
	struct seen seen = watch(one_fall, LEAD_FRAMES + 70 + TAIL_FRAMES, NULL);
	const struct litter_point *a = &seen.first.points[0];

	(void)state;
	assert_int_equal(seen.alerts, 1);
	assert_true(fabsf(a->x - 300) < 12 && fabsf(a->y - scene_fall_y(0)) < 16);
	assert_true(llabs(seen.first.begin_pts_us - LEAD_FRAMES * SCENE_FRAME_US) <=
		    12 * SCENE_FRAME_US);
	assert_true(seen.first.reason_count >= 4 && seen.first.reason_count <= LITTER_REASONS_MAX);
	for (size_t i = 1; i < seen.first.reason_count; i++) /* the weightiest first */
		assert_true(fabsf(seen.first.reasons[i].weight) <=
			    fabsf(seen.first.reasons[i - 1].weight));
	assert_true(seen.first.point_count >= 10 && seen.first.point_count <= LITTER_POINTS_MAX);
	assert_false(seen.first.origin_known);
	assert_string_equal(seen.first.origin, "");
}

static void the_end_of_the_stream_ends_a_fall(void **state)
{
	(void)state;
	assert_int_equal(watch(one_fall, LEAD_FRAMES + 66, NULL).alerts, 1);
}

static void two_throws_alert_twice(void **state)
{
	(void)state;
	assert_int_equal(watch(two_falls, LEAD_FRAMES + 74 + TAIL_FRAMES, NULL).alerts, 2);
}

static void repeated_and_lost_frames_do_not_matter(void **state)
{
	(void)state;
	assert_int_equal(watch(repeated_fall, LEAD_FRAMES + 70 + TAIL_FRAMES, NULL).alerts, 1);
	assert_int_equal(watch(lossy_fall, LEAD_FRAMES + 70 + TAIL_FRAMES, NULL).alerts, 1);
}

static void a_ramp_of_light_does_not_blind_for_long(void **state)
{
	(void)state;
	assert_int_equal(watch(faded_in_fall, LEAD_FRAMES + 90 + TAIL_FRAMES, NULL).alerts, 1);
}

/*
 * the first frame has none before it: taken for the usual change, it made duplicates of all that
 * followed
 */
static void what_always_moves_makes_no_frame_a_duplicate(void **state)
{
	struct litter_stats stats;
	struct litter *litter;

	(void)state;
	scene.seed = 7;
	assert_int_equal(litter_open(SCENE_WIDTH, SCENE_HEIGHT, NULL, &litter), 0);
	for (int i = 0; i < LEAD_FRAMES + 70; i++) {
		scene_facade(&scene, 0, 0, 0);
		leaf_and_fall(i);
		litter_frame(litter, scene.luma, SCENE_WIDTH, (int64_t)i * SCENE_FRAME_US);
	}
	litter_get_stats(litter, &stats);
	assert_int_equal(stats.duplicates, 0);
	litter_close(litter);
	assert_int_equal(watch(leaf_and_fall, LEAD_FRAMES + 70 + TAIL_FRAMES, NULL).alerts, 1);
}

static void what_is_no_throw_does_not_alert(void **state)
{
	static const struct {
		const char *name;
		drawing draw;
	} others[] = {{"bird", bird},       {"rising", rising},    {"laundry", laundry},
		      {"nothing", nothing}, {"light", light_step}, {"shake", shaken},
		      {"snow", snow},       {"sinking", sinking}};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct seen seen = watch(others[i].draw, 150, NULL);

		if (seen.alerts > 0)
			print_error("%s: %d alerts, score %.2f\n", others[i].name, seen.alerts,
				    (double)seen.first.score);
		assert_int_equal(seen.alerts, 0);
	}
}

static void an_excluded_place_is_not_watched(void **state)
{
	struct litter_config config = {
		.exclusions = {{.points = {{0.3F, 0}, {0.7F, 0}, {0.7F, 1}, {0.3F, 1}},
				.count = 4}},
		.exclusion_count = 1};
	struct litter_config roi = {
		.roi = {.points = {{0.3F, 0}, {0.7F, 0}, {0.7F, 1}, {0.3F, 1}}, .count = 4}};

	(void)state;
	assert_int_equal(watch(one_fall, LEAD_FRAMES + 70 + TAIL_FRAMES, &config).alerts, 0);
	assert_int_equal(watch(one_fall, LEAD_FRAMES + 70 + TAIL_FRAMES, &roi).alerts, 1);
}

/*
 * where the wall of the fall stands: its edge @p across metres from the middle, @p up_m metres
 * above the camera
 */
static struct litter_spot wall_at(float across, float up_m)
{
	float pitch = atan2f(42, 15), depth = 15 * cosf(pitch) + up_m * sinf(pitch);

	return (struct litter_spot){(320 + 500 * across / depth) / SCENE_WIDTH,
				    (500 * tanf(pitch - atan2f(up_m, 15)) + 20) / SCENE_HEIGHT};
}

static struct litter_config calibrated(void)
{
	return (struct litter_config){.calibration = {.points = {wall_at(-8, 5), wall_at(8, 5),
								 wall_at(8, 41), wall_at(-8, 41)},
						      .known = true,
						      .floor_low = 1,
						      .floor_high = 12,
						      .columns = 4}};
}

static void a_calibrated_facade_names_floor_and_column(void **state)
{
	struct litter_config config = calibrated();
	struct seen seen = watch(one_fall, LEAD_FRAMES + 70 + TAIL_FRAMES, &config);

	(void)state;
	assert_int_equal(seen.alerts, 1);
	assert_true(seen.first.origin_known);
	assert_true(seen.first.floor_low <= 12 && seen.first.floor_high == 12 &&
		    seen.first.floor_low >= 10);
	assert_true(seen.first.column_low == 'B');
	assert_non_null(strstr(seen.first.origin, "column B"));
}

static void draw_on_wall(float up_m, float radius_m, uint8_t level)
{
	struct litter_spot at = wall_at(2, up_m), beside = wall_at(2 + radius_m, up_m);

	scene_disc(&scene, at.x * SCENE_WIDTH, at.y * SCENE_HEIGHT, (beside.x - at.x) * SCENE_WIDTH,
		   level);
}

static void lift(int frame) /* seven storeys down in ten seconds, gently at both ends */
{
	float way = fminf(fmaxf((float)(frame - LEAD_FRAMES) * 0.04F / 10, 0), 1);

	draw_on_wall(30 - 22 * way * way * (3 - 2 * way), 0.75F, 220);
}

static void drone_down(int frame) /* gathers speed for seconds, gently */
{
	float s = (float)(frame - LEAD_FRAMES) * 0.04F, way = (s + 0.4F) / 6;

	if (s >= 0 && s < 4)
		draw_on_wall(36 - 22 * way * way * (3 - 2 * way), 0.3F, 250);
}

static void shot_down(int frame) /* as fast as an insect seems to be that is near the lens */
{
	float s = (float)(frame - LEAD_FRAMES) * 0.04F;

	if (s >= 0 && s < 0.9F)
		draw_on_wall(38 - 16 * s - 4.905F * s * s, 0.3F, 250);
}

static void storey_down(int frame) /* what falls from a sill onto the one below */
{
	float s = (float)(frame - LEAD_FRAMES) * 0.04F;

	if (s >= 0 && s < 0.84F)
		draw_on_wall(13 - 4.905F * s * s, 0.2F, 250);
}

static void first_drop(int frame) /* straight down from rest, two pixels wide */
{
	float s = (float)(frame - 8) * 0.04F;

	if (s >= 0 && s < 2.4F)
		draw_on_wall(40 - 4.905F * s * s, 0.08F, 250);
}

static void a_storey_is_no_throw(void **state)
{
	struct litter_config config = calibrated();

	(void)state;
	assert_int_equal(watch(storey_down, LEAD_FRAMES + 30 + TAIL_FRAMES, &config).alerts, 0);
}

static void late_drop(int frame)
{
	first_drop(frame - 390);
}

static void what_is_lowered_is_no_throw(void **state)
{
	struct litter_config config = calibrated();
	struct seen seen = watch(lift, LEAD_FRAMES + 250 + TAIL_FRAMES, &config);

	(void)state;
	assert_int_equal(seen.alerts + seen.suspected, 0);
}

/* what @p name weighs among the reasons of the first verdict; 0: it is none of them */
static float reason_of(const struct seen *seen, const char *name)
{
	for (size_t i = 0; i < seen->first.reason_count; i++) {
		if (strcmp(seen->first.reasons[i].name, name) == 0)
			return seen->first.reasons[i].weight;
	}
	return 0;
}

static void how_it_gathers_speed_counts(void **state)
{
	struct litter_config config = calibrated();
	struct seen fall = watch(one_fall, LEAD_FRAMES + 70 + TAIL_FRAMES, &config),
		    drone = watch(drone_down, LEAD_FRAMES + 100 + TAIL_FRAMES, &config),
		    shot = watch(shot_down, LEAD_FRAMES + 30 + TAIL_FRAMES, &config);

	(void)state;
	assert_true(reason_of(&fall, "held-back") == 0 && reason_of(&fall, "flying-start") == 0);
	assert_true(reason_of(&drone, "held-back") < -0.5F &&
		    reason_of(&drone, "flying-start") == 0);
	assert_true(reason_of(&shot, "flying-start") < -2 && reason_of(&shot, "held-back") == 0);
}

static void a_drop_needs_a_place_that_is_known(void **state)
{
	struct litter_config config = calibrated();
	struct seen first = watch(first_drop, 90, &config), late = watch(late_drop, 480, &config);

	(void)state;
	assert_int_equal(first.alerts, 0);
	assert_int_equal(late.alerts, 1);
}

static void a_flush_forgets_the_stream(void **state)
{
	struct litter *litter = NULL;
	struct seen seen = {0};

	(void)state;
	scene.seed = 7;
	assert_int_equal(litter_open(SCENE_WIDTH, SCENE_HEIGHT, NULL, &litter), 0);
	for (int loop = 0; loop < 2; loop++) { /* time starts over after a flush, too */
		for (int i = 0; i < LEAD_FRAMES + 66; i++) {
			scene_facade(&scene, 0, 0, 0);
			one_fall(i);
			litter_frame(litter, scene.luma, SCENE_WIDTH, (int64_t)i * SCENE_FRAME_US);
		}
		litter_flush(litter);
	}
	fetch(litter, &seen);
	assert_int_equal(seen.alerts, 2);
	litter_close(litter);
}

/* it lands, and from there somebody walks off: one blob to the eye of the analysis */
static void fall_and_walk(int frame)
{
	float s = (float)(frame - LEAD_FRAMES) * 0.04F;

	if (s >= 0 && s < 2.2F)
		scene_disc(&scene, 300, scene_fall_y(s), 4, 250);
	else if (s >= 2.2F)
		scene_disc(&scene, 300 + 40 * (s - 2.2F), scene_fall_y(2.2F) - 8 * (s - 2.2F), 4,
			   250);
}

static void what_happens_after_the_landing_does_not_matter(void **state)
{
	(void)state;
	assert_int_equal(watch(fall_and_walk, LEAD_FRAMES + 130, NULL).alerts, 1);
}

/* the second leaves the same window half a second after the first, and is no image of it */
static void one_after_the_other(int frame)
{
	fall_at(frame, 300, 3);
	fall_at(frame - 13, 330, 4);
}

static void two_from_one_window_are_two(void **state)
{
	(void)state;
	assert_int_equal(watch(one_after_the_other, LEAD_FRAMES + 70 + TAIL_FRAMES, NULL).alerts,
			 2);
}

/* let go together, side by side: no image is beside its thing */
static void two_at_once(int frame)
{
	fall_at(frame, 285, 3);
	fall_at(frame, 335, 4);
}

static void two_side_by_side_are_two(void **state)
{
	(void)state;
	assert_int_equal(watch(two_at_once, LEAD_FRAMES + 70 + TAIL_FRAMES, NULL).alerts, 2);
}

/*
 * seen from 15 m away; @p out metres before the wall, or behind it: where its image in the glass
 * stands
 */
static float row_before_wall(float s, float out)
{
	return 500 * tanf(atan2f(42, 15) - atan2f(40 - 4.905F * s * s, 15 - out)) + 60;
}

static void before_glass(int frame)
{
	float s = (float)(frame - LEAD_FRAMES) * 0.04F, out = 0.4F + 0.8F * s;

	if (s < 0 || s > 2.2F)
		return;
	scene_disc(&scene, 180 - 10 * s, row_before_wall(s, out), 4, 250);
	if (s < 1.9F) /* the glass ends above the ground */
		scene_disc(&scene, 320 - (140 + 10 * s) * (15 - out) / (15 + out),
			   row_before_wall(s, -out), 4, 250);
}

static void an_image_in_the_glass_belongs_to_its_throw(void **state)
{
	struct seen seen = watch(before_glass, LEAD_FRAMES + 60 + TAIL_FRAMES, NULL);

	(void)state;
	assert_int_equal(seen.alerts, 1);
	assert_true(fabsf(seen.first.points[seen.first.point_count - 1].x - 160) < 16);
}

/* a drone comes, hangs in the air, and goes down as fast as it can */
static void flown_in(int frame)
{
	float s = (float)(frame - 20) * 0.04F, x = fminf(40 + 100 * s, 300), fall = fmaxf(0, s - 5);

	if (s >= 0 && fall < 2.6F)
		scene_disc(&scene, x, scene_fall_y(fall), 6, 250);
}

static void what_came_flying_is_no_throw(void **state)
{
	(void)state;
	assert_int_equal(watch(flown_in, 240, NULL).alerts, 0);
}

static void a_jump_in_time_begins_anew(void **state)
{
	struct litter *litter = NULL;
	struct seen seen = {0};

	(void)state;
	scene.seed = 7;
	assert_int_equal(litter_open(SCENE_WIDTH, SCENE_HEIGHT, NULL, &litter), 0);
	for (int jump = 0; jump < 2; jump++) { /* an hour is missing while something falls */
		for (int i = jump * (LEAD_FRAMES + 62); i < LEAD_FRAMES + 70 + TAIL_FRAMES; i++) {
			if (jump == 0 && i >= LEAD_FRAMES + 10)
				break;
			scene_facade(&scene, 0, 0, 0);
			one_fall(i);
			litter_frame(litter, scene.luma, SCENE_WIDTH,
				     (int64_t)i * SCENE_FRAME_US + jump * INT64_C(3600000000));
		}
	}
	litter_flush(litter);
	fetch(litter, &seen);
	assert_int_equal(seen.alerts, 0); /* two ends of a fall an hour apart are none */
	litter_close(litter);
}

static void late_frames_are_counted(void **state)
{
	struct litter_stats stats;
	struct litter *litter = NULL;

	(void)state;
	assert_int_equal(litter_open(SCENE_WIDTH, SCENE_HEIGHT, NULL, &litter), 0);
	litter_frame(litter, scene.luma, SCENE_WIDTH, 1000);
	litter_frame(litter, scene.luma, SCENE_WIDTH, 1000);
	litter_frame(litter, scene.luma, SCENE_WIDTH, 999);
	litter_frame(litter, scene.luma, SCENE_WIDTH, INT64_MAX);
	litter_get_stats(litter, &stats);
	assert_int_equal(stats.late, 2);
	assert_int_equal(stats.frames, 4);
	litter_close(litter);
}

static void wrong_settings_are_refused(void **state)
{
	struct litter_config bent = {.roi = {.points = {{0, 0}, {1, 0}}, .count = 2}};
	struct litter_config outside = {.roi = {.points = {{0, 0}, {1.1F, 0}, {1, 1}}, .count = 3}};
	struct litter_config crossed = {.calibration = {.points = {{0, 1}, {1, 0}, {1, 1}, {0, 0}},
							.known = true,
							.floor_low = 1,
							.floor_high = 12,
							.columns = 4}};
	struct litter_config excluded = {
		.exclusions = {{.points = {{0, 0}, {0.5F, 0}, {0.5F, -0.1F}}, .count = 3}},
		.exclusion_count = 1};
	struct litter_config in_line = crossed;
	struct litter *litter = NULL;

	(void)state;
	for (int i = 0; i < 4; i++)
		in_line.calibration.points[i] = (struct litter_spot){0.5F, 1 - 0.25F * (float)i};
	assert_int_equal(litter_open(640, 480, &in_line, &litter), -EINVAL);
	assert_int_equal(litter_open(LITTER_SIDE_MIN_PX - 1, 480, NULL, &litter), -EINVAL);
	assert_int_equal(litter_open(640, LITTER_SIDE_MAX_PX + 1, NULL, &litter), -EINVAL);
	assert_int_equal(litter_open(640, 480, &bent, &litter), -EINVAL);
	assert_int_equal(litter_open(640, 480, &outside, &litter), -EINVAL);
	assert_int_equal(litter_open(640, 480, &excluded, &litter), -EINVAL);
	assert_int_equal(litter_open(640, 480, &crossed, &litter), -EINVAL);
	assert_null(litter);
	litter_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fall_alerts_once),
		cmocka_unit_test(the_end_of_the_stream_ends_a_fall),
		cmocka_unit_test(two_throws_alert_twice),
		cmocka_unit_test(a_ramp_of_light_does_not_blind_for_long),
		cmocka_unit_test(repeated_and_lost_frames_do_not_matter),
		cmocka_unit_test(what_always_moves_makes_no_frame_a_duplicate),
		cmocka_unit_test(what_is_no_throw_does_not_alert),
		cmocka_unit_test(an_excluded_place_is_not_watched),
		cmocka_unit_test(a_calibrated_facade_names_floor_and_column),
		cmocka_unit_test(a_storey_is_no_throw),
		cmocka_unit_test(what_is_lowered_is_no_throw),
		cmocka_unit_test(how_it_gathers_speed_counts),
		cmocka_unit_test(a_drop_needs_a_place_that_is_known),
		cmocka_unit_test(a_flush_forgets_the_stream),
		cmocka_unit_test(what_happens_after_the_landing_does_not_matter),
		cmocka_unit_test(two_from_one_window_are_two),
		cmocka_unit_test(two_side_by_side_are_two),
		cmocka_unit_test(an_image_in_the_glass_belongs_to_its_throw),
		cmocka_unit_test(what_came_flying_is_no_throw),
		cmocka_unit_test(a_jump_in_time_begins_anew),
		cmocka_unit_test(late_frames_are_counted),
		cmocka_unit_test(wrong_settings_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
