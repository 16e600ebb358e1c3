/*
 * threshold.h - which score is enough, given how many are enrolled?
 *
 * A door compares a face with everybody, so the chance of a false match grows with the gallery. The score is
 * read off the recogniser's measured false-match curve where rate x enrolled is the configured effective
 * rate. Pure; any thread.
 */
#ifndef GH_VISION_THRESHOLD_H
#define GH_VISION_THRESHOLD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @param enrolled              templates a probe is compared with; 0 counts as 1.
 * @param false_accept_percent  effective rate: of 100 strangers, how many may match anybody. 0.0001 to 10;
 *                              values outside are brought to the nearer end.
 * @return the cosine from which a match counts, THRESHOLD_MIN to THRESHOLD_MAX; never falls as enrolled grows.
 */
float threshold_for(size_t enrolled, double false_accept_percent);

#define THRESHOLD_MIN 0.45f /* however few are enrolled */
#define THRESHOLD_MAX 0.75f

#ifdef __cplusplus
}
#endif
#endif
