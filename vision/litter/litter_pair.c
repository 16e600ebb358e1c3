#include "litter_internal.h"

#include <math.h>

#define TOGETHER 0.4F          /* of the time of the shorter track */
#define PARTS_APART 0.04F      /* of the height */
#define IMAGE_BESIDE_MAX 0.05F /* of the width */
#define IMAGE_OUTWARD 0.004F   /* of the width */
#define IMAGE_ABOVE 0.025F     /* of the height */
#define IMAGE_SLOWER 0.8F      /* way down, over that of the object */
#define IMAGE_FASTER 1.9F
#define IMAGE_CLOSES_IN 0.03F /* of the height above the camera */
#define STOREYS_MIN 2.0F
#define NEAR_PLACE 0.02F /* of the height: about the same place */

enum { PAIR_SAMPLES = 7 };

/* two simultaneous tracks, relative to the first one; lengths in px */
struct pair {
	float apart;              /* mean distance */
	float aside, inward;      /* mean distance across; and towards the middle of the picture */
	float below, below_least; /* mean, least */
	float y, other_y;         /* at first */
	float fell, other_fell;   /* while both were observed */
	float height_begin,
		/* storeys above the camera over those of the other; NAN: unknown */
		height_middle;
};

/* Storeys of the first over those of the other, above the camera. */
static float ratio_of_heights(const struct litter *litter, float x, float y, float other_x,
			      float other_y)
{
	const struct litter_calibration *c = &litter->config.calibration;
	float w = (float)litter->width, h = (float)litter->height, column, floor, other;
	float ground = (float)c->floor_low - 1.5F; /* the camera is assumed at about eye level */

	if (!c->known || !litter_origin_locate(litter->homography, x / w, y / h, &column, &floor) ||
	    !litter_origin_locate(litter->homography, other_x / w, other_y / h, &column, &other) ||
	    other + ground < STOREYS_MIN)
		return NAN;
	return (floor + ground) / (other + ground);
}

/* Adds the geometry at moment @p i of PAIR_SAMPLES. */
static void add_moment(const struct litter *litter, const struct litter_track *a,
		       const struct litter_track *b, float t, int i, struct pair *p)
{
	float x = litter_x_at(a, t), y = litter_y_at(a, t), aside = litter_x_at(b, t) - x,
	      below = litter_y_at(b, t) - y;

	p->apart += hypotf(aside, below) / PAIR_SAMPLES;
	p->aside += fabsf(aside) / PAIR_SAMPLES;
	p->inward += (x > (float)litter->width / 2 ? -aside : aside) / PAIR_SAMPLES;
	p->below += below / PAIR_SAMPLES;
	p->below_least = fminf(p->below_least, below);
	if (i == 0) {
		p->height_begin = ratio_of_heights(litter, x, y, x + aside, y + below);
		p->y = y;
		p->other_y = y + below;
	}
	if (i == PAIR_SAMPLES / 2)
		p->height_middle = ratio_of_heights(litter, x, y, x + aside, y + below);
	p->fell = y - p->y;
	p->other_fell = y + below - p->other_y;
}

/*
 * @return whether they overlap long enough to be compared, and are near enough to belong together.
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
	for (int i = 0; i < PAIR_SAMPLES;
	     i++) { /* excludes the end, which may belong to another object */
		add_moment(litter, a, b, begin + (end - begin) * (float)i / PAIR_SAMPLES, i, &p);
		if (p.aside >= IMAGE_BESIDE_MAX * (float)litter->width &&
		    p.apart >= PARTS_APART * (float)litter->height)
			return false;
	}
	*ret_pair = p;
	return true;
}

/*
 * The reflection in a glass wall is as far behind the glass as the object is before it, at the same
 * height. From below it appears slightly lower than the object and nearer to the middle of the
 * picture. It keeps pace, and falls behind as the object flies outwards. Two throws rarely move so
 * much in step.
 */
bool litter_is_reflection(const struct litter *litter, const struct litter_track *thing,
			  const struct litter_track *image)
{
	float w = (float)litter->width, h = (float)litter->height;
	struct pair p;

	if (!compare(litter, thing, image, &p))
		return false;
	return p.below > 0 && p.below_least > -IMAGE_ABOVE * h && p.aside < IMAGE_BESIDE_MAX * w &&
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
