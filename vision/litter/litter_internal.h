/*
 * litter_internal.h - shared types of the littering analysis; private to this folder and to
 * benches.
 *
 *   litter_front.c    luma -> background model -> runs of moving pixels; detects global changes
 *   litter_blob.c     runs -> blobs, each tile capped
 *   litter_track.c    blobs -> tracks
 *   litter_fit.c      does a track fall as gravity seen in perspective?
 *   litter_cut.c      a track -> the part of it that is the fall
 *   litter_measure.c  a track -> its measures
 *   litter_scoring.c  measures -> weighted reasons for and against a throw, by the curves of litter_table.c
 *   litter_pair.c     simultaneous tracks: parts of one object, or an object and its reflection
 *   litter_verdict.c  ended tracks -> verdicts with their reasons
 *   litter_origin.c   first sample -> floor and column
 *
 * Lengths are pixels of the picture; `unit` is the height of the picture divided by 720, so that
 * limits hold at every size. Times inside are seconds since the first frame of the stretch
 * (`litter.base_pts_us`).
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
	LITTER_RECENT_PATHS_MAX = 48,
	LITTER_RESTS_MAX = 16,
	LITTER_PAIRS_A_TRACK = 12,
	/* vertical strips of the picture, an index for blobs near a predicted position */
	LITTER_STRIPS = 32,
};

/*
 * Measures of a track; NAN: unknown. Defined in docs/reference/littering.md under the names of
 * litter_table.c.
 */
enum litter_measure {
	LITTER_TRAVELS,
	LITTER_STOREYS,
	LITTER_UNLIKE,
	LITTER_FAST,
	LITTER_GRAVITY,
	LITTER_SPEEDS_UP,
	LITTER_SPEED_BY_SIZE,
	LITTER_FALL_SPEED,
	LITTER_UP,
	LITTER_DRIFTS,
	LITTER_WAVERS,
	LITTER_STOPS,
	LITTER_SIDEWAYS,
	LITTER_FRAME_SHARE,
	LITTER_LONGEST_STEP,
	LITTER_SAMPLE_COUNT,
	LITTER_LARGE,
	LITTER_TINY,
	LITTER_AMBIGUOUS,
	LITTER_CROWD,
	LITTER_SCENE_CHANGE,
	LITTER_FOLIAGE,
	LITTER_REPEATED_PATH,
	LITTER_OUTSIDE,
	LITTER_RECENT_PATH,
	LITTER_PRIOR_MOTION,
	LITTER_CONTINUES_BELOW,
	LITTER_LIGHT_CHANGES,
	LITTER_SIZE_CHANGES,
	LITTER_STREAK,
	LITTER_FAINT,
	LITTER_STANDS_OUT,
	LITTER_OBSERVED_BEFORE,
	LITTER_INITIAL_SPEED,
	LITTER_OFF_GRAVITY,
	LITTER_HELD_BACK,
	LITTER_FREE_FALL_SHARE,
	LITTER_MEASURES, /* count; litter_table.c and bench/litter_learn.py use this order */
};

struct litter_run {
	uint16_t y, x0, x1; /* x1: one past the last pixel */
	uint16_t tile;
	int32_t parent;
	int32_t light; /* sum of grey levels above the background; negative: darker */
};

struct litter_blob {
	float x, y;         /* centre of mass */
	int x0, y0, x1, y1; /* x1, y1: one past the last pixel */
	int area_px;
	int tile;
	float light; /* mean grey levels above the background; negative: darker */
	bool taken;
};

enum litter_scene { LITTER_SCENE_CALM, LITTER_SCENE_LIGHT_STEP, LITTER_SCENE_SHAKE };

/* Front-end result of one frame: the input of tracking and verdicts. */
struct litter_frame_blobs {
	int64_t pts_us;
	enum litter_scene scene;
	float difference; /* to the previous frame */
	int blob_count;
	const struct litter_blob *blobs;
	const uint8_t *moves; /* one byte per tile; 0: no motion */
};

struct litter_front {
	int width, height, plane_stride;
	uint8_t *background,
		*spread; /* planes; spread: usual deviation of a pixel from its background */
	uint8_t *mask;   /* one row */
	/* plane of 255 and 0: region of interest less exclusions; NULL: everywhere */
	uint8_t *allowed;
	uint8_t *sample; /* every 8th row of the last frame, to detect duplicates */
	int tiles_x, tiles_y;
	uint16_t *tile_runs, *tile_px; /* per tile, this frame */
	float *tile_busy;              /* per tile: share of frames with motion, 0 to 1 */
	float *tile_paths; /* per tile: downward tracks through it, decaying over minutes */
	struct litter_run *runs;
	int run_count;
	unsigned frames;   /* since the background was initialised */
	unsigned unsteady; /* consecutive frames that were not calm */
	bool ramps;        /* the illumination is changing from frame to frame */
	bool settled_once;
	float sample_difference; /* mean of the last duplicate check */
};

struct litter_sample {
	float t, x, y, w, h;
	float light; /* as in struct litter_blob */
};

struct litter_track {
	struct litter_sample samples[LITTER_TRACK_POINTS_MAX];
	int count;
	int frames;      /* analysed frames since its first sample */
	int missed;      /* consecutive frames without a blob */
	int thinned;     /* frames per stored sample */
	float busy;      /* sum of tile_busy over the tiles entered, before entry */
	int tiles, tile; /* number entered; the latest */
	int near;        /* blobs within its gate, this frame */
	/* path length before the point where the fall begins; that part is cut off */
	float prior_motion_px;
	float waited; /* s, time spent at the point where the fall begins */
	float rivals; /* sum over samples of the other candidate blobs */
	bool live;
};

struct litter_pair {
	float cost;
	int16_t track, blob;
};

/* an ended track that moved down far enough to be judged */
struct litter_fall {
	struct litter_track track;
	float score; /* preliminary: other tracks may be merged */
	bool used;
	bool done; /* judged; kept for a while to recognise later parts of the same fall */
};

struct litter_fit {
	float residual;               /* root mean square error relative to the distance */
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
	int16_t strip_first[LITTER_STRIPS],
		blob_next[LITTER_BLOBS_MAX]; /* lists of blobs; -1 ends one */
	struct litter_track tracks[LITTER_TRACKS_MAX];
	struct litter_pair pairs[LITTER_TRACKS_MAX * LITTER_PAIRS_A_TRACK];
	struct litter_fall falls[LITTER_FALLS_MAX];
	struct {
		float begin, end, speed, size; /* speed: px/s down; size: the smaller side, px */
		int cell;
	} crowd[LITTER_CROWD_MAX]; /* short downward tracks: rain and snow */
	unsigned crowd_next;
	struct {
		float end, x0, y0, x1, y1;       /* px: first and last sample */
	} recent_paths[LITTER_RECENT_PATHS_MAX]; /* recent downward tracks */
	unsigned recent_path_next;
	struct {
		float t, x, y, size, prior_motion_px; /* px */
		bool lost;         /* a track that moved across the picture was lost here */
	} rests[LITTER_RESTS_MAX]; /* objects that moved and then rested */
	unsigned rests_next;
	struct {
		float t;
		enum litter_scene scene;
	} events[16]; /* recent frames with a global change */
	unsigned event_next;
	struct litter_verdict verdicts[LITTER_VERDICTS_MAX];
	unsigned verdict_first, verdict_count;
	int64_t base_pts_us, last_pts_us;
	bool started;
	float begun;          /* start of the epoch: 0, or negative after the time base was moved */
	float paths_faded;    /* time of the last decay of tile_paths */
	float now, frame_s;   /* time, and the typical interval of frames that differ */
	double homography[9]; /* picture fractions -> columns and floors of the facade */
	struct litter_stats stats;
	/* called for each judged fall, for benches; may be NULL */
	void (*judged)(void *arg, const struct litter_track *track, const float *measures,
		       float score);
	void *judged_arg;
};

/* litter.c */
/**
 * Process the stored front-end result of a frame: same tracks and verdicts without the picture. For
 * benches.
 */
void litter_replay(struct litter *litter, const struct litter_frame_blobs *seen);

/* litter_front.c */
int litter_front_open(struct litter_front *front, int width, int height,
		      const struct litter_config *config);
void litter_front_close(struct litter_front *front);
void litter_front_reset(struct litter_front *front);
/** Update the background model; stores the runs of moving pixels in front->runs. */
enum litter_scene litter_front_frame(struct litter_front *front, const uint8_t *luma,
				     size_t stride);

/** Update tile_busy from the stored result of a frame. */
void litter_front_replay(struct litter_front *front, const struct litter_frame_blobs *seen);

/** Count a downward track in the tiles that it crossed, once per tile. */
void litter_front_record_path(struct litter_front *front, const struct litter_track *track);
/** Earlier tracks on the same path: the median of tile_paths over the track. */
float litter_front_paths(const struct litter_front *front, const struct litter_track *track);
void litter_front_fade_paths(struct litter_front *front, float by);

/* litter_blob.c */
int litter_blobs(struct litter_front *front, float unit, struct litter_blob *blobs, int blobs_max);

/* litter_track.c */
void litter_tracks_step(struct litter *litter);
/** End all tracks, as at the end of the stream. */
void litter_tracks_finish(struct litter *litter);

/* litter_fit.c */
void litter_fit_fall(const struct litter_sample *samples, int count, float height,
		     struct litter_fit *ret_fit);
/** Error of the best fit with gravity and drag, relative to the distance. Metres down, seconds. */
float litter_fit_metres(const float *t, const float *down_m, int count, float height_m);
/**
 * Least squares y = c0 + c1 t + c2 t^2 (degree 1 or 2). @return false when the points do not
 * determine it.
 */
bool litter_fit_polynomial(const float *t, const float *y, int count, int degree, double *ret_c);

/* litter_cut.c */
#define LITTER_GROUND 0.92F /* of the height: below, people walk */
enum { LITTER_SAMPLES_MIN = 6 };
/** Position at time @p t, interpolated. */
float litter_x_at(const struct litter_track *track, float t);
float litter_y_at(const struct litter_track *track, float t);
/** Whether it moved across the picture rather than down. */
bool litter_moved_across(const struct litter *litter, const struct litter_track *track);
/**
 * Motion, px, of an object before it rested at @p at; @p lost_too: count lost tracks as resting.
 */
float litter_prior_motion(const struct litter *litter, const struct litter_sample *at, float size,
			  bool lost_too);
/** Record an object at rest, which may fall from there later. */
void litter_record_rest(struct litter *litter, const struct litter_track *track, bool lost);
/**
 * Remove the samples before the release and after the landing. @return whether enough remain to
 * judge.
 */
bool litter_trim_to_fall(const struct litter *litter, struct litter_track *track);

/* litter_pair.c */
/** Whether @p image is the reflection of @p thing in a glass wall. */
bool litter_is_reflection(const struct litter *litter, const struct litter_track *thing,
			  const struct litter_track *image);
bool litter_are_parts(const struct litter *litter, const struct litter_track *a,
		      const struct litter_track *b);

/* litter_verdict.c */
void litter_verdict_ended(struct litter *litter, const struct litter_track *track);
void litter_verdict_step(struct litter *litter, bool final);

/* litter_measure.c */
enum { LITTER_CROWD_SAMPLES_MIN = 4 };
#define LITTER_CROWD_MIN 0.03F /* of the height */
/** Upper quartile of the smaller side, px: motion blur extends only the longer one. */
float litter_size(const struct litter_track *track);
float litter_size_of(const struct litter_sample *samples, int count);
const struct litter_sample *litter_first(const struct litter_track *track);
const struct litter_sample *litter_last(const struct litter_track *track);
float litter_down(const struct litter_track *track);
/** Whether it moved down by at least @p share of the picture's height, and not mostly across. */
bool litter_moved_down(const struct litter *litter, const struct litter_track *track, float share);
/** Record its path for comparison with later tracks. */
void litter_record_path(struct litter *litter, const struct litter_track *track);
/** Record a short downward track; many of them indicate rain or snow. */
void litter_record_crowd(struct litter *litter, const struct litter_track *track);
/** Compute all measures: LITTER_MEASURES values. */
void litter_measure(const struct litter *litter, const struct litter_track *track,
		    float *ret_values);

/* litter_scoring.c, litter_table.c */
#define LITTER_ALERT_SCORE 7.0F
#define LITTER_SUSPECTED_SCORE 6.0F
enum { LITTER_KNOTS_MAX = 7 };
/* weight of a measure: piecewise linear, 2 to LITTER_KNOTS_MAX knots, ascending */
struct litter_curve {
	const char *name;
	int count;
	float at[LITTER_KNOTS_MAX], weight[LITTER_KNOTS_MAX];
};
extern const struct litter_curve litter_curves[LITTER_MEASURES];
/** Set score and reasons of @p verdict. */
void litter_score_measures(const float *measures, struct litter_verdict *verdict);
/** The part of the score from earlier tracks on the same path. */
float litter_repeat_score(const float *measures);

/* litter_origin.c */
int litter_origin_prepare(const struct litter_calibration *calibration, double *ret_homography);
/**
 * Floors (from floor_low) and columns (from 0) of a spot; false when it lies beyond the horizon.
 */
bool litter_origin_locate(const double *homography, float x, float y, float *ret_column,
			  float *ret_floor);
/**
 * Slope (dx/dy in px) of the plumb line through a spot; false: not calibrated, or the line is
 * horizontal.
 */
bool litter_origin_plumb(const struct litter *litter, float x, float y, float *ret_slope);
void litter_origin_name(const struct litter *litter, struct litter_verdict *verdict);

#endif
