#include "litter_internal.h"

#include <math.h>

#define TOGETHER 0.4F        /* of the shorter one's time */
#define PARTS_APART 0.04F    /* of the height */
#define IMAGE_ASIDE 0.05F    /* of the width */
#define IMAGE_OUTWARD 0.004F /* of the width */
#define IMAGE_ABOVE 0.025F   /* of the height */
#define IMAGE_SLOWER 0.8F    /* way down, over that of the thing */
#define IMAGE_FASTER 1.9F
#define IMAGE_CLOSES_IN 0.03F /* of the height above the camera */
#define STOREYS_MIN 2.0F
#define NEAR_PLACE 0.02F /* of the height: about the same place */

enum { PAIR_SIGHTS = 7 };

/* two tracks at the same time, as seen from the one to the other; lengths in px */
struct pair {
	float apart;              /* mean distance */
	float aside, inward;      /* mean across; and towards the middle of the picture */
	float below, below_least; /* mean, least */
	float y, other_y;         /* at first */
	float fell, other_fell;   /* in the time that both were seen */
	float height_begin,
		/* storeys above the camera over those of the other; NAN: not known */
		height_middle;
};

/* storeys of the one over those of the other, above where the camera stands */
static float ratio_of_heights(const struct litter *litter, float x, float y, float other_x,
			      float other_y)
{
	const struct litter_calibration *c = &litter->config.calibration;
	float w = (float)litter->width, h = (float)litter->height, column, floor, other;
	float ground =
		(float)c->floor_low - 1.5F; /* cameras look up from somewhere near a man's height */

	if (!c->known || !litter_origin_locate(litter->homography, x / w, y / h, &column, &floor) ||
	    !litter_origin_locate(litter->homography, other_x / w, other_y / h, &column, &other) ||
	    other + ground < STOREYS_MIN)
		return NAN;
	return (floor + ground) / (other + ground);
}

/* adds what @p i of PAIR_SIGHTS moments tells */
static void add_moment(const struct litter *litter, const struct litter_track *a,
		       const struct litter_track *b, float t, int i, struct pair *p)
{
	float x = litter_x_at(a, t), y = litter_y_at(a, t), aside = litter_x_at(b, t) - x,
	      below = litter_y_at(b, t) - y;

	p->apart += hypotf(aside, below) / PAIR_SIGHTS;
	p->aside += fabsf(aside) / PAIR_SIGHTS;
	p->inward += (x > (float)litter->width / 2 ? -aside : aside) / PAIR_SIGHTS;
	p->below += below / PAIR_SIGHTS;
	p->below_least = fminf(p->below_least, below);
	if (i == 0) {
		p->height_begin = ratio_of_heights(litter, x, y, x + aside, y + below);
		p->y = y;
		p->other_y = y + below;
	}
	if (i == PAIR_SIGHTS / 2)
		p->height_middle = ratio_of_heights(litter, x, y, x + aside, y + below);
	p->fell = y - p->y;
	p->other_fell = y + below - p->other_y;
}

/*
 * @return whether they were together for long enough to be compared, and near enough to belong
 *         together
 */
static bool compare(const struct litter *litter, const struct litter_track *a,
		    const struct litter_track *b, struct pair *ret_pair)
{
	float begin = fmaxf(litter_first(a)->t, litter_first(b)->t),
	      end = fminf(litter_last(a)->t, litter_last(b)->t);
	float shorter = fminf(litter_last(a)->t - litter_first(a)->t,
			      litter_last(b)->t - litter_first(b)->t);
	struct pair p = {.below_least = INFINITY};

	if (end - begin < TOGETHER * shorter || end <= begin)
		return false;
	for (int i = 0; i < PAIR_SIGHTS;
	     i++) { /* without the very end: it may be another thing's */
		add_moment(litter, a, b, begin + (end - begin) * (float)i / PAIR_SIGHTS, i, &p);
		if (p.aside >= IMAGE_ASIDE * (float)litter->width &&
		    p.apart >= PARTS_APART * (float)litter->height)
			return false;
	}
	*ret_pair = p;
	return true;
}

/*
 * The image in a wall of glass is as far behind the glass as its thing is before it, and as high.
 * So, seen from below, it stands a little below its thing, and nearer to the middle; it keeps pace
 * with it, and stays behind more and more as the thing flies out. Two throws are rarely so much in
 * step.
 */
bool litter_is_reflection(const struct litter *litter, const struct litter_track *thing,
			  const struct litter_track *image)
{
	float w = (float)litter->width, h = (float)litter->height;
	struct pair p;

	if (!compare(litter, thing, image, &p))
		return false;
	return p.below > 0 && p.below_least > -IMAGE_ABOVE * h && p.aside < IMAGE_ASIDE * w &&
	       p.inward > -IMAGE_OUTWARD * w && p.other_fell > IMAGE_SLOWER * p.fell &&
	       p.other_fell < IMAGE_FASTER * p.fell + NEAR_PLACE * h &&
	       !(p.height_middle < p.height_begin - IMAGE_CLOSES_IN);
}

bool litter_are_parts(const struct litter *litter, const struct litter_track *a,
		      const struct litter_track *b)
{
	struct pair p;

	return compare(litter, a, b, &p) && p.apart < PARTS_APART * (float)litter->height;
}
