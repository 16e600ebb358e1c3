#include "face_pipeline.h"

#include "vision/camera/draw.h"
#include "face_quality.h"
#include "vision/camera/jpeg.h"
#include "threshold.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACES_MAX = 16 };

/* two consecutive frames of one person rarely score lower */
static const float same_person_min = 0.4f;

/* In a photo from far away the detector may miss the face. Search parts of the photo then. */
static int find_in_parts(struct face_engine *engine, const struct face_image *image,
			 struct face *faces, size_t *ret_count)
{
	int r = face_detect(engine, image, NULL, faces, FACES_MAX, ret_count);

	for (int part = 0; r == 0 && *ret_count == 0 && part < 9; part++) {
		struct face_rect window = {.width_px = image->width_px / 2,
					   .height_px = image->height_px / 2};

		window.x_px = image->width_px / 4 * (part % 3);
		window.y_px = image->height_px / 4 * (part / 3);
		if (window.width_px >= 64 && window.height_px >= 64)
			r = face_detect(engine, image, &window, faces, FACES_MAX, ret_count);
	}
	return r;
}

static float off_centre(const struct face_image *image, const struct face *face)
{
	float dx = (face->x_px + face->width_px / 2) / (float)image->width_px - 0.5f;
	float dy = (face->y_px + face->height_px / 2) / (float)image->height_px - 0.5f;

	return hypotf(dx, dy);
}

static bool is_cut(const struct face_image *image, const struct face *face)
{
	return face->x_px < 0 || face->y_px < 0 ||
	       face->x_px + face->width_px > (float)image->width_px ||
	       face->y_px + face->height_px > (float)image->height_px;
}

/*
 * The face to enrol. Faces in the background are ignored: those less than 0.6 times as high, cut
 * off by the edge of the picture, or clearly further from its centre. If two faces remain, the
 * choice is ambiguous. @return its index, -1: none, -2: two.
 */
static int select_face(const struct face_image *image, const struct face *faces, size_t count)
{
	int best = -1;

	for (size_t i = 0; i < count; i++) {
		if (best < 0 ||
		    faces[i].height_px * (1 - off_centre(image, &faces[i])) >
			    faces[best].height_px * (1 - off_centre(image, &faces[best])))
			best = (int)i;
	}
	for (size_t i = 0; best >= 0 && i < count; i++) {
		if ((int)i != best && faces[i].score >= 0.9f &&
		    faces[i].height_px > 0.6f * faces[best].height_px &&
		    !is_cut(image, &faces[i]) &&
		    off_centre(image, &faces[i]) < off_centre(image, &faces[best]) + 0.25f)
			return -2;
	}
	return best;
}

/* @return false: the sum is too short to be scaled. */
static bool scaled(const float *sum, float norm, float *ret_template)
{
	double square = 0;

	for (size_t i = 0; i < FACE_DIM; i++)
		square += (double)sum[i] * sum[i];
	for (size_t i = 0; i < FACE_DIM && square >= 1e-6; i++)
		ret_template[i] = (float)(sum[i] / sqrt(square) * (double)norm);
	return square >= 1e-6;
}

int face_make_template(struct face_engine *engine, const struct face_image *image,
		       const struct face *face, unsigned views, float *ret_template)
{
	float one[FACE_DIM], sum[FACE_DIM] = {0}, norm, norm_sum = 0;
	uint8_t crop[FACE_CROP_BYTES];
	int r;

	assert(views >= 1 && views <= FACE_CROP_VIEWS);
	for (unsigned view = 0; view < views; view++) {
		r = face_align_view(image, face, view, crop);
		if (r == 0)
			r = face_embed(engine, crop, 0, one, &norm);
		if (r != 0)
			return r;
		norm_sum += norm;
		for (size_t i = 0; i < FACE_DIM; i++)
			sum[i] += one[i];
	}
	norm = norm_sum / (float)views;
	if (score_gain_of_probe(norm) <= 0)
		return -ENOENT;
	return scaled(sum, norm, ret_template) ? 0 : -EIO;
}

/* A stored crop is slightly wider than an aligned one: the views of a template need the margin. */
static const float crop_zoom = 1.1f;

static struct face crop_face(void)
{
	struct face face = {.width_px = FACE_CROP_PX, .height_px = FACE_CROP_PX, .score = 1};

	face_aligned_points(face.points);
	face_scale_points(face.points, 1 / crop_zoom);
	return face;
}

/* A template is valid without its crop; then only a change of recogniser needs a new enrolment. */
static size_t encode_crop(const struct face_image *image, const struct face *face,
			  uint8_t *ret_jpeg)
{
	struct face wide = *face;
	uint8_t crop[FACE_CROP_BYTES], *jpeg = NULL;
	const struct draw_canvas canvas = {crop, (size_t)FACE_CROP_PX * 3, FACE_CROP_PX,
					   FACE_CROP_PX};
	size_t bytes = 0;

	face_scale_points(wide.points, crop_zoom);
	if (face_align(image, &wide, crop) < 0 || jpeg_encode_canvas(&canvas, &jpeg, &bytes) < 0)
		bytes = 0;
	if (bytes > FACE_CROP_JPEG_BYTES_MAX)
		bytes = 0;
	if (bytes > 0)
		memcpy(ret_jpeg, jpeg, bytes);
	free(jpeg);
	explicit_bzero(crop, sizeof(crop));
	return bytes;
}

void face_pipeline_enrol_crop(struct face_pipeline *pipeline, const void *crop_jpeg,
			      size_t crop_jpeg_bytes, struct face_result *result)
{
	struct face face = crop_face();
	struct face_photo decoded = {0};

	assert(pipeline->engine != NULL && crop_jpeg != NULL);
	result->kind = FACE_RESULT_ENROL_FAILED;
	result->liveness = -1;
	if (face_photo_decode(crop_jpeg, crop_jpeg_bytes, &decoded, &result->reason) < 0)
		return;
	if (decoded.image.width_px != FACE_CROP_PX || decoded.image.height_px != FACE_CROP_PX ||
	    crop_jpeg_bytes > FACE_CROP_JPEG_BYTES_MAX ||
	    face_make_template(pipeline->engine, &decoded.image, &face, FACE_CROP_VIEWS,
			       result->template_vector) < 0) {
		problem_kept_picture_no_template(&result->reason);
	} else {
		result->kind = FACE_RESULT_ENROLLED;
		result->reason = (struct problem){0};
		memcpy(result->crop_jpeg, crop_jpeg, crop_jpeg_bytes);
		result->crop_jpeg_bytes = crop_jpeg_bytes;
	}
	face_photo_finish(&decoded);
}

/* @return 0, or an error with its problem: the picture cannot be used. */
static int template_of(struct face_pipeline *pipeline, const struct face_image *image,
		       struct face_result *result)
{
	struct problem *problem = &result->reason;
	struct face faces[FACES_MAX];
	uint8_t crop[FACE_CROP_BYTES];
	struct face_quality quality;
	size_t count = 0;
	int which, r;

	if (find_in_parts(pipeline->engine, image, faces, &count) < 0)
		return problem_face_search_failed(problem);
	which = select_face(image, faces, count);
	if (which == -1)
		return problem_face_not_found(problem);
	if (which == -2)
		return problem_face_two_in_photo(problem);
	if (face_find_points(pipeline->engine, image, &faces[which]) < 0 ||
	    face_align(image, &faces[which], crop) < 0)
		return problem_face_not_clear(problem);
	face_quality_judge(&faces[which], crop, &face_quality_enrol, &quality);
	face_fault_explain(quality.fault, problem);
	if (quality.fault != FACE_FAULT_NONE)
		return problem_errno(problem);
	r = face_make_template(pipeline->engine, image, &faces[which], FACE_CROP_VIEWS,
			       result->template_vector);
	if (r < 0)
		return r == -ENOENT ? problem_face_not_clear(problem)
				    : problem_face_no_template(problem);
	if (pipeline->keep_pictures)
		result->crop_jpeg_bytes = encode_crop(image, &faces[which], result->crop_jpeg);
	result->quality = quality.value;
	result->box = (struct face_rect){(int)faces[which].x_px, (int)faces[which].y_px,
					 (int)faces[which].width_px, (int)faces[which].height_px};
	return 0;
}

void face_pipeline_enrol_photo(struct face_pipeline *pipeline, const void *photo,
			       size_t photo_bytes, struct face_result *result)
{
	struct face_photo decoded = {0};

	assert(pipeline->engine != NULL && photo != NULL);
	result->kind = FACE_RESULT_ENROL_FAILED;
	result->liveness = -1;
	if (face_photo_decode(photo, photo_bytes, &decoded, &result->reason) < 0)
		return;
	if (template_of(pipeline, &decoded.image, result) == 0) {
		result->kind = FACE_RESULT_ENROLLED;
		result->reason = (struct problem){0};
	}
	face_photo_finish(&decoded);
}

/* ---- live, at the gate ---- */

/* @p trouble PROBLEM_NONE: success. */
static void report(struct face_pipeline *pipeline, const struct problem *trouble)
{
	struct face_result result = {.kind = trouble->code == PROBLEM_NONE
						     ? FACE_RESULT_ENROLLED
						     : FACE_RESULT_ENROL_FAILED,
				     .request = pipeline->enrolment.request};

	result.liveness =
		face_track_live_mean(pipeline->enrolment.live, pipeline->enrolment.frames);
	result.quality = pipeline->enrolment.quality;
	result.good_frames = pipeline->enrolment.frames;
	if (trouble->code == PROBLEM_NONE) {
		(void)scaled(pipeline->enrolment.sum,
			     pipeline->enrolment.norm_sum / (float)pipeline->enrolment.frames,
			     result.template_vector); /* on failure: refused as a missing vector */
		memcpy(result.crop_jpeg, pipeline->enrolment.crop_jpeg,
		       pipeline->enrolment.crop_jpeg_bytes);
		result.crop_jpeg_bytes = pipeline->enrolment.crop_jpeg_bytes;
	}
	result.reason = *trouble;
	pipeline->decided(pipeline->arg, &result);
	explicit_bzero(&pipeline->enrolment, sizeof(pipeline->enrolment));
	explicit_bzero(&result, sizeof(result));
}

/* Another person is in front of the camera: discard the frames so far. */
static void restart_on_another_person(struct face_enrolment *enrolment, const float *embedding)
{
	double square = 0, dot = 0;

	for (size_t i = 0; i < FACE_DIM; i++) {
		square += (double)enrolment->sum[i] * enrolment->sum[i];
		dot += (double)enrolment->sum[i] * embedding[i];
	}
	if (enrolment->frames == 0 || dot >= (double)same_person_min * sqrt(square))
		return;
	explicit_bzero(enrolment->sum, sizeof(enrolment->sum));
	enrolment->norm_sum = 0;
	enrolment->quality = 0;
	enrolment->crop_jpeg_bytes = 0;
	enrolment->frames = 0;
}

static int add_enrolment_frame(struct face_pipeline *pipeline, const struct face_image *image,
			       struct face *face)
{
	struct face_enrolment *enrolment = &pipeline->enrolment;
	uint8_t crop[FACE_CROP_BYTES];
	struct face_quality quality;
	float embedding[FACE_DIM], live = 1, norm = 0;
	int r = face_find_points(pipeline->engine, image, face);

	if (r == 0)
		r = face_align(image, face, crop);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	face_quality_judge(face, crop, &face_quality_enrol, &quality);
	if (quality.fault != FACE_FAULT_NONE) {
		face_fault_explain(quality.fault, &enrolment->trouble);
		return 0;
	}
	if (pipeline->rules.liveness)
		r = face_pipeline_liveness(pipeline, image, face, enrolment->frames, &live);
	if (r == 0)
		r = face_align_view(image, face, enrolment->frames, crop);
	if (r == 0)
		r = face_embed(pipeline->engine, crop, 0, embedding, &norm);
	if (r != 0)
		return r;
	if (score_gain_of_probe(norm) <= 0) {
		face_fault_explain(FACE_FAULT_UNSURE, &enrolment->trouble);
		return 0;
	}
	restart_on_another_person(enrolment, embedding);
	enrolment->norm_sum += norm;
	for (size_t i = 0; i < FACE_DIM; i++)
		enrolment->sum[i] += embedding[i];
	if (pipeline->keep_pictures && quality.value > enrolment->quality)
		enrolment->crop_jpeg_bytes = encode_crop(image, face, enrolment->crop_jpeg);
	enrolment->live[enrolment->frames] = live;
	enrolment->quality = fmaxf(enrolment->quality, quality.value);
	enrolment->frames++;
	return 0;
}

int face_pipeline_enrol_frame(struct face_pipeline *pipeline, const struct face_image *image,
			      struct face *faces, size_t count)
{
	struct face_enrolment *enrolment = &pipeline->enrolment;
	int which = select_face(image, faces, count), r;
	struct problem trouble = {0};

	assert(pipeline->enrolment.camera != NULL);
	assert(pipeline->enrolment.frames < FACE_ENROL_FRAMES);
	if (which < 0) {
		if (which == -2)
			problem_face_two_people(&enrolment->trouble);
		else
			problem_face_not_seen(&enrolment->trouble);
		return 0;
	}
	r = add_enrolment_frame(pipeline, image, &faces[which]);
	if (r < 0 || enrolment->frames < FACE_ENROL_FRAMES)
		return r;
	if (pipeline->rules.liveness && face_track_live_mean(enrolment->live, enrolment->frames) <
						enrolment->camera->liveness_min)
		problem_face_not_living(&trouble);
	report(pipeline, &trouble);
	return 0;
}

void face_pipeline_enrol_tick(struct face_pipeline *pipeline, uint64_t now_ms)
{
	struct face_enrolment *enrolment = &pipeline->enrolment;
	struct problem trouble;

	if (enrolment->camera == NULL || now_ms < enrolment->until_ms)
		return;
	if (enrolment->trouble.code == PROBLEM_NONE)
		problem_face_nobody_came(&enrolment->trouble);
	trouble = enrolment->trouble; /* copied, because the report clears the enrolment */
	report(pipeline, &trouble);
}
