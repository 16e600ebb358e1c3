#include "litter_score.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEAR 0.05 /* of the height: a track may run this far beside its box */
#define NEAR_SHARE 0.5
#define SPAN_PAD 0.02 /* of the height: spans of centres have no width of their own */

struct box {
	double x0, y0, x1, y1;
};

struct throw
{
	double begin_s, end_s;
	bool has_box;
	struct box box;
	const struct score_sighting *sightings;
	size_t count;
	bool found, suspected;
};

static struct throw throw_of(const struct score_sighting *sightings, size_t count)
{
	struct throw t = {.begin_s = sightings[0].begin_s,
			  .end_s = sightings[0].end_s,
			  .has_box = true,
			  .box = {INFINITY, INFINITY, -INFINITY, -INFINITY},
			  .sightings = sightings};

	while (t.count < count && sightings[t.count].throw_index == sightings[0].throw_index) {
		const struct score_sighting *s = &sightings[t.count++];

		t.begin_s = fmin(t.begin_s, s->begin_s);
		t.end_s = fmax(t.end_s, s->end_s);
		t.has_box = t.has_box && s->has_box;
		t.box = (struct box){fmin(t.box.x0, s->x0), fmin(t.box.y0, s->y0),
				     fmax(t.box.x1, s->x1), fmax(t.box.y1, s->y1)};
	}
	return t;
}

static double iou(struct box a, struct box b)
{
	double w = fmin(a.x1, b.x1) - fmax(a.x0, b.x0), h = fmin(a.y1, b.y1) - fmax(a.y0, b.y0);
	double both = w > 0 && h > 0 ? w * h : 0;
	double all = (a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0) - both;

	return all > 0 ? both / all : 0;
}

static struct box padded(struct box b, double by)
{
	return (struct box){b.x0 - by, b.y0 - by, b.x1 + by, b.y1 + by};
}

static struct box span_of(const struct litter_verdict *v)
{
	struct box b = {INFINITY, INFINITY, -INFINITY, -INFINITY};

	for (size_t i = 0; i < v->point_count; i++) {
		const struct litter_point *p = &v->points[i];

		b = (struct box){fmin(b.x0, (double)p->x), fmin(b.y0, (double)p->y),
				 fmax(b.x1, (double)p->x), fmax(b.y1, (double)p->y)};
	}
	return b;
}

/* where the thing was told to be at @p t_s, between two of its points */
static struct box box_at(const struct score_report *report, double t_s)
{
	const struct litter_verdict *v = &report->verdict;
	const struct litter_point *a = &v->points[0], *b = a;
	double at_us = (double)report->first_pts_us + t_s * 1e6, share, x, y, w, h;

	for (size_t i = 1; i < v->point_count && (double)b->pts_us < at_us; i++) {
		a = b;
		b = &v->points[i];
	}
	share = b->pts_us > a->pts_us
			? (at_us - (double)a->pts_us) / (double)(b->pts_us - a->pts_us)
			: 0;
	share = fmin(1, fmax(0, share));
	x = (double)a->x + share * (double)(b->x - a->x);
	y = (double)a->y + share * (double)(b->y - a->y);
	w = (double)(share < 0.5 ? a->w : b->w) / 2;
	h = (double)(share < 0.5 ? a->h : b->h) / 2;
	return (struct box){x - w, y - h, x + w, y + h};
}

static bool runs_through(const struct score_report *report, const struct throw *throw,
			 double near_px)
{
	struct box b = padded(throw->box, near_px);
	size_t in = 0;

	for (size_t i = 0; i < report->verdict.point_count; i++) {
		double x = (double)report->verdict.points[i].x,
		       y = (double)report->verdict.points[i].y;

		in += x >= b.x0 && x <= b.x1 && y >= b.y0 && y <= b.y1;
	}
	return (double)in >= NEAR_SHARE * (double)report->verdict.point_count;
}

static bool belongs(const struct score_report *report, const struct throw *throw,
		    const struct score_clip *clip)
{
	return report->begin_s <= throw->end_s + SCORE_SLACK_S &&
	       report->end_s >= throw->begin_s - SCORE_SLACK_S &&
	       (!throw->has_box || runs_through(report, throw, NEAR * clip->height_px));
}

static int add_delay(struct score *score, double delay_s)
{
	if (score->delay_count == score->delays_room) {
		size_t room = score->delays_room * 2 + 64;
		double *more = realloc(score->delays_s, room * sizeof(*more));

		if (more == NULL)
			return -ENOMEM;
		score->delays_s = more;
		score->delays_room = room;
	}
	score->delays_s[score->delay_count++] = fmax(0, delay_s);
	return 0;
}

static double overlap(const struct throw *throw, const struct score_report *report)
{
	double both = fmin(throw->end_s, report->end_s) - fmax(throw->begin_s, report->begin_s);
	double all = fmax(throw->end_s, report->end_s) - fmin(throw->begin_s, report->begin_s);

	return both > 0 && all > 0 ? both / all : 0;
}

struct match {
	int throw, alert;
	double overlap;
};

/*
 * of the throws and alerts that are nobody's yet, the two whose times agree best; @return whether
 * there are any
 */
static bool best_match(const struct score_clip *clip, struct throw *throws, size_t count,
		       const bool *taken, struct match *ret_match)
{
	ret_match->overlap = -1;
	for (size_t t = 0; t < count; t++) {
		for (size_t i = 0; i < clip->report_count && !throws[t].found; i++) {
			const struct score_report *report = &clip->reports[i];

			if (taken[i] || !belongs(report, &throws[t], clip))
				continue;
			if (report->verdict.grade != LITTER_ALERT)
				throws[t].suspected = true;
			else if (overlap(&throws[t], report) > ret_match->overlap)
				*ret_match =
					(struct match){(int)t, (int)i, overlap(&throws[t], report)};
		}
	}
	return ret_match->overlap >= 0;
}

static int match(struct score *score, const struct score_clip *clip, struct throw *throws,
		 size_t count)
{
	bool *taken = calloc(clip->report_count + 1, sizeof(*taken));
	int r = taken == NULL ? -ENOMEM : 0;
	struct match m;

	while (r == 0 && best_match(clip, throws, count, taken, &m)) {
		struct throw *throw = &throws[m.throw];

		taken[m.alert] = throw->found = true;
		score->alerts_right++;
		score->overlap_sum += throw->has_box ? m.overlap : 0;
		r = add_delay(score, clip->reports[m.alert].reported_s - throw->end_s);
	}
	for (size_t t = 0; t < count; t++) {
		score->overlap_throws += throws[t].has_box;
		score->found += throws[t].found;
		score->found_suspected += !throws[t].found && throws[t].suspected;
	}
	free(taken);
	return r;
}

/* whether @p throw shows at @p t_s, and whether some alert has it right there */
static bool throw_at(const struct score_clip *clip, const struct throw *throw, double t_s,
		     double frame_s, bool *ret_right)
{
	const struct score_sighting *sighting = NULL;

	*ret_right = false;
	for (size_t i = 0; i < throw->count && sighting == NULL; i++) {
		if (t_s >= throw->sightings[i].begin_s - frame_s / 2 &&
		    t_s <= throw->sightings[i].end_s + frame_s / 2)
			sighting = &throw->sightings[i];
	}
	if (sighting == NULL)
		return false;
	for (size_t i = 0; i < clip->report_count; i++) {
		const struct score_report *report = &clip->reports[i];
		double pad = throw->count > 1 ? 0 : SPAN_PAD * clip->height_px;
		struct box truth = {sighting->x0, sighting->y0, sighting->x1, sighting->y1};
		struct box box = throw->count > 1 ? box_at(report, t_s) : span_of(&report->verdict);

		if (report->verdict.grade == LITTER_ALERT && t_s >= report->begin_s - frame_s / 2 &&
		    t_s <= report->end_s + frame_s / 2 &&
		    iou(padded(truth, pad), padded(box, pad)) >= SCORE_IOU)
			*ret_right = true;
	}
	return true;
}

static void add_frames(struct score *score, const struct score_clip *clip,
		       const struct throw *throws, size_t count)
{
	double frame_s = clip->frames > 0 ? clip->seconds / (double)clip->frames : 1;

	for (uint64_t n = 0; n < clip->frames; n++) {
		double t_s = (double)n * frame_s;
		unsigned right = 0, reported = 0, shown = 0;

		for (size_t t = 0; t < count; t++) {
			bool is_right;

			shown += throw_at(clip, &throws[t], t_s, frame_s, &is_right);
			right += is_right;
		}
		for (size_t i = 0; i < clip->report_count; i++)
			reported += clip->reports[i].verdict.grade == LITTER_ALERT &&
				    t_s >= clip->reports[i].begin_s &&
				    t_s <= clip->reports[i].end_s;
		score->frame_right += right;
		score->frame_missed += shown - right;
		score->frame_wrong += reported > right ? reported - right : 0;
	}
}

int score_add(struct score *score, const struct score_clip *clip, bool *ret_found)
{
	struct throw *throws = calloc(clip->sighting_count + 1, sizeof(*throws));
	size_t count = 0;
	bool boxes = true;
	int r;

	if (throws == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < clip->sighting_count; i += throws[count++].count) {
		throws[count] = throw_of(&clip->sightings[i], clip->sighting_count - i);
		boxes = boxes && throws[count].has_box;
	}
	for (size_t i = 0; i < clip->report_count; i++) {
		bool alert = clip->reports[i].verdict.grade == LITTER_ALERT;

		score->alerts += alert;
		score->suspected += !alert;
		score->alerts_on_negatives += alert && count == 0;
		score->suspected_on_negatives += !alert && count == 0;
	}
	score->throws += (unsigned)count;
	score->negative_s += count == 0 ? clip->seconds : 0;
	r = match(score, clip, throws, count);
	if (r == 0 && count > 0 && boxes)
		add_frames(score, clip, throws, count);
	for (size_t t = 0; ret_found != NULL && t < count; t++)
		ret_found[t] = throws[t].found;
	free(throws);
	return r;
}

void score_finish(struct score *score)
{
	free(score->delays_s);
	memset(score, 0, sizeof(*score));
}

double score_recall(const struct score *score)
{
	return score->throws > 0 ? (double)score->found / score->throws : 1;
}

double score_precision(const struct score *score)
{
	return score->alerts > 0 ? (double)score->alerts_right / score->alerts : 1;
}

double score_f(double precision, double recall)
{
	return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double score_delay(struct score *score, double share)
{
	size_t i;

	if (score->delay_count == 0)
		return 0;
	qsort(score->delays_s, score->delay_count, sizeof(*score->delays_s), compare);
	i = (size_t)ceil(share * (double)score->delay_count);
	return score->delays_s[i > 0 ? i - 1 : 0];
}
