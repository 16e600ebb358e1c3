/*
 * litter_manifest.h - which clips hold which throws: CSV, one line a clip or a throw.
 *
 *   path,roi,begin_s,end_s,x0,y0,x1,y1
 *
 * path may stand in double quotes; it is looked for beside the manifest, then from where the
 * program runs. A clip without a throw leaves all but path (and roi) empty. Seconds count from the
 * clip's first frame. The box (px) may be left out; one box a throw covers its whole way. Lines
 * shorter than 0.15 s are sights of a throw, frame by frame: those at most 0.5 s apart are one
 * throw. roi is x1:y1;x2:y2;... in px, or in fractions where none exceeds
 * 1. A first line that begins with "path," is a heading, a line that begins with # a comment.
 */
#ifndef GH_BENCH_LITTER_MANIFEST_H
#define GH_BENCH_LITTER_MANIFEST_H

#include "litter_score.h"

enum { MANIFEST_PATH_BYTES = 1024, MANIFEST_ERROR_BYTES = 256, MANIFEST_LINES_MAX = 1000000 };

struct manifest_clip {
	char path[MANIFEST_PATH_BYTES];
	struct litter_polygon roi; /* as it was written: px, or fractions; count 0: none */
	bool roi_in_px;
	struct score_sighting *sightings; /* by time */
	size_t sighting_count, throw_count;
};

struct manifest {
	struct manifest_clip *clips; /* in the order of their first lines */
	size_t count;
};

/** @return 0 or a negative errno; @p ret_error then names file, line and mistake. */
int manifest_read(const char *path, struct manifest *ret_manifest,
		  char ret_error[MANIFEST_ERROR_BYTES]);
/** A zeroed one is fine. */
void manifest_finish(struct manifest *manifest);

#endif
