/*
 * face_blink.h - have the eyes of a face shut and opened again?
 *
 * Pure logic, one thread at a time. How far an eye is open is read from six of its points: their heights by its width (the eye
 * aspect ratio; Soukupova and Cech, CVWW 2016). A blink is a short dip of both eyes between two times at which they
 * were open, while the rest of the face keeps its shape: a picture that is tilted or bent shrinks eyes and face alike.
 */
#ifndef GH_VISION_FACE_FACE_BLINK_H
#define GH_VISION_FACE_FACE_BLINK_H

#include "face.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { FACE_BLINK_SAMPLES = 32, FACE_BLINK_PART_MS = 500 }; /* to shut, and to open again, at most */

/* What one frame shows; in units of the face itself, so that its size and roll do not matter. */
struct face_eyes {
	float open
		[2]; /* height by width, image-left and -right: about 0.3 open, below 0.2 shut; 0: not known */
	float length; /* from the line of the eyes to the mouth, in eye distances */
	float turn;   /* of the nose off the middle of the eyes, in eye distances */
};

struct face_blink { /* zeroed at first */
	struct {
		struct face_eyes eyes;
		uint64_t at_ms;
	} samples[FACE_BLINK_SAMPLES]; /* a ring */
	unsigned count;                /* of all, ever */
	bool seen;
};

/** Of a face whose 68 landmarks are known; zeros when they are not, or span nothing. */
struct face_eyes face_eyes_of(const struct face *face);

/** Adds a frame of the same face; frames without eyes are left out. @param now_ms  rises. @return blink->seen. */
bool face_blink_add(struct face_blink *blink, const struct face_eyes *eyes, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
