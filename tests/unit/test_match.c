#include "unit.h"

#include "vision/face/match.h"
#include "vision/face/match_scan.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

enum { DIM = 512, PEOPLE = 3000 };

static uint64_t seed = 88172645463325252u;

static float random_value(void) /* about normal: a sum of uniform ones */
{
	float sum = 0;

	for (int i = 0; i < 4; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		sum += (float)(seed >> 40) / (float)(1 << 24) - 0.5f;
	}
	return sum;
}

static void random_vector(float *vector)
{
	for (int i = 0; i < DIM; i++)
		vector[i] = random_value();
}

static const char *name_of(unsigned person)
{
	static _Thread_local char name[GALLERY_PERSON_BYTES];

	snprintf(name, sizeof(name), "%026u", person);
	return name;
}

static double cosine(const float *a, const float *b)
{
	double dot = 0, aa = 0, bb = 0;

	for (int i = 0; i < DIM; i++) {
		dot += (double)a[i] * b[i];
		aa += (double)a[i] * a[i];
		bb += (double)b[i] * b[i];
	}
	return dot / sqrt(aa * bb);
}

static int set_up(void **state)
{
	struct gallery *gallery = NULL;

	assert_int_equal(gallery_open(DIM, &gallery), 0);
	*state = gallery;
	return 0;
}

static int tear_down(void **state)
{
	gallery_close(*state);
	return 0;
}

static void mean_of_units(const float *const *vectors, int count, float *ret_mean)
{
	memset(ret_mean, 0, DIM * sizeof(*ret_mean));
	for (int k = 0; k < count; k++) {
		double square = 0;

		for (int i = 0; i < DIM; i++)
			square += (double)vectors[k][i] * vectors[k][i];
		for (int i = 0; i < DIM; i++)
			ret_mean[i] += (float)(vectors[k][i] / sqrt(square));
	}
}

static void an_empty_gallery_finds_nobody(void **state)
{
	struct gallery_match match;
	float probe[DIM] = {1};
	size_t count = 7;

	assert_int_equal(gallery_search(*state, probe, 1, &match, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(gallery_remove(*state, name_of(1)), 0);
}

/* Scales from one number standing out to all alike, because the bound depends on it. */
static void the_answer_is_that_of_a_plain_scan(void **state)
{
	float(*all)[DIM] = malloc(sizeof(float[DIM]) * PEOPLE), probe[DIM];
	struct gallery_match match[3];
	size_t count;

	assert_non_null(all);
	for (unsigned i = 0; i < PEOPLE; i++) {
		random_vector(all[i]);
		if (i % 7 == 0)
			all[i][i % DIM] *= 40;
		if (i % 5 == 0 && i > 0)
			for (int k = 0; k < DIM;
			     k++) /* near neighbours: rescoring has to tell them apart */
				all[i][k] = all[i - 1][k] + 0.001f * random_value();
		assert_int_equal(gallery_add(*state, name_of(i), all[i]), 0);
	}
	for (int round = 0; round < 60; round++) {
		double best = -2;

		random_vector(probe);
		if (round % 2 == 0)
			for (int k = 0; k < DIM; k++)
				probe[k] = all[(round * 131) % PEOPLE][k] + 0.5f * random_value();
		for (unsigned i = 0; i < PEOPLE; i++)
			best = fmax(best, cosine(probe, all[i]));
		assert_int_equal(gallery_search(*state, probe, 3, match, &count), 0);
		assert_int_equal(count, 3);
		assert_float_equal(match[0].score, best, 1e-6);
		assert_float_equal(cosine(probe, all[atoi(match[0].person)]), best, 1e-6);
		assert_true(match[0].score >= match[1].score && match[1].score >= match[2].score);
		assert_string_not_equal(match[0].person, match[1].person);
	}
	free(all);
}

/* More that cannot be ruled out than wait at once: everybody is nearly the same. */
static void a_crowd_of_like_faces_is_told_apart(void **state)
{
	float base[DIM], vector[DIM];
	struct gallery_match match[2];
	size_t count;

	random_vector(base);
	for (unsigned i = 0; i < PEOPLE; i++) {
		memcpy(vector, base, sizeof(vector));
		vector[i % DIM] += 0.01f + 0.001f * (float)(i / DIM);
		assert_int_equal(gallery_add(*state, name_of(i), vector), 0);
	}
	for (unsigned i = 7; i < PEOPLE; i += 499) {
		memcpy(vector, base, sizeof(vector));
		vector[i % DIM] += 0.01f + 0.001f * (float)(i / DIM);
		assert_int_equal(gallery_search(*state, vector, 2, match, &count), 0);
		assert_int_equal(count, 2);
		assert_float_equal(match[0].score, 1, 1e-6);
		assert_true(match[0].score >= match[1].score);
	}
	memcpy(vector, base, sizeof(vector));
	for (int k = 0; k < DIM; k++)
		vector[k] = -vector[k];
	assert_int_equal(gallery_search(*state, vector, 1, match, &count), 0);
	assert_true(match[0].score < -0.99f);
}

static void a_person_counts_once_with_the_best_template(void **state)
{
	float a[DIM] = {1}, b[DIM] = {0, 1}, c[DIM] = {0.6f, 0.8f}, probe[DIM] = {0, 2};
	struct gallery_match match[4];
	size_t count;

	assert_int_equal(gallery_add(*state, name_of(1), a), 0);
	assert_int_equal(gallery_add(*state, name_of(1), b), 0);
	assert_int_equal(gallery_add(*state, name_of(2), c), 0);
	assert_int_equal(gallery_templates(*state), 3);
	assert_int_equal(gallery_persons(*state), 2);
	assert_int_equal(gallery_search(*state, probe, 4, match, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(match[0].person, name_of(1));
	assert_float_equal(match[0].score, 1, 1e-6);
	assert_string_equal(match[1].person, name_of(2));
	assert_float_equal(match[1].score, 0.8, 1e-6);
}

/* Nothing in common is no match: far below any threshold, and so is the opposite. */
/* One row a person, however many templates: their mean, also after others left and rows moved. */
static void merged_templates_count_as_their_mean(void **state)
{
	struct gallery *gallery;
	float a[DIM], b[DIM], c[DIM], mean[DIM], other[DIM];
	struct gallery_match match;
	size_t count;

	(void)state;
	assert_int_equal(gallery_open(DIM, &gallery), 0);
	random_vector(a);
	random_vector(b);
	random_vector(c);
	random_vector(other);
	assert_int_equal(gallery_merge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA0", other), 0);
	assert_int_equal(gallery_merge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA1", a), 0);
	assert_int_equal(gallery_merge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA1", b), 0);
	assert_int_equal(gallery_remove(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA0"), 1);
	for (int i = 0; i < DIM; i++) /* any length: each counts the same */
		c[i] *= 7;
	assert_int_equal(gallery_merge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA1", c), 0);
	assert_int_equal(gallery_templates(gallery), 1);
	assert_int_equal(gallery_persons(gallery), 1);
	mean_of_units((const float *[]){a, b, c}, 3, mean);
	assert_int_equal(gallery_search(gallery, mean, 1, &match, &count), 0);
	assert_int_equal(count, 1);
	assert_float_equal(match.score, 1, 1e-5);
	/* and taken out again, until one is left */
	assert_int_equal(gallery_unmerge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA1", c), 0);
	mean_of_units((const float *[]){a, b}, 2, mean);
	assert_int_equal(gallery_search(gallery, mean, 1, &match, &count), 0);
	assert_float_equal(match.score, 1, 1e-5);
	assert_int_equal(gallery_unmerge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA1", b), 0);
	assert_int_equal(gallery_unmerge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA1", a), -EINVAL);
	assert_int_equal(gallery_unmerge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA9", a), -ENOENT);
	/* one way or the other */
	assert_int_equal(gallery_add(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA1", a), -EINVAL);
	assert_int_equal(gallery_add(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA2", a), 0);
	assert_int_equal(gallery_merge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA2", b), -EINVAL);
	assert_int_equal(gallery_unmerge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA2", a), -EINVAL);
	/* two that leave no mean, and more than a person may have */
	for (int i = 0; i < DIM; i++)
		other[i] = -a[i];
	assert_int_equal(gallery_merge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA3", a), 0);
	assert_int_equal(gallery_merge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA3", other), -EINVAL);
	for (int i = 1; i < GALLERY_TEMPLATES_PER_PERSON_MAX; i++)
		assert_int_equal(gallery_merge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA3", a), 0);
	assert_int_equal(gallery_merge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA3", a), -ENOSPC);
	assert_int_equal(gallery_remove(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA1"), 1);
	assert_int_equal(gallery_persons(gallery), 2);
	gallery_close(gallery);
}

static void random_unit(float *vector)
{
	double square = 0;

	random_vector(vector);
	for (int i = 0; i < DIM; i++)
		square += (double)vector[i] * vector[i];
	for (int i = 0; i < DIM; i++)
		vector[i] = (float)(vector[i] / sqrt(square));
}

/* a gain that lengths tell apart */
static float gain_of_length(float length)
{
	return length > 1.5f ? 0.5f : length < 0.7f ? 1.5f : 1;
}

static void a_person_is_weighed_by_the_lengths_of_the_templates(void **state)
{
	enum { MANY = 300 };
	static float vectors[MANY][DIM];
	static const float lengths[] = {1, 2, 0.5f};
	char id[GALLERY_PERSON_BYTES];
	struct gallery_match match[2];
	struct gallery *gallery;
	float probe[DIM], best, score, scaled[DIM];
	size_t count;

	(void)state;
	assert_int_equal(gallery_open(DIM, &gallery), 0);
	gallery_set_gain(gallery, gain_of_length);
	/*
	 * each scores its cosine times its gain, and the bound of the whole numbers holds for that
	 */
	for (int p = 0; p < MANY; p++) {
		random_unit(vectors[p]);
		for (int i = 0; i < DIM; i++)
			scaled[i] = vectors[p][i] * lengths[p % 3];
		snprintf(id, sizeof(id), "01ARZ3NDEKTSV4RRFFQ69G%04d", p);
		assert_int_equal(gallery_merge(gallery, id, scaled), 0);
	}
	for (int round = 0; round < 50; round++) {
		int owner = -1;

		random_unit(probe);
		best = -2;
		for (int p = 0; p < MANY; p++) {
			score = 0;
			for (int i = 0; i < DIM; i++)
				score += vectors[p][i] * probe[i] * gain_of_length(lengths[p % 3]);
			if (score > best) {
				best = score;
				owner = p;
			}
		}
		snprintf(id, sizeof(id), "01ARZ3NDEKTSV4RRFFQ69G%04d", owner);
		assert_int_equal(gallery_search(gallery, probe, 2, match, &count), 0);
		assert_string_equal(match[0].person, id);
		assert_float_equal(match[0].score, best, 1e-4);
	}
	gallery_close(gallery);
}

static void gains_of_several_templates_are_averaged(void **state)
{
	const char *anna = "01ARZ3NDEKTSV4RRFFQ69G5FA1";
	char who[GALLERY_PERSON_BYTES];
	struct gallery_match match, neighbour;
	struct gallery *gallery;
	float vector[DIM], scaled[DIM], score;
	size_t count;

	(void)state;
	assert_int_equal(gallery_open(DIM, &gallery), 0);
	gallery_set_gain(gallery, gain_of_length);
	random_unit(vector);
	for (int i = 0; i < DIM; i++)
		scaled[i] = 2 * vector[i];
	assert_int_equal(gallery_merge(gallery, anna, vector), 0);
	assert_int_equal(gallery_merge(gallery, anna, scaled), 0);
	assert_int_equal(gallery_person_score(gallery, anna, vector, &score), 0);
	assert_float_equal(score, 0.75, 1e-5);
	assert_int_equal(gallery_unmerge(gallery, anna, vector), 0);
	assert_int_equal(gallery_search(gallery, vector, 1, &match, &count), 0);
	assert_float_equal(match.score, 0.5, 1e-5);
	/* two of them, by the gains of both */
	assert_int_equal(gallery_merge(gallery, "01ARZ3NDEKTSV4RRFFQ69G5FA2", scaled), 0);
	assert_int_equal(gallery_neighbour(gallery, 0, who, &neighbour), 0);
	assert_float_equal(neighbour.score, 0.25, 1e-5);
	gallery_close(gallery);
}

static void who_has_nothing_in_common_scores_nothing(void **state)
{
	float one[DIM] = {1}, across[DIM] = {0, 1}, opposite[DIM] = {-1};
	struct gallery_match match;
	size_t count;

	assert_int_equal(gallery_add(*state, name_of(1), one), 0);
	assert_int_equal(gallery_search(*state, across, 1, &match, &count), 0);
	assert_float_equal(match.score, 0, 1e-6);
	assert_int_equal(gallery_search(*state, opposite, 1, &match, &count), 0);
	assert_float_equal(match.score, -1, 1e-6);
	assert_int_equal(gallery_search(*state, one, 1, &match, &count), 0);
	assert_float_equal(match.score, 1, 1e-6);
}

static void a_removed_person_is_not_found(void **state)
{
	float vector[DIM];
	struct gallery_match match;
	size_t count;

	for (unsigned i = 0; i < 200; i++) {
		random_vector(vector);
		assert_int_equal(gallery_add(*state, name_of(i / 2), vector), 0);
	}
	for (unsigned i = 0; i < 100; i += 3)
		assert_int_equal(gallery_remove(*state, name_of(i)), 2);
	assert_int_equal(gallery_persons(*state), 66);
	assert_int_equal(gallery_templates(*state), 132);
	assert_int_equal(gallery_remove(*state, name_of(0)), 0);
	for (int round = 0; round < 50; round++) {
		random_vector(vector);
		assert_int_equal(gallery_search(*state, vector, 1, &match, &count), 0);
		assert_int_not_equal(atoi(match.person) % 3, 0);
	}
	gallery_clear(*state);
	assert_int_equal(gallery_templates(*state), 0);
	assert_int_equal(gallery_add(*state, name_of(5), vector), 0);
	assert_int_equal(gallery_search(*state, vector, 1, &match, &count), 0);
	assert_float_equal(match.score, 1, 1e-6);
}

static void vectors_without_a_direction_are_refused(void **state)
{
	float zero[DIM] = {0}, nan[DIM] = {1, NAN}, infinite[DIM] = {INFINITY}, good[DIM] = {1};
	struct gallery_match match;
	size_t count;

	assert_int_equal(gallery_add(*state, name_of(1), zero), -EINVAL);
	assert_int_equal(gallery_add(*state, name_of(1), nan), -EINVAL);
	assert_int_equal(gallery_add(*state, name_of(1), infinite), -EINVAL);
	assert_int_equal(gallery_add(*state, "short", good), -EINVAL);
	assert_int_equal(gallery_add(*state, "much longer than twenty-six characters", good),
			 -EINVAL);
	assert_int_equal(gallery_persons(*state), 0);
	assert_int_equal(gallery_search(*state, nan, 1, &match, &count), -EINVAL);
	assert_int_equal(gallery_search(*state, good, 0, &match, &count), -EINVAL);
	assert_int_equal(gallery_search(*state, good, GALLERY_RESULTS_MAX + 1, &match, &count),
			 -EINVAL);
}

static void a_person_holds_only_so_many_templates(void **state)
{
	float vector[DIM];

	for (int i = 0; i < GALLERY_TEMPLATES_PER_PERSON_MAX; i++) {
		random_vector(vector);
		assert_int_equal(gallery_add(*state, name_of(1), vector), 0);
	}
	assert_int_equal(gallery_add(*state, name_of(1), vector), -ENOSPC);
	assert_int_equal(gallery_add(*state, name_of(2), vector), 0);
}

static void odd_dimensions_are_refused(void **state)
{
	struct gallery *gallery = NULL;

	(void)state;
	assert_int_equal(gallery_open(0, &gallery), -EINVAL);
	assert_int_equal(gallery_open(100, &gallery), -EINVAL);
	assert_int_equal(gallery_open(GALLERY_DIM_MAX + 64, &gallery), -EINVAL);
	assert_null(gallery);
	gallery_close(NULL);
}

static void the_fast_product_is_the_plain_one(void **state)
{
	enum { ROWS = 9 };
	_Alignas(64) static int8_t probe[DIM], rows[ROWS * DIM];
	int32_t fast[ROWS], plain[ROWS];

	(void)state;
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < DIM;
		     i++) /* the ends of the range, where arithmetic would saturate */
			probe[i] =
				(int8_t)(round % 2 == 0 ? 127 : fmodf(random_value() * 1000, 127));
		for (int i = 0; i < ROWS * DIM; i++)
			rows[i] =
				(int8_t)(round % 3 == 0 ? -127 : fmodf(random_value() * 1000, 127));
		match_dot_best()(probe, rows, DIM, ROWS, fast);
		match_dot_plain(probe, rows, DIM, ROWS, plain);
		assert_memory_equal(fast, plain, sizeof(fast));
	}
}

static void *search_many_times(void *arg)
{
	float probe[DIM] = {1, 2, 3};
	struct gallery_match match;
	size_t count;

	for (int i = 0; i < 500; i++)
		if (gallery_search(arg, probe, 1, &match, &count) != 0)
			return arg;
	return NULL;
}

static void searches_go_on_while_people_come_and_go(void **state)
{
	pthread_t thread;
	void *failed = NULL;
	float vector[DIM];

	assert_int_equal(pthread_create(&thread, NULL, search_many_times, *state), 0);
	for (unsigned i = 0; i < 500; i++) {
		random_vector(vector);
		assert_int_equal(gallery_add(*state, name_of(i % 50), vector), 0);
		if (i % 3 == 0)
			gallery_remove(*state, name_of((i + 20) % 50));
		if (i % 5 == 0)
			gallery_remove(*state, name_of(i % 50));
		if (i % 100 == 99)
			gallery_clear(*state);
	}
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_empty_gallery_finds_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_answer_is_that_of_a_plain_scan, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_crowd_of_like_faces_is_told_apart, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_person_counts_once_with_the_best_template, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(who_has_nothing_in_common_scores_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_removed_person_is_not_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vectors_without_a_direction_are_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_person_holds_only_so_many_templates, set_up,
						tear_down),
		cmocka_unit_test(merged_templates_count_as_their_mean),
		cmocka_unit_test(a_person_is_weighed_by_the_lengths_of_the_templates),
		cmocka_unit_test(gains_of_several_templates_are_averaged),
		cmocka_unit_test(odd_dimensions_are_refused),
		cmocka_unit_test(the_fast_product_is_the_plain_one),
		cmocka_unit_test_setup_teardown(searches_go_on_while_people_come_and_go, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
