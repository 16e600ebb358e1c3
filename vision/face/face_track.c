#include "face_track.h"

#include "face_screen.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/*
 * below it, a frame and the mean so far show two people; one person rarely scores below 0.4 within
 * one visit
 */
static const float same_person_min = 0.25f;
static const float cover_pace = 0.3f;     /* weight of the newest frame in the running mean */
static const float live_most = 1 - 1e-4f; /* limits the weight of a single frame */

static float overlap(const struct face_track *track, const struct face *face)
{
	float left = fmaxf(track->x_px, face->x_px), top = fmaxf(track->y_px, face->y_px);
	float right = fminf(track->x_px + track->width_px, face->x_px + face->width_px);
	float bottom = fminf(track->y_px + track->height_px, face->y_px + face->height_px);
	float both = (right - left) * (bottom - top);

	if (right <= left || bottom <= top)
		return 0;
	return both /
	       (track->width_px * track->height_px + face->width_px * face->height_px - both);
}

/*
 * 0: impossible, else the larger the more likely. The boxes of a fast walker may not overlap
 * between frames.
 */
static float likeness(const struct face_track *track, const struct face *face)
{
	struct face_track moved = *track;
	float away, ratio = face->height_px / track->height_px;

	if (ratio < 0.55f || ratio > 1.8f)
		return 0;
	moved.x_px += track->step_x_px;
	moved.y_px += track->step_y_px;
	away = hypotf(moved.x_px + moved.width_px / 2 - face->x_px - face->width_px / 2,
		      moved.y_px + moved.height_px / 2 - face->y_px - face->height_px / 2) /
	       face->height_px;
	return away > 0.8f ? 0 : 1 - away / 2 + overlap(&moved, face);
}

static void start(struct face_tracks *tracks, struct face_track *track)
{
	memset(track, 0, sizeof(*track));
	track->id = ++tracks->last_id;
	if (track->id == 0) /* wrapped after 2^32 tracks */
		track->id = ++tracks->last_id;
}

static void place(struct face_track *track, const struct face *face, uint64_t now_ms)
{
	if (track->seen_ms != 0) {
		track->step_x_px = (face->x_px - track->x_px) / 2;
		track->step_y_px = (face->y_px - track->y_px) / 2;
	} else {
		track->started_ms = now_ms;
	}
	track->x_px = face->x_px;
	track->y_px = face->y_px;
	track->width_px = face->width_px;
	track->height_px = face->height_px;
	track->seen_ms = now_ms;
}

static void forget_lost(struct face_tracks *tracks, uint64_t now_ms)
{
	for (size_t i = 0; i < FACE_TRACKS_MAX; i++) {
		struct face_track *track = &tracks->items[i];

		if (track->id != 0 && now_ms >= track->seen_ms + FACE_TRACK_LOST_MS)
			memset(track, 0, sizeof(*track));
	}
}

static struct face_track *free_track(struct face_tracks *tracks)
{
	for (size_t i = 0; i < FACE_TRACKS_MAX; i++) {
		if (tracks->items[i].id == 0)
			return &tracks->items[i];
	}
	return NULL;
}

/* The most likely unassigned pair of a track and a face; false: no pair is possible. */
static bool best_pair(struct face_tracks *tracks, const struct face *faces, size_t count,
		      uint64_t now_ms, struct face_track **ret_tracks, size_t *ret_face,
		      struct face_track **ret_track)
{
	float best = 0, value;

	for (size_t t = 0; t < FACE_TRACKS_MAX; t++) {
		if (tracks->items[t].id == 0 || tracks->items[t].seen_ms == now_ms)
			continue;
		for (size_t f = 0; f < count; f++) {
			value = ret_tracks[f] == NULL ? likeness(&tracks->items[t], &faces[f]) : 0;
			if (value > best) {
				best = value;
				*ret_face = f;
				*ret_track = &tracks->items[t];
			}
		}
	}
	return best > 0;
}

void face_tracks_update(struct face_tracks *tracks, const struct face *faces, size_t count,
			uint64_t now_ms, struct face_track **ret_tracks)
{
	struct face_track *track = NULL;
	size_t face = 0;

	assert(tracks != NULL && (count == 0 || (faces != NULL && ret_tracks != NULL)));
	forget_lost(tracks, now_ms);
	for (size_t i = 0; i < count; i++)
		ret_tracks[i] = NULL;
	while (best_pair(tracks, faces, count, now_ms, ret_tracks, &face, &track)) {
		place(track, &faces[face], now_ms);
		ret_tracks[face] = track;
	}
	for (size_t i = 0; i < count; i++) {
		if (ret_tracks[i] != NULL)
			continue;
		track = free_track(tracks);
		if (track == NULL)
			return;
		start(tracks, track);
		place(track, &faces[i], now_ms);
		ret_tracks[i] = track;
	}
}

static void clear_evidence(struct face_track *track)
{
	track->good_frames = 0;
	track->agreed = 0;
	track->person[0] = '\0';
	track->quality = 0;
	track->first_good_mono_us = 0;
	track->blink_requested_ms = 0;
	track->norm_sum = 0;
	explicit_bzero(track->sum, sizeof(track->sum));
	memset(&track->blink, 0, sizeof(track->blink));
}

bool face_track_is_covered(const struct face_track *track)
{
	return track->cover_frames >= FACE_TRACK_COVER_FRAMES_MIN && track->cover > 0;
}

/* An observation with a mask is weak evidence for the cover state without it. */
static void add_cover(struct face_track *track, const struct face_observation *observation)
{
	bool before = face_track_is_covered(track);

	if (observation->person[0] != '\0')
		return;
	track->cover +=
		(observation->cover - track->cover) * (track->cover_frames == 0 ? 1 : cover_pace);
	track->cover_frames++;
	if (!before || face_track_is_covered(track))
		return;
	if (track->verdict == FACE_VERDICT_STRANGER && !track->uncovered) {
		track->verdict = FACE_VERDICT_OPEN;
		track->uncovered = true;
	}
	if (track->verdict == FACE_VERDICT_OPEN)
		clear_evidence(track);
}

static bool is_somebody_else(const struct face_track *track,
			     const struct face_observation *observation)
{
	float mean[FACE_DIM], dot = 0;

	if (!face_track_mean(track, mean))
		return false;
	for (size_t i = 0; i < FACE_DIM; i++)
		dot += mean[i] * observation->embedding[i];
	return dot < same_person_min;
}

static void start_anew(struct face_tracks *tracks, struct face_track *track)
{
	struct face_track before = *track;

	start(tracks, track);
	track->x_px = before.x_px;
	track->y_px = before.y_px;
	track->width_px = before.width_px;
	track->height_px = before.height_px;
	track->seen_ms = before.seen_ms;
	track->started_ms = before.seen_ms;
	track->checked_ms = before.checked_ms;
}

void face_track_add(struct face_tracks *tracks, struct face_track *track,
		    const struct face_observation *observation)
{
	assert(track >= tracks->items && track < tracks->items + FACE_TRACKS_MAX);
	assert(track->id != 0 && observation != NULL);
	if (is_somebody_else(track, observation))
		start_anew(tracks, track);
	add_cover(track, observation);
	if (track->good_frames == 0)
		track->first_good_mono_us = observation->arrived_mono_us;
	for (size_t i = 0; i < FACE_DIM; i++)
		track->sum[i] += observation->embedding[i];
	track->norm_sum += observation->norm;
	track->live[track->good_frames % FACE_TRACK_LIVE_WINDOW] = observation->live;
	track->quality = fmaxf(track->quality, observation->quality);
	if (observation->person[0] == '\0' || strcmp(track->person, observation->person) != 0) {
		memcpy(track->person, observation->person, sizeof(track->person));
		track->agreed = 0;
	}
	if (observation->person[0] != '\0')
		track->agreed++;
	(void)face_blink_add(&track->blink, &observation->eyes,
			     observation->arrived_mono_us / 1000); /* not yet due */
	track->good_frames++;
}

bool face_track_mean(const struct face_track *track, float *ret_embedding)
{
	double square = 0;

	assert(track != NULL && ret_embedding != NULL);
	for (size_t i = 0; i < FACE_DIM; i++)
		square += (double)track->sum[i] * track->sum[i];
	if (square < 1e-9)
		return false;
	for (size_t i = 0; i < FACE_DIM; i++)
		ret_embedding[i] = (float)(track->sum[i] / sqrt(square));
	return true;
}

float face_track_norm(const struct face_track *track)
{
	return track->good_frames == 0 ? 0 : track->norm_sum / (float)track->good_frames;
}

float face_track_live_mean(const float *live, size_t count)
{
	float sum = 0, one;

	for (size_t i = 0; i < count; i++) {
		one = fminf(fmaxf(live[i], FACE_SCREEN_LIVE), live_most);
		sum += logf(one / (1 - one));
	}
	return count == 0 ? -1 : 1 / (1 + expf(-sum / (float)count));
}

float face_track_liveness(const struct face_track *track)
{
	unsigned n = track->good_frames < FACE_TRACK_LIVE_WINDOW ? track->good_frames
								 : FACE_TRACK_LIVE_WINDOW;

	return face_track_live_mean(track->live, n);
}

bool face_track_raster(const struct face_track *track)
{
	for (unsigned i = 0; i < track->good_frames && i < FACE_TRACK_LIVE_WINDOW; i++)
		if (track->live[i] <= FACE_SCREEN_LIVE)
			return true;
	return false;
}

bool face_track_open(struct face_track *track, const struct face_rules *rules, uint64_t now_ms)
{
	if (track->verdict == FACE_VERDICT_OPEN)
		return true;
	if (now_ms < track->decided_ms + rules->repeat_ms)
		return false;
	clear_evidence(track);
	track->uncovered = false;
	track->verdict = FACE_VERDICT_OPEN;
	return true;
}

static bool waited_long_enough(const struct face_track *track, const struct face_rules *rules,
			       uint64_t now_ms)
{
	if (track->good_frames >= rules->stranger_frames)
		return true;
	return track->good_frames >= FACE_TRACK_STRANGER_FRAMES_MIN &&
	       now_ms >= track->first_good_mono_us / 1000 + FACE_TRACK_STRANGER_MS;
}

/* All conditions but the blink are met. */
static enum face_verdict ask_for_blink(struct face_track *track, uint64_t now_ms)
{
	if (track->blink.seen)
		return FACE_VERDICT_ACCESS;
	if (track->blink_requested_ms == 0)
		track->blink_requested_ms = now_ms;
	return now_ms < track->blink_requested_ms + FACE_TRACK_BLINK_MS ? FACE_VERDICT_OPEN
									: FACE_VERDICT_NO_BLINK;
}

enum face_verdict face_track_judge(struct face_track *track, const struct face_rules *rules,
				   const char *person, float score, float threshold,
				   uint64_t now_ms)
{
	bool live = !rules->liveness || !rules->enforce ||
		    face_track_liveness(track) >= rules->liveness_min;
	bool known = person[0] != '\0' && score >= threshold;

	assert(track->id != 0 && rules->access_frames > 0);
	if (track->verdict != FACE_VERDICT_OPEN || track->good_frames < rules->access_frames)
		return FACE_VERDICT_OPEN;
	if (known && live && track->agreed >= rules->access_frames &&
	    strcmp(person, track->person) == 0)
		return rules->blink ? ask_for_blink(track, now_ms) : FACE_VERDICT_ACCESS;
	if (!waited_long_enough(track, rules, now_ms))
		return FACE_VERDICT_OPEN;
	if (!live)
		return FACE_VERDICT_SPOOF;
	return known ? FACE_VERDICT_OPEN
		     : FACE_VERDICT_STRANGER; /* known, but the frames disagree: continue */
}

void face_track_decided(struct face_track *track, enum face_verdict verdict, uint64_t now_ms)
{
	assert(verdict != FACE_VERDICT_OPEN);
	track->verdict = verdict;
	track->decided_ms = now_ms;
	track->checked_ms = now_ms;
}
