/*
 * evidence.h - writes the evidence of one throw: a clip, a still, and a still with the trajectory.
 *
 * STEM.mp4 contains the camera's packets without transcoding; codecs other than H.264 and H.265 are
 * transcoded, since browsers play no others. With a mask all three files show masked pictures, and
 * the original packets go to sealed/STEM.mp4, in a folder of mode 0700 that is never served. Each
 * file is written under a temporary name, synced and renamed, so a file under its final name is
 * complete. Blocks on disk and on encoding: worker threads only.
 */
#ifndef GH_VISION_EVIDENCE_EVIDENCE_H
#define GH_VISION_EVIDENCE_EVIDENCE_H

#include "vision/camera/frame.h"

#include <stddef.h>
#include <stdint.h>

#include "base/hex.h"
#include "base/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	EVIDENCE_FILES = 3, /* clip, still, still with trajectory */
	EVIDENCE_NAME_BYTES = 96,
	EVIDENCE_STEM_MAX = 72, /* characters: a-z A-Z 0-9 . _ - and no leading dot */
	EVIDENCE_POINTS_MAX = 4096,
};

struct mask;
struct packet_ring;

struct evidence_point {
	float x_px, y_px; /* in the still's pixels; the first is the origin */
};

struct evidence_request {
	const char *dir;  /* must exist */
	const char *stem; /* file name without extension */
	int64_t from_pts_us, to_pts_us;
	const struct video_frame *still; /* its pts_us, clamped to the range, chooses the epoch */
	const struct evidence_point *points;
	size_t points_count;     /* 0: the second still shows the label alone */
	const struct mask *mask; /* burned in; NULL: none */
	const char *label;       /* origin of the throw, printable ASCII; NULL: none */
};

struct evidence_file {
	char name[EVIDENCE_NAME_BYTES]; /* within dir; "" if it was not written */
	char sha256[DIGEST_HEX_BYTES];
	uint64_t bytes;
};

struct evidence_result {
	struct evidence_file files[EVIDENCE_FILES]; /* clip, still, trajectory */
	/* only with a mask: the unmasked clip, its name "sealed/STEM.mp4" */
	struct evidence_file sealed;
	int64_t clip_from_pts_us, clip_to_pts_us; /* range of the clip; both 0 without a clip */
};

/**
 * Write all three files. A failure does not stop the others; @p ret_result always lists the files
 * written.
 * @param problem  the first failure with its file; PROBLEM_NONE on success.
 * @return 0, or the error of the first failure: -EINVAL, -ENOENT (no packets of that time in the
 *         ring, or no such dir), -ENOSPC (disk or quota full, file too large), -EACCES, -EIO,
 *         -ENOMEM or -ENOTSUP (no encoder).
 */
int evidence_write(struct packet_ring *ring, const struct evidence_request *request,
		   struct evidence_result *ret_result, struct problem *problem);

#ifdef __cplusplus
}
#endif
#endif
