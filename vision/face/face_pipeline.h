/*
 * face_pipeline.h - what the face worker does with one frame or one photo. Inside of face_watch; its thread only.
 */
#ifndef GH_VISION_FACE_FACE_PIPELINE_H
#define GH_VISION_FACE_FACE_PIPELINE_H

#include "face_motion.h"
#include "face_prompt.h"
#include "face_track.h"
#include "face_watch.h"
#include "vision/camera/frame.h"

enum { FACE_STILL_NAME_BYTES = 48 };

struct face_view { /* one camera; zeroed at first */
	struct face_motion motion;
	struct face_tracks tracks;
	uint64_t moved_ms, searched_ms;
	unsigned turn; /* counts searches: which window comes next */
	float offset;  /* of the threshold; see threshold_calibration.h */
	float liveness_min;
	struct mask_polygon zone;
	struct face_prompter prompter;
	unsigned upside_down_votes; /* strangers in a row that look more like faces when they are turned */
	uint32_t upside_down_track; /* the latest that was asked */
	bool upside_down_told;
	char name[FACE_STILL_NAME_BYTES]; /* the camera's, of stills; "": none are written */
};

enum { FACE_LIVE_FRAMES = 8 }; /* good ones make a template at the gate */

/* somebody who is being enrolled before a camera; that camera decides nothing meanwhile */
struct face_enrolment {
	struct face_view *view;     /* NULL: nobody is */
	uint64_t request, until_ms; /* CLOCK_MONOTONIC */
	float sum[FACE_DIM], live[FACE_LIVE_FRAMES], quality;
	float strength_sum; /* of the frames in sum */
	unsigned frames;
	struct problem trouble;            /* of the latest frame that did not serve */
	uint8_t kept[FACE_KEPT_BYTES_MAX]; /* of the best frame */
	size_t kept_bytes;
};

struct face_look {
	struct face_engine *engine;
	struct face_enrolment enrolment;
	struct gallery *gallery;
	struct face_rules rules;
	double false_accept_percent;
	char *stills_dir; /* NULL: none */
	bool stranger_stills, keep_pictures;
	float face_min_px;
	struct bgr_converter converter;
	uint8_t *bgr; /* of the frame in hand */
	size_t bgr_bytes;
	void (*decided)(
		void *arg,
		struct face_result *result); /* what a frame decided; camera is filled in by the owner */
	void *arg;
};

/** @return 1 when the frame was searched, 0 when nothing called for it, -ENOMEM, -EINVAL or -EIO. */
int face_look_frame(struct face_look *look, struct face_view *view, const struct video_frame *frame);

/**
 * One frame of the camera at which somebody is being enrolled: what serves is added up; the result goes to decided().
 * @return 0, -ENOMEM or -EIO.
 */
int face_look_live(struct face_look *look, const struct face_image *image, struct face *faces, size_t count);

/** Ends an enrolment whose time is over; its result goes to decided(). */
void face_look_live_tick(struct face_look *look, uint64_t now_ms);

/** Fills kind, template_vector, quality or reason. */
void face_look_photo(struct face_look *look, const void *photo, size_t photo_bytes,
		     struct face_result *result);

/** The same from a picture that was kept of an enrolment. */
void face_look_kept(struct face_look *look, const void *kept, size_t kept_bytes, struct face_result *result);

/** Writes the frame as a JPEG into stills_dir when this result calls for it; names it in the result. */
void face_look_still(const struct face_look *look, const struct face_view *view,
		     const struct video_frame *frame, struct face_result *result);

enum { FACE_LOOK_VIEWS = 10 };

/**
 * The aligned picture of a face, seen a little nearer, further, higher or lower, and from either side: @p view of
 * FACE_LOOK_VIEWS. A template is the mean of all, and the frames of a track take them in turn, so that both
 * approach the same mean. @return as face_align().
 */
int face_look_align(const struct face_image *image, const struct face *face, unsigned view,
		    uint8_t *ret_crop);

/**
 * To be asked with each stranger: does this camera hang upside down, by this one and those before? A person who was known
 * begins the count anew (face_view). @return true once.
 */
bool face_look_upside_down(struct face_look *look, struct face_view *view, const struct face_image *image,
			   const struct face *face, uint32_t track);

/** face_liveness(), and what a raster says of it (face_screen.h) unless the site looks through one. @return as face_liveness(). */
int face_look_liveness(const struct face_look *look, const struct face_image *image, const struct face *face,
		       unsigned view, float *ret_live);

/** FACE_POINTS points moved away from their middle, or towards it. */
void face_look_zoom(struct face_point *points, float factor);

/** The mean of the first @p views of them, as long as their answers are on average; points are known. @return as face_embed(); -ENOENT: that is no face (threshold_gain()). */
int face_look_template(struct face_engine *engine, const struct face_image *image, const struct face *face,
		       unsigned views, float *ret_template);

/** Frees the buffers; engine and gallery stay the owner's. */
void face_look_finish(struct face_look *look);

#endif
