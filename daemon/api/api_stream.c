/*
 * Handlers of the streams of live events and of the board. A stream that resumes is first sent the
 * events that it missed, page by page as the client receives them; then it becomes live. No event
 * is lost or repeated at the change: if an event was published since the last page was requested,
 * one more page is requested, and a live event that is not above last_seq is skipped.
 */
#include "api_parts.h"

#include "base/clock.h"
#include "base/json.h"
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLAY_ROWS = 50 };

static struct api_stream *find(struct api *api, struct http_token http)
{
	for (size_t i = 0; i < API_STREAMS_MAX; i++) {
		struct api_stream *stream = &api->streams[i];

		if (stream->used && stream->http.slot == http.slot &&
		    stream->http.generation == http.generation)
			return stream;
	}
	return NULL;
}

static struct api_stream *claim(struct api *api, const struct http_request *request)
{
	for (size_t i = 0; i < API_STREAMS_MAX; i++)
		if (!api->streams[i].used) {
			api->streams[i] =
				(struct api_stream){.used = true,
						    .http = request->token,
						    .session = request->caller.session,
						    .role = (enum api_role)request->caller.role};
			return &api->streams[i];
		}
	api_respond_problem(api, request->token, problem_too_many_streams(&api->problem));
	return NULL;
}

/* @p id < 0: none. A client that is too slow is disconnected by the send, and CLOSED follows. */
static void send_json(struct api *api, struct api_stream *stream, int64_t id, const json_t *value)
{
	char *data = json_text(value), *text = NULL;
	int bytes = -1;

	if (data != NULL && id >= 0)
		bytes = asprintf(&text, "id: %lld\ndata: %s\n\n", (long long)id, data);
	else if (data != NULL)
		bytes = asprintf(&text, "data: %s\n\n", data);
	if (bytes > 0) {
		(void)http_stream_send(api->http, stream->http, text, (size_t)bytes);
		free(text);
	}
	free(data);
}

/* a requested page; when it arrives the stream may have ended and its slot may serve another one */
struct replay {
	struct http_token http;
};

static void on_page(struct api *api, void *arg, const json_t *body);

static void request_page(struct api *api, struct api_stream *stream)
{
	struct api_events_query query = {.after = stream->last_seq,
					 .limit = REPLAY_ROWS,
					 .type = stream->type[0] != '\0' ? stream->type : NULL,
					 .ascending = true};
	struct replay *replay = malloc(sizeof(*replay));
	struct api_token token;

	assert(!stream->page_requested && !stream->live);
	if (replay == NULL || !api_begin_internal(api, on_page, replay, &token)) {
		free(replay);
		/* DRAINED tries again */
		return;
	}
	replay->http = stream->http;
	stream->page_requested = true;
	stream->requested_at_seq = api->latest_seq;
	api->ops->events(api->gate, token, &query);
}

static void send_page(struct api *api, struct api_stream *stream, const json_t *events)
{
	const json_t *event;
	size_t index;

	json_array_foreach(events, index, event)
	{
		int64_t seq = json_integer_value(json_object_get(event, "seq"));

		if (seq <= stream->last_seq)
			continue;
		stream->last_seq = seq;
		if (api_role_may_see(stream->role,
				     json_string_value(json_object_get(event, "type"))))
			send_json(api, stream, seq, event);
	}
	if (json_array_size(events) >= REPLAY_ROWS)
		return; /* DRAINED requests the next page */
	if (api->latest_seq == stream->requested_at_seq)
		stream->live = true;
	else
		request_page(api, stream);
}

static void on_page(struct api *api, void *arg, const json_t *body)
{
	struct replay *replay = arg;
	struct api_stream *stream = find(api, replay->http);
	const json_t *events = json_object_get(body, "events");

	free(replay);
	if (stream == NULL)
		return;
	stream->page_requested = false;
	if (json_is_array(events))
		send_page(api, stream, events);
	else
		http_stream_abort(api->http,
				  stream->http); /* the client resumes after its last id */
}

bool api_stream_on_event(struct api *api, struct http_token http, enum http_stream_event event)
{
	struct api_stream *stream = find(api, http);

	if (stream == NULL)
		return false;
	if (event == HTTP_STREAM_CLOSED)
		stream->used = false;
	else if (!stream->board && !stream->live && !stream->page_requested)
		request_page(api, stream);
	return true;
}

/* The seq to resume after: from the header that a browser sends when it reconnects, or ?after=. */
static int resume_point(const struct http_request *request, int64_t *ret_seq)
{
	const char *text = http_header(request, "Last-Event-ID");

	if (text == NULL)
		text = http_query(request, "after");
	return text == NULL ? -ENODATA : api_parse_number(text, INT64_MAX, ret_seq);
}

void api_stream_events(struct api *api, const struct http_request *request, const char *param)
{
	const char *type = http_query(request, "type");
	struct api_stream *stream;
	int64_t seq = api->latest_seq;
	int r = resume_point(request, &seq);

	(void)param;
	if (r == -EINVAL || (type != NULL && !api_type_is_valid(type))) {
		api_reject(api, request,
			   r == -EINVAL ? problem_query_resume_invalid(&api->problem)
					: problem_query_type_invalid(&api->problem));
		return;
	}
	stream = claim(api, request);
	if (stream == NULL)
		return;
	stream->last_seq = seq;
	stream->live = r == -ENODATA;
	if (type != NULL)
		strcpy(stream->type, type);
	stream->used = http_stream_start(api->http, request, "text/event-stream",
					 HTTP_STREAM_BYTES_MAX) == 0;
	/* the first bytes always fit */
	(void)http_stream_send(api->http, request->token, "retry: 2000\n\n", 13);
}

void api_stream_board(struct api *api, const struct http_request *request, const char *param)
{
	struct api_stream *stream = claim(api, request);
	json_t *board;

	(void)param;
	if (stream == NULL)
		return;
	stream->board = true;
	stream->used = http_stream_start(api->http, request, "text/event-stream",
					 HTTP_STREAM_BYTES_MAX) == 0;
	if (!stream->used)
		return;
	board = api->ops->board(api->gate);
	send_json(api, stream, -1, board);
	json_decref(board);
}

bool api_role_may_see(enum api_role role, const char *type)
{
	return role >= API_ROLE_MANAGER || type == NULL || strncmp(type, "operator.", 9) != 0;
}

void api_stream_end_session(struct api *api, uint64_t session)
{
	for (size_t i = 0; i < API_STREAMS_MAX; i++)
		if (api->streams[i].used && api->streams[i].session == session)
			http_stream_abort(api->http, api->streams[i].http);
}

void api_stream_check_sessions(struct api *api)
{
	for (size_t i = 0; i < API_STREAMS_MAX; i++) {
		const struct api_stream *stream = &api->streams[i];

		if (stream->used && stream->session != 0 &&
		    !session_is_live(api->sessions, stream->session, clock_mono_ms()))
			http_stream_abort(api->http, stream->http);
	}
}

void api_stream_publish(struct api *api, int64_t seq, const char *type, const json_t *event)
{
	api->latest_seq = seq;
	api_stream_check_sessions(api);
	for (size_t i = 0; i < API_STREAMS_MAX; i++) {
		struct api_stream *stream = &api->streams[i];

		if (!stream->used || stream->board || !stream->live || seq <= stream->last_seq)
			continue;
		stream->last_seq = seq;
		if (api_type_matches(stream->type, type) && api_role_may_see(stream->role, type))
			send_json(api, stream, seq, event);
	}
}

void api_stream_publish_board(struct api *api)
{
	json_t *board = NULL;

	for (size_t i = 0; i < API_STREAMS_MAX; i++) {
		struct api_stream *stream = &api->streams[i];

		if (!stream->used || !stream->board)
			continue;
		if (board == NULL)
			board = api->ops->board(api->gate);
		send_json(api, stream, -1, board);
	}
	json_decref(board);
}
