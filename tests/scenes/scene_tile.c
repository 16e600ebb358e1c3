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

void scene_tile_add(struct scene_tile *tile, double x, double y, double a, double b, double turn,
		    double weight)
{
	double c = cos(turn), s = sin(turn), reach = fmax(a, b) + 1;
	int x0 = (int)fmax(0, floor(x - reach) - tile->left);
	int y0 = (int)fmax(0, floor(y - reach) - tile->top);
	int x1 = (int)fmin(tile->side, x + reach + 1 - tile->left);
	int y1 = (int)fmin(tile->side, y + reach + 1 - tile->top);

	for (int i = y0; i < y1; i++) {
		for (int j = x0; j < x1; j++) {
			double dx = j + tile->left + 0.5 - x, dy = i + tile->top + 0.5 - y;
			double p = (dx * c + dy * s) / a, q = (dy * c - dx * s) / b;
			double far = sqrt(sqrt(p * p * p * p + q * q * q * q)); /* between box and ellipse */
			double part = fmax(0, fmin(1, (1 - far) * fmin(a, b) + 0.5));

			if (part <= 0)
				continue;
			tile->cover[i][j] += (float)(part * weight);
			tile->low_x = j < tile->low_x ? j : tile->low_x;
			tile->low_y = i < tile->low_y ? i : tile->low_y;
			tile->high_x = j >= tile->high_x ? j + 1 : tile->high_x;
			tile->high_y = i >= tile->high_y ? i + 1 : tile->high_y;
		}
	}
}

static uint8_t blend(uint8_t from, uint8_t to, float part)
{
	part = part > 1 ? 1 : part;
	return (uint8_t)lrintf((float)from + ((float)to - (float)from) * part);
}

void scene_tile_put(const struct scene_tile *tile, const struct scene_options *options,
		    const struct scene_planes *planes, uint8_t luma, uint8_t cb, uint8_t cr)
{
	for (int i = tile->low_y; i < tile->high_y; i++) {
		for (int j = tile->low_x; j < tile->high_x; j++) {
			int x = j + tile->left, y = i + tile->top;
			ptrdiff_t at = (ptrdiff_t)(y / 2);
			uint8_t *p;

			if (x < 0 || y < 0 || x >= options->width_px || y >= options->height_px)
				continue;
			p = &planes->data[0][(ptrdiff_t)y * planes->stride[0] + x];
			*p = blend(*p, luma, tile->cover[i][j]);
			if (x % 2 != 0 || y % 2 != 0 || planes->data[1] == NULL)
				continue;
			p = &planes->data[1][at * planes->stride[1] + x / 2];
			*p = blend(*p, cb, tile->cover[i][j]);
			p = &planes->data[2][at * planes->stride[2] + x / 2];
			*p = blend(*p, cr, tile->cover[i][j]);
		}
	}
}

static double edge(double low, double high, int at)
{
	return fmax(0, fmin(1, fmin(high, at + 1) - fmax(low, at)));
}

void scene_rectangle(const struct scene_options *options, const struct scene_planes *planes, double x0,
		     double y0, double x1, double y1, uint8_t luma, double part)
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
