#include "mask.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Where the edges of the polygon cross the row, ascending. */
static size_t crossings(const struct mask_polygon *polygon, float y, float *ret_x)
{
	size_t count = 0;

	for (size_t i = 0; i < polygon->count; i++) {
		size_t j = (i + 1) % polygon->count, at;
		float y0 = polygon->y[i], y1 = polygon->y[j], x;

		if ((y0 <= y) == (y1 <= y))
			continue;
		x = polygon->x[i] + (y - y0) / (y1 - y0) * (polygon->x[j] - polygon->x[i]);
		for (at = count++; at > 0 && ret_x[at - 1] > x; at--)
			ret_x[at] = ret_x[at - 1];
		ret_x[at] = x;
	}
	return count;
}

static int column(float x, int width_px)
{
	float at = x * (float)width_px;

	return at <= 0 ? 0 : at >= (float)width_px ? width_px : (int)at;
}

static void fill_row(const struct mask_polygon *polygon, float y, uint8_t *row, int width_px,
		     int pixel_bytes, uint8_t value)
{
	float x[MASK_POINTS_MAX];
	size_t count = crossings(polygon, y, x);

	for (size_t i = 0; i + 1 < count; i += 2) {
		/* rounded outwards, so that the mask is never too small */
		int from = column(x[i], width_px),
		    to = column(ceilf(x[i + 1] * (float)width_px) / (float)width_px, width_px);

		if (to > from)
			memset(row + (size_t)from * (size_t)pixel_bytes, value,
			       (size_t)(to - from) * (size_t)pixel_bytes);
	}
}

void mask_plane(const struct mask *mask, uint8_t *plane, size_t stride, int width_px, int height_px,
		int pixel_bytes, uint8_t value)
{
	assert(mask->count <= MASK_POLYGONS_MAX);
	assert(plane != NULL && pixel_bytes > 0);
	for (size_t i = 0; i < mask->count; i++)
		for (int row = 0; row < height_px && mask->polygons[i].count >= 3; row++)
			fill_row(&mask->polygons[i], ((float)row + 0.5f) / (float)height_px,
				 plane + (size_t)row * stride, width_px, pixel_bytes, value);
}
