/* scene_make: a film of a facade with throws, by seed, and the truth about it. */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene.h"

enum { PATH_BYTES = 1024, ERROR_BYTES = 256, NUMBER_MAX = 1000000, PLATE_PICTURES = 300 };

enum option_key {
	KEY_WIDTH = 256,
	KEY_HEIGHT,
	KEY_FPS,
	KEY_SECONDS,
	KEY_THROW,
	KEY_THROWS,
	KEY_BIRDS,
	KEY_LEAVES,
	KEY_RAIN,
	KEY_SNOW,
	KEY_NIGHT,
	KEY_TRUTH,
	KEY_OVERCAST,
	KEY_PITCH,
	KEY_DISTRACT,
	KEY_MIRRORS,
	KEY_PLATE
};

static const struct argp_option option_table[] = {
	{"seed", 's', "N", 0, "The same seed, the same film (default 1)", 0},
	{"out", 'o', "FILE.mp4", 0, "The film", 0},
	{"truth", KEY_TRUTH, "FILE.csv", 0,
	 "Where each thing is in each frame; FILE.json beside it", 0},
	{"width", KEY_WIDTH, "PX", 0, "Default 1280", 0},
	{"height", KEY_HEIGHT, "PX", 0, "Default 720", 0},
	{"fps", KEY_FPS, "N", 0, "Default 25", 0},
	{"seconds", KEY_SECONDS, "N", 0, "Default 12", 0},
	{"throw", KEY_THROW, "T,FLOOR,COLUMN,KIND", 0, "At second T; may be repeated", 0},
	{"throws", KEY_THROWS, "N", 0, "So many at random", 0},
	{"birds", KEY_BIRDS, "N", 0, "Default 0", 0},
	{"leaves", KEY_LEAVES, "0|1", 0, "A tree that sways (default 0)", 0},
	{"rain", KEY_RAIN, NULL, 0, "", 0},
	{"snow", KEY_SNOW, NULL, 0, "", 0},
	{"night", KEY_NIGHT, NULL, 0, "", 0},
	{"overcast", KEY_OVERCAST, NULL, 0, "", 0},
	{"pitch", KEY_PITCH, "DEGREES", 0, "Look up by 30, 45 or 60 (default: the whole building)",
	 0},
	{"distract", KEY_DISTRACT, "WORD", 0,
	 "May be repeated: insects, loose-leaves, laundry, curtains, lights, headlights, shade, "
	 "shake, "
	 "infrared, drip, "
	 "drone, cleaners, lift, clock, passers, divers",
	 0},
	{"mirrors", KEY_MIRRORS, NULL, 0, "The facade is of glass", 0},
	{"plate", KEY_PLATE, "FILE", 0,
	 "Draw on this photo or film (its first 300 pictures, grey) instead", 0},
	{0},
};

struct request {
	struct scene_options options;
	const char *out, *truth, *plate;
	int seconds, random_throws;
};

static long number(const char *text, struct argp_state *state)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end != '\0' || end == text || value < 0 || value > NUMBER_MAX)
		argp_error(state, "'%s' is no whole number from 0 to %d", text, NUMBER_MAX);
	return value;
}

static void add_throw(struct request *request, const char *text, struct argp_state *state)
{
	struct scene_throw *t = &request->options.throws[request->options.throw_count];
	char kind[16];

	if (request->options.throw_count == SCENE_THROWS_MAX)
		argp_error(state, "at most %d throws", SCENE_THROWS_MAX);
	if (sscanf(text, "%lf,%d,%d,%15s", &t->t_s, &t->floor, &t->column, kind) != 4)
		argp_error(state, "'%s' is no T,FLOOR,COLUMN,KIND", text);
	t->kind = scene_kind_find(kind);
	if (t->kind == SCENE_KINDS)
		argp_error(state,
			   "'%s' is no kind of thing: bottle, box, bag, book, shoe, clothes, paper "
			   "or waste",
			   kind);
	request->options.throw_count++;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct request *request = state->input;
	struct scene_options *options = &request->options;

	switch (key) {
	case 's':
		options->seed = (uint64_t)number(arg, state);
		return 0;
	case 'o':
		request->out = arg;
		return 0;
	case KEY_TRUTH:
		request->truth = arg;
		return 0;
	case KEY_WIDTH:
		options->width_px = (int)number(arg, state);
		return 0;
	case KEY_HEIGHT:
		options->height_px = (int)number(arg, state);
		return 0;
	case KEY_FPS:
		options->frames_per_s = (int)number(arg, state);
		return 0;
	case KEY_SECONDS:
		request->seconds = (int)number(arg, state);
		return 0;
	case KEY_THROW:
		add_throw(request, arg, state);
		return 0;
	case KEY_THROWS:
		request->random_throws = (int)number(arg, state);
		return 0;
	case KEY_BIRDS:
		options->birds = (int)number(arg, state);
		return 0;
	case KEY_LEAVES:
		options->leaves = number(arg, state) != 0;
		return 0;
	case KEY_RAIN:
		options->rain = true;
		return 0;
	case KEY_SNOW:
		options->snow = true;
		return 0;
	case KEY_NIGHT:
		options->night = true;
		return 0;
	case KEY_OVERCAST:
		options->overcast = true;
		return 0;
	case KEY_PITCH:
		options->pitch_deg = (int)number(arg, state);
		return 0;
	case KEY_DISTRACT:
		if (scene_distractor_find(arg) == 0)
			argp_error(state, "'%s' is no distractor; see --help", arg);
		options->distract |= scene_distractor_find(arg);
		return 0;
	case KEY_MIRRORS:
		options->mirrors = true;
		return 0;
	case KEY_PLATE:
		request->plate = arg;
		return 0;
	case ARGP_KEY_END:
		if (request->out == NULL)
			argp_error(state, "--out is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* the background needs a second to be known, a fall three to end */
static void add_random_throws(struct request *request)
{
	struct scene_options *o = &request->options;

	for (int i = 0; i < request->random_throws && o->throw_count < SCENE_THROWS_MAX; i++) {
		struct scene_throw *t = &o->throws[o->throw_count++];
		uint64_t n = (uint64_t)i * 4;

		t->t_s = 2.0 + scene_random(o->seed, 7777, n) *
				       (request->seconds > 7 ? request->seconds - 7 : 0);
		t->floor = 6 + (int)(scene_random(o->seed, 7777, n + 1) * (SCENE_FLOORS - 6));
		t->column = 1 + (int)(scene_random(o->seed, 7777, n + 2) * SCENE_COLUMNS);
		t->kind = (enum scene_kind)(scene_random(o->seed, 7777, n + 3) * SCENE_KINDS);
	}
}

static int write_csv(const struct scene *scene, const struct request *request)
{
	const char *clip =
		strrchr(request->out, '/') != NULL ? strrchr(request->out, '/') + 1 : request->out;
	FILE *file = fopen(request->truth, "w");

	if (file == NULL)
		return -1;
	fprintf(file, "clip,kind,frame,cx,cy,w,h,source\n");
	for (size_t i = 0; i < request->options.throw_count; i++)
		for (int n = 0; n < request->options.frames; n++) {
			struct scene_box box;

			if (scene_truth(scene, i, n, &box))
				fprintf(file, "%s,object,%d,%.1f,%.1f,%.1f,%.1f,drawn\n", clip, n,
					box.cx, box.cy, box.w, box.h);
		}
	return fclose(file);
}

static int write_json(const struct scene *scene, const struct request *request)
{
	const struct scene_options *o = &request->options;
	const char *dot = strrchr(request->truth, '.');
	char path[PATH_BYTES];
	double at[4][2];
	FILE *file;

	snprintf(path, sizeof(path), "%.*s.json",
		 dot != NULL ? (int)(dot - request->truth) : (int)strlen(request->truth),
		 request->truth);
	file = fopen(path, "w");
	if (file == NULL)
		return -1;
	scene_corners(scene, at);
	fprintf(file,
		"{\"width\":%d,\"height\":%d,\"fps\":%d,\"calibration\":{\"points\":[[%.4f,%.4f],[%"
		".4f,%.4f],"
		"[%.4f,%.4f],"
		"[%.4f,%.4f]],\"floors\":[1,%d],\"columns\":%d},\"throws\":[",
		o->width_px, o->height_px, o->frames_per_s, at[0][0], at[0][1], at[1][0], at[1][1],
		at[2][0], at[2][1], at[3][0], at[3][1], SCENE_FLOORS, SCENE_COLUMNS);
	for (size_t i = 0; i < o->throw_count; i++) {
		const struct scene_throw *t = &o->throws[i];
		int begin, end;

		scene_throw_frames(scene, i, &begin, &end);
		fprintf(file,
			"%s{\"t_s\":%.3f,\"floor\":%d,\"column\":%d,\"kind\":\"%s\",\"begin_"
			"frame\":%d,\"end_"
			"frame\":%d}",
			i > 0 ? "," : "", t->t_s, t->floor, t->column, scene_kind_name(t->kind),
			begin, end);
	}
	fprintf(file, "]}\n");
	return fclose(file);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse,
		.doc = "Draw a residential facade from which things are thrown."};
	static struct request request = {
		.options = {.seed = 1, .width_px = 1280, .height_px = 720, .frames_per_s = 25},
		.seconds = 12};
	char error[ERROR_BYTES] = "an option is out of its range";
	struct scene_plate plate = {NULL, 0};
	struct scene *scene;

	argp_parse(&argp, argc, argv, 0, NULL, &request);
	request.options.frames = request.options.frames_per_s > 120
					 ? 0
					 : request.seconds * request.options.frames_per_s;
	add_random_throws(&request);
	if (request.plate != NULL) {
		if (scene_plate_load(request.plate, request.options.width_px,
				     request.options.height_px, PLATE_PICTURES, &plate, error,
				     sizeof(error)) < 0) {
			fprintf(stderr, "scene_make: %s\n", error);
			return EXIT_FAILURE;
		}
		request.options.plate = &plate;
	}
	if (scene_open(&request.options, &scene) < 0 ||
	    scene_encode(scene, &request.options, request.out, error, sizeof(error)) < 0) {
		fprintf(stderr, "scene_make: %s\n", error);
		return EXIT_FAILURE;
	}
	if (request.truth != NULL &&
	    (write_csv(scene, &request) != 0 || write_json(scene, &request) != 0)) {
		perror(request.truth);
		return EXIT_FAILURE;
	}
	scene_close(scene);
	scene_plate_free(&plate);
	return EXIT_SUCCESS;
}
