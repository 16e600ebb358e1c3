#include "litter_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* lengths in units of a 720-row picture, times in seconds */
#define GATE_PX 5.0F
#define GATE_NEW_PX 48.0F  /* a second sample may be this far below the first */
#define GATE_OF_STEP 0.45F /* and later ones this share of the step from the expected position */
#define SIZE_COST 0.15F    /* coding artefacts are smaller than the object */
#define SMALL_PX 8.0F
#define LOST_S 0.3F
#define IDLE_S 2.0F
#define IDLE_PX 12.0F
#define BLOB_SIDE_MAX 0.2F /* of the picture's height: a larger blob is a change of the scene */

enum {
	LOST_FRAMES_MIN = 5,
	BIRTHS_A_TILE = 3,
	LINE_POINTS = 4,
	CURVE_POINTS = 10,
	CURVE_FROM = 7,
};

struct expected {
	float x, y, speed; /* speed in px/s */
};

static const struct litter_sample *last_of(const struct litter_track *track)
{
	return &track->samples[track->count - 1];
}

/* The expected position: a curve down, a line across. @pre two samples or more */
static struct expected expect(const struct litter *litter, const struct litter_track *track)
{
	bool curve = track->count >= CURVE_FROM;
	int n = curve ? CURVE_POINTS : LINE_POINTS;
	int from = track->count > n ? track->count - n : 0;
	float t[CURVE_POINTS], x[CURVE_POINTS], y[CURVE_POINTS];
	double cx[3] = {0}, cy[3] = {0};
	const struct litter_sample *last = last_of(track);
	float dt = litter->now - last->t;
	struct expected e = {.x = last->x, .y = last->y};

	for (int i = from; i < track->count; i++) {
		t[i - from] = track->samples[i].t - last->t;
		x[i - from] = track->samples[i].x - last->x;
		y[i - from] = track->samples[i].y - last->y;
	}
	if (!litter_fit_polynomial(t, x, track->count - from, 1, cx) ||
	    !litter_fit_polynomial(t, y, track->count - from, curve ? 2 : 1, cy))
		return e;
	e.x += (float)(cx[1] * dt);
	e.y += (float)(cy[1] * dt + cy[2] * dt * dt);
	e.speed = hypotf((float)cx[1], (float)(cy[1] + 2 * cy[2] * dt));
	return e;
}

/* @return the distance of a blob from the expected position, 1 at the edge of the gate. */
static float off_by(const struct litter *litter, const struct litter_track *track,
		    const struct expected *e, const struct litter_blob *blob)
{
	const struct litter_sample *last = last_of(track);
	float side = fmaxf(last->w, last->h), gate = GATE_PX * litter->unit + side / 2;
	float dx = blob->x - e->x, dy = blob->y - e->y;
	float dt = litter->now - last->t +
		   litter->frame_s / 2; /* PTS and capture time differ by up to half a frame */

	if (track->count == 1) {
		float down = fmaxf(gate, GATE_NEW_PX * litter->unit * fminf(dt / 0.05F, 1.5F));

		/* wide below, narrow above and beside, as objects fall */
		return fmaxf(fabsf(dx) / fmaxf(gate, down / 2),
			     dy > 0 ? dy / down : -dy / (gate * 2));
	}
	gate += GATE_OF_STEP * e->speed * dt;
	return hypotf(dx, dy) / gate;
}

/* How far across off_by() can accept a blob; down it is at most twice that. */
static float reach_of(const struct litter *litter, const struct litter_track *track,
		      const struct expected *e)
{
	const struct litter_sample *last = last_of(track);
	float gate = GATE_PX * litter->unit + fmaxf(last->w, last->h) / 2;
	float dt = litter->now - last->t + litter->frame_s / 2;

	if (track->count == 1)
		return fmaxf(gate, GATE_NEW_PX * litter->unit * fminf(dt / 0.05F, 1.5F));
	return gate + GATE_OF_STEP * e->speed * dt;
}

static bool sizes_agree(const struct litter_sample *last, const struct litter_blob *blob)
{
	float before = last->w * last->h,
	      after = (float)((blob->x1 - blob->x0) * (blob->y1 - blob->y0));

	return after < before * 12 + 60 && before < after * 12 + 60;
}

/* 1 for twice the area or half of it. */
static float size_change(const struct litter_sample *last, const struct litter_blob *blob)
{
	float before = last->w * last->h,
	      after = (float)((blob->x1 - blob->x0) * (blob->y1 - blob->y0));

	return fabsf(log2f((after + SMALL_PX) / (before + SMALL_PX)));
}

static void add_sample(struct litter *litter, struct litter_track *track, struct litter_blob *blob)
{
	struct litter_sample *sample;

	/* thin out: the shape stays, the density halves */
	if (track->count == LITTER_TRACK_POINTS_MAX) {
		for (int i = 0; i < LITTER_TRACK_POINTS_MAX / 2; i++)
			track->samples[i] = track->samples[2 * i];
		track->count = LITTER_TRACK_POINTS_MAX / 2;
		track->frames /= 2;
		track->thinned *= 2;
		track->rivals /= 2;
	}
	sample = &track->samples[track->count++];
	sample->t = litter->now;
	sample->x = blob->x;
	sample->y = blob->y;
	sample->w = (float)(blob->x1 - blob->x0);
	sample->h = (float)(blob->y1 - blob->y0);
	sample->light = blob->light;
	if (track->tiles == 0 || track->tile != blob->tile) {
		track->busy += litter->front.tile_busy[blob->tile];
		track->tile = blob->tile;
		track->tiles++;
	}
	track->missed = 0;
	blob->taken = true;
}

static int strip_of(const struct litter *litter, float x)
{
	int strip = (int)(x * LITTER_STRIPS / (float)litter->width);

	return strip < 0 ? 0 : strip >= LITTER_STRIPS ? LITTER_STRIPS - 1 : strip;
}

static void fill_strips(struct litter *litter)
{
	memset(litter->strip_first, -1, sizeof(litter->strip_first));
	for (int i = litter->blob_count - 1; i >= 0; i--) {
		int strip = strip_of(litter, litter->blobs[i].x);

		litter->blob_next[i] = litter->strip_first[strip];
		litter->strip_first[strip] = (int16_t)i;
	}
}

/*
 * Collects the possible pairs of tracks and blobs with their costs; each track keeps the first few
 * in its strips.
 */
static int offer_pairs(struct litter *litter, int index, struct litter_pair *pairs)
{
	struct litter_track *track = &litter->tracks[index];
	struct expected e = {.x = last_of(track)->x, .y = last_of(track)->y};
	int near = 0, strip_last;
	float reach;

	if (track->count >= 2)
		e = expect(litter, track);
	reach = reach_of(litter, track, &e);
	strip_last = strip_of(litter, e.x + reach);
	for (int strip = strip_of(litter, e.x - reach); strip <= strip_last; strip++) {
		for (int i = litter->strip_first[strip]; i >= 0; i = litter->blob_next[i]) {
			const struct litter_blob *blob = &litter->blobs[i];
			float off;

			if (blob->taken || fabsf(blob->y - e.y) > 2 * reach ||
			    near == LITTER_PAIRS_A_TRACK)
				continue;
			off = off_by(litter, track, &e, blob);
			if (off >= 1 || !sizes_agree(last_of(track), blob))
				continue;
			pairs[near].cost = off + SIZE_COST * size_change(last_of(track), blob);
			pairs[near].track = (int16_t)index;
			pairs[near++].blob = (int16_t)i;
		}
	}
	track->near = near;
	return near;
}

static int by_cost(const void *a, const void *b)
{
	float x = ((const struct litter_pair *)a)->cost, y = ((const struct litter_pair *)b)->cost;

	return (x > y) - (x < y);
}

static void end_track(struct litter *litter, struct litter_track *track)
{
	track->live = false;
	litter_verdict_ended(litter, track);
}

/* Tracks that stay in place (leaves, flicker) can be replaced. */
static bool is_idle(const struct litter *litter, const struct litter_track *track)
{
	const struct litter_sample *last = last_of(track);

	if (last->t - track->samples[0].t < IDLE_S)
		return false;
	for (int i = track->count - 1; i >= 0 && last->t - track->samples[i].t < IDLE_S; i--) {
		if (hypotf(track->samples[i].x - last->x, track->samples[i].y - last->y) >
		    IDLE_PX * litter->unit)
			return false;
	}
	return true;
}

/*
 * Assigns the pairs of lowest cost first, so that a raindrop does not take over the track of a
 * falling object.
 */
static void extend_tracks(struct litter *litter, int count_min, int count_max)
{
	int count = 0;

	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		struct litter_track *track = &litter->tracks[i];

		if (!track->live || track->count < count_min || track->count > count_max ||
		    last_of(track)->t >= litter->now)
			continue;
		track->missed++;
		count += offer_pairs(litter, i, &litter->pairs[count]);
	}
	qsort(litter->pairs, (size_t)count, sizeof(litter->pairs[0]), by_cost);
	for (int i = 0; i < count; i++) {
		struct litter_track *track = &litter->tracks[litter->pairs[i].track];
		struct litter_blob *blob = &litter->blobs[litter->pairs[i].blob];

		if (blob->taken || last_of(track)->t >= litter->now)
			continue;
		track->rivals += (float)(track->near - 1);
		add_sample(litter, track, blob);
	}
}

static struct litter_track *free_track(struct litter *litter)
{
	struct litter_track *weakest = NULL;

	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		struct litter_track *track = &litter->tracks[i];

		if (!track->live)
			return track;
		if (track->count <= 2 && track->missed > 0 &&
		    (weakest == NULL || track->count < weakest->count))
			weakest = track;
	}
	return weakest;
}

static void begin_tracks(struct litter *litter)
{
	int births[LITTER_BLOBS_MAX] = {0}; /* the first track in each tile, by blob */

	for (int i = 0; i < litter->blob_count; i++) {
		struct litter_blob *blob = &litter->blobs[i];
		struct litter_track *track;
		int first = 0;
		float side_max = BLOB_SIDE_MAX * (float)litter->height;

		if (blob->taken || (float)(blob->x1 - blob->x0) > side_max ||
		    (float)(blob->y1 - blob->y0) > side_max)
			continue;
		while (litter->blobs[first].tile != blob->tile)
			first++;
		if (births[first]++ >= BIRTHS_A_TILE)
			continue;
		track = free_track(litter);
		if (track == NULL)
			return;
		memset(track, 0, sizeof(*track));
		track->live = true;
		track->thinned = 1;
		add_sample(litter, track, blob);
	}
}

void litter_tracks_step(struct litter *litter)
{
	float lost = fmaxf(LOST_S, LOST_FRAMES_MIN * litter->frame_s);

	for (int i = 0; i < LITTER_TRACKS_MAX; i++)
		litter->tracks[i].frames++;
	fill_strips(litter);
	/* long tracks choose first, then those with a direction, then new ones */
	extend_tracks(litter, CURVE_FROM, LITTER_TRACK_POINTS_MAX);
	extend_tracks(litter, 2, CURVE_FROM - 1);
	extend_tracks(litter, 1, 1);
	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		struct litter_track *track = &litter->tracks[i];

		if (!track->live)
			continue;
		if (litter->now - last_of(track)->t > (track->count <= 2 ? lost / 2 : lost))
			end_track(litter, track);
		else if (is_idle(litter, track)) {
			litter_record_rest(litter, track, false);
			track->live = false;
		}
	}
	begin_tracks(litter);
}

void litter_tracks_finish(struct litter *litter)
{
	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		if (litter->tracks[i].live)
			end_track(litter, &litter->tracks[i]);
	}
}
