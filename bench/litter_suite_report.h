/*
 * litter_suite_report.h - the sums over all scenes of a suite, and how they are printed.
 */
#ifndef GH_BENCH_LITTER_SUITE_REPORT_H
#define GH_BENCH_LITTER_SUITE_REPORT_H

#include "litter_suite_book.h"
#include "litter_suite_film.h"

enum {
	SUITE_KINDS = SCENE_DISTRACTORS + 3
}; /* of scenes without a throw: birds, a tree and weather beyond the bits */

struct tally {
	unsigned all, good;
};

struct sums {
	struct score score;
	struct tally kinds[SCENE_KINDS], weathers[SUITE_WEATHERS], pitches[4], sizes[4], rates[3],
		coded[2];
	struct tally hidden, visible, floors;
	struct {
		double seconds;
		unsigned alerts, suspected;
	} negatives[SUITE_KINDS];
	double h264_s, straight_s, busy_ms;
	uint64_t frames, frames_1080, scenes;
	double busy_1080_ms;
};

/** @return 0 or -ENOMEM. With @p verbose what went wrong is printed. */
int suite_add_film(struct sums *sums, struct film *film, bool verbose);
/** A scene without a throw that was measured before. */
void suite_add_line(struct sums *sums, const struct suite_line *line);
/** Which kind of scene without a throw it is. */
unsigned suite_kind_of(const struct suite_scene *plan);
void suite_print_text(struct sums *sums);
void suite_print_json(struct sums *sums);
/** Whether recall is as wanted, and false alarms, delay and origin as they must be. */
bool suite_bars_hold(struct sums *sums, double recall);

#endif
