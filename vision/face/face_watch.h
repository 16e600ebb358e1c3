/*
 * face_watch.h - the face worker: takes frames of the door cameras, posts decisions.
 *
 * One thread, "face". It loads the models, so that the doors start without waiting for them, then
 * processes the newest frame of each camera round robin. Each face is a track; a decision follows
 * when enough good frames agree and repeats no sooner than repeat_ms. Results are posted by value
 * to the caller's queue; when it is full they are dropped and counted.
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

enum { FACE_CROP_JPEG_BYTES_MAX = 16384 };
enum { FACE_STILL_BYTES = 96 };
enum { FACE_WATCH_CAMERAS_MAX = 8, FACE_WATCH_ENROLS_MAX = 8, FACE_WATCH_PERSON_BYTES = 27 };

enum face_result_kind {
	FACE_RESULT_READY,    /* models are loaded */
	FACE_RESULT_FAILED,   /* reason: recognition stays off until the daemon restarts */
	FACE_RESULT_ACCESS,   /* a live, enrolled person: person, score */
	FACE_RESULT_STRANGER, /* a live person without a match: best score */
	/* a presentation attack: liveness or no_blink; person and score if there is a match */
	FACE_RESULT_SPOOF,
	FACE_RESULT_UPSIDE_DOWN,  /* the camera appears to be mounted upside down */
	FACE_RESULT_PROMPT,       /* prompt: the prompt for the person at the door has changed */
	FACE_RESULT_ENROLLED,     /* request: template_vector, quality */
	FACE_RESULT_ENROL_FAILED, /* request: reason */
};

struct face_result {
	enum face_result_kind kind;
	unsigned camera;                      /* index given to face_watch_frame() */
	uint32_t track;                       /* increasing, constant while a face stays in view */
	char person[FACE_WATCH_PERSON_BYTES]; /* "" when none */
	float score,
		/*
		 * normalised cosine (score_gain_of_probe()) of the best match, and the score
		 * required
		 */
		threshold;
	char rival[FACE_WATCH_PERSON_BYTES]; /* second-best person; "" when there is none */
	float rival_score;                   /* of the rival; -1 when there is none */
	size_t enrolled;                     /* templates that were searched */
	float liveness; /* mean over the good frames, 0 to 1; -1: not measured */
	/* a screen or a coarse print was detected in one of the frames (face_screen.h) */
	bool raster;
	bool no_blink; /* of SPOOF: liveness passed, but the requested blink did not follow */
	bool covered;  /* of STRANGER: the lower face is covered, so that no match was possible */
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
	char still[FACE_STILL_BYTES];        /* file in stills_dir, "" for none */
	char still_sha256[DIGEST_HEX_BYTES]; /* hex */
	uint64_t request;
	/* scaled to the mean embedding norm (threshold.h); of ENROLLED only */
	float template_vector[FACE_DIM];
	/*
	 * of ENROLLED, with keep_pictures: the aligned face as JPEG, to compute a template for
	 * another recogniser
	 */
	uint8_t crop_jpeg[FACE_CROP_JPEG_BYTES_MAX];
	size_t crop_jpeg_bytes; /* 0: none */
	struct problem reason;  /* of FAILED and ENROL_FAILED */
};

struct face_watch_config {
	const char *models_dir;      /* copied */
	unsigned cameras;            /* 1 to FACE_WATCH_CAMERAS_MAX */
	unsigned threads;            /* per inference, 1 to 16 */
	double false_accept_percent; /* see threshold.h */
	bool liveness;               /* false: not measured, pictures pass as people */
	bool enforce;                /* false: low liveness is reported but does not refuse */
	float liveness_min;          /* 0 to 1, mean over the good frames */
	bool reject_screens;         /* screen detection counts against liveness (face_screen.h) */
	bool blink; /* require a blink; not with a detector that returns points itself */
	struct {
		const char *name;         /* for file names of stills; copied. NULL: no stills */
		float liveness_min;       /* 0: as above */
		struct mask_polygon zone; /* area in front of the door; count 0: whole picture */
	} camera[FACE_WATCH_CAMERAS_MAX];
	const char *stills_dir; /* copied; NULL: no stills */
	bool keep_pictures;     /* return the aligned crop of enrolled people */
	bool stranger_stills;   /* stills of strangers too, not only of presentation attacks */
	unsigned face_min_px;   /* height of a usable face, 32 to 1000 */
	unsigned access_frames; /* good frames that must agree before ACCESS, 2 to 30 */
	/* good frames without a match before STRANGER, access_frames to 60 */
	unsigned stranger_frames;
	unsigned repeat_ms; /* 1000 to 3600000 */
};

/** Measured defaults; models_dir NULL, cameras 1. */
void face_watch_defaults(struct face_watch_config *config);

struct face_watch;

struct face_watch_stats {
	uint64_t frames_offered, frames_dropped; /* dropped: replaced by a newer one */
	uint64_t frames_still;                   /* skipped by the motion gate */
	uint64_t frames_searched;
	uint64_t results_lost;
	float busy_ms_mean; /* of recently searched frames */
};

/**
 * Start the thread. READY or FAILED follows in @p results, a queue of struct face_result that the
 * caller owns and closes after face_watch_close().
 * @return 0, -EINVAL (a value out of its range), -ENOMEM or -EAGAIN (no thread).
 */
int face_watch_open(const struct face_watch_config *config, struct queue *results,
		    struct face_watch **ret_watch);

/** Stop the thread after the current frame. NULL is fine. */
void face_watch_close(struct face_watch *watch);

/**
 * Offer a frame; adds a reference. Replaces a frame of the same camera that is still waiting.
 * Camera threads.
 */
void face_watch_frame(struct face_watch *watch, unsigned camera, struct video_frame *frame);

/**
 * Request the template of a photo; ENROLLED or ENROL_FAILED with @p request follows. Bytes are
 * copied.
 * @return 0, -EFBIG, -ENOSPC (FACE_WATCH_ENROLS_MAX requests wait), -EINVAL or -ENOMEM. Any thread.
 */
int face_watch_enrol(struct face_watch *watch, uint64_t request, const void *photo,
		     size_t photo_bytes);

/** Request a template from a stored aligned crop (face_result.crop_jpeg). */
int face_watch_enrol_crop(struct face_watch *watch, uint64_t request, const void *crop_jpeg,
			  size_t crop_jpeg_bytes);

/**
 * Request a template of the person in front of a camera within @p seconds (5 to 120), from several
 * good live frames. Until then that camera makes no decisions. One live enrolment at a time; a
 * second one gets ENROL_FAILED.
 * @return 0, -ENOSPC or -EINVAL (no such camera, seconds). Any thread.
 */
int face_watch_enrol_live(struct face_watch *watch, uint64_t request, unsigned camera,
			  unsigned seconds);

/** The gallery that is searched; add and remove from any thread. Valid until face_watch_close(). */
struct gallery *face_watch_gallery(struct face_watch *watch);

/**
 * Set a camera's offset to the model card's threshold (threshold_calibration.h), effective with its
 * next frame. Any thread.
 */
void face_watch_set_offset(struct face_watch *watch, unsigned camera, float offset);

/** Discard the tracks of one camera, after its view changed. Any thread. */
void face_watch_reset(struct face_watch *watch, unsigned camera);

/** Any thread. */
void face_watch_stats(struct face_watch *watch, struct face_watch_stats *ret_stats);

#ifdef __cplusplus
}
#endif
#endif
