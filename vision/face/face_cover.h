/*
 * face_cover.h - is the lower half of an aligned face covered, by a mask or a scarf? Pure; any thread.
 *
 * For a word to the person at the door and to an operator alone: no decision rests on it. A cover hides what every bare face
 * has there (skin like that between the eyes, lips redder than what is round them, the dark line between them, the nostrils),
 * and a sum of such measures, weighed by face_cover_table.c, tells it. Pictures without colour have a row of weights of their own.
 */
#ifndef GH_VISION_FACE_FACE_COVER_H
#define GH_VISION_FACE_FACE_COVER_H

#include "face.h"

#ifdef __cplusplus
extern "C" {
#endif

enum face_cover_measure {
	FACE_COVER_SKIN, /* how far the colours of cheeks and chin, whichever is nearer, lie from that between the eyes */
	FACE_COVER_LIPS,     /* how much redder the mouth is than what is round it */
	FACE_COVER_LINE,     /* how dark the darkest row of the mouth is */
	FACE_COVER_OWN_LINE, /* and how much darker there than beside it: a fold goes on to the sides */
	FACE_COVER_ROUGH,    /* change from row to row between nose and chin, logarithm */
	FACE_COVER_NOSTRILS, /* how dark they are beside what is between them */
	FACE_COVER_DETAIL,   /* fine detail of the lower half by that of the eyes, logarithm */
	FACE_COVER_MEASURES
};

/** What a sum of the table means: odds of the logistic regression at 0, and what the gate calls covered. */
struct face_cover_weights {
	float bias, weights[FACE_COVER_MEASURES];
	float covered_min; /* of the mean over the frames of a track */
};
extern const struct face_cover_weights face_cover_colour, face_cover_grey;

/** @param crop  aligned, FACE_CROP_BYTES. @param ret_measures  FACE_COVER_MEASURES. @return whether it has colours. */
int face_cover_measure(const uint8_t *crop, float *ret_measures);

/** By how much the picture is beyond (positive) or below what is called covered; -8 to 8. */
float face_cover(const uint8_t *crop);

#ifdef __cplusplus
}
#endif
#endif
