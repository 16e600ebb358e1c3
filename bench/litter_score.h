/*
 * litter_score.h - verdicts held against the truth, clip by clip, and the sums over all clips.
 *
 * A throw is found when an alert overlaps it in time (give or take SCORE_SLACK_S) and, where the
 * truth has boxes, runs through them. One alert finds one throw; a second alert for the same throw
 * is a wrong one. FADE's frame measures are taken where boxes are given: a frame is right when the
 * box told and the true one overlap by an IoU of 0.3. A throw described by one box for all its time
 * is compared by what it spans from begin to end.
 */
#ifndef GH_BENCH_LITTER_SCORE_H
#define GH_BENCH_LITTER_SCORE_H

#include "vision/litter/litter.h"

#include <stddef.h>

#define SCORE_SLACK_S 0.5
#define SCORE_IOU 0.3

struct score_sighting {
	double begin_s, end_s; /* from the clip's first frame */
	bool has_box;
	double x0, y0, x1, y1; /* px, x0 <= x1, y0 <= y1 */
	int throw_index;       /* rising from 0, sights of one throw in a row */
};

struct score_report {
	struct litter_verdict verdict;
	double begin_s, end_s, reported_s;
	int64_t first_pts_us; /* of the clip, from which seconds count */
};

struct score_clip {
	const struct score_sighting *sightings;
	size_t sighting_count;
	const struct score_report *reports;
	size_t report_count;
	double seconds;
	uint64_t frames;
	int height_px;
};

struct score {
	unsigned throws, found, found_suspected; /* the last: only as suspected */
	unsigned alerts, alerts_right, suspected;
	unsigned alerts_on_negatives, suspected_on_negatives;
	double negative_s;
	double *delays_s;
	size_t delay_count, delays_room;
	uint64_t frame_right, frame_wrong, frame_missed;
	double overlap_sum; /* FADE's time range overlap, of the throws that have boxes */
	unsigned overlap_throws;
};

/**
 * @param ret_found  a bool for each throw of the clip; may be NULL.
 * @return 0 or -ENOMEM.
 */
int score_add(struct score *score, const struct score_clip *clip, bool *ret_found);
void score_finish(struct score *score);

double score_recall(const struct score *score);
double score_precision(const struct score *score);
double score_f(double precision, double recall);
/** @param share  0 to 1; 0 seconds where nothing was found. Sorts the delays. */
double score_delay(struct score *score, double share);

#endif
