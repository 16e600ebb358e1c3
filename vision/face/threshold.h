/*
 * threshold.h - which score is enough, given how many are enrolled?
 *
 * A door compares a face with everybody, so the chance of a false match grows with the gallery. The score is
 * read off the recogniser's measured false-match curve where rate x enrolled is the configured effective
 * rate. Pure; any thread.
 */
#ifndef GH_VISION_FACE_THRESHOLD_H
#define GH_VISION_FACE_THRESHOLD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @param enrolled              templates a probe is compared with; 0 counts as 1.
 * @param false_accept_percent  effective rate: of 100 strangers, how many may match anybody. 0.0001 to 10;
 *                              values outside are brought to the nearer end.
 * @return the cosine from which a match counts, threshold_min() to THRESHOLD_MAX; never falls as enrolled grows.
 */
float threshold_for(size_t enrolled, double false_accept_percent);

enum { THRESHOLD_SCORES = 6 };

/* What is known of the lengths (norms) of a recogniser's answers; `usual` 0: nothing. See threshold_gain(). */
struct threshold_norm {
	double usual, low, high, none, exponent;
};

struct threshold_curve {
	double scores
		[THRESHOLD_SCORES]; /* cosines at false-match rates of 1e-1 to 1e-6; the last slope is carried on */
	double min;                 /* however few are enrolled; 0: the score at 1e-3 */
	struct threshold_norm norm;
};

/**
 * The curve of another recogniser, for the whole process; NULL: the built-in one. Copied. Before any thread that asks is
 * started.
 * @return 0 or -EINVAL: scores that do not rise or leave 0 to 1, a min of THRESHOLD_MAX or more, or norms not in the order
 *         none, low, high, with an exponent outside 0 to 1.
 */
int threshold_use(const struct threshold_curve *curve);

/**
 * What the cosines of one probe are multiplied by before they meet the threshold. The length of the recogniser's answer says
 * how much of a face it saw: noise makes it shorter, and the cosine with whatever smaller. A short answer's scores count for more
 * and a long one's for less, so that at one threshold fewer strangers pass and fewer residents fail (docs/research/faces.md). An answer
 * shorter than any face gives is of no face, and matches nobody.
 * @param strength  of face_embed(), the mean over a track; 0 or less: not known.
 * @return 0.82 to 1.17, or 0; 1 for what is not known, or no number, and with a recogniser whose norms nobody measured.
 */
float threshold_gain(float strength);

/**
 * The same for a template, whose length is that of the answers that it is of, to be multiplied by the probe's (gallery_weigh()).
 * @return as threshold_gain(); 1 for a length of at most 1.5, which no face gives: a template that does not carry it.
 */
float threshold_template_gain(float length);

/** The lowest threshold, however few are enrolled. */
float threshold_min(void);

#define THRESHOLD_MAX 0.75f

#ifdef __cplusplus
}
#endif
#endif
