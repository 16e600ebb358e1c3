#include "face_blink.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

enum { SHUT_FRAMES_MIN = 2 }; /* a single frame may be an error of the landmarks */

static const float shut_share = 0.8f;      /* of the openness of both eyes before and after */
static const float narrowed_share = 0.88f; /* of each eye alone, in a frame that counts */
static const float reopened_share = 0.85f;
static const float length_change_max = 0.06f, turn_change_max = 0.08f;

static float distance(const struct face_point *a, const struct face_point *b)
{
	return hypotf(a->x_px - b->x_px, a->y_px - b->y_px);
}

static float openness(const struct face_point *eye)
{
	float width = distance(&eye[0], &eye[3]);

	return width > 0 ? (distance(&eye[1], &eye[5]) + distance(&eye[2], &eye[4])) / (2 * width)
			 : 0;
}

static struct face_point middle_of(const struct face_point *marks, int a, int b)
{
	return (struct face_point){(marks[a].x_px + marks[b].x_px) / 2,
				   (marks[a].y_px + marks[b].y_px) / 2};
}

struct face_eyes face_eyes_of(const struct face *face)
{
	const struct face_point *marks = face->landmarks;
	struct face_point left = middle_of(marks, 36, 39), right = middle_of(marks, 42, 45);
	struct face_point mouth = middle_of(marks, 48, 54);
	float ex = right.x_px - left.x_px, ey = right.y_px - left.y_px, square = ex * ex + ey * ey;
	float mouth_x = mouth.x_px - (left.x_px + right.x_px) / 2,
	      mouth_y = mouth.y_px - (left.y_px + right.y_px) / 2;
	float nose_x = marks[30].x_px - (left.x_px + right.x_px) / 2,
	      nose_y = marks[30].y_px - (left.y_px + right.y_px) / 2;

	if (!(square > 1) || !isfinite(square))
		return (struct face_eyes){0};
	return (struct face_eyes){.open = {openness(&marks[36]), openness(&marks[42])},
				  .length = (mouth_y * ex - mouth_x * ey) / square,
				  .turn = (nose_x * ex + nose_y * ey) / square};
}

static float both(const struct face_eyes *eyes)
{
	return (eyes->open[0] + eyes->open[1]) / 2;
}

static bool same_pose(const struct face_eyes *a, const struct face_eyes *b)
{
	return fabsf(a->length - b->length) <= length_change_max * fabsf(b->length) &&
	       fabsf(a->turn - b->turn) <= turn_change_max;
}

static unsigned at(unsigned number)
{
	return number % FACE_BLINK_SAMPLES;
}

static uint64_t time_of(const struct face_blink *blink, unsigned number)
{
	return blink->samples[at(number)].at_ms;
}

static const struct face_eyes *eyes_of(const struct face_blink *blink, unsigned number)
{
	return &blink->samples[at(number)].eyes;
}

/*
 * The frame with the least or most open eyes in the time before @p number, or @p number itself if
 * there is none.
 */
static unsigned extreme_before(const struct face_blink *blink, unsigned number, float sign)
{
	unsigned oldest = blink->count > FACE_BLINK_SAMPLES ? blink->count - FACE_BLINK_SAMPLES : 0;
	unsigned best = number;

	for (unsigned i = number;
	     i-- > oldest && time_of(blink, i) + FACE_BLINK_PART_MS >= time_of(blink, number);)
		if (best == number ||
		    sign * both(eyes_of(blink, i)) > sign * both(eyes_of(blink, best)))
			best = i;
	return best;
}

/* Whether the newest frame ends a blink. */
static bool ends_one(const struct face_blink *blink)
{
	unsigned last = blink->count - 1, low = extreme_before(blink, last, -1);
	unsigned first = extreme_before(blink, low, 1), narrowed = 0;
	const struct face_eyes *before = eyes_of(blink, first), *shut = eyes_of(blink, low),
			       *after = eyes_of(blink, last);
	float open = fminf(both(before), both(after));

	if (low == last || first == low || both(after) < reopened_share * both(before) ||
	    both(shut) > shut_share * open || !same_pose(shut, before) || !same_pose(shut, after))
		return false;
	for (int eye = 0; eye < 2; eye++)
		if (shut->open[eye] > narrowed_share * fminf(before->open[eye], after->open[eye]))
			return false;
	for (unsigned i = first + 1; i < last; i++)
		narrowed += both(eyes_of(blink, i)) <= narrowed_share * open;
	return narrowed >= SHUT_FRAMES_MIN;
}

bool face_blink_add(struct face_blink *blink, const struct face_eyes *eyes, uint64_t now_ms)
{
	assert(blink != NULL && eyes != NULL);
	if (!(eyes->open[0] > 0) || !(eyes->open[1] > 0) || !isfinite(both(eyes)))
		return blink->seen;
	blink->samples[at(blink->count)].eyes = *eyes;
	blink->samples[at(blink->count)].at_ms = now_ms;
	blink->count++;
	blink->seen = blink->seen || ends_one(blink);
	return blink->seen;
}
