/*
 * face_stats.h - error rates from comparison scores, as ISO/IEC 19795-1 names them. Pure; any
 * thread.
 *
 * Scores are cosines. Millions of them are counted in steps of 0.0001; a threshold is the lower
 * edge of a step, and a score counts as accepted when it reaches the threshold.
 */
#ifndef GH_BENCH_FACE_STATS_H
#define GH_BENCH_FACE_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FACE_STATS_STEPS = 20001, FACE_STATS_FOLDS_MAX = 64 };

struct face_stats {
	uint64_t same[FACE_STATS_STEPS], other[FACE_STATS_STEPS];
	uint64_t same_count, other_count;
};

/** A score that is not a number counts as -1: no match. */
void face_stats_add(struct face_stats *stats, float score, bool same);

/**
 * The lowest threshold at which at most @p far of the others are accepted, and the share of the
 * same accepted there. Both 0 when nothing was counted.
 */
double face_stats_tar(const struct face_stats *stats, double far, float *ret_threshold);

/** Where as many of the same are refused as others accepted; between two steps, the mean. */
double face_stats_eer(const struct face_stats *stats, float *ret_threshold);

struct face_pair {
	float score;
	bool same;
	unsigned fold; /* below FACE_STATS_FOLDS_MAX */
};

/**
 * Share judged rightly, mean over the folds, each with the threshold that is best on all the others
 * (LFW's protocol).
 * @param ret_error  standard error of that mean; 0 for a single fold, which is judged with its own
 *                   best threshold.
 */
double face_stats_accuracy(const struct face_pair *pairs, size_t count, double *ret_error);

/* One search of somebody enrolled: the best score and whether it was the right person. */
struct face_search {
	float score;
	bool right;
	double weight; /* 1 / searches of this person: each person counts the same */
};

/**
 * The lowest threshold that at most @p fpir of the strangers reach, and the (weighted) share of
 * searches by the enrolled that fail there: wrong person, or below it. @p strangers is sorted here.
 * 1 when there are no strangers or searches.
 */
double face_stats_fnir(const struct face_search *searches, size_t count, float *strangers,
		       size_t stranger_count, double fpir, float *ret_threshold);

#endif
