#include "unit.h"

#include "vision/face/face_prompt.h"

static const struct mask_polygon everywhere = {.count = 0};

static struct face face_at(float x_px, float y_px, float height_px)
{
	return (struct face){.x_px = x_px - height_px / 2,
			     .y_px = y_px - height_px / 2,
			     .width_px = height_px,
			     .height_px = height_px,
			     .score = 0.9f};
}

static void who_stands_behind_is_not_at_the_door(void **state)
{
	const struct face faces[] = {face_at(320, 240, 200), face_at(500, 200, 80),
				     face_at(100, 240, 150)};
	bool at[3];

	(void)state;
	assert_int_equal(face_prompt_at_door(faces, 3, &everywhere, 640, 480, at), 2);
	assert_true(at[0]);
	assert_false(at[1]);
	assert_true(at[2]); /* beside, and nearly as near */
	assert_int_equal(face_prompt_at_door(faces, 0, &everywhere, 640, 480, at), 0);
}

static void a_larger_face_outside_the_zone_does_not_count(void **state)
{
	const struct mask_polygon left = {.x = {0, 0.5f, 0.5f, 0}, .y = {0, 0, 1, 1}, .count = 4};
	const struct face faces[] = {face_at(500, 240, 300), face_at(160, 240, 90)};
	bool at[2];

	(void)state;
	assert_int_equal(face_prompt_at_door(faces, 2, &left, 640, 480, at), 1);
	assert_false(at[0]);
	assert_true(at[1]);
}

static void a_prompt_settles_before_it_shows(void **state)
{
	struct face_prompter prompter = {0};

	(void)state;
	assert_false(face_prompter_step(&prompter, FACE_PROMPT_CLOSER, 1000));
	assert_false(face_prompter_step(&prompter, FACE_PROMPT_LOOK_HERE, 1200)); /* hovering */
	assert_false(face_prompter_step(&prompter, FACE_PROMPT_CLOSER, 1300));
	assert_false(face_prompter_step(&prompter, FACE_PROMPT_CLOSER, 1699));
	assert_true(face_prompter_step(&prompter, FACE_PROMPT_CLOSER, 1700));
	assert_int_equal(prompter.shown, FACE_PROMPT_CLOSER);
	assert_false(face_prompter_step(&prompter, FACE_PROMPT_CLOSER, 5000)); /* told once */
	assert_false(face_prompter_step(&prompter, FACE_PROMPT_NONE, 5000));
	assert_true(face_prompter_step(&prompter, FACE_PROMPT_NONE, 5400));
}

static enum face_prompt prompt_of(enum face_fault fault, uint64_t blink_requested_ms)
{
	const struct face_track track = {
		.id = 1, .fault = (int)fault, .blink_requested_ms = blink_requested_ms};

	return face_prompt_of(&track);
}

static void each_fault_has_its_words(void **state)
{
	struct face_track covered = {.id = 1, .cover = 0.5f};

	(void)state;
	assert_int_equal(prompt_of(FACE_FAULT_SMALL, 0), FACE_PROMPT_CLOSER);
	assert_int_equal(prompt_of(FACE_FAULT_TURNED, 0), FACE_PROMPT_LOOK_HERE);
	assert_int_equal(prompt_of(FACE_FAULT_DARK, 0), FACE_PROMPT_LIGHT);
	assert_int_equal(prompt_of(FACE_FAULT_BRIGHT, 0), FACE_PROMPT_LIGHT);
	assert_int_equal(prompt_of(FACE_FAULT_FLAT, 0), FACE_PROMPT_LIGHT);
	assert_int_equal(prompt_of(FACE_FAULT_NONE, 0), FACE_PROMPT_NONE);
	assert_int_equal(prompt_of(FACE_FAULT_NONE, 1000), FACE_PROMPT_BLINK);
	assert_int_equal(prompt_of(FACE_FAULT_TURNED, 1000),
			 FACE_PROMPT_LOOK_HERE); /* first things first */
	covered.cover_frames = FACE_TRACK_COVER_FRAMES_MIN - 1;
	assert_int_equal(face_prompt_of(&covered), FACE_PROMPT_NONE);
	covered.cover_frames++;
	assert_int_equal(face_prompt_of(&covered), FACE_PROMPT_MASK);
	covered.fault = FACE_FAULT_DARK;
	assert_int_equal(face_prompt_of(&covered), FACE_PROMPT_LIGHT);
	for (int prompt = 0; prompt < FACE_PROMPTS; prompt++)
		assert_non_null(face_prompt_name((enum face_prompt)prompt));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_stands_behind_is_not_at_the_door),
		cmocka_unit_test(a_larger_face_outside_the_zone_does_not_count),
		cmocka_unit_test(a_prompt_settles_before_it_shows),
		cmocka_unit_test(each_fault_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
