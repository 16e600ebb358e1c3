/*
 * face_track.h - one person in view is one track, and evidence adds up on it.
 *
 * Pure logic: no picture, no model, no clock; time arrives with each call. The worker finds boxes, brings
 * each to its track, adds what a good frame showed and asks for the verdict.
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
	FACE_TRACK_LOST_MS = 1500, /* unseen that long: the person has gone */
	FACE_TRACK_STRANGER_MS = 1000,
	FACE_TRACK_STRANGER_FRAMES_MIN = 5,
	FACE_TRACK_BLINK_MS = 8000, /* to blink in, where one is asked for */
	FACE_TRACK_COVER_FRAMES_MIN = 3,
};

enum face_verdict {
	FACE_VERDICT_OPEN,
	FACE_VERDICT_ACCESS,
	FACE_VERDICT_STRANGER,
	FACE_VERDICT_SPOOF,
	FACE_VERDICT_NO_BLINK, /* somebody known who was asked for a blink, and gave none */
};

struct face_rules {
	bool liveness; /* it is measured */
	bool enforce;  /* and a picture is not let in */
	float liveness_min;
	bool screens; /* a face in whose picture a raster is seen is not alive (face_screen.h) */
	bool blink;   /* nobody is let in before the eyes have shut and opened */
	unsigned access_frames, stranger_frames, repeat_ms;
};

/* What one good frame showed. */
struct face_sight {
	float embedding[FACE_DIM]; /* unit length */
	float live, quality;       /* 0 to 1 */
	float strength;            /* face_embed() */
	char person[ULID_BYTES];   /* nearest in the gallery by this frame alone, "" for none */
	float score;
	struct face_eyes eyes;
	float cover; /* of face_cover(), of a frame that names nobody */
	uint64_t arrived_mono_us;
};

struct face_track {
	uint32_t id; /* 0: free */
	float x_px, y_px, width_px, height_px, step_x_px, step_y_px;
	uint64_t started_ms, seen_ms, checked_ms, decided_ms; /* 0: not yet */
	enum face_verdict verdict;                            /* the last one reported */
	int fault;                                            /* enum face_fault of the latest look */
	/* evidence, since the track began or since its last decision came up for repetition */
	unsigned good_frames;
	float sum[FACE_DIM]; /* of embeddings */
	float strength_sum;
	float live[FACE_TRACK_LIVE_WINDOW], quality;
	char person[ULID_BYTES]; /* whom the latest frames agree on */
	unsigned agreed;         /* how many in a row */
	uint64_t first_good_mono_us;
	float cover; /* mean over the latest good frames that name nobody; above 0: the lower face is covered */
	unsigned cover_frames;
	bool uncovered; /* has been looked at anew since the mask came off: once a decision */
	struct face_blink blink;
	uint64_t blink_asked_ms; /* nothing but a blink is missing since then; 0: not so */
};

struct face_tracks {
	struct face_track items[FACE_TRACKS_MAX];
	uint32_t last_id; /* rises; a new track gets the next */
};

/**
 * Brings each face to the nearest track that it can belong to, or to a new one; forgets tracks unseen for
 * FACE_TRACK_LOST_MS. @p ret_tracks[i] is the track of faces[i], NULL when all are taken.
 */
void face_tracks_update(struct face_tracks *tracks, const struct face *faces, size_t count, uint64_t now_ms,
			struct face_track **ret_tracks);

/**
 * Adds what a good frame showed. When it is clearly somebody else than before, somebody has taken the place:
 * the track starts anew under a new id.
 */
void face_track_add(struct face_tracks *tracks, struct face_track *track, const struct face_sight *sight);

/** The mean of the track's embeddings, unit length. @return false when there is none. */
bool face_track_mean(const struct face_track *track, float *ret_embedding);

/** The mean of its frames' strengths; 0 before the first. */
float face_track_strength(const struct face_track *track);

/**
 * What frames say of liveness together: the mean of their log-odds, so that one that is sure weighs more than one that is
 * not. @return 0 to 1; -1 for none.
 */
float face_track_live_mean(const float *live, size_t count);

/** The same of the latest good frames; -1 before the first. */
float face_track_liveness(const struct face_track *track);

/** Was a raster seen in any of the frames that this is of? */
bool face_track_raster(const struct face_track *track);

/** Whether enough frames say that the lower half of the face is covered. It is a word to the person, and decides nothing. */
bool face_track_is_covered(const struct face_track *track);

/**
 * What the evidence says: @p person and @p score are the nearest to face_track_mean(), @p threshold what is
 * asked. OPEN while undecided and while face_track_open() is false. Notes in blink_asked_ms what is missing.
 */
enum face_verdict face_track_judge(struct face_track *track, const struct face_rules *rules,
				   const char *person, float score, float threshold, uint64_t now_ms);

/** Notes that @p verdict was reported now. Evidence stays until the next face_track_open() that is true. */
void face_track_decided(struct face_track *track, enum face_verdict verdict, uint64_t now_ms);

/**
 * Whether the track waits for a decision; one that does not needs no look at every frame. When repeat_ms are
 * over since the last decision, evidence starts again; for a stranger whose mask has come off since, at once.
 */
bool face_track_open(struct face_track *track, const struct face_rules *rules, uint64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
