/*
 * face_align.h - similarity transform from the five points of a face to the recogniser's template.
 * Pure; any thread.
 */
#ifndef GH_VISION_FACE_FACE_ALIGN_H
#define GH_VISION_FACE_FACE_ALIGN_H

#include "face.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Least-squares similarity (turn, scale, shift) that maps the five points onto those of
 * face_aligned_points().
 * @param ret_matrix  two rows of three: x and y of the aligned picture from x, y and 1.
 * @return false for coincident points, or points that are not finite.
 */
bool face_similarity(const struct face_point *points, float *ret_matrix);

#ifdef __cplusplus
}
#endif
#endif
