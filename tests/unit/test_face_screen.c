#include "unit.h"

#include <math.h>
#include <string.h>

#include "vision/face/face_screen.h"
#include "vision/face/face_track.h"

enum { WIDTH = 160, HEIGHT = 120 };

static uint8_t pixels[HEIGHT * WIDTH * 3];
static const struct face_image image = {pixels, WIDTH, HEIGHT, (size_t)WIDTH * 3};
static const struct face face = {.x_px = 30, .y_px = 10, .width_px = 100, .height_px = 100};

/*
 * A cheek: brighter on one side, with soft spots and noise of a few grey levels; @p raster adds to
 * each place.
 */
static void draw(float (*raster)(int x, int y))
{
	unsigned seed = 1;

	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++) {
			float value = 90 + 0.5f * (float)x +
				      25 * sinf((float)x / 9) * cosf((float)y / 13);

			seed = seed * 1664525u + 1013904223u;
			value += (float)(seed >> 24) / 32 - 4 + (raster != NULL ? raster(x, y) : 0);
			memset(&pixels[(y * WIDTH + x) * 3], (int)fminf(fmaxf(value, 0), 255), 3);
		}
	}
}

/* bars 2.7 pixels apart, turned by 20 degrees: what is left of a screen's pixels */
static float bars(int x, int y)
{
	return 12 * sinf(2 * (float)M_PI * (0.94f * (float)x + 0.34f * (float)y) / 2.7f);
}

/* long waves, as moire of a finer screen has them */
static float moire(int x, int y)
{
	return 15 * sinf(2 * (float)M_PI * (0.8f * (float)x - 0.6f * (float)y) / 8);
}

/* the edges of a JPEG's blocks, and an interlaced picture's lines */
static float blocks(int x, int y)
{
	return (x % 8 == 0 || y % 8 == 0 ? 10.0f : 0.0f) + (y % 2 == 0 ? 6.0f : 0.0f);
}

/* a beard: short strands, each of its own brightness */
static float hair(int x, int y)
{
	unsigned strand =
		(unsigned)((float)x + 4 * sinf((float)y / 17)) * 61 + (unsigned)(y / 9) * 7919;

	strand = (strand ^ (strand >> 7)) * 0x45d9f3bu;
	strand = (strand ^ (strand >> 15)) * 0x45d9f3bu;
	return (float)((strand ^ (strand >> 16)) & 63);
}

static void a_raster_stands_out(void **state)
{
	(void)state;
	draw(bars);
	assert_true(face_screen(&image, &face) > 50 * FACE_SCREEN_MIN);
	assert_float_equal(face_screen_live(&image, &face, 0.99f), FACE_SCREEN_LIVE, 0);
	draw(moire);
	assert_true(face_screen(&image, &face) > 50 * FACE_SCREEN_MIN);
}

static void skin_blocks_and_hair_do_not(void **state)
{
	(void)state;
	draw(NULL);
	assert_true(face_screen(&image, &face) < FACE_SCREEN_MIN / 3);
	assert_float_equal(face_screen_live(&image, &face, 0.99f), 0.99f, 0);
	draw(blocks);
	assert_true(face_screen(&image, &face) < FACE_SCREEN_MIN / 3);
	draw(hair);
	assert_true(face_screen(&image, &face) < FACE_SCREEN_MIN / 2);
	memset(pixels, 128, sizeof(pixels));
	assert_float_equal(face_screen(&image, &face), 0, 1e-3);
}

static void too_little_of_a_face_says_nothing(void **state)
{
	const struct face small = {.x_px = 50, .y_px = 40, .width_px = 60, .height_px = 60},
			  cut = {.x_px = -70, .y_px = 10, .width_px = 100, .height_px = 100},
			  nowhere = {
				  .x_px = NAN, .y_px = INFINITY, .width_px = 100, .height_px = 100};

	(void)state;
	draw(bars);
	assert_float_equal(face_screen(&image, &small), 0, 0);
	assert_float_equal(face_screen(&image, &cut), 0, 0);
	assert_float_equal(face_screen(&image, &nowhere), 0, 0);
}

static void two_frames_of_eight_decide(void **state)
{
	float live[8] = {1, 1, 1, 1, 1, 1, 1, 1};

	(void)state;
	live[3] = FACE_SCREEN_LIVE;
	assert_true(face_track_live_mean(live, 8) > 0.9f);
	live[6] = FACE_SCREEN_LIVE;
	assert_true(face_track_live_mean(live, 8) < 0.15f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_raster_stands_out),
		cmocka_unit_test(skin_blocks_and_hair_do_not),
		cmocka_unit_test(too_little_of_a_face_says_nothing),
		cmocka_unit_test(two_frames_of_eight_decide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
