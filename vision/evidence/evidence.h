/*
 * evidence.h - the files that show one throw: a clip, a clean still, and a still with the path drawn on it.
 *
 * STEM.mp4 is the camera's own packets in a new container (other codecs than H.264 and H.265 are encoded
 * again, once, since browsers play nothing else). With a mask all three are made of masked pictures, and the
 * camera's own packets go to sealed/STEM.mp4, in a folder of mode 0700 that nothing is shown from. Each file is written under a temporary name, synced and
 * renamed: a file under its final name is whole. Blocks on disk and on encoding: a worker's business.
 */
#ifndef GH_VISION_EVIDENCE_EVIDENCE_H
#define GH_VISION_EVIDENCE_EVIDENCE_H

#include "vision/camera/frame.h"

#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	EVIDENCE_FILES = 3, /* clip, still, still with trajectory */
	EVIDENCE_NAME_BYTES = 96,
	EVIDENCE_STEM_MAX = 72,     /* characters: a-z A-Z 0-9 . _ - and no leading dot */
	EVIDENCE_SHA256_BYTES = 65, /* hexadecimal and the ending zero */
	EVIDENCE_POINTS_MAX = 4096,
};

struct mask;
struct packet_ring;

struct evidence_point {
	float x_px, y_px; /* in the still's pixels; the first is the origin */
};

struct evidence_request {
	const char *dir;  /* exists already */
	const char *stem; /* file name without its ending */
	int64_t from_pts_us, to_pts_us;
	const struct video_frame *still; /* its pts_us, clamped to the range, chooses the epoch */
	const struct evidence_point *points;
	size_t points_count;     /* 0: the second still shows the label alone */
	const struct mask *mask; /* burned in; NULL: none */
	const char *label;       /* where it came from, printable ASCII; NULL for none */
};

struct evidence_file {
	char name[EVIDENCE_NAME_BYTES]; /* within dir; "" if it could not be made */
	char sha256[EVIDENCE_SHA256_BYTES];
	uint64_t bytes;
};

struct evidence_result {
	struct evidence_file files[EVIDENCE_FILES]; /* clip, still, trajectory */
	struct evidence_file sealed; /* with a mask alone: the unmasked clip, its name "sealed/STEM.mp4" */
	int64_t clip_from_pts_us, clip_to_pts_us; /* what the clip covers; both 0 without a clip */
};

/**
 * Write all three. One that fails does not stop the others: what was made is in @p ret_result, always.
 * @param problem  what went wrong first, and with which file; PROBLEM_NONE if nothing did.
 * @return 0, or of the first that failed: -EINVAL, -ENOENT (the ring holds nothing of that time, or no such
 *         dir), -ENOSPC (disk or quota full, file too large), -EACCES, -EIO, -ENOMEM or -ENOTSUP (no encoder).
 */
int evidence_write(struct packet_ring *ring, const struct evidence_request *request,
		   struct evidence_result *ret_result, struct problem *problem);

#ifdef __cplusplus
}
#endif
#endif
