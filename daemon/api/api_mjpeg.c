/*
 * Handler of live video as a sequence of JPEG pictures: the newest frame of a camera, at most five
 * times a second. One encoding serves all viewers of a camera. A slow viewer misses pictures and
 * delays no other viewer.
 */
#include "api_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread_role.h"
#include "vision/camera/frame.h"
#include "vision/camera/jpeg.h"
#include "vision/camera/mask.h"

#define BOUNDARY "gatehouse-picture"

enum {
	VIEWERS_MAX = 32,
	PERIOD_MS = 200,
	SILENT_MS = 10000,
	WIDTH_MAX_PX = 1280,
	HEAD_BYTES = 128
};

struct viewer {
	bool used;
	struct http_token http;
	uint64_t session;
	char camera[CONFIG_NAME_BYTES];
};

struct source {
	char camera[CONFIG_NAME_BYTES]; /* "": free */
	bool encoding;
	uint64_t due_ms;
	uint64_t last_index;
	uint32_t last_epoch;
	bool shown; /* the frame last_index, last_epoch was sent; false: send it again */
	uint64_t silence_deadline_ms;
};

struct api_mjpeg {
	struct worker *worker;
	struct viewer viewers[VIEWERS_MAX];
	struct source sources[CONFIG_CAMERAS_MAX];
};

struct picture {
	struct worker_job job;
	struct api *api;
	struct video_frame *frame;
	struct mask mask;
	char camera[CONFIG_NAME_BYTES];
	uint8_t *jpeg;
	size_t bytes;
	int r;
};

int api_mjpeg_open(struct api *api)
{
	struct epoll_event event = {.events = EPOLLIN};
	int r;

	api->mjpeg = calloc(1, sizeof(*api->mjpeg));
	if (api->mjpeg == NULL)
		return -ENOMEM;
	r = worker_open("live", CONFIG_CAMERAS_MAX, &api->mjpeg->worker);
	if (r == 0 &&
	    epoll_ctl(api->epoll_fd, EPOLL_CTL_ADD, worker_fd(api->mjpeg->worker), &event) < 0)
		r = -errno;
	return r;
}

void api_mjpeg_close(struct api *api)
{
	if (api->mjpeg == NULL)
		return;
	worker_close(api->mjpeg->worker);
	free(api->mjpeg);
	api->mjpeg = NULL;
}

static bool has_viewers(const struct api_mjpeg *live, const char *camera)
{
	for (size_t i = 0; i < VIEWERS_MAX; i++)
		if (live->viewers[i].used && strcmp(live->viewers[i].camera, camera) == 0)
			return true;
	return false;
}

static struct source *find_source(struct api_mjpeg *live, const char *camera)
{
	for (size_t i = 0; i < CONFIG_CAMERAS_MAX; i++)
		if (strcmp(live->sources[i].camera, camera) == 0)
			return &live->sources[i];
	return NULL;
}

static void encode(struct worker_job *job)
{
	struct picture *picture = (struct picture *)job;

	assert_thread(THREAD_WORKER);
	picture->r = jpeg_encode(picture->frame, &picture->mask, WIDTH_MAX_PX, &picture->jpeg,
				 &picture->bytes);
}

static void send_picture(struct api *api, const struct picture *picture)
{
	char head[HEAD_BYTES];
	int head_bytes = snprintf(head, sizeof(head),
				  "--" BOUNDARY
				  "\r\nContent-Type: image/jpeg\r\nContent-Length: %zu\r\n\r\n",
				  picture->bytes);

	for (size_t i = 0; i < VIEWERS_MAX; i++) {
		const struct viewer *viewer = &api->mjpeg->viewers[i];

		if (!viewer->used || strcmp(viewer->camera, picture->camera) != 0)
			continue;
		if (viewer->session != 0 &&
		    !session_is_live(api->sessions, viewer->session, clock_mono_ms())) {
			http_stream_abort(api->http, viewer->http);
			continue;
		}
		/* a picture that does not fit is left out, and so is one that follows too early */
		if (http_stream_waiting(api->http, viewer->http) > 0 ||
		    (size_t)head_bytes + picture->bytes + 2 > HTTP_STREAM_BYTES_MAX)
			continue;
		(void)http_stream_send(api->http, viewer->http, head, (size_t)head_bytes);
		(void)http_stream_send(api->http, viewer->http, picture->jpeg, picture->bytes);
		(void)http_stream_send(api->http, viewer->http, "\r\n", 2); /* or CLOSED follows */
	}
}

static void end_picture(struct worker_job *job, int r)
{
	struct picture *picture = (struct picture *)job;
	struct source *source = find_source(picture->api->mjpeg, picture->camera);

	if (source != NULL)
		source->encoding = false;
	if (r == 0 && picture->r == 0)
		send_picture(picture->api, picture);
	video_frame_unref(picture->frame);
	free(picture->jpeg);
	free(picture);
}

/* Have the worker encode the newest frame, unless it was sent already. */
static void encode_newest(struct api *api, struct source *source)
{
	struct video_frame *frame = api->ops->newest_frame(api->gate, source->camera);
	struct api_camera camera;
	struct picture *picture;

	if (frame == NULL || api->ops->camera(api->gate, source->camera, &camera) < 0 ||
	    (source->shown && frame->index == source->last_index &&
	     frame->epoch == source->last_epoch)) {
		video_frame_unref(frame);
		return;
	}
	picture = calloc(1, sizeof(*picture));
	if (picture == NULL) {
		video_frame_unref(frame);
		return;
	}
	picture->job = (struct worker_job){.run = encode, .end = end_picture};
	picture->api = api;
	picture->frame = frame;
	picture->mask = camera.mask;
	strcpy(picture->camera, source->camera);
	if (worker_post(api->mjpeg->worker, &picture->job) < 0) {
		video_frame_unref(frame);
		free(picture);
		return;
	}
	source->encoding = source->shown = true;
	source->silence_deadline_ms = clock_mono_ms() + SILENT_MS;
	source->last_index = frame->index;
	source->last_epoch = frame->epoch;
}

/*
 * A lost client is detected only by sending. If a camera has no new frame for SILENT_MS its last
 * picture is sent again; if there is none, the viewers are disconnected and connect again.
 */
static void handle_silence(struct api *api, struct source *source, uint64_t now_ms)
{
	source->silence_deadline_ms = now_ms + SILENT_MS;
	if (source->shown) {
		source->shown = false;
		return;
	}
	for (size_t i = 0; i < VIEWERS_MAX; i++)
		if (api->mjpeg->viewers[i].used &&
		    strcmp(api->mjpeg->viewers[i].camera, source->camera) == 0)
			http_stream_abort(api->http, api->mjpeg->viewers[i].http);
}

void api_mjpeg_tick(struct api *api, uint64_t now_ms)
{
	worker_dispatch(api->mjpeg->worker);
	for (size_t i = 0; i < CONFIG_CAMERAS_MAX; i++) {
		struct source *source = &api->mjpeg->sources[i];

		if (source->camera[0] == '\0' || source->due_ms > now_ms)
			continue;
		source->due_ms = now_ms + PERIOD_MS;
		if (!has_viewers(api->mjpeg, source->camera))
			*source = (struct source){0};
		else if (!source->encoding)
			encode_newest(api, source);
		if (source->camera[0] != '\0' && source->silence_deadline_ms <= now_ms)
			handle_silence(api, source, now_ms);
	}
}

uint64_t api_mjpeg_due_ms(const struct api *api)
{
	uint64_t due_ms = UINT64_MAX;

	for (size_t i = 0; i < CONFIG_CAMERAS_MAX; i++)
		if (api->mjpeg->sources[i].camera[0] != '\0' &&
		    api->mjpeg->sources[i].due_ms < due_ms)
			due_ms = api->mjpeg->sources[i].due_ms;
	return due_ms;
}

bool api_mjpeg_on_event(struct api *api, struct http_token http, enum http_stream_event event)
{
	for (size_t i = 0; api->mjpeg != NULL && i < VIEWERS_MAX; i++) {
		struct viewer *viewer = &api->mjpeg->viewers[i];

		if (!viewer->used || viewer->http.slot != http.slot ||
		    viewer->http.generation != http.generation)
			continue;
		if (event == HTTP_STREAM_CLOSED)
			viewer->used = false;
		return true;
	}
	return false;
}

static struct viewer *free_viewer(struct api_mjpeg *live)
{
	for (size_t i = 0; i < VIEWERS_MAX; i++)
		if (!live->viewers[i].used)
			return &live->viewers[i];
	return NULL;
}

void api_get_mjpeg(struct api *api, const struct http_request *request, const char *name)
{
	struct viewer *viewer = free_viewer(api->mjpeg);
	struct source *source;
	struct api_camera camera;

	if (api_find_camera(api, request, name, &camera) < 0)
		return;
	source = find_source(api->mjpeg, name);
	if (source == NULL)
		source = find_source(api->mjpeg, "");
	if (viewer == NULL || source == NULL) {
		api_reject(api, request, problem_too_many_viewers(&api->problem, VIEWERS_MAX));
		return;
	}
	if (http_stream_start(api->http, request, "multipart/x-mixed-replace; boundary=" BOUNDARY,
			      HTTP_STREAM_BYTES_MAX) < 0)
		return;
	*viewer = (struct viewer){
		.used = true, .http = request->token, .session = request->caller.session};
	strcpy(viewer->camera, name);
	if (source->camera[0] == '\0')
		strcpy(source->camera, name);
	source->shown = false; /* a new viewer receives the newest picture at once */
	source->silence_deadline_ms = clock_mono_ms() + SILENT_MS;
	api_record_watch(api, request, name);
}
