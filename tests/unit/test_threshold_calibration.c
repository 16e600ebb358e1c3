#include "unit.h"

#include "vision/face/threshold_calibration.h"
#include "vision/face/threshold.h"

#include <math.h>
#include <string.h>

enum { ENROLLED = 200 };
static const double percent = 1;

static double uniform(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
}

/* the best of ENROLLED others, whose scores spread as @p spread tells */
static float best_other(uint64_t *state, double spread, int *ret_who)
{
	double best = -1, a;

	for (int i = 0; i < ENROLLED - 1; i++) {
		a = sqrt(-2 * log(uniform(state))) * cos(6.283185307179586 * uniform(state));
		if (0.05 + spread * a > best) {
			best = 0.05 + spread * a;
			*ret_who = i;
		}
	}
	return (float)best;
}

static void pass(struct threshold_calibration *site, uint64_t *state, int people, int times,
		 double spread)
{
	char id[16], other[16];

	for (int t = 0; t < times; t++)
		for (int i = 0; i < people; i++) {
			int who = 0;
			float best = best_other(state, spread, &who);

			snprintf(id, sizeof(id), "P%d", i);
			snprintf(other, sizeof(other), "P%d", who < i ? who : who + 1);
			calibration_add(site, id, other, best, ENROLLED, percent);
		}
}

/*
 * spread at which 1 % of strangers match at the card's value: 1 - Phi(z)^199 = 0.01 gives z = 3.89
 */
static double spread_of_card(void)
{
	return ((double)threshold_for(ENROLLED, percent) - 0.05) / 3.89;
}

static struct threshold_calibration *fresh(void)
{
	struct threshold_calibration *site = calloc(1, sizeof(*site));

	assert_non_null(site);
	return site;
}

static void too_few_people_move_nothing(void **state)
{
	struct threshold_calibration *site = fresh();
	struct calibration_judgement judgement;
	uint64_t random = 1;

	(void)state;
	calibration_judge(site, ENROLLED, percent, 0, &judgement);
	assert_int_equal(judgement.reason, CALIBRATION_TOO_FEW);
	pass(site, &random, CALIBRATION_PEOPLE_MIN - 1, 30, 0.2); /* very alike, and often */
	calibration_judge(site, ENROLLED, percent, 0.01f, &judgement);
	assert_int_equal(judgement.reason, CALIBRATION_TOO_FEW);
	assert_float_equal(judgement.next, 0.01f, 0); /* where it is */
	assert_float_equal(calibration_rate_at(site, ENROLLED, percent, 0.5f), -1, 0);
	free(site);
}

/*
 * The same people, ever more alike: between lowering and raising lies a stretch in which the card's
 * value fits.
 */
static void the_more_alike_people_are_the_more_is_asked(void **state)
{
	struct threshold_calibration *site = fresh();
	struct calibration_judgement judgement;
	enum calibration_reason order[] = {CALIBRATION_LOOSER, CALIBRATION_CARD,
					   CALIBRATION_STRICTER};
	float last = -1;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		uint64_t random = 3;

		memset(site, 0, sizeof(*site));
		pass(site, &random, 60, 2, spread_of_card() * (0.8 + 0.0025 * i));
		calibration_judge(site, ENROLLED, percent, 0, &judgement);
		while (at < 3 && judgement.reason != order[at])
			at++;
		assert_true(at < 3);
		assert_true(judgement.aim >= last - 0.002f);
		last = judgement.aim;
	}
	assert_int_equal(judgement.reason, CALIBRATION_STRICTER);
	free(site);
}

/*
 * The same scores of fewer people weigh less against the card: who is safer than the card says is
 * believed less.
 */
static void fewer_people_leave_more_to_the_card(void **state)
{
	struct threshold_calibration *few = fresh(), *many = fresh();
	struct calibration_judgement of_few, of_many;
	uint64_t random = 21;

	(void)state;
	pass(few, &random, 25, 2, spread_of_card() * 0.8);
	random = 21;
	pass(many, &random, 150, 2, spread_of_card() * 0.8);
	calibration_judge(few, ENROLLED, percent, 0, &of_few);
	calibration_judge(many, ENROLLED, percent, 0, &of_many);
	assert_true(of_few.aim > of_many.aim);
	assert_int_equal(of_many.reason, CALIBRATION_LOOSER);
	assert_true(of_few.rate.high > of_many.rate.high);
	free(few);
	free(many);
}

static void people_more_alike_raise_it_slowly_and_within_bounds(void **state)
{
	struct threshold_calibration *site = fresh();
	struct calibration_judgement judgement;
	uint64_t random = 5;
	float offset = 0, last = 0;

	(void)state;
	pass(site, &random, 150, 4, spread_of_card() * 1.15);
	for (int day = 0; day < 10; day++) {
		calibration_judge(site, ENROLLED, percent, offset, &judgement);
		assert_int_equal(judgement.reason, CALIBRATION_STRICTER);
		assert_true(judgement.next >= offset &&
			    judgement.next <= offset + CALIBRATION_STEP_UP + 1e-6f);
		last = offset;
		offset = judgement.next;
	}
	assert_float_equal(offset, last, 1e-6f); /* arrived */
	/* 3.89 * 1.15 * spread + 0.05 is where the truth lies */
	assert_float_equal(calibration_threshold(ENROLLED, percent, offset),
			   (float)(0.05 + 3.89 * 1.15 * spread_of_card()), 0.03);
	assert_true(judgement.rate.low <= 0.01 && judgement.rate.high >= 0.01);

	memset(site, 0, sizeof(*site));
	pass(site, &random, 150, 4, 0.3); /* beyond all reason */
	for (int day = 0; day < 20; day++) {
		calibration_judge(site, ENROLLED, percent, offset, &judgement);
		offset = judgement.next;
	}
	assert_float_equal(offset, CALIBRATION_OFFSET_MAX, 1e-6f);
	free(site);
}

static void people_less_alike_lower_it(void **state)
{
	struct threshold_calibration *site = fresh();
	struct calibration_judgement judgement;
	uint64_t random = 7;
	float offset = 0;

	(void)state;
	pass(site, &random, 300, 4, spread_of_card() * 0.85);
	calibration_judge(site, ENROLLED, percent, 0, &judgement);
	assert_int_equal(judgement.reason, CALIBRATION_LOOSER);
	assert_float_equal(judgement.next, -CALIBRATION_STEP_DOWN, 1e-6f);
	/*
	 * not to the best guess: in four of five cases the true rate stays below the one configured
	 */
	assert_true(judgement.card + judgement.aim >= judgement.threshold.middle - 1e-6);
	for (int day = 0; day < 30; day++) {
		calibration_judge(site, ENROLLED, percent, offset, &judgement);
		offset = judgement.next;
	}
	assert_true(offset >= CALIBRATION_OFFSET_MIN);
	assert_true(calibration_threshold(ENROLLED, percent, offset) >=
		    0.05 + 3.89 * 0.85 * spread_of_card() - 0.01);
	assert_true(calibration_threshold(1, percent, CALIBRATION_OFFSET_MIN) >= threshold_min());
	free(site);
}

/* Twenty sites, each over twelve days: what strangers really do stays under what was configured. */
static void strangers_stay_rarer_than_configured(void **state)
{
	enum { SITES = 20, DAYS = 12, STRANGERS = 2000 };
	double spread = spread_of_card() * 1.1, share;
	struct threshold_calibration *site = fresh();
	struct calibration_judgement judgement;
	uint64_t random = 11;
	int accepted = 0, within = 0;

	(void)state;
	for (int i = 0; i < SITES; i++) {
		float offset = 0;
		int before = accepted;

		memset(site, 0, sizeof(*site));
		for (int day = 0; day < DAYS; day++) {
			pass(site, &random, 60, 1, spread);
			calibration_judge(site, ENROLLED, percent, offset, &judgement);
			offset = judgement.next;
		}
		calibration_judge(site, ENROLLED, percent, offset, &judgement);
		for (int k = 0, who; k < STRANGERS; k++)
			accepted += best_other(&random, spread, &who) >=
				    calibration_threshold(ENROLLED, percent, offset);
		share = (double)(accepted - before) / STRANGERS;
		within +=
			share >= judgement.rate.low - 0.002 && share <= judgement.rate.high + 0.002;
	}
	share = (double)accepted / SITES / STRANGERS;
	print_message(
		"%.2f %% of strangers at 1 %% configured; within the limits at %d of %d sites\n",
		100 * share, within, SITES);
	assert_true(share < percent / 100);
	assert_true(share > 0.1 * percent / 100); /* nor is everybody kept out */
	assert_in_range(within, 16, SITES);
	free(site);
}

static void an_erased_person_leaves_nothing(void **state)
{
	struct threshold_calibration *site = fresh();
	uint64_t random = 13;

	(void)state;
	pass(site, &random, 3, 1, 0.1);
	calibration_add(site, "P0", "P1", 0.3f, ENROLLED, percent);
	assert_true(calibration_forget(site, "P1"));
	assert_false(calibration_forget(site, "P1"));
	assert_int_equal(site->count, 2);
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < CALIBRATION_SCORES_EACH; k++)
			assert_true(site->people[i].others[k] != calibration_tag("P1"));
	for (size_t i = 0; i < CALIBRATION_PEOPLE_MAX; i++)
		assert_true(site->people[i].tag != calibration_tag("P1"));
	free(site);
}

static void the_latest_scores_and_people_are_kept(void **state)
{
	struct threshold_calibration *site = fresh();
	char id[16];

	(void)state;
	for (int i = 0; i < 10; i++)
		calibration_add(site, "A", "Z", (float)i / 20, ENROLLED, percent);
	assert_int_equal(site->count, 1);
	for (int k = 0; k < CALIBRATION_SCORES_EACH; k++)
		assert_true(site->people[0].distances[k] >=
			    6.0f / 20 - threshold_for(ENROLLED, percent) - 1e-6f);
	for (int i = 0; i < CALIBRATION_PEOPLE_MAX; i++) {
		snprintf(id, sizeof(id), "P%d", i);
		calibration_add(site, id, "Z", 0.2f, ENROLLED, percent);
	}
	assert_int_equal(site->count, CALIBRATION_PEOPLE_MAX);
	assert_false(calibration_forget(site, "A")); /* heard of longest ago */
	calibration_add(site, "B", "Z", NAN, ENROLLED, percent);
	calibration_add(site, "B", "Z", 1.5f, ENROLLED, percent);
	calibration_add(site, "B", "Z", 0.3f, 1, percent); /* nobody to be mistaken for */
	calibration_restore(site, 1, 2, NAN);
	calibration_restore(site, 1, 2, 7);
	assert_false(calibration_forget(site, "B"));
	free(site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(too_few_people_move_nothing),
		cmocka_unit_test(the_more_alike_people_are_the_more_is_asked),
		cmocka_unit_test(fewer_people_leave_more_to_the_card),
		cmocka_unit_test(people_more_alike_raise_it_slowly_and_within_bounds),
		cmocka_unit_test(people_less_alike_lower_it),
		cmocka_unit_test(strangers_stay_rarer_than_configured),
		cmocka_unit_test(an_erased_person_leaves_nothing),
		cmocka_unit_test(the_latest_scores_and_people_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
