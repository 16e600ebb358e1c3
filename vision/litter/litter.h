/*
 * litter.h - detects objects thrown from a building in the video of one fixed camera.
 *
 * Pure analysis of one stream of luma planes: no I/O, no clock, no logging, no thread. Time is the
 * frame's PTS. Frames are processed in order; a verdict follows when a track has ended. The
 * background model needs about 15 frames before small objects are detected. One instance, one
 * thread at a time.
 *
 * Pictures are 64 x 64 to 4096 x 4096. Points of the configuration are fractions of width and
 * height from the top left; points of a verdict are pixels of the input picture.
 */
#ifndef GH_VISION_LITTER_LITTER_H
#define GH_VISION_LITTER_LITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	LITTER_POLYGON_POINTS_MAX = 16,
	LITTER_EXCLUSIONS_MAX = 8,
	LITTER_POINTS_MAX = 64,
	LITTER_REASONS_MAX = 16,
	LITTER_REASON_BYTES = 24,
	LITTER_ORIGIN_BYTES = 64,
	LITTER_SIDE_MIN_PX = 64,
	LITTER_SIDE_MAX_PX = 4096,
};

enum litter_grade {
	LITTER_SUSPECTED, /* something fell, possibly no throw: to be reviewed by a guard */
	LITTER_ALERT,
};

struct litter_spot {
	float x, y; /* 0 to 1 */
};

struct litter_polygon {
	struct litter_spot points[LITTER_POLYGON_POINTS_MAX]; /* 3 or more, any winding */
	size_t count;
};

/* One flat facade, seen in perspective. Floors are equally high, columns equally wide. */
struct litter_calibration {
	struct litter_spot points[4]; /* left low, right low, right high, left high */
	bool known;                   /* false: everything else here is ignored */
	int floor_low,
		/* floor that begins at the lower pair, floor that ends at the upper pair */
		floor_high;
	/* between the left and the right pair, 1 to 26: A, B, ... from the left */
	unsigned columns;
};

struct litter_config {
	struct litter_polygon roi; /* region of interest; count 0: the whole picture */
	struct litter_polygon exclusions[LITTER_EXCLUSIONS_MAX];
	size_t exclusion_count;
	struct litter_calibration calibration;
};

struct litter_point {
	int64_t pts_us;
	float x, y; /* centre */
	float w, h;
};

struct litter_reason {
	char name[LITTER_REASON_BYTES]; /* "falls-like-gravity", "returns", ... */
	float value;  /* the measure; docs/reference/littering.md gives the unit for each name */
	float weight; /* above 0: evidence for a throw, below: against */
};

struct litter_verdict {
	enum litter_grade grade;
	float score;                                   /* sum of the weights */
	int64_t begin_pts_us, end_pts_us;              /* first and last sample */
	struct litter_point points[LITTER_POINTS_MAX]; /* a longer track is subsampled evenly */
	size_t point_count;
	struct litter_reason reasons[LITTER_REASONS_MAX];
	size_t reason_count;
	/* false: not calibrated, or first seen outside the facade; the next five are then empty */
	bool origin_known;
	int floor_low, floor_high;        /* range of possible floors */
	char column_low, column_high;     /* 'A' to 'Z' */
	char origin[LITTER_ORIGIN_BYTES]; /* "floor 11-12, column C", "" when unknown */
};

struct litter_stats {
	uint64_t frames, duplicates; /* duplicates: repeated pictures, removed from the time base */
	uint64_t shakes, light_steps; /* frames skipped for one of these causes */
	uint64_t settling;            /* frames after a start while the background is learned */
	uint64_t late;                /* frames with a PTS not after the one before: ignored */
	uint64_t tracks, merged;      /* tracks judged; reflections merged into their throw */
	uint64_t verdicts_lost;       /* overwritten before litter_next() */
};

struct litter;

/**
 * @param config  copied; NULL: whole picture, not calibrated.
 * @param ret_litter  owned by the caller; untouched on failure.
 * @return 0, -EINVAL (invalid size, polygon or calibration) or -ENOMEM.
 */
int litter_open(int width_px, int height_px, const struct litter_config *config,
		struct litter **ret_litter);

/** NULL is fine. */
void litter_close(struct litter *litter);

/**
 * Process the next frame.
 * @param luma    height rows of @p stride_bytes (width or more); borrowed for the call.
 * @param pts_us  increasing; a frame that is not later than the one before is counted and ignored.
 */
void litter_frame(struct litter *litter, const uint8_t *luma, size_t stride_bytes, int64_t pts_us);

/** The stream ends or jumps: end all tracks, reset background and time base. */
void litter_flush(struct litter *litter);

/** Fetch the oldest verdict; at most 16 are queued. @return 1, or 0 when there is none. */
int litter_next(struct litter *litter, struct litter_verdict *ret_verdict);

/**
 * Longest time from a throw's last sample to its verdict, microseconds: the history that a caller
 * must keep.
 */
int64_t litter_delay_us(void);

void litter_get_stats(const struct litter *litter, struct litter_stats *ret_stats);

/** "alert", "suspected". */
const char *litter_grade_name(enum litter_grade grade);

#ifdef __cplusplus
}
#endif
#endif
