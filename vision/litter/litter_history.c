#include "litter_history.h"
#include "vision/camera/frame.h"
#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { STILL_EVERY_US = 600000 };

void litter_history_add(struct litter_history *past, struct video_frame *frame)
{
	unsigned at = past->time_count++ % LITTER_HISTORY_TIMES_MAX;

	assert(past->still_count <= LITTER_HISTORY_STILLS_MAX && frame != NULL);
	if (past->time_count ==
	    2 * LITTER_HISTORY_TIMES_MAX) /* the same index in the ring, far from overflow */
		past->time_count = LITTER_HISTORY_TIMES_MAX;
	past->times[at].pts_us = frame->pts_us;
	past->times[at].mono_us = frame->arrived_mono_us;
	past->newest_pts_us = frame->pts_us;
	video_frame_unref(past->newest);
	past->newest = video_frame_ref(frame);
	if (past->still_count > 0 &&
	    frame->pts_us - past->stills[past->still_count - 1]->pts_us < STILL_EVERY_US)
		return;
	if (past->still_count == LITTER_HISTORY_STILLS_MAX) {
		video_frame_unref(past->stills[0]);
		past->still_count--;
		memmove(&past->stills[0], &past->stills[1],
			sizeof(past->stills[0]) * past->still_count);
	}
	past->stills[past->still_count++] = video_frame_ref(frame);
}

void litter_history_clear(struct litter_history *past)
{
	while (past->still_count > 0)
		video_frame_unref(past->stills[--past->still_count]);
	video_frame_unref(past->newest);
	past->newest = NULL;
	past->time_count = 0;
}

uint64_t litter_history_arrival(const struct litter_history *past, int64_t pts_us)
{
	unsigned kept = past->time_count < LITTER_HISTORY_TIMES_MAX ? past->time_count
								    : LITTER_HISTORY_TIMES_MAX;
	uint64_t best = clock_mono_us();
	int64_t best_off = INT64_MAX;

	for (unsigned i = 0; i < kept; i++) {
		int64_t off = llabs(past->times[i].pts_us - pts_us);

		if (off < best_off) {
			best_off = off;
			best = past->times[i].mono_us;
		}
	}
	return best;
}

struct video_frame *litter_history_still(const struct litter_history *past, uint32_t epoch,
					 const struct litter_verdict *verdict)
{
	int64_t middle = verdict->begin_pts_us + (verdict->end_pts_us - verdict->begin_pts_us) / 2;
	struct video_frame *best = past->newest;

	for (unsigned i = 0; i < past->still_count; i++) {
		struct video_frame *frame = past->stills[i];

		if (frame->epoch == epoch &&
		    (best == NULL || llabs(frame->pts_us - middle) < llabs(best->pts_us - middle)))
			best = frame;
	}
	return best == NULL ? NULL : video_frame_ref(best);
}
