/*
 * face_watch.h - the face worker: frames of the door cameras in, decisions out.
 *
 * One thread, "face". It loads the models itself, so that doors work before it does, then takes the newest
 * frame of each camera in turn, follows each face as a track and decides once enough good frames agree.
 * One person in view is one track, and one track at most one decision, repeated no sooner than repeat_ms.
 * Results go by value to the caller's queue; when that is full they are dropped and counted.
 */
#ifndef GH_VISION_FACE_FACE_WATCH_H
#define GH_VISION_FACE_FACE_WATCH_H

#include "face.h"
#include "vision/camera/mask.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gallery;
struct queue;
struct video_frame;

enum { FACE_KEPT_BYTES_MAX = 16384 };
enum { FACE_STILL_BYTES = 96, FACE_SHA256_BYTES = 65 };
enum { FACE_WATCH_CAMERAS_MAX = 8, FACE_WATCH_ENROLS_MAX = 8, FACE_WATCH_PERSON_BYTES = 27 };

enum face_result_kind {
	FACE_RESULT_READY,    /* models are loaded */
	FACE_RESULT_FAILED,   /* reason: no face will be seen until the daemon restarts */
	FACE_RESULT_ACCESS,   /* a live, enrolled person: person, score */
	FACE_RESULT_STRANGER, /* a live person nobody knows: best score */
	FACE_RESULT_SPOOF, /* a picture of a face: liveness or no_blink; person and score when it resembles somebody */
	FACE_RESULT_UPSIDE_DOWN, /* the camera seems to hang so: strangers in a row look more like faces when turned */
	FACE_RESULT_PROMPT, /* prompt: what to tell the person at the door now, as far as the picture says */
	FACE_RESULT_ENROLLED,     /* request: template_vector, quality */
	FACE_RESULT_ENROL_FAILED, /* request: reason */
};

struct face_result {
	enum face_result_kind kind;
	unsigned camera;                      /* index given to face_watch_frame() */
	uint32_t track;                       /* rises for each new face in view; the same while it stays */
	char person[FACE_WATCH_PERSON_BYTES]; /* "" when none */
	float score,
		threshold; /* cosine, weighed by threshold_gain(); best person's, and what was asked for */
	char rival[FACE_WATCH_PERSON_BYTES]; /* the best of all others; "" when there is none */
	float rival_score;                   /* the same; -1 when there is none */
	size_t enrolled;                     /* templates that were searched */
	float liveness;                      /* mean over the good frames, 0 to 1; -1 not measured */
	bool raster;   /* that of a screen or of a coarse print was seen in one of the frames */
	bool no_blink; /* of SPOOF: alive by its looks, but the eyes stayed open when a blink was asked for */
	bool covered;  /* of STRANGER: mouth and chin are hidden, so that nobody could be known */
	float quality; /* 0 to 1 */
	unsigned good_frames;
	int prompt;                  /* enum face_prompt */
	struct face_rect box;        /* in the frame of the decision */
	int64_t pts_us;              /* of that frame */
	uint64_t first_good_mono_us; /* when the first good frame of the track arrived */
	uint64_t decided_mono_us;
	struct { /* milliseconds of the deciding frame, by stage */
		float convert, detect, points, liveness, embed, match;
	} ms;
	char still[FACE_STILL_BYTES];         /* file in stills_dir, "" for none */
	char still_sha256[FACE_SHA256_BYTES]; /* hex */
	uint64_t request;
	float template_vector
		[FACE_DIM]; /* as long as the answers it is of (threshold.h); of ENROLLED and SURE only */
	/* of ENROLLED, with keep_pictures: the aligned face as a JPEG, to make the template anew with another recogniser */
	uint8_t kept[FACE_KEPT_BYTES_MAX];
	size_t kept_bytes;     /* 0: none */
	struct problem reason; /* of FAILED and ENROL_FAILED */
};

struct face_watch_config {
	const char *models_dir;      /* copied */
	unsigned cameras;            /* 1 to FACE_WATCH_CAMERAS_MAX */
	unsigned threads;            /* that one inference may use, 1 to 16 */
	double false_accept_percent; /* see threshold.h */
	bool liveness;               /* false: not measured, pictures are taken for people */
	bool enforce;                /* false: pictures are let in, and told by their low liveness */
	float liveness_min;          /* 0 to 1, mean over the good frames */
	bool screens;                /* a face that a raster shows is not alive (face_screen.h) */
	bool blink; /* nobody is let in before a blink; not with a detector that tells points itself */
	struct {
		const char *name;         /* of stills; copied. NULL: none are written */
		float liveness_min;       /* 0: as above */
		struct mask_polygon zone; /* where the door's people stand; count 0: everywhere */
	} camera[FACE_WATCH_CAMERAS_MAX];
	const char *stills_dir;   /* copied; NULL: none are written */
	bool keep_pictures;       /* of those who are enrolled, in the results */
	bool stranger_stills;     /* of strangers too, not of pictures held up alone */
	unsigned face_min_px;     /* height of a usable face, 32 to 1000 */
	unsigned access_frames;   /* good frames that must agree before ACCESS, 2 to 30 */
	unsigned stranger_frames; /* good frames without a match before STRANGER, access_frames to 60 */
	unsigned repeat_ms;       /* 1000 to 3600000 */
};

/** The defaults that were measured to be safe. models_dir is left NULL, cameras 1. */
void face_watch_defaults(struct face_watch_config *config);

struct face_watch;

struct face_watch_stats {
	uint64_t frames_offered, frames_dropped; /* dropped: a newer one came first */
	uint64_t frames_still;                   /* nothing moved: not searched */
	uint64_t frames_searched;
	uint64_t results_lost;
	float busy_ms_mean; /* of a searched frame, lately */
};

/**
 * Starts the thread. READY or FAILED follows in @p results, a queue of struct face_result that the caller
 * owns and closes after face_watch_close().
 * @return 0, -EINVAL (a value out of its range), -ENOMEM or -EAGAIN (no thread).
 */
int face_watch_open(const struct face_watch_config *config, struct queue *results,
		    struct face_watch **ret_watch);

/** Ends the thread after the frame in hand. NULL is fine. */
void face_watch_close(struct face_watch *watch);

/** Offers a frame; takes a reference of its own. A frame not looked at yet is replaced. Camera threads. */
void face_watch_frame(struct face_watch *watch, unsigned camera, struct video_frame *frame);

/**
 * Asks for the template of a photo; ENROLLED or ENROL_FAILED with @p request follows. Bytes are copied.
 * @return 0, -EFBIG, -ENOSPC (FACE_WATCH_ENROLS_MAX wait), -EINVAL or -ENOMEM. Any thread.
 */
int face_watch_enrol(struct face_watch *watch, uint64_t request, const void *photo, size_t photo_bytes);

/** The same from a picture that was kept (face_result). */
int face_watch_enrol_kept(struct face_watch *watch, uint64_t request, const void *kept, size_t kept_bytes);

/**
 * The same from whoever stands before a camera in the next @p seconds (5 to 120): several good live frames make the
 * template. Until then that camera decides nothing; one enrolment at a time, another is answered ENROL_FAILED.
 * @return 0, -ENOSPC or -EINVAL (no such camera, seconds). Any thread.
 */
int face_watch_enrol_live(struct face_watch *watch, uint64_t request, unsigned camera, unsigned seconds);

/** The gallery that is searched; add and remove from any thread. Lives as long as the watch. */
struct gallery *face_watch_gallery(struct face_watch *watch);

/** How much more than the model card's score a camera asks for (threshold_calibration.h), from its next frame on. Any thread. */
void face_watch_set_offset(struct face_watch *watch, unsigned camera, float offset);

/** Forgets the tracks of one camera (its picture changed for good). Any thread. */
void face_watch_reset(struct face_watch *watch, unsigned camera);

/** Any thread. */
void face_watch_stats(struct face_watch *watch, struct face_watch_stats *ret_stats);

#ifdef __cplusplus
}
#endif
#endif
