/*
 * Handler of live video as encoded by the camera: one sequence of MP4 fragments serves all viewers
 * of a camera. A new viewer starts at the next key frame. A viewer who is too slow is disconnected,
 * and so is every viewer when the camera sends nothing for SILENT_MS or changes its format.
 */
#include "api_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "vision/camera/fmp4_mux.h"
#include "vision/camera/mask.h"

enum { VIEWERS_MAX = 16, SILENT_MS = 20000 };

struct source {
	struct fmp4_mux *live; /* NULL: free, no viewers */
	uint32_t mux_session;
	struct fmp4_part *head; /* the initialisation segment; NULL: not received yet */
	uint64_t silence_deadline_ms;
};

struct viewer {
	struct source *source; /* NULL: free */
	bool head_sent;
	struct http_token http;
	uint64_t session;
};

struct api_fmp4 {
	struct source sources[CONFIG_CAMERAS_MAX];
	struct viewer viewers[VIEWERS_MAX];
};

int api_fmp4_open(struct api *api)
{
	api->fmp4 = calloc(1, sizeof(*api->fmp4));
	return api->fmp4 != NULL ? 0 : -ENOMEM;
}

static void stop_source(struct api *api, struct source *source)
{
	assert(source->live != NULL);
	/* can fail only for an fd that was never added */
	(void)epoll_ctl(api->epoll_fd, EPOLL_CTL_DEL, fmp4_mux_fd(source->live), NULL);
	(void)fmp4_mux_enable(source->live, false);
	free(source->head);
	*source = (struct source){0};
}

void api_fmp4_close(struct api *api)
{
	if (api->fmp4 == NULL)
		return;
	for (size_t i = 0; i < CONFIG_CAMERAS_MAX; i++)
		if (api->fmp4->sources[i].live != NULL)
			stop_source(api, &api->fmp4->sources[i]);
	free(api->fmp4);
	api->fmp4 = NULL;
}

/* A failure of http_stream_send() is ignored: CLOSED follows. */
static void send_part(struct api *api, struct viewer *viewer, const struct fmp4_part *part)
{
	const struct fmp4_part *head = viewer->source->head;

	if (viewer->session != 0 &&
	    !session_is_live(api->sessions, viewer->session, clock_mono_ms())) {
		http_stream_abort(api->http, viewer->http);
		return;
	}
	if (!viewer->head_sent && (head == NULL || !part->key))
		return;
	if (!viewer->head_sent)
		(void)http_stream_send(api->http, viewer->http, head->data, head->bytes);
	viewer->head_sent = true;
	(void)http_stream_send(api->http, viewer->http, part->data, part->bytes);
}

/* The format changed: disconnect the viewers of the old one, who connect again. */
static void replace_head(struct api *api, struct source *source, struct fmp4_part *head)
{
	for (size_t i = 0; i < VIEWERS_MAX; i++) {
		struct viewer *viewer = &api->fmp4->viewers[i];

		if (viewer->source == source && viewer->head_sent)
			http_stream_abort(api->http, viewer->http);
	}
	free(source->head);
	source->head = head;
}

static void end_viewers(struct api *api, const struct source *source)
{
	for (size_t i = 0; i < VIEWERS_MAX; i++)
		if (api->fmp4->viewers[i].source == source)
			http_stream_abort(api->http, api->fmp4->viewers[i].http);
}

static void forward_parts(struct api *api, struct source *source, uint64_t now_ms)
{
	struct fmp4_part *part;

	while ((part = fmp4_mux_next(source->live)) != NULL) {
		source->silence_deadline_ms = now_ms + SILENT_MS;
		if (part->session == source->mux_session && part->init) {
			replace_head(api, source, part);
			continue;
		}
		for (size_t i = 0; part->session == source->mux_session && i < VIEWERS_MAX; i++)
			if (api->fmp4->viewers[i].source == source)
				send_part(api, &api->fmp4->viewers[i], part);
		free(part);
	}
	if (source->silence_deadline_ms <= now_ms) {
		source->silence_deadline_ms = UINT64_MAX; /* CLOSED follows for each viewer */
		end_viewers(api, source);
	}
}

void api_fmp4_tick(struct api *api, uint64_t now_ms)
{
	for (size_t i = 0; i < CONFIG_CAMERAS_MAX; i++)
		if (api->fmp4->sources[i].live != NULL)
			forward_parts(api, &api->fmp4->sources[i], now_ms);
}

uint64_t api_fmp4_due_ms(const struct api *api)
{
	uint64_t due_ms = UINT64_MAX;

	for (size_t i = 0; i < CONFIG_CAMERAS_MAX; i++) {
		const struct source *source = &api->fmp4->sources[i];

		if (source->live != NULL && source->silence_deadline_ms < due_ms)
			due_ms = source->silence_deadline_ms;
	}
	return due_ms;
}

static bool has_viewers(const struct api_fmp4 *video, const struct source *source)
{
	for (size_t i = 0; i < VIEWERS_MAX; i++)
		if (video->viewers[i].source == source)
			return true;
	return false;
}

bool api_fmp4_on_event(struct api *api, struct http_token http, enum http_stream_event event)
{
	for (size_t i = 0; api->fmp4 != NULL && i < VIEWERS_MAX; i++) {
		struct viewer *viewer = &api->fmp4->viewers[i];
		struct source *source = viewer->source;

		if (source == NULL || viewer->http.slot != http.slot ||
		    viewer->http.generation != http.generation)
			continue;
		if (event == HTTP_STREAM_CLOSED) {
			viewer->source = NULL;
			if (!has_viewers(api->fmp4, source))
				stop_source(api, source);
		}
		return true;
	}
	return false;
}

static struct source *start_source(struct api *api, struct fmp4_mux *live)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct source *unused = NULL;

	for (size_t i = 0; i < CONFIG_CAMERAS_MAX; i++) {
		struct source *source = &api->fmp4->sources[i];

		if (source->live == live)
			return source;
		if (source->live == NULL)
			unused = source;
	}
	/* a source is always free: there are as many as cameras */
	if (unused == NULL ||
	    epoll_ctl(api->epoll_fd, EPOLL_CTL_ADD, fmp4_mux_fd(live), &event) < 0)
		return NULL;
	*unused = (struct source){.live = live,
				  .mux_session = fmp4_mux_enable(live, true),
				  .silence_deadline_ms = clock_mono_ms() + SILENT_MS};
	return unused;
}

static struct viewer *free_viewer(struct api_fmp4 *video)
{
	for (size_t i = 0; i < VIEWERS_MAX; i++)
		if (video->viewers[i].source == NULL)
			return &video->viewers[i];
	return NULL;
}

static void begin(struct api *api, const struct http_request *request, struct fmp4_mux *live,
		  const char *type)
{
	struct viewer *viewer = free_viewer(api->fmp4);
	struct source *source = viewer != NULL ? start_source(api, live) : NULL;

	if (source == NULL) {
		api_reject(api, request, problem_too_many_viewers(&api->problem, VIEWERS_MAX));
		return;
	}
	if (http_stream_start(api->http, request, type, HTTP_VIDEO_BYTES_MAX) == 0)
		*viewer = (struct viewer){.source = source,
					  .http = request->token,
					  .session = request->caller.session};
	else if (!has_viewers(api->fmp4, source))
		stop_source(api, source);
}

void api_get_fmp4(struct api *api, const struct http_request *request, const char *name)
{
	struct api_camera camera = {0};
	char type[FMP4_MEDIA_TYPE_BYTES];
	int r = api_find_camera(api, request, name, &camera);

	if (r < 0)
		return;
	if (camera.mask.count > 0) {
		api_respond_problem(api, request->token, problem_no_video_masked(&api->problem));
		return;
	}
	r = camera.live != NULL ? fmp4_mux_media_type(camera.live, type) : -EAGAIN;
	if (r == -EAGAIN) {
		api_reject(api, request, problem_camera_no_picture(&api->problem));
		return;
	}
	if (r < 0) {
		api_respond_problem(api, request->token, problem_no_video(&api->problem));
		return;
	}
	begin(api, request, camera.live, type);
	api_record_watch(api, request, name);
}
