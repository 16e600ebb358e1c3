/*
 * litter_watch.h - the worker of one facade camera: analyses frames, posts throws with their
 * evidence.
 *
 * Two threads: "litter/N" analyses, "evidence/N" writes files, so that encoding does not delay the
 * analysis. Frames pass in order through a bounded queue; a frame that finds it full is skipped and
 * counted. After a verdict the evidence thread waits until the camera's packet ring holds the
 * post-roll, writes the evidence and posts one struct litter_result to the caller's queue. Failing
 * to write evidence does not suppress the alert: evidence_problem then has the reason.
 */
#ifndef GH_VISION_LITTER_LITTER_WATCH_H
#define GH_VISION_LITTER_LITTER_WATCH_H

#include "litter.h"
#include "vision/camera/digest.h"
#include "vision/camera/mask.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

struct packet_ring;
struct queue;
struct video_frame;

enum {
	/* verdicts that wait for their post-roll; a further one completes the oldest early */
	LITTER_WATCH_PENDING_MAX = 8,
	LITTER_WATCH_FRAMES_MAX = 64,
	LITTER_WATCH_ALERTS_A_MINUTE = 6,    /* more are posted as suspected, without evidence */
	LITTER_WATCH_SUSPECTED_A_MINUTE = 6, /* more are counted and not posted */
	LITTER_RESULT_FILES = 3,
	LITTER_RESULT_NAME_BYTES = 96,
};

struct litter_result_file {
	char name[LITTER_RESULT_NAME_BYTES]; /* within the evidence directory */
	char sha256[DIGEST_HEX_BYTES];
	uint64_t bytes;
};

struct litter_result {
	unsigned camera;
	struct litter_verdict verdict;
	int width_px, height_px; /* of the picture that the verdict's points are in */
	uint64_t first_seen_mono_us, end_mono_us; /* arrival of those frames */
	int64_t first_seen_unix_ms, end_unix_ms;
	uint64_t posted_mono_us;
	/* clip, clean still, still with the trajectory */
	struct litter_result_file files[LITTER_RESULT_FILES];
	struct litter_result_file sealed; /* only with a mask: the unmasked clip */
	size_t file_count;                /* 0 without evidence */
	int64_t clip_offset_ms; /* the first sample, from the clip's begin; negative: no clip */
	struct problem evidence_problem; /* PROBLEM_NONE: all written */
	/* an alert beyond LITTER_WATCH_ALERTS_A_MINUTE: grade is suspected instead */
	bool rate_limited;
	float analysis_ms; /* mean per frame, recent */
};

struct litter_watch_config {
	unsigned camera;  /* index, copied to results */
	const char *name; /* of the camera, [a-z0-9-]{1,31}; copied */
	struct litter_config litter;
	const char *evidence_dir;           /* copied; NULL or "": no evidence */
	struct mask mask;                   /* burned into all shown files; count 0: none */
	unsigned pre_roll_ms, post_roll_ms; /* 0 to 60000 */
	unsigned queue_frames;              /* 1 to LITTER_WATCH_FRAMES_MAX; 0: the default, 16 */
	struct packet_ring *ring; /* the camera's; outlives the watch; NULL: no evidence */
};

struct litter_watch_stats {
	uint64_t frames_offered, frames_skipped; /* skipped: the queue was full */
	uint64_t frames_analysed;
	uint64_t alerts, suspected, evidence_failed;
	uint64_t suppressed;   /* suspected beyond LITTER_WATCH_SUSPECTED_A_MINUTE */
	uint64_t results_lost; /* the caller's queue was full */
	float analysis_ms_mean, analysis_ms_max; /* recent mean, maximum since the start */
	struct litter_stats litter;              /* summed over restarts of the stream */
};

struct litter_watch;

/**
 * Start the threads.
 * @param results  queue of struct litter_result; owned by the caller, closed after
 *                 litter_watch_close().
 * @return 0, -EINVAL (a value out of its range), -ENOMEM or -EAGAIN (no thread).
 */
int litter_watch_open(const struct litter_watch_config *config, struct queue *results,
		      struct litter_watch **ret_watch);

/** Queue @p frame (adds a reference), or count it as skipped. Camera thread; does not block. */
void litter_watch_frame(struct litter_watch *watch, struct video_frame *frame);

/** The source ended or was lost: end and judge all tracks. Any thread. */
void litter_watch_flush(struct litter_watch *watch);

/**
 * Process the queued frames, post pending results without waiting for their post-roll, stop the
 * threads. NULL is fine.
 */
void litter_watch_close(struct litter_watch *watch);

/** Any thread. */
void litter_watch_stats(struct litter_watch *watch, struct litter_watch_stats *ret_stats);

#ifdef __cplusplus
}
#endif
#endif
