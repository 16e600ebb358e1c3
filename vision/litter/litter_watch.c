#include "litter_watch.h"
#include "litter_evidence.h"
#include "litter_history.h"
#include "vision/camera/frame.h"
#include "vision/camera/ring.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/queue.h"
#include "base/thread_role.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUEUE_DEFAULT = 16,
	POST_ROLL_LATE_MS = 3000, /* after this time the post-roll is not awaited any longer */
	MINUTE_MS = 60000,
	NAME_BYTES = 32,
};

struct pending {
	struct litter_result result;
	struct video_frame *still; /* NULL: no evidence */
	uint64_t deadline_ms;
	uint32_t epoch;
};

/* times of the last few results of one grade */
struct limit {
	uint64_t at_ms[LITTER_WATCH_ALERTS_A_MINUTE];
	unsigned next, count;
};

struct litter_watch {
	struct litter_watch_config config;
	char name[NAME_BYTES];
	char *evidence_dir;
	struct queue *frames, *results, *writes; /* writes: struct pending * that are due */
	pthread_t thread, writer;
	atomic_bool flush_wanted; /* a flush was requested while the queue was full */

	/* used by the worker alone */
	struct litter *litter;
	int width, height;
	uint32_t epoch;
	bool in_epoch;
	struct litter_history past;
	struct pending pending[LITTER_WATCH_PENDING_MAX];
	unsigned pending_count;
	struct limit alerts, suspected;
	unsigned stem_number;
	struct litter_stats before; /* of analyses already closed */

	pthread_mutex_t lock; /* protects stats */
	struct litter_watch_stats stats;
};

static void drop_item(void *item)
{
	video_frame_unref(*(struct video_frame **)item);
}

static void add_stats(struct litter_stats *sum, const struct litter_stats *more)
{
	sum->frames += more->frames;
	sum->duplicates += more->duplicates;
	sum->shakes += more->shakes;
	sum->light_steps += more->light_steps;
	sum->settling += more->settling;
	sum->late += more->late;
	sum->tracks += more->tracks;
	sum->merged += more->merged;
	sum->verdicts_lost += more->verdicts_lost;
}

static void count(struct litter_watch *watch, uint64_t *counter)
{
	pthread_mutex_lock(&watch->lock);
	(*counter)++;
	pthread_mutex_unlock(&watch->lock);
}

/*
 * @return whether another result is allowed in the minute that ends at @p now_ms; if so, counts it.
 */
static bool count_result(struct limit *limit, uint64_t now_ms)
{
	uint64_t *oldest = &limit->at_ms[limit->next % LITTER_WATCH_ALERTS_A_MINUTE];

	if (limit->count >= LITTER_WATCH_ALERTS_A_MINUTE && now_ms - *oldest < MINUTE_MS)
		return false;
	*oldest = now_ms;
	limit->next++;
	limit->count++;
	return true;
}

static int64_t unix_of(uint64_t mono_us)
{
	return clock_unix_ms() - ((int64_t)clock_mono_us() - (int64_t)mono_us) / 1000;
}

static void post(struct litter_watch *watch, struct pending *pending)
{
	struct litter_result *result = &pending->result;

	if (pending->still != NULL && litter_evidence_write(&watch->config, pending->still,
							    watch->stem_number++, result) < 0) {
		count(watch, &watch->stats.evidence_failed);
		log_warning("vision", "%s: evidence of a throw: %s, alert is posted without it",
			    watch->name, result->evidence_problem.detail);
	}
	video_frame_unref(pending->still);
	pending->still = NULL;
	result->posted_mono_us = clock_mono_us();
	pthread_mutex_lock(&watch->lock);
	result->analysis_ms = watch->stats.analysis_ms_mean;
	if (result->verdict.grade == LITTER_ALERT)
		watch->stats.alerts++;
	else
		watch->stats.suspected++;
	pthread_mutex_unlock(&watch->lock);
	if (queue_push(watch->results, result) < 0) {
		count(watch, &watch->stats.results_lost);
		log_error("vision", "%s: a throw was seen, but nobody took the result",
			  watch->name);
	}
}

static void drop_write(void *item)
{
	struct pending *pending = *(struct pending **)item;

	video_frame_unref(pending->still);
	free(pending);
}

static void *write_all(void *arg)
{
	struct litter_watch *watch = arg;
	struct pending *pending;

	thread_role_set(THREAD_LITTER);
	while (queue_pop_wait(watch->writes, &pending, -1) == 0) {
		post(watch, pending);
		free(pending);
	}
	return NULL;
}

/*
 * Passes the alert to the writer, in order. If its queue is full, the alert is reported without
 * evidence.
 */
static void queue_write(struct litter_watch *watch, struct pending *pending)
{
	struct pending *own = malloc(sizeof(*own));

	if (own != NULL)
		*own = *pending;
	if (own != NULL && queue_push(watch->writes, &own) == 0)
		return;
	free(own);
	video_frame_unref(pending->still);
	pending->still = NULL;
	count(watch, &watch->stats.evidence_failed);
	problem_evidence_too_many(&pending->result.evidence_problem);
	post(watch, pending);
}

static void post_first(struct litter_watch *watch)
{
	queue_write(watch, &watch->pending[0]);
	watch->pending_count--;
	memmove(&watch->pending[0], &watch->pending[1],
		sizeof(watch->pending[0]) * watch->pending_count);
}

/* Whether the clip can be written: no more of its packets will arrive. */
static bool is_due(const struct litter_watch *watch, const struct pending *pending, uint64_t now_ms)
{
	int64_t until =
		pending->result.verdict.end_pts_us + (int64_t)watch->config.post_roll_ms * 1000;

	return pending->still == NULL || !watch->in_epoch || pending->epoch != watch->epoch ||
	       watch->past.newest_pts_us >= until || now_ms >= pending->deadline_ms;
}

static void post_due(struct litter_watch *watch, bool all)
{
	uint64_t now_ms = clock_mono_ms();

	while (watch->pending_count > 0 && (all || is_due(watch, &watch->pending[0], now_ms)))
		post_first(watch);
}

static void report_verdict(struct litter_watch *watch, const struct litter_verdict *verdict)
{
	uint64_t now_ms = clock_mono_ms();
	struct pending *pending;
	bool alert = verdict->grade == LITTER_ALERT,
	     limited = alert && !count_result(&watch->alerts, now_ms);

	if (!alert && !count_result(&watch->suspected, now_ms)) {
		count(watch, &watch->stats.suppressed);
		return;
	}
	if (watch->pending_count == LITTER_WATCH_PENDING_MAX)
		post_first(watch);
	pending = &watch->pending[watch->pending_count++];
	memset(pending, 0, sizeof(*pending));
	pending->result.camera = watch->config.camera;
	pending->result.verdict = *verdict;
	pending->result.width_px = watch->width;
	pending->result.height_px = watch->height;
	pending->result.first_seen_mono_us =
		litter_history_arrival(&watch->past, verdict->begin_pts_us);
	pending->result.end_mono_us = litter_history_arrival(&watch->past, verdict->end_pts_us);
	pending->result.first_seen_unix_ms = unix_of(pending->result.first_seen_mono_us);
	pending->result.end_unix_ms = unix_of(pending->result.end_mono_us);
	pending->result.rate_limited = limited;
	if (limited)
		pending->result.verdict.grade = LITTER_SUSPECTED;
	else if (watch->config.ring != NULL && watch->evidence_dir != NULL)
		pending->still = litter_history_still(&watch->past, watch->epoch, verdict);
	pending->deadline_ms = now_ms + watch->config.post_roll_ms + POST_ROLL_LATE_MS;
	pending->epoch = watch->epoch;
}

static void report_verdicts(struct litter_watch *watch)
{
	struct litter_verdict verdict;

	while (watch->litter != NULL && litter_next(watch->litter, &verdict) == 1)
		report_verdict(watch, &verdict);
}

/* The stream has ended, or another one begins. */
static void finish_stretch(struct litter_watch *watch)
{
	if (watch->litter != NULL) {
		litter_flush(watch->litter);
		report_verdicts(watch);
	}
	watch->in_epoch = false;
	post_due(watch, true);
	litter_history_clear(&watch->past);
}

static void close_analysis(struct litter_watch *watch)
{
	struct litter_stats stats;

	if (watch->litter == NULL)
		return;
	litter_get_stats(watch->litter, &stats);
	add_stats(&watch->before, &stats);
	litter_close(watch->litter);
	watch->litter = NULL;
}

static void begin_stretch(struct litter_watch *watch, const struct video_frame *frame)
{
	if (watch->width != frame->width_px || watch->height != frame->height_px) {
		int r;

		close_analysis(watch);
		watch->width = frame->width_px;
		watch->height = frame->height_px;
		r = litter_open(frame->width_px, frame->height_px, &watch->config.litter,
				&watch->litter);
		if (r < 0)
			log_error("vision",
				  "%s: pictures of %dx%d cannot be watched for throws: %s",
				  watch->name, frame->width_px, frame->height_px, strerror(-r));
	}
	watch->epoch = frame->epoch;
	watch->in_epoch = true;
}

static void count_analysis(struct litter_watch *watch, float ms)
{
	struct litter_watch_stats *stats = &watch->stats;

	pthread_mutex_lock(&watch->lock);
	stats->frames_analysed++;
	stats->analysis_ms_mean +=
		stats->frames_analysed == 1 ? ms : (ms - stats->analysis_ms_mean) / 32;
	if (ms > stats->analysis_ms_max)
		stats->analysis_ms_max = ms;
	litter_get_stats(watch->litter, &stats->litter);
	add_stats(&stats->litter, &watch->before);
	pthread_mutex_unlock(&watch->lock);
}

static void analyse_frame(struct litter_watch *watch, struct video_frame *frame)
{
	uint64_t begin_us;

	if (watch->in_epoch && (frame->epoch != watch->epoch || frame->width_px != watch->width ||
				frame->height_px != watch->height))
		finish_stretch(watch);
	if (!watch->in_epoch)
		begin_stretch(watch, frame);
	litter_history_add(&watch->past, frame);
	if (watch->litter == NULL)
		return;
	begin_us = clock_mono_us();
	litter_frame(watch->litter, frame->luma, (size_t)frame->stride_bytes, frame->pts_us);
	count_analysis(watch, (float)(clock_mono_us() - begin_us) / 1000);
	report_verdicts(watch);
}

static int wait_ms(const struct litter_watch *watch)
{
	uint64_t now_ms = clock_mono_ms();

	if (watch->pending_count == 0)
		return -1;
	if (watch->pending[0].deadline_ms <= now_ms)
		return 0;
	return (int)(watch->pending[0].deadline_ms - now_ms);
}

static void *work(void *arg)
{
	struct litter_watch *watch = arg;

	thread_role_set(THREAD_LITTER);
	for (;;) {
		struct video_frame *frame = NULL;
		int r = queue_pop(watch->frames, &frame);

		if (r == -EAGAIN && atomic_exchange(&watch->flush_wanted, false))
			finish_stretch(watch);
		if (r == -EAGAIN)
			r = queue_pop_wait(watch->frames, &frame, wait_ms(watch));
		if (r == -ECANCELED)
			break;
		if (r == 0 && frame != NULL)
			analyse_frame(watch, frame);
		else if (r == 0)
			finish_stretch(watch);
		video_frame_unref(frame);
		post_due(watch, false);
	}
	finish_stretch(watch);
	close_analysis(watch);
	return NULL;
}

static bool is_valid(const struct litter_watch_config *config)
{
	return config->name != NULL && config->name[0] != '\0' &&
	       strlen(config->name) < NAME_BYTES && config->pre_roll_ms <= MINUTE_MS &&
	       config->post_roll_ms <= MINUTE_MS &&
	       config->queue_frames <= LITTER_WATCH_FRAMES_MAX &&
	       config->mask.count <= MASK_POLYGONS_MAX;
}

/* Checks the polygons and the calibration at start, and not when the first frame arrives. */
static int try_config(const struct litter_config *config)
{
	struct litter *litter;
	int r = litter_open(LITTER_SIDE_MIN_PX, LITTER_SIDE_MIN_PX, config, &litter);

	if (r == 0)
		litter_close(litter);
	return r;
}

static int start(struct litter_watch *watch)
{
	char name[16];
	int r = queue_open(sizeof(struct video_frame *),
			   watch->config.queue_frames > 0 ? watch->config.queue_frames
							  : QUEUE_DEFAULT,
			   QUEUE_REFUSE_WHEN_FULL, drop_item, &watch->frames);

	if (r < 0)
		return r;
	r = queue_open(sizeof(struct pending *), LITTER_WATCH_PENDING_MAX, QUEUE_REFUSE_WHEN_FULL,
		       drop_write, &watch->writes);
	if (r < 0)
		return r;
	if (pthread_create(&watch->writer, NULL, write_all, watch) != 0)
		return -EAGAIN;
	if (pthread_create(&watch->thread, NULL, work, watch) != 0) {
		queue_cancel(watch->writes);
		pthread_join(watch->writer, NULL);
		return -EAGAIN;
	}
	snprintf(name, sizeof(name), "evidence/%u", watch->config.camera % 1000);
	(void)pthread_setname_np(watch->writer, name);
	snprintf(name, sizeof(name), "litter/%u", watch->config.camera % 1000);
	(void)pthread_setname_np(watch->thread, name); /* for debuggers only */
	return 0;
}

static void free_watch(struct litter_watch *watch)
{
	queue_close(watch->frames);
	queue_close(watch->writes);
	pthread_mutex_destroy(&watch->lock);
	free(watch->evidence_dir);
	free(watch);
}

int litter_watch_open(const struct litter_watch_config *config, struct queue *results,
		      struct litter_watch **ret_watch)
{
	struct litter_watch *watch;
	int r;

	assert(config != NULL && ret_watch != NULL);
	if (results == NULL || !is_valid(config))
		return -EINVAL;
	r = try_config(&config->litter);
	if (r < 0)
		return r;
	watch = calloc(1, sizeof(*watch));
	if (watch == NULL)
		return -ENOMEM;
	pthread_mutex_init(&watch->lock, NULL);
	watch->config = *config;
	watch->results = results;
	snprintf(watch->name, sizeof(watch->name), "%s", config->name);
	watch->config.name = watch->name;
	if (config->evidence_dir != NULL && config->evidence_dir[0] != '\0') {
		watch->evidence_dir = strdup(config->evidence_dir);
		r = watch->evidence_dir == NULL ? -ENOMEM : 0;
	}
	watch->config.evidence_dir = watch->evidence_dir;
	if (r == 0)
		r = start(watch);
	if (r < 0) {
		free_watch(watch);
		return r;
	}
	*ret_watch = watch;
	return 0;
}

void litter_watch_frame(struct litter_watch *watch, struct video_frame *frame)
{
	struct video_frame *own = video_frame_ref(frame);

	assert(watch != NULL && frame != NULL);
	count(watch, &watch->stats.frames_offered);
	if (queue_push(watch->frames, &own) == 0)
		return;
	count(watch, &watch->stats.frames_skipped);
	video_frame_unref(own);
}

void litter_watch_flush(struct litter_watch *watch)
{
	struct video_frame *none = NULL;

	if (queue_push(watch->frames, &none) < 0)
		atomic_store(&watch->flush_wanted, true);
}

void litter_watch_close(struct litter_watch *watch)
{
	if (watch == NULL)
		return;
	queue_cancel(watch->frames);
	pthread_join(watch->thread, NULL);
	queue_cancel(watch->writes); /* the writer first writes what is queued */
	pthread_join(watch->writer, NULL);
	free_watch(watch);
}

void litter_watch_stats(struct litter_watch *watch, struct litter_watch_stats *ret_stats)
{
	pthread_mutex_lock(&watch->lock);
	*ret_stats = watch->stats;
	pthread_mutex_unlock(&watch->lock);
}
