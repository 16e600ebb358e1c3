#include "unit.h"

#include "vision/face/face_blink.h"

#include <math.h>

enum { FRAME_MS = 40 };

static const struct face_eyes awake = {.open = {0.3f, 0.31f}, .length = 1.1f, .turn = 0.02f};

static struct face_eyes narrowed(float share)
{
	struct face_eyes eyes = awake;

	eyes.open[0] *= share;
	eyes.open[1] *= share;
	return eyes;
}

/*
 * Frames in which the eyes are open for a second, and then as @p shares say, and open again for
 * half a second.
 */
static bool shown(const float *shares, size_t count)
{
	struct face_blink blink = {0};
	struct face_eyes eyes;
	uint64_t now_ms = 1000;

	for (unsigned i = 0; i < 25; i++)
		assert_false(face_blink_add(&blink, &awake, now_ms += FRAME_MS));
	for (size_t i = 0; i < count; i++) {
		eyes = narrowed(shares[i]);
		(void)face_blink_add(&blink, &eyes, now_ms += FRAME_MS);
	}
	for (unsigned i = 0; i < 12; i++)
		(void)face_blink_add(&blink, &awake, now_ms += FRAME_MS);
	return blink.seen;
}

static void eyes_that_shut_and_open_are_a_blink(void **state)
{
	const float usual[] = {0.8f, 0.55f, 0.6f, 0.8f},
		    slow[] = {0.9f, 0.7f, 0.55f, 0.5f, 0.5f, 0.6f, 0.7f, 0.8f},
		    at_half_the_frames[] = {0.6f, 0.7f};

	(void)state;
	assert_true(shown(usual, 4));
	assert_true(shown(slow, 8));
	assert_true(shown(at_half_the_frames, 2));
}

static void what_is_no_blink_is_none(void **state)
{
	const float trembling[] = {0.95f, 0.9f, 1.05f, 0.92f, 1}, one_frame[] = {0.5f};
	float shut_for_long[50];

	(void)state;
	assert_false(shown(NULL, 0));
	assert_false(shown(trembling, 5));
	assert_false(shown(one_frame, 1));
	for (size_t i = 0; i < 50; i++)
		shut_for_long[i] = 0.5f;
	assert_false(shown(shut_for_long, 50)); /* asleep, or looking down */
}

static void one_eye_is_not_enough(void **state)
{
	struct face_blink blink = {0};
	struct face_eyes wink = awake;

	(void)state;
	wink.open[0] = 0.1f;
	for (unsigned i = 0; i < 60; i++)
		assert_false(face_blink_add(&blink, i % 20 >= 10 && i % 20 < 14 ? &wink : &awake,
					    1000 + i * FRAME_MS));
}

/* The eyes of a picture that is tipped or bent get lower, and so does all of the face. */
static void a_picture_that_is_tilted_does_not_blink(void **state)
{
	struct face_blink tipped = {0}, turned = {0};
	struct face_eyes low = narrowed(0.6f), aside = narrowed(0.6f);

	(void)state;
	low.length *= 0.7f;
	aside.turn += 0.2f;
	for (unsigned i = 0; i < 60; i++) {
		bool moved = i % 20 >= 10 && i % 20 < 14;

		assert_false(face_blink_add(&tipped, moved ? &low : &awake, 1000 + i * FRAME_MS));
		assert_false(face_blink_add(&turned, moved ? &aside : &awake, 1000 + i * FRAME_MS));
	}
}

static void two_looks_far_apart_are_no_blink(void **state)
{
	struct face_blink blink = {0};
	struct face_eyes shut = narrowed(0.5f);

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		assert_false(face_blink_add(&blink, i % 4 == 1 || i % 4 == 2 ? &shut : &awake,
					    1000 + i * (FACE_BLINK_PART_MS + 1)));
}

static void points_that_span_nothing_have_no_eyes(void **state)
{
	struct face_blink blink = {0};
	struct face face = {0};
	struct face_eyes eyes = face_eyes_of(&face), wild = {.open = {NAN, INFINITY}};

	(void)state;
	assert_float_equal(eyes.open[0], 0, 0);
	for (unsigned i = 0; i < 100; i++) {
		assert_false(face_blink_add(&blink, &eyes, 1000 + i * FRAME_MS));
		assert_false(face_blink_add(&blink, &wild, 1000 + i * FRAME_MS));
	}
	assert_int_equal(blink.count, 0);
}

/* Size and roll of the face do not change what its eyes say. */
static void eyes_are_measured_by_the_face_itself(void **state)
{
	struct face small = {0}, large = {0};
	struct face_eyes a, b;

	(void)state;
	for (int i = 0; i < FACE_LANDMARKS; i++) { /* a made-up face: any points will do */
		float x = (float)(i * 37 % 50), y = (float)(i * 23 % 60);

		small.landmarks[i] = (struct face_point){x, y};
		large.landmarks[i] =
			(struct face_point){300 - 3 * y, 100 + 3 * x}; /* a quarter turn */
	}
	a = face_eyes_of(&small);
	b = face_eyes_of(&large);
	assert_true(a.open[0] > 0);
	assert_float_equal(a.open[0], b.open[0], 1e-4);
	assert_float_equal(a.open[1], b.open[1], 1e-4);
	assert_float_equal(a.length, b.length, 1e-4);
	assert_float_equal(a.turn, b.turn, 1e-4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eyes_that_shut_and_open_are_a_blink),
		cmocka_unit_test(what_is_no_blink_is_none),
		cmocka_unit_test(one_eye_is_not_enough),
		cmocka_unit_test(a_picture_that_is_tilted_does_not_blink),
		cmocka_unit_test(two_looks_far_apart_are_no_blink),
		cmocka_unit_test(points_that_span_nothing_have_no_eyes),
		cmocka_unit_test(eyes_are_measured_by_the_face_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
