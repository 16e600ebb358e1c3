#include "unit.h"
#include "vision/camera/camera_health.h"

#include <stdlib.h>
#include <string.h>

enum { WIDE = 640, HIGH = 360, FRAME_MS = 40 };

static struct camera_health *sight;
static uint8_t facade[HIGH][WIDE], picture[HIGH][WIDE];
static uint64_t now_ms;
static unsigned noise_seed;

static int noise(int most)
{
	noise_seed = noise_seed * 1103515245u + 12345u;
	return (int)(noise_seed >> 16) % (2 * most + 1) - most;
}

static int make(void **state)
{
	unsigned seed = 7;

	(void)state;
	now_ms = 1000;
	noise_seed = 1;
	/* windows of unequal size and light, as a facade has them */
	memset(facade, 120, sizeof(facade));
	for (int row = 0; row < 9; row++)
		for (int column = 0; column < 14; column++) {
			int luma, wide, high, left, top;

			seed = seed * 1103515245u + 12345u;
			luma = 40 + (int)(seed >> 20) % 60 + ((seed >> 16) % 3 == 0 ? 90 : 0);
			wide = 14 + (int)(seed >> 12) % 18;
			high = 16 + (int)(seed >> 8) % 14;
			left = column * 45 + (int)(seed >> 4) % 9;
			top = row * 40 + 3;
			for (int y = top; y < top + high && y < HIGH; y++)
				for (int x = left; x < left + wide && x < WIDE; x++)
					facade[y][x] = (uint8_t)luma;
		}
	return camera_health_open(now_ms, &sight);
}

static int end(void **state)
{
	(void)state;
	camera_health_close(sight);
	return 0;
}

static void view(int dx, int dy, int most_noise, int scale_percent)
{
	for (int y = 0; y < HIGH; y++)
		for (int x = 0; x < WIDE; x++) {
			int luma = facade[(y + dy + HIGH) % HIGH][(x + dx + WIDE) % WIDE] *
				   scale_percent / 100;

			luma += most_noise > 0 ? noise(most_noise) : 0;
			picture[y][x] = (uint8_t)(luma < 16 ? 16 : luma > 235 ? 235 : luma);
		}
}

static enum camera_health_cause show(void)
{
	now_ms += FRAME_MS;
	camera_health_frame(sight, &picture[0][0], WIDE, WIDE, HIGH, now_ms);
	return camera_health_tick(sight, now_ms);
}

/* @return what is told after @p ms of the view */
static enum camera_health_cause watch(unsigned ms, int dx, int dy, int most_noise,
				      int scale_percent)
{
	enum camera_health_cause told = CAMERA_HEALTH_OK;

	for (unsigned t = 0; t < ms; t += FRAME_MS) {
		if (t % (5 * FRAME_MS) == 0)
			view(dx, dy, most_noise, scale_percent);
		told = show();
	}
	return told;
}

static uint64_t taken(enum camera_health_cause cause)
{
	struct camera_health_totals totals;

	camera_health_read(sight, now_ms, &totals);
	return totals.ms[cause];
}

static void a_noisy_still_view_is_clear(void **state)
{
	(void)state;
	assert_int_equal(watch(60000, 0, 0, 3, 100), CAMERA_HEALTH_OK);
	assert_int_equal(taken(CAMERA_HEALTH_OK), now_ms - 1000);
}

static void silence_is_lost_from_the_last_frame_on(void **state)
{
	(void)state;
	watch(10000, 0, 0, 3, 100);
	now_ms += 1999;
	assert_int_equal(camera_health_tick(sight, now_ms), CAMERA_HEALTH_OK);
	now_ms += 1;
	assert_int_equal(camera_health_tick(sight, now_ms), CAMERA_HEALTH_LOST);
	now_ms += 28000;
	assert_int_equal(camera_health_tick(sight, now_ms), CAMERA_HEALTH_LOST);
	assert_int_equal(camera_health_lasted_ms(sight, now_ms), 30000);
	assert_int_equal(taken(CAMERA_HEALTH_LOST), 30000);
	assert_int_equal(watch(3000, 0, 0, 3, 100), CAMERA_HEALTH_OK);
}

static void a_frozen_picture_is_told_and_a_repeated_one_is_not(void **state)
{
	(void)state;
	watch(8000, 0, 0, 3, 100);
	for (int i = 0; i < 9000 / FRAME_MS; i++)
		assert_int_equal(show(), CAMERA_HEALTH_OK);
	assert_int_equal(watch(3000, 0, 0, 3, 100), CAMERA_HEALTH_OK);
	taken(CAMERA_HEALTH_OK);
	for (int i = 0; i < 20000 / FRAME_MS; i++)
		(void)show();
	assert_int_equal(camera_health_tick(sight, now_ms), CAMERA_HEALTH_FROZEN);
	assert_in_range(taken(CAMERA_HEALTH_FROZEN), 19000, 20500);
	assert_int_equal(watch(3000, 0, 0, 3, 100), CAMERA_HEALTH_OK);
}

static void black_and_white_pictures_are_told(void **state)
{
	(void)state;
	watch(8000, 0, 0, 3, 100);
	assert_int_equal(watch(8000, 0, 0, 2, 8), CAMERA_HEALTH_DARK);
	assert_int_equal(watch(4000, 0, 0, 3, 100), CAMERA_HEALTH_OK);
	assert_int_equal(watch(8000, 0, 0, 2, 500), CAMERA_HEALTH_GLARE);
	assert_int_equal(watch(4000, 0, 0, 3, 100), CAMERA_HEALTH_OK);
}

static void a_hand_before_the_lens_covers(void **state)
{
	(void)state;
	watch(8000, 0, 0, 3, 100);
	for (int i = 0; i < 8000 / FRAME_MS; i++) {
		for (int y = 0; y < HIGH; y++)
			for (int x = 0; x < WIDE; x++)
				picture[y][x] = (uint8_t)(90 + x / 16 + noise(2));
		(void)show();
	}
	assert_int_equal(camera_health_tick(sight, now_ms), CAMERA_HEALTH_COVERED);
	assert_int_equal(watch(4000, 0, 0, 3, 100), CAMERA_HEALTH_OK);
}

static void a_turned_camera_has_moved_until_it_is_back(void **state)
{
	(void)state;
	watch(10000, 0, 0, 3, 100);
	assert_int_equal(watch(15000, 41, 13, 3, 100), CAMERA_HEALTH_MOVED);
	assert_int_equal(watch(90000, 41, 13, 3, 100), CAMERA_HEALTH_MOVED);
	assert_int_equal(watch(4000, 0, 0, 3, 100), CAMERA_HEALTH_OK);
}

static void wind_and_dusk_move_nothing(void **state)
{
	(void)state;
	watch(10000, 0, 0, 3, 100);
	for (int i = 0; i < 40; i++)
		assert_int_equal(watch(400, i % 3 - 1, i % 2, 3, 100), CAMERA_HEALTH_OK);
	for (int percent = 100; percent >= 40; percent--)
		assert_int_equal(watch(1000, 0, 0, 3, percent), CAMERA_HEALTH_OK);
}

static void a_picture_full_of_flakes_is_a_storm(void **state)
{
	(void)state;
	watch(8000, 0, 0, 3, 100);
	assert_int_equal(watch(15000, 0, 0, 60, 100), CAMERA_HEALTH_STORM);
	assert_int_equal(watch(4000, 0, 0, 3, 100), CAMERA_HEALTH_OK);
}

static void a_film_that_ended_is_not_blind(void **state)
{
	(void)state;
	watch(8000, 0, 0, 3, 100);
	camera_health_ended(sight, now_ms);
	(void)taken(CAMERA_HEALTH_OK);
	now_ms += 3600000;
	assert_int_equal(camera_health_tick(sight, now_ms), CAMERA_HEALTH_OK);
	assert_int_equal(taken(CAMERA_HEALTH_OK), 0);
}

static void totals_add_up_to_the_time_that_passed(void **state)
{
	struct camera_health_totals totals;
	uint64_t sum = 0;

	(void)state;
	for (int i = 0; i < 30; i++) {
		watch(5000, i % 4 == 3 ? 41 : 0, 0, i % 5 == 4 ? 60 : 3, i % 7 == 6 ? 5 : 100);
		now_ms += (uint64_t)i * 200;
		(void)camera_health_tick(sight, now_ms);
		camera_health_read(sight, now_ms, &totals);
		for (int cause = 0; cause < CAMERA_HEALTH_CAUSES; cause++)
			sum += totals.ms[cause];
	}
	assert_int_equal(sum, now_ms - 1000);
}

static void the_smallest_pictures_are_safe(void **state)
{
	uint8_t one = 100;

	(void)state;
	for (int i = 0; i < 100; i++)
		camera_health_frame(sight, &one, 1, 1, 1, now_ms += 300);
	for (int i = 0; i < 100; i++)
		camera_health_frame(sight, &picture[0][0], WIDE, 32, 32, now_ms += 300);
	assert_int_equal(camera_health_tick(sight, now_ms), CAMERA_HEALTH_FROZEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_noisy_still_view_is_clear, make, end),
		cmocka_unit_test_setup_teardown(silence_is_lost_from_the_last_frame_on, make, end),
		cmocka_unit_test_setup_teardown(a_frozen_picture_is_told_and_a_repeated_one_is_not,
						make, end),
		cmocka_unit_test_setup_teardown(black_and_white_pictures_are_told, make, end),
		cmocka_unit_test_setup_teardown(a_hand_before_the_lens_covers, make, end),
		cmocka_unit_test_setup_teardown(a_turned_camera_has_moved_until_it_is_back, make,
						end),
		cmocka_unit_test_setup_teardown(wind_and_dusk_move_nothing, make, end),
		cmocka_unit_test_setup_teardown(a_picture_full_of_flakes_is_a_storm, make, end),
		cmocka_unit_test_setup_teardown(a_film_that_ended_is_not_blind, make, end),
		cmocka_unit_test_setup_teardown(totals_add_up_to_the_time_that_passed, make, end),
		cmocka_unit_test_setup_teardown(the_smallest_pictures_are_safe, make, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
