#include "litter_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define RELEASE_PX 5.0F /* in a 720-row picture */
#define REST_S 0.3F
#define RISE_MIN 0.05F /* of the height */
#define SIZE_TIMES 2.0F
#define SIDE_NOISE_PX 2.0F
/* of the height: an object at rest on the ground has fallen if it moved this far before */
#define LANDS_AFTER 0.1F
#define MOVED_ACROSS_MIN 0.05F /* of the height */
#define FLYER_PX 3.5F          /* in a 720-row picture */
#define RESTED_S 4.0F
#define RESTED_NEAR 0.025F /* of the height */
#define IMPACT_S 0.1F      /* an object that hits the ground stops within this time */
/* heights per second: a slower fall may be a hand that puts something down */
#define IMPACT_SPEED 0.2F
#define IMPACT_LEFT 0.25F /* of its speed, at most */
#define DROP_S 0.25F
#define DROP_LEFT 0.4F

enum { FLEW_SAMPLES = 8 };

static void place_at(const struct litter_track *track, float t, float *ret_x, float *ret_y)
{
	const struct litter_sample *a = litter_last(track), *b = a;
	int low = 1, high = track->count;
	float share;

	/* Binary search for the first sample from the second one on that is not before t. */
	while (low < high) {
		int middle = (low + high) / 2;

		if (t <= track->samples[middle].t)
			high = middle;
		else
			low = middle + 1;
	}
	if (low < track->count) {
		a = &track->samples[low - 1];
		b = &track->samples[low];
	}
	share = (t - a->t) / fmaxf(b->t - a->t, 1e-6F);
	*ret_x = a->x + (b->x - a->x) * share;
	*ret_y = a->y + (b->y - a->y) * share;
}

float litter_x_at(const struct litter_track *track, float t)
{
	float x, y;

	place_at(track, t, &x, &y);
	return x;
}

float litter_y_at(const struct litter_track *track, float t)
{
	float x, y;

	place_at(track, t, &x, &y);
	return y;
}

/*
 * Raindrops cross the path of an object and are assigned to its track. A large difference in size
 * indicates another object.
 */
static bool sizes_differ(float a, float b)
{
	return (a + SIDE_NOISE_PX) > SIZE_TIMES * (b + SIDE_NOISE_PX) ||
	       (b + SIDE_NOISE_PX) > SIZE_TIMES * (a + SIDE_NOISE_PX);
}

static float side_of(const struct litter_sample *sample)
{
	return fminf(sample->w, sample->h);
}

/* Whether the track at sample @p i was at its position of a while before, or has never left it. */
static bool rests_at(const struct litter *litter, const struct litter_track *track, int i)
{
	const struct litter_sample *now = &track->samples[i];

	for (int j = 0; j < i; j++) {
		const struct litter_sample *then = &track->samples[j];

		if ((j == 0 || now->t - then->t >= REST_S) &&
		    hypotf(now->x - then->x, now->y - then->y) < RELEASE_PX * litter->unit &&
		    !sizes_differ(side_of(now), side_of(then)))
			return true;
	}
	return false;
}

/* The largest distance, px, of earlier samples of about @p size from sample @p at. */
static float distance_to(const struct litter_track *track, int at, float size)
{
	float far = 0;

	for (int i = 0; i < at; i++) {
		if (!sizes_differ(side_of(&track->samples[i]), size))
			far = fmaxf(far, hypotf(track->samples[i].x - track->samples[at].x,
						track->samples[i].y - track->samples[at].y));
	}
	return far;
}

/*
 * px: how far the object of sample @p begin had moved before. Samples of another size do not count.
 */
static float motion_to(const struct litter_track *track, int begin)
{
	return begin == 0
		       ? 0
		       : distance_to(track, begin,
				     litter_size_of(track->samples + begin, track->count - begin));
}

float litter_prior_motion(const struct litter *litter, const struct litter_sample *at, float size,
			  bool lost_too)
{
	float motion_px = 0;

	for (unsigned i = 0; i < LITTER_RESTS_MAX && i < litter->rests_next; i++) {
		float ago = at->t - litter->rests[i].t,
		      ratio = litter->rests[i].size / fmaxf(size, 1);

		if (ago > -0.5F && ago < RESTED_S && ratio > 0.5F && ratio < 2 &&
		    (lost_too || !litter->rests[i].lost) &&
		    hypotf(litter->rests[i].x - at->x, litter->rests[i].y - at->y) <
			    RESTED_NEAR * (float)litter->height)
			motion_px = fmaxf(motion_px, litter->rests[i].prior_motion_px);
	}
	return motion_px;
}

void litter_record_rest(struct litter *litter, const struct litter_track *track, bool lost)
{
	float size = litter_size(track),
	      before = litter_prior_motion(litter, litter_first(track), size, true);
	unsigned i;

	assert(track->count > 0);
	if (size < FLYER_PX * litter->unit)
		return; /* the path of a raindrop across the picture */
	i = litter->rests_next++ % LITTER_RESTS_MAX;
	litter->rests[i].size = size;
	litter->rests[i].lost = lost;
	litter->rests[i].t = litter_last(track)->t;
	litter->rests[i].x = litter_last(track)->x;
	litter->rests[i].y = litter_last(track)->y;
	litter->rests[i].prior_motion_px =
		fmaxf(distance_to(track, track->count - 1, size), before);
}

bool litter_moved_across(const struct litter *litter, const struct litter_track *track)
{
	float across = fabsf(litter_last(track)->x - litter_first(track)->x);

	return track->count >= FLEW_SAMPLES && across > MOVED_ACROSS_MIN * (float)litter->height &&
	       litter_down(track) < across / 2;
}

/*
 * Keeps the samples from @p begin to before @p end. Counters over the track are scaled by the share
 * kept.
 */
static void trim_samples(struct litter_track *track, int begin, int end)
{
	float share = (float)(end - begin) / (float)track->count;

	track->frames = (int)((float)track->frames * share);
	track->rivals *= share;
	track->count = end - begin;
	memmove(track->samples, track->samples + begin,
		sizeof(track->samples[0]) * (size_t)track->count);
}

/*
 * Keeps the longest descent. A rise before or after it was another object, or precedes the throw.
 */
static bool cut_to_descent(const struct litter *litter, struct litter_track *track)
{
	int top = 0, begin = 0, end = track->count - 1;
	float most = 0;

	for (int i = 1; i < track->count; i++) {
		if (track->samples[i].y < track->samples[top].y)
			top = i;
		if (track->samples[i].y - track->samples[top].y > most) {
			most = track->samples[i].y - track->samples[top].y;
			begin = top;
			end = i;
		}
	}
	if (litter_first(track)->y - track->samples[begin].y < RISE_MIN * (float)litter->height)
		begin = 0;
	if (track->samples[end].y - litter_last(track)->y < RISE_MIN * (float)litter->height)
		end = track->count - 1;
	if (end + 1 - begin < LITTER_SAMPLES_MIN)
		return false;
	track->prior_motion_px = motion_to(track, begin);
	trim_samples(track, begin, end + 1);
	return true;
}

/*
 * The fall begins where the object, in a hand or on a sill, last rested. Motion at the ground, as
 * of raindrops assigned to the track after the object left the picture there, follows the fall.
 */
static bool cut_to_release(const struct litter *litter, struct litter_track *track)
{
	int begin = 0, end = track->count;

	for (int i = 1; i < track->count; i++) {
		if (!rests_at(litter, track, i))
			continue;
		if (track->samples[i].y > LITTER_GROUND * (float)litter->height &&
		    track->samples[i].y - track->samples[begin].y >
			    LANDS_AFTER * (float)litter->height) {
			end = i;
			break;
		}
		begin = i;
	}
	if (end - begin < LITTER_SAMPLES_MIN)
		return false;
	track->prior_motion_px = fmaxf(track->prior_motion_px, motion_to(track, begin));
	track->waited = track->samples[begin].t - track->samples[0].t;
	trim_samples(track, begin, end);
	return true;
}

/* The object rests at the end: the fall ends where the rest began. */
static bool cut_to_landing(const struct litter *litter, struct litter_track *track)
{
	const struct litter_sample *end = litter_last(track);
	int count = track->count;

	while (count > 1 &&
	       hypotf(track->samples[count - 2].x - end->x, track->samples[count - 2].y - end->y) <
		       RELEASE_PX * litter->unit)
		count--;
	track->frames -= track->count - count;
	track->rivals *= (float)count / (float)track->count;
	track->count = count;
	return count >= LITTER_SAMPLES_MIN;
}

static float speed_between(const struct litter_track *track, int from, int to)
{
	const struct litter_sample *a = &track->samples[from], *b = &track->samples[to];

	return (b->y - a->y) / fmaxf(b->t - a->t, 1e-3F);
}

/*
 * The object stops from one moment to the next, or another object is assigned in its place: the
 * fall ends here. Flying objects brake slowly.
 */
static bool hits_ground(const struct litter *litter, const struct litter_track *track, int i)
{
	int from = i, to = i;
	float before;

	while (from > 0 && track->samples[i].t - track->samples[from].t < IMPACT_S)
		from--;
	while (to < track->count - 1 && track->samples[to].t - track->samples[i].t < IMPACT_S)
		to++;
	if (i - from < 2 || to - i < 2)
		return false;
	before = speed_between(track, from, i);
	return before > IMPACT_SPEED * (float)litter->height &&
	       speed_between(track, i, to) < IMPACT_LEFT * before &&
	       speed_between(track, i, track->count - 1) < IMPACT_LEFT * before;
}

static void cut_to_impact(const struct litter *litter, struct litter_track *track)
{
	int end = LITTER_SAMPLES_MIN - 1;

	while (end < track->count && !hits_ground(litter, track, end))
		end++;
	if (end >= track->count)
		return;
	track->frames -=
		(int)((float)track->frames * (float)(track->count - 1 - end) / (float)track->count);
	track->rivals *= (float)(end + 1) / (float)track->count;
	track->count = end + 1;
}

/*
 * A raindrop at the point of release may be assigned to the track: its speed is much higher than
 * that right after it. No thrown object slows down so much so early.
 */
static void cut_raindrop(const struct litter *litter, struct litter_track *track)
{
	for (int i = track->count / 3; i >= 2; i--) {
		int to = i;
		float before = speed_between(track, 0, i);

		while (to < track->count - 1 && track->samples[to].t - track->samples[i].t < DROP_S)
			to++;
		if (before > IMPACT_SPEED * (float)litter->height &&
		    speed_between(track, i, to) < DROP_LEFT * before &&
		    track->count - i >= LITTER_SAMPLES_MIN) {
			trim_samples(track, i, track->count);
			return;
		}
	}
}

bool litter_trim_to_fall(const struct litter *litter, struct litter_track *track)
{
	assert(track->count > 0 && track->count <= LITTER_TRACK_POINTS_MAX);
	if (!cut_to_descent(litter, track) || !cut_to_release(litter, track))
		return false;
	cut_raindrop(litter, track);
	cut_to_impact(litter, track);
	return cut_to_landing(litter, track);
}
