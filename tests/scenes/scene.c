#include "scene_tile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	CLOUD_WIDE = 1024, /* texels; it repeats */
	CLOUD_TALL = 256,
	CLOUD_FRAMES = 4, /* clouds are drawn so often: they move by two pixels then */
	NOISE = 1 << 16,
};

struct scene {
	struct scene_options options;
	struct scene_camera camera;
	struct scene_planes plate; /* what stands still */
	uint8_t *clouded;          /* luma of the plate under the clouds of frame clouded_at */
	int clouded_at;
	uint8_t *sky;
	uint8_t *clouds;
	int8_t *noise;
	struct scene_things *things;
	int begin[SCENE_THROWS_MAX], end[SCENE_THROWS_MAX];
};

static bool can_be(const struct scene_options *o)
{
	bool sizes = o->width_px >= SCENE_SIDE_MIN_PX && o->width_px <= SCENE_SIDE_MAX_PX &&
		     o->width_px % 2 == 0 && o->height_px >= SCENE_SIDE_MIN_PX &&
		     o->height_px <= SCENE_SIDE_MAX_PX && o->height_px % 2 == 0;

	if (!sizes || o->frames_per_s < 1 || o->frames_per_s > 120 || o->frames < 1 ||
	    o->frames > SCENE_FRAMES_MAX || o->birds < 0 || o->birds > SCENE_BIRDS_MAX ||
	    o->throw_count > SCENE_THROWS_MAX || !(o->noise >= 0 && o->noise <= 8) ||
	    o->distract >= 1U << SCENE_DISTRACTORS || (o->plate != NULL && o->plate->count < 1) ||
	    (o->pitch_deg != 0 && o->pitch_deg != 30 && o->pitch_deg != 45 && o->pitch_deg != 60))
		return false;
	for (size_t i = 0; i < o->throw_count; i++) {
		const struct scene_throw *t = &o->throws[i];

		if (!(t->size >= 0 && t->size <= 4) || t->luma < 0 || t->luma > 235 ||
		    t->hidden_m < 0 || t->hidden_m > 20)
			return false;
		if (!(t->t_s >= 0) || t->floor < 1 || t->floor > SCENE_FLOORS || t->column < 1 ||
		    t->column > SCENE_COLUMNS || (int)t->kind < 0 || t->kind >= SCENE_KINDS)
			return false;
	}
	return true;
}

/* Smooth noise that repeats every @p period cells. */
static double cell_noise(uint64_t seed, double x, double y, int period)
{
	double fx = floor(x), fy = floor(y), px = x - fx, py = y - fy, corner[4];

	for (int i = 0; i < 4; i++)
		corner[i] = scene_random(
			seed, 60 + (uint64_t)period,
			(uint64_t)(((int)fx + i % 2) % period + ((int)fy + i / 2) * period));
	px = px * px * (3 - 2 * px);
	py = py * py * (3 - 2 * py);
	return (corner[0] * (1 - px) + corner[1] * px) * (1 - py) +
	       (corner[2] * (1 - px) + corner[3] * px) * py;
}

static void draw_clouds(struct scene *scene)
{
	for (int y = 0; y < CLOUD_TALL; y++) {
		for (int x = 0; x < CLOUD_WIDE; x++) {
			double sum = 0, part = 0.5;

			for (int period = 8; period <= 64; period *= 2, part /= 2)
				sum += part * cell_noise(scene->options.seed,
							 (double)x * period / CLOUD_WIDE,
							 (double)y * period * 2.2 / CLOUD_WIDE,
							 period);
			sum = fmax(0, fmin(1, (sum - 0.42) * 3.2));
			scene->clouds[y * CLOUD_WIDE + x] = (uint8_t)lrint(sum * 255);
		}
	}
}

/* levels, of one pixel */
static double noise_of(const struct scene_options *options)
{
	return (options->night ? 3.2 : 1.5) * (options->noise > 0 ? options->noise : 1);
}

/* The sum of four is bell-shaped enough for a sensor. */
static void draw_noise(struct scene *scene)
{
	const struct scene_options *o = &scene->options;
	double spread = noise_of(o);

	for (uint64_t i = 0; i < NOISE; i++) {
		double sum = -2;

		for (uint64_t k = 0; k < 4; k++)
			sum += scene_random(o->seed, 90 + k, i);
		scene->noise[i] = (int8_t)lrint(sum * spread * 1.73);
	}
}

static int claim(struct scene *scene)
{
	size_t wide = (size_t)scene->options.width_px,
	       pixels = wide * (size_t)scene->options.height_px;

	scene->plate.data[0] = malloc(pixels * 3 / 2);
	scene->clouded = malloc(pixels);
	scene->clouded_at = -1;
	scene->sky = calloc(1, pixels);
	scene->clouds = malloc((size_t)CLOUD_WIDE * CLOUD_TALL);
	scene->noise = malloc(NOISE);
	if (scene->plate.data[0] == NULL || scene->sky == NULL || scene->clouds == NULL ||
	    scene->noise == NULL || scene->clouded == NULL)
		return -ENOMEM;
	scene->plate.data[1] = scene->plate.data[0] + pixels;
	scene->plate.data[2] = scene->plate.data[1] + pixels / 4;
	scene->plate.stride[0] = (int)wide;
	scene->plate.stride[1] = scene->plate.stride[2] = (int)wide / 2;
	return 0;
}

static void find_sights(struct scene *scene)
{
	struct scene_box box;

	for (size_t i = 0; i < scene->options.throw_count; i++) {
		scene->begin[i] = scene->end[i] = -1;
		for (int n = (int)(scene->options.throws[i].t_s * scene->options.frames_per_s);
		     n < scene->options.frames; n++) {
			if (!scene_truth(scene, i, n, &box)) {
				if (scene->end[i] >= 0)
					break;
				if (n > (scene->options.throws[i].t_s + 30) *
						scene->options.frames_per_s)
					break;
				continue;
			}
			if (scene->begin[i] < 0)
				scene->begin[i] = n;
			scene->end[i] = n;
		}
	}
}

static void draw_still(struct scene *scene)
{
	const struct scene_options *o = &scene->options;

	if (o->plate == NULL)
		scene_facade_draw(o, &scene->camera, &scene->plate, scene->sky);
	else
		memset(scene->plate.data[1], 128, (size_t)o->width_px * (size_t)o->height_px / 2);
	draw_clouds(scene);
	draw_noise(scene);
}

int scene_open(const struct scene_options *options, struct scene **ret_scene)
{
	struct scene *scene;
	int r;

	if (!can_be(options))
		return -EINVAL;
	scene = calloc(1, sizeof(*scene));
	if (scene == NULL)
		return -ENOMEM;
	scene->options = *options;
	scene_camera_aim(&scene->camera, options->width_px, options->height_px, options->pitch_deg);
	r = options->blank ? 0 : claim(scene);
	if (r == 0)
		r = scene_things_open(options, &scene->camera, &scene->things);
	if (r < 0) {
		scene_close(scene);
		return r;
	}
	if (!options->blank)
		draw_still(scene);
	find_sights(scene);
	*ret_scene = scene;
	return 0;
}

void scene_close(struct scene *scene)
{
	if (scene == NULL)
		return;
	scene_things_close(scene->things);
	free(scene->plate.data[0]);
	free(scene->clouded);
	free(scene->sky);
	free(scene->clouds);
	free(scene->noise);
	free(scene);
}

static void copy_plane(uint8_t *to, int to_stride, const uint8_t *from, int from_stride, int wide,
		       int tall)
{
	for (int y = 0; y < tall; y++)
		memcpy(to + (ptrdiff_t)y * to_stride, from + (ptrdiff_t)y * from_stride,
		       (size_t)wide);
}

SCENE_CLONES static void cloud_row(uint8_t *restrict luma, const uint8_t *restrict sky,
				   const uint8_t *restrict texels, int bright, int count)
{
	for (int x = 0; x < count; x++)
		luma[x] =
			(uint8_t)(luma[x] + (bright - luma[x]) * (texels[x] * sky[x] / 255) / 300);
}

/*
 * Clouds drift to the right, about half a pixel a frame; those further down are further away and
 * slower.
 */
static void add_clouds(struct scene *scene, int n)
{
	uint8_t texels[SCENE_SIDE_MAX_PX];

	const struct scene_options *o = &scene->options;
	int bright = o->night ? 34 : o->overcast ? 190 : 218;

	for (int y = 0; y < o->height_px; y++) {
		const uint8_t *sky = scene->sky + (ptrdiff_t)y * o->width_px;
		const uint8_t *row = scene->clouds +
				     (ptrdiff_t)(y * (CLOUD_TALL - 1) / o->height_px) * CLOUD_WIDE;
		uint8_t *luma = scene->clouded + (ptrdiff_t)y * o->width_px;
		bool any = sky[0] != 0 || memcmp(sky, sky + 1, (size_t)o->width_px - 1) != 0;
		double drift_px = 12.0 * (1.3 - (double)y / o->height_px) * o->height_px / 720 * n /
				  o->frames_per_s;
		int64_t step =
			(int64_t)CLOUD_WIDE * 256 / (2 * o->height_px); /* 1/256 texel a pixel */
		int64_t at =
			(int64_t)(CLOUD_WIDE * 256) * 4096 - (int64_t)(drift_px * (double)step);

		for (int x = 0; any && x < o->width_px; x++, at += step) {
			int texel = (int)(at >> 8) & (CLOUD_WIDE - 1), part = (int)(at & 255);

			texels[x] = (uint8_t)((row[texel] * (256 - part) +
					       row[(texel + 1) & (CLOUD_WIDE - 1)] * part) >>
					      8);
		}
		if (any)
			cloud_row(luma, sky, texels, bright, o->width_px);
	}
}

/* A film given as the plate runs forth and back, so that nothing in it jumps. */
static const uint8_t *plate_at(const struct scene_plate *plate, int n)
{
	int round = plate->count > 1 ? 2 * (plate->count - 1) : 1;

	n %= round;
	return plate->luma[n < plate->count ? n : round - n];
}

static void copy_plate(struct scene *scene, int n, const struct scene_planes *planes)
{
	const struct scene_options *o = &scene->options;
	const uint8_t *luma = scene->clouded;
	/*
	 * a sky that is grey all over has nothing that can be seen to move, nor has that of the
	 * night
	 */
	int clouds = o->overcast || o->rain || o->snow || o->night ? 0 : n / CLOUD_FRAMES;

	if (o->plate != NULL) {
		luma = plate_at(o->plate, n);
	} else if (scene->clouded_at != clouds) {
		memcpy(scene->clouded, scene->plate.data[0],
		       (size_t)o->width_px * (size_t)o->height_px);
		scene->clouded_at = clouds;
		add_clouds(scene, scene->clouded_at * CLOUD_FRAMES);
	}
	copy_plane(planes->data[0], planes->stride[0], luma, o->width_px, o->width_px,
		   o->height_px);
	for (int i = 1; i < 3 && planes->data[i] != NULL; i++)
		copy_plane(planes->data[i], planes->stride[i], scene->plate.data[i],
			   scene->plate.stride[i], o->width_px / 2, o->height_px / 2);
}

SCENE_CLONES static void noise_row(uint8_t *restrict luma, const int8_t *restrict noise, int count)
{
	for (int x = 0; x < count; x++) {
		short value = (short)(luma[x] + noise[x]);

		value = value < 16 ? 16 : value;
		value = value > 235 ? 235 : value;
		luma[x] = (uint8_t)value;
	}
}

static void add_noise(const struct scene *scene, int n, const struct scene_planes *planes)
{
	const struct scene_options *o = &scene->options;

	for (int y = 0; y < o->height_px; y++) {
		double start = scene_random(o->seed, 100 + (uint64_t)n, (uint64_t)y);

		noise_row(planes->data[0] + (ptrdiff_t)y * planes->stride[0],
			  scene->noise + (size_t)(start * (NOISE - SCENE_SIDE_MAX_PX)),
			  o->width_px);
	}
}

void scene_draw(struct scene *scene, int n, const struct scene_planes *planes)
{
	copy_plate(scene, n, planes);
	scene_distract(&scene->options, &scene->camera, n, planes);
	scene_things_draw(scene->things, n, planes);
	scene_upset(&scene->options, n, planes);
	if (scene->options.plate == NULL || scene->options.noise > 0)
		add_noise(scene, n, planes);
}

bool scene_truth(const struct scene *scene, size_t i, int n, struct scene_box *ret_box)
{
	return scene_things_truth(scene->things, i, n, ret_box);
}

double scene_signal(const struct scene *scene, size_t i, int n)
{
	if (scene->options.blank || scene->options.plate != NULL)
		return 0;
	return sqrt(scene_things_change(scene->things, i, n, scene->plate.data[0])) /
	       noise_of(&scene->options);
}

void scene_throw_frames(const struct scene *scene, size_t i, int *ret_begin, int *ret_end)
{
	*ret_begin = scene->begin[i];
	*ret_end = scene->end[i];
}

void scene_corners(const struct scene *scene, double ret_points[4][2])
{
	static const double at[4][2] = {
		{0, 0}, {SCENE_WIDTH_M, 0}, {SCENE_WIDTH_M, SCENE_HEIGHT_M}, {0, SCENE_HEIGHT_M}};

	for (int i = 0; i < 4; i++) {
		scene_project(&scene->camera, at[i][0], at[i][1], 0, &ret_points[i][0],
			      &ret_points[i][1]);
		ret_points[i][0] /= scene->options.width_px;
		ret_points[i][1] /= scene->options.height_px;
	}
}
