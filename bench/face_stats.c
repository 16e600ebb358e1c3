#include "face_stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static float edge_of(size_t step)
{
	return (float)((double)step / 10000 - 1);
}

void face_stats_add(struct face_stats *stats, float score, bool same)
{
	double at = isfinite(score) ? floor(((double)score + 1) * 10000 + 1e-3) : 0;
	size_t step = at < 0 ? 0 : at > FACE_STATS_STEPS - 1 ? FACE_STATS_STEPS - 1 : (size_t)at;

	if (same) {
		stats->same[step]++;
		stats->same_count++;
	} else {
		stats->other[step]++;
		stats->other_count++;
	}
}

double face_stats_tar(const struct face_stats *stats, double far, float *ret_threshold)
{
	uint64_t allowed = (uint64_t)(far * (double)stats->other_count + 1e-9), others = 0,
		 same = 0;
	size_t step = FACE_STATS_STEPS;

	if (ret_threshold != NULL)
		*ret_threshold = 0;
	if (stats->same_count == 0 || stats->other_count == 0)
		return 0;
	while (step > 0 && others + stats->other[step - 1] <= allowed) {
		step--;
		others += stats->other[step];
		same += stats->same[step];
	}
	if (ret_threshold != NULL)
		*ret_threshold = edge_of(step);
	return (double)same / (double)stats->same_count;
}

double face_stats_eer(const struct face_stats *stats, float *ret_threshold)
{
	double accepted, refused, last_accepted = 1, last_refused = 0;
	uint64_t others = stats->other_count, same = 0;

	if (ret_threshold != NULL)
		*ret_threshold = 0;
	if (stats->same_count == 0 || stats->other_count == 0)
		return 0;
	for (size_t step = 0; step < FACE_STATS_STEPS;
	     step++) { /* threshold: the upper edge of this step */
		others -= stats->other[step];
		same += stats->same[step];
		accepted = (double)others / (double)stats->other_count;
		refused = (double)same / (double)stats->same_count;
		if (refused >= accepted) {
			if (ret_threshold != NULL)
				*ret_threshold = edge_of(step + 1);
			/* of the two sides of the crossing, the one where the rates are nearer */
			if (refused - accepted <= last_accepted - last_refused)
				return (refused + accepted) / 2;
			return (last_refused + last_accepted) / 2;
		}
		last_accepted = accepted;
		last_refused = refused;
	}
	return 0;
}

static int by_score(const void *left, const void *right)
{
	float a = ((const struct face_pair *)left)->score,
	      b = ((const struct face_pair *)right)->score;

	return (a > b) - (a < b);
}

/* @p pairs are sorted: walking up, each same one passed is lost, each other one won. */
static float best_threshold(const struct face_pair *pairs, size_t count, unsigned left_out,
			    bool single)
{
	long right = 0, best;
	float threshold = -2;

	best = right; /* below all: relative to accepting everybody */
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].fold != left_out || single)
			right += pairs[i].same ? -1 : 1;
		if (right > best && (i + 1 == count || pairs[i + 1].score > pairs[i].score)) {
			best = right;
			threshold = i + 1 == count ? pairs[i].score + 1e-4f
						   : (pairs[i].score + pairs[i + 1].score) / 2;
		}
	}
	return threshold;
}

double face_stats_accuracy(const struct face_pair *pairs, size_t count, double *ret_error)
{
	struct face_pair *sorted = malloc((count == 0 ? 1 : count) * sizeof(*sorted));
	size_t right[FACE_STATS_FOLDS_MAX] = {0}, all[FACE_STATS_FOLDS_MAX] = {0};
	double sum = 0, squares = 0, part, mean;
	unsigned folds = 0, used = 0;

	assert(sorted != NULL);
	if (count > 0)
		memcpy(sorted, pairs, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_score);
	for (size_t i = 0; i < count; i++) {
		assert(sorted[i].fold < FACE_STATS_FOLDS_MAX);
		folds = sorted[i].fold + 1 > folds ? sorted[i].fold + 1 : folds;
	}
	for (unsigned fold = 0; fold < folds; fold++) {
		float threshold = best_threshold(sorted, count, fold, folds == 1);

		for (size_t i = 0; i < count; i++) {
			if (sorted[i].fold != fold)
				continue;
			all[fold]++;
			right[fold] += (sorted[i].score >= threshold) == sorted[i].same;
		}
	}
	free(sorted);
	for (unsigned fold = 0; fold < folds; fold++) {
		if (all[fold] == 0)
			continue;
		part = (double)right[fold] / (double)all[fold];
		sum += part;
		squares += part * part;
		used++;
	}
	mean = used == 0 ? 0 : sum / used;
	if (ret_error != NULL)
		*ret_error =
			used < 2 ? 0 : sqrt(fmax(0, squares / used - mean * mean) / (used - 1));
	return mean;
}

static int falling(const void *left, const void *right)
{
	float a = *(const float *)left, b = *(const float *)right;

	return (a < b) - (a > b);
}

double face_stats_fnir(const struct face_search *searches, size_t count, float *strangers,
		       size_t stranger_count, double fpir, float *ret_threshold)
{
	size_t allowed = (size_t)(fpir * (double)stranger_count + 1e-9);
	double missed = 0, all = 0;
	float threshold = -1;

	if (ret_threshold != NULL)
		*ret_threshold = 1;
	if (count == 0 || stranger_count == 0)
		return 1;
	qsort(strangers, stranger_count, sizeof(*strangers), falling);
	if (allowed < stranger_count)
		threshold = nextafterf(strangers[allowed], 2); /* this stranger is one too many */
	for (size_t i = 0; i < count; i++) {
		all += searches[i].weight;
		if (!searches[i].right || !(searches[i].score >= threshold))
			missed += searches[i].weight;
	}
	if (ret_threshold != NULL)
		*ret_threshold = threshold;
	return all > 0 ? missed / all : 1;
}
