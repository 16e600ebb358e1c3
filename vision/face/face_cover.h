/*
 * face_cover.h - detects a covered lower face, by a mask or a scarf. Pure; any thread.
 *
 * Used for a prompt to the person and a note to the operator; no access decision depends on it. A
 * cover hides skin of the colour between the eyes, lips redder than their surroundings, the dark
 * line between them, and the nostrils. A logistic regression over such measures (weights in
 * face_cover_table.c) detects it; grey pictures have their own weights.
 */
#ifndef GH_VISION_FACE_FACE_COVER_H
#define GH_VISION_FACE_FACE_COVER_H

#include "face.h"

#ifdef __cplusplus
extern "C" {
#endif

enum face_cover_measure {
	/*
	 * how far the colours of cheeks and chin, whichever is nearer, lie from that between the
	 * eyes
	 */
	FACE_COVER_SKIN,
	FACE_COVER_LIPS, /* how much redder the mouth is than what is round it */
	FACE_COVER_LINE, /* how dark the darkest row of the mouth is */
	/* and how much darker there than beside it: a fold goes on to the sides */
	FACE_COVER_OWN_LINE,
	FACE_COVER_ROUGH,    /* change from row to row between nose and chin, logarithm */
	FACE_COVER_NOSTRILS, /* how dark they are beside what is between them */
	FACE_COVER_DETAIL,   /* fine detail of the lower half by that of the eyes, logarithm */
	FACE_COVER_MEASURES
};

/** Weights of the logistic regression and its decision limit. */
struct face_cover_weights {
	float bias, weights[FACE_COVER_MEASURES];
	float covered_min; /* of the mean over the frames of a track */
};
extern const struct face_cover_weights face_cover_colour, face_cover_grey;

/**
 * @param crop  aligned, FACE_CROP_BYTES.
 * @param ret_measures  FACE_COVER_MEASURES.
 * @return 1 for a colour picture, 0 for grey.
 */
int face_cover_measure(const uint8_t *crop, float *ret_measures);

/** Log-odds relative to the decision limit: positive is covered; clamped to -8 to 8. */
float face_cover(const uint8_t *crop);

#ifdef __cplusplus
}
#endif
#endif
