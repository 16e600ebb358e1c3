#include "face_pipeline.h"

#include "vision/camera/draw.h"
#include "face_quality.h"
#include "vision/camera/jpeg.h"
#include "threshold.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACES_MAX = 16 };

/* two frames of one person in a row are seldom less alike */
static const float same_person_min = 0.4f;

/* In a photo taken from far the whole shows the detector no face, but a part of it may. */
static int find_in_parts(struct face_engine *engine, const struct face_image *image, struct face *faces,
			 size_t *ret_count)
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
	return face->x_px < 0 || face->y_px < 0 || face->x_px + face->width_px > (float)image->width_px ||
	       face->y_px + face->height_px > (float)image->height_px;
}

/*
 * The face that the picture is of. Somebody in the background is no reason to refuse: less than 0.6 times as high,
 * cut off by the picture's edge, or clearly further to the side. Two that could both be meant are.
 * @return its index, -1 none, -2 two.
 */
static int whose_photo(const struct face_image *image, const struct face *faces, size_t count)
{
	int best = -1;

	for (size_t i = 0; i < count; i++) {
		if (best < 0 || faces[i].height_px * (1 - off_centre(image, &faces[i])) >
					faces[best].height_px * (1 - off_centre(image, &faces[best])))
			best = (int)i;
	}
	for (size_t i = 0; best >= 0 && i < count; i++) {
		if ((int)i != best && faces[i].score >= 0.9f &&
		    faces[i].height_px > 0.6f * faces[best].height_px && !is_cut(image, &faces[i]) &&
		    off_centre(image, &faces[i]) < off_centre(image, &faces[best]) + 0.25f)
			return -2;
	}
	return best;
}

/* @return false: nothing is left of the sum. */
static bool scaled(const float *sum, float length, float *ret_template)
{
	double square = 0;

	for (size_t i = 0; i < FACE_DIM; i++)
		square += (double)sum[i] * sum[i];
	for (size_t i = 0; i < FACE_DIM && square >= 1e-6; i++)
		ret_template[i] = (float)(sum[i] / sqrt(square) * (double)length);
	return square >= 1e-6;
}

int face_look_template(struct face_engine *engine, const struct face_image *image, const struct face *face,
		       unsigned views, float *ret_template)
{
	float one[FACE_DIM], sum[FACE_DIM] = {0}, strength, strength_sum = 0;
	uint8_t crop[FACE_CROP_BYTES];
	int r;

	for (unsigned view = 0; view < views; view++) {
		r = face_look_align(image, face, view, crop);
		if (r == 0)
			r = face_embed(engine, crop, 0, one, &strength);
		if (r != 0)
			return r;
		strength_sum += strength;
		for (size_t i = 0; i < FACE_DIM; i++)
			sum[i] += one[i];
	}
	strength = strength_sum / (float)views;
	if (threshold_gain(strength) <= 0)
		return -ENOENT;
	return scaled(sum, strength, ret_template) ? 0 : -EIO;
}

/* A kept picture shows a little more than an aligned one: what the views of a template reach for. */
static const float kept_zoom = 1.1f;

static struct face kept_face(void)
{
	struct face face = {.width_px = FACE_CROP_PX, .height_px = FACE_CROP_PX, .score = 1};

	face_aligned_points(face.points);
	face_look_zoom(face.points, 1 / kept_zoom);
	return face;
}

/* The template serves without it: a failure here costs an enrolment on the day of another recogniser. */
static size_t keep(const struct face_image *image, const struct face *face, uint8_t *ret_kept)
{
	struct face wide = *face;
	uint8_t crop[FACE_CROP_BYTES], *jpeg = NULL;
	const struct draw_canvas canvas = {crop, (size_t)FACE_CROP_PX * 3, FACE_CROP_PX, FACE_CROP_PX};
	size_t bytes = 0;

	face_look_zoom(wide.points, kept_zoom);
	if (face_align(image, &wide, crop) < 0 || jpeg_encode_canvas(&canvas, &jpeg, &bytes) < 0)
		bytes = 0;
	if (bytes > FACE_KEPT_BYTES_MAX)
		bytes = 0;
	if (bytes > 0)
		memcpy(ret_kept, jpeg, bytes);
	free(jpeg);
	explicit_bzero(crop, sizeof(crop));
	return bytes;
}

void face_look_kept(struct face_look *look, const void *kept, size_t kept_bytes, struct face_result *result)
{
	struct face face = kept_face();
	struct face_photo decoded = {0};

	result->kind = FACE_RESULT_ENROL_FAILED;
	result->liveness = -1;
	if (face_photo_decode(kept, kept_bytes, &decoded, &result->reason) < 0)
		return;
	if (decoded.image.width_px != FACE_CROP_PX || decoded.image.height_px != FACE_CROP_PX ||
	    kept_bytes > FACE_KEPT_BYTES_MAX ||
	    face_look_template(look->engine, &decoded.image, &face, FACE_LOOK_VIEWS,
			       result->template_vector) < 0) {
		problem_kept_picture_no_template(&result->reason);
	} else {
		result->kind = FACE_RESULT_ENROLLED;
		result->reason = (struct problem){0};
		memcpy(result->kept, kept, kept_bytes);
		result->kept_bytes = kept_bytes;
	}
	face_photo_finish(&decoded);
}

/* @return 0, or what is against the picture, with a problem. */
static int template_of(struct face_look *look, const struct face_image *image, struct face_result *result)
{
	struct problem *problem = &result->reason;
	struct face faces[FACES_MAX];
	uint8_t crop[FACE_CROP_BYTES];
	struct face_quality quality;
	size_t count = 0;
	int which, r;

	if (find_in_parts(look->engine, image, faces, &count) < 0)
		return problem_face_search_failed(problem);
	which = whose_photo(image, faces, count);
	if (which == -1)
		return problem_face_not_found(problem);
	if (which == -2)
		return problem_face_two_in_photo(problem);
	if (face_find_points(look->engine, image, &faces[which]) < 0 ||
	    face_align(image, &faces[which], crop) < 0)
		return problem_face_not_clear(problem);
	face_quality_judge(&faces[which], crop, &face_quality_enrol, &quality);
	face_fault_explain(quality.fault, problem);
	if (quality.fault != FACE_FAULT_NONE)
		return problem_errno(problem);
	r = face_look_template(look->engine, image, &faces[which], FACE_LOOK_VIEWS, result->template_vector);
	if (r < 0)
		return r == -ENOENT ? problem_face_not_clear(problem) : problem_face_no_template(problem);
	if (look->keep_pictures)
		result->kept_bytes = keep(image, &faces[which], result->kept);
	result->quality = quality.value;
	result->box = (struct face_rect){(int)faces[which].x_px, (int)faces[which].y_px,
					 (int)faces[which].width_px, (int)faces[which].height_px};
	return 0;
}

void face_look_photo(struct face_look *look, const void *photo, size_t photo_bytes,
		     struct face_result *result)
{
	struct face_photo decoded = {0};

	result->kind = FACE_RESULT_ENROL_FAILED;
	result->liveness = -1;
	if (face_photo_decode(photo, photo_bytes, &decoded, &result->reason) < 0)
		return;
	if (template_of(look, &decoded.image, result) == 0) {
		result->kind = FACE_RESULT_ENROLLED;
		result->reason = (struct problem){0};
	}
	face_photo_finish(&decoded);
}

/* ---- live, at the gate ---- */

/* @p trouble PROBLEM_NONE: it has all it needs. */
static void report(struct face_look *look, const struct problem *trouble)
{
	struct face_result result = {.kind = trouble->code == PROBLEM_NONE ? FACE_RESULT_ENROLLED
									   : FACE_RESULT_ENROL_FAILED,
				     .request = look->enrolment.request};

	result.liveness = face_track_live_mean(look->enrolment.live, look->enrolment.frames);
	result.quality = look->enrolment.quality;
	result.good_frames = look->enrolment.frames;
	if (trouble->code == PROBLEM_NONE) {
		(void)scaled(look->enrolment.sum,
			     look->enrolment.strength_sum / (float)look->enrolment.frames,
			     result.template_vector); /* nothing left: refused as no vector */
		memcpy(result.kept, look->enrolment.kept, look->enrolment.kept_bytes);
		result.kept_bytes = look->enrolment.kept_bytes;
	}
	result.reason = *trouble;
	look->decided(look->arg, &result);
	explicit_bzero(&look->enrolment, sizeof(look->enrolment));
	explicit_bzero(&result, sizeof(result));
}

/* Somebody else has stepped in: what was gathered is not this one's. */
static void keep_one_person(struct face_enrolment *enrolment, const float *embedding)
{
	double square = 0, dot = 0;

	for (size_t i = 0; i < FACE_DIM; i++) {
		square += (double)enrolment->sum[i] * enrolment->sum[i];
		dot += (double)enrolment->sum[i] * embedding[i];
	}
	if (enrolment->frames == 0 || dot >= (double)same_person_min * sqrt(square))
		return;
	explicit_bzero(enrolment->sum, sizeof(enrolment->sum));
	enrolment->strength_sum = 0;
	enrolment->quality = 0;
	enrolment->kept_bytes = 0;
	enrolment->frames = 0;
}

static int take_sight(struct face_look *look, const struct face_image *image, struct face *face)
{
	struct face_enrolment *enrolment = &look->enrolment;
	uint8_t crop[FACE_CROP_BYTES];
	struct face_quality quality;
	float embedding[FACE_DIM], live = 1, strength = 0;
	int r = face_find_points(look->engine, image, face);

	if (r == 0)
		r = face_align(image, face, crop);
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	face_quality_judge(face, crop, &face_quality_enrol, &quality);
	if (quality.fault != FACE_FAULT_NONE) {
		face_fault_explain(quality.fault, &enrolment->trouble);
		return 0;
	}
	if (look->rules.liveness)
		r = face_look_liveness(look, image, face, enrolment->frames, &live);
	if (r == 0)
		r = face_look_align(image, face, enrolment->frames, crop);
	if (r == 0)
		r = face_embed(look->engine, crop, 0, embedding, &strength);
	if (r != 0)
		return r;
	if (threshold_gain(strength) <= 0) {
		face_fault_explain(FACE_FAULT_UNSURE, &enrolment->trouble);
		return 0;
	}
	keep_one_person(enrolment, embedding);
	enrolment->strength_sum += strength;
	for (size_t i = 0; i < FACE_DIM; i++)
		enrolment->sum[i] += embedding[i];
	if (look->keep_pictures && quality.value > enrolment->quality)
		enrolment->kept_bytes = keep(image, face, enrolment->kept);
	enrolment->live[enrolment->frames] = live;
	enrolment->quality = fmaxf(enrolment->quality, quality.value);
	enrolment->frames++;
	return 0;
}

int face_look_live(struct face_look *look, const struct face_image *image, struct face *faces, size_t count)
{
	struct face_enrolment *enrolment = &look->enrolment;
	int which = whose_photo(image, faces, count), r;
	struct problem trouble = {0};

	if (which < 0) {
		if (which == -2)
			problem_face_two_people(&enrolment->trouble);
		else
			problem_face_not_seen(&enrolment->trouble);
		return 0;
	}
	r = take_sight(look, image, &faces[which]);
	if (r < 0 || enrolment->frames < FACE_LIVE_FRAMES)
		return r;
	if (look->rules.liveness &&
	    face_track_live_mean(enrolment->live, enrolment->frames) < enrolment->view->liveness_min)
		problem_face_not_living(&trouble);
	report(look, &trouble);
	return 0;
}

void face_look_live_tick(struct face_look *look, uint64_t now_ms)
{
	struct face_enrolment *enrolment = &look->enrolment;
	struct problem trouble;

	if (enrolment->view == NULL || now_ms < enrolment->until_ms)
		return;
	if (enrolment->trouble.code == PROBLEM_NONE)
		problem_face_nobody_came(&enrolment->trouble);
	trouble = enrolment->trouble; /* the report clears the enrolment */
	report(look, &trouble);
}
