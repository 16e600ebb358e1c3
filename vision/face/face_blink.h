/*
 * face_blink.h - blink detection from the eye aspect ratio.
 *
 * Pure logic, one thread at a time. The opening of an eye is the height of its six landmarks over
 * its width (eye aspect ratio; Soukupova and Cech, CVWW 2016). A blink is a short dip of both eyes
 * between two open phases while the rest of the face keeps its shape: tilting or bending a printed
 * picture shrinks eyes and face alike.
 */
#ifndef GH_VISION_FACE_FACE_BLINK_H
#define GH_VISION_FACE_FACE_BLINK_H

#include "face.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	FACE_BLINK_SAMPLES = 32,
	FACE_BLINK_PART_MS = 500
}; /* longest time for closing, and for opening */

/* Measures of one frame, relative to the face, so independent of its size and roll. */
struct face_eyes {
	/* height by width, image-left and -right: about 0.3 open, below 0.2 closed; 0: unknown */
	float open[2];
	float length; /* from the line of the eyes to the mouth, in eye distances */
	float turn;   /* of the nose off the middle of the eyes, in eye distances */
};

struct face_blink { /* zeroed at first */
	struct {
		struct face_eyes eyes;
		uint64_t at_ms;
	} samples[FACE_BLINK_SAMPLES]; /* a ring */
	unsigned count;                /* total number added */
	bool seen;
};

/** Measures of a face; all zero without its 68 landmarks. */
struct face_eyes face_eyes_of(const struct face *face);

/**
 * Add a frame of the same face; frames without eyes are ignored.
 * @param now_ms  increasing, milliseconds.
 * @return blink->seen.
 */
bool face_blink_add(struct face_blink *blink, const struct face_eyes *eyes, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
