#include "face_quality.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

const struct face_quality_limits face_quality_frame = {
	.score_min = 0.75f,
	.height_min_px = 64,
	.turn_max = 0.8f,
	.roll_max_degrees = 40,
	.sharpness_min = 6,
	.luma_min = 30,
	.luma_max = 225,
	.contrast_min = 10,
};

const struct face_quality_limits face_quality_enrol = {
	.score_min = 0.8f,
	.height_min_px = 80,
	.turn_max = 0.7f,
	.roll_max_degrees = 35,
	.sharpness_min = 10,
	.luma_min = 40,
	.luma_max = 215,
	.contrast_min = 14,
};

/* Rotated by the angle of the eyes, so that roll is not measured as yaw. */
static struct face_point along_eyes(const struct face_point *points, int which)
{
	float ex = points[1].x_px - points[0].x_px, ey = points[1].y_px - points[0].y_px;
	float distance = hypotf(ex, ey);
	float x = points[which].x_px - (points[0].x_px + points[1].x_px) / 2;
	float y = points[which].y_px - (points[0].y_px + points[1].y_px) / 2;

	return (struct face_point){(x * ex + y * ey) / (distance * distance),
				   (y * ex - x * ey) / (distance * distance)};
}

/* In eye distances. The limits are wide: they reject hands and text, and no people. */
static bool points_form_a_face(const struct face *face)
{
	float eyes_px = hypotf(face->points[1].x_px - face->points[0].x_px,
			       face->points[1].y_px - face->points[0].y_px);
	struct face_point nose, left, right;

	if (!(eyes_px > 0.12f * face->height_px) || !(eyes_px < 0.8f * face->height_px) ||
	    face->points[1].x_px <= face->points[0].x_px)
		return false;
	nose = along_eyes(face->points, 2);
	left = along_eyes(face->points, 3);
	right = along_eyes(face->points, 4);
	return nose.y_px > -0.1f && nose.y_px < 1.6f && left.y_px > nose.y_px - 0.05f &&
	       right.y_px > nose.y_px - 0.05f && left.y_px > 0.4f && right.y_px > 0.4f &&
	       left.y_px < 2.8f && right.y_px < 2.8f && right.x_px > left.x_px + 0.2f;
}

static uint8_t grey_at(const uint8_t *crop, int x, int y)
{
	const uint8_t *bgr = crop + 3 * ((size_t)y * FACE_CROP_PX + (size_t)x);

	return (uint8_t)((29 * bgr[0] + 150 * bgr[1] + 77 * bgr[2]) >> 8);
}

static void measure_light(const uint8_t *crop, struct face_quality *quality)
{
	static const int first = 12, last = FACE_CROP_PX - 12; /* excludes the background */
	double sum = 0, squares = 0, edges = 0, edge_squares = 0;
	int n = (last - first) * (last - first);

	for (int y = first; y < last; y++) {
		for (int x = first; x < last; x++) {
			int grey = grey_at(crop, x, y);
			int edge = grey_at(crop, x - 1, y) + grey_at(crop, x + 1, y) +
				   grey_at(crop, x, y - 1) + grey_at(crop, x, y + 1) - 4 * grey;

			sum += grey;
			squares += grey * grey;
			edges += edge;
			edge_squares += edge * edge;
		}
	}
	quality->luma = (float)(sum / n);
	quality->contrast = (float)sqrt(fmax(0, squares / n - sum / n * (sum / n)));
	quality->sharpness = (float)(edge_squares / n - edges / n * (edges / n));
}

static enum face_fault fault_of(const struct face *face, const struct face_quality *quality,
				const struct face_quality_limits *limits)
{
	if (face->height_px < limits->height_min_px)
		return FACE_FAULT_SMALL;
	if (quality->luma < limits->luma_min)
		return FACE_FAULT_DARK;
	if (quality->luma > limits->luma_max)
		return FACE_FAULT_BRIGHT;
	if (quality->contrast < limits->contrast_min)
		return FACE_FAULT_FLAT;
	if (!(fabsf(quality->turn) <= limits->turn_max) ||
	    !(fabsf(quality->roll_degrees) <= limits->roll_max_degrees))
		return FACE_FAULT_TURNED;
	return quality->sharpness < limits->sharpness_min ? FACE_FAULT_BLURRED : FACE_FAULT_NONE;
}

static float part_of(float value, float full)
{
	return value <= 0 ? 0 : value >= full ? 1 : value / full;
}

void face_quality_judge(const struct face *face, const uint8_t *crop,
			const struct face_quality_limits *limits, struct face_quality *ret_quality)
{
	const struct face_point *points = face->points;

	assert(crop != NULL && limits != NULL && ret_quality != NULL);
	*ret_quality = (struct face_quality){.fault = FACE_FAULT_UNSURE};
	if (!(face->score >= limits->score_min) || !points_form_a_face(face))
		return;
	ret_quality->turn = along_eyes(points, 2).x_px;
	ret_quality->roll_degrees =
		atan2f(points[1].y_px - points[0].y_px, points[1].x_px - points[0].x_px) *
		57.29578f;
	measure_light(crop, ret_quality);
	ret_quality->fault = fault_of(face, ret_quality, limits);
	ret_quality->value = face->score * (1 - 0.7f * part_of(fabsf(ret_quality->turn), 0.8f)) *
			     (0.4f + 0.6f * part_of(face->height_px, 112)) *
			     (0.4f + 0.6f * part_of(ret_quality->sharpness, 60)) *
			     (0.4f + 0.6f * part_of(ret_quality->contrast, 35));
}

void face_fault_explain(enum face_fault fault, struct problem *ret_problem)
{
	static int (*const explanations[])(struct problem * problem) = {
		[FACE_FAULT_UNSURE] = problem_face_not_clear,
		[FACE_FAULT_SMALL] = problem_face_too_small,
		[FACE_FAULT_TURNED] = problem_face_turned_away,
		[FACE_FAULT_BLURRED] = problem_face_blurred,
		[FACE_FAULT_DARK] = problem_face_too_dark,
		[FACE_FAULT_BRIGHT] = problem_face_too_bright,
		[FACE_FAULT_FLAT] = problem_face_low_contrast,
	};

	assert(fault <= FACE_FAULT_FLAT);
	*ret_problem = (struct problem){0};
	if (fault != FACE_FAULT_NONE)
		explanations[fault](ret_problem);
}
