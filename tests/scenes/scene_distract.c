#include "scene_tile.h"

#include <math.h>
#include <string.h>

#define TURN 6.2832

/* One stage on which @p things appear by the seed: what, when and where they are in one frame. */
struct stage {
	const struct scene_options *o;
	const struct scene_camera *camera;
	const struct scene_planes *planes;
	double t_s, unit; /* pixels of a 720-row picture */
};

static const char *const names[SCENE_DISTRACTORS] = {
	"insects", "loose-leaves", "laundry",  "curtains", "lights", "headlights",
	"shade",   "shake",        "infrared", "drip",     "drone",  "cleaners",
	"lift",    "clock",        "passers",  "divers"};

const char *scene_distractor_name(unsigned bit)
{
	for (unsigned i = 0; i < SCENE_DISTRACTORS; i++) {
		if (bit == 1U << i)
			return names[i];
	}
	return NULL;
}

unsigned scene_distractor_find(const char *name)
{
	for (unsigned i = 0; i < SCENE_DISTRACTORS; i++) {
		if (strcmp(names[i], name) == 0)
			return 1U << i;
	}
	return 0;
}

/* numbers of one guest: the @p k'th of stream @p stream, visit @p visit */
static double dice(const struct stage *s, unsigned stream, uint64_t visit, unsigned k)
{
	return scene_random(s->o->seed, 200 + stream * 16 + k, visit);
}

/*
 * Time is cut into pieces of @p every_s; in each piece there is one visit. @return its age, below
 * 0: not yet.
 */
static double visit(const struct stage *s, unsigned stream, double every_s, uint64_t *ret_visit)
{
	double piece = floor(s->t_s / every_s);

	*ret_visit = (uint64_t)piece;
	return s->t_s - (piece + 0.4 * dice(s, stream, *ret_visit, 0)) * every_s;
}

static void put_blob(const struct stage *s, double x, double y, double a, double b, double turn,
		     double weight, uint8_t luma)
{
	struct scene_tile tile;

	if (x < -SCENE_TILE || y < -SCENE_TILE || x > s->o->width_px + SCENE_TILE ||
	    y > s->o->height_px + SCENE_TILE)
		return;
	scene_tile_begin(&tile, x, y, fmax(a, b) + 1);
	scene_tile_add(&tile, x, y, fmax(a, 0.5), fmax(b, 0.5), turn, weight);
	scene_tile_put(&tile, s->o, s->planes, luma, 128, 128);
}

static void insects(const struct stage *s)
{
	for (unsigned k = 0; k < 2; k++) {
		uint64_t which;
		double age = visit(s, 0 + k, 3 + k, &which), way = TURN * dice(s, 0 + k, which, 1);
		double speed = (0.5 + 1.5 * dice(s, 0 + k, which, 2)) * s->o->height_px;
		double size = (4 + 12 * dice(s, 0 + k, which, 3)) * s->unit;
		double bend = sin(age * (4 + 8 * dice(s, 0 + k, which, 4)) + way) * 0.08 *
			      s->o->height_px;
		double x = dice(s, 0 + k, which, 5) * s->o->width_px +
			   cos(way) * speed * (age - 0.5) - sin(way) * bend;
		double y = dice(s, 0 + k, which, 6) * s->o->height_px +
			   sin(way) * speed * (age - 0.5) + cos(way) * bend;

		if (age >= 0 && age < 1.2)
			put_blob(s, x, y, size, size * 0.7, way, 0.55, s->o->night ? 200 : 50);
	}
}

static void loose_leaves(const struct stage *s)
{
	uint64_t which;
	double age = visit(s, 2, 12, &which), r = dice(s, 2, which, 1),
	       wind = dice(s, 2, which, 2) - 0.5;
	double fall = (0.03 + 0.10 * dice(s, 2, which, 3)) * s->o->height_px;
	double swing = sin(age * (3 + 3 * r)) * (0.012 + 0.03 * r) * s->o->height_px;
	double x =
		dice(s, 2, which, 4) * s->o->width_px + wind * 0.3 * s->o->height_px * age + swing;
	double y = dice(s, 2, which, 5) * 0.6 * s->o->height_px + fall * age +
		   0.3 * swing * sin(age * (3 + 3 * r));
	double size = (2 + 3 * dice(s, 2, which, 6)) * s->unit;

	if (age >= 0 && age < 6.5)
		put_blob(s, x, y, size, size * (0.3 + 0.7 * fabs(sin(age * 5))), age * 3, 0.9,
			 (uint8_t)(50 + 110 * r));
}

/*
 * the place of a window, or of what stands @p up_m above the floor of a flat, as a rectangle in the
 * picture
 */
static void flat(const struct stage *s, unsigned stream, uint64_t k, double up_m, double wide_m,
		 double tall_m, double ret_box[4])
{
	double u = (floor(dice(s, stream, k, 1) * SCENE_COLUMNS) + 0.3) * SCENE_COLUMN_M;
	double v = (1 + floor(dice(s, stream, k, 2) * (SCENE_FLOORS - 2))) * SCENE_FLOOR_M + up_m;

	scene_project(s->camera, u, v + tall_m, 0, &ret_box[0], &ret_box[1]);
	scene_project(s->camera, u + wide_m, v, 0, &ret_box[2], &ret_box[3]);
}

static void laundry(const struct stage *s)
{
	for (uint64_t k = 0; k < 8; k++) {
		double b[4], gust = 0.5 + 0.5 * sin(s->t_s * 0.4 + (double)k);
		double sway = gust * sin(s->t_s * (2 + dice(s, 3, k, 3) * 2) + (double)k * 2) * 4 *
			      s->unit;

		flat(s, 3, k, 0.9, 0.6 + 0.5 * dice(s, 3, k, 4), 1.1, b);
		for (int part = 0; part < 4; part++) { /* what hangs swings further below */
			double low = b[1] + (b[3] - b[1]) * part / 4,
			       high = b[1] + (b[3] - b[1]) * (part + 1) / 4;

			scene_rectangle(
				s->o, s->planes, b[0] + sway * (part + 1) / 4, low,
				b[2] + sway * (part + 1) / 4, high,
				(uint8_t)((60 + 160 * dice(s, 3, k, 5)) * (s->o->night ? 0.4 : 1)),
				1);
		}
	}
}

static void curtains(const struct stage *s)
{
	for (uint64_t k = 0; k < 6; k++) {
		uint64_t which;
		double age = visit(s, 4, 20 + 3 * (double)k, &which), b[4];
		double before = dice(s, 5, which * 8 + k, 0),
		       after = dice(s, 5, which * 8 + k + 8, 0);
		double open = before + (after - before) * fmax(0, fmin(1, age / 1.5));

		flat(s, 6, k, 0.95, 2.0, 1.5, b);
		scene_rectangle(s->o, s->planes, b[0], b[1], b[0] + (b[2] - b[0]) * open, b[3],
				s->o->night ? 90 : 165, 1);
	}
}

static void lights(const struct stage *s)
{
	uint64_t which;
	double age, b[4];

	for (uint64_t k = 0; k < 10; k++) {
		age = visit(s, 7, 14 + 5 * (double)k, &which);
		flat(s, 8, k, 0.95, 2.2, 1.5, b);
		if ((age >= 0) == (which % 2 == 0))
			scene_rectangle(s->o, s->planes, b[0], b[1], b[2], b[3], 225, 0.85);
	}
	age = visit(s, 9, 90, &which); /* somebody goes down the stairs, and the lights with them */
	for (int floor = SCENE_FLOORS - 2; floor > 0 && age > 0; floor--) {
		double on = age - (SCENE_FLOORS - floor) * (0.8 + dice(s, 9, which, 1));
		double x0, y0, x1, y1;

		scene_project(s->camera, 16.2, floor * SCENE_FLOOR_M + 1.8, 0, &x0, &y0);
		scene_project(s->camera, 17.0, floor * SCENE_FLOOR_M + 0.8, 0, &x1, &y1);
		if (on > 0 && on < 8)
			scene_rectangle(s->o, s->planes, x0, y0, x1, y1, 230, 0.8);
	}
}

static void headlights(const struct stage *s)
{
	uint64_t which;
	double age = visit(s, 10, 9, &which), side = dice(s, 10, which, 1) < 0.5 ? -1 : 1;
	double x =
		(0.5 + side * (age * (0.15 + 0.2 * dice(s, 10, which, 2)) - 0.7)) * s->o->width_px;
	double y = 0.95 * s->o->height_px;

	if (age < 0)
		return;
	for (int lamp = 0; lamp < 2; lamp++)
		put_blob(s, x + lamp * 22 * s->unit, y, 6 * s->unit, 5 * s->unit, 0, 1, 235);
	for (int band = 0; band < 6; band++) /* the glow runs ahead of it over the wall */
		scene_rectangle(s->o, s->planes, x + side * (80 + band * 14) * s->unit,
				0.25 * s->o->height_px,
				x + side * (80 + band * 14) * s->unit + 14 * s->unit,
				0.92 * s->o->height_px, 200, 0.10 - 0.03 * fabs(band - 2.5));
}

static void drip(const struct stage *s)
{
	for (uint64_t k = 0; k < 3; k++) {
		double every_s = 1.2 + 3 * dice(s, 11, k, 3),
		       age = fmod(s->t_s + 7 * dice(s, 11, k, 4), every_s);
		double u = (floor(dice(s, 11, k, 1) * SCENE_COLUMNS) + 0.9) * SCENE_COLUMN_M;
		double v = (3 + floor(dice(s, 11, k, 2) * (SCENE_FLOORS - 4))) * SCENE_FLOOR_M, x,
		       y;
		double fallen = 4.9 * age * age;

		if (age > 2.6) /* water has splashed before its own terminal speed matters */
			continue;
		scene_project(s->camera, u, v - fallen, 0.8, &x, &y);
		if (v - fallen > 0.2)
			put_blob(s, x, y, 0.6 * s->unit, (0.8 + 1.5 * age) * s->unit, 0, 0.3, 210);
	}
}

static void drone(const struct stage *s)
{
	uint64_t which;
	double age = visit(s, 12, 45, &which), r = dice(s, 12, which, 1);
	double drop =
		0.25 + 0.3 * dice(s, 12, which, 4); /* heights, down at an even speed, then off */
	double x = (0.1 + 0.5 * r) * s->o->width_px, y = 0.15 * s->o->height_px;
	double in = fmin(age, 6), down = fmax(0, fmin(age - 8, 6)) / 6, off = fmax(0, age - 16);

	if (age < 0 || age > 24)
		return;
	x += (in - 6) * 0.12 * s->o->width_px + off * off * 0.03 * s->o->width_px +
	     2 * s->unit * sin(age * 2.1);
	y += down * down * (3 - 2 * down) * drop * s->o->height_px - off * 0.03 * s->o->height_px +
	     1.5 * s->unit * sin(age * 3);
	put_blob(s, x, y, 7 * s->unit, 2.5 * s->unit, 0, 0.95, 40);
	for (int rotor = -1; rotor <= 1; rotor += 2)
		put_blob(s, x + rotor * 7 * s->unit, y - 2 * s->unit, 4 * s->unit, 1.2 * s->unit, 0,
			 0.4 + 0.2 * sin(s->t_s * 40), 70);
}

static void cleaners(const struct stage *s)
{
	double way = fmod(s->t_s * 0.25, 44), rest = fmod(s->t_s, 24), x, y, scale;
	double v = SCENE_HEIGHT_M - 4 - way + (rest < 12 ? 0 : 0.25 * (rest - 12) * 0.5);
	double u = 6 + 18 * dice(s, 13, (uint64_t)(s->t_s * 0.25 / 44), 1);

	scale = scene_project(s->camera, u, v, 0.6, &x, &y);
	scene_rectangle(s->o, s->planes, x - 1.5 * scale, y - 0.5 * scale, x + 1.5 * scale,
			y + 0.5 * scale, 70, 1);
	for (int man = -1; man <= 1; man += 2)
		put_blob(s, x + man * scale + 0.25 * scale * sin(s->t_s * 3 + man),
			 y - 0.9 * scale + 0.2 * scale * sin(s->t_s * 4.1), 0.3 * scale,
			 0.7 * scale, 0, 1, 190);
}

/* where the lift is: it goes from floor to floor, three seconds and more at each */
static double lift_height(const struct stage *s)
{
	uint64_t trip;
	double age = visit(s, 14, 30, &trip), from, to, way, seconds;

	from = floor(dice(s, 15, trip, 0) * (SCENE_FLOORS - 1)) * SCENE_FLOOR_M;
	to = floor(dice(s, 15, trip + 1, 0) * (SCENE_FLOORS - 1)) * SCENE_FLOOR_M;
	seconds = fabs(to - from) / 2.2 + 1.5;
	way = fmax(0, fmin(1, age / seconds));
	return from + (to - from) * way * way * (3 - 2 * way);
}

static void lift(const struct stage *s)
{
	double x0, y0, x1, y1, v = lift_height(s);

	scene_project(s->camera, 8.3, v + 2.6, 0.1, &x0, &y0);
	scene_project(s->camera, 9.8, v + 0.2, 0.1, &x1, &y1);
	scene_rectangle(s->o, s->planes, x0, y0, x1, y1, s->o->night ? 180 : 60, 0.9);
}

static void passers(const struct stage *s)
{
	for (uint64_t k = 0; k < 4; k++) {
		uint64_t which;
		bool car = k == 3;
		double every_s = 10 + 3 * (double)k,
		       age = visit(s, 16 + (unsigned)k, every_s, &which);
		double speed = car ? 0.16 + 0.2 * dice(s, 16, which, 2)
				   : 0.03 + 0.03 * dice(s, 16, which, 3);
		double from = car ? -0.1 : dice(s, 17, which, 4), tall = (car ? 16 : 22) * s->unit;
		double x = (from + speed * age) * s->o->width_px;
		double y = (car ? 0.965 : 0.95) * s->o->height_px +
			   (car ? 0 : sin(age * 9) * 0.8 * s->unit);
		uint8_t luma = (uint8_t)(40 + 150 * dice(s, 18, which, 5));

		if (age < 0)
			continue;
		put_blob(s, x, y, (car ? 34 : 6) * s->unit, tall, 0, 1, luma);
		if (!car)
			put_blob(s, x + 4 * s->unit * sin(age * 9), y + 18 * s->unit, 3 * s->unit,
				 9 * s->unit, 0.4 * sin(age * 9), 1, 50);
	}
}

/* a pigeon lets itself drop from its ledge, opens its wings and is off */
static void divers(const struct stage *s)
{
	uint64_t which;
	double age = visit(s, 20, 25, &which), side = dice(s, 20, which, 1) < 0.5 ? -1 : 1;
	double folded = 0.3 + 0.5 * dice(s, 20, which, 2), fly = fmax(0, age - folded);
	double u = dice(s, 20, which, 3) * SCENE_WIDTH_M,
	       v = (6 + 11 * dice(s, 20, which, 4)) * SCENE_FLOOR_M;
	double speed = 9.8 * folded, x, y, scale, beat = sin(age * 5 * TURN);

	if (age < 0 || age > 7)
		return;
	v -= 4.9 * fmin(age, folded) * fmin(age, folded);
	v -= speed * (1 - exp(-1.6 * fly)) / 1.6 - 0.5 * fly; /* the dive flattens out */
	u += side * fmin(fly * fly * 4, 8 * fly);
	scale = scene_project(s->camera, u, v, 1.5, &x, &y);
	put_blob(s, x, y, fmax(0.25 * scale, 2), fmax(0.13 * scale, 1.3), side * 0.5, 0.95, 45);
	if (fly > 0)
		put_blob(s, x, y - beat * 0.2 * scale, fmax(0.3 * scale, 2), fmax(0.1 * scale, 1.2),
			 beat, 0.8, 55);
}

void scene_distract(const struct scene_options *options, const struct scene_camera *camera, int n,
		    const struct scene_planes *planes)
{
	static void (*const acts[SCENE_DISTRACTORS])(const struct stage *) = {
		insects, loose_leaves, laundry, curtains, lights, headlights, NULL,    NULL,
		NULL,    drip,         drone,   cleaners, lift,   NULL,       passers, divers};
	struct stage stage = {.o = options,
			      .camera = camera,
			      .planes = planes,
			      .t_s = (double)n / options->frames_per_s,
			      .unit = options->height_px / 720.0};

	for (unsigned i = 0; i < SCENE_DISTRACTORS; i++) {
		if ((options->distract & 1U << i) != 0 && acts[i] != NULL)
			acts[i](&stage);
	}
}
