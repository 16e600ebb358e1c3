/*
 * litter_history.h - the last seconds of one camera: when frames arrived, and a few of them to choose a still from.
 *
 * One stretch of a stream at a time; zeroed memory is an empty past. One thread.
 */
#ifndef GH_VISION_LITTER_LITTER_HISTORY_H
#define GH_VISION_LITTER_LITTER_HISTORY_H

#include "litter.h"

#include <stdint.h>

struct video_frame;

enum {
	LITTER_PAST_TIMES_MAX = 1024, /* 40 s at 25 a second */
	LITTER_PAST_STILLS_MAX = 5,   /* 3 MB each at 1080p */
};

struct litter_past {
	int64_t newest_pts_us;
	struct {
		int64_t pts_us;
		uint64_t mono_us;
	} times[LITTER_PAST_TIMES_MAX];
	unsigned time_count;
	struct video_frame *stills[LITTER_PAST_STILLS_MAX], *newest;
	unsigned still_count;
};

/** Takes references of its own. */
void litter_past_keep(struct litter_past *past, struct video_frame *frame);
/** Gives all frames back. */
void litter_past_clear(struct litter_past *past);
/** @return when the frame nearest to @p pts_us arrived; now, where there is none. */
uint64_t litter_past_arrival(const struct litter_past *past, int64_t pts_us);
/** @return the frame of that epoch nearest to the middle of the fall, where the thing stands clear of window and ground, as
 * a reference that is the caller's; NULL: there is none. */
struct video_frame *litter_past_still(const struct litter_past *past, uint32_t epoch,
				      const struct litter_verdict *verdict);

#endif
