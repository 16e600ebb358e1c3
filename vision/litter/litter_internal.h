/*
 * litter_internal.h - what the parts of the littering analysis share; nobody else includes it.
 *
 *   litter_front.c    luma -> background model -> runs of moving pixels, and what happens to the whole picture
 *   litter_blob.c     runs -> blobs, each tile capped
 *   litter_track.c    blobs -> tracks
 *   litter_fit.c      does a track fall as gravity seen in perspective?
 *   litter_cut.c      a track -> that part of it which is the fall
 *   litter_measure.c  a track -> what can be measured of it
 *   litter_scoring.c    measures -> the reasons for and against a throw, by the curves of litter_table.c
 *   litter_pair.c     two tracks at the same time: parts of one thing, or a thing and its image in glass
 *   litter_verdict.c  ended tracks -> verdicts with their reasons
 *   litter_origin.c   first sight -> floor and column
 *
 * Lengths are pixels of the picture; `unit` is the height of the picture divided by 720, so that limits hold
 * at every size. Times inside are seconds since the first frame of the stretch (`litter.base_pts_us`).
 */
#ifndef GH_VISION_LITTER_LITTER_INTERNAL_H
#define GH_VISION_LITTER_LITTER_INTERNAL_H

#include "litter.h"

enum {
	LITTER_TILE_PX = 64,
	LITTER_RUNS_MAX = 16384,
	LITTER_BLOBS_MAX = 640,
	LITTER_TRACKS_MAX = 320,
	LITTER_TRACK_POINTS_MAX = 256,
	LITTER_FALLS_MAX = 24,
	LITTER_VERDICTS_MAX = 16,
	LITTER_CROWD_MAX = 256,
	LITTER_WAYS_MAX = 48,
	LITTER_RESTS_MAX = 16,
	LITTER_PAIRS_A_TRACK = 12,
	LITTER_STRIPS = 32, /* of the picture, upright: blobs are looked for near where they are expected */
};

/* What is measured of a track; NAN: cannot be told. docs/reference/littering.md says what each is. */
enum litter_measure {
	LITTER_TRAVELS,
	LITTER_STOREYS,
	LITTER_UNLIKE,
	LITTER_FAST,
	LITTER_GRAVITY,
	LITTER_SPEEDS_UP,
	LITTER_SLOW,
	LITTER_CRAWLS,
	LITTER_UP,
	LITTER_DRIFTS,
	LITTER_WAVERS,
	LITTER_STOPS,
	LITTER_SIDEWAYS,
	LITTER_SELDOM,
	LITTER_LEAPS,
	LITTER_FEW,
	LITTER_LARGE,
	LITTER_TINY,
	LITTER_AMBIGUOUS,
	LITTER_CROWD,
	LITTER_UPSET,
	LITTER_FOLIAGE,
	LITTER_TRODDEN,
	LITTER_OUTSIDE,
	LITTER_AGAIN,
	LITTER_FLOWN,
	LITTER_GOES_ON,
	LITTER_LIGHT_CHANGES,
	LITTER_SIZE_CHANGES,
	LITTER_STREAK,
	LITTER_FAINT,
	LITTER_STANDS_OUT,
	LITTER_BEGUN,
	LITTER_AT_ONCE,
	LITTER_OFF_GRAVITY,
	LITTER_HELD_BACK,
	LITTER_FLYING_START,
	LITTER_MEASURES, /* their number; litter_table.c and bench/litter_learn.py keep to this order */
};

struct litter_run {
	uint16_t y, x0, x1; /* x1 is behind the last pixel */
	uint16_t tile;
	int32_t parent;
	int32_t light; /* levels that it is brighter than its background, added up; darker: below 0 */
};

struct litter_blob {
	float x, y;         /* centre of mass */
	int x0, y0, x1, y1; /* x1, y1 behind the last pixel */
	int area_px;
	int tile;
	float light; /* levels brighter than the background, mean; darker: below 0 */
	bool taken;
};

enum litter_scene { LITTER_SCENE_CALM, LITTER_SCENE_LIGHT_STEP, LITTER_SCENE_SHAKE };

/* What the front end makes of one frame: all that tracks and verdicts come from. */
struct litter_seen {
	int64_t pts_us;
	enum litter_scene scene;
	float difference; /* to the frame before */
	int blob_count;
	const struct litter_blob *blobs;
	const uint8_t *moves; /* a byte a tile: 0: nothing moves there */
};

struct litter_front {
	int width, height, plane_stride;
	uint8_t *background, *spread; /* planes; spread: how far a pixel usually is from its background */
	uint8_t *mask;                /* one row */
	uint8_t *allowed; /* plane of 255 and 0: region of interest less exclusions; NULL: everywhere */
	uint8_t *sample;  /* every 8th row of the last frame, for the check for duplicates */
	int tiles_x, tiles_y;
	uint16_t *tile_runs, *tile_px; /* a tile, this frame */
	float *tile_busy;              /* how often something moves in it, 0 to 1 */
	float *tile_paths;             /* how many tracks went down through it, fading over minutes */
	struct litter_run *runs;
	int run_count;
	unsigned frames;   /* since the background was taken */
	unsigned unsteady; /* frames in a row that were not calm */
	bool ramps;        /* its light is changing, frame by frame */
	bool settled_once;
	float sample_difference; /* mean of the last check */
};

struct litter_sight {
	float t, x, y, w, h;
	float light; /* as that of the blob */
};

struct litter_track {
	struct litter_sight sights[LITTER_TRACK_POINTS_MAX];
	int count;
	int frames;      /* judged frames since its first sight */
	int missed;      /* in a row */
	int thinned;     /* one sight stands for so many */
	float busy;      /* sum, over the tiles it entered, of how restless they were before it came */
	int tiles, tile; /* entered; the last one */
	int near;        /* blobs in its gate, this frame */
	float came;      /* px: how far it had come to the place where the fall begins; cut off */
	float waited;    /* s, there */
	float rivals;    /* sum over sights of how many other blobs it might have been */
	bool live;
};

struct litter_pair {
	float cost;
	int16_t track, blob;
};

/* a finished track that went down far enough to be judged */
struct litter_fall {
	struct litter_track track;
	float score; /* so far: others may join it */
	bool used;
	bool done; /* judged; kept a while so that what follows it is known as its part */
};

struct litter_fit {
	float residual;               /* root mean square, over the travel */
	float speed_begin, speed_end; /* px/s along the fall, from the fit */
	float acceleration;           /* mean, px/s^2 */
	bool accelerates;             /* the world's acceleration points down */
};

struct litter {
	struct litter_config config;
	int width, height;
	float unit;
	enum litter_scene scene; /* of the last frame */
	struct litter_front front;
	float usual_difference; /* between frames that differ, mean a pixel */
	struct litter_blob blobs[LITTER_BLOBS_MAX], last_blobs[LITTER_BLOBS_MAX];
	int blob_count, last_blob_count;
	int16_t strip_first[LITTER_STRIPS], blob_next[LITTER_BLOBS_MAX]; /* lists of blobs; -1 ends one */
	struct litter_track tracks[LITTER_TRACKS_MAX];
	struct litter_pair pairs[LITTER_TRACKS_MAX * LITTER_PAIRS_A_TRACK];
	struct litter_fall falls[LITTER_FALLS_MAX];
	struct {
		float begin, end, speed, size; /* speed: px/s down; size: the smaller side, px */
		int cell;
	} crowd[LITTER_CROWD_MAX]; /* short tracks that went down: rain and snow */
	unsigned crowd_next;
	struct {
		float end, x0, y0, x1, y1; /* px: first and last sight */
	} ways[LITTER_WAYS_MAX];           /* of what went down lately */
	unsigned ways_next;
	struct {
		float t, x, y, size, came; /* px, came: how far it had come to this place */
		bool lost;                 /* it flew and was seen no more, here */
	} rests[LITTER_RESTS_MAX];         /* what moved about and then stayed where it was */
	unsigned rests_next;
	struct {
		float t;
		enum litter_scene scene;
	} events[16]; /* the last frames at which the whole picture changed */
	unsigned event_next;
	struct litter_verdict verdicts[LITTER_VERDICTS_MAX];
	unsigned verdict_first, verdict_count;
	int64_t base_pts_us, last_pts_us;
	bool started;
	float begun;          /* when the stretch did: 0, or before now's clock was set back */
	float paths_faded;    /* when tile_paths did last */
	float now, frame_s;   /* time, and the usual time between frames that differ */
	double homography[9]; /* picture fractions -> columns and floors of the facade */
	struct litter_stats stats;
	/* told of each fall that is judged, for benches; NULL: nobody is */
	void (*judged)(void *arg, const struct litter_track *track, const float *measures, float score);
	void *judged_arg;
};

/* litter.c */
/** A frame that was looked at before: the same tracks and verdicts, without the picture. For benches. */
void litter_repeat(struct litter *litter, const struct litter_seen *seen);

/* litter_front.c */
int litter_front_open(struct litter_front *front, int width, int height, const struct litter_config *config);
void litter_front_close(struct litter_front *front);
void litter_front_reset(struct litter_front *front);
/** Updates the model, leaves the runs of moving pixels in front->runs. */
enum litter_scene litter_front_frame(struct litter_front *front, const uint8_t *luma, size_t stride);

/** What litter_front_frame() learns of where things always move, from a frame that was looked at before. */
void litter_front_repeat(struct litter_front *front, const struct litter_seen *seen);

/** Counts a track that went down through these tiles, once a tile. */
void litter_front_note_path(struct litter_front *front, const struct litter_track *track);
/** How many went where this one did, as a median over its way. */
float litter_front_paths(const struct litter_front *front, const struct litter_track *track);
void litter_front_fade_paths(struct litter_front *front, float by);

/* litter_blob.c */
int litter_blobs(struct litter_front *front, float unit, struct litter_blob *blobs, int blobs_max);

/* litter_track.c */
void litter_tracks_step(struct litter *litter);
/** Ends every track as if the stream were over. */
void litter_tracks_finish(struct litter *litter);

/* litter_fit.c */
void litter_fit_fall(const struct litter_sight *sights, int count, float height, struct litter_fit *ret_fit);
/** How far, as a share of the travel, a fall misses the nearest that gravity and drag allow. Metres down, seconds. */
float litter_fit_metres(const float *t, const float *down_m, int count, float height_m);
/** Least squares y = c0 + c1 t + c2 t^2 (degree 1 or 2). @return whether the points decide it. */
bool litter_fit_polynomial(const float *t, const float *y, int count, int degree, double *ret_c);

/* litter_cut.c */
#define LITTER_GROUND 0.92F /* of the height: further down people walk */
enum { LITTER_SIGHTS_MIN = 6 };
/** Where it was at time @p t, between two sights. */
float litter_x_at(const struct litter_track *track, float t);
float litter_y_at(const struct litter_track *track, float t);
/** It went across the picture rather than down. */
bool litter_flew(const struct litter *litter, const struct litter_track *track);
/** px: how far what rests at that sight had come to it; @p lost_too: counts what flew and was seen no more, there. */
float litter_came_before(const struct litter *litter, const struct litter_sight *at, float size,
			 bool lost_too);
/** It has stayed where it is for a while: remembered, should it fall from there. */
void litter_note_rest(struct litter *litter, const struct litter_track *track, bool lost);
/** Takes off what was before the release and after the landing. @return whether enough is left to judge. */
bool litter_cut_to_fall(const struct litter *litter, struct litter_track *track);

/* litter_pair.c */
/** Whether @p image is what a wall of glass shows of @p thing. */
bool litter_is_image(const struct litter *litter, const struct litter_track *thing,
		     const struct litter_track *image);
bool litter_are_parts(const struct litter *litter, const struct litter_track *a,
		      const struct litter_track *b);

/* litter_verdict.c */
void litter_verdict_ended(struct litter *litter, const struct litter_track *track);
void litter_verdict_step(struct litter *litter, bool final);

/* litter_measure.c */
enum { LITTER_CROWD_SIGHTS_MIN = 4 };
#define LITTER_CROWD_MIN 0.03F /* of the height */
/** Upper quartile of the smaller side, px: motion blur draws out only the longer one. */
float litter_size(const struct litter_track *track);
float litter_size_of(const struct litter_sight *sights, int count);
const struct litter_sight *litter_first(const struct litter_track *track);
const struct litter_sight *litter_last(const struct litter_track *track);
float litter_down(const struct litter_track *track);
/** Whether it went down by @p share of the picture's height and more, and not mostly across. */
bool litter_went_down(const struct litter *litter, const struct litter_track *track, float share);
/** Remembers where it went, for those that come after it. */
void litter_note_way(struct litter *litter, const struct litter_track *track);
/** A short way down counts, too: of many such ways one knows rain and snow. */
void litter_note_in_crowd(struct litter *litter, const struct litter_track *track);
/** All of enum litter_measure into @p ret_values. */
void litter_measure(const struct litter *litter, const struct litter_track *track, float *ret_values);

/* litter_scoring.c, litter_table.c */
#define LITTER_ALERT_SCORE 7.0F
#define LITTER_SUSPECTED_SCORE 6.0F
enum { LITTER_KNOTS_MAX = 7 };
/* what a measure weighs: 2 to LITTER_KNOTS_MAX knots, rising */
struct litter_curve {
	const char *name;
	int count;
	float at[LITTER_KNOTS_MAX], weight[LITTER_KNOTS_MAX];
};
extern const struct litter_curve litter_curves[LITTER_MEASURES];
/** Fills score and reasons. */
void litter_weigh(const float *measures, struct litter_verdict *verdict);
/** That part of the score which is due to others that went the same way before. */
float litter_habit(const float *measures);

/* litter_origin.c */
int litter_origin_prepare(const struct litter_calibration *calibration, double *ret_homography);
/** Floors (from floor_low) and columns (from 0) of a spot; false when it lies behind the picture's horizon. */
bool litter_origin_locate(const double *homography, float x, float y, float *ret_column, float *ret_floor);
/** Way across over way down, px, along the plumb line through a spot; false: not known, or it lies down. */
bool litter_origin_plumb(const struct litter *litter, float x, float y, float *ret_slope);
void litter_origin_name(const struct litter *litter, struct litter_verdict *verdict);

#endif
