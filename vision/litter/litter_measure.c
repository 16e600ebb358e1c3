#include "litter_internal.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CROWD_S 1.5F
#define CROWD_CLEAR 0.0625F /* of the picture: upper limit for an object that stands out in rain */
#define CROWD_FEW 0.35F     /* of the picture: a smaller crowd hides no objects */
/* of the height: the vanishing point is at least this far above the picture */
#define PERSPECTIVE_TOP 0.25F
#define FLIES_OUT 1.25F /* an approaching object moves outwards along the plumb lines, and beyond */
#define FLOOR_M 3.0F
/* misfit in metres, relative to the distance: a smaller one needs no explanation */
#define FITS 0.01F
#define ABOVE_ROOF_M 6.0F
#define GRAVITY_M_S2 9.81F

#define SAME_X_PX 3.0F /* in a 720-row picture */
#define SAME_Y_PX 16.0F
#define SAME_BEGIN 0.15F /* of the height */
#define RAIN_STIRS 0.2F  /* in rain, the share of motion in the tiles that the rain causes */
#define HOVERS_S 0.4F
#define RESTS_PX 5.0F
#define BESIDE_COLUMNS 0.3F
#define ABOVE_FLOORS 0.5F
#define FIRST_S 0.2F
#define NEARBY 0.04F /* of the height */
#define DROP_PX 3.0F
#define HELD 0.75F /* of a free fall from rest: an object below it is slowed by the air, or flies */
#define FREE 0.95F /* an object above it falls freely */

enum { CELLS_X = 8, CELLS_Y = 4, NEARBY_SAMPLES = 8, FIT_SAMPLES = 14, ENDS = 7 };

const struct litter_sample *litter_first(const struct litter_track *track)
{
	return &track->samples[0];
}

const struct litter_sample *litter_last(const struct litter_track *track)
{
	return &track->samples[track->count - 1];
}

float litter_down(const struct litter_track *track)
{
	return litter_last(track)->y - litter_first(track)->y;
}

bool litter_moved_down(const struct litter *litter, const struct litter_track *track, float share)
{
	return litter_down(track) > share * (float)litter->height &&
	       litter_down(track) > 0.3F * fabsf(litter_last(track)->x - litter_first(track)->x);
}

static int cell_of(const struct litter *litter, const struct litter_sample *sample)
{
	int x = (int)(sample->x * CELLS_X / (float)litter->width),
	    y = (int)(sample->y * CELLS_Y / (float)litter->height);

	return (y < CELLS_Y ? y : CELLS_Y - 1) * CELLS_X + (x < CELLS_X ? x : CELLS_X - 1);
}

/*
 * The residual after subtracting a smooth curve: the flutter of leaves and wings. Measured across
 * the line from first to last sample, because falls at the edge of a steep picture are slanted.
 */
static float wavering(const struct litter_track *track)
{
	const struct litter_sample *a = litter_first(track), *b = litter_last(track);
	float along[LITTER_TRACK_POINTS_MAX], across[LITTER_TRACK_POINTS_MAX];
	float dx = b->x - a->x, dy = b->y - a->y, way = fmaxf(hypotf(dx, dy), 1);
	double c[3], sum = 0;

	for (int i = 0; i < track->count; i++) {
		float x = track->samples[i].x - a->x, y = track->samples[i].y - a->y;

		along[i] = (x * dx + y * dy) / way;
		across[i] = (x * dy - y * dx) / way;
	}
	if (!litter_fit_polynomial(along, across, track->count, 2, c))
		return 1;
	for (int i = 0; i < track->count; i++) {
		double l = (double)along[i], d = (double)across[i] - c[0] - c[1] * l - c[2] * l * l;

		sum += d * d;
	}
	return (float)sqrt(sum / track->count) / way;
}

static float longest_step(const struct litter_track *track)
{
	float longest = 0;

	for (int i = 1; i < track->count; i++)
		longest = fmaxf(longest, track->samples[i].y - track->samples[i - 1].y);
	return longest;
}

static int compare_floats(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

float litter_size_of(const struct litter_sample *samples, int count)
{
	float side[LITTER_TRACK_POINTS_MAX];

	assert(count > 0 && count <= LITTER_TRACK_POINTS_MAX);
	for (int i = 0; i < count; i++)
		side[i] = fminf(samples[i].w, samples[i].h);
	qsort(side, (size_t)count, sizeof(*side), compare_floats);
	return side[count * 3 / 4];
}

float litter_size(const struct litter_track *track)
{
	return litter_size_of(track->samples, track->count);
}

static bool storeys_fallen(const struct litter *litter, const struct litter_track *track,
			   float *ret_storeys)
{
	float w = (float)litter->width, h = (float)litter->height, column, from, to;

	if (!litter->config.calibration.known ||
	    !litter_origin_locate(litter->homography, litter_first(track)->x / w,
				  litter_first(track)->y / h, &column, &from) ||
	    !litter_origin_locate(litter->homography, litter_last(track)->x / w,
				  litter_last(track)->y / h, &column, &to))
		return false;
	*ret_storeys = from - to;
	return true;
}

/*
 * Misfit to a fall with gravity and drag, from sample @p first to before @p end; NAN: outside the
 * plane of the facade.
 */
static float misfit_between(const struct litter *litter, const struct litter_track *track,
			    int first, int end)
{
	float w = (float)litter->width, h = (float)litter->height, t[FIT_SAMPLES],
	      down[FIT_SAMPLES], column, from = 0;
	int count = end - first, n = count < FIT_SAMPLES ? count : FIT_SAMPLES;

	for (int i = 0; i < n; i++) {
		const struct litter_sample *s = &track->samples[first + i * (count - 1) / (n - 1)];
		float floor;

		if (!litter_origin_locate(litter->homography, s->x / w, s->y / h, &column, &floor))
			return NAN;
		from = i == 0 ? floor : from;
		t[i] = s->t - track->samples[first].t;
		down[i] = (from - floor) * FLOOR_M;
	}
	return litter_fit_metres(t, down, n, from * FLOOR_M);
}

/* One end of the track may belong to another object, such as a raindrop: the best fit counts. */
static float misfit_metres(const struct litter *litter, const struct litter_track *track)
{
	int end = track->count / ENDS;
	float all = misfit_between(litter, track, 0, track->count);

	if (track->count - end < 2 * LITTER_SAMPLES_MIN || !(all > FITS))
		return all;
	return fminf(all, fminf(misfit_between(litter, track, end, track->count),
				misfit_between(litter, track, 0, track->count - end)));
}

void litter_record_crowd(struct litter *litter, const struct litter_track *track)
{
	unsigned i = litter->crowd_next++ % LITTER_CROWD_MAX;

	litter->crowd[i].begin = litter_first(track)->t;
	litter->crowd[i].end = litter_last(track)->t;
	litter->crowd[i].speed =
		litter_down(track) / fmaxf(litter_last(track)->t - litter_first(track)->t, 1e-3F);
	litter->crowd[i].size = litter_size(track);
	litter->crowd[i].cell = cell_of(litter, litter_first(track));
}

/* Total way up over total way down. */
static float up_share(const struct litter_track *track)
{
	float up = 0, way = 1e-3F;

	for (int i = 1; i < track->count; i++) {
		float dy = track->samples[i].y - track->samples[i - 1].y;

		if (dy > 0)
			way += dy;
		else
			up -= dy;
	}
	return up / way;
}

/*
 * The share of the picture in which objects moved down at the same time: a tree fills its corner,
 * snow fills all of it.
 */
static float crowd_at(const struct litter *litter, float begin, float end)
{
	uint32_t cells = 0;

	for (unsigned i = 0; i < LITTER_CROWD_MAX && i < litter->crowd_next; i++) {
		if (litter->crowd[i].end > begin - CROWD_S &&
		    litter->crowd[i].begin < end + CROWD_S)
			cells |= 1U << litter->crowd[i].cell;
	}
	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		const struct litter_track *track = &litter->tracks[i];

		if (track->live && track->count >= LITTER_CROWD_SAMPLES_MIN &&
		    litter_moved_down(litter, track, LITTER_CROWD_MIN) &&
		    litter_first(track)->t < end + CROWD_S)
			cells |= 1U << cell_of(litter, litter_first(track));
	}
	return (float)__builtin_popcount(cells) / (CELLS_X * CELLS_Y);
}

static float scene_changes_at(const struct litter *litter, float begin, float end)
{
	int count = 0;

	for (unsigned i = 0; i < 16 && i < litter->event_next; i++)
		count += litter->events[i].t > begin - 0.3F && litter->events[i].t < end + 0.1F;
	return (float)count;
}

/*
 * How much @p track stands out from the objects that moved down around it, 0 to 1. In rain an
 * object is larger than the drops, and either much slower or visible for much longer.
 */
static float standing_out(const struct litter *litter, const struct litter_track *track)
{
	float size[LITTER_CROWD_MAX], speed[LITTER_CROWD_MAX], larger, other;
	float seconds = fmaxf(litter_last(track)->t - litter_first(track)->t, 1e-3F);
	float own = litter_down(track) / seconds;
	int n = 0;

	for (unsigned i = 0; i < LITTER_CROWD_MAX && i < litter->crowd_next; i++) {
		if (litter->crowd[i].end <= litter_first(track)->t - CROWD_S ||
		    litter->crowd[i].begin >= litter_last(track)->t + CROWD_S)
			continue;
		size[n] = litter->crowd[i].size;
		speed[n++] = litter->crowd[i].speed;
	}
	if (n == 0)
		return 0;
	qsort(size, (size_t)n, sizeof(*size), compare_floats);
	qsort(speed, (size_t)n, sizeof(*speed), compare_floats);
	larger = litter_size(track) / fmaxf(size[n * 3 / 4], 1) - 1;
	other = fmaxf(own / fmaxf(speed[n / 2], 1), speed[n / 2] / fmaxf(own, 1)) / 1.6F - 0.6F;
	return fmaxf(0, fminf(1, fminf(larger * 1.5F, other)));
}

/*
 * Motion across over motion down along the plumb line through @p at. Without calibration the
 * vanishing point is assumed near above the picture.
 */
static float plumb_slope(const struct litter *litter, const struct litter_sample *at)
{
	float slope;

	if (litter_origin_plumb(litter, at->x, at->y, &slope))
		return slope;
	return (at->x - (float)litter->width / 2) /
	       (at->y + PERSPECTIVE_TOP * (float)litter->height);
}

/*
 * Motion across over motion down, beyond what a fall along the plumb lines and away from the wall
 * explains.
 */
static float drift_of(const struct litter *litter, const struct litter_track *track)
{
	const struct litter_sample *a = litter_first(track), *b = litter_last(track);
	float slope = (b->x - a->x) / litter_down(track), outward = plumb_slope(litter, a);

	if (outward * slope <= 0)
		return fabsf(slope);
	return fmaxf(0, fabsf(slope) - FLIES_OUT * fabsf(outward));
}

/*
 * Speed in the middle over the initial speed: a dropped object starts from rest, a light one too.
 */
static float speed_gained(const struct litter *litter, const struct litter_track *track)
{
	const struct litter_sample *a = litter_first(track), *b = a,
				   *c = &track->samples[track->count / 3],
				   *d = &track->samples[track->count * 2 / 3];
	float begin, middle;

	while (b < litter_last(track) && (b->t - a->t < FIRST_S || b - a < 3))
		b++;
	if (c <= b || d->t <= c->t)
		return 0;
	begin = fmaxf((b->y - a->y) / (b->t - a->t), (float)litter->height / 50);
	middle = (d->y - c->y) / (d->t - c->t);
	return middle / begin;
}

/*
 * How far down it is at time @p t: in storeys if they are known, so that perspective does not
 * change the speed; else in heights.
 */
static float depth_at(const struct litter *litter, const struct litter_track *track, float t)
{
	float x = litter_x_at(track, t) / (float)litter->width,
	      y = litter_y_at(track, t) / (float)litter->height;
	float column, floor;

	if (litter->config.calibration.known &&
	    litter_origin_locate(litter->homography, x, y, &column, &floor))
		return -floor;
	return y;
}

/*
 * Speed down in the last third of the time, over the fastest third: an object that is lowered is
 * also stopped.
 */
static float last_speed(const struct litter *litter, const struct litter_track *track)
{
	float begin = litter_first(track)->t, third = (litter_last(track)->t - begin) / 3, way[3],
	      most = 1e-6F;

	if (track->count < 9 || third <= 0)
		return 1;
	for (int i = 0; i < 3; i++) {
		float from = begin + (float)i * third;

		way[i] = depth_at(litter, track, from + third) - depth_at(litter, track, from);
		most = fmaxf(most, way[i]);
	}
	return way[2] / most;
}

/* Storeys per second at the end, over those of a fall from the roof. */
static float share_of_fall_speed(const struct litter *litter, float storeys_fallen, float seconds)
{
	const struct litter_calibration *c = &litter->config.calibration;
	float roof_m = FLOOR_M * (float)(c->floor_high - c->floor_low + 1) + ABOVE_ROOF_M;
	float mean_of_fall =
		sqrtf(GRAVITY_M_S2 * roof_m / 2); /* from rest: half the speed at the end */

	return storeys_fallen * FLOOR_M / seconds / mean_of_fall;
}

/* Metres down over those of a fall from rest in the same time, without drag. */
static float share_of_free_fall(float storeys_fallen, float seconds)
{
	return storeys_fallen * FLOOR_M / (GRAVITY_M_S2 / 2 * seconds * seconds);
}

/*
 * The misfit of an object that takes longer than a fall from rest. An object slowed that much by
 * the air soon reaches a constant speed, which fits well; a drone accelerates for seconds.
 */
static float misfit_held_back(float misfit, float free_way)
{
	return misfit * fminf(1, fmaxf(0, (FREE - free_way) / (FREE - HELD)));
}

/* Samples over the frames in which it could have been observed, or in which it was expected. */
static float share_of_frames(const struct litter *litter, const struct litter_track *track)
{
	float frames = (litter_last(track)->t - litter_first(track)->t) /
		       fmaxf(litter->frame_s, 1e-3F) / (float)track->thinned;

	return (float)track->count / fmaxf(fmaxf((float)track->frames, frames), 1);
}

void litter_record_path(struct litter *litter, const struct litter_track *track)
{
	unsigned i = litter->recent_path_next++ % LITTER_RECENT_PATHS_MAX;

	litter->recent_paths[i].end = litter_last(track)->t;
	litter->recent_paths[i].x0 = litter_first(track)->x;
	litter->recent_paths[i].y0 = litter_first(track)->y;
	litter->recent_paths[i].x1 = litter_last(track)->x;
	litter->recent_paths[i].y1 = litter_last(track)->y;
}

/* Whether recent path @p i and the track are the same line where both exist. */
static bool is_same_path(const struct litter *litter, unsigned i, const struct litter_track *track)
{
	const struct litter_sample *a = litter_first(track), *b = litter_last(track);
	float x0 = litter->recent_paths[i].x0, y0 = litter->recent_paths[i].y0, slope, own, from,
	      to;
	float near = fmaxf(SAME_X_PX * litter->unit, 2.0F), pad = SAME_Y_PX * litter->unit;

	if (litter->recent_paths[i].end > a->t)
		return false; /* the track itself, or a part of it */
	slope = (litter->recent_paths[i].x1 - x0) / fmaxf(litter->recent_paths[i].y1 - y0, 1);
	own = (b->x - a->x) / fmaxf(b->y - a->y, 1);
	from = fmaxf(y0, a->y);
	to = fminf(litter->recent_paths[i].y1, b->y);
	return to - from > -pad && fabsf(a->y - y0) < SAME_BEGIN * (float)litter->height &&
	       fabsf(x0 + slope * (from - y0) - a->x - own * (from - a->y)) < near &&
	       fabsf(x0 + slope * (to - y0) - a->x - own * (to - a->y)) < near;
}

/* Water drips from one place; hands never throw twice from the same one. */
static float recent_on_path(const struct litter *litter, const struct litter_track *track)
{
	int count = 0;

	for (unsigned i = 0; i < LITTER_RECENT_PATHS_MAX && i < litter->recent_path_next; i++)
		count += is_same_path(litter, i, track);
	return (float)count;
}

/*
 * How far the object moved before the fall, as a share of the height: drones and birds fly to where
 * they descend. In rain the tracks of birds are lost everywhere, so a lost track nearby is weak
 * evidence then.
 */
static float prior_motion(const struct litter *litter, const struct litter_track *track)
{
	bool lost_too = track->waited > HOVERS_S ||
			crowd_at(litter, litter_first(track)->t, litter_last(track)->t) < CROWD_FEW;

	return fmaxf(track->prior_motion_px, litter_prior_motion(litter, litter_first(track),
								 litter_size(track), lost_too)) /
	       (float)litter->height;
}

static float off_facade(const struct litter *litter, const struct litter_sample *begin)
{
	const struct litter_calibration *c = &litter->config.calibration;
	float column, floor;

	if (!c->known)
		return 0;
	if (!litter_origin_locate(litter->homography, begin->x / (float)litter->width,
				  begin->y / (float)litter->height, &column, &floor))
		return 1;
	return column < -BESIDE_COLUMNS || column > (float)c->columns + BESIDE_COLUMNS ||
	       floor > (float)(c->floor_high - c->floor_low + 1) + ABOVE_FLOORS;
}

/* Birds fly on, drones hover and lifts continue; a thrown object disappears when it is down. */
static float continues_below(const struct litter *litter, const struct litter_track *track)
{
	const struct litter_sample *end = litter_last(track),
				   *before = &track->samples[track->count * 2 / 3];
	float pace = (end->y - before->y) / fmaxf(end->t - before->t, 1e-3F);
	float near = NEARBY * (float)litter->height;

	if (end->y > LITTER_GROUND * (float)litter->height)
		return 0; /* people walk there at all times */
	for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
		const struct litter_track *other = &litter->tracks[i];
		const struct litter_sample *a = litter_first(other), *b;
		float seconds;

		if (!other->live || other->count < NEARBY_SAMPLES || fabsf(a->t - end->t) > 0.4F ||
		    hypotf(a->x - end->x, a->y - end->y) > near)
			continue;
		b = litter_last(other);
		seconds = fmaxf(b->t - a->t, 1e-3F);
		if (hypotf(b->x - a->x, b->y - a->y) > 2 * RESTS_PX * litter->unit &&
		    (b->y - a->y) / seconds < pace / 2)
			return 1 -
			       litter->front
				       .tile_busy[track->tile]; /* weak evidence where much moves */
	}
	return 0;
}

/*
 * How much its brightness relative to the background changes, 0 to 1: one object stays darker or
 * brighter.
 */
static float light_changes(const struct litter_track *track)
{
	float with_sign = 0, without = 0;

	for (int i = 0; i < track->count; i++) {
		with_sign += track->samples[i].light;
		without += fabsf(track->samples[i].light);
	}
	return 1 - fabsf(with_sign) / fmaxf(without, 1);
}

/* Lower quartile of its longer side over the upper one. */
static float size_changes(const struct litter_track *track)
{
	float side[LITTER_TRACK_POINTS_MAX];

	for (int i = 0; i < track->count; i++)
		side[i] = fmaxf(track->samples[i].w, track->samples[i].h);
	qsort(side, (size_t)track->count, sizeof(*side), compare_floats);
	return side[track->count / 4] / fmaxf(side[track->count * 3 / 4], 1);
}

/* Longer side over the shorter one, upper quartile. */
static float streak(const struct litter_track *track)
{
	float ratio[LITTER_TRACK_POINTS_MAX];

	for (int i = 0; i < track->count; i++)
		ratio[i] = track->samples[i].h / fmaxf(track->samples[i].w, 1);
	qsort(ratio, (size_t)track->count, sizeof(*ratio), compare_floats);
	return ratio[track->count / 2];
}

static float mean_light(const struct litter_track *track)
{
	float sum = 0;

	for (int i = 0; i < track->count; i++)
		sum += track->samples[i].light;
	return sum / (float)track->count;
}

/*
 * Seconds for which the place had been observed. Water drips on a path of its own, which is known
 * after a few drops; until then a track no larger than a drop may be the first of them. Not used
 * without calibration.
 */
static float watched_for(const struct litter *litter, const struct litter_track *track)
{
	if (!litter->config.calibration.known || litter_size(track) > DROP_PX)
		return NAN;
	return litter_first(track)->t - litter->begun;
}

static void measure_shape(const struct litter *litter, const struct litter_track *track, float *m)
{
	const struct litter_sample *a = litter_first(track);
	float fell = litter_down(track);
	float side = fminf(a->x - a->w / 2, (float)litter->width - a->x - a->w / 2);

	m[LITTER_UP] = up_share(track);
	m[LITTER_DRIFTS] = drift_of(litter, track);
	m[LITTER_WAVERS] = wavering(track);
	m[LITTER_STOPS] = last_speed(litter, track);
	m[LITTER_SIDEWAYS] = side < 2 * litter->unit && a->y > a->h ? 0 : 1;
	m[LITTER_FRAME_SHARE] = share_of_frames(litter, track);
	m[LITTER_LONGEST_STEP] = longest_step(track) / fell;
	m[LITTER_SAMPLE_COUNT] = (float)track->count;
	m[LITTER_LARGE] = litter_size(track) / (float)litter->height;
	m[LITTER_TINY] = litter_size(track) / fminf(litter->unit, 1.5F);
	m[LITTER_LIGHT_CHANGES] = light_changes(track);
	m[LITTER_SIZE_CHANGES] = size_changes(track);
	m[LITTER_STREAK] = streak(track);
	m[LITTER_FAINT] = fabsf(mean_light(track));
}

static void measure_place(const struct litter *litter, const struct litter_track *track, float *m)
{
	float begin = litter_first(track)->t, end = litter_last(track)->t;
	float out = standing_out(litter, track), crowd = crowd_at(litter, begin, end);

	m[LITTER_STANDS_OUT] = out;
	m[LITTER_AMBIGUOUS] = track->rivals / (float)track->count * (1 - out);
	m[LITTER_CROWD] = fmaxf(crowd * (1 - out), fminf(crowd, CROWD_CLEAR));
	m[LITTER_SCENE_CHANGE] = scene_changes_at(litter, begin, end);
	m[LITTER_FOLIAGE] =
		track->busy / (float)(track->tiles > 0 ? track->tiles : 1) * (1 - RAIN_STIRS * out);
	m[LITTER_REPEATED_PATH] = litter_front_paths(&litter->front, track);
	m[LITTER_OUTSIDE] = off_facade(litter, litter_first(track));
	m[LITTER_RECENT_PATH] = recent_on_path(litter, track);
	m[LITTER_PRIOR_MOTION] = prior_motion(litter, track);
	m[LITTER_CONTINUES_BELOW] = continues_below(litter, track);
	m[LITTER_OBSERVED_BEFORE] = watched_for(litter, track);
}

void litter_measure(const struct litter *litter, const struct litter_track *track, float *m)
{
	float h = (float)litter->height, fell = litter_down(track), fallen, gained;
	float seconds = fmaxf(litter_last(track)->t - litter_first(track)->t, 1e-3F);
	struct litter_fit fit;

	assert(track->count >= 2 && track->count <= LITTER_TRACK_POINTS_MAX);
	m[LITTER_TRAVELS] = m[LITTER_STOREYS] = m[LITTER_UNLIKE] = m[LITTER_FAST] = NAN;
	m[LITTER_INITIAL_SPEED] = m[LITTER_OFF_GRAVITY] = NAN;
	m[LITTER_HELD_BACK] = m[LITTER_FREE_FALL_SHARE] = NAN;
	litter_fit_fall(track->samples, track->count, h, &fit);
	if (storeys_fallen(litter, track, &fallen)) {
		m[LITTER_STOREYS] = fallen;
		m[LITTER_UNLIKE] = misfit_metres(litter, track);
		m[LITTER_FAST] = share_of_fall_speed(litter, fallen, seconds);
		m[LITTER_FREE_FALL_SHARE] = share_of_free_fall(fallen, seconds);
		m[LITTER_HELD_BACK] = misfit_held_back(m[LITTER_UNLIKE], m[LITTER_FREE_FALL_SHARE]);
	} else {
		m[LITTER_TRAVELS] = fell / h;
	}
	m[LITTER_GRAVITY] = fit.residual;
	gained = fit.accelerates ? fminf(fit.speed_end / fmaxf(fit.speed_begin, h / 50), 99) : 0;
	m[LITTER_SPEEDS_UP] = fmaxf(gained, speed_gained(litter, track));
	m[LITTER_SPEED_BY_SIZE] = fell / seconds / fmaxf(litter_size(track), 4 * litter->unit);
	m[LITTER_FALL_SPEED] = fell / h / seconds;
	/* without metres: measures that detect insects near the lens */
	if (isnan(m[LITTER_STOREYS])) {
		m[LITTER_INITIAL_SPEED] = m[LITTER_FALL_SPEED] / fmaxf(m[LITTER_SPEEDS_UP], 1);
		m[LITTER_OFF_GRAVITY] = fit.residual;
	}
	measure_shape(litter, track, m);
	measure_place(litter, track, m);
}
