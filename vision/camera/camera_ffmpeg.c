#include "camera.h"

#include "frame_private.h"
#include "fmp4_mux.h"
#include "ring.h"
#include "source.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread_role.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>

enum {
	ARRIVALS = 64, /* packets whose arrival time is stored while the decoder reorders */
	LATE_US = 100 * 1000,
	/*
	 * for a thread that is opening its source: a name look-up of the system cannot be
	 * interrupted
	 */
	CLOSE_WAIT_S = 1,
	/* after a longer delay the clock of the file starts again */
	PACE_RESET_US = 1000 * 1000,
	JUMP_BACK_US = 1000 * 1000, /* larger steps mean that the clock of the stream was set */
	JUMP_AHEAD_US = 60 * 1000 * 1000,
};

struct arrival {
	int64_t pts;
	uint64_t mono_us;
};

struct camera {
	struct camera_config config;
	struct camera_ops ops;
	void *arg;
	enum source_kind kind;
	char public_url[CAMERA_REASON_BYTES / 2];
	struct packet_ring *ring;
	struct fmp4_mux *fmp4;
	pthread_t thread;
	atomic_bool stop;
	int stop_fd;
	pthread_mutex_t lock; /* protects the members up to the next empty line */
	pthread_cond_t end;   /* signalled when `ended` is set */
	struct camera_stats stats;
	bool opening; /* the thread is in source_open(), where it calls no op */
	bool ended;
	bool detached; /* closed without waiting: the thread frees the camera at its end */

	/* used by the thread alone */
	struct source *source;
	AVPacket *packet;
	AVFrame *picture;
	bool live; /* the last reported state was LIVE */
	bool out;  /* the last reported state was LOST */
	unsigned openings;
	unsigned pause_ms;
	bool epoch_begun; /* at least one epoch has begun */
	uint32_t epoch;
	uint64_t frames_of_source, frames;
	uint64_t source_opened_us, last_frame_us;
	int width, height;
	int64_t next_pts; /* where the next epoch starts on the time line */
	int64_t offset;   /* source time + offset = time line */
	bool offset_known;
	int64_t last_dts, last_pts;
	uint64_t pace_mono_us; /* the moment at which pace_pts is due */
	int64_t pace_pts;
	bool pacing;
	struct arrival arrivals[ARRIVALS];
	size_t arrivals_next;
};

static bool stopping(const struct camera *camera)
{
	return atomic_load(&camera->stop);
}

static void wait_us(struct camera *camera, uint64_t us)
{
	struct pollfd pollfd = {.fd = camera->stop_fd, .events = POLLIN};
	struct timespec time = {.tv_sec = (time_t)(us / 1000000),
				.tv_nsec = (long)(us % 1000000) * 1000};

	(void)ppoll(&pollfd, 1, &time, NULL); /* an early return after a signal is harmless */
}

static void report(struct camera *camera, enum camera_state state, const struct problem *reason)
{
	if (camera->ops.state != NULL)
		camera->ops.state(camera->arg, state, reason);
}

static void report_lost(struct camera *camera, const struct problem *reason)
{
	ring_end(camera->ring);
	if (camera->out || stopping(camera))
		return;
	camera->out = true;
	camera->live = false;
	pthread_mutex_lock(&camera->lock);
	camera->stats.outages++;
	pthread_mutex_unlock(&camera->lock);
	report(camera, CAMERA_LOST, reason);
}

static void count_corrupt(struct camera *camera)
{
	pthread_mutex_lock(&camera->lock);
	camera->stats.corrupt++;
	pthread_mutex_unlock(&camera->lock);
}

static void begin_packets(struct camera *camera, const AVCodecParameters *parameters)
{
	fmp4_mux_begin(camera->fmp4, parameters);
	if (ring_begin(camera->ring, camera->epoch, parameters) < 0)
		log_warning("vision", "camera %s: no memory to keep packets for evidence, ignoring",
			    camera->config.name);
}

static void begin_epoch(struct camera *camera)
{
	if (camera->epoch_begun)
		camera->epoch++;
	camera->epoch_begun = true;
	pthread_mutex_lock(&camera->lock);
	camera->stats.epoch = camera->epoch;
	pthread_mutex_unlock(&camera->lock);
}

/* ---- time ---- */

/* Puts the packet on the camera's time line: dts rises strictly, and pts is never before dts. */
static void place(struct camera *camera, AVPacket *packet)
{
	int64_t step = source_frame_us(camera->source);
	int64_t dts = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
	int64_t ahead = 0;

	if (packet->pts != AV_NOPTS_VALUE && dts != AV_NOPTS_VALUE && packet->pts > dts &&
	    packet->pts - dts < JUMP_AHEAD_US)
		ahead = packet->pts - dts;
	if (!camera->offset_known && dts != AV_NOPTS_VALUE) {
		camera->offset = camera->next_pts - dts;
		camera->offset_known = true;
		camera->last_dts = camera->next_pts - step;
	} else if (!camera->offset_known) {
		camera->last_dts = camera->next_pts - step;
		camera->offset_known = true;
	}
	if (dts == AV_NOPTS_VALUE) {
		dts = camera->last_dts + step;
	} else {
		int64_t placed = dts + camera->offset;

		if (placed < camera->last_dts - JUMP_BACK_US ||
		    placed > camera->last_dts + JUMP_AHEAD_US) {
			placed = camera->last_dts + step;
			camera->offset = placed - dts;
		}
		dts = placed > camera->last_dts ? placed : camera->last_dts + 1;
	}
	camera->last_dts = dts;
	packet->dts = dts;
	packet->pts = dts + ahead;
}

/* Plays a file like a camera: each packet arrives when it is due. */
static void pace(struct camera *camera, int64_t dts)
{
	uint64_t now = clock_mono_us(), due;
	int64_t since = dts - camera->pace_pts;

	if (!camera->pacing || since < 0) {
		camera->pacing = true;
		camera->pace_mono_us = now;
		camera->pace_pts = dts;
		return;
	}
	due = camera->pace_mono_us + (uint64_t)since;
	if (due > now) {
		wait_us(camera, due - now);
		return;
	}
	if (now - due > LATE_US) {
		pthread_mutex_lock(&camera->lock);
		camera->stats.late++;
		pthread_mutex_unlock(&camera->lock);
	}
	if (now - due > PACE_RESET_US)
		camera->pacing = false;
}

static void remember_arrival(struct camera *camera, int64_t pts, uint64_t mono_us)
{
	camera->arrivals[camera->arrivals_next] = (struct arrival){pts, mono_us};
	camera->arrivals_next = (camera->arrivals_next + 1) % ARRIVALS;
}

static uint64_t arrival_of(const struct camera *camera, int64_t pts)
{
	for (size_t i = 0; i < ARRIVALS; i++)
		if (camera->arrivals[i].pts == pts && camera->arrivals[i].mono_us != 0)
			return camera->arrivals[i].mono_us;
	return clock_mono_us();
}

/* ---- pictures ---- */

static void count_frame(struct camera *camera, const struct video_frame *frame)
{
	camera->last_frame_us = clock_mono_us();
	pthread_mutex_lock(&camera->lock);
	camera->stats.frames++;
	camera->stats.last_frame_mono_us = camera->last_frame_us;
	camera->stats.width_px = frame->width_px;
	camera->stats.height_px = frame->height_px;
	camera->stats.fps = source_fps(camera->source);
	pthread_mutex_unlock(&camera->lock);
}

static void check_size(struct camera *camera)
{
	AVCodecParameters *parameters;

	if (camera->picture->width == camera->width && camera->picture->height == camera->height)
		return;
	camera->width = camera->picture->width;
	camera->height = camera->picture->height;
	if (camera->frames_of_source == 0)
		return; /* opening has already begun an epoch */
	begin_epoch(camera);
	parameters = avcodec_parameters_alloc();
	if (parameters != NULL &&
	    avcodec_parameters_from_context(parameters, source_decoder(camera->source)) >= 0)
		begin_packets(camera, parameters);
	avcodec_parameters_free(&parameters);
}

static void deliver(struct camera *camera)
{
	struct video_frame *frame;
	int64_t pts = camera->picture->best_effort_timestamp;
	uint64_t index = camera->frames++;

	if (camera->picture->decode_error_flags != 0 ||
	    (camera->picture->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
		count_corrupt(camera);
		return;
	}
	check_size(camera);
	if (frame_wrap(camera->picture, &frame) < 0) {
		count_corrupt(camera);
		return;
	}
	if (pts == AV_NOPTS_VALUE)
		pts = camera->last_pts + source_frame_us(camera->source);
	frame->arrived_mono_us = arrival_of(camera, pts);
	if (pts <= camera->last_pts)
		pts = camera->last_pts + 1;
	camera->last_pts = pts;
	frame->pts_us = pts;
	frame->index = index;
	frame->epoch = camera->epoch;
	camera->frames_of_source++;
	count_frame(camera, frame);
	if (!camera->live) {
		camera->live = true;
		camera->out = false;
		camera->pause_ms = camera->config.reconnect_min_ms;
		report(camera, CAMERA_LIVE, &(struct problem){0});
	}
	camera->ops.frame(camera->arg, frame);
	video_frame_unref(frame);
}

/* @p packet NULL: drains the decoder. */
static void decode(struct camera *camera, const AVPacket *packet)
{
	AVCodecContext *decoder = source_decoder(camera->source);
	int r = avcodec_send_packet(decoder, packet);

	if (r < 0 && r != AVERROR(EAGAIN) && r != AVERROR_EOF)
		count_corrupt(camera);
	while (!stopping(camera)) {
		r = avcodec_receive_frame(decoder, camera->picture);
		if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
			return;
		if (r < 0) {
			count_corrupt(camera);
			return;
		}
		deliver(camera);
		av_frame_unref(camera->picture);
	}
}

static void handle_packet(struct camera *camera)
{
	AVPacket *packet = camera->packet;
	uint64_t now;

	place(camera, packet);
	if (camera->kind == SOURCE_FILE && camera->config.realtime)
		pace(camera, packet->dts);
	now = clock_mono_us();
	remember_arrival(camera, packet->pts, now);
	pthread_mutex_lock(&camera->lock);
	camera->stats.packets++;
	camera->stats.bytes += (uint64_t)packet->size;
	pthread_mutex_unlock(&camera->lock);
	if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0) {
		count_corrupt(camera);
		return;
	}
	decode(camera,
	       packet); /* first, because a change of size begins an epoch with this packet */
	/* without memory the evidence is lost, but the camera continues */
	(void)ring_push(camera->ring, packet);
	fmp4_mux_push(camera->fmp4, packet);
}

/* ---- one opening of the source ---- */

static bool shows_nothing(const struct camera *camera)
{
	uint64_t since = camera->last_frame_us > camera->source_opened_us
				 ? camera->last_frame_us
				 : camera->source_opened_us;
	uint64_t limit_ms =
		(uint64_t)camera->config.open_timeout_ms + camera->config.stall_timeout_ms;

	return camera->kind != SOURCE_FILE && clock_mono_us() - since > limit_ms * 1000;
}

/* @return 0 at the end of a file, or the error of source_read(). */
static int play(struct camera *camera, struct problem *problem)
{
	int r;

	for (;;) {
		r = source_read(camera->source, camera->packet, problem);
		if (r <= 0)
			break;
		handle_packet(camera);
		av_packet_unref(camera->packet);
		if (stopping(camera))
			return -ECANCELED;
		if (shows_nothing(camera))
			return problem_camera_sends_no_picture(problem, camera->public_url);
	}
	if (r == -EILSEQ)
		count_corrupt(camera); /* errors before the failure count too */
	if (r == 0 || r == -EILSEQ)
		decode(camera, NULL);
	if (stopping(camera))
		return -ECANCELED;
	if (r == -EILSEQ)
		r = 0;
	if (r == 0 && camera->frames_of_source == 0)
		return problem_camera_file_no_picture(problem, camera->public_url);
	return r;
}

static void start_epoch_of_source(struct camera *camera)
{
	int64_t step = source_frame_us(camera->source);

	if (camera->epoch_begun) {
		camera->next_pts = (camera->last_pts > camera->last_dts ? camera->last_pts
									: camera->last_dts) +
				   step;
		/* an outage keeps its real duration; a loop of a file has no gap */
		if (camera->out && camera->last_frame_us > 0)
			camera->next_pts += (int64_t)(clock_mono_us() - camera->last_frame_us);
	}
	begin_epoch(camera);
	camera->offset_known = false;
	camera->frames_of_source = 0;
	camera->width = camera->height = 0;
	camera->source_opened_us = clock_mono_us();
	if (camera->out)
		camera->pacing = false;
	begin_packets(camera, source_parameters(camera->source));
	if (!camera->live && camera->openings++ > 0) {
		pthread_mutex_lock(&camera->lock);
		camera->stats.reconnects++;
		pthread_mutex_unlock(&camera->lock);
	}
}

static void set_opening(struct camera *camera, bool opening)
{
	pthread_mutex_lock(&camera->lock);
	camera->opening = opening;
	pthread_mutex_unlock(&camera->lock);
}

static int open_and_play(struct camera *camera, struct problem *problem)
{
	struct source_options options = {
		.url = camera->config.url,
		.stop = &camera->stop,
		.open_timeout_ms = camera->config.open_timeout_ms,
		.stall_timeout_ms = camera->config.stall_timeout_ms,
		.decoder_threads = camera->config.decoder_threads,
	};
	int r;

	set_opening(camera, true);
	r = source_open(&options, &camera->source, problem);
	set_opening(camera, false);
	if (r < 0)
		return r;
	start_epoch_of_source(camera);
	r = play(camera, problem);
	source_close(camera->source);
	camera->source = NULL;
	av_packet_unref(camera->packet);
	return r;
}

static void work(struct camera *camera)
{
	struct problem problem;

	while (!stopping(camera)) {
		int r;

		problem_camera_no_memory(&problem, camera->public_url);
		r = open_and_play(camera, &problem);
		if (r == -ECANCELED)
			break;
		if (r == 0 && camera->config.loop)
			continue;
		if (r == 0) {
			ring_end(camera->ring);
			problem_camera_file_ended(&problem);
			report(camera, CAMERA_ENDED, &problem);
			break;
		}
		report_lost(camera, &problem);
		wait_us(camera, (uint64_t)camera->pause_ms * 1000);
		camera->pause_ms = camera->pause_ms > camera->config.reconnect_max_ms / 2
					   ? camera->config.reconnect_max_ms
					   : camera->pause_ms * 2;
	}
}

/* ---- the owner's side ---- */

static void destroy(struct camera *camera)
{
	ring_close(camera->ring);
	fmp4_mux_close(camera->fmp4);
	av_packet_free(&camera->packet);
	av_frame_free(&camera->picture);
	if (camera->stop_fd >= 0)
		close(camera->stop_fd);
	pthread_cond_destroy(&camera->end);
	pthread_mutex_destroy(&camera->lock);
	free(camera);
}

static void *run(void *arg)
{
	struct camera *camera = arg;
	bool detached;

	thread_role_set(THREAD_CAMERA);
	work(camera);
	pthread_mutex_lock(&camera->lock);
	camera->ended = true;
	pthread_cond_signal(&camera->end);
	detached = camera->detached;
	pthread_mutex_unlock(&camera->lock);
	if (detached)
		destroy(camera);
	return NULL;
}

static int start(struct camera *camera)
{
	char name[16]; /* the kernel's limit */
	int r = ring_open(camera->config.ring_seconds, camera->config.ring_bytes_max,
			  &camera->ring);

	if (r == 0)
		r = fmp4_mux_open(&camera->fmp4);
	if (r < 0)
		return r;
	camera->packet = av_packet_alloc();
	camera->picture = av_frame_alloc();
	if (camera->packet == NULL || camera->picture == NULL)
		return -ENOMEM;
	camera->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (camera->stop_fd < 0)
		return -errno;
	r = pthread_create(&camera->thread, NULL, run, camera);
	if (r != 0)
		return -r;
	snprintf(name, sizeof(name), "camera/%.8s", camera->config.name);
	(void)pthread_setname_np(camera->thread, name); /* for ps and gdb only */
	return 0;
}

int camera_open(const struct camera_config *config, const struct camera_ops *ops, void *arg,
		struct camera **ret_camera)
{
	struct camera *camera;
	pthread_condattr_t monotonic;
	enum source_kind kind;
	int r;

	assert(config != NULL && ret_camera != NULL);
	if (ops->frame == NULL || !camera_config_is_valid(config) ||
	    source_kind_of(config->url, &kind) < 0)
		return -EINVAL;
	camera = calloc(1, sizeof(*camera));
	if (camera == NULL)
		return -ENOMEM;
	camera->config = *config;
	camera->ops = *ops;
	camera->arg = arg;
	camera->kind = kind;
	camera->stop_fd = -1;
	camera->last_pts = -1;
	camera->pause_ms = config->reconnect_min_ms;
	camera_url_public(config->url, camera->public_url, sizeof(camera->public_url));
	atomic_init(&camera->stop, false);
	pthread_mutex_init(&camera->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&camera->end, &monotonic);
	pthread_condattr_destroy(&monotonic);
	r = start(camera);
	if (r < 0) {
		destroy(camera);
		return r;
	}
	*ret_camera = camera;
	return 0;
}

struct packet_ring *camera_ring(struct camera *camera)
{
	assert(camera != NULL);
	return camera->ring;
}

struct fmp4_mux *camera_fmp4(struct camera *camera)
{
	assert(camera != NULL);
	return camera->fmp4;
}

void camera_get_stats(struct camera *camera, struct camera_stats *ret_stats)
{
	pthread_mutex_lock(&camera->lock);
	*ret_stats = camera->stats;
	pthread_mutex_unlock(&camera->lock);
}

/* A thread may hang in a name look-up for a minute. The program does not wait for it. */
static bool detach_if_opening(struct camera *camera)
{
	struct timespec until = clock_deadline(CLOSE_WAIT_S * 1000);
	bool detached;

	pthread_mutex_lock(&camera->lock);
	while (camera->opening && !camera->ended &&
	       pthread_cond_timedwait(&camera->end, &camera->lock, &until) == 0) {
	}
	detached = camera->opening && !camera->ended;
	camera->detached = detached;
	if (detached) /* before the thread can free the camera */
		pthread_detach(camera->thread);
	pthread_mutex_unlock(&camera->lock);
	return detached;
}

void camera_close(struct camera *camera)
{
	const uint64_t one = 1;

	if (camera == NULL)
		return;
	atomic_store(&camera->stop, true);
	(void)!write(camera->stop_fd, &one, sizeof(one)); /* an eventfd accepts the write */
	if (!detach_if_opening(camera)) {
		pthread_join(camera->thread, NULL);
		destroy(camera);
	}
}
