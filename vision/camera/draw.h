/*
 * draw.h - draws lines, circles and labels into a BGR picture in memory, clipped to it. Any thread.
 */
#ifndef GH_VISION_CAMERA_DRAW_H
#define GH_VISION_CAMERA_DRAW_H

#include <stddef.h>
#include <stdint.h>

struct draw_canvas {
	uint8_t *bgr; /* borrowed */
	size_t stride;
	int width_px, height_px;
};

struct draw_color {
	uint8_t b, g, r;
};

/** Coordinates may lie outside the picture; NaN draws nothing. @p width_px 1 to 64. */
void draw_line(const struct draw_canvas *canvas, float x0, float y0, float x1, float y1,
	       int width_px, struct draw_color color);
void draw_ring(const struct draw_canvas *canvas, float x, float y, float radius_px, int width_px,
	       struct draw_color color);

/**
 * @p text in white on a black box from @p x, @p y; capitals, digits and . , : - + _ / ( ) % ~ only,
 *    others as a box.
 */
void draw_label(const struct draw_canvas *canvas, int x, int y, int scale, const char *text);

#endif
