#include "scene_tile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	FLIGHT_STEPS_PER_S = 500,
	FLIGHT_STEPS = 20 * FLIGHT_STEPS_PER_S, /* paper from the top takes about 16 s */
	BLUR_SIGHTS = 8,
	LEAVES = 1300,
	BOUGHS = 110, /* of the leaves: large, dark and nearly still */
	DROPS = 350,
};

struct habit {
	const char *name;
	double long_m, short_m, terminal_m_s, sway_m_s, turns_per_s;
	uint8_t luma, cb, cr;
};

/* bright or dark enough to be told from wall and window alike */
static const struct habit habits[SCENE_KINDS] = {
	[SCENE_BOTTLE] = {"bottle", 0.42, 0.26, 34, 0.0, 2.2, 226, 122, 124},
	[SCENE_BOX] = {"box", 0.60, 0.50, 17, 0.1, 0.7, 106, 104, 146},
	[SCENE_BAG] = {"bag", 0.62, 0.55, 15, 0.3, 0.6, 222, 128, 128},
	[SCENE_BOOK] = {"book", 0.40, 0.32, 20, 0.3, 1.8, 205, 112, 150},
	[SCENE_SHOE] = {"shoe", 0.42, 0.30, 27, 0.0, 1.6, 30, 128, 130},
	[SCENE_CLOTHES] = {"clothes", 0.95, 0.60, 8, 0.8, 0.4, 208, 146, 116},
	[SCENE_PAPER] = {"paper", 0.45, 0.36, 3.6, 1.1, 0.9, 235, 128, 128},
	[SCENE_WASTE] = {"waste", 0.70, 0.55, 14, 0.4, 0.8, 36, 126, 128},
};

struct place {
	double u, v, w;
};

struct flight {
	struct place *path; /* one every step, up to the ground */
	size_t steps;
	double begin_s, turn, size;
	size_t hidden; /* steps */
	uint8_t luma;
	const struct habit *habit;
};

struct bird {
	double begin_s, x, y, speed, size, flaps, wave;
};

struct leaf {
	double x, y, size, phase, reach;
	uint8_t luma, cb, cr;
};

struct scene_things {
	struct scene_options options;
	struct scene_camera camera;
	struct flight flights[SCENE_THROWS_MAX];
	struct bird birds[SCENE_BIRDS_MAX];
	struct leaf leaves[LEAVES];
};

const char *scene_kind_name(enum scene_kind kind)
{
	return habits[kind].name;
}

enum scene_kind scene_kind_find(const char *name)
{
	int kind = 0;

	while (kind < SCENE_KINDS && strcmp(habits[kind].name, name) != 0)
		kind++;
	return (enum scene_kind)kind;
}

/* Gravity, and drag that grows with the square of the speed through the air. */
static int fly(struct flight *flight, const struct scene_throw *throw, uint64_t seed, size_t i)
{
	const struct habit *habit = &habits[throw->kind];
	const double dt = 1.0 / FLIGHT_STEPS_PER_S, g = 9.81;
	double r[4], vu, vv, vw, sway;
	struct place p;

	for (uint64_t k = 0; k < 4; k++)
		r[k] = scene_random(seed, 20 + k, i);
	p.u = (throw->column - 0.5) * SCENE_COLUMN_M + (r[0] - 0.5) * 1.6;
	p.v = (throw->floor - 1) * SCENE_FLOOR_M + 1.45;
	p.w = 0.4;
	vu = (r[1] - 0.5) * 1.6;
	vv = 0.3 + 0.7 * r[2];
	vw = 0.8 + 1.2 * r[3];
	flight->habit = habit;
	flight->begin_s = throw->t_s;
	flight->turn = r[1] * 6.28;
	flight->size = throw->size > 0 ? throw->size : 1;
	flight->luma = throw->luma > 0 ? (uint8_t) throw->luma : habit->luma;
	flight->path = calloc(FLIGHT_STEPS, sizeof(*flight->path));
	if (flight->path == NULL)
		return -ENOMEM;
	for (size_t n = 0; n < FLIGHT_STEPS && p.v > 0.1; n++) {
		double speed = sqrt(vu * vu + vv * vv + vw * vw);
		double drag = g * speed / (habit->terminal_m_s * habit->terminal_m_s);

		flight->path[flight->steps++] = p;
		if (p.v > (throw->floor - 1) * SCENE_FLOOR_M + 1.45 - throw->hidden_m &&
		    throw->hidden_m > 0)
			flight->hidden = flight->steps;
		sway = habit->sway_m_s * sin((double)n * dt * 2.6 + r[0] * 6);
		vu -= drag * vu * dt;
		vv -= (g + drag * vv) * dt;
		vw -= drag * vw * dt;
		p.u += (vu + sway) * dt;
		p.v += vv * dt;
		p.w += vw * dt;
	}
	return 0;
}

static void start_birds(struct scene_things *things)
{
	const struct scene_options *o = &things->options;

	for (int i = 0; i < o->birds; i++) {
		double r[6], side;

		for (uint64_t k = 0; k < 6; k++)
			r[k] = scene_random(o->seed, 30 + k, (uint64_t)i);
		side = r[0] < 0.5 ? -1 : 1;
		things->birds[i] = (struct bird){
			.begin_s =
				(i + r[1]) * ((double)o->frames / o->frames_per_s) / o->birds - 1.5,
			.x = side > 0 ? -0.03 : 1.03,
			.y = 0.08 + 0.5 * r[2],
			.speed = side * (0.14 + 0.14 * r[3]),
			.size = (5 + 5 * r[4]) * o->height_px / 720.0,
			.flaps = 4 + 4 * r[5],
			.wave = 0.01 + 0.02 * r[4]};
	}
}

static void grow_leaves(struct scene_things *things)
{
	const struct scene_options *o = &things->options;

	for (uint64_t i = 0; i < LEAVES; i++) {
		double far = sqrt(scene_random(o->seed, 40, i)),
		       turn = scene_random(o->seed, 41, i) * 6.2832;
		double tone = scene_random(o->seed, 42, i), unit = o->height_px / 720.0;
		bool bough = i < BOUGHS;

		things->leaves[i] = (struct leaf){
			.x = 0.02 * o->width_px +
			     far * cos(turn) * (bough ? 0.25 : 0.30) * o->height_px,
			.y = 0.80 * o->height_px +
			     far * sin(turn) * (bough ? 0.20 : 0.24) * o->height_px,
			.size = (bough ? 26 : 3 + 4 * scene_random(o->seed, 43, i)) * unit,
			.phase = tone * 3,
			.reach = (bough ? 0.3 : 0.4 + far) * 2.2 * unit,
			.luma = (uint8_t)((bough ? 46 + 8 * tone : 52 + 50 * tone) *
					  (o->night ? 0.4 : 1)),
			.cb = 112,
			.cr = 118};
	}
}

int scene_things_open(const struct scene_options *options, const struct scene_camera *camera,
		      struct scene_things **ret_things)
{
	struct scene_things *things = calloc(1, sizeof(*things));
	int r = 0;

	if (things == NULL)
		return -ENOMEM;
	things->options = *options;
	things->camera = *camera;
	for (size_t i = 0; i < options->throw_count && r == 0; i++)
		r = fly(&things->flights[i], &options->throws[i], options->seed, i);
	start_birds(things);
	grow_leaves(things);
	if (r < 0) {
		scene_things_close(things);
		return r;
	}
	*ret_things = things;
	return 0;
}

void scene_things_close(struct scene_things *things)
{
	if (things == NULL)
		return;
	for (size_t i = 0; i < SCENE_THROWS_MAX; i++)
		free(things->flights[i].path);
	free(things);
}

/*
 * Throw @p i while the shutter of frame @p n is open: half of the frame's time.
 * @param side  1: the thing; -1: its image, which stands as far behind the facade as it is before
 *              it.
 */
static bool catch_flight(const struct scene_things *things, size_t i, int n, int side,
			 struct scene_tile *tile)
{
	const struct flight *f = &things->flights[i];
	const struct scene_options *o = &things->options;
	double opens_s = (double)n / o->frames_per_s - f->begin_s, x, y, scale, a, b;
	double unit = f->size * o->height_px / 720;
	bool any = false;

	for (int k = 0; k < BLUR_SIGHTS; k++) {
		double t = opens_s + (k + 0.5) / BLUR_SIGHTS * 0.5 / o->frames_per_s;
		double step = t * FLIGHT_STEPS_PER_S,
		       turn = f->turn + t * f->habit->turns_per_s * 6.2832;
		const struct place *p;

		if (t < 0 || step >= (double)f->steps || step < (double)f->hidden)
			continue;
		p = &f->path[(size_t)step];
		scale = scene_project(&things->camera, p->u, p->v, side * p->w, &x, &y);
		if (!any)
			scene_tile_begin(tile, x, y, SCENE_TILE);
		any = true;
		a = fmax(f->habit->long_m * f->size * scale / 2, fmax(2.2 * unit, 1.5));
		b = fmax(f->habit->short_m * f->size * scale / 2 *
				 (0.75 + 0.25 * fabs(sin(turn * 0.7))),
			 fmax(1.6 * unit, 1.2));
		scene_tile_add(tile, x, y, a, b, side * turn, 1.0 / BLUR_SIGHTS);
	}
	return any && tile->high_x > tile->low_x;
}

bool scene_things_truth(const struct scene_things *things, size_t i, int n,
			struct scene_box *ret_box)
{
	const struct scene_options *o = &things->options;
	struct scene_tile tile;
	double left, top, right, bottom;

	if (i >= o->throw_count || !catch_flight(things, i, n, 1, &tile))
		return false;
	left = fmax(0, tile.left + tile.low_x);
	top = fmax(0, tile.top + tile.low_y);
	right = fmin(o->width_px, tile.left + tile.high_x);
	bottom = fmin(o->height_px, tile.top + tile.high_y);
	if (right <= left || bottom <= top)
		return false;
	*ret_box = (struct scene_box){(left + right) / 2, (top + bottom) / 2, right - left,
				      bottom - top};
	return true;
}

static uint8_t luma_of(const struct scene_options *options, const struct flight *flight)
{
	return options->night && flight->luma > 120 ? 120 : flight->luma;
}

double scene_things_change(const struct scene_things *things, size_t i, int n, const uint8_t *plate)
{
	const struct scene_options *o = &things->options;
	struct scene_tile tile;
	double sum = 0;

	if (i >= o->throw_count || !catch_flight(things, i, n, 1, &tile))
		return 0;
	for (int row = tile.low_y; row < tile.high_y; row++) {
		for (int column = tile.low_x; column < tile.high_x; column++) {
			int x = tile.left + column, y = tile.top + row;
			double change;

			if (x < 0 || y < 0 || x >= o->width_px || y >= o->height_px)
				continue;
			change = fmin(1, (double)tile.cover[row][column]) *
				 (luma_of(o, &things->flights[i]) -
				  plate[(ptrdiff_t)y * o->width_px + x]);
			sum += change * change;
		}
	}
	return sum;
}

static void draw_bird(const struct scene_things *things, const struct bird *bird, double t_s,
		      const struct scene_planes *planes)
{
	const struct scene_options *o = &things->options;
	double age = t_s - bird->begin_s, beat = sin(age * bird->flaps * 6.2832);
	double x = (bird->x + bird->speed * age) * o->width_px;
	double y =
		(bird->y + bird->wave * sin(age * 1.7)) * o->height_px - beat * bird->size * 0.12;
	struct scene_tile tile;

	if (age < 0 || x < -2.0 * SCENE_TILE || x > o->width_px + 2.0 * SCENE_TILE)
		return;
	scene_tile_begin(&tile, x, y, bird->size * 2);
	scene_tile_add(&tile, x, y, bird->size * 0.5, bird->size * 0.18, 0, 0.9);
	for (int side = -1; side <= 1; side += 2)
		scene_tile_add(&tile, x + side * bird->size * 0.25, y - beat * bird->size * 0.3,
			       bird->size * 0.45, bird->size * 0.12, side * beat * -0.8, 0.8);
	scene_tile_put(&tile, o, planes, 38, 128, 128);
}

static void draw_leaves(const struct scene_things *things, double t_s,
			const struct scene_planes *planes)
{
	const struct scene_options *o = &things->options;
	double gust = 0.6 + 0.4 * sin(t_s * 0.5 + (double)(o->seed % 7));
	struct scene_tile tile;

	for (int i = 0; i < LEAVES; i++) {
		const struct leaf *l = &things->leaves[i];
		double sway = sin(t_s * 2.1 + l->phase) + 0.4 * sin(t_s * 5.3 + l->phase * 5);
		double x = l->x + l->reach * gust * sway,
		       y = l->y + 0.5 * l->reach * gust * cos(t_s * 2.7 + l->phase);

		scene_tile_begin(&tile, x, y, l->size + 1);
		scene_tile_add(&tile, x, y, l->size, l->size * 0.55, l->phase * 2 + 0.3 * sway, 1);
		scene_tile_put(&tile, o, planes, l->luma, l->cb, l->cr);
	}
}

static void draw_fall_of_weather(const struct scene_things *things, double t_s,
				 const struct scene_planes *planes)
{
	const struct scene_options *o = &things->options;
	double unit = o->height_px / 720.0, speed = (o->rain ? 900 : 75) * unit,
	       tall = o->height_px + 40 * unit;
	struct scene_tile tile;

	for (uint64_t i = 0; i < DROPS; i++) {
		double near = 0.6 + 0.8 * scene_random(o->seed, 50, i);
		double way = scene_random(o->seed, 51, i) * tall + t_s * speed * near;
		uint64_t round = (uint64_t)(way / tall);
		double y = fmod(way, tall) - 20 * unit;
		double x = scene_random(o->seed, 52 + round, i) * o->width_px +
			   (o->snow ? 12 * unit * sin(t_s * near + (double)i) : 0);

		scene_tile_begin(&tile, x, y, 14 * unit);
		if (o->rain)
			scene_tile_add(&tile, x, y, 0.8 * unit, 9 * unit * near, -0.06, 0.22);
		else
			scene_tile_add(&tile, x, y, 1.5 * unit * near, 1.5 * unit * near, 0, 0.7);
		scene_tile_put(&tile, o, planes, o->rain ? 190 : 228, 128, 128);
	}
}

static void fade(struct scene_tile *tile, float by)
{
	for (int i = tile->low_y; i < tile->high_y; i++) {
		for (int j = tile->low_x; j < tile->high_x; j++)
			tile->cover[i][j] *= by;
	}
}

static void draw_flight(const struct scene_things *things, size_t i, int n,
			const struct scene_planes *planes)
{
	const struct scene_options *o = &things->options;
	const struct flight *f = &things->flights[i];
	uint8_t luma = luma_of(o, f);
	struct scene_tile tile;

	if (o->mirrors && catch_flight(things, i, n, -1, &tile)) {
		fade(&tile, 0.4F);
		scene_tile_put(&tile, o, planes, luma, f->habit->cb, f->habit->cr);
	}
	if (catch_flight(things, i, n, 1, &tile))
		scene_tile_put(&tile, o, planes, luma, f->habit->cb, f->habit->cr);
}

void scene_things_draw(const struct scene_things *things, int n, const struct scene_planes *planes)
{
	const struct scene_options *o = &things->options;
	double t_s = (double)n / o->frames_per_s;

	for (int i = 0; i < o->birds; i++)
		draw_bird(things, &things->birds[i], t_s, planes);
	for (size_t i = 0; i < o->throw_count; i++)
		draw_flight(things, i, n, planes);
	if (o->leaves)
		draw_leaves(things, t_s, planes);
	if (o->rain || o->snow)
		draw_fall_of_weather(things, t_s, planes);
}
