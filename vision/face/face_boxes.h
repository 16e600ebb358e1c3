/*
 * face_boxes.h - what a detector net answers, turned into faces. Pure; any thread.
 *
 * RFB nets answer boxes. YuNet (March 2022) looks at a grid of places, in steps of 8, 16, 32 and 64 px of its input, with two
 * or three sizes of face at each; for each it answers where the face and five points of it are (14 numbers), how likely that
 * is (2) and how well the box fits (1). OpenCV's FaceDetectorYN reads it the same way; this does without that library.
 */
#ifndef GH_VISION_FACE_FACE_BOXES_H
#define GH_VISION_FACE_FACE_BOXES_H

#include "face.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FACE_YUNET_STEP_PX = 32 }; /* its input is a multiple of this each way */

/* Where the net's input lies in the picture. */
struct face_boxes_view {
	int width_px, height_px; /* of the input */
	float scale_x, scale_y;  /* px of the picture for one of the input, above 0 */
	float left_px, top_px;   /* of the picture, where the input begins */
	float score_min;         /* what scores less is left out */
};

/* RFB: scores 2 and boxes 4 for each of count; YuNet: 2, 14 and 1. */
struct face_boxes_answer {
	const float *scores, *boxes, *fits;
	size_t count;
};

/** How many places an input of that size has for YuNet. */
size_t face_boxes_yunet_places(int width_px, int height_px);

/**
 * What the net saw, in no order and many times over; of YuNet with the five points.
 * @param faces  at most @p faces_max are written; NULL: only counted.
 * @return 0 or -EIO: scores that are no numbers, or (YuNet) not as many answers as places.
 */
int face_boxes_rfb(const struct face_boxes_view *view, const struct face_boxes_answer *answer,
		   struct face *faces, size_t faces_max, size_t *ret_count);
int face_boxes_yunet(const struct face_boxes_view *view, const struct face_boxes_answer *answer,
		     struct face *faces, size_t faces_max, size_t *ret_count);

/**
 * Of faces that cover each other by more than @p overlap_max (intersection over union) the surest stays; boxes that are no
 * boxes go. @return how many are left, largest first.
 */
size_t face_boxes_best(struct face *faces, size_t count, float overlap_max);

#ifdef __cplusplus
}
#endif
#endif
