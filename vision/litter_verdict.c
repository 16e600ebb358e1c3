#include "litter_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a throw is, in numbers. Distances are shares of the picture's height unless they say otherwise.
 * Each reason is a ramp: at `bad` it weighs `at_bad`, at `good` it weighs `at_good`, in between in between.
 */
struct ramp {
	const char *name;
	float bad, at_bad, good, at_good;
};

static const struct ramp travels = {"travels", 0.08F, -1.5F, 0.2F, 1};             /* of the height */
static const struct ramp storeys = {"travels-storeys", 1, -1.5F, 2.5F, 1};         /* when calibrated */
static const struct ramp gravity = {"falls-like-gravity", 0.06F, -1, 0.015F, 1};   /* misfit, of the travel */
static const struct ramp speeds_up = {"speeds-up", 1.15F, -1.5F, 1.8F, 1};         /* speed last / first */
static const struct ramp goes_down = {"keeps-going-down", 0.25F, -2, 0.05F, 0.5F}; /* way up / way down */
static const struct ramp drifts = {"drifts", 1.3F, -3, 0.6F, 0};                   /* way across / way down */
static const struct ramp wavers = {"wavers", 0.12F, -2, 0.03F, 0};       /* side to side, of the travel */
static const struct ramp seldom = {"seldom-seen", 0.25F, -2, 0.5F, 0};   /* sights / frames */
static const struct ramp large = {"too-large", 0.085F, -2.5F, 0.05F, 0}; /* of the height */
static const struct ramp slow = {"too-slow", 0.08F, -2, 0.16F, 0};       /* heights a second */
static const struct ramp crowd = {"crowd", 0.7F, -4, 0.4F, 0};   /* share of the picture where more fell */
static const struct ramp upset = {"picture-upset", 3, -3, 0, 0}; /* frames of light step or shake */
static const struct ramp ambiguous = {"ambiguous", 2, -2.5F, 0.5F, 0}; /* rivals a sight */
static const struct ramp few = {"few-sights", 6, -1.5F, 11, 0};        /* sights */
static const struct ramp leaps = {"leaps", 0.5F, -2, 0.25F,
				  0}; /* longest step between sights, of the travel */
static const struct ramp foliage = {"restless-place", 0.9F, -2.5F, 0.55F,
				    0}; /* share of frames with motion */

#define ALERT_SCORE 2.6F
#define SUSPECTED_SCORE 1.4F
#define FALL_MIN 0.06F /* of the height: less is nothing to judge */
#define CROWD_MIN 0.03F
#define CROWD_S 1.5F
#define RELEASE_PX 5.0F /* in a 720-row picture */
#define REST_S 0.3F
#define SAME_THING 0.08F /* of the height: nearer at the same time is not a mirror image */
#define BORN_BESIDE 0.05F
#define MIRROR_APART 0.04F
#define SETTLE_S 0.5F     /* a fall is judged this long after its last sight */
#define SETTLE_MAX_S 1.5F /* or later while something that may belong to it still moves */
#define FOLLOWS_S 0.8F
#define BESIDE 0.09F /* of the width: nearer is one throw and its mirror image */

enum { SIGHTS_MIN = 6, CROWD_SIGHTS_MIN = 4, CELLS_X = 8, CELLS_Y = 4 };

static const struct litter_sight *first(const struct litter_track *track)
{
	return &track->sights[0];
}

static const struct litter_sight *last(const struct litter_track *track)
{
	return &track->sights[track->count - 1];
}

static float down(const struct litter_track *track)
{
	return last(track)->y - first(track)->y;
}

/* way up over way down, both added up */
static float up_share(const struct litter_track *track)
{
	float up = 0, way = 1e-3F;

	for (int i = 1; i < track->count; i++) {
		float dy = track->sights[i].y - track->sights[i - 1].y;

		if (dy > 0)
			way += dy;
		else
			up -= dy;
	}
	return up / way;
}

static bool went_down(const struct litter *litter, const struct litter_track *track, float share)
{
	return down(track) > share * (float)litter->height &&
	       down(track) > 0.3F * fabsf(last(track)->x - first(track)->x);
}

static void place_at(const struct litter_track *track, float t, float *ret_x, float *ret_y)
{
	const struct litter_sight *a = last(track), *b = a;
	float share;

	for (int i = 1; i < track->count; i++) {
		if (t <= track->sights[i].t) {
			a = &track->sights[i - 1];
			b = &track->sights[i];
			break;
		}
	}
	share = (t - a->t) / fmaxf(b->t - a->t, 1e-6F);
	*ret_x = a->x + (b->x - a->x) * share;
	*ret_y = a->y + (b->y - a->y) * share;
}

static float x_at(const struct litter_track *track, float t)
{
	float x, y;

	place_at(track, t, &x, &y);
	return x;
}

static float y_at(const struct litter_track *track, float t)
{
	float x, y;

	place_at(track, t, &x, &y);
	return y;
}

/* side by side at the same time: a thing and its mirror image in the glass, or two parts of one thing */
static bool beside(const struct litter *litter, const struct litter_track *a, const struct litter_track *b)
{
	float begin = fmaxf(first(a)->t, first(b)->t), end = fminf(last(a)->t, last(b)->t);
	float shorter = fminf(last(a)->t - first(a)->t, last(b)->t - first(b)->t), off = 0;

	if (end - begin < 0.4F * shorter || end <= begin)
		return false;
	for (int i = 0; i <= 4; i++) {
		float t = begin + (end - begin) * (float)i / 4;

		off += fabsf(x_at(a, t) - x_at(b, t)) / 5;
	}
	return off < BESIDE * (float)litter->width;
}

/* @return whether @p b goes on where @p a was lost */
static bool follows(const struct litter *litter, const struct litter_track *a, const struct litter_track *b)
{
	float gap = first(b)->t - last(a)->t;

	return gap > -0.1F && gap < FOLLOWS_S && first(b)->y > last(a)->y - 0.03F * (float)litter->height &&
	       fabsf(first(b)->x - last(a)->x) < BESIDE * (float)litter->width;
}

/* what @p b saw after @p a's end */
static void append(struct litter_track *a, const struct litter_track *b)
{
	int before = a->count;
	float share;

	for (int i = 0; i < b->count && a->count < LITTER_TRACK_POINTS_MAX; i++) {
		if (b->sights[i].t > last(a)->t && b->sights[i].y >= last(a)->y)
			a->sights[a->count++] = b->sights[i];
	}
	share = (float)(a->count - before) / (float)b->count;
	a->frames += (int)((float)b->frames * share);
	a->rivals += b->rivals * share;
}

static struct litter_fall *slot_for_fall(struct litter *litter)
{
	struct litter_fall *oldest = &litter->falls[0];

	for (int i = 0; i < LITTER_FALLS_MAX; i++) {
		struct litter_fall *fall = &litter->falls[i];

		if (!fall->used)
			return fall;
		if ((fall->done && !oldest->done) ||
		    (fall->done == oldest->done && last(&fall->track)->t < last(&oldest->track)->t))
			oldest = fall;
	}
	return oldest;
}

static int cell_of(const struct litter *litter, const struct litter_sight *sight)
{
	int x = (int)(sight->x * CELLS_X / (float)litter->width),
	    y = (int)(sight->y * CELLS_Y / (float)litter->height);

	return (y < CELLS_Y ? y : CELLS_Y - 1) * CELLS_X + (x < CELLS_X ? x : CELLS_X - 1);
}

static void note_in_crowd(struct litter *litter, const struct litter_track *track)
{
	unsigned i = litter->crowd_next++ % LITTER_CROWD_MAX;

	litter->crowd[i].begin = first(track)->t;
	litter->crowd[i].end = last(track)->t;
	litter->crowd[i].cell = cell_of(litter, first(track));
}

/* whether the track was at sight @p i where it had been a while before, or had never left */
static bool rests_at(const struct litter *litter, const struct litter_track *track, int i)
{
	const struct litter_sight *now = &track->sights[i];

	for (int j = 0; j < i; j++) {
		const struct litter_sight *then = &track->sights[j];

		if ((j == 0 || now->t - then->t >= REST_S) &&
		    hypotf(now->x - then->x, now->y - then->y) < RELEASE_PX * litter->unit)
			return true;
	}
	return false;
}

/* a hand with the thing in it, a thing on a sill: the fall begins where it rested last */
static bool cut_to_release(const struct litter *litter, struct litter_track *track)
{
	int begin = track->count - 1;
	float share;

	while (begin > 0 && !rests_at(litter, track, begin))
		begin--;
	if (track->count - begin < SIGHTS_MIN)
		return false;
	share = (float)begin / (float)track->count;
	track->frames -= (int)((float)track->frames * share);
	track->rivals -= track->rivals * share;
	track->count -= begin;
	memmove(track->sights, track->sights + begin, sizeof(track->sights[0]) * (size_t)track->count);
	return true;
}

void litter_verdict_ended(struct litter *litter, const struct litter_track *track)
{
	struct litter_fall *fall;

	if (track->count < CROWD_SIGHTS_MIN || !went_down(litter, track, CROWD_MIN))
		return;
	litter->stats.tracks++;
	note_in_crowd(litter, track);
	if (track->count < SIGHTS_MIN || !went_down(litter, track, FALL_MIN))
		return;
	for (int i = 0; i < LITTER_FALLS_MAX; i++) {
		struct litter_fall *earlier = &litter->falls[i];

		if (earlier->used && !earlier->done && follows(litter, &earlier->track, track)) {
			append(&earlier->track, track);
			return;
		}
	}
	fall = slot_for_fall(litter);
	memset(fall, 0, sizeof(*fall));
	fall->track = *track;
	fall->used = cut_to_release(litter, &fall->track);
}

static void give_reason(struct litter_verdict *verdict, const struct ramp *ramp, float value)
{
	float share = (value - ramp->bad) / (ramp->good - ramp->bad);
	struct litter_reason *reason;
	float weight;

	share = share < 0 ? 0 : share > 1 ? 1 : share;
	weight = ramp->at_bad + share * (ramp->at_good - ramp->at_bad);
	verdict->score += weight;
	if (fabsf(weight) < 0.005F || verdict->reason_count == LITTER_REASONS_MAX)
		return;
	reason = &verdict->reasons[verdict->reason_count++];
	snprintf(reason->name, sizeof(reason->name), "%s", ramp->name);
	reason->value = value;
	reason->weight = weight;
}

/* in how much of the picture something went down at the same time: a tree fills its corner, snow fills all */
static float crowd_at(const struct litter *litter, float begin, float end)
{
	uint32_t cells = 0;

	for (unsigned i = 0; i < LITTER_CROWD_MAX && i < litter->crowd_next; i++) {
		if (litter->crowd[i].end > begin - CROWD_S && litter->crowd[i].begin < end + CROWD_S)
			cells |= 1U << litter->crowd[i].cell;
	}
	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		const struct litter_track *track = &litter->tracks[i];

		if (track->live && track->count >= CROWD_SIGHTS_MIN && went_down(litter, track, CROWD_MIN) &&
		    first(track)->t < end + CROWD_S)
			cells |= 1U << cell_of(litter, first(track));
	}
	return (float)__builtin_popcount(cells) / (CELLS_X * CELLS_Y);
}

static float upsets_at(const struct litter *litter, float begin, float end)
{
	int count = 0;

	for (unsigned i = 0; i < 16 && i < litter->event_next; i++)
		count += litter->events[i].t > begin - 0.3F && litter->events[i].t < end + 0.1F;
	return (float)count;
}

/* what is left of the way across when a smooth bend is taken off: the fluttering of leaves and wings */
static float wavering(const struct litter_track *track)
{
	float x[LITTER_TRACK_POINTS_MAX], y[LITTER_TRACK_POINTS_MAX];
	double c[3], sum = 0;

	for (int i = 0; i < track->count; i++) {
		x[i] = track->sights[i].x - first(track)->x;
		y[i] = track->sights[i].y - first(track)->y;
	}
	if (!litter_fit_polynomial(y, x, track->count, 2, c))
		return 1;
	for (int i = 0; i < track->count; i++) {
		double yi = (double)y[i], d = (double)x[i] - c[0] - c[1] * yi - c[2] * yi * yi;

		sum += d * d;
	}
	return (float)sqrt(sum / track->count) / fmaxf(down(track), 1);
}

static float longest_step(const struct litter_track *track)
{
	float longest = 0;

	for (int i = 1; i < track->count; i++)
		longest = fmaxf(longest, track->sights[i].y - track->sights[i - 1].y);
	return longest;
}

static int compare_floats(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* upper quartile of the smaller side: motion blur draws out only the longer one */
static float size_of(const struct litter_track *track)
{
	float side[LITTER_TRACK_POINTS_MAX];

	for (int i = 0; i < track->count; i++)
		side[i] = fminf(track->sights[i].w, track->sights[i].h);
	qsort(side, (size_t)track->count, sizeof(*side), compare_floats);
	return side[track->count * 3 / 4];
}

static bool storeys_fallen(const struct litter *litter, const struct litter_track *track, float *ret_storeys)
{
	float w = (float)litter->width, h = (float)litter->height, column, from, to;

	if (!litter->config.calibration.known ||
	    !litter_origin_locate(litter->homography, first(track)->x / w, first(track)->y / h, &column,
				  &from) ||
	    !litter_origin_locate(litter->homography, last(track)->x / w, last(track)->y / h, &column, &to))
		return false;
	*ret_storeys = from - to;
	return true;
}

static void weigh(const struct litter *litter, const struct litter_track *track,
		  struct litter_verdict *verdict)
{
	float h = (float)litter->height, fell = down(track), fallen;
	float seconds = fmaxf(last(track)->t - first(track)->t, 1e-3F);
	struct litter_fit fit;

	litter_fit_fall(track->sights, track->count, h, &fit);
	if (storeys_fallen(litter, track, &fallen))
		give_reason(verdict, &storeys, fallen);
	else
		give_reason(verdict, &travels, fell / h);
	give_reason(verdict, &gravity, fit.residual);
	give_reason(verdict, &speeds_up,
		    fit.accelerates ? fminf(fit.speed_end / fmaxf(fit.speed_begin, h / 50), 99) : 0);
	give_reason(verdict, &goes_down, up_share(track));
	give_reason(verdict, &drifts, fabsf(last(track)->x - first(track)->x) / fell);
	give_reason(verdict, &wavers, wavering(track));
	give_reason(verdict, &seldom, (float)track->count / (float)(track->frames > 0 ? track->frames : 1));
	give_reason(verdict, &leaps, longest_step(track) / fell);
	give_reason(verdict, &few, (float)track->count);
	give_reason(verdict, &ambiguous, track->rivals / (float)track->count);
	give_reason(verdict, &large, size_of(track) / h);
	give_reason(verdict, &slow, fell / h / seconds);
	give_reason(verdict, &crowd, crowd_at(litter, first(track)->t, last(track)->t));
	give_reason(verdict, &upset, upsets_at(litter, first(track)->t, last(track)->t));
	give_reason(verdict, &foliage, track->busy / (float)(track->tiles > 0 ? track->tiles : 1));
}

static void copy_points(const struct litter *litter, const struct litter_track *track,
			struct litter_verdict *verdict)
{
	int n = track->count < LITTER_POINTS_MAX ? track->count : LITTER_POINTS_MAX;

	for (int i = 0; i < n; i++) {
		const struct litter_sight *sight =
			&track->sights[n < 2 ? 0 : i * (track->count - 1) / (n - 1)];

		verdict->points[i] =
			(struct litter_point){litter->base_pts_us + (int64_t)llroundf(sight->t * 1e6F),
					      sight->x, sight->y, sight->w, sight->h};
	}
	verdict->point_count = (size_t)n;
	verdict->begin_pts_us = verdict->points[0].pts_us;
	verdict->end_pts_us = verdict->points[n - 1].pts_us;
}

static void keep_verdict(struct litter *litter, const struct litter_verdict *verdict)
{
	if (litter->verdict_count == LITTER_VERDICTS_MAX) {
		litter->stats.verdicts_lost++;
		return;
	}
	litter->verdicts[(litter->verdict_first + litter->verdict_count++) % LITTER_VERDICTS_MAX] = *verdict;
}

/* a track still in view that may turn out to be a part of the fall */
static bool has_live_part(const struct litter *litter, const struct litter_fall *fall)
{
	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		const struct litter_track *track = &litter->tracks[i];

		if (track->live && track->count >= SIGHTS_MIN && went_down(litter, track, CROWD_MIN) &&
		    (beside(litter, track, &fall->track) || follows(litter, &fall->track, track)))
			return true;
	}
	return false;
}

/* two tracks of one thing, of which the other saw it longer: @return whether @p track was made longer */
static bool absorb(const struct litter *litter, struct litter_track *track, const struct litter_track *other)
{
	float t = last(track)->t, near = BORN_BESIDE * (float)litter->height;

	if (last(other)->t <= t || first(other)->t > t ||
	    hypotf(x_at(track, first(other)->t) - first(other)->x,
		   y_at(track, first(other)->t) - first(other)->y) > near)
		return false;
	for (int i = 0; i < other->count; i++) {
		const struct litter_sight *sight = &other->sights[i];

		if (sight->t < t)
			continue;
		if (hypotf(sight->x - last(track)->x, sight->y - last(track)->y) >
		    SAME_THING * (float)litter->height)
			return false;
		append(track, other);
		return true;
	}
	return false;
}

static void absorb_others(struct litter *litter, struct litter_fall *fall)
{
	for (int i = 0; i < LITTER_FALLS_MAX; i++) {
		struct litter_fall *other = &litter->falls[i];

		if (other->used && !other->done && other != fall &&
		    first(&other->track)->t >= first(&fall->track)->t &&
		    absorb(litter, &fall->track, &other->track)) {
			other->used = false;
			litter->stats.merged++;
		}
	}
}

/*
 * Whether @p a is the throw of the two. Seen from below, the mirror image in a wall of glass stands below its
 * thing, since it is as far behind the glass as the thing is before it. Parts of one thing: the longer one.
 */
static bool leads(const struct litter *litter, const struct litter_track *a, const struct litter_track *b)
{
	float begin = fmaxf(first(a)->t, first(b)->t), end = fminf(last(a)->t, last(b)->t), below = 0;

	for (int i = 0; i < 4 && end > begin;
	     i++) { /* not the very end, where tracks may have changed over */
		float t = begin + (end - begin) * (float)i / 5;

		below += (y_at(b, t) - y_at(a, t)) / 4;
	}
	if (fabsf(below) > MIRROR_APART * (float)litter->height)
		return below > 0;
	return down(a) > down(b);
}

/* the throw among those that belong together speaks for all; one that was judged already has spoken */
static bool speaks_for_others(const struct litter *litter, const struct litter_fall *fall)
{
	for (int i = 0; i < LITTER_FALLS_MAX; i++) {
		const struct litter_fall *other = &litter->falls[i];
		struct litter_verdict verdict = {0};

		if (!other->used || other == fall ||
		    !(beside(litter, &fall->track, &other->track) ||
		      follows(litter, &other->track, &fall->track)))
			continue;
		if (other->done)
			return false;
		weigh(litter, &other->track, &verdict);
		if (verdict.score >= ALERT_SCORE && leads(litter, &other->track, &fall->track))
			return false;
	}
	return true;
}

static void judge(struct litter *litter, struct litter_fall *fall)
{
	struct litter_verdict verdict = {0};

	fall->done = true;
	if (!speaks_for_others(litter, fall)) {
		litter->stats.merged++;
		fall->used = false;
		return;
	}
	absorb_others(litter, fall);
	weigh(litter, &fall->track, &verdict);
	fall->used = verdict.score >= SUSPECTED_SCORE; /* else it speaks for nobody */
	if (!fall->used)
		return;
	verdict.grade = verdict.score >= ALERT_SCORE ? LITTER_ALERT : LITTER_SUSPECTED;
	copy_points(litter, &fall->track, &verdict);
	litter_origin_name(litter, &verdict);
	keep_verdict(litter, &verdict);
}

void litter_verdict_step(struct litter *litter, bool final)
{
	for (int i = 0; i < LITTER_FALLS_MAX; i++) {
		struct litter_fall *fall = &litter->falls[i];
		float age;

		if (!fall->used)
			continue;
		age = litter->now - last(&fall->track)->t;
		if (fall->done) {
			fall->used = age < 2 * SETTLE_MAX_S && !final;
			continue;
		}
		if (!final && (age < SETTLE_S || (age < SETTLE_MAX_S && has_live_part(litter, fall))))
			continue;
		judge(litter, fall);
	}
}
