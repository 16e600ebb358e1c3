/*
 * threshold.h - match threshold as a function of the gallery's size, and score normalisation.
 *
 * A face is compared with every template, so the chance of a false match grows with the gallery.
 * The threshold is the point of the recogniser's measured false-match curve at which rate x
 * enrolled equals the configured effective rate. Pure; any thread.
 */
#ifndef GH_VISION_FACE_THRESHOLD_H
#define GH_VISION_FACE_THRESHOLD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @param enrolled              templates a probe is compared with; 0 counts as 1.
 * @param false_accept_percent  effective rate: false accepts per 100 strangers; clamped to 0.0001
 *                              to 10.
 * @return the smallest score that is a match, threshold_min() to THRESHOLD_MAX; never falls as
 *         enrolled grows.
 */
float threshold_for(size_t enrolled, double false_accept_percent);

enum { THRESHOLD_SCORES = 6 };

/*
 * Distribution of a recogniser's embedding norms; `typical` 0: not measured. See
 * score_gain_of_probe().
 */
struct threshold_norm {
	double typical, low, high, no_face, exponent;
};

struct threshold_curve {
	/* cosines at false-match rates of 1e-1 to 1e-6; extrapolated beyond */
	double scores[THRESHOLD_SCORES];
	double min; /* lower bound of the threshold; 0: the score at 1e-3 */
	struct threshold_norm norm;
};

/**
 * Set the curve of another recogniser for the whole process; NULL: the built-in one. Copied. Call
 * before threads that use it start.
 * @return 0 or -EINVAL: scores not strictly increasing or outside 0 to 1, a min of THRESHOLD_MAX or
 *         more, or norms not in the order no_face, low, high, with an exponent outside 0 to 1.
 */
int threshold_use(const struct threshold_curve *curve);

/**
 * Score normalisation: the factor for the cosines of one probe before they are compared with the
 * threshold. Blur and noise reduce the embedding norm and with it every cosine, so scores of a
 * small norm are raised and those of a large norm lowered; at one threshold that reduces both error
 * rates (docs/research/faces.md). A norm below that of any face returns 0: no match.
 * @param norm  embedding norm (face_embed()), mean over a track; 0 or less: unknown.
 * @return 0.82 to 1.17, or 0; 1 when the norm is unknown or NaN, and for a recogniser without
 *         measured norms.
 */
float score_gain_of_probe(float norm);

/**
 * The factor for a template, whose norm is the mean embedding norm of its pictures; multiplies with
 * the probe's (gallery_set_gain()).
 * @return as score_gain_of_probe(); 1 for a norm of at most 1.5, which marks a template stored at
 *         unit length.
 */
float score_gain_of_template(float norm);

/** Lower bound of threshold_for(). */
float threshold_min(void);

#define THRESHOLD_MAX 0.75f

#ifdef __cplusplus
}
#endif
#endif
