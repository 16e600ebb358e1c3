/*
 * Moving pictures for the browser: the newest one of a camera, five times a second at most, as JPEG
 * after JPEG. One encoding serves all who watch a camera; who is slow misses pictures and holds
 * nobody up.
 */
#include "api_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
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

struct watched {
	char camera[CONFIG_NAME_BYTES]; /* "": free */
	bool encoding;
	uint64_t due_ms;
	uint64_t last_index;
	uint32_t last_epoch;
	bool shown; /* that one was; false: it is to be shown again */
	uint64_t silent_due_ms;
};

struct api_mjpeg {
	struct worker *worker;
	struct viewer viewers[VIEWERS_MAX];
	struct watched watched[CONFIG_CAMERAS_MAX];
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

static bool somebody_watches(const struct api_mjpeg *live, const char *camera)
{
	for (size_t i = 0; i < VIEWERS_MAX; i++)
		if (live->viewers[i].used && strcmp(live->viewers[i].camera, camera) == 0)
			return true;
	return false;
}

static struct watched *find_watched(struct api_mjpeg *live, const char *camera)
{
	for (size_t i = 0; i < CONFIG_CAMERAS_MAX; i++)
		if (strcmp(live->watched[i].camera, camera) == 0)
			return &live->watched[i];
	return NULL;
}

static void encode(struct worker_job *job)
{
	struct picture *picture = (struct picture *)job;

	picture->r = jpeg_encode(picture->frame, &picture->mask, WIDTH_MAX_PX, &picture->jpeg,
				 &picture->bytes);
}

static void show(struct api *api, const struct picture *picture)
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
		/* a picture that does not fit is left out like one that came too early */
		if (http_stream_waiting(api->http, viewer->http) > 0 ||
		    (size_t)head_bytes + picture->bytes + 2 > HTTP_STREAM_BYTES_MAX)
			continue;
		(void)http_stream_send(api->http, viewer->http, head, (size_t)head_bytes);
		(void)http_stream_send(api->http, viewer->http, picture->jpeg, picture->bytes);
		(void)http_stream_send(api->http, viewer->http, "\r\n",
				       2); /* gone: CLOSED follows */
	}
}

static void end_picture(struct worker_job *job, int r)
{
	struct picture *picture = (struct picture *)job;
	struct watched *watched = find_watched(picture->api->mjpeg, picture->camera);

	if (watched != NULL)
		watched->encoding = false;
	if (r == 0 && picture->r == 0)
		show(picture->api, picture);
	video_frame_unref(picture->frame);
	free(picture->jpeg);
	free(picture);
}

/* The newest picture to the worker, unless it was shown already. */
static void take_picture(struct api *api, struct watched *watched)
{
	struct video_frame *frame = api->ops->newest_frame(api->gate, watched->camera);
	struct api_camera camera;
	struct picture *picture;

	if (frame == NULL || api->ops->camera(api->gate, watched->camera, &camera) < 0 ||
	    (watched->shown && frame->index == watched->last_index &&
	     frame->epoch == watched->last_epoch)) {
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
	strcpy(picture->camera, watched->camera);
	if (worker_post(api->mjpeg->worker, &picture->job) < 0) {
		video_frame_unref(frame);
		free(picture);
		return;
	}
	watched->encoding = watched->shown = true;
	watched->silent_due_ms = clock_mono_ms() + SILENT_MS;
	watched->last_index = frame->index;
	watched->last_epoch = frame->epoch;
}

/*
 * Whether viewers are still there only shows when something is sent to them: of a camera that fell
 * silent its last picture, once more. Without any, they are hung up on and come again.
 */
static void break_silence(struct api *api, struct watched *watched, uint64_t now_ms)
{
	watched->silent_due_ms = now_ms + SILENT_MS;
	if (watched->shown) {
		watched->shown = false;
		return;
	}
	for (size_t i = 0; i < VIEWERS_MAX; i++)
		if (api->mjpeg->viewers[i].used &&
		    strcmp(api->mjpeg->viewers[i].camera, watched->camera) == 0)
			http_stream_abort(api->http, api->mjpeg->viewers[i].http);
}

void api_mjpeg_tick(struct api *api, uint64_t now_ms)
{
	worker_dispatch(api->mjpeg->worker);
	for (size_t i = 0; i < CONFIG_CAMERAS_MAX; i++) {
		struct watched *watched = &api->mjpeg->watched[i];

		if (watched->camera[0] == '\0' || watched->due_ms > now_ms)
			continue;
		watched->due_ms = now_ms + PERIOD_MS;
		if (!somebody_watches(api->mjpeg, watched->camera))
			*watched = (struct watched){0};
		else if (!watched->encoding)
			take_picture(api, watched);
		if (watched->camera[0] != '\0' && watched->silent_due_ms <= now_ms)
			break_silence(api, watched, now_ms);
	}
}

uint64_t api_mjpeg_due_ms(const struct api *api)
{
	uint64_t due_ms = UINT64_MAX;

	for (size_t i = 0; i < CONFIG_CAMERAS_MAX; i++)
		if (api->mjpeg->watched[i].camera[0] != '\0' &&
		    api->mjpeg->watched[i].due_ms < due_ms)
			due_ms = api->mjpeg->watched[i].due_ms;
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
	struct watched *watched;
	struct api_camera camera;

	if (api_find_camera(api, request, name, &camera) < 0)
		return;
	watched = find_watched(api->mjpeg, name);
	if (watched == NULL)
		watched = find_watched(api->mjpeg, "");
	if (viewer == NULL || watched == NULL) {
		api_bad(api, request, problem_too_many_viewers(&api->problem, VIEWERS_MAX));
		return;
	}
	if (http_stream_start(api->http, request, "multipart/x-mixed-replace; boundary=" BOUNDARY,
			      HTTP_STREAM_BYTES_MAX) < 0)
		return;
	*viewer = (struct viewer){
		.used = true, .http = request->token, .session = request->caller.session};
	strcpy(viewer->camera, name);
	if (watched->camera[0] == '\0')
		strcpy(watched->camera, name);
	watched->shown = false; /* who comes gets the newest at once */
	watched->silent_due_ms = clock_mono_ms() + SILENT_MS;
	api_record_watch(api, request, name);
}
