#include "scene.h"

#include <math.h>

struct colour {
	double r, g, b;
};

static const struct colour wall_tint = {0.68, 0.63, 0.56}, band_tint = {0.78, 0.76, 0.72},
			   frame_tint = {0.86, 0.86, 0.84}, glass_tint = {0.20, 0.25, 0.30},
			   slab_tint = {0.74, 0.73, 0.70}, rail_tint = {0.40, 0.44, 0.45};

double scene_random(uint64_t seed, uint64_t stream, uint64_t index)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15u ^ stream * 0xd1b54a32d192ed03u ^
		     index * 0x8cb92ba72f3d8dd7u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return (double)((x ^ (x >> 31)) >> 11) / 9007199254740992.0;
}

void scene_camera_aim(struct scene_camera *camera, int width_px, int height_px, int pitch_deg)
{
	const double height_m = 1.6;
	double distance_m = pitch_deg == 0 ? 36 : pitch_deg <= 30 ? 45 : pitch_deg <= 45 ? 28 : 15;
	double low = atan2(-height_m - 2.0, distance_m);
	double high = atan2(SCENE_HEIGHT_M + 5.0 - height_m, distance_m);
	double pitch = (low + high) / 2, half = (high - low) / 2;

	if (pitch_deg != 0) {
		pitch = pitch_deg * 3.14159265 / 180;
		half = (pitch_deg <= 45 ? 25 : 24) * 3.14159265 / 180;
	}
	camera->focal_px = height_px / 2.0 / tan(half);
	camera->centre_x = width_px / 2.0;
	camera->centre_y = height_px / 2.0;
	camera->cosine = cos(pitch);
	camera->sine = sin(pitch);
	camera->distance_m = distance_m;
	camera->height_m = height_m;
}

double scene_project(const struct scene_camera *camera, double u, double v, double w, double *ret_x,
		     double *ret_y)
{
	double away = camera->distance_m - w, up = v - camera->height_m;
	double depth = away * camera->cosine + up * camera->sine;
	double scale = camera->focal_px / depth;

	*ret_x = camera->centre_x + (u - SCENE_WIDTH_M / 2) * scale;
	*ret_y = camera->centre_y - (up * camera->cosine - away * camera->sine) * scale;
	return scale;
}

/* The place on the facade's plane that is seen at a pixel. */
static void see(const struct scene_camera *camera, double x, double y, double *ret_u, double *ret_v)
{
	double slope = (camera->centre_y - y) / camera->focal_px;
	double up = camera->distance_m * (camera->sine + slope * camera->cosine) /
		    (camera->cosine - slope * camera->sine);
	double depth = camera->distance_m * camera->cosine + up * camera->sine;

	*ret_u = SCENE_WIDTH_M / 2 + (x - camera->centre_x) * depth / camera->focal_px;
	*ret_v = up + camera->height_m;
}

static struct colour mix(struct colour a, struct colour b, double part)
{
	return (struct colour){a.r + (b.r - a.r) * part, a.g + (b.g - a.g) * part,
			       a.b + (b.b - a.b) * part};
}

static struct colour shade(struct colour c, double by)
{
	return (struct colour){c.r * by, c.g * by, c.b * by};
}

static bool has_balcony(int column)
{
	return column % 4 == 1 || column % 4 == 2;
}

/* Behind glass: curtains, blinds, the reflection of the sky, and at night who is at home. */
static struct colour glass(const struct scene_options *options, int floor, int column, int pane,
			   double up)
{
	uint64_t which = (uint64_t)((floor * 32 + column) * 4 + pane);
	double what = scene_random(options->seed, 11, which),
	       tone = scene_random(options->seed, 12, which);
	struct colour c = shade(glass_tint, 0.8 + 0.5 * tone);

	if (options->night &&
	    scene_random(options->seed, 13, (uint64_t)(floor * 32 + column)) < 0.35)
		return mix((struct colour){2.6, 2.1, 1.3}, (struct colour){1.6, 1.5, 1.4}, tone);
	if (what < 0.25) /* curtain */
		return mix(c, (struct colour){0.62, 0.60, 0.56}, 0.7);
	if (what < 0.45 && up > 1 - tone) /* blind, let down part of the way */
		return (struct colour){0.52, 0.50, 0.47};
	return mix(c, (struct colour){0.42, 0.50, 0.58}, 0.35 * up + 0.1);
}

static struct colour window(const struct scene_options *options, int floor, int column, double x,
			    double y)
{
	double pane_x = fmod(x * 2, 1.0);
	bool frame = x < 0.05 || x > 0.95 || y < 0.05 || y > 0.95 || fabs(x - 0.5) < 0.025;

	if (frame)
		return frame_tint;
	return shade(glass(options, floor, column, x > 0.5, y), 0.95 + 0.1 * pane_x);
}

static struct colour balcony(const struct scene_options *options, int floor, int column, double x,
			     double y)
{
	double bar = fmod(x * 22, 1.0);
	bool solid = scene_random(options->seed, 14, (uint64_t)column) < 0.5;

	if (y < 0.22)
		return shade(slab_tint, y < 0.06 ? 0.62 : 1); /* the slab and its shaded edge */
	if (y < 1.15) {
		struct colour behind = window(options, floor, column, x, y / 2.6);

		if (solid)
			return shade(slab_tint, 0.82 + 0.03 * (bar > 0.5));
		return y > 1.08 || bar < 0.3 ? rail_tint : shade(behind, 0.75);
	}
	if (y < 2.45 && x > 0.08 && x < 0.92)
		return shade(window(options, floor, column, (x - 0.08) / 0.84, y / 2.6), 0.8);
	return shade(wall_tint, 0.72); /* in the shadow of the slab above */
}

static struct colour facade(const struct scene_options *options, double u, double v)
{
	int floor = (int)(v / SCENE_FLOOR_M), column = (int)(u / SCENE_COLUMN_M);
	double y = v - floor * SCENE_FLOOR_M, x = u - column * SCENE_COLUMN_M;
	double stain =
		scene_random(options->seed, 15, (uint64_t)((int)(u * 2) * 400 + (int)(v * 0.7)));
	struct colour wall = shade(wall_tint, 0.96 + 0.06 * stain);

	if (v > SCENE_HEIGHT_M - 0.35)
		return shade(band_tint, 0.9);
	if (column % 2 == 0 &&
	    x < 0.35) /* a column from ground to roof between two pairs of flats */
		return shade(band_tint, x > 0.27 ? 0.7 : 1);
	if (has_balcony(column) && floor > 0)
		return balcony(options, floor, column, x / SCENE_COLUMN_M, y);
	if (y < 0.12)
		return band_tint;
	if (x > 1.0 && x < 3.2 && y > 0.95 && y < 2.5)
		return window(options, floor, column, (x - 1.0) / 2.2, (y - 0.95) / 1.55);
	if (x > 0.9 && x < 3.3 && y > 0.82 && y <= 0.95)
		return shade(slab_tint, 0.95); /* window sill */
	if (x > 1.0 && x < 3.2 && y > 0.62 && y <= 0.82)
		return shade(wall, 0.8);
	return wall;
}

static struct colour ground(const struct scene_options *options, double u, double v)
{
	double leaf =
		scene_random(options->seed, 16, (uint64_t)(llrint(u * 12) * 977 + llrint(v * 12)));

	if (v > -0.9 + 0.15 * sin(u * 2.1)) /* hedge */
		return shade((struct colour){0.22, 0.33, 0.16}, 0.6 + 0.7 * leaf);
	return shade((struct colour){0.47, 0.46, 0.45}, 0.92 + 0.1 * leaf);
}

static struct colour sky_colour(const struct scene_options *options, double height)
{
	if (options->rain || options->snow || options->overcast)
		return mix((struct colour){0.74, 0.75, 0.77}, (struct colour){0.62, 0.64, 0.67},
			   height);
	return mix((struct colour){0.80, 0.86, 0.92}, (struct colour){0.44, 0.62, 0.86}, height);
}

/* @return whether it is sky */
static bool look(const struct scene_options *options, const struct scene_camera *camera, double x,
		 double y, struct colour *ret)
{
	double u, v, height = 1 - y / options->height_px;
	bool sky = false;

	see(camera, x, y, &u, &v);
	if (v < 0.3 && (v < 0 || u < 0 || u >= SCENE_WIDTH_M)) {
		*ret = ground(options, u, v - 0.3);
	} else if (u >= 0 && u < SCENE_WIDTH_M && v < SCENE_HEIGHT_M) {
		*ret = shade(facade(options, u, v), 0.9 + 0.1 * u / SCENE_WIDTH_M);
	} else if (u > SCENE_WIDTH_M + 3 && v < 21 &&
		   u < SCENE_WIDTH_M + 40) { /* the house next door */
		bool pane = fmod(u, 3) > 1.2 && fmod(v, 3) > 1.3;

		*ret = pane ? (struct colour){0.30, 0.33, 0.36} : (struct colour){0.58, 0.46, 0.40};
	} else {
		*ret = sky_colour(options, height);
		sky = true;
	}
	if (options->night)
		*ret = sky ? (struct colour){0.07, 0.08, 0.12} : shade(*ret, 0.26);
	return sky;
}

static uint8_t level(double value)
{
	return (uint8_t)lrint(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void put(const struct scene_planes *plate, int x, int y, struct colour c)
{
	c = (struct colour){fmin(c.r, 1), fmin(c.g, 1), fmin(c.b, 1)};
	plate->data[0][(ptrdiff_t)y * plate->stride[0] + x] =
		level(16 + 65.5 * c.r + 128.6 * c.g + 25.0 * c.b);
	if (x % 2 != 0 || y % 2 != 0 || plate->data[1] == NULL)
		return;
	plate->data[1][(ptrdiff_t)y / 2 * plate->stride[1] + x / 2] =
		level(128 - 37.8 * c.r - 74.2 * c.g + 112 * c.b);
	plate->data[2][(ptrdiff_t)y / 2 * plate->stride[2] + x / 2] =
		level(128 + 112 * c.r - 93.8 * c.g - 18.2 * c.b);
}

void scene_facade_draw(const struct scene_options *options, const struct scene_camera *camera,
		       const struct scene_planes *plate, uint8_t *sky)
{
	enum { SIDE = 3 }; /* looks per pixel and side: edges must not be stairs */

	for (int y = 0; y < options->height_px; y++) {
		for (int x = 0; x < options->width_px; x++) {
			struct colour sum = {0, 0, 0}, c;
			int clear = 0;

			for (int i = 0; i < SIDE * SIDE; i++) {
				clear += look(options, camera, x + (i % SIDE + 0.5) / SIDE,
					      y + ((double)(i / SIDE) + 0.5) / SIDE, &c);
				sum = (struct colour){sum.r + c.r, sum.g + c.g, sum.b + c.b};
			}
			put(plate, x, y, shade(sum, 1.0 / (SIDE * SIDE)));
			sky[(size_t)y * (size_t)options->width_px + (size_t)x] =
				(uint8_t)(clear * 255 / (SIDE * SIDE));
		}
	}
}
