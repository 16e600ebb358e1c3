#include "unit.h"

#include "vision/face/extreme_value_fit.h"

#include <errno.h>
#include <math.h>

static double uniform(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return ((double)(*state >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *state)
{
	double a = uniform(state);

	return sqrt(-2 * log(a)) * cos(6.283185307179586 * uniform(state));
}

/* as the best of n others scores: the highest of n draws, which is what a gallery does */
static double best_other(uint64_t *state, int n)
{
	double best = -1;

	for (int i = 0; i < n; i++)
		best = fmax(best, 0.05 + 0.1 * normal(state));
	return best;
}

static size_t draw(struct evt_fit_score *scores, size_t people, uint64_t seed)
{
	uint64_t state = seed;

	for (size_t i = 0; i < people; i++)
		scores[i] = (struct evt_fit_score){(uint32_t)i, (uint32_t)i,
						   (float)best_other(&state, 50)};
	return people;
}

/* P(best of 50 above t) = 1 - Phi((t - 0.05) / 0.1)^50; here t for a chance of 0.01 and of 0.001 */
static const double true_score_1 = 0.4040, true_score_01 = 0.4607;

static void an_exponential_tail_is_found(void **state)
{
	static struct evt_fit_score scores[4000];
	uint64_t random = 7;
	struct evt_fit tail;

	(void)state;
	for (uint32_t i = 0; i < 4000; i++)
		scores[i] = (struct evt_fit_score){i, i, (float)(-0.05 * log(uniform(&random)))};
	assert_int_equal(evt_fit(scores, 4000, &tail), 0);
	assert_float_equal(tail.shape, 0, 0.1);
	assert_float_equal(tail.scale, 0.05, 0.006);
	assert_float_equal(evt_fit_score_at(&tail, 1e-3), 0.05f * logf(1000), 0.04);
	assert_float_equal(evt_fit_rate(&tail, evt_fit_score_at(&tail, 1e-4)), 1e-4,
			   1e-7); /* one undoes the other */
}

static void a_short_tail_is_not_made_long(void **state)
{
	static struct evt_fit_score scores[4000];
	uint64_t random = 3;
	struct evt_fit tail;

	(void)state;
	for (uint32_t i = 0; i < 4000; i++)
		scores[i] = (struct evt_fit_score){i, i, (float)(0.4 * uniform(&random))};
	assert_int_equal(evt_fit(scores, 4000, &tail), 0);
	assert_true(tail.shape < -0.2); /* -1 in truth, but no site is trusted that far */
	assert_true(evt_fit_score_at(&tail, 1e-4) < 0.56);
}

static void it_reaches_beyond_what_was_seen(void **state)
{
	static struct evt_fit_score scores[2000];
	struct evt_fit tail;

	(void)state;
	assert_int_equal(evt_fit(scores, draw(scores, 2000, 11), &tail), 0);
	assert_float_equal(evt_fit_score_at(&tail, 0.01), true_score_1, 0.012);
	assert_float_equal(evt_fit_score_at(&tail, 0.001), true_score_01, 0.03);
}

/* 60 residents, many sites: how often does the truth lie within limits that claim nine in ten? */
static void the_limits_hold_what_they_say(void **state)
{
	struct evt_fit_score scores[60];
	struct evt_fit_limits at, rate;
	int within = 0, rate_within = 0;

	(void)state;
	for (uint64_t site = 1; site <= 200; site++) {
		assert_int_equal(evt_fit_limits(scores, draw(scores, 60, site * 97), 0.01,
						true_score_1, &at, &rate),
				 0);
		assert_true(at.low <= at.middle && at.middle <= at.high);
		within += at.low <= true_score_1 && true_score_1 <= at.high;
		rate_within += rate.low <= 0.01 && 0.01 <= rate.high;
	}
	print_message("of 200 sites of 60 people the truth lay within for the score in %d, for the "
		      "rate in %d\n",
		      within, rate_within);
	assert_in_range(within, 160, 200);
	assert_in_range(rate_within, 160, 200);
}

/*
 * Residents among themselves: who is like another has that one like himself, so that each likeness
 * is seen from both sides.
 */
static void likeness_of_two_residents_is_one_measurement(void **state)
{
	enum { PEOPLE = 60, SITES = 200 };
	static const double true_score = 0.4082; /* of 59 others: P(best above) = 0.01 */
	static double like[PEOPLE][PEOPLE];
	struct evt_fit_score scores[PEOPLE];
	struct evt_fit_limits at, rate;
	int within[2] = {0};
	uint64_t random = 29;

	(void)state;
	for (int site = 0; site < SITES; site++) {
		for (uint32_t i = 0; i < PEOPLE; i++)
			for (uint32_t k = 0; k < i; k++)
				like[i][k] = like[k][i] = 0.05 + 0.1 * normal(&random);
		for (int told = 0; told < 2; told++) {
			for (uint32_t i = 0; i < PEOPLE; i++) {
				uint32_t best = i == 0;

				for (uint32_t k = 0; k < PEOPLE; k++)
					if (k != i && like[i][k] > like[i][best])
						best = k;
				scores[i] = (struct evt_fit_score){i, told ? best : i,
								   (float)like[i][best]};
			}
			assert_int_equal(
				evt_fit_limits(scores, PEOPLE, 0.01, true_score, &at, &rate), 0);
			within[told] += rate.low <= 0.01 && 0.01 <= rate.high;
		}
	}
	print_message("the truth lay within at %d of %d sites; had nobody told whom they are like, "
		      "at %d\n",
		      within[1], SITES, within[0]);
	assert_in_range(within[1], 168, SITES);
	assert_true(within[1] > within[0]);
}

/* The same scores ten times over are no more knowledge. */
static void one_person_often_is_still_one_person(void **state)
{
	static struct evt_fit_score once[60], often[600];
	struct evt_fit_limits at_once, at_often, rate;

	(void)state;
	draw(once, 60, 5);
	for (size_t i = 0; i < 600; i++)
		often[i] = once[i % 60];
	/* of 400 and more a smaller part is the tail: compare like with like */
	assert_int_equal(evt_fit_limits(once, 60, 0.01, 0.4, &at_once, &rate), 0);
	assert_int_equal(evt_fit_limits(often, 300, 0.01, 0.4, &at_often, &rate), 0);
	assert_true(at_often.high - at_often.low > 0.7 * (at_once.high - at_once.low));
	/* and one who passes all day does not outvote the others */
	for (size_t i = 60; i < 300; i++)
		often[i] = (struct evt_fit_score){0, 0, 0.05f};
	draw(often, 60, 5);
	assert_int_equal(evt_fit_limits(often, 300, 0.01, 0.4, &at_often, &rate), 0);
	assert_float_equal(at_often.middle, at_once.middle, 0.02);
}

static void what_says_nothing_is_refused(void **state)
{
	struct evt_fit_score scores[100];
	struct evt_fit_limits at, rate;
	struct evt_fit tail;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		scores[i] = (struct evt_fit_score){i, i, 0.3f};
	assert_int_equal(evt_fit(scores, 100, &tail), -EINVAL); /* all the same */
	draw(scores, 100, 1);
	assert_int_equal(evt_fit(scores, EVT_FIT_SCORES_MIN - 1, &tail), -EINVAL);
	assert_int_equal(evt_fit(scores, EVT_FIT_SCORES_MIN, &tail), 0);
	scores[5].score = NAN;
	assert_int_equal(evt_fit(scores, 100, &tail), -EINVAL);
	assert_int_equal(evt_fit_limits(scores, 100, 0.01, 0.4, &at, &rate), -EINVAL);
	scores[5] = (struct evt_fit_score){EVT_FIT_SCORES_MAX, 5, 0.2f};
	assert_int_equal(evt_fit(scores, 100, &tail), -EINVAL);
	scores[5] = (struct evt_fit_score){5, EVT_FIT_SCORES_MAX, 0.2f};
	assert_int_equal(evt_fit(scores, 100, &tail), -EINVAL);
	assert_int_equal(evt_fit(NULL, 100, &tail), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exponential_tail_is_found),
		cmocka_unit_test(a_short_tail_is_not_made_long),
		cmocka_unit_test(it_reaches_beyond_what_was_seen),
		cmocka_unit_test(the_limits_hold_what_they_say),
		cmocka_unit_test(likeness_of_two_residents_is_one_measurement),
		cmocka_unit_test(one_person_often_is_still_one_person),
		cmocka_unit_test(what_says_nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
