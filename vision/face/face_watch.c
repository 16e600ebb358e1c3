#include "face_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/queue.h"
#include "base/thread_role.h"
#include "face_pipeline.h"
#include "match.h"
#include "threshold.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct enrol {
	uint64_t request;
	size_t photo_bytes;
	void *photo; /* NULL: live enrolment at the camera */
	unsigned camera, seconds;
	bool is_crop; /* the photo is a stored aligned crop */
};

struct face_watch {
	pthread_t thread;
	pthread_mutex_t lock; /* protects the members up to pipeline */
	pthread_cond_t filled;
	bool stopping;
	/* the newest frame of each camera, not processed yet */
	struct video_frame *frames[FACE_WATCH_CAMERAS_MAX];
	bool resets[FACE_WATCH_CAMERAS_MAX];
	float offsets[FACE_WATCH_CAMERAS_MAX];
	unsigned next_camera;                       /* round robin */
	struct enrol enrols[FACE_WATCH_ENROLS_MAX]; /* a ring */
	size_t first_enrol, enrol_count;
	struct face_watch_stats stats;

	struct face_pipeline pipeline; /* owned by the worker from here on */
	struct face_pipeline_camera camera_states[FACE_WATCH_CAMERAS_MAX];
	unsigned camera; /* the camera of the current frame */
	bool complained;

	char *models_dir; /* constant from here on */
	unsigned cameras, threads;
	struct queue *results;
};

void face_watch_defaults(struct face_watch_config *config)
{
	*config = (struct face_watch_config){
		.cameras = 1,
		.threads = 1,
		.false_accept_percent = 1,
		.liveness = true,
		.enforce = true,
		.liveness_min = face_model_of(FACE_MODEL_LIVENESS)->score_min,
		.face_min_px = 64,
		.access_frames = 2,
		.stranger_frames = 12,
		.repeat_ms = 10000,
	};
}

static bool is_valid(const struct face_watch_config *config)
{
	return config->models_dir != NULL && config->cameras >= 1 &&
	       config->cameras <= FACE_WATCH_CAMERAS_MAX && config->threads >= 1 &&
	       config->threads <= 16 && config->false_accept_percent > 0 &&
	       config->false_accept_percent <= 10 && config->liveness_min >= 0 &&
	       config->liveness_min <= 1 && config->face_min_px >= 32 &&
	       config->face_min_px <= 1000 && config->access_frames >= 2 &&
	       config->access_frames <= 30 && config->stranger_frames >= config->access_frames &&
	       config->stranger_frames <= 60 && config->repeat_ms >= 1000 &&
	       config->repeat_ms <= 3600000 &&
	       (!config->blink || face_model_of(FACE_MODEL_DETECT)->kind != FACE_DETECTOR_YUNET);
}

static void post(struct face_watch *watch, const struct face_result *result)
{
	if (queue_push(watch->results, result) == 0)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->stats.results_lost++;
	pthread_mutex_unlock(&watch->lock);
}

static void decided(void *arg, struct face_result *result)
{
	struct face_watch *watch = arg;

	result->camera = watch->camera;
	post(watch, result);
}

static int load(struct face_watch *watch)
{
	struct face_result result = {.kind = FACE_RESULT_READY};
	struct problem cause;
	int r;

	r = face_engine_open(watch->models_dir, (int)watch->threads, &watch->pipeline.engine,
			     &result.reason);
	if (r < 0) {
		result.kind = FACE_RESULT_FAILED;
		if (result.reason.code == PROBLEM_NONE) {
			problem_failed(&cause, r);
			problem_face_models_failed(&result.reason, &cause);
		}
	} else {
		result.reason = (struct problem){0};
	}
	post(watch, &result);
	return r;
}

static void drop_frames(struct face_watch *watch)
{
	for (size_t i = 0; i < FACE_WATCH_CAMERAS_MAX; i++) {
		video_frame_unref(watch->frames[i]);
		watch->frames[i] = NULL;
	}
}

enum { TICK_MS = 250 }; /* during a live enrolment */
enum work { WORK_STOP, WORK_ENROL, WORK_FRAME, WORK_TICK };

static struct video_frame *next_frame(struct face_watch *watch)
{
	struct video_frame *frame = NULL;

	assert(watch->cameras > 0);
	for (unsigned i = 0; i < watch->cameras && frame == NULL; i++) {
		watch->camera = (watch->next_camera + i) % watch->cameras;
		frame = watch->frames[watch->camera];
		watch->frames[watch->camera] = NULL;
	}
	watch->next_camera = (watch->camera + 1) % watch->cameras; /* one camera after the other */
	watch->camera_states[watch->camera].offset = watch->offsets[watch->camera];
	if (frame != NULL && watch->resets[watch->camera]) {
		memset(&watch->camera_states[watch->camera].motion, 0, sizeof(struct face_motion));
		memset(watch->camera_states[watch->camera].tracks.items, 0,
		       sizeof(watch->camera_states[watch->camera].tracks.items));
		watch->resets[watch->camera] = false;
	}
	return frame;
}

static int wait_a_tick(struct face_watch *watch)
{
	struct timespec until = clock_deadline(TICK_MS);

	return pthread_cond_timedwait(&watch->filled, &watch->lock, &until);
}

/* Frames have priority over photos, but at most one photo is processed after each frame. */
static enum work wait_for_work(struct face_watch *watch, bool frame_was_last,
			       struct video_frame **ret_frame, struct enrol *ret_enrol)
{
	enum work work = WORK_STOP;

	pthread_mutex_lock(&watch->lock);
	for (;;) {
		*ret_frame = NULL;
		if (watch->stopping)
			break;
		if (!frame_was_last || watch->enrol_count == 0)
			*ret_frame = next_frame(watch);
		if (*ret_frame != NULL) {
			work = WORK_FRAME;
			break;
		}
		if (watch->enrol_count > 0) {
			*ret_enrol = watch->enrols[watch->first_enrol];
			watch->first_enrol = (watch->first_enrol + 1) % FACE_WATCH_ENROLS_MAX;
			watch->enrol_count--;
			work = WORK_ENROL;
			break;
		}
		if (watch->pipeline.enrolment.camera == NULL) {
			pthread_cond_wait(&watch->filled, &watch->lock);
		} else if (wait_a_tick(watch) == ETIMEDOUT) {
			work = WORK_TICK;
			break;
		}
	}
	pthread_mutex_unlock(&watch->lock);
	return work;
}

static void process_frame(struct face_watch *watch, struct video_frame *frame)
{
	uint64_t begin_us = clock_mono_us();
	float ms;
	int r = face_pipeline_frame(&watch->pipeline, &watch->camera_states[watch->camera], frame);

	video_frame_unref(frame);
	if (r < 0 && !watch->complained)
		log_warning("vision",
			    "face camera %u: a frame could not be searched (%s), ignoring it and "
			    "others like it",
			    watch->camera, strerror(-r));
	watch->complained = r < 0;
	ms = (float)(clock_mono_us() - begin_us) / 1000;
	pthread_mutex_lock(&watch->lock);
	if (r > 0)
		watch->stats.busy_ms_mean += (ms - watch->stats.busy_ms_mean) /
					     (watch->stats.frames_searched < 32
						      ? (float)(watch->stats.frames_searched + 1)
						      : 32);
	watch->stats.frames_searched += r > 0;
	watch->stats.frames_still += r == 0;
	pthread_mutex_unlock(&watch->lock);
}

static void begin_live(struct face_watch *watch, const struct enrol *enrol)
{
	struct face_result result = {.kind = FACE_RESULT_ENROL_FAILED, .request = enrol->request};

	if (watch->pipeline.engine != NULL && watch->pipeline.enrolment.camera == NULL) {
		watch->pipeline.enrolment = (struct face_enrolment){
			.camera = &watch->camera_states[enrol->camera],
			.request = enrol->request,
			.until_ms = clock_mono_ms() + (uint64_t)enrol->seconds * 1000,
		};
		return;
	}
	if (watch->pipeline.engine == NULL)
		problem_face_models_not_loaded(&result.reason);
	else
		problem_enrolment_running(&result.reason);
	post(watch, &result);
}

static void enrol_one(struct face_watch *watch, struct enrol *enrol)
{
	struct face_result result = {.request = enrol->request};

	if (watch->pipeline.engine != NULL) {
		(enrol->is_crop ? face_pipeline_enrol_crop : face_pipeline_enrol_photo)(
			&watch->pipeline, enrol->photo, enrol->photo_bytes, &result);
		result.request = enrol->request;
	} else {
		result.kind = FACE_RESULT_ENROL_FAILED;
		problem_face_models_not_loaded(&result.reason);
	}
	free(enrol->photo);
	enrol->photo = NULL;
	post(watch, &result);
	explicit_bzero(result.template_vector, sizeof(result.template_vector));
}

static void *run(void *arg)
{
	struct face_watch *watch = arg;
	struct video_frame *frame = NULL;
	struct enrol enrol = {0};
	bool frame_was_last = false;

	thread_role_set(THREAD_FACE);
	pthread_setname_np(pthread_self(), "face");
	if (load(watch) < 0)
		watch->pipeline.engine = NULL; /* photos still get an answer, frames are dropped */
	for (;;) {
		switch (wait_for_work(watch, frame_was_last, &frame, &enrol)) {
		case WORK_STOP:
			return NULL;
		case WORK_TICK:
			break;
		case WORK_ENROL:
			if (enrol.photo == NULL)
				begin_live(watch, &enrol);
			else
				enrol_one(watch, &enrol);
			frame_was_last = false;
			break;
		case WORK_FRAME:
			if (watch->pipeline.engine != NULL)
				process_frame(watch, frame);
			else
				video_frame_unref(frame);
			frame_was_last = true;
			break;
		}
		face_pipeline_enrol_tick(&watch->pipeline, clock_mono_ms());
	}
}

static void release(struct face_watch *watch)
{
	drop_frames(watch);
	while (watch->enrol_count > 0) {
		free(watch->enrols[watch->first_enrol].photo);
		watch->first_enrol = (watch->first_enrol + 1) % FACE_WATCH_ENROLS_MAX;
		watch->enrol_count--;
	}
	face_pipeline_finish(&watch->pipeline);
	face_engine_close(watch->pipeline.engine);
	gallery_close(watch->pipeline.gallery);
	pthread_cond_destroy(&watch->filled);
	pthread_mutex_destroy(&watch->lock);
	free(watch->models_dir);
	free(watch->pipeline.stills_dir);
	free(watch);
}

static void set_cameras(struct face_watch *watch, const struct face_watch_config *config)
{
	for (unsigned i = 0; i < config->cameras; i++) {
		float own = config->camera[i].liveness_min;
		const char *name = config->camera[i].name;

		watch->camera_states[i].zone = config->camera[i].zone;
		watch->camera_states[i].liveness_min = own > 0 ? own : config->liveness_min;
		snprintf(watch->camera_states[i].name, sizeof(watch->camera_states[i].name), "%s",
			 name != NULL ? name : "");
	}
}

int face_watch_open(const struct face_watch_config *config, struct queue *results,
		    struct face_watch **ret_watch)
{
	pthread_condattr_t attributes;
	struct face_watch *watch;
	int r;

	assert(config != NULL && ret_watch != NULL);
	if (results == NULL || !is_valid(config))
		return -EINVAL;
	watch = calloc(1, sizeof(*watch));
	if (watch == NULL)
		return -ENOMEM;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->filled, &attributes);
	pthread_condattr_destroy(&attributes);
	watch->cameras = config->cameras;
	watch->threads = config->threads;
	watch->results = results;
	watch->pipeline.rules = (struct face_rules){.liveness = config->liveness,
						    .enforce = config->enforce,
						    .liveness_min = config->liveness_min,
						    .reject_screens = config->reject_screens,
						    .blink = config->blink,
						    .access_frames = config->access_frames,
						    .stranger_frames = config->stranger_frames,
						    .repeat_ms = config->repeat_ms};
	watch->pipeline.keep_pictures = config->keep_pictures;
	watch->pipeline.stranger_stills = config->stranger_stills;
	set_cameras(watch, config);
	watch->pipeline.false_accept_percent = config->false_accept_percent;
	watch->pipeline.face_min_px = (float)config->face_min_px;
	watch->pipeline.decided = decided;
	watch->pipeline.arg = watch;
	watch->models_dir = strdup(config->models_dir);
	if (config->stills_dir != NULL)
		watch->pipeline.stills_dir = strdup(config->stills_dir);
	r = watch->models_dir == NULL ||
			    (config->stills_dir != NULL && watch->pipeline.stills_dir == NULL)
		    ? -ENOMEM
		    : gallery_open(FACE_DIM, &watch->pipeline.gallery);
	if (r == 0)
		gallery_set_gain(watch->pipeline.gallery, score_gain_of_template);
	if (r == 0)
		r = -pthread_create(&watch->thread, NULL, run, watch);
	if (r < 0) {
		release(watch);
		return r;
	}
	*ret_watch = watch;
	return 0;
}

void face_watch_close(struct face_watch *watch)
{
	if (watch == NULL)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->stopping = true;
	pthread_cond_signal(&watch->filled);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	release(watch);
}

void face_watch_frame(struct face_watch *watch, unsigned camera, struct video_frame *frame)
{
	struct video_frame *old;

	if (camera >= watch->cameras || frame == NULL)
		return;
	video_frame_ref(frame);
	pthread_mutex_lock(&watch->lock);
	old = watch->frames[camera];
	watch->frames[camera] = frame;
	watch->stats.frames_offered++;
	watch->stats.frames_dropped += old != NULL;
	pthread_cond_signal(&watch->filled);
	pthread_mutex_unlock(&watch->lock);
	video_frame_unref(old);
}

static int hand_over(struct face_watch *watch, const struct enrol *enrol)
{
	int r = 0;

	pthread_mutex_lock(&watch->lock);
	if (watch->enrol_count == FACE_WATCH_ENROLS_MAX) {
		r = -ENOSPC;
	} else {
		watch->enrols[(watch->first_enrol + watch->enrol_count++) % FACE_WATCH_ENROLS_MAX] =
			*enrol;
		pthread_cond_signal(&watch->filled);
	}
	pthread_mutex_unlock(&watch->lock);
	return r;
}

static int hand_over_photo(struct face_watch *watch, uint64_t request, const void *photo,
			   size_t photo_bytes, bool is_crop)
{
	struct enrol enrol = {.request = request, .photo_bytes = photo_bytes, .is_crop = is_crop};
	int r;

	if (photo == NULL || photo_bytes == 0)
		return -EINVAL;
	if (photo_bytes > FACE_PHOTO_BYTES_MAX)
		return -EFBIG;
	enrol.photo = malloc(photo_bytes);
	if (enrol.photo == NULL)
		return -ENOMEM;
	memcpy(enrol.photo, photo, photo_bytes);
	r = hand_over(watch, &enrol);
	if (r < 0)
		free(enrol.photo);
	return r;
}

int face_watch_enrol(struct face_watch *watch, uint64_t request, const void *photo,
		     size_t photo_bytes)
{
	return hand_over_photo(watch, request, photo, photo_bytes, false);
}

int face_watch_enrol_crop(struct face_watch *watch, uint64_t request, const void *crop_jpeg,
			  size_t crop_jpeg_bytes)
{
	return hand_over_photo(watch, request, crop_jpeg, crop_jpeg_bytes, true);
}

int face_watch_enrol_live(struct face_watch *watch, uint64_t request, unsigned camera,
			  unsigned seconds)
{
	struct enrol enrol = {.request = request, .camera = camera, .seconds = seconds};

	if (camera >= watch->cameras || seconds < 5 || seconds > 120)
		return -EINVAL;
	return hand_over(watch, &enrol);
}

struct gallery *face_watch_gallery(struct face_watch *watch)
{
	assert(watch != NULL);
	return watch->pipeline.gallery;
}

void face_watch_reset(struct face_watch *watch, unsigned camera)
{
	if (camera >= watch->cameras)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->resets[camera] = true;
	pthread_mutex_unlock(&watch->lock);
}

void face_watch_set_offset(struct face_watch *watch, unsigned camera, float offset)
{
	if (camera >= watch->cameras)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->offsets[camera] = offset;
	pthread_mutex_unlock(&watch->lock);
}

void face_watch_stats(struct face_watch *watch, struct face_watch_stats *ret_stats)
{
	pthread_mutex_lock(&watch->lock);
	*ret_stats = watch->stats;
	pthread_mutex_unlock(&watch->lock);
}
