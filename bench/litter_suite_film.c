#include "litter_suite_film.h"

#include "litter_suite_cache.h"
#include "scene_codec.h"
#include "vision/litter/litter_internal.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NEAR_PX                                                                                    \
	4.0 /* in a 720-row picture: a blob or sight no further from the true box belongs to it */
#define SIDE_MIN_PX 3.0
#define BESIDE_S 0.5

_Static_assert((int)FILM_MEASURES_MAX >= (int)LITTER_MEASURES, "all that is measured fits");

/* what is only needed while a film runs */
struct reel {
	struct scene_codec *codec;
	struct suite_cache *from, *to;
	uint8_t *luma;
};

static void close_reel(struct reel *reel, bool whole)
{
	scene_codec_close(reel->codec);
	(void)suite_cache_close(reel->from, false); /* it was only read */
	if (suite_cache_close(reel->to, whole) < 0)
		fprintf(stderr, "litter_suite: the cache takes no more, going on without\n");
	free(reel->luma);
}

void film_close(struct film *film)
{
	litter_close(film->litter);
	scene_close(film->scene);
	film->litter = NULL;
	film->scene = NULL;
}

static void log_judged_track(void *arg, const struct litter_track *track, const float *measures,
			     float score)
{
	struct film *film = arg;
	struct film_judged *judged = &film->judged[film->judged_count];
	double best = 0.25;

	if (film->judged_count == FILM_JUDGED_MAX)
		return;
	film->judged_count++;
	judged->score = score;
	judged->throw_index = FILM_NO_THROW;
	judged->begin_s = (double)litter_first(track)->t + (double)film->litter->base_pts_us / 1e6;
	judged->end_s = (double)litter_last(track)->t + (double)film->litter->base_pts_us / 1e6;
	memcpy(judged->measures, measures, sizeof(*measures) * LITTER_MEASURES);
	for (size_t t = 0; t < film->sighting_count; t++) {
		int hits = 0;

		for (int i = 0; i < track->count; i++) {
			double s = (double)track->samples[i].t +
				   (double)film->litter->base_pts_us / 1e6;
			int n = (int)lrint(s * film->plan.options.frames_per_s);
			double near = 2 * NEAR_PX * (double)film->litter->unit;
			struct scene_box box;

			hits += scene_truth(film->scene, film->throw_of[t], n, &box) &&
				fabs((double)track->samples[i].x - box.cx) < box.w / 2 + near &&
				fabs((double)track->samples[i].y - box.cy) < box.h / 2 + near;
		}
		if ((double)hits / track->count > best) {
			best = (double)hits / track->count;
			judged->throw_index = (int)t;
		}
	}
	for (size_t t = 0; t < film->sighting_count && judged->throw_index == FILM_NO_THROW; t++) {
		if (judged->begin_s < film->sightings[t].end_s + BESIDE_S &&
		    judged->end_s > film->sightings[t].begin_s - BESIDE_S)
			judged->throw_index = FILM_BESIDE_THROW;
	}
	if (judged->throw_index >= 0)
		film->traces[judged->throw_index].best =
			fmaxf(film->traces[judged->throw_index].best, judged->score);
}

static bool touches(const struct film *film, const struct scene_box *box, float x, float y)
{
	double near = NEAR_PX * (double)film->litter->unit;

	return fabs((double)x - box->cx) < box->w / 2 + near &&
	       fabs((double)y - box->cy) < box->h / 2 + near;
}

/* after frame @p n: which throws have a blob, which a track */
static void trace_frame(struct film *film, int n)
{
	const struct litter *litter = film->litter;

	for (size_t t = 0; t < film->sighting_count; t++) {
		struct film_trace *trace = &film->traces[t];
		struct scene_box box;
		bool any = false;

		if (!scene_truth(film->scene, film->throw_of[t], n, &box))
			continue;
		for (int i = 0; i < litter->blob_count && !any; i++)
			any = touches(film, &box, litter->blobs[i].x, litter->blobs[i].y);
		trace->blobs += any;
		for (int i = 0; i < LITTER_TRACKS_MAX; i++) {
			const struct litter_track *track = &litter->tracks[i];

			if (track->live && litter_last(track)->t >= litter->now &&
			    touches(film, &box, litter_last(track)->x, litter_last(track)->y) &&
			    (unsigned)track->count > trace->longest)
				trace->longest = (unsigned)track->count;
		}
	}
}

const char *film_stage(const struct film_trace *trace)
{
	if (trace->blobs < LITTER_SAMPLES_MIN)
		return "never-seen";
	if (trace->longest < LITTER_SAMPLES_MIN)
		return "no-track";
	if (trace->best == -INFINITY)
		return "not-judged";
	return trace->best < LITTER_ALERT_SCORE ? "below" : "told";
}

/* the throws that come into the picture, and what each spans */
static void find_throws(struct film *film)
{
	const struct scene_options *o = &film->plan.options;

	film->sighting_count = 0;
	for (size_t i = 0; i < o->throw_count; i++) {
		struct score_sighting s = {
			.x0 = INFINITY, .y0 = INFINITY, .x1 = -INFINITY, .y1 = -INFINITY};
		struct film_trace trace = {.best = -INFINITY};
		struct scene_box box;
		int begin, end;

		scene_throw_frames(film->scene, i, &begin, &end);
		if (begin < 0)
			continue;
		for (int n = begin; n <= end; n++) {
			if (!scene_truth(film->scene, i, n, &box))
				continue;
			trace.sightings++;
			trace.seen += fmax(box.w, box.h) >= SIDE_MIN_PX &&
				      scene_signal(film->scene, i, n) >= SCENE_ROSE;
			s.x0 = fmin(s.x0, box.cx);
			s.y0 = fmin(s.y0, box.cy);
			s.x1 = fmax(s.x1, box.cx);
			s.y1 = fmax(s.y1, box.cy);
		}
		s.begin_s = (double)begin / o->frames_per_s;
		s.end_s = (double)end / o->frames_per_s;
		s.has_box = true;
		s.throw_index = (int)film->sighting_count;
		film->traces[film->sighting_count] = trace;
		film->throw_of[film->sighting_count] = i;
		film->sightings[film->sighting_count++] = s;
	}
}

static int swap_seen(struct film *film, struct reel *reel)
{
	unsigned seen[SCENE_THROWS_MAX] = {0};
	int r = 0;

	for (size_t t = 0; t < film->sighting_count; t++)
		seen[film->throw_of[t]] = film->traces[t].seen;
	if (reel->to != NULL)
		r = suite_cache_put_throws(reel->to, seen);
	if (reel->from != NULL)
		r = suite_cache_get_throws(reel->from, seen);
	for (size_t t = 0; t < film->sighting_count && r == 0; t++)
		film->traces[t].seen = seen[film->throw_of[t]];
	return r;
}

static int open_film(struct film *film, const char *name, struct reel *reel)
{
	struct scene_options options = film->plan.options;
	struct litter_config config;
	int r = 0;

	memset(&config, 0, sizeof(config));
	film->report_count = film->judged_count = 0;
	film->busy_ms = 0;
	if (film->cache_folder != NULL)
		r = suite_cache_open(film->cache_folder, name, &film->plan, &reel->from);
	if (r == -ENOENT)
		r = suite_cache_create(film->cache_folder, name, &film->plan, &reel->to);
	options.blank = reel->from != NULL;
	if (r == 0)
		r = scene_open(&options, &film->scene);
	if (r < 0)
		return r;
	find_throws(film);
	suite_calibrate(film->scene, &config.calibration);
	config.calibration.known = !film->uncalibrated;
	r = litter_open(options.width_px, options.height_px, &config, &film->litter);
	if (r == 0)
		r = swap_seen(film, reel);
	if (r < 0 || options.blank)
		return r;
	reel->luma = malloc((size_t)options.width_px * (size_t)options.height_px);
	if (reel->luma == NULL)
		return -ENOMEM;
	return film->plan.crf < 0
		       ? 0
		       : scene_codec_open(options.width_px, options.height_px, options.frames_per_s,
					  film->plan.crf, &reel->codec);
}

static void fetch(struct film *film, double now_s)
{
	struct litter_verdict verdict;

	while (litter_next(film->litter, &verdict) == 1) {
		struct score_report *report = &film->reports[film->report_count];

		if (film->report_count == FILM_REPORTS_MAX)
			continue;
		film->report_count++;
		report->verdict = verdict;
		report->begin_s = (double)verdict.begin_pts_us / 1e6;
		report->end_s = (double)verdict.end_pts_us / 1e6;
		report->reported_s = now_s;
		report->first_pts_us = 0;
	}
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* draws frame @p n, or takes it from the cache, and gives it to the analysis */
static int show(struct film *film, struct reel *reel, int n)
{
	const struct scene_options *o = &film->plan.options;
	struct scene_planes planes = {{reel->luma, NULL, NULL}, {o->width_px, 0, 0}};
	int64_t pts_us = (int64_t)n * 1000000 / o->frames_per_s;
	const uint8_t *luma = reel->luma;
	struct litter_frame_blobs seen;
	int stride = o->width_px, r = 0;
	double begin;

	if (reel->from != NULL) {
		r = suite_cache_get(reel->from, &seen);
		if (r == 0)
			litter_replay(film->litter, &seen);
		return r;
	}
	scene_draw(film->scene, n, &planes);
	if (reel->codec != NULL)
		r = scene_codec_pass(reel->codec, reel->luma, &luma, &stride);
	if (r < 0)
		return r;
	begin = cpu_ms();
	litter_frame(film->litter, luma, (size_t)stride, pts_us);
	film->busy_ms += cpu_ms() - begin;
	return reel->to != NULL ? suite_cache_put(reel->to, film->litter, pts_us) : 0;
}

int film_run(struct film *film, const char *name)
{
	const struct scene_options *o = &film->plan.options;
	struct reel reel = {0};
	int r = open_film(film, name, &reel);

	if (r >= 0) {
		film->litter->judged = film->log_judged ? log_judged_track : NULL;
		film->litter->judged_arg = film;
	}
	for (int n = 0; n < o->frames && r >= 0; n++) {
		r = show(film, &reel, n);
		if (film->log_judged && film->litter->scene == LITTER_SCENE_CALM)
			trace_frame(film, n);
		fetch(film, (double)n / o->frames_per_s);
	}
	if (r >= 0) {
		litter_flush(film->litter);
		fetch(film, (double)(o->frames - 1) / o->frames_per_s);
	}
	close_reel(&reel, r >= 0);
	return r;
}
