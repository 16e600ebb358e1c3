/*
 * face_light.h - pictures as another light would have made them, by program: what a gate meets and
 * photos do not show.
 */
#ifndef GH_BENCH_FACE_LIGHT_H
#define GH_BENCH_FACE_LIGHT_H

#include "vision/face/face.h"

enum face_light {
	FACE_LIGHT_PLAIN,
	FACE_LIGHT_DARK,    /* gamma and little contrast, all over */
	FACE_LIGHT_GREY,    /* no colour */
	FACE_LIGHT_BACKLIT, /* the sky behind: dark in the middle, glaring round it, with flare */
	FACE_LIGHT_IR, /* red channel, bright skin, a lamp that reaches the middle alone, noise */
	FACE_LIGHTS
};

extern const char *const face_light_names[FACE_LIGHTS];

/**
 * Changes the picture in place; its pixels must be the caller's to change. The face is in the
 * middle.
 */
void face_light_alter(const struct face_image *image, enum face_light light);

#endif
