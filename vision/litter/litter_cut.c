#include "litter_internal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define RELEASE_PX 5.0F /* in a 720-row picture */
#define REST_S 0.3F
#define WENT_UP 0.05F /* of the height */
#define SIZE_TIMES 2.0F
#define SIDE_NOISE_PX 2.0F
#define LANDS_AFTER                                                                                \
	0.1F       /* of the height: what rests at the ground after such a way has fallen there */
#define FLEW 0.05F /* of the height */
#define FLYER_PX 3.5F /* in a 720-row picture */
#define RESTED_S 4.0F
#define RESTED_NEAR 0.025F /* of the height */
#define IMPACT_S 0.1F      /* in this time it stops when it hits the ground */
#define IMPACT_SPEED 0.2F  /* heights a second: what falls slower may as well be set down */
#define IMPACT_LEFT 0.25F  /* of its speed, at most */
#define DROP_S 0.25F
#define DROP_LEFT 0.4F

enum { FLEW_SIGHTS = 8 };

static void place_at(const struct litter_track *track, float t, float *ret_x, float *ret_y)
{
	const struct litter_sample *a = litter_last(track), *b = a;
	int low = 1, high = track->count;
	float share;

	while (low < high) { /* the first sample from the second one on that is not before t */
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
 * raindrops cross the way of things, and are taken for them: what differs so much in size is not
 * the same thing
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

/* whether the track was at sample @p i where it had been a while before, or had never left */
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

/*
 * px: how far away from sample @p at the track has been before it, where it was of about @p size,
 * too
 */
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
 * px: how far the thing that it is from sample @p begin on had come to there; what was of another
 * size was another thing
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
		return; /* a raindrop's way across */
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

	return track->count >= FLEW_SIGHTS && across > FLEW * (float)litter->height &&
	       litter_down(track) < across / 2;
}

/*
 * keeps the samples from @p begin to before @p end; what was counted over all of them goes by share
 */
static void keep_samples(struct litter_track *track, int begin, int end)
{
	float share = (float)(end - begin) / (float)track->count;

	track->frames = (int)((float)track->frames * share);
	track->rivals *= share;
	track->count = end - begin;
	memmove(track->samples, track->samples + begin,
		sizeof(track->samples[0]) * (size_t)track->count);
}

/*
 * Its longest way down: what went up to where that begins, and up again from its end, was something
 * else or had not been thrown yet.
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
	if (litter_first(track)->y - track->samples[begin].y < WENT_UP * (float)litter->height)
		begin = 0;
	if (track->samples[end].y - litter_last(track)->y < WENT_UP * (float)litter->height)
		end = track->count - 1;
	if (end + 1 - begin < LITTER_SAMPLES_MIN)
		return false;
	track->prior_motion_px = motion_to(track, begin);
	keep_samples(track, begin, end + 1);
	return true;
}

/*
 * A hand with the thing in it, a thing on a sill: the fall begins where it rested last. What goes
 * on at the ground, as when raindrops are taken for a thing that has left the picture there, comes
 * after the fall.
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
	keep_samples(track, begin, end);
	return true;
}

/* it lies there now: the fall ends where that began */
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
 * It fell, and from one moment to the next it is still, or something else there is taken for it:
 * the fall ends here. What flies brakes slowly.
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
 * A raindrop that went where the thing was let go, and was taken for it: much faster at first than
 * right after. Nothing that is thrown slows down so much so soon.
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
			keep_samples(track, i, track->count);
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
