/*
 * face_motion.h - motion gate on a coarse luma grid, so that an empty street costs no inference.
 * Pure; one thread at a time.
 */
#ifndef GH_VISION_FACE_FACE_MOTION_H
#define GH_VISION_FACE_FACE_MOTION_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { FACE_MOTION_COLUMNS = 64, FACE_MOTION_ROWS = 48 };

struct face_motion { /* zeroed at first */
	uint8_t cells[FACE_MOTION_ROWS][FACE_MOTION_COLUMNS];
	int width_px, height_px;
	uint64_t reference_ms;
};

/**
 * Compare with the reference grid. @return true on the first call, after a change of size, and when
 * enough cells differ. The reference is at most one second old, so slow changes are detected as
 * well.
 */
bool face_motion_step(struct face_motion *motion, const uint8_t *luma, int stride_bytes,
		      int width_px, int height_px, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
