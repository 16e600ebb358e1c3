/*
 * litter_history.h - recent arrival times of a camera's frames, and a few frames to choose a still
 * from.
 *
 * Covers one epoch of a stream; zeroed memory is an empty history. One thread.
 */
#ifndef GH_VISION_LITTER_LITTER_HISTORY_H
#define GH_VISION_LITTER_LITTER_HISTORY_H

#include "litter.h"

#include <stdint.h>

struct video_frame;

enum {
	LITTER_HISTORY_TIMES_MAX = 1024, /* 40 s at 25 a second */
	LITTER_HISTORY_STILLS_MAX = 5,   /* 3 MB each at 1080p */
};

struct litter_history {
	int64_t newest_pts_us;
	struct {
		int64_t pts_us;
		uint64_t mono_us;
	} times[LITTER_HISTORY_TIMES_MAX];
	unsigned time_count;
	struct video_frame *stills[LITTER_HISTORY_STILLS_MAX], *newest;
	unsigned still_count;
};

/** Add a frame; adds references. */
void litter_history_add(struct litter_history *past, struct video_frame *frame);
/** Release all frames. */
void litter_history_clear(struct litter_history *past);
/** @return arrival time of the frame nearest to @p pts_us; the current time without one. */
uint64_t litter_history_arrival(const struct litter_history *past, int64_t pts_us);
/** @return the frame of that epoch nearest to the middle of the fall, where the object is clear of
 *         window and ground. The caller
 * owns the reference; NULL: no frame. */
struct video_frame *litter_history_still(const struct litter_history *past, uint32_t epoch,
					 const struct litter_verdict *verdict);

#endif
