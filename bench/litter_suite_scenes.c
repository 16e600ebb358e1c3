#include "litter_suite.h"

#include <math.h>
#include <string.h>

static double dice(const struct suite_scene *scene, unsigned stream)
{
	return scene_random(scene->options.seed, 9000 + stream, scene->number);
}

static int pick(const struct suite_scene *scene, unsigned stream, int count)
{
	return (int)(dice(scene, stream) * count);
}

const char *suite_weather_name(enum suite_weather weather)
{
	static const char *const names[SUITE_WEATHERS] = {"fair", "overcast", "rain", "night",
							  "snow"};

	return names[weather];
}

static void set_view(struct suite_scene *scene, int height_max, const int sizes[8][2],
		     const int rates[5])
{
	static const int pitches[] = {0, 30, 45, 60};
	struct scene_options *o = &scene->options;
	int size = pick(scene, 0, 8);

	size = height_max > 0 && sizes[size][1] > height_max
		       ? 0
		       : size; /* the first is the usual one */
	o->width_px = sizes[size][0];
	o->height_px = sizes[size][1];
	o->frames_per_s = rates[pick(scene, 1, 5)];
	o->pitch_deg = pitches[pick(scene, 2, 4)];
	o->night = scene->weather == SUITE_NIGHT;
	o->rain = scene->weather == SUITE_RAIN;
	o->snow = scene->weather == SUITE_SNOW;
	o->overcast = scene->weather == SUITE_OVERCAST;
	o->noise = 0.6 + 0.8 * dice(scene, 3);
}

static void begin(const struct suite_choice *choice, unsigned number, struct suite_scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->number = number;
	scene->options.seed = choice->seed * 1000003 + number;
	scene->crf = dice(scene, 4) < choice->h264_share ? 21 + pick(scene, 5, 9) : -1;
}

/* the lowest floor from which a thing falls three storeys and more within the picture */
static int lowest_floor(const struct scene_options *o)
{
	struct scene_camera camera;

	scene_camera_aim(&camera, o->width_px, o->height_px, o->pitch_deg);
	for (int floor = 5; floor < SCENE_FLOORS; floor++) {
		double x, y;

		scene_project(&camera, SCENE_WIDTH_M / 2, (floor - 1 - 4) * SCENE_FLOOR_M, 1, &x,
			      &y);
		if (y < o->height_px)
			return floor;
	}
	return SCENE_FLOORS;
}

/* the columns that the picture shows on the floor */
static void columns_in_view(const struct scene_options *o, int floor, int *ret_first, int *ret_last)
{
	struct scene_camera camera;

	scene_camera_aim(&camera, o->width_px, o->height_px, o->pitch_deg);
	*ret_first = SCENE_COLUMNS;
	*ret_last = 1;
	for (int column = 1; column <= SCENE_COLUMNS; column++) {
		double x, y, low_x;

		scene_project(&camera, (column - 0.5) * SCENE_COLUMN_M, floor * SCENE_FLOOR_M, 1,
			      &x, &y);
		scene_project(&camera, (column - 0.5) * SCENE_COLUMN_M, (floor - 5) * SCENE_FLOOR_M,
			      1, &low_x, &y);
		if (fmin(x, low_x) < 0.05 * o->width_px || fmax(x, low_x) > 0.95 * o->width_px)
			continue;
		*ret_first = column < *ret_first ? column : *ret_first;
		*ret_last = column > *ret_last ? column : *ret_last;
	}
}

static void add_throw(struct suite_scene *scene, unsigned i, double t_s)
{
	struct scene_options *o = &scene->options;
	struct scene_throw *t = &o->throws[o->throw_count];
	unsigned at = 100 + i * 10;
	int low = lowest_floor(o), first, last;

	t->t_s = t_s;
	t->kind = (enum scene_kind)((scene->number * 5 + i) % SCENE_KINDS);
	t->floor = low + pick(scene, at, SCENE_FLOORS - low + 1);
	columns_in_view(o, t->floor, &first, &last);
	if (first > last)
		return;
	t->column = first + pick(scene, at + 1, last - first + 1);
	t->size = 0.65 + 0.6 * dice(scene, at + 2);
	if (dice(scene, at + 3) < 0.4) /* of another colour than kinds mostly are */
		t->luma = o->night                    ? 90 + pick(scene, at + 4, 100)
			  : dice(scene, at + 4) < 0.5 ? 20 + pick(scene, at + 5, 30)
						      : 190 + pick(scene, at + 5, 45);
	t->hidden_m = dice(scene, at + 6) < 0.2 ? 1 + pick(scene, at + 7, 3) : 0;
	o->throw_count++;
}

void suite_throws(const struct suite_choice *choice, unsigned number, struct suite_scene *ret_scene)
{
	static const int sizes[][2] = {{1280, 720},  {1280, 720},  {1280, 720},  {1920, 1080},
				       {1920, 1080}, {2560, 1440}, {3840, 2160}, {1280, 720}},
			 rates[] = {15, 20, 25, 25, 30};
	struct suite_scene *scene = ret_scene;
	struct scene_options *o = &scene->options;
	double t_s = 3;

	begin(choice, number, scene);
	scene->weather = (enum suite_weather)(number % 4);
	set_view(scene, choice->height_max_px, sizes, rates);
	if (scene->crf >= 0 &&
	    o->width_px > 1920) /* encoding 4K here would take all the time there is */
		scene->crf = -1;
	o->leaves = dice(scene, 10) < 0.3;
	o->birds = dice(scene, 11) < 0.4 ? 4 : 0;
	for (unsigned bit = 0; bit < SCENE_DISTRACTORS; bit++) {
		if (dice(scene, 20 + bit) < 0.08)
			o->distract |= 1U << bit;
	}
	o->distract &= ~(unsigned)(SCENE_SHAKE | SCENE_INFRARED);
	o->mirrors = dice(scene, 12) < 0.15;
	for (unsigned i = 0; i < 5; i++) {
		add_throw(scene, i, t_s);
		/* two at once now and then; paper is long on its way */
		t_s += dice(scene, 60 + i) < 0.15 ? 0.5 : 9;
	}
	o->frames = (int)((t_s + 12) * o->frames_per_s);
}

void suite_negative(const struct suite_choice *choice, unsigned number,
		    struct suite_scene *ret_scene)
{
	static const int sizes[][2] = {{1280, 720}, {1280, 720}, {960, 540}, {960, 540},
				       {1280, 720}, {640, 360},  {960, 540}, {1920, 1080}},
			 rates[] = {15, 15, 15, 20, 25};
	static const unsigned of_nature = 3; /* kinds beyond the bits: birds, a tree, weather */
	struct suite_scene *scene = ret_scene;
	struct scene_options *o = &scene->options;
	unsigned kinds = SCENE_DISTRACTORS + of_nature, kind = number % kinds;

	begin(choice, number, scene);
	scene->weather = (enum suite_weather)(number / kinds * 3 + number) % SUITE_WEATHERS;
	if (kind < SCENE_DISTRACTORS)
		o->distract = 1U << kind;
	else if (kind == SCENE_DISTRACTORS + 2 && scene->weather != SUITE_SNOW)
		scene->weather = number % 2 == 0 ? SUITE_RAIN : SUITE_SNOW;
	set_view(scene, choice->height_max_px, sizes, rates);
	o->birds = kind == SCENE_DISTRACTORS || dice(scene, 11) < 0.2 ? choice->clip_s / 10 : 0;
	o->birds = o->birds > SCENE_BIRDS_MAX ? SCENE_BIRDS_MAX : o->birds;
	o->leaves = kind == SCENE_DISTRACTORS + 1 || dice(scene, 10) < 0.15;
	for (unsigned bit = 0; bit < SCENE_DISTRACTORS; bit++) { /* and what else there is */
		if (dice(scene, 20 + bit) < 0.1)
			o->distract |= 1U << bit;
	}
	o->frames = choice->clip_s * o->frames_per_s;
}

void suite_calibrate(const struct scene *scene, struct litter_calibration *ret_calibration)
{
	double at[4][2];

	scene_corners(scene, at);
	memset(ret_calibration, 0, sizeof(*ret_calibration));
	for (int i = 0; i < 4; i++)
		ret_calibration->points[i] = (struct litter_spot){(float)at[i][0], (float)at[i][1]};
	ret_calibration->floor_low = 1;
	ret_calibration->floor_high = SCENE_FLOORS;
	ret_calibration->columns = SCENE_COLUMNS;
	ret_calibration->known = true;
}
