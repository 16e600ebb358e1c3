/*
 * scene.h - draws a residential facade, seen from below, from which things fall; the same seed, the
 * same film.
 *
 * The building is 18 floors of 3 m and 8 columns of flats of 4 m. A pinhole camera on the ground
 * looks up at it. Places: u metres to the right along the facade from its left edge, v metres above
 * the ground, w metres out of the facade towards the camera. Pictures are YUV 4:2:0, limited range.
 * One scene, one thread at a time.
 */
#ifndef GH_TESTS_SCENE_H
#define GH_TESTS_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SCENE_FLOORS = 18,
	SCENE_COLUMNS = 8,
	SCENE_THROWS_MAX = 64,
	SCENE_BIRDS_MAX = 64,
	SCENE_SIDE_MIN_PX = 128,
	SCENE_SIDE_MAX_PX = 4096,
	SCENE_FRAMES_MAX = 500000,
};

#define SCENE_FLOOR_M 3.0
#define SCENE_COLUMN_M 4.0
#define SCENE_WIDTH_M (SCENE_COLUMNS * SCENE_COLUMN_M)
#define SCENE_HEIGHT_M (SCENE_FLOORS * SCENE_FLOOR_M)

enum scene_kind {
	SCENE_BOTTLE,
	SCENE_BOX,
	SCENE_BAG,
	SCENE_BOOK,
	SCENE_SHOE,
	SCENE_CLOTHES,
	SCENE_PAPER,
	SCENE_WASTE,
	SCENE_KINDS
};

/** "bottle", "box", ... */
const char *scene_kind_name(enum scene_kind kind);
/** @return the kind, or SCENE_KINDS: no such word. */
enum scene_kind scene_kind_find(const char *name);

struct scene_throw {
	double t_s;        /* leaves the hand */
	int floor, column; /* 1 to SCENE_FLOORS, 1 to SCENE_COLUMNS */
	enum scene_kind kind;
	double size;  /* 0: as the kind is drawn; else so many times as large, 0.2 to 4 */
	int luma;     /* 0: the kind's own brightness; else 16 to 235 */
	int hidden_m; /* 0 to 20: comes into sight so far below, as from behind a balcony */
};

/* What moves and is no throw. */
enum scene_distractor {
	SCENE_INSECTS = 1 << 0,      /* close to the lens: large, blurred, fast */
	SCENE_LOOSE_LEAVES = 1 << 1, /* carried past by the wind, one at a time */
	SCENE_LAUNDRY = 1 << 2,
	SCENE_CURTAINS = 1 << 3,
	SCENE_LIGHTS = 1 << 4, /* switched on and off, and a staircase where somebody goes down */
	SCENE_HEADLIGHTS = 1 << 5, /* and their glow on the wall */
	SCENE_SHADE = 1 << 6,      /* clouds before the sun */
	SCENE_SHAKE = 1 << 7,      /* gusts and knocks */
	SCENE_INFRARED = 1 << 8,   /* the camera's own switch between day and night */
	SCENE_DRIP = 1 << 9,       /* of air conditioners */
	SCENE_DRONE = 1 << 10,
	SCENE_CLEANERS = 1 << 11,
	SCENE_LIFT = 1 << 12,
	SCENE_CLOCK = 1 << 13,   /* drawn into the picture by the camera */
	SCENE_PASSERS = 1 << 14, /* people and cars */
	SCENE_DIVERS = 1 << 15,  /* birds that drop from a ledge and fly off */
	SCENE_DISTRACTORS = 16,
};

/** "insects", "loose-leaves", ... of one bit; NULL: no such bit. */
const char *scene_distractor_name(unsigned bit);
/** @return the bit, or 0: no such word. */
unsigned scene_distractor_find(const char *name);

/* Pictures to draw on instead of a facade of our own: one, or a film that runs to and fro. */
struct scene_plate {
	uint8_t **luma; /* of the options' size, width bytes a row */
	int count;
};

/**
 * The first pictures of a film or a photo, scaled to the size wanted.
 * @param count_max  1 or more: no further is read.
 * @return 0 or a negative AVERROR; the reason stands in @p error.
 */
int scene_plate_load(const char *path, int width_px, int height_px, int count_max,
		     struct scene_plate *ret_plate, char *error, size_t error_bytes);
void scene_plate_free(struct scene_plate *plate);

struct scene_options {
	uint64_t seed;
	int width_px, height_px; /* even, SCENE_SIDE_MIN_PX to SCENE_SIDE_MAX_PX */
	int frames_per_s;        /* 1 to 120 */
	int frames;              /* 1 to SCENE_FRAMES_MAX */
	struct scene_throw throws[SCENE_THROWS_MAX];
	size_t throw_count;
	int birds; /* 0 to SCENE_BIRDS_MAX, spread over the whole film */
	bool leaves, rain, snow, night, overcast;
	bool mirrors;      /* the facade is of glass: each throw has its image in it */
	int pitch_deg;     /* 0: the whole building; 30, 45 or 60: so far up, from ever closer */
	unsigned distract; /* enum scene_distractor, added up */
	double noise;      /* times the usual, 0 to 8; 0 stands for 1 */
	const struct scene_plate *plate; /* borrowed; NULL: a facade is drawn */
	bool blank; /* only where the throws are is asked for; nothing can be drawn */
};

struct scene_planes {
	uint8_t *data[3]; /* Y, U, V; U and V may both be NULL: luma alone is wanted */
	int stride[3];    /* bytes */
};

struct scene_box {
	double cx, cy, w, h; /* centre and size, pixels; w and h cover the motion blur */
};

struct scene;

/** @return 0, -EINVAL (an option out of its range) or -ENOMEM; @p ret_scene is untouched then. */
int scene_open(const struct scene_options *options, struct scene **ret_scene);
/** NULL is fine. */
void scene_close(struct scene *scene);

/** Draw frame @p n, in any order. The caller's planes have the options' size. */
void scene_draw(struct scene *scene, int n, const struct scene_planes *planes);

/** Where throw @p i is in frame @p n. @return false: not in the picture. */
bool scene_truth(const struct scene *scene, size_t i, int n, struct scene_box *ret_box);

/**
 * Signal to noise of throw @p i in frame @p n: the root of the sum, over the pixels that it
 * changes, of the squared change, over the noise of one pixel. It is what the best detector there
 * can be has to go by, if it knew shape and place; by Rose's criterion nothing is seen below
 * SCENE_ROSE. What rain or leaves cover is not taken off. 0 in a blank scene, or where there is a
 * plate of the caller's.
 */
double scene_signal(const struct scene *scene, size_t i, int n);
#define SCENE_ROSE 5.0

/** The frame of the first and of the last sight of throw @p i; both -1 where there is none. */
void scene_throw_frames(const struct scene *scene, size_t i, int *ret_begin, int *ret_end);

/** Facade corners left low, right low, right high, left high, as fractions of width and height. */
void scene_corners(const struct scene *scene, double ret_points[4][2]);

/** Write the film as H.264 in the container that the ending of @p path names. @return 0 or a
 * negative AVERROR; the reason stands in @p error. */
int scene_encode(struct scene *scene, const struct scene_options *options, const char *path,
		 char *error, size_t error_bytes);

/* Between the files of the generator. */

struct scene_camera {
	double focal_px, centre_x, centre_y, cosine, sine, distance_m, height_m;
};
void scene_camera_aim(struct scene_camera *camera, int width_px, int height_px, int pitch_deg);
/** @return pixels per metre there. */
double scene_project(const struct scene_camera *camera, double u, double v, double w, double *ret_x,
		     double *ret_y);

/** Numbers that a seed and two more settle: 0 to 1, at no place the same stream. */
double scene_random(uint64_t seed, uint64_t stream, uint64_t index);

/**
 * The building, ground and everything that stands still; @p sky is 255 where the sky shows, one
 * byte a pixel.
 */
void scene_facade_draw(const struct scene_options *options, const struct scene_camera *camera,
		       const struct scene_planes *plate, uint8_t *sky);

struct scene_things;
int scene_things_open(const struct scene_options *options, const struct scene_camera *camera,
		      struct scene_things **ret_things);
void scene_things_close(struct scene_things *things);
void scene_things_draw(const struct scene_things *things, int n, const struct scene_planes *planes);
bool scene_things_truth(const struct scene_things *things, size_t i, int n,
			struct scene_box *ret_box);
/** Sum of the squared changes, in levels, that throw @p i makes to @p plate. */
double scene_things_change(const struct scene_things *things, size_t i, int n,
			   const uint8_t *plate);

/** The distractors that are things in the picture, in frame @p n. */
void scene_distract(const struct scene_options *options, const struct scene_camera *camera, int n,
		    const struct scene_planes *planes);
/**
 * Those that befall the picture as a whole: light, shake, the switch to infrared, and the clock
 * drawn last.
 */
void scene_upset(const struct scene_options *options, int n, const struct scene_planes *planes);

#endif
