#include "unit.h"

#include "vision/face/threshold.h"

#include <errno.h>
#include <math.h>

static void asks_for_the_measured_score(void **state)
{
	(void)state;
	assert_float_equal(threshold_for(1, 0.1), 0.45f, 0.001);   /* 1e-3 lies under the floor */
	assert_float_equal(threshold_for(100, 1), 0.4835f, 0.001); /* 1e-4 */
	assert_float_equal(threshold_for(1000, 1), 0.536f, 0.001); /* 1e-5 */
	assert_float_equal(threshold_for(10000, 1), 0.5835f, 0.001);
}

static void rises_with_the_gallery_and_never_falls(void **state)
{
	float last = 0, score;

	(void)state;
	for (size_t enrolled = 0; enrolled < 200000; enrolled = enrolled * 5 / 4 + 1) {
		score = threshold_for(enrolled, 1);
		assert_true(score >= last);
		assert_true(score >= threshold_min() && score <= THRESHOLD_MAX);
		last = score;
	}
	assert_true(threshold_for(100000, 1) > threshold_for(10, 1) + 0.1f);
}

static void a_stricter_rate_asks_for_more(void **state)
{
	(void)state;
	assert_true(threshold_for(100, 0.1) > threshold_for(100, 1));
	assert_true(threshold_for(100, 0.01) > threshold_for(100, 0.1));
}

static void values_out_of_range_are_brought_back(void **state)
{
	(void)state;
	assert_float_equal(threshold_for(0, 1), threshold_for(1, 1), 0);
	assert_float_equal(threshold_for(10, 1000), threshold_for(10, 10), 0);
	assert_float_equal(threshold_for(10, -1), threshold_for(10, 0.0001), 0);
	assert_float_equal(threshold_for(10, NAN), threshold_for(10, 0.0001), 0);
	assert_true(threshold_for((size_t)-1, 0.0001) <= THRESHOLD_MAX);
}

static void a_short_answer_counts_for_more_within_bounds(void **state)
{
	(void)state;
	assert_true(score_gain_of_probe(3) > score_gain_of_probe(3.5f) &&
		    score_gain_of_probe(3.5f) > score_gain_of_probe(4.5f));
	assert_float_equal(score_gain_of_probe(3.42f), 1, 1e-6);
	/* what is poorly seen earns no more than a poor face, and what is no face nothing */
	assert_float_equal(score_gain_of_probe(2.25f), score_gain_of_probe(2.5f), 0);
	assert_float_equal(score_gain_of_probe(2.1f), 0, 0);
	assert_float_equal(score_gain_of_probe(0.01f), 0, 0);
	assert_float_equal(score_gain_of_probe(1e9f), score_gain_of_probe(5), 0);
	assert_float_equal(score_gain_of_probe(INFINITY), score_gain_of_probe(5), 0);
	assert_true(score_gain_of_probe(2.5f) < 1.18f && score_gain_of_probe(5) > 0.82f);
	assert_float_equal(score_gain_of_probe(0), 1, 0);
	assert_float_equal(score_gain_of_probe(-1), 1, 0);
	assert_float_equal(score_gain_of_probe(NAN), 1, 0);
}

static void a_template_that_carries_no_length_gains_nothing(void **state)
{
	(void)state;
	assert_float_equal(score_gain_of_template(1), 1, 0);
	assert_float_equal(score_gain_of_template(0.01f), 1, 0);
	assert_float_equal(score_gain_of_template(NAN), 1, 0);
	assert_float_equal(score_gain_of_template(3), score_gain_of_probe(3), 0);
	assert_float_equal(score_gain_of_template(1e9f), score_gain_of_probe(5), 0);
}

static void another_recogniser_brings_its_own_curve(void **state)
{
	const struct threshold_curve good = {.scores = {0.1, 0.15, 0.2, 0.25, 0.3, 0.35}};
	const struct threshold_norm norm = {
		.typical = 30, .low = 20, .high = 40, .no_face = 15, .exponent = 0.5};
	struct threshold_curve curve = good;

	(void)state;
	curve.scores[3] = 0.2; /* does not rise */
	assert_int_equal(threshold_use(&curve), -EINVAL);
	curve = good;
	curve.scores[5] = 1;
	assert_int_equal(threshold_use(&curve), -EINVAL);
	curve = good;
	curve.min = (double)THRESHOLD_MAX;
	assert_int_equal(threshold_use(&curve), -EINVAL);
	curve = good;
	curve.norm = norm;
	curve.norm.no_face = 25; /* above low */
	assert_int_equal(threshold_use(&curve), -EINVAL);
	assert_int_equal(threshold_use(&good), 0);
	assert_float_equal(score_gain_of_probe(3), 1, 0); /* of its answers nothing is known */
	assert_float_equal(score_gain_of_template(3), 1, 0);
	assert_float_equal(threshold_for(100, 1), 0.25f, 0.001);
	assert_float_equal(threshold_for(1, 10), 0.2f,
			   0.001); /* its own floor, the score at 1e-3 */
	assert_float_equal(threshold_for(100000, 1), 0.4f, 0.001); /* carried on */
	curve = good;
	curve.min = 0.3;
	curve.norm = norm;
	assert_int_equal(threshold_use(&curve), 0);
	assert_float_equal(threshold_min(), 0.3f, 0);
	assert_float_equal(score_gain_of_probe(30), 1, 1e-6);
	assert_float_equal(score_gain_of_probe(14), 0, 0);
	assert_float_equal(score_gain_of_probe(50), score_gain_of_probe(40), 0);
	assert_int_equal(threshold_use(NULL), 0);
	asks_for_the_measured_score(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_for_the_measured_score),
		cmocka_unit_test(rises_with_the_gallery_and_never_falls),
		cmocka_unit_test(a_stricter_rate_asks_for_more),
		cmocka_unit_test(values_out_of_range_are_brought_back),
		cmocka_unit_test(a_short_answer_counts_for_more_within_bounds),
		cmocka_unit_test(a_template_that_carries_no_length_gains_nothing),
		cmocka_unit_test(another_recogniser_brings_its_own_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
