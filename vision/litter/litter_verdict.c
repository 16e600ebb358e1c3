#include "litter_internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FALL_MIN 0.06F /* of the height: shorter falls are not judged */
/* of the height: closer at the same time is the same object, not a reflection */
#define SAME_OBJECT 0.08F
#define BORN_BESIDE 0.05F
#define SETTLE_S 0.4F     /* a fall is judged this long after its last sample */
#define SETTLE_MAX_S 0.6F /* or later, while another track that may belong to it still moves */
#define FOLLOWS_S 0.8F
#define NEAR_PLACE 0.02F /* of the height: about the same place */
#define JOIN_LOSS 0.3F   /* of score: the loss allowed when two parts are merged into one fall */
#define BESIDE 0.09F     /* of the width: a track that continues there may be its part */
#define IMAGE_WAITS_S                                                                              \
	0.9F         /* limit of the wait for its object: an alert is raised within a second */
#define KNOWN_S 4.0F /* a reported fall is stored for this long, to recognise its continuation */

/*
 * Side by side at the same time: an object and its reflection in the glass, or two parts of one
 * object.
 */
static bool beside(const struct litter *litter, const struct litter_track *a,
		   const struct litter_track *b)
{
	return litter_are_parts(litter, a, b) || litter_is_reflection(litter, a, b) ||
	       litter_is_reflection(litter, b, a);
}

/* @return whether @p b continues where @p a was lost. */
static bool follows(const struct litter *litter, const struct litter_track *a,
		    const struct litter_track *b)
{
	float gap = litter_first(b)->t - litter_last(a)->t;

	return gap > -0.1F && gap < FOLLOWS_S &&
	       litter_first(b)->y > litter_last(a)->y - 0.03F * (float)litter->height &&
	       fabsf(litter_first(b)->x - litter_last(a)->x) < BESIDE * (float)litter->width;
}

/* Appends the samples of @p b after the end of @p a. */
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

/*
 * Whether the speed of @p a at its end leads to the start of @p b, and @p b starts at about that
 * speed.
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

/* @return whether @p fall and the later track score better when merged, and were merged. */
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

static void record_fall(struct litter *litter, const struct litter_track *track)
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

static bool moved_down_enough(const struct litter *litter, const struct litter_track *track)
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
	if (litter_moved_down(litter, track, LITTER_CROWD_MIN)) {
		litter->stats.tracks++;
		litter_record_crowd(litter, track);
		litter_record_path(litter, track);
	}
	if (track->count < LITTER_SAMPLES_MIN || !moved_down_enough(litter, track))
		return;
	fall = *track;
	if (litter_trim_to_fall(litter, &fall) && litter_moved_down(litter, &fall, FALL_MIN))
		record_fall(litter, &fall);
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

static void add_verdict(struct litter *litter, const struct litter_verdict *verdict)
{
	if (litter->verdict_count == LITTER_VERDICTS_MAX) {
		litter->stats.verdicts_lost++;
		return;
	}
	litter->verdicts[(litter->verdict_first + litter->verdict_count++) % LITTER_VERDICTS_MAX] =
		*verdict;
}

/* Whether a live track may turn out to be a part of the fall. */
static bool has_live_part(const struct litter *litter, const struct litter_fall *fall)
{
	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		const struct litter_track *track = &litter->tracks[i];

		if (track->live && track->count >= LITTER_SAMPLES_MIN &&
		    litter_moved_down(litter, track, LITTER_CROWD_MIN) &&
		    (beside(litter, track, &fall->track) || follows(litter, &fall->track, track)))
			return true;
	}
	return false;
}

/*
 * Merges two tracks of one object, of which the other is longer. @return whether @p track was
 * extended.
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
		    SAME_OBJECT * (float)litter->height)
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

/*
 * Whether @p a is the object of the two: not its reflection; of two parts of one object the longer
 * one.
 */
static bool leads(const struct litter *litter, const struct litter_track *a,
		  const struct litter_track *b)
{
	if (litter_is_reflection(litter, a, b))
		return true;
	return !litter_is_reflection(litter, b, a) && litter_down(a) > litter_down(b);
}

/*
 * Of the tracks that belong together only the leading one is reported. A fall that was judged
 * before is not reported again.
 */
static bool is_leading(const struct litter *litter, const struct litter_fall *fall)
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
 * Waits while the object whose reflection this appears to be is still tracked: its origin and fall
 * are more accurate.
 */
static bool awaits_object(const struct litter *litter, const struct litter_fall *fall)
{
	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		const struct litter_track *track = &litter->tracks[i];

		if (track->live && track->count >= LITTER_SAMPLES_MIN &&
		    litter_moved_down(litter, track, FALL_MIN) &&
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
	if (!is_leading(litter, fall)) {
		litter->stats.merged++;
		fall->used = false;
		return;
	}
	absorb_others(litter, fall);
	litter_measure(litter, &fall->track, measures);
	litter_score_measures(measures, &verdict);
	if (litter->judged != NULL)
		litter->judged(litter->judged_arg, &fall->track, measures, verdict.score);
	/* a path is recorded as repeated only if it would be a throw without this measure */
	if (verdict.score - litter_repeat_score(measures) >= LITTER_SUSPECTED_SCORE)
		litter_front_record_path(&litter->front, &fall->track);
	/* otherwise it is reported for no other track */
	fall->used = verdict.score >= LITTER_SUSPECTED_SCORE;
	if (!fall->used)
		return;
	verdict.grade = verdict.score >= LITTER_ALERT_SCORE ? LITTER_ALERT : LITTER_SUSPECTED;
	copy_points(litter, &fall->track, &verdict);
	litter_origin_name(litter, &verdict);
	add_verdict(litter, &verdict);
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
		      awaits_object(litter, fall))))
			continue;
		judge(litter, fall);
	}
}
