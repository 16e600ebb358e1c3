/*
 * face_boxes.h - decodes the output of a detector net into faces. Pure; any thread.
 *
 * RFB nets return boxes. YuNet (March 2022) has anchors on grids of 8, 16, 32 and 64 px, two or
 * three sizes each. Per anchor it returns box and five points (14 numbers), class scores (2) and
 * the predicted IoU (1). The decoding equals that of OpenCV's FaceDetectorYN without depending on
 * it.
 */
#ifndef GH_VISION_FACE_FACE_BOXES_H
#define GH_VISION_FACE_FACE_BOXES_H

#include "face.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FACE_YUNET_STEP_PX = 32 }; /* both sides of its input are multiples of this */

/* Mapping from the net's input to the picture. */
struct face_boxes_view {
	int width_px, height_px; /* of the input */
	float scale_x, scale_y;  /* picture pixels per input pixel, above 0 */
	float left_px, top_px;   /* picture position of the input's origin */
	float score_min;         /* faces below are dropped */
};

/* RFB: scores 2 and boxes 4 for each of count; YuNet: 2, 14 and 1. */
struct face_boxes_answer {
	const float *scores, *boxes, *fits;
	size_t count;
};

/** Number of YuNet anchors for an input of that size. */
size_t face_boxes_yunet_places(int width_px, int height_px);

/**
 * Decode all candidates, unordered and before non-maximum suppression; for YuNet with the five
 * points.
 * @param faces  at most @p faces_max are written; NULL: only counted.
 * @return 0 or -EIO: scores that are not finite, or (YuNet) a number of outputs that differs from
 *         the anchors.
 */
int face_boxes_rfb(const struct face_boxes_view *view, const struct face_boxes_answer *answer,
		   struct face *faces, size_t faces_max, size_t *ret_count);
int face_boxes_yunet(const struct face_boxes_view *view, const struct face_boxes_answer *answer,
		     struct face *faces, size_t faces_max, size_t *ret_count);

/**
 * Non-maximum suppression: of faces that overlap by more than @p overlap_max (IoU) the one with the
 * highest score remains. Boxes that are empty or not finite are removed. @return the number left,
 * sorted largest first.
 */
size_t face_boxes_best(struct face *faces, size_t count, float overlap_max);

#ifdef __cplusplus
}
#endif
#endif
