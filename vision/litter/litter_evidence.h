/*
 * litter_evidence.h - the files of one throw: clip, clean still, still with the trajectory, and their digests.
 */
#ifndef GH_VISION_LITTER_LITTER_EVIDENCE_H
#define GH_VISION_LITTER_LITTER_EVIDENCE_H

#include "litter_watch.h"

/**
 * Writes what @p config asks for, of the verdict in @p result: its files, clip_offset_ms and, on failure,
 * evidence_error are filled in.
 * @param still  the frame that shows the throw; borrowed.
 * @param number  tells apart what one camera writes for the same moment.
 * @return 0 or the negative errno of evidence_write(). Any one thread.
 */
int litter_evidence_write(const struct litter_watch_config *config, const struct video_frame *still,
			  unsigned number, struct litter_result *result);

#endif
