#include "unit.h"

#include "../../bench/face_stats.h"

#include <math.h>

static struct face_stats *fresh(void)
{
	struct face_stats *stats = calloc(1, sizeof(*stats));

	assert_non_null(stats);
	return stats;
}

static void what_is_apart_has_no_errors(void **state)
{
	struct face_stats *stats = fresh();
	float threshold;

	(void)state;
	for (int i = 0; i < 100; i++) {
		face_stats_add(stats, 0.6f + (float)i * 0.001f, true);
		face_stats_add(stats, 0.1f + (float)i * 0.001f, false);
	}
	assert_float_equal(face_stats_tar(stats, 1e-3, &threshold), 1, 0);
	assert_float_equal(threshold, 0.1991f, 0.0002f); /* just above the highest of the others */
	assert_float_equal(face_stats_eer(stats, &threshold), 0, 0);
	free(stats);
}

static void tar_is_read_where_far_is_allowed(void **state)
{
	struct face_stats *stats = fresh();
	float threshold;

	(void)state;
	for (int i = 0; i < 100; i++) /* 0.00 to 0.99 each */
		face_stats_add(stats, (float)i / 100, false);
	for (int i = 0; i < 10; i++) /* 0.05 to 0.95 */
		face_stats_add(stats, (float)i / 10 + 0.05f, true);
	/* ten of a hundred others: 0.90 and more; of the same only 0.95 reaches that */
	assert_float_equal(face_stats_tar(stats, 0.1, &threshold), 0.1, 1e-9);
	assert_true(threshold > 0.89f && threshold <= 0.9f);
	assert_float_equal(face_stats_tar(stats, 0, &threshold), 0, 1e-9);
	assert_float_equal(face_stats_tar(stats, 1, NULL), 1, 1e-9);
	free(stats);
}

static void eer_is_where_both_errors_meet(void **state)
{
	struct face_stats *stats = fresh();

	(void)state;
	/* one in five on either side of 0.5 is wrong */
	for (int i = 0; i < 5; i++) {
		face_stats_add(stats, i == 0 ? 0.3f : 0.7f, true);
		face_stats_add(stats, i == 0 ? 0.6f : 0.2f, false);
	}
	assert_float_equal(face_stats_eer(stats, NULL), 0.2, 1e-9);
	free(stats);
}

static void what_is_no_number_matches_nobody(void **state)
{
	struct face_stats *stats = fresh();

	(void)state;
	face_stats_add(stats, NAN, true);
	face_stats_add(stats, INFINITY, true);
	face_stats_add(stats, 0.5f, false);
	assert_float_equal(face_stats_tar(stats, 0, NULL), 0, 0);
	assert_float_equal(face_stats_eer(stats, NULL), 1, 1e-9);
	free(stats);
}

static void nothing_counted_is_no_crash(void **state)
{
	struct face_stats *stats = fresh();
	float threshold = 7;

	(void)state;
	assert_float_equal(face_stats_tar(stats, 1e-3, &threshold), 0, 0);
	assert_float_equal(face_stats_eer(stats, &threshold), 0, 0);
	assert_float_equal(face_stats_accuracy(NULL, 0, NULL), 0, 0);
	assert_float_equal(face_stats_fnir(NULL, 0, NULL, 0, 0.01, &threshold), 1, 0);
	free(stats);
}

/*
 * Two folds whose best thresholds differ: each is judged with the other's, which costs each one
 * pair.
 */
static void a_fold_is_judged_with_the_others_threshold(void **state)
{
	const struct face_pair pairs[] = {
		{0.80f, true, 0}, {0.60f, true, 0}, {0.50f, false, 0}, {0.10f, false, 0},
		{0.70f, true, 1}, {0.40f, true, 1}, {0.30f, false, 1}, {0.20f, false, 1},
	};
	double error;

	(void)state;
	/* fold 0 with 0.35: 0.50 is taken for the same. fold 1 with 0.55: 0.40 is not */
	assert_float_equal(face_stats_accuracy(pairs, 8, &error), 0.75, 1e-9);
	assert_float_equal(error, 0, 1e-9);
	assert_float_equal(face_stats_accuracy(pairs, 4, &error), 1,
			   1e-9); /* a single fold: its own */
}

static void fnir_counts_people_alike_and_wrong_names_as_misses(void **state)
{
	const struct face_search searches[] = {
		{0.9f, true, 0.5}, {0.3f, true, 0.5}, /* one person, seen twice: once too low */
		{0.8f, false, 1},                     /* another, taken for somebody else */
		{0.7f, true, 1},   {0.6f, true, 1},
	};
	float strangers[100], threshold;

	(void)state;
	for (int i = 0; i < 100; i++)
		strangers[i] = (float)i / 200; /* to 0.495 */
	assert_float_equal(face_stats_fnir(searches, 5, strangers, 100, 0.01, &threshold), 1.5 / 4,
			   1e-9);
	assert_true(threshold > 0.49f && threshold <= 0.495f); /* one of a hundred passes */
	assert_float_equal(face_stats_fnir(searches, 5, strangers, 100, 1, NULL), 1.0 / 4, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_apart_has_no_errors),
		cmocka_unit_test(tar_is_read_where_far_is_allowed),
		cmocka_unit_test(eer_is_where_both_errors_meet),
		cmocka_unit_test(what_is_no_number_matches_nobody),
		cmocka_unit_test(nothing_counted_is_no_crash),
		cmocka_unit_test(a_fold_is_judged_with_the_others_threshold),
		cmocka_unit_test(fnir_counts_people_alike_and_wrong_names_as_misses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
