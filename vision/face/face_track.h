/*
 * face_track.h - tracks faces over frames, accumulates evidence and decides.
 *
 * Pure logic: no picture, no model, no clock; time arrives with each call. One person in view is
 * one track. The worker assigns detected boxes to tracks, adds an observation per good frame and
 * asks for the verdict.
 */
#ifndef GH_VISION_FACE_FACE_TRACK_H
#define GH_VISION_FACE_FACE_TRACK_H

#include "face.h"
#include "face_blink.h"
#include "base/ulid.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	FACE_TRACKS_MAX = 8,
	FACE_TRACK_LIVE_WINDOW = 8,
	FACE_TRACK_LOST_MS = 1500, /* the track ends when unseen for this long */
	FACE_TRACK_STRANGER_MS = 1000,
	FACE_TRACK_STRANGER_FRAMES_MIN = 5,
	FACE_TRACK_BLINK_MS = 8000, /* time allowed for a requested blink */
	FACE_TRACK_COVER_FRAMES_MIN = 3,
};

enum face_verdict {
	FACE_VERDICT_OPEN,
	FACE_VERDICT_ACCESS,
	FACE_VERDICT_STRANGER,
	FACE_VERDICT_SPOOF,
	FACE_VERDICT_NO_BLINK, /* a known person who did not blink when requested */
};

struct face_rules {
	bool liveness; /* measure liveness */
	bool enforce;  /* and refuse below liveness_min */
	float liveness_min;
	bool reject_screens; /* treat a detected screen raster as not alive (face_screen.h) */
	bool blink;          /* require a blink before access */
	unsigned access_frames, stranger_frames, repeat_ms;
};

/* Measures of one good frame. */
struct face_observation {
	float embedding[FACE_DIM]; /* unit length */
	float live, quality;       /* 0 to 1 */
	float norm;                /* face_embed() */
	char person[ULID_BYTES];   /* best match of this frame alone, "" for none */
	float score;
	struct face_eyes eyes;
	float cover; /* face_cover(), for frames without a match */
	uint64_t arrived_mono_us;
};

struct face_track {
	uint32_t id; /* 0: free */
	float x_px, y_px, width_px, height_px, step_x_px, step_y_px;
	uint64_t started_ms, seen_ms, checked_ms, decided_ms; /* 0: not yet */
	enum face_verdict verdict;                            /* the last one reported */
	int fault; /* enum face_fault of the latest frame */
	/* evidence since the track began, or since its last decision may repeat */
	unsigned good_frames;
	float sum[FACE_DIM]; /* of embeddings */
	float norm_sum;
	float live[FACE_TRACK_LIVE_WINDOW], quality;
	char person[ULID_BYTES]; /* agreed match of the latest frames */
	unsigned agreed;         /* how many in a row */
	uint64_t first_good_mono_us;
	/* mean over the latest good frames without a match; above 0: the lower face is covered */
	float cover;
	unsigned cover_frames;
	bool uncovered; /* evidence was restarted after a cover was removed; once per decision */
	struct face_blink blink;
	uint64_t blink_requested_ms; /* only a blink is missing since then; 0: not requested */
};

struct face_tracks {
	struct face_track items[FACE_TRACKS_MAX];
	uint32_t last_id; /* increasing; a new track gets the next */
};

/**
 * Assign each face to the nearest plausible track or to a new one, and end tracks unseen for
 * FACE_TRACK_LOST_MS.
 * @p ret_tracks[i] is the track of faces[i], NULL when no track is free.
 */
void face_tracks_update(struct face_tracks *tracks, const struct face *faces, size_t count,
			uint64_t now_ms, struct face_track **ret_tracks);

/**
 * Add the observation of a good frame. An observation that is clearly of another person than the
 * track's mean restarts the track under a new id.
 */
void face_track_add(struct face_tracks *tracks, struct face_track *track,
		    const struct face_observation *observation);

/** The mean of the track's embeddings, unit length. @return false when there is none. */
bool face_track_mean(const struct face_track *track, float *ret_embedding);

/** Mean embedding norm of its frames; 0 before the first. */
float face_track_norm(const struct face_track *track);

/**
 * Combined liveness of several frames: the mean of their log-odds, so that confident frames weigh
 * more. @return 0 to 1; -1 for none.
 */
float face_track_live_mean(const float *live, size_t count);

/** face_track_live_mean() of the latest good frames; -1 before the first. */
float face_track_liveness(const struct face_track *track);

/** Whether a screen raster was detected in any of those frames. */
bool face_track_raster(const struct face_track *track);

/**
 * Whether the lower half of the face is covered, over enough frames. For a prompt only; no decision
 * depends on it.
 */
bool face_track_is_covered(const struct face_track *track);

/**
 * Decide from the evidence. @p person and @p score are the best match of face_track_mean(), @p
 * threshold is the score required.
 * @return OPEN while undecided and while face_track_open() is false. Sets blink_requested_ms when
 *         only a blink is missing.
 */
enum face_verdict face_track_judge(struct face_track *track, const struct face_rules *rules,
				   const char *person, float score, float threshold,
				   uint64_t now_ms);

/**
 * Record that @p verdict was reported. Evidence is kept until face_track_open() next returns true.
 */
void face_track_decided(struct face_track *track, enum face_verdict verdict, uint64_t now_ms);

/**
 * Whether the track needs a decision; others need not be examined on every frame. Evidence restarts
 * repeat_ms after the last decision, or at once for a stranger who removed a cover.
 */
bool face_track_open(struct face_track *track, const struct face_rules *rules, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
