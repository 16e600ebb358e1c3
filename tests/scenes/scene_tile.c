#include "scene_tile.h"

#include <math.h>
#include <string.h>

void scene_tile_begin(struct scene_tile *tile, double x, double y, double reach)
{
	int half = (int)fmin(SCENE_TILE, ceil(reach) + 2);

	tile->side = 2 * half;
	for (int i = 0; i < tile->side; i++)
		memset(tile->cover[i], 0, (size_t)tile->side * sizeof(float));
	tile->left = (int)floor(x) - half;
	tile->top = (int)floor(y) - half;
	tile->low_x = tile->low_y = tile->side;
	tile->high_x = tile->high_y = 0;
}

struct shape {
	float x, y; /* of its centre, from the tile's corner */
	float cos_a, sin_a, cos_b, sin_b, soft;
};

/*
 * one row of a shape between box and ellipse; every pixel, so that the compiler can take many at
 * once
 */
SCENE_CLONES static void shape_row(float *restrict row, int count, float first, float dy,
				   float weight, const struct shape *shape)
{
	float p0 = dy * shape->sin_a, q0 = dy * shape->cos_b;

	for (int j = 0; j < count; j++) {
		float dx = first + (float)j, p = p0 + dx * shape->cos_a, q = q0 - dx * shape->sin_b,
		      part;

		p *= p;
		q *= q;
		part = (1 - sqrtf(sqrtf(p * p + q * q))) * shape->soft + 0.5F;
		part = part < 0 ? 0 : part;
		part = part > 1 ? 1 : part;
		row[j] = row[j] + part * weight;
	}
}

static void note_row(struct scene_tile *tile, int row, int x0, int x1)
{
	const float *cover = tile->cover[row];

	while (x0 < x1 && cover[x0] <= 0)
		x0++;
	while (x1 > x0 && cover[x1 - 1] <= 0)
		x1--;
	if (x0 == x1)
		return;
	tile->low_x = x0 < tile->low_x ? x0 : tile->low_x;
	tile->high_x = x1 > tile->high_x ? x1 : tile->high_x;
	tile->low_y = row < tile->low_y ? row : tile->low_y;
	tile->high_y = row >= tile->high_y ? row + 1 : tile->high_y;
}

void scene_tile_add(struct scene_tile *tile, double x, double y, double a, double b, double turn,
		    double weight)
{
	double c = cos(turn), s = sin(turn), reach = fmax(a, b) + 1;
	int x0 = (int)fmax(0, floor(x - reach) - tile->left);
	int y0 = (int)fmax(0, floor(y - reach) - tile->top);
	int x1 = (int)fmin(tile->side, x + reach + 1 - tile->left);
	int y1 = (int)fmin(tile->side, y + reach + 1 - tile->top);
	struct shape shape = {.x = (float)(x - tile->left),
			      .y = (float)(y - tile->top),
			      .cos_a = (float)(c / a),
			      .sin_a = (float)(s / a),
			      .cos_b = (float)(c / b),
			      .sin_b = (float)(s / b),
			      .soft = (float)fmin(a, b)};

	for (int i = y0; i < y1 && x0 < x1; i++) {
		shape_row(tile->cover[i] + x0, x1 - x0, (float)x0 + 0.5F - shape.x,
			  (float)i + 0.5F - shape.y, (float)weight, &shape);
		note_row(tile, i, x0, x1);
	}
}

static uint8_t blend(uint8_t from, uint8_t to, float part)
{
	int share = (int)((part > 1 ? 1 : part) * 256 + 0.5F);

	return (uint8_t)(from + (((to - from) * share + 128) >> 8));
}

SCENE_CLONES static void blend_row(uint8_t *restrict luma, const float *restrict cover, int count,
				   int to)
{
	for (int i = 0; i < count; i++) {
		float part = cover[i] > 1 ? 1 : cover[i];

		luma[i] = (uint8_t)(luma[i] +
				    (((to - luma[i]) * (int)(part * 256 + 0.5F) + 128) >> 8));
	}
}

static void put_chroma(const struct scene_tile *tile, const struct scene_options *options,
		       const struct scene_planes *planes, uint8_t cb, uint8_t cr)
{
	for (int i = tile->low_y; i < tile->high_y; i++) {
		for (int j = tile->low_x; j < tile->high_x; j++) {
			int x = j + tile->left, y = i + tile->top;
			uint8_t *p;

			if (x < 0 || y < 0 || x >= options->width_px || y >= options->height_px ||
			    x % 2 != 0 || y % 2 != 0)
				continue;
			p = &planes->data[1][(ptrdiff_t)(y / 2) * planes->stride[1] + x / 2];
			*p = blend(*p, cb, tile->cover[i][j]);
			p = &planes->data[2][(ptrdiff_t)(y / 2) * planes->stride[2] + x / 2];
			*p = blend(*p, cr, tile->cover[i][j]);
		}
	}
}

void scene_tile_put(const struct scene_tile *tile, const struct scene_options *options,
		    const struct scene_planes *planes, uint8_t luma, uint8_t cb, uint8_t cr)
{
	int x0 = tile->low_x + tile->left, x1 = tile->high_x + tile->left;

	x0 = x0 < 0 ? 0 : x0;
	x1 = x1 > options->width_px ? options->width_px : x1;
	for (int i = tile->low_y; i < tile->high_y && x0 < x1; i++) {
		int y = i + tile->top;

		if (y >= 0 && y < options->height_px)
			blend_row(planes->data[0] + (ptrdiff_t)y * planes->stride[0] + x0,
				  tile->cover[i] + (x0 - tile->left), x1 - x0, luma);
	}
	if (planes->data[1] != NULL)
		put_chroma(tile, options, planes, cb, cr);
}

static double edge(double low, double high, int at)
{
	return fmax(0, fmin(1, fmin(high, at + 1) - fmax(low, at)));
}

void scene_rectangle(const struct scene_options *options, const struct scene_planes *planes,
		     double x0, double y0, double x1, double y1, uint8_t luma, double part)
{
	int left = (int)fmax(0, floor(x0)), right = (int)fmin(options->width_px, ceil(x1));
	int top = (int)fmax(0, floor(y0)), bottom = (int)fmin(options->height_px, ceil(y1));

	for (int y = top; y < bottom; y++) {
		uint8_t *row = planes->data[0] + (ptrdiff_t)y * planes->stride[0];
		double rows = part * edge(y0, y1, y);

		for (int x = left; x < right; x++)
			row[x] = blend(row[x], luma, (float)(rows * edge(x0, x1, x)));
	}
}
