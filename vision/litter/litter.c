#include "litter.h"
#include "litter_internal.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* a repeated frame differs by at most this share of the usual difference */
#define SAME_PICTURE 0.3F
#define SAME_PLACE_PX 1.0F
#define GAP_MAX_S 2.0F      /* a longer pause between frames starts a new stretch */
#define PATHS_FADE_S 300.0F /* half-life of the counts of repeated paths */
#define TIME_SPAN_S 1800.0F /* then the time base is moved, so that float seconds stay precise */

static bool polygon_is_valid(const struct litter_polygon *polygon)
{
	if (polygon->count < 3 || polygon->count > LITTER_POLYGON_POINTS_MAX)
		return false;
	for (size_t i = 0; i < polygon->count; i++) {
		const struct litter_spot *p = &polygon->points[i];

		if (!(p->x >= 0 && p->x <= 1 && p->y >= 0 && p->y <= 1))
			return false;
	}
	return true;
}

static bool config_is_valid(const struct litter_config *config)
{
	if (config->roi.count != 0 && !polygon_is_valid(&config->roi))
		return false;
	if (config->exclusion_count > LITTER_EXCLUSIONS_MAX)
		return false;
	for (size_t i = 0; i < config->exclusion_count; i++) {
		if (!polygon_is_valid(&config->exclusions[i]))
			return false;
	}
	return true;
}

int litter_open(int width_px, int height_px, const struct litter_config *config,
		struct litter **ret_litter)
{
	static const struct litter_config everywhere;
	struct litter *litter;
	int r;

	if (config == NULL)
		config = &everywhere;
	if (width_px < LITTER_SIDE_MIN_PX || width_px > LITTER_SIDE_MAX_PX ||
	    height_px < LITTER_SIDE_MIN_PX || height_px > LITTER_SIDE_MAX_PX ||
	    !config_is_valid(config))
		return -EINVAL;
	litter = calloc(1, sizeof(*litter));
	if (litter == NULL)
		return -ENOMEM;
	litter->config = *config;
	litter->width = width_px;
	litter->height = height_px;
	litter->unit = (float)height_px / 720;
	r = config->calibration.known
		    ? litter_origin_prepare(&config->calibration, litter->homography)
		    : 0;
	if (r == 0)
		r = litter_front_open(&litter->front, width_px, height_px, config);
	if (r < 0) {
		litter_close(litter);
		return r;
	}
	*ret_litter = litter;
	return 0;
}

void litter_close(struct litter *litter)
{
	if (litter == NULL)
		return;
	litter_front_close(&litter->front);
	free(litter);
}

static bool has_counterpart(const struct litter *litter, const struct litter_blob *blob)
{
	for (int i = 0; i < litter->last_blob_count; i++) {
		const struct litter_blob *last = &litter->last_blobs[i];

		if (fabsf(blob->x - last->x) <= SAME_PLACE_PX &&
		    fabsf(blob->y - last->y) <= SAME_PLACE_PX)
			return true;
	}
	return false;
}

/*
 * A frame shown twice: its picture differs far less than usual, and the same objects are at the
 * same positions. Streams with a converted frame rate contain many of them.
 */
static bool is_duplicate(struct litter *litter)
{
	float difference = litter->front.sample_difference;
	int seen = 0, known = 0;

	if (difference > litter->usual_difference * SAME_PICTURE || litter->blob_count == 0) {
		litter->usual_difference += (difference - litter->usual_difference) / 16;
		return false;
	}
	for (int i = 0; i < litter->blob_count; i++) {
		if (litter->blobs[i].area_px < 4)
			continue;
		seen++;
		known += has_counterpart(litter, &litter->blobs[i]);
	}
	return known * 10 >= seen * 7; /* as the background adapts, the edges of objects change */
}

static void count_scene_change(struct litter *litter, enum litter_scene scene)
{
	unsigned i = litter->event_next++ % 16;

	litter->events[i].t = litter->now;
	litter->events[i].scene = scene;
	if (scene == LITTER_SCENE_LIGHT_STEP)
		litter->stats.light_steps++;
	else
		litter->stats.shakes++;
}

/* Updates the clock of the stretch. @return false: the frame cannot be used. */
static bool update_time(struct litter *litter, int64_t pts_us)
{
	float before = litter->now, dt;

	if (litter->started && pts_us <= litter->last_pts_us) {
		litter->stats.late++;
		return false;
	}
	if (litter->started &&
	    (double)pts_us - (double)litter->last_pts_us > (double)GAP_MAX_S * 1e6)
		litter_flush(litter);
	if (!litter->started) {
		litter->started = true;
		litter->base_pts_us = pts_us;
		litter->frame_s = 0.04F;
		litter->begun = 0;
		before = 0;
	}
	litter->last_pts_us = pts_us;
	litter->now = (float)(pts_us - litter->base_pts_us) / 1e6F;
	dt = litter->now - before;
	if (dt > 0)
		litter->frame_s += (dt - litter->frame_s) / 16;
	return true;
}

static void shift_samples(struct litter_track *track, float by)
{
	for (int i = 0; i < track->count; i++)
		track->samples[i].t -= by;
}

/* Moves the origin of the clock to now. */
static void rebase(struct litter *litter)
{
	int64_t by_us = litter->last_pts_us - litter->base_pts_us;
	float by = (float)by_us / 1e6F;

	litter->base_pts_us += by_us;
	litter->begun -= by;
	litter->now = 0;
	for (int i = 0; i < LITTER_TRACKS_MAX; i++)
		shift_samples(&litter->tracks[i], by);
	for (int i = 0; i < LITTER_FALLS_MAX; i++)
		shift_samples(&litter->falls[i].track, by);
	for (int i = 0; i < LITTER_CROWD_MAX; i++) {
		litter->crowd[i].begin -= by;
		litter->crowd[i].end -= by;
	}
	for (int i = 0; i < LITTER_RECENT_PATHS_MAX; i++)
		litter->recent_paths[i].end -= by;
	for (int i = 0; i < LITTER_RESTS_MAX; i++)
		litter->rests[i].t -= by;
	for (int i = 0; i < 16; i++)
		litter->events[i].t -= by;
}

static void save_last_blobs(struct litter *litter)
{
	memcpy(litter->last_blobs, litter->blobs,
	       sizeof(litter->blobs[0]) * (size_t)litter->blob_count);
	litter->last_blob_count = litter->blob_count;
}

/* Updates tracks and verdicts from the front end's result for this frame. */
static void judge_frame(struct litter *litter)
{
	if (litter->scene != LITTER_SCENE_CALM) {
		count_scene_change(litter, litter->scene);
		return;
	}
	if (litter->front.frames == 1)
		litter->stats.settling++;
	if (is_duplicate(litter)) {
		litter->stats.duplicates++;
		return;
	}
	litter_tracks_step(litter);
	litter_verdict_step(litter, false);
	if (litter->now - litter->paths_faded > PATHS_FADE_S || litter->now < litter->paths_faded) {
		litter_front_fade_paths(&litter->front, 0.5F);
		litter->paths_faded = litter->now;
	}
	if (litter->now > TIME_SPAN_S)
		rebase(litter);
}

void litter_frame(struct litter *litter, const uint8_t *luma, size_t stride_bytes, int64_t pts_us)
{
	assert(luma != NULL && stride_bytes >= (size_t)litter->width);
	litter->stats.frames++;
	if (!update_time(litter, pts_us))
		return;
	litter->scene = litter_front_frame(&litter->front, luma, stride_bytes);
	if (litter->scene == LITTER_SCENE_CALM) {
		save_last_blobs(litter);
		litter->blob_count =
			litter_blobs(&litter->front, litter->unit, litter->blobs, LITTER_BLOBS_MAX);
	}
	judge_frame(litter);
}

void litter_replay(struct litter *litter, const struct litter_frame_blobs *seen)
{
	assert(seen->blob_count >= 0 && seen->blob_count <= LITTER_BLOBS_MAX);
	litter->stats.frames++;
	if (!update_time(litter, seen->pts_us))
		return;
	litter->scene = seen->scene;
	litter_front_replay(&litter->front, seen);
	if (seen->scene == LITTER_SCENE_CALM) {
		save_last_blobs(litter);
		litter->blob_count = seen->blob_count;
		memcpy(litter->blobs, seen->blobs,
		       sizeof(litter->blobs[0]) * (size_t)seen->blob_count);
	}
	judge_frame(litter);
}

void litter_flush(struct litter *litter)
{
	litter_tracks_finish(litter);
	litter_verdict_step(litter, true);
	for (int i = 0; i < LITTER_FALLS_MAX; i++)
		litter->falls[i].used = false;
	litter->crowd_next = 0;
	litter->recent_path_next = 0;
	litter->rests_next = 0;
	litter->event_next = 0;
	litter->blob_count = 0;
	litter->usual_difference = 0;
	litter->started = false;
	litter->now = 0;
	litter_front_reset(&litter->front);
}

int litter_next(struct litter *litter, struct litter_verdict *ret_verdict)
{
	assert(litter->verdict_count <= LITTER_VERDICTS_MAX && ret_verdict != NULL);
	if (litter->verdict_count == 0)
		return 0;
	*ret_verdict = litter->verdicts[litter->verdict_first];
	litter->verdict_first = (litter->verdict_first + 1) % LITTER_VERDICTS_MAX;
	litter->verdict_count--;
	return 1;
}

int64_t litter_delay_us(void)
{
	return 2000000;
}

void litter_get_stats(const struct litter *litter, struct litter_stats *ret_stats)
{
	*ret_stats = litter->stats;
}

const char *litter_grade_name(enum litter_grade grade)
{
	assert(grade == LITTER_SUSPECTED || grade == LITTER_ALERT);
	return grade == LITTER_ALERT ? "alert" : "suspected";
}
