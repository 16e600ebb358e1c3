/*
 * face_pipeline.h - processes one frame or one photo for face_watch. Private to it; face thread
 * only.
 */
#ifndef GH_VISION_FACE_FACE_PIPELINE_H
#define GH_VISION_FACE_FACE_PIPELINE_H

#include "face_motion.h"
#include "face_prompt.h"
#include "face_track.h"
#include "face_watch.h"
#include "vision/camera/frame.h"

enum { FACE_STILL_NAME_BYTES = 48 };

struct face_pipeline_camera { /* one camera; zeroed at first */
	struct face_motion motion;
	struct face_tracks tracks;
	uint64_t moved_ms, searched_ms;
	unsigned turn; /* number of searches: selects the next window */
	float offset;  /* of the threshold; see threshold_calibration.h */
	float liveness_min;
	struct mask_polygon zone;
	struct face_prompter prompter;
	/* consecutive strangers whose embedding norm grows when rotated by 180 degrees */
	unsigned upside_down_votes;
	uint32_t upside_down_track; /* the latest one counted */
	bool upside_down_reported;
	/* the camera's, for file names of stills; "": no stills */
	char name[FACE_STILL_NAME_BYTES];
};

enum { FACE_ENROL_FRAMES = 8 }; /* good frames needed for a template at the gate */

/* live enrolment at a camera, which makes no access decisions meanwhile */
struct face_enrolment {
	struct face_pipeline_camera *camera; /* NULL: no enrolment */
	uint64_t request, until_ms;          /* CLOCK_MONOTONIC */
	float sum[FACE_DIM], live[FACE_ENROL_FRAMES], quality;
	float norm_sum; /* of the frames in sum */
	unsigned frames;
	struct problem trouble;                      /* of the latest frame that was refused */
	uint8_t crop_jpeg[FACE_CROP_JPEG_BYTES_MAX]; /* of the best frame */
	size_t crop_jpeg_bytes;
};

struct face_pipeline {
	struct face_engine *engine;
	struct face_enrolment enrolment;
	struct gallery *gallery;
	struct face_rules rules;
	double false_accept_percent;
	char *stills_dir; /* NULL: none */
	bool stranger_stills, keep_pictures;
	float face_min_px;
	struct bgr_converter converter;
	uint8_t *bgr; /* of the current frame */
	size_t bgr_bytes;
	void (*decided)(
		void *arg,
		struct face_result
			*result); /* called for each decision; the owner sets result->camera */
	void *arg;
};

/**
 * @return 1 when the frame was searched, 0 when the motion gate skipped it, -ENOMEM, -EINVAL or
 *         -EIO.
 */
int face_pipeline_frame(struct face_pipeline *pipeline, struct face_pipeline_camera *camera,
			const struct video_frame *frame);

/**
 * Process one frame of a live enrolment: a good frame adds to the template; the final result goes
 * to decided().
 * @return 0, -ENOMEM or -EIO.
 */
int face_pipeline_enrol_frame(struct face_pipeline *pipeline, const struct face_image *image,
			      struct face *faces, size_t count);

/** Fail a live enrolment after its deadline; the result goes to decided(). */
void face_pipeline_enrol_tick(struct face_pipeline *pipeline, uint64_t now_ms);

/** Make a template from a photo. Sets kind, template_vector and quality, or reason. */
void face_pipeline_enrol_photo(struct face_pipeline *pipeline, const void *photo,
			       size_t photo_bytes, struct face_result *result);

/** Make a template from the aligned crop stored at an earlier enrolment. */
void face_pipeline_enrol_crop(struct face_pipeline *pipeline, const void *crop_jpeg,
			      size_t crop_jpeg_bytes, struct face_result *result);

/**
 * Write the frame as a JPEG into stills_dir if results of this kind have stills; sets
 * result->still.
 */
void face_pipeline_save_still(const struct face_pipeline *pipeline,
			      const struct face_pipeline_camera *camera,
			      const struct video_frame *frame, struct face_result *result);

enum { FACE_CROP_VIEWS = 10 };

/**
 * Align a face with one of FACE_CROP_VIEWS variations of scale, vertical shift and mirroring. A
 * template is the mean over all views, and the frames of a track cycle through them, so that both
 * converge to the same mean. @return as face_align().
 */
int face_align_view(const struct face_image *image, const struct face *face, unsigned view,
		    uint8_t *ret_crop);

/**
 * Call for each stranger: votes on whether the camera is mounted upside down. A recognised person
 * resets the votes.
 * @return true once, when enough consecutive votes say so.
 */
bool face_pipeline_is_upside_down(struct face_pipeline *pipeline,
				  struct face_pipeline_camera *camera,
				  const struct face_image *image, const struct face *face,
				  uint32_t track);

/**
 * face_liveness() combined with the screen detection (face_screen.h), if the rules enable it.
 * @return as face_liveness().
 */
int face_pipeline_liveness(const struct face_pipeline *pipeline, const struct face_image *image,
			   const struct face *face, unsigned view, float *ret_live);

/** Scale FACE_POINTS points about their mean by @p factor. */
void face_scale_points(struct face_point *points, float factor);

/**
 * Mean embedding over the first @p views of face_align_view(), scaled to the mean embedding norm.
 * The face's points must be set.
 * @return as face_embed(), or -ENOENT: the norm is below that of any face (score_gain_of_probe()).
 */
int face_make_template(struct face_engine *engine, const struct face_image *image,
		       const struct face *face, unsigned views, float *ret_template);

/** Free the buffers; engine and gallery belong to the owner. */
void face_pipeline_finish(struct face_pipeline *pipeline);

#endif
