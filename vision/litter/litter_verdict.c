#include "litter_internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FALL_MIN 0.06F   /* of the height: less is nothing to judge */
#define SAME_THING 0.08F /* of the height: nearer at the same time is not a mirror image */
#define BORN_BESIDE 0.05F
#define SETTLE_S 0.4F     /* a fall is judged this long after its last sample */
#define SETTLE_MAX_S 0.6F /* or later while something that may belong to it still moves */
#define FOLLOWS_S 0.8F
#define NEAR_PLACE 0.02F /* of the height: about the same place */
#define JOIN_LOSS 0.3F   /* of score, that two parts may lose by being taken for one fall */
#define BESIDE 0.09F     /* of the width: what goes on there may be its part */
#define IMAGE_WAITS_S                                                                              \
	0.9F /* for its thing to be done; an alarm comes within a second, whatever it is */
#define KNOWN_S                                                                                    \
	4.0F /* a fall that was told is remembered for this long, for what goes on from it */

/*
 * side by side at the same time: a thing and its mirror image in the glass, or two parts of one
 * thing
 */
static bool beside(const struct litter *litter, const struct litter_track *a,
		   const struct litter_track *b)
{
	return litter_are_parts(litter, a, b) || litter_is_reflection(litter, a, b) ||
	       litter_is_reflection(litter, b, a);
}

/* @return whether @p b goes on where @p a was lost */
static bool follows(const struct litter *litter, const struct litter_track *a,
		    const struct litter_track *b)
{
	float gap = litter_first(b)->t - litter_last(a)->t;

	return gap > -0.1F && gap < FOLLOWS_S &&
	       litter_first(b)->y > litter_last(a)->y - 0.03F * (float)litter->height &&
	       fabsf(litter_first(b)->x - litter_last(a)->x) < BESIDE * (float)litter->width;
}

/* what @p b saw after @p a's end */
static void append(struct litter_track *a, const struct litter_track *b)
{
	int before = a->count;
	float share;

	for (int i = 0; i < b->count && a->count < LITTER_TRACK_POINTS_MAX; i++) {
		if (b->samples[i].t > litter_last(a)->t && b->samples[i].y >= litter_last(a)->y)
			a->samples[a->count++] = b->samples[i];
	}
	share = (float)(a->count - before) / (float)b->count;
	a->frames += (int)((float)b->frames * share);
	a->rivals += b->rivals * share;
}

/* a free place, or that of the one that matters least; NULL: that is the new one itself */
/*
 * whether the pace at which @p a ended leads to where @p b begins, and @p b begins at about that
 * pace
 */
static bool pace_agrees(const struct litter *litter, const struct litter_track *a,
			const struct litter_track *b)
{
	const struct litter_sample *a1 = litter_last(a),
				   *a0 = &a->samples[a->count > 4 ? a->count - 5 : 0];
	const struct litter_sample *b0 = litter_first(b),
				   *b1 = &b->samples[b->count > 4 ? 4 : b->count - 1];
	float gap = b0->t - a1->t, da = fmaxf(a1->t - a0->t, 1e-3F),
	      db = fmaxf(b1->t - b0->t, 1e-3F);
	float va = (a1->y - a0->y) / da, vb = (b1->y - b0->y) / db,
	      near = NEAR_PLACE * (float)litter->height;
	float slack = near + 0.5F * fmaxf(va, vb) * fabsf(gap);

	return fabsf(b0->x - a1->x - (a1->x - a0->x) / da * gap) < slack &&
	       fabsf(b0->y - a1->y - (va + vb) / 2 * gap) < slack && vb > 0.4F * va - near &&
	       vb < 3 * va + 4 * near;
}

static float score_of(const struct litter *litter, const struct litter_track *track)
{
	struct litter_verdict verdict = {0};
	float measures[LITTER_MEASURES];

	litter_measure(litter, track, measures);
	litter_score_measures(measures, &verdict);
	return verdict.score;
}

/* @return whether @p fall and what came after it make more sense together, and are together now */
static bool joined(const struct litter *litter, struct litter_fall *fall,
		   const struct litter_track *track, float score)
{
	struct litter_track both = fall->track;
	float together;

	if (!follows(litter, &fall->track, track) || !pace_agrees(litter, &fall->track, track))
		return false;
	append(&both, track);
	together = score_of(litter, &both);
	if (together < fmaxf(fall->score, score) - JOIN_LOSS)
		return false;
	fall->track = both;
	fall->score = together;
	return true;
}

static struct litter_fall *slot_for_fall(struct litter *litter, float score)
{
	struct litter_fall *least = &litter->falls[0];

	for (int i = 0; i < LITTER_FALLS_MAX; i++) {
		struct litter_fall *fall = &litter->falls[i];

		if (!fall->used)
			return fall;
		if (fall->score < least->score)
			least = fall;
	}
	return least->score < score ? least : NULL;
}

static void note_fall(struct litter *litter, const struct litter_track *track)
{
	float score = score_of(litter, track);
	struct litter_fall *fall;

	for (int i = 0; i < LITTER_FALLS_MAX; i++) {
		if (litter->falls[i].used && !litter->falls[i].done &&
		    joined(litter, &litter->falls[i], track, score))
			return;
	}
	fall = slot_for_fall(litter, score);
	if (fall == NULL)
		return;
	memset(fall, 0, sizeof(*fall));
	fall->track = *track;
	fall->score = score;
	fall->used = true;
}

static bool went_down_enough(const struct litter *litter, const struct litter_track *track)
{
	float top = litter_first(track)->y;

	for (int i = 1; i < track->count; i++) {
		top = fminf(top, track->samples[i].y);
		if (track->samples[i].y > top + FALL_MIN * (float)litter->height)
			return true;
	}
	return false;
}

void litter_verdict_ended(struct litter *litter, const struct litter_track *track)
{
	struct litter_track fall;

	assert(track->count > 0);
	if (track->count < LITTER_CROWD_SAMPLES_MIN)
		return;
	if (litter_moved_across(litter, track))
		litter_record_rest(litter, track, true);
	if (litter_went_down(litter, track, LITTER_CROWD_MIN)) {
		litter->stats.tracks++;
		litter_record_crowd(litter, track);
		litter_record_path(litter, track);
	}
	if (track->count < LITTER_SAMPLES_MIN || !went_down_enough(litter, track))
		return;
	fall = *track;
	if (litter_trim_to_fall(litter, &fall) && litter_went_down(litter, &fall, FALL_MIN))
		note_fall(litter, &fall);
}

static void copy_points(const struct litter *litter, const struct litter_track *track,
			struct litter_verdict *verdict)
{
	int n = track->count < LITTER_POINTS_MAX ? track->count : LITTER_POINTS_MAX;

	for (int i = 0; i < n; i++) {
		const struct litter_sample *sample =
			&track->samples[n < 2 ? 0 : i * (track->count - 1) / (n - 1)];

		verdict->points[i] = (struct litter_point){
			litter->base_pts_us + (int64_t)llroundf(sample->t * 1e6F), sample->x,
			sample->y, sample->w, sample->h};
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
	litter->verdicts[(litter->verdict_first + litter->verdict_count++) % LITTER_VERDICTS_MAX] =
		*verdict;
}

/* a track still in view that may turn out to be a part of the fall */
static bool has_live_part(const struct litter *litter, const struct litter_fall *fall)
{
	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		const struct litter_track *track = &litter->tracks[i];

		if (track->live && track->count >= LITTER_SAMPLES_MIN &&
		    litter_went_down(litter, track, LITTER_CROWD_MIN) &&
		    (beside(litter, track, &fall->track) || follows(litter, &fall->track, track)))
			return true;
	}
	return false;
}

/*
 * two tracks of one thing, of which the other saw it longer: @return whether @p track was made
 * longer
 */
static bool absorb(const struct litter *litter, struct litter_track *track,
		   const struct litter_track *other)
{
	float t = litter_last(track)->t, near = BORN_BESIDE * (float)litter->height;

	if (litter_last(other)->t <= t || litter_first(other)->t > t ||
	    hypotf(litter_x_at(track, litter_first(other)->t) - litter_first(other)->x,
		   litter_y_at(track, litter_first(other)->t) - litter_first(other)->y) > near)
		return false;
	for (int i = 0; i < other->count; i++) {
		const struct litter_sample *sample = &other->samples[i];

		if (sample->t < t)
			continue;
		if (hypotf(sample->x - litter_last(track)->x, sample->y - litter_last(track)->y) >
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
		    litter_first(&other->track)->t >= litter_first(&fall->track)->t &&
		    absorb(litter, &fall->track, &other->track)) {
			other->used = false;
			litter->stats.merged++;
		}
	}
}

/* whether @p a is the throw of the two: not its image; of two parts of one thing the longer one */
static bool leads(const struct litter *litter, const struct litter_track *a,
		  const struct litter_track *b)
{
	if (litter_is_reflection(litter, a, b))
		return true;
	return !litter_is_reflection(litter, b, a) && litter_down(a) > litter_down(b);
}

/*
 * the throw among those that belong together speaks for all; one that was judged already has spoken
 */
static bool speaks_for_others(const struct litter *litter, const struct litter_fall *fall)
{
	for (int i = 0; i < LITTER_FALLS_MAX; i++) {
		const struct litter_fall *other = &litter->falls[i];

		if (!other->used || other == fall ||
		    !(beside(litter, &fall->track, &other->track) ||
		      follows(litter, &other->track, &fall->track)))
			continue;
		if (other->done)
			return false;
		if (other->score >= LITTER_ALERT_SCORE &&
		    leads(litter, &other->track, &fall->track))
			return false;
	}
	return true;
}

/*
 * the thing whose image this is, as it seems, is still in view: its origin and its fall are the
 * better ones
 */
static bool waits_for_thing(const struct litter *litter, const struct litter_fall *fall)
{
	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		const struct litter_track *track = &litter->tracks[i];

		if (track->live && track->count >= LITTER_SAMPLES_MIN &&
		    litter_went_down(litter, track, FALL_MIN) &&
		    litter_is_reflection(litter, track, &fall->track))
			return true;
	}
	return false;
}

static void judge(struct litter *litter, struct litter_fall *fall)
{
	struct litter_verdict verdict = {0};
	float measures[LITTER_MEASURES];

	fall->done = true;
	if (!speaks_for_others(litter, fall)) {
		litter->stats.merged++;
		fall->used = false;
		return;
	}
	absorb_others(litter, fall);
	litter_measure(litter, &fall->track, measures);
	litter_score_measures(measures, &verdict);
	if (litter->judged != NULL)
		litter->judged(litter->judged_arg, &fall->track, measures, verdict.score);
	/*
	 * only what would be a throw, had nothing gone the same way before it, makes a way
	 * well-trodden
	 */
	if (verdict.score - litter_repeat_score(measures) >= LITTER_SUSPECTED_SCORE)
		litter_front_record_path(&litter->front, &fall->track);
	fall->used = verdict.score >= LITTER_SUSPECTED_SCORE; /* else it speaks for nobody */
	if (!fall->used)
		return;
	verdict.grade = verdict.score >= LITTER_ALERT_SCORE ? LITTER_ALERT : LITTER_SUSPECTED;
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
		age = litter->now - litter_last(&fall->track)->t;
		if (fall->done) {
			fall->used = age < KNOWN_S && !final;
			continue;
		}
		if (!final &&
		    (age < SETTLE_S || (age < SETTLE_MAX_S && has_live_part(litter, fall)) ||
		     (age < IMAGE_WAITS_S && fall->score >= LITTER_SUSPECTED_SCORE &&
		      waits_for_thing(litter, fall))))
			continue;
		judge(litter, fall);
	}
}
