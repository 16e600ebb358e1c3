/*
 * extreme_value_fit.h - how likely are scores that were seldom or never seen?
 *
 * Peaks over threshold: above a high score, what exceeds it follows a generalised Pareto distribution (Pickands 1975,
 * Balkema and de Haan 1974), whatever the scores are like below. It is fitted by probability-weighted moments (Hosking
 * and Wallis 1987), which need no iteration and stay calm on small samples. Scores of one person are not independent, nor
 * those against one person: who is like another passes as well, and finds that one the most alike. So the limits come from
 * weighing whole people anew at random (Rubin's Bayesian bootstrap, 1981), each score by both of its people (Owen's pigeonhole
 * bootstrap, Annals of Applied Statistics 1, 2007), always with the same random numbers: the same scores give the same
 * limits. Pure; any thread.
 */
#ifndef GH_VISION_FACE_EXTREME_VALUE_FIT_H
#define GH_VISION_FACE_EXTREME_VALUE_FIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	EVT_FIT_SCORES_MIN = 20, /* fewer say nothing of a tail */
	EVT_FIT_SCORES_MAX = 16384,
	EVT_FIT_ROUNDS = 400, /* of weighing anew */
};

struct evt_fit_score {
	uint32_t person; /* who passed; below EVT_FIT_SCORES_MAX */
	uint32_t other;  /* who was the most alike, the same way; person itself: nobody knows who */
	float score;     /* cosine, -1 to 1 */
};

struct evt_fit {
	double start;        /* from here on upwards it holds */
	double share;        /* of the scores lie above start */
	double scale, shape; /* of the generalised Pareto distribution; shape -0.25 to 0.25 */
	double above;        /* how many scores that is */
};

struct evt_fit_limits {
	double low, middle, high; /* the best guess, and what it lies between */
};

/**
 * @param scores  sorted here, highest first. Each person counts the same, however many scores there are of it.
 * @return 0 or -EINVAL: fewer than EVT_FIT_SCORES_MIN, more than EVT_FIT_SCORES_MAX, one that is not finite, or all the same.
 */
int evt_fit(struct evt_fit_score *scores, size_t count, struct evt_fit *ret_tail);

/** The chance of a score above @p score; below tail->start it is no better than share. */
double evt_fit_rate(const struct evt_fit *tail, double score);

/** The score that is exceeded with a chance of @p rate, above 0 and up to tail->share. */
double evt_fit_score_at(const struct evt_fit *tail, double rate);

/**
 * The score exceeded with a chance of @p rate, and the chance of exceeding @p score, each with the limits between which
 * it lies with 90 % confidence.
 * @return as evt_fit() or -ENOMEM.
 */
int evt_fit_limits(struct evt_fit_score *scores, size_t count, double rate, double score,
		   struct evt_fit_limits *ret_score, struct evt_fit_limits *ret_rate);

#ifdef __cplusplus
}
#endif
#endif
