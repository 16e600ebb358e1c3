#include "face_boxes.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { LEVELS = 4, SIZES_MAX = 3, PLACE_FLOATS = 14 };

/*
 * YuNet's training parameters: the grid step and the face sizes of each level, and the scale of its
 * outputs.
 */
static const struct {
	int step_px, sizes;
	float side_px[SIZES_MAX];
} levels[LEVELS] = {
	{8, 3, {10, 16, 24}}, {16, 2, {32, 48}}, {32, 2, {64, 96}}, {64, 3, {128, 192, 256}}};
static const float shift_scale = 0.1f, width_scale = 0.1f, height_scale = 0.2f;

static struct face_point at(const struct face_boxes_view *view, float x_px, float y_px)
{
	return (struct face_point){view->left_px + x_px * view->scale_x,
				   view->top_px + y_px * view->scale_y};
}

/* The face whose box has these two corners, in pixels of the input. */
static struct face face_between(const struct face_boxes_view *view, float left_px, float top_px,
				float right_px, float bottom_px, float score)
{
	struct face_point first = at(view, left_px, top_px), last = at(view, right_px, bottom_px);

	return (struct face){.x_px = first.x_px,
			     .y_px = first.y_px,
			     .width_px = last.x_px - first.x_px,
			     .height_px = last.y_px - first.y_px,
			     .score = score};
}

int face_boxes_rfb(const struct face_boxes_view *view, const struct face_boxes_answer *answer,
		   struct face *faces, size_t faces_max, size_t *ret_count)
{
	float width_px = (float)view->width_px, height_px = (float)view->height_px;
	size_t count = 0;

	assert(view->scale_x > 0 && view->scale_y > 0 && ret_count != NULL);
	for (size_t i = 0; i < answer->count; i++) {
		float score = answer->scores[2 * i + 1];
		const float *box = answer->boxes + 4 * i;

		if (!isfinite(score))
			return -EIO;
		if (score < view->score_min)
			continue;
		if (faces != NULL && count < faces_max)
			faces[count] = face_between(view, box[0] * width_px, box[1] * height_px,
						    box[2] * width_px, box[3] * height_px, score);
		count++;
	}
	*ret_count = faces != NULL && count > faces_max ? faces_max : count;
	return 0;
}

/* ---- YuNet ---- */

/* Each level halves the one before, rounding down. */
static int cells(int side_px, int level)
{
	int count = (side_px + 1) / 2 / 2;

	for (int i = 0; i <= level; i++)
		count /= 2;
	return count;
}

size_t face_boxes_yunet_places(int width_px, int height_px)
{
	size_t count = 0;

	assert(width_px > 0 && height_px > 0);
	for (int level = 0; level < LEVELS; level++)
		count += (size_t)cells(width_px, level) * (size_t)cells(height_px, level) *
			 (size_t)levels[level].sizes;
	return count;
}

static float score_of(const struct face_boxes_answer *answer, size_t place)
{
	float fit = fminf(1, fmaxf(0, answer->fits[place]));

	return sqrtf(fmaxf(0, answer->scores[2 * place + 1]) * fit);
}

/* @p x_px, @p y_px: the centre of the anchor in the input. */
static struct face face_at(const struct face_boxes_view *view, const float *place, float x_px,
			   float y_px, float side_px, float score)
{
	float shift_px = shift_scale * side_px;
	float half_width_px = side_px * expf(width_scale * place[2]) / 2;
	float half_height_px = side_px * expf(height_scale * place[3]) / 2;
	float middle_x_px = x_px + shift_px * place[0], middle_y_px = y_px + shift_px * place[1];
	struct face face =
		face_between(view, middle_x_px - half_width_px, middle_y_px - half_height_px,
			     middle_x_px + half_width_px, middle_y_px + half_height_px, score);

	for (size_t i = 0; i < FACE_POINTS; i++)
		face.points[i] = at(view, x_px + shift_px * place[4 + 2 * i],
				    y_px + shift_px * place[5 + 2 * i]);
	return face;
}

static bool is_finite(const struct face_boxes_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		if (!isfinite(answer->scores[2 * i + 1]) || !isfinite(answer->fits[i]))
			return false;
	return true;
}

int face_boxes_yunet(const struct face_boxes_view *view, const struct face_boxes_answer *answer,
		     struct face *faces, size_t faces_max, size_t *ret_count)
{
	size_t place = 0, count = 0;

	assert(view->scale_x > 0 && view->scale_y > 0 && ret_count != NULL);
	if (answer->count != face_boxes_yunet_places(view->width_px, view->height_px) ||
	    !is_finite(answer))
		return -EIO;
	for (int level = 0; level < LEVELS; level++) {
		int across = cells(view->width_px, level), down = cells(view->height_px, level);
		int sizes = levels[level].sizes;
		float step_px = (float)levels[level].step_px;

		for (int i = 0; i < across * down * sizes; i++, place++) {
			float score = score_of(answer, place);
			int cell = i / sizes, row = cell / across, column = cell % across;

			if (score < view->score_min)
				continue;
			if (faces != NULL && count < faces_max)
				faces[count] = face_at(view, answer->boxes + PLACE_FLOATS * place,
						       ((float)column + 0.5f) * step_px,
						       ((float)row + 0.5f) * step_px,
						       levels[level].side_px[i % sizes], score);
			count++;
		}
	}
	*ret_count = faces != NULL && count > faces_max ? faces_max : count;
	return 0;
}

/* ---- one of each ---- */

static float overlap(const struct face *a, const struct face *b)
{
	float width_px =
		fminf(a->x_px + a->width_px, b->x_px + b->width_px) - fmaxf(a->x_px, b->x_px);
	float height_px =
		fminf(a->y_px + a->height_px, b->y_px + b->height_px) - fmaxf(a->y_px, b->y_px);
	float both;

	if (width_px <= 0 || height_px <= 0)
		return 0;
	both = width_px * height_px;
	return both / (a->width_px * a->height_px + b->width_px * b->height_px - both);
}

static int surest_first(const void *left, const void *right)
{
	const struct face *a = left, *b = right;

	return (a->score < b->score) - (a->score > b->score);
}

static int largest_first(const void *left, const void *right)
{
	const struct face *a = left, *b = right;
	float a_px = a->width_px * a->height_px, b_px = b->width_px * b->height_px;

	return (a_px < b_px) - (a_px > b_px);
}

static bool is_box(const struct face *face)
{
	return isfinite(face->x_px) && isfinite(face->y_px) && isfinite(face->width_px) &&
	       isfinite(face->height_px) && face->width_px >= 4 && face->height_px >= 4;
}

size_t face_boxes_best(struct face *faces, size_t count, float overlap_max)
{
	size_t kept = 0;

	assert(overlap_max >= 0 && overlap_max <= 1);
	if (count == 0)
		return 0; /* @p faces may be NULL then */
	qsort(faces, count, sizeof(*faces), surest_first);
	for (size_t i = 0; i < count; i++) {
		bool covered = !is_box(&faces[i]);

		for (size_t k = 0; k < kept && !covered; k++)
			covered = overlap(&faces[i], &faces[k]) > overlap_max;
		if (!covered)
			faces[kept++] = faces[i];
	}
	qsort(faces, kept, sizeof(*faces), largest_first);
	return kept;
}
