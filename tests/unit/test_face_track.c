#include "unit.h"

#include "vision/face/face_track.h"

#include <string.h>

static const char anna[] = "0000000000000000000000ANNA", bert[] = "0000000000000000000000BERT";
static const struct face_rules rules = {.liveness = true,
					.enforce = true,
					.liveness_min = 0.5f,
					.access_frames = 2,
					.stranger_frames = 6,
					.repeat_ms = 10000};

static struct face face_at(float x_px, float y_px)
{
	return (struct face){
		.x_px = x_px, .y_px = y_px, .width_px = 80, .height_px = 100, .score = 1};
}

static struct face_track *see(struct face_tracks *tracks, float x_px, uint64_t now_ms)
{
	struct face face = face_at(x_px, 100);
	struct face_track *track = NULL;

	face_tracks_update(tracks, &face, 1, now_ms, &track);
	return track;
}

/* @p who is a direction: the same number is the same face */
static struct face_observation observation_of(int who, const char *person, float live,
					      uint64_t now_ms)
{
	struct face_observation observation = {
		.live = live, .quality = 0.5f, .score = 0.6f, .arrived_mono_us = now_ms * 1000};

	observation.embedding[who] = 1;
	snprintf(observation.person, sizeof(observation.person), "%s", person);
	return observation;
}

static void one_person_walking_is_one_track(void **state)
{
	struct face_tracks tracks = {0};
	uint32_t id = see(&tracks, 0, 1000)->id;

	(void)state;
	for (unsigned i = 1; i < 30; i++)
		assert_int_equal(see(&tracks, (float)i * 30, 1000 + i * 40)->id, id);
}

static void two_people_are_two_tracks_and_stay_so(void **state)
{
	struct face_tracks tracks = {0};
	struct face faces[2] = {face_at(0, 100), face_at(300, 100)},
		    swapped[2] = {face_at(310, 100), face_at(5, 100)};
	struct face_track *first[2], *second[2];

	(void)state;
	face_tracks_update(&tracks, faces, 2, 1000, first);
	assert_ptr_not_equal(first[0], first[1]);
	face_tracks_update(&tracks, swapped, 2, 1040, second);
	assert_ptr_equal(second[0], first[1]);
	assert_ptr_equal(second[1], first[0]);
}

static void a_track_unseen_for_long_is_forgotten(void **state)
{
	struct face_tracks tracks = {0};
	uint32_t id = see(&tracks, 0, 1000)->id;

	(void)state;
	assert_int_equal(see(&tracks, 0, 1000 + FACE_TRACK_LOST_MS - 1)->id, id);
	assert_int_not_equal(see(&tracks, 0, 1000 + 2 * FACE_TRACK_LOST_MS)->id, id);
}

static void more_faces_than_tracks_do_no_harm(void **state)
{
	struct face_tracks tracks = {0};
	struct face faces[FACE_TRACKS_MAX + 3];
	struct face_track *found[FACE_TRACKS_MAX + 3];

	(void)state;
	for (int i = 0; i < FACE_TRACKS_MAX + 3; i++)
		faces[i] = face_at((float)i * 500, 100);
	face_tracks_update(&tracks, faces, FACE_TRACKS_MAX + 3, 1000, found);
	for (int i = 0; i < FACE_TRACKS_MAX; i++)
		assert_non_null(found[i]);
	assert_null(found[FACE_TRACKS_MAX]);
	assert_null(found[FACE_TRACKS_MAX + 2]);
}

static void one_lucky_frame_opens_nothing(void **state)
{
	struct face_tracks tracks = {0};
	struct face_track *track = see(&tracks, 0, 1000);
	struct face_observation observation = observation_of(0, anna, 1, 1000);

	(void)state;
	face_track_add(&tracks, track, &observation);
	assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 1000),
			 FACE_VERDICT_OPEN);
	face_track_add(&tracks, track, &observation);
	assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 1040),
			 FACE_VERDICT_ACCESS);
	assert_int_equal(face_track_judge(track, &rules, anna, 0.49f, 0.5f, 1040),
			 FACE_VERDICT_OPEN);
}

static void frames_that_name_two_people_open_nothing(void **state)
{
	struct face_tracks tracks = {0};
	struct face_track *track = see(&tracks, 0, 1000);

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct face_observation observation =
			observation_of(0, i % 2 == 0 ? anna : bert, 1, 1000 + i * 40);

		face_track_add(&tracks, track, &observation);
		assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 1000 + i * 40),
				 FACE_VERDICT_OPEN);
	}
}

static void a_stranger_is_called_so_after_enough_frames(void **state)
{
	struct face_tracks tracks = {0};
	struct face_track *track = see(&tracks, 0, 1000);
	struct face_observation observation = observation_of(0, "", 1, 1000);

	(void)state;
	for (unsigned i = 0; i < rules.stranger_frames; i++) {
		assert_int_equal(face_track_judge(track, &rules, anna, 0.3f, 0.5f, 1000),
				 FACE_VERDICT_OPEN);
		face_track_add(&tracks, track, &observation);
	}
	assert_int_equal(face_track_judge(track, &rules, anna, 0.3f, 0.5f, 1000),
			 FACE_VERDICT_STRANGER);
	assert_int_equal(face_track_judge(track, &rules, "", -1, 0.5f, 1000),
			 FACE_VERDICT_STRANGER);
}

/*
 * A print that one frame takes for alive stays a print; a living face that one frame doubts stays
 * alive.
 */
static void one_frame_does_not_decide_liveness(void **state)
{
	const float print[] = {0.97f, 0.0005f}, living[] = {0.999f, 0.2f}, none[1] = {0};

	(void)state;
	assert_true(face_track_live_mean(print, 2) < 0.2f);
	assert_true(face_track_live_mean(living, 2) > 0.9f);
	assert_float_equal(face_track_live_mean(none, 0), -1, 0);
	assert_true(face_track_live_mean(none, 1) < 0.001f);
}

static void a_picture_of_a_resident_opens_nothing(void **state)
{
	struct face_tracks tracks = {0};
	struct face_track *track = see(&tracks, 0, 1000);
	struct face_observation observation = observation_of(0, anna, 0.1f, 1000);
	const struct face_rules without = {
		.access_frames = 2, .stranger_frames = 6, .repeat_ms = 1000};

	(void)state;
	for (unsigned i = 0; i < rules.stranger_frames; i++) {
		assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 1000),
				 FACE_VERDICT_OPEN);
		face_track_add(&tracks, track, &observation);
	}
	assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 1000),
			 FACE_VERDICT_SPOOF);
	assert_int_equal(face_track_judge(track, &without, anna, 0.9f, 0.5f, 1000),
			 FACE_VERDICT_ACCESS);
}

static void a_decision_is_repeated_only_later(void **state)
{
	struct face_tracks tracks = {0};
	struct face_track *track = see(&tracks, 0, 1000);
	struct face_observation observation = observation_of(0, anna, 1, 1000);

	(void)state;
	face_track_add(&tracks, track, &observation);
	face_track_add(&tracks, track, &observation);
	face_track_decided(track, FACE_VERDICT_ACCESS, 1000);
	assert_false(face_track_open(track, &rules, 1000 + rules.repeat_ms - 1));
	assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 10999),
			 FACE_VERDICT_OPEN);
	assert_true(face_track_open(track, &rules, 1000 + rules.repeat_ms));
	assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 11000),
			 FACE_VERDICT_OPEN);
	face_track_add(&tracks, track, &observation);
	face_track_add(&tracks, track, &observation);
	assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 11040),
			 FACE_VERDICT_ACCESS);
}

static void somebody_else_in_the_same_place_is_a_new_track(void **state)
{
	struct face_tracks tracks = {0};
	struct face_track *track = see(&tracks, 0, 1000);
	struct face_observation observation = observation_of(0, anna, 1, 1000),
				other = observation_of(1, "", 1, 1080);
	uint32_t id = track->id;

	(void)state;
	face_track_add(&tracks, track, &observation);
	face_track_add(&tracks, track, &observation);
	face_track_decided(track, FACE_VERDICT_ACCESS, 1040);
	face_track_add(&tracks, track, &other);
	assert_int_not_equal(track->id, id);
	assert_int_equal(track->good_frames, 1);
	assert_true(face_track_open(track, &rules, 1080));
	assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 1080),
			 FACE_VERDICT_OPEN);
}

/* Where a blink is asked for, nothing else opens; whoever gives none in time is refused. */
static void without_a_blink_nothing_opens(void **state)
{
	struct face_rules strict = rules;
	struct face_tracks tracks = {0};
	struct face_track *track = see(&tracks, 0, 1000);
	struct face_observation observation = observation_of(0, anna, 1, 1000);

	(void)state;
	strict.blink = true;
	observation.eyes = (struct face_eyes){.open = {0.3f, 0.3f}, .length = 1};
	for (unsigned i = 0; i < 20; i++) {
		observation.arrived_mono_us = (1000 + i * 40) * 1000;
		face_track_add(&tracks, track, &observation);
		assert_int_equal(face_track_judge(track, &strict, anna, 0.9f, 0.5f, 1000 + i * 40),
				 FACE_VERDICT_OPEN);
	}
	assert_int_equal(track->blink_requested_ms, 1040);
	assert_int_equal(
		face_track_judge(track, &strict, anna, 0.9f, 0.5f, 1040 + FACE_TRACK_BLINK_MS - 1),
		FACE_VERDICT_OPEN);
	assert_int_equal(
		face_track_judge(track, &strict, anna, 0.9f, 0.5f, 1040 + FACE_TRACK_BLINK_MS),
		FACE_VERDICT_NO_BLINK);
	assert_int_equal(face_track_judge(track, &strict, anna, 0.3f, 0.5f, 9000),
			 FACE_VERDICT_STRANGER);
	track->blink.seen = true;
	assert_int_equal(face_track_judge(track, &strict, anna, 0.9f, 0.5f, 9000),
			 FACE_VERDICT_ACCESS);
	/* the next decision needs one of its own, and so does whoever takes the place */
	face_track_decided(track, FACE_VERDICT_ACCESS, 9000);
	assert_true(face_track_open(track, &strict, 9000 + strict.repeat_ms));
	assert_false(track->blink.seen);
	track->blink.seen = true;
	face_track_add(&tracks, track, &observation);
	observation = observation_of(1, bert, 1, 20000);
	face_track_add(&tracks, track, &observation);
	assert_false(track->blink.seen);
	assert_int_equal(track->blink_requested_ms, 0);
}

/* Eyes that shut and open between the frames of a track count, before it is asked as after. */
static void a_blink_is_seen_on_its_track(void **state)
{
	const float open[] = {0.3f, 0.3f, 0.2f, 0.15f, 0.2f, 0.3f};
	struct face_rules strict = rules;
	struct face_tracks tracks = {0};
	struct face_track *track = see(&tracks, 0, 1000);
	struct face_observation observation = observation_of(0, anna, 1, 1000);

	(void)state;
	strict.blink = true;
	for (unsigned i = 0; i < 6; i++) {
		observation.eyes = (struct face_eyes){.open = {open[i], open[i]}, .length = 1};
		observation.arrived_mono_us = (1000 + i * 40) * 1000;
		face_track_add(&tracks, track, &observation);
		assert_int_equal(face_track_judge(track, &strict, anna, 0.9f, 0.5f, 1000 + i * 40),
				 i < 5 ? FACE_VERDICT_OPEN : FACE_VERDICT_ACCESS);
	}
}

/*
 * A mask is a word to whoever wears it: who is known all the same comes in, and who takes it off is
 * looked at anew, once.
 */
static void a_mask_that_comes_off_is_a_new_look(void **state)
{
	struct face_tracks tracks = {0};
	struct face_track *track = see(&tracks, 0, 1000);
	struct face_observation masked = observation_of(0, "", 1, 1000),
				bare = observation_of(0, "", 1, 1500),
				known = observation_of(0, anna, 1, 1600);

	(void)state;
	masked.cover = 3;
	bare.cover = -5;
	for (unsigned i = 0; i < rules.stranger_frames; i++) {
		assert_int_equal(face_track_is_covered(track), i >= FACE_TRACK_COVER_FRAMES_MIN);
		face_track_add(&tracks, track, &masked);
	}
	assert_int_equal(face_track_judge(track, &rules, "", -1, 0.5f, 1000),
			 FACE_VERDICT_STRANGER);
	face_track_decided(track, FACE_VERDICT_STRANGER, 1000);
	for (unsigned i = 0; i < 2; i++)
		face_track_add(&tracks, track, &bare);
	assert_false(face_track_is_covered(track));
	assert_int_equal(track->verdict, FACE_VERDICT_OPEN);
	assert_int_equal(track->good_frames, 1); /* nothing of the mask's frames is left */
	for (unsigned i = 0; i < 2; i++)
		face_track_add(&tracks, track, &known);
	assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 1600),
			 FACE_VERDICT_ACCESS);
	/* on and off again gives no more looks than that before the next decision is due */
	face_track_decided(track, FACE_VERDICT_STRANGER, 1700);
	for (unsigned i = 0; i < 10; i++)
		face_track_add(&tracks, track, i < 5 ? &masked : &bare);
	assert_int_equal(track->verdict, FACE_VERDICT_STRANGER);
	assert_true(face_track_open(track, &rules, 1700 + rules.repeat_ms));
	assert_false(track->uncovered);
}

static void a_mask_keeps_nobody_out_who_is_known(void **state)
{
	struct face_tracks tracks = {0};
	struct face_track *track = see(&tracks, 0, 1000);
	struct face_observation observation = observation_of(0, anna, 1, 1000);

	(void)state;
	observation.cover = 8;
	for (unsigned i = 0; i < 2; i++)
		face_track_add(&tracks, track, &observation);
	assert_int_equal(face_track_judge(track, &rules, anna, 0.9f, 0.5f, 1000),
			 FACE_VERDICT_ACCESS);
}

static void nothing_seen_has_no_mean(void **state)
{
	struct face_track track = {0};
	float mean[FACE_DIM];

	(void)state;
	assert_false(face_track_mean(&track, mean));
	assert_float_equal(face_track_liveness(&track), -1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_person_walking_is_one_track),
		cmocka_unit_test(two_people_are_two_tracks_and_stay_so),
		cmocka_unit_test(a_track_unseen_for_long_is_forgotten),
		cmocka_unit_test(more_faces_than_tracks_do_no_harm),
		cmocka_unit_test(one_lucky_frame_opens_nothing),
		cmocka_unit_test(frames_that_name_two_people_open_nothing),
		cmocka_unit_test(a_stranger_is_called_so_after_enough_frames),
		cmocka_unit_test(one_frame_does_not_decide_liveness),
		cmocka_unit_test(a_picture_of_a_resident_opens_nothing),
		cmocka_unit_test(a_decision_is_repeated_only_later),
		cmocka_unit_test(somebody_else_in_the_same_place_is_a_new_track),
		cmocka_unit_test(a_mask_that_comes_off_is_a_new_look),
		cmocka_unit_test(a_mask_keeps_nobody_out_who_is_known),
		cmocka_unit_test(without_a_blink_nothing_opens),
		cmocka_unit_test(a_blink_is_seen_on_its_track),
		cmocka_unit_test(nothing_seen_has_no_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
