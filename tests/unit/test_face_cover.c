#include "unit.h"

#include "vision/face/face_cover.h"

#include <math.h>
#include <string.h>

/* Fills columns and rows of an aligned picture with a colour, blue green red. */
static void paint(uint8_t *crop, int left, int right, int top, int bottom, const uint8_t *colour)
{
	for (int y = top; y < bottom; y++)
		for (int x = left; x < right; x++)
			memcpy(crop + 3 * (y * FACE_CROP_PX + x), colour, 3);
}

/* Skin, eyes, nostrils and a mouth, where an aligned picture has them. */
static void draw_face(uint8_t *crop)
{
	static const uint8_t skin[] = {110, 140, 190}, dark[] = {40, 40, 50},
			     lips[] = {100, 100, 180}, line[] = {50, 45, 80};

	paint(crop, 0, FACE_CROP_PX, 0, FACE_CROP_PX, skin);
	paint(crop, 32, 45, 49, 54, dark);
	paint(crop, 67, 80, 49, 54, dark);
	paint(crop, 48, 52, 75, 78, dark);
	paint(crop, 60, 64, 75, 78, dark);
	paint(crop, 42, 70, 88, 97, lips);
	paint(crop, 42, 70, 92, 94, line);
}

static void to_grey(uint8_t *crop)
{
	for (int i = 0; i < FACE_CROP_BYTES; i += 3) {
		uint8_t grey =
			(uint8_t)((29 * crop[i] + 150 * crop[i + 1] + 77 * crop[i + 2]) >> 8);

		memset(crop + i, grey, 3);
	}
}

static void a_bare_face_is_not_covered(void **state)
{
	static uint8_t crop[FACE_CROP_BYTES];

	(void)state;
	draw_face(crop);
	assert_true(face_cover(crop) < -1);
	to_grey(crop); /* by night */
	assert_true(face_cover(crop) < -1);
}

static void a_mask_of_any_colour_is_seen(void **state)
{
	static const uint8_t colours[][3] = {
		{215, 180, 120}, {240, 240, 240}, {35, 35, 35}, {180, 160, 220}, {60, 60, 150}};
	static uint8_t crop[FACE_CROP_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++) {
		draw_face(crop);
		paint(crop, 12, 100, 66, FACE_CROP_PX, colours[i]);
		assert_true(face_cover(crop) > 0);
		to_grey(crop);
		assert_true(face_cover(crop) > 0);
	}
}

static void twice_the_light_says_the_same(void **state)
{
	static uint8_t crop[FACE_CROP_BYTES];
	float measures[FACE_COVER_MEASURES], brighter[FACE_COVER_MEASURES];

	(void)state;
	draw_face(crop);
	assert_int_equal(face_cover_measure(crop, measures), 1);
	for (int i = 0; i < FACE_CROP_BYTES; i++)
		crop[i] = (uint8_t)(crop[i] / 2);
	(void)face_cover_measure(crop, brighter);
	for (int i = 0; i < FACE_COVER_MEASURES; i++)
		assert_float_equal(measures[i], brighter[i], 0.35);
	to_grey(crop);
	assert_int_equal(face_cover_measure(crop, measures), 0);
}

static void any_picture_has_an_answer(void **state)
{
	static uint8_t crop[FACE_CROP_BYTES];

	(void)state;
	for (int value = 0; value < 256; value += 51) {
		memset(crop, value, sizeof(crop));
		assert_in_range((long)(face_cover(crop) + 8), 0, 16);
	}
	for (int i = 0; i < FACE_CROP_BYTES; i++)
		crop[i] = (uint8_t)(i * 7919 >> 3);
	assert_true(isfinite(face_cover(crop)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_face_is_not_covered),
		cmocka_unit_test(a_mask_of_any_colour_is_seen),
		cmocka_unit_test(twice_the_light_says_the_same),
		cmocka_unit_test(any_picture_has_an_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
