/*
 * face_motion.h - did anything move? A coarse look at luma, so that an empty street costs nothing.
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
	uint64_t kept_ms;
};

/**
 * Compares with the picture kept from before. True at first, after a change of size, and when enough cells
 * differ; slow changes are caught because the kept picture is at most a second old.
 */
bool face_motion_step(struct face_motion *motion, const uint8_t *luma, int stride_bytes, int width_px,
		      int height_px, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
