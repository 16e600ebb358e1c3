/*
 * face_ageing.h - may what a camera saw of somebody become one more template?
 *
 * A face changes over the years. A template taken from a passage, an aged one, follows; but whoever could get his own face
 * in that way would have the door. So only a face counts that the enrolled templates alone, without those aged, know
 * with a wide margin: aged templates never help another one in, and however often somebody passes, all of them stay as near
 * to the enrolment. They are at most half as many as those enrolled, and those are never replaced.
 * No clock; the thread that alone adds and removes templates of the gallery.
 */
#ifndef GH_VISION_FACE_FACE_AGEING_H
#define GH_VISION_FACE_FACE_AGEING_H

#include "face.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gallery;

enum {
	FACE_AGED_MAX = 2,      /* of one person */
	FACE_AGEING_FRAMES = 5, /* good ones of one track, all of the same person */
};

#define FACE_AGEING_MARGIN                                                                                   \
	0.15f /* above the camera's threshold; false matches are two hundred times rarer there */
#define FACE_AGEING_LIVENESS 0.9f                    /* mean over the track */
#define FACE_AGEING_QUALITY 0.5f                     /* struct face_quality */
#define FACE_AGEING_EVERY_MS (7 * INT64_C(86400000)) /* between two of one person */

struct face_aged {
	float vector[FACE_DIM]; /* as long as the answers it is of; merged into the person's mean (match.h) */
	int64_t unix_ms;
};

struct face_ageing_sight {
	const float *vector; /* mean of the track, FACE_DIM */
	float threshold;     /* the camera's */
	float rival_score;   /* of the best of all others; -1: nobody else is enrolled */
	float alike_min;     /* from here on two people count as alike */
	float liveness, quality;
	unsigned good_frames;
	int64_t unix_ms;
};

enum face_ageing_verdict {
	FACE_AGEING_ADD,
	FACE_AGEING_REPLACE, /* the oldest aged one goes for it */
	FACE_AGEING_EARLY,   /* the last one is younger than FACE_AGEING_EVERY_MS, or of the future */
	FACE_AGEING_POOR,    /* too few frames, poor ones, or not surely alive */
	FACE_AGEING_ALIKE,   /* somebody else is like it */
	FACE_AGEING_FAR,     /* not sure enough, by all templates or by the enrolled alone */
	FACE_AGEING_FEW,     /* fewer than two templates were enrolled */
};

/**
 * @param enrolled      templates of @p person that were enrolled.
 * @param aged          those merged besides, at most FACE_AGED_MAX; while this runs, the person is searched without them.
 * @param ret_enrolled  likeness to the enrolled alone; -1 when it was not asked.
 */
enum face_ageing_verdict face_ageing_judge(struct gallery *gallery, const char *person, unsigned enrolled,
					   const struct face_aged *aged, size_t count,
					   const struct face_ageing_sight *sight, float *ret_enrolled);

/** The index of the oldest; 0 when there is none. */
size_t face_ageing_oldest(const struct face_aged *aged, size_t count);

#ifdef __cplusplus
}
#endif
#endif
