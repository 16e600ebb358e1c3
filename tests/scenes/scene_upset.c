#include "scene_tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What befalls the picture as a whole. */

static void map_levels(const struct scene_options *o, const struct scene_planes *planes,
		       const uint8_t map[256])
{
	for (int y = 0; y < o->height_px; y++) {
		uint8_t *row = planes->data[0] + (ptrdiff_t)y * planes->stride[0];

		for (int x = 0; x < o->width_px; x++)
			row[x] = map[row[x]];
	}
}

static uint8_t level(double value)
{
	return (uint8_t)lrint(value < 16 ? 16 : value > 235 ? 235 : value);
}

/* the sun goes in and comes out; every second time it is quick */
static void shade(const struct scene_options *o, double t_s, const struct scene_planes *planes)
{
	double piece = floor(t_s / 40), at = t_s - piece * 40;
	double quick_s = scene_random(o->seed, 700, (uint64_t)piece) < 0.5 ? 1 : 8;
	double dark = fmin(fmax(0, (at - 5) / quick_s), 1) - fmin(fmax(0, (at - 25) / quick_s), 1);
	double by = 1 - 0.25 * dark;
	uint8_t map[256];

	if (dark <= 0)
		return;
	for (int i = 0; i < 256; i++)
		map[i] = level(16 + (i - 16) * by);
	map_levels(o, planes, map);
}

/* the filter clicks, the exposure needs half a second to find its place, and all looks different */
static void infrared(const struct scene_options *o, double t_s, const struct scene_planes *planes)
{
	double piece = floor(t_s / 50), at = t_s - piece * 50;
	double hunting = at < 0.6 ? 40 * (0.6 - at) : 0;
	bool on = (uint64_t)piece % 2 == 1;
	uint8_t map[256];

	if (!on && (hunting <= 0 || piece < 1))
		return;
	for (int i = 0; i < 256; i++)
		map[i] = level((on ? 60 + 0.62 * i + 18 * sin(i * 0.05) : i) + hunting);
	map_levels(o, planes, map);
}

/* bilinear, in place: rows are written in the order in which they are no longer read */
static void shift(const struct scene_options *o, const struct scene_planes *planes, double dx,
		  double dy)
{
	int wide = o->width_px, tall = o->height_px, ix = (int)floor(dx), iy = (int)floor(dy);
	int fx = (int)((dx - ix) * 64), fy = (int)((dy - iy) * 64);
	uint8_t *copy = malloc((size_t)wide * (size_t)tall);

	if (copy == NULL)
		return; /* a film without its shake */
	for (int y = 0; y < tall; y++)
		memcpy(copy + (size_t)y * (size_t)wide,
		       planes->data[0] + (ptrdiff_t)y * planes->stride[0], (size_t)wide);
	for (int y = 0; y < tall; y++) {
		int y0 = y + iy < 0 ? 0 : y + iy > tall - 2 ? tall - 2 : y + iy;
		const uint8_t *a = copy + (size_t)y0 * (size_t)wide, *b = a + wide;
		uint8_t *to = planes->data[0] + (ptrdiff_t)y * planes->stride[0];
		int from = -ix > 0 ? -ix : 0, until = wide - 1 - ix < wide ? wide - 1 - ix : wide;

		for (int x = from; x < until; x++) {
			int p = a[x + ix] * (64 - fx) + a[x + ix + 1] * fx;
			int q = b[x + ix] * (64 - fx) + b[x + ix + 1] * fx;

			to[x] = (uint8_t)((p * (64 - fy) + q * fy) >> 12);
		}
	}
	free(copy);
}

static void shake(const struct scene_options *o, double t_s, const struct scene_planes *planes)
{
	double piece = floor(t_s / 20), at = t_s - piece * 20, unit = o->height_px / 720.0;
	double begin = 10 * scene_random(o->seed, 710, (uint64_t)piece);
	double lasts = 0.3 + 3 * scene_random(o->seed, 711, (uint64_t)piece);
	double strong = (0.5 + 5 * scene_random(o->seed, 712, (uint64_t)piece)) * unit;
	double fast = 6.2832 * (2 + 6 * scene_random(o->seed, 713, (uint64_t)piece));
	double wind = 0.35 * unit * sin(t_s * 3.3) * (0.5 + 0.5 * sin(t_s * 0.37)), dx = wind,
	       dy = 0.4 * wind;

	if (at > begin && at < begin + lasts) {
		double fade = 1 - (at - begin) / lasts;

		dx += strong * fade * sin(fast * at);
		dy += strong * fade * sin(fast * 1.31 * at + 1);
	}
	if (fabs(dx) + fabs(dy) > 0.02)
		shift(o, planes, dx, dy);
}

/* hours, minutes and seconds, white on grey, top left */
static void clock_face(const struct scene_options *o, double t_s, const struct scene_planes *planes)
{
	static const uint16_t digits[11] = {
		075557, 026227, 071747, 071717, 055711, 074717,
		074757, 071111, 075757, 075717, 002020}; /* 5 rows of 3 */
	int second = (int)t_s + 35990, cell = o->height_px / 240 > 1 ? o->height_px / 240 : 1;
	int show[8] = {second / 36000 % 3, second / 3600 % 10, 10,
		       second / 600 % 6,   second / 60 % 10,   10,
		       second / 10 % 6,    second % 10};

	for (int i = 0; i < 8; i++) {
		for (int k = 0; k < 15; k++) {
			int x = (8 + i * 4 + k % 3) * cell, y = (6 + k / 3) * cell;

			scene_rectangle(o, planes, x, y, x + cell, y + cell,
					(digits[show[i]] >> (14 - k) & 1) != 0 ? 230 : 60, 1);
		}
	}
}

void scene_upset(const struct scene_options *options, int n, const struct scene_planes *planes)
{
	double t_s = (double)n / options->frames_per_s;

	if ((options->distract & SCENE_SHADE) != 0)
		shade(options, t_s, planes);
	if ((options->distract & SCENE_INFRARED) != 0)
		infrared(options, t_s, planes);
	if ((options->distract & SCENE_SHAKE) != 0)
		shake(options, t_s, planes);
	if ((options->distract & SCENE_CLOCK) != 0)
		clock_face(options, t_s, planes);
}
