/* Written by bench/face_cover.py of drawn masks over the demo films; do not change by hand. */
#include "face_cover.h"

const struct face_cover_weights face_cover_colour = {
	.bias = -1.5574f,
	.weights =
		{
			[FACE_COVER_SKIN] = 2.7559f,
			[FACE_COVER_LIPS] = -5.1165f,
			[FACE_COVER_LINE] = -2.4500f,
			[FACE_COVER_OWN_LINE] = -1.0455f,
			[FACE_COVER_ROUGH] = -0.6448f,
			[FACE_COVER_NOSTRILS] = -0.6174f,
			[FACE_COVER_DETAIL] = -0.1832f,
		},
	.covered_min = 0.5000f,
};

const struct face_cover_weights face_cover_grey = {
	.bias = -1.6934f,
	.weights =
		{
			[FACE_COVER_SKIN] = 0.0000f,
			[FACE_COVER_LIPS] = 0.0000f,
			[FACE_COVER_LINE] = -3.3303f,
			[FACE_COVER_OWN_LINE] = -1.8639f,
			[FACE_COVER_ROUGH] = -0.9513f,
			[FACE_COVER_NOSTRILS] = -1.0011f,
			[FACE_COVER_DETAIL] = -0.3551f,
		},
	.covered_min = 1.0000f,
};
