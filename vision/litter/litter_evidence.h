/*
 * litter_evidence.h - writes a throw's evidence (clip, still, still with trajectory) and records
 * the digests.
 */
#ifndef GH_VISION_LITTER_LITTER_EVIDENCE_H
#define GH_VISION_LITTER_LITTER_EVIDENCE_H

#include "litter_watch.h"

/**
 * Write the evidence of the verdict in @p result. Sets its files and clip_offset_ms and, on
 * failure, evidence_problem.
 * @param still  frame that shows the throw; borrowed.
 * @param number  makes file names of one camera and moment unique.
 * @return 0 or the negative errno of evidence_write(). Any one thread.
 */
int litter_evidence_write(const struct litter_watch_config *config, const struct video_frame *still,
			  unsigned number, struct litter_result *result);

#endif
