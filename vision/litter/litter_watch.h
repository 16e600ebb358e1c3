/*
 * litter_watch.h - the worker that watches one facade camera: frames in, throws with their evidence out.
 *
 * Two threads: "litter/N" looks, "evidence/N" writes, so that files and encoding hold up no look. The first takes every frame in order from a bounded queue (a frame that finds the queue full
 * is skipped and counted), and for each verdict waits until the camera's packet ring holds the post-roll,
 * writes the evidence and posts one struct litter_result to the caller's queue. Analysis goes on meanwhile.
 * Evidence that cannot be written never holds back an alert: the result then says why in evidence_problem.
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
	LITTER_WATCH_PENDING_MAX =
		8, /* verdicts that wait for their post-roll; one more pushes out the oldest early */
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
	int width_px, height_px;                   /* of the picture that the verdict's points are in */
	uint64_t first_sight_mono_us, end_mono_us; /* when those frames arrived */
	int64_t first_sight_unix_ms, end_unix_ms;
	uint64_t posted_mono_us;
	struct litter_result_file
		files[LITTER_RESULT_FILES]; /* clip, clean still, still with the trajectory */
	struct litter_result_file sealed;   /* with a mask alone: the unmasked clip */
	size_t file_count;                  /* 0 when there is no evidence */
	int64_t clip_offset_ms;             /* the first sight, from the clip's begin; negative: no clip */
	struct problem evidence_problem;    /* PROBLEM_NONE: written */
	bool rate_limited; /* an alert beyond LITTER_WATCH_ALERTS_A_MINUTE: grade is suspected instead */
	float analysis_ms; /* mean for a frame, lately */
};

struct litter_watch_config {
	unsigned camera;  /* index that results carry */
	const char *name; /* of the camera, [a-z0-9-]{1,31}; copied */
	struct litter_config litter;
	const char *evidence_dir;           /* copied; NULL or "": no evidence is written */
	struct mask mask;                   /* burned into what is shown; count 0: none */
	unsigned pre_roll_ms, post_roll_ms; /* 0 to 60000 */
	unsigned queue_frames;              /* 1 to LITTER_WATCH_FRAMES_MAX; 0: the default, 16 */
	struct packet_ring *ring;           /* the camera's; outlives the watch; NULL: no evidence */
};

struct litter_watch_stats {
	uint64_t frames_offered, frames_skipped; /* skipped: the queue was full */
	uint64_t frames_analysed;
	uint64_t alerts, suspected, evidence_failed;
	uint64_t suppressed;                     /* suspected beyond what a minute takes */
	uint64_t results_lost;                   /* the caller's queue was full */
	float analysis_ms_mean, analysis_ms_max; /* mean lately, max since the start */
	struct litter_stats litter;              /* summed over restarts of the stream */
};

struct litter_watch;

/**
 * Starts the thread.
 * @param results  a queue of struct litter_result, the caller's, closed after litter_watch_close().
 * @return 0, -EINVAL (a value out of its range), -ENOMEM or -EAGAIN (no thread).
 */
int litter_watch_open(const struct litter_watch_config *config, struct queue *results,
		      struct litter_watch **ret_watch);

/** Takes a reference of its own to @p frame, or counts it as skipped. The camera's thread; never waits. */
void litter_watch_frame(struct litter_watch *watch, struct video_frame *frame);

/** The source ended or was lost: what is in view is judged now. Any thread. */
void litter_watch_flush(struct litter_watch *watch);

/** Judges the frames in the queue, posts what is pending without waiting for its post-roll, ends. NULL is fine. */
void litter_watch_close(struct litter_watch *watch);

/** Any thread. */
void litter_watch_stats(struct litter_watch *watch, struct litter_watch_stats *ret_stats);

#ifdef __cplusplus
}
#endif
#endif
