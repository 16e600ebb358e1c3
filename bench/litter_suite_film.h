/*
 * litter_suite_film.h - one scene before the analysis: what it told, and where each throw was lost
 * that it did not tell.
 *
 * With a cache, a scene is drawn once, and repeated from what the front end saw of it after that.
 */
#ifndef GH_BENCH_LITTER_SUITE_FILM_H
#define GH_BENCH_LITTER_SUITE_FILM_H

#include "litter_score.h"
#include "litter_suite.h"

enum {
	FILM_REPORTS_MAX = 512,
	FILM_JUDGED_MAX = 4096,
	FILM_MEASURES_MAX = 48,
	FILM_NO_THROW = -1,
	FILM_BESIDE_THROW =
		-2, /* at the time of one, but elsewhere: its mirror image, or something else */
	/* a throw that shows less often than this cannot be told by anybody */
	FILM_SIGHTINGS_MIN = 8,
};

/* one fall that was judged, whatever came of it */
struct film_judged {
	float score, measures[FILM_MEASURES_MAX];
	double begin_s, end_s;
	int throw_index; /* or one of the next two */
};

/* how far a throw got */
struct film_trace {
	unsigned sightings,
		/*
		 * frames in which it shows; those of them by physics good enough (scene_signal(), 3
		 * px)
		 */
		seen;
	unsigned blobs;   /* frames with a blob where it is */
	unsigned longest; /* sights of the longest track that ran with it */
	float best;       /* score of the best fall judged; -INFINITY: none was */
};

struct film {
	struct suite_scene plan;
	const char *cache_folder; /* NULL: none */
	bool uncalibrated, log_judged;
	struct scene *scene;
	struct litter *litter;
	struct score_report reports[FILM_REPORTS_MAX];
	size_t report_count;
	struct score_sighting
		sightings[SCENE_THROWS_MAX]; /* of the throws that come into the picture */
	size_t sighting_count, throw_of[SCENE_THROWS_MAX];
	struct film_trace traces[SCENE_THROWS_MAX]; /* by throw, as report_count and sights */
	struct film_judged judged[FILM_JUDGED_MAX];
	size_t judged_count;
	double busy_ms;
};

/**
 * @param name  of the scene, for its file in the cache. @return 0 or below: it could not be drawn,
 *              coded or kept.
 */
int film_run(struct film *film, const char *name);
void film_close(struct film *film);

/** "never-seen", "no-track", "not-judged", "below", or "told": where the throw was lost. */
const char *film_stage(const struct film_trace *trace);

#endif
