#include "face_motion.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_CHANGE_MIN = 10, CELLS_CHANGED_MIN = 4, REFERENCE_MS = 1000, SAMPLES = 4 };

/*
 * a few points of each cell: enough to average noise, and the cost is independent of the frame size
 */
static uint8_t cell_mean(const uint8_t *luma, int stride_bytes, int left, int top, int width_px,
			 int height_px)
{
	unsigned sum = 0;

	for (int j = 0; j < SAMPLES; j++) {
		const uint8_t *row =
			luma + (ptrdiff_t)(top + height_px * j / SAMPLES) * stride_bytes;

		for (int i = 0; i < SAMPLES; i++)
			sum += row[left + width_px * i / SAMPLES];
	}
	return (uint8_t)(sum / (SAMPLES * SAMPLES));
}

bool face_motion_step(struct face_motion *motion, const uint8_t *luma, int stride_bytes,
		      int width_px, int height_px, uint64_t now_ms)
{
	uint8_t cells[FACE_MOTION_ROWS][FACE_MOTION_COLUMNS];
	bool same_size = motion->width_px == width_px && motion->height_px == height_px, moved;
	int changed = 0;

	assert(width_px > 0 && height_px > 0 && stride_bytes >= width_px);
	for (int row = 0; row < FACE_MOTION_ROWS; row++) {
		int top = height_px * row / FACE_MOTION_ROWS,
		    bottom = height_px * (row + 1) / FACE_MOTION_ROWS;

		for (int column = 0; column < FACE_MOTION_COLUMNS; column++) {
			int left = width_px * column / FACE_MOTION_COLUMNS;
			int right = width_px * (column + 1) / FACE_MOTION_COLUMNS;

			cells[row][column] = cell_mean(luma, stride_bytes, left, top, right - left,
						       bottom - top);
			changed += abs(cells[row][column] - motion->cells[row][column]) >=
				   CELL_CHANGE_MIN;
		}
	}
	moved = !same_size || changed >= CELLS_CHANGED_MIN;
	if (moved || now_ms >= motion->reference_ms + REFERENCE_MS) {
		memcpy(motion->cells, cells, sizeof(cells));
		motion->reference_ms = now_ms;
	}
	motion->width_px = width_px;
	motion->height_px = height_px;
	return moved;
}
