/*
 * mask.h - privacy masks: polygons of a camera's picture that are blanked, such as windows.
 * Pure. Any thread.
 */
#ifndef GH_VISION_CAMERA_MASK_H
#define GH_VISION_CAMERA_MASK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { MASK_POINTS_MAX = 16, MASK_POLYGONS_MAX = 32 };

struct mask_polygon {
	float x[MASK_POINTS_MAX],
		y[MASK_POINTS_MAX]; /* fractions of width and height, from the top left */
	size_t count;               /* fewer than 3 cover nothing */
};

struct mask {
	struct mask_polygon polygons[MASK_POLYGONS_MAX];
	size_t count;
};

/**
 * Fill the polygons: every pixel whose centre row a polygon covers gets @p value in all of its @p
 * pixel_bytes. Polygons are clipped to the picture. @p stride is the row pitch in bytes.
 */
void mask_plane(const struct mask *mask, uint8_t *plane, size_t stride, int width_px, int height_px,
		int pixel_bytes, uint8_t value);

#ifdef __cplusplus
}
#endif
#endif
