/* api_private.h - what api_*.c share. */
#ifndef GH_DAEMON_API_PRIVATE_H
#define GH_DAEMON_API_PRIVATE_H

#include "api.h"
#include "http.h"

enum { API_PARAM_BYTES = 128, API_TYPE_BYTES = 64, API_DIR_BYTES = 256 };

/* an answer that the gate owes */
struct api_call {
	bool used, replay; /* replay: a page of events for a stream, not for a request */
	uint32_t generation;
	struct http_token http;
};

struct api_stream {
	bool used, board; /* board: GET board/stream, else GET events/stream */
	struct http_token http;
	char type[API_TYPE_BYTES]; /* "": all */
	bool live;                 /* has caught up: published events go straight to it */
	bool asking;               /* a page is on its way */
	int64_t last_seq, asked_at_seq;
};

struct api {
	struct http *http;
	const struct api_ops *ops;
	void *gate;
	char console_dir[API_DIR_BYTES], evidence_dir[API_DIR_BYTES];
	char token[API_TOKEN_BYTES];
	int64_t latest_seq;
	struct api_call calls[API_CALLS_MAX];
	struct api_stream streams[API_STREAMS_MAX];
};

struct api_route {
	const char *method, *pattern; /* {} stands for one segment */
	enum api_role role;
	size_t body_bytes_max;
	void (*run)(struct api *api, const struct http_request *request, const char *param);
};

/**
 * The route of @p method and @p path; @p param (API_PARAM_BYTES) gets what {} stood for.
 * @return NULL with *ret_allow the methods that the path knows, "" when there is no such path.
 */
const struct api_route *api_find_route(const char *method, const char *path, char *param, char *ret_allow,
				       size_t bytes);

/** The table, row by row; NULL after the last. */
const struct api_route *api_route_at(size_t index);

/** A slot for an answer; false, and 503 is answered, when the gate owes too many already. */
bool api_begin_call(struct api *api, struct http_token http, bool replay, struct api_token *ret_token);

void api_respond_json(struct api *api, struct http_token http, unsigned status, json_t *body);

void api_get_evidence(struct api *api, const struct http_request *request, const char *param);
void api_get_evidence_file(struct api *api, const struct http_request *request, const char *param);
void api_get_console(struct api *api, const struct http_request *request);

void api_stream_events(struct api *api, const struct http_request *request, const char *param);
void api_stream_board(struct api *api, const struct http_request *request, const char *param);
void api_stream_news(void *arg, struct http_token token, enum http_stream_news news);
/** One page for the stream at @p http came; @p body borrowed, NULL when the gate failed. */
void api_stream_replay(struct api *api, struct http_token http, const json_t *body);

struct api_caller api_caller_of(const struct http_request *request);

/** Digits, 0 to INT64_MAX. @return 0 or -EINVAL. */
int api_parse_number(const char *text, int64_t max, int64_t *ret_value);
bool api_type_is_valid(const char *type);
/** Whether @p type is @p filter, or begins with it when it ends in '.'; "" lets all through. */
bool api_type_matches(const char *filter, const char *type);

/** STATE_DIR/api.token, made when missing. @return 0 or a negative errno with a sentence. */
int api_load_token(const char *state_dir, char *ret_token, char *error, size_t error_bytes);

#endif
