/* api_core.h - what api_*.c share. */
#ifndef GH_API_API_CORE_H
#define GH_API_API_CORE_H

#include "alert.h"
#include "api_ops.h"
#include "config/config.h"
#include "http/http.h"
#include "session.h"
#include "user.h"
#include "base/worker.h"

#include <sys/epoll.h>

enum {
	API_PARAM_BYTES = 128,
	API_TYPE_BYTES = 64,
	API_DIR_BYTES = 256,
	API_JSON_BYTES_MAX = 16 << 10,
	API_PASSWORD_JOBS_MAX = 8, /* some 60 ms each */
	API_OFFICE_JOBS_MAX = 64,
	API_ETAG_BYTES = 36,
	API_EXPORTS_MAX = 4, /* of the log, at once */
};

/* @p body is the result, borrowed; NULL: the gate failed, or the API is being closed. */
typedef void (*api_result_fn)(struct api *api, void *arg, const json_t *body);

/* an answer that the gate owes */
struct api_call {
	bool used;
	/* the API's own question; NULL: the result answers the request `http` */
	api_result_fn result;
	void *arg; /* for result() */
	uint32_t generation;
	struct http_token http;
};

struct api_stream {
	bool used, board; /* board: GET board/stream, else GET events/stream */
	struct http_token http;
	uint64_t session; /* 0: over the Unix socket */
	enum api_role role;
	char type[API_TYPE_BYTES]; /* "": all */
	bool live;                 /* has caught up: published events go straight to it */
	bool asking;               /* a page is on its way */
	int64_t last_seq, asked_at_seq;
};

struct api {
	struct http *http;
	struct problem problem; /* filled just before it is answered */
	const struct api_ops *ops;
	void *gate;
	char console_dir[API_DIR_BYTES], evidence_dir[API_DIR_BYTES];
	char site[CONFIG_NAME_BYTES];
	int epoll_fd;
	struct users users;
	struct sessions *sessions;
	struct worker *passwords, *office; /* office: archives, pictures, folders */
	struct alerts *alerts;
	bool alerts_asked, alerts_known; /* those from before the start */
	struct api_log_export *exports;
	struct api_mjpeg *mjpeg;
	struct api_fmp4 *fmp4;
	bool counting_files; /* for /metrics */
	uint64_t evidence_files, evidence_bytes;
	int64_t evidence_oldest_unix_ms;
	struct {
		char *etag; /* API_ETAG_BYTES; NULL: no version is being asked for */
		struct http_token http;
	} probe;
	struct api_people_export *people_export;
	json_t *consents; /* by person */
	char metrics_token[API_TOKEN_BYTES];
	json_t *cases; /* by id */
	char state_dir[API_DIR_BYTES];
	struct api_save *saves; /* being written by the store */
	int64_t latest_seq;
	struct api_call calls[API_CALLS_MAX];
	struct api_stream streams[API_STREAMS_MAX];
};

/**
 * A slot for the answer to a request; false, and 503 is answered, when the gate owes too many
 * already.
 */
bool api_begin_call(struct api *api, struct http_token http, struct api_token *ret_token);

/**
 * The same for a question of the API's own: @p result is called once, within api_close() at the
 * latest.
 * @return false when too many are waiting: nothing was answered.
 */
bool api_begin_inner(struct api *api, api_result_fn result, void *arg, struct api_token *ret_token);

/**
 * Calls the result function of each question of the API's own that has no answer yet, with NULL.
 */
void api_drop_inner(struct api *api);

void api_respond_json(struct api *api, struct http_token http, unsigned status, json_t *body);

struct api_caller api_caller_of(const struct http_request *request);
const char *api_role_name(enum api_role role);

/** {"act":..., "by":..., "role":...}: the data of an operator's act, to be added to. */
json_t *api_act(const struct api_caller *by, const char *act);
/** Record an operator.act; takes @p data. */
void api_record_act(struct api *api, enum event_severity severity, const char *person,
		    json_t *data);

/**
 * Write records with their event, then answer. @p then (may be NULL) is called once: with 0 it
 * updates what is in memory, and @p answer is sent with @p status; with a negative errno nothing
 * was written, and that is answered. Takes @p answer (NULL: no content) and @p data of the draft.
 */
void api_save(struct api *api, struct http_token http, const struct store_record *records,
	      size_t count, struct event_draft *draft, unsigned status, json_t *answer,
	      void (*then)(struct api *api, void *arg, int r), void *arg);
void api_detach_saves(struct api *api);

/**
 * Answer with the problem of @p api as a problem document. @p r is its errno and not used: the
 * function that fills the problem stands in its place, api_bad(api, request,
 * problem_door_unknown(&api->problem)).
 */
void api_respond_problem(struct api *api, struct http_token http, int r);
void api_bad(struct api *api, const struct http_request *request, int r);
/** The body, a JSON object with no member but @p known; NULL: it is not, and that was answered. */
json_t *api_parse_object(struct api *api, const struct http_request *request,
			 const char *const *known);
/** The query argument @p name within 1 to @p max; false when the mistake was answered. */
bool api_query_number(struct api *api, const struct http_request *request, const char *name,
		      int64_t max, int64_t *value);

/** Digits, 0 to INT64_MAX. @return 0 or -EINVAL. */
int api_parse_number(const char *text, int64_t max, int64_t *ret_value);
bool api_type_is_valid(const char *type);
/** Whether @p type is @p filter, or begins with it when it ends in '.'; "" lets all through. */
bool api_type_matches(const char *filter, const char *type);

#endif
