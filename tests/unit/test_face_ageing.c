/* Templates that follow a face, and impostors who would like to follow theirs. */
#include "unit.h"

#include "vision/face/face_ageing.h"
#include "vision/face/match.h"

#include <math.h>
#include <string.h>

static const char anna[] = "01ARZ3NDEKTSV4RRFFQ69G5FA0";
static const float threshold = 0.45f;
enum { WEEKS = 200 };

struct gate {
	struct gallery *gallery;
	struct face_aged aged[FACE_AGED_MAX];
	size_t count;
	int64_t now;
};

/* a unit vector: so much like axis 0, the rest along @p axis */
static void like(float cosine, size_t axis, float *ret_vector)
{
	memset(ret_vector, 0, FACE_DIM * sizeof(float));
	ret_vector[0] = cosine;
	ret_vector[axis] = sqrtf(1 - cosine * cosine);
}

static struct face_ageing_sight sight_of(const struct gate *gate, const float *vector)
{
	return (struct face_ageing_sight){.vector = vector,
					  .threshold = threshold,
					  .rival_score = 0.2f,
					  .alike_min = 0.4f,
					  .liveness = 0.98f,
					  .quality = 0.7f,
					  .good_frames = FACE_AGEING_FRAMES,
					  .unix_ms = gate->now};
}

static float score_of(const struct gate *gate, const float *vector)
{
	float score = -1;

	assert_int_equal(gallery_likeness(gate->gallery, anna, vector, &score), 0);
	return score;
}

static void begin(struct gate *gate, unsigned enrolled)
{
	float vector[FACE_DIM];

	memset(gate, 0, sizeof(*gate));
	gate->now = 1000 * FACE_AGEING_EVERY_MS;
	assert_int_equal(gallery_open(FACE_DIM, &gate->gallery), 0);
	for (unsigned i = 0; i < enrolled; i++) {
		like(0.95f, 100 + i, vector);
		assert_int_equal(gallery_merge(gate->gallery, anna, vector), 0);
	}
}

/* One passage in which everything is right but the face, and what the gate makes of it. */
static enum face_ageing_verdict pass(struct gate *gate, const float *vector)
{
	struct face_ageing_sight sight = sight_of(gate, vector);
	enum face_ageing_verdict verdict;
	size_t at = gate->count;
	float enrolled;

	gate->now += FACE_AGEING_EVERY_MS;
	sight.unix_ms = gate->now;
	verdict = face_ageing_judge(gate->gallery, anna, 4, gate->aged, gate->count, &sight, &enrolled);
	if (verdict == FACE_AGEING_REPLACE) {
		at = face_ageing_oldest(gate->aged, gate->count);
		assert_int_equal(gallery_unmerge(gate->gallery, anna, gate->aged[at].vector), 0);
	} else if (verdict == FACE_AGEING_ADD) {
		gate->count++;
	} else {
		return verdict;
	}
	memcpy(gate->aged[at].vector, vector, sizeof(gate->aged[at].vector));
	gate->aged[at].unix_ms = gate->now;
	assert_int_equal(gallery_merge(gate->gallery, anna, vector), 0);
	return verdict;
}

static void a_sure_face_is_taken_and_the_oldest_goes(void **state)
{
	float first[FACE_DIM], second[FACE_DIM], third[FACE_DIM], before;
	struct gate gate;

	(void)state;
	begin(&gate, 4);
	like(0.8f, 1, first);
	like(0.8f, 2, second);
	like(0.8f, 1, third);
	before = score_of(&gate, first);
	assert_int_equal(pass(&gate, first), FACE_AGEING_ADD);
	assert_true(score_of(&gate, first) > before);
	assert_int_equal(pass(&gate, second), FACE_AGEING_ADD);
	assert_int_equal(face_ageing_oldest(gate.aged, gate.count), 0);
	assert_int_equal(pass(&gate, third), FACE_AGEING_REPLACE);
	assert_int_equal(face_ageing_oldest(gate.aged, gate.count), 1);
	/* and without them all is as it was enrolled */
	for (size_t i = 0; i < gate.count; i++)
		assert_int_equal(gallery_unmerge(gate.gallery, anna, gate.aged[i].vector), 0);
	assert_float_equal(score_of(&gate, first), before, 1e-5);
	gallery_close(gate.gallery);
}

static enum face_ageing_verdict judge(struct gate *gate, unsigned enrolled,
				      const struct face_ageing_sight *sight)
{
	float score;

	return face_ageing_judge(gate->gallery, anna, enrolled, gate->aged, gate->count, sight, &score);
}

static void what_is_not_sure_is_left(void **state)
{
	struct face_ageing_sight good, sight;
	float face[FACE_DIM], nothing[FACE_DIM] = {0};
	struct gate gate;

	(void)state;
	begin(&gate, 4);
	like(0.8f, 1, face);
	good = sight = sight_of(&gate, face);
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_ADD);
	assert_int_equal(judge(&gate, 1, &sight), FACE_AGEING_FEW);
	sight.good_frames = FACE_AGEING_FRAMES - 1;
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_POOR);
	sight = good;
	sight.liveness = -1; /* not measured */
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_POOR);
	sight.liveness = NAN;
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_POOR);
	sight = good;
	sight.quality = 0.4f;
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_POOR);
	sight = good;
	sight.rival_score = 0.41f; /* a twin may be meant */
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_ALIKE);
	sight.rival_score = NAN;
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_ALIKE);
	sight = good;
	sight.threshold = 0.7f; /* let in, but not by much */
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_FAR);
	sight = good;
	sight.vector = nothing;
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_FAR);
	assert_int_equal(gallery_remove(gate.gallery, anna), 1); /* erased meanwhile */
	assert_int_equal(judge(&gate, 4, &good), FACE_AGEING_FAR);
	gallery_close(gate.gallery);
}

static void one_a_week_whatever_the_clock_does(void **state)
{
	struct face_ageing_sight sight;
	float face[FACE_DIM];
	struct gate gate;

	(void)state;
	begin(&gate, 4);
	like(0.8f, 1, face);
	assert_int_equal(pass(&gate, face), FACE_AGEING_ADD);
	sight = sight_of(&gate, face);
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_EARLY);
	sight.unix_ms = gate.now + FACE_AGEING_EVERY_MS - 1;
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_EARLY);
	sight.unix_ms = gate.now - 100 * FACE_AGEING_EVERY_MS; /* it was set back */
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_EARLY);
	sight.unix_ms = gate.now + FACE_AGEING_EVERY_MS;
	assert_int_equal(judge(&gate, 4, &sight), FACE_AGEING_ADD);
	gallery_close(gate.gallery);
}

/* Somebody whom the door takes for her, just: he gets in, but his face does not. */
static void an_impostor_who_passes_leaves_nothing(void **state)
{
	float impostor[FACE_DIM], hers[FACE_DIM], first;
	struct gate gate;

	(void)state;
	begin(&gate, 4);
	like(0.5f, 1, impostor);
	first = score_of(&gate, impostor);
	assert_true(first >= threshold && first < threshold + FACE_AGEING_MARGIN);
	for (int week = 0; week < WEEKS; week++)
		assert_int_equal(pass(&gate, impostor), FACE_AGEING_FAR);
	assert_float_equal(score_of(&gate, impostor), first, 1e-5);
	/* nor once her own aged templates lean towards him */
	like(0.65f, 1, hers);
	assert_int_equal(pass(&gate, hers), FACE_AGEING_ADD);
	assert_int_equal(pass(&gate, hers), FACE_AGEING_ADD);
	assert_true(score_of(&gate, impostor) > threshold + FACE_AGEING_MARGIN);
	for (int week = 0; week < WEEKS; week++)
		assert_int_equal(pass(&gate, impostor), FACE_AGEING_FAR);
	gallery_close(gate.gallery);
}

/* A face that creeps: each week as far towards somebody else as the gate will just take. */
static void many_small_steps_lead_no_further_than_one(void **state)
{
	float stranger[FACE_DIM], step[FACE_DIM], after_two = 0;
	struct gate gate;
	unsigned taken = 0;

	(void)state;
	begin(&gate, 4);
	like(0.1f, 1, stranger);
	for (int week = 0; week < WEEKS; week++) {
		for (int percent = 0; percent <= 100; percent++) {
			like((float)percent / 100, 1, step);
			if (pass(&gate, step) <= FACE_AGEING_REPLACE) {
				taken++;
				break;
			}
		}
		if (week == 1)
			after_two = score_of(&gate, stranger);
		assert_true(score_of(&gate, stranger) < threshold);
	}
	assert_int_equal(taken, WEEKS);
	assert_float_equal(score_of(&gate, stranger), after_two, 1e-3);
	gallery_close(gate.gallery);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sure_face_is_taken_and_the_oldest_goes),
		cmocka_unit_test(what_is_not_sure_is_left),
		cmocka_unit_test(one_a_week_whatever_the_clock_does),
		cmocka_unit_test(an_impostor_who_passes_leaves_nothing),
		cmocka_unit_test(many_small_steps_lead_no_further_than_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
