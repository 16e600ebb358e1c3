/*
 * extreme_value_fit.h - extreme-value fit: the probability of rare or unseen scores.
 *
 * Peaks over threshold: above a high score, what exceeds it follows a generalised Pareto
 * distribution (Pickands 1975, Balkema and de Haan 1974), independent of the distribution below. It
 * is fitted by probability-weighted moments (Hosking and Wallis 1987), which need no iteration and
 * are stable on small samples. Scores that share a person are not independent, so the confidence
 * limits come from a Bayesian bootstrap over people (Rubin 1981) that weights each score by both of
 * its people (Owen's pigeonhole bootstrap, Annals of Applied Statistics 1, 2007). The random
 * sequence is fixed: equal scores give equal limits. Pure; any thread.
 */
#ifndef GH_VISION_FACE_EXTREME_VALUE_FIT_H
#define GH_VISION_FACE_EXTREME_VALUE_FIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	EVT_FIT_SCORES_MIN = 20, /* fewer do not determine a tail */
	EVT_FIT_SCORES_MAX = 16384,
	EVT_FIT_ROUNDS = 400, /* bootstrap rounds */
};

struct evt_fit_score {
	uint32_t person; /* who passed; below EVT_FIT_SCORES_MAX */
	uint32_t other;  /* the most similar other person; equal to person: unknown */
	float score;     /* cosine, -1 to 1 */
};

struct evt_fit {
	double start;        /* the fit holds above this score */
	double share;        /* of the scores lie above start */
	double scale, shape; /* of the generalised Pareto distribution; shape -0.25 to 0.25 */
	double above;        /* number of scores above start */
};

struct evt_fit_limits {
	double low, middle, high; /* estimate and confidence limits */
};

/**
 * @param scores  sorted in place, highest first. Persons are weighted equally, independent of their
 *                number of scores.
 * @return 0 or -EINVAL: fewer than EVT_FIT_SCORES_MIN, more than EVT_FIT_SCORES_MAX, one that is
 *         not finite, or all the same.
 */
int evt_fit(struct evt_fit_score *scores, size_t count, struct evt_fit *ret_tail);

/** The chance of a score above @p score; below tail->start it is no better than share. */
double evt_fit_rate(const struct evt_fit *tail, double score);

/** The score that is exceeded with a chance of @p rate, above 0 and up to tail->share. */
double evt_fit_score_at(const struct evt_fit *tail, double rate);

/**
 * The score exceeded with a chance of @p rate, and the chance of exceeding @p score, each with the
 * limits between which it lies with 90 % confidence.
 * @return as evt_fit() or -ENOMEM.
 */
int evt_fit_limits(struct evt_fit_score *scores, size_t count, double rate, double score,
		   struct evt_fit_limits *ret_score, struct evt_fit_limits *ret_rate);

#ifdef __cplusplus
}
#endif
#endif
