/* api_core.h - the state of the API and the helpers of its handlers. Private to api_*.c. */
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
	API_PASSWORD_JOBS_MAX = 8, /* about 60 ms each */
	API_FILE_JOBS_MAX = 64,
	API_ETAG_BYTES = 36,
	API_EXPORTS_MAX = 4, /* of the log, at the same time */
};

/* @p body is the result, borrowed; NULL: the operation failed, or the API is being closed. */
typedef void (*api_result_fn)(struct api *api, void *arg, const json_t *body);

/* a call of an operation that the gate has not answered yet */
struct api_call {
	bool used;
	api_result_fn result; /* of an internal call; NULL: the result answers the request `http` */
	void *arg;            /* for result() */
	uint32_t generation;
	struct http_token http;
};

struct api_stream {
	bool used, board; /* board: GET board/stream, else GET events/stream */
	struct http_token http;
	uint64_t session; /* 0: over the Unix socket */
	enum api_role role;
	char type[API_TYPE_BYTES]; /* "": all */
	bool live;           /* the replay is complete: published events are sent as they come */
	bool page_requested; /* of the replay */
	int64_t last_seq;    /* the last one sent */
	int64_t requested_at_seq; /* latest_seq when the page was requested */
};

struct api {
	struct http *http;
	struct problem problem; /* filled by the function that rejects a request */
	const struct api_ops *ops;
	void *gate;
	char console_dir[API_DIR_BYTES], evidence_dir[API_DIR_BYTES];
	char site[CONFIG_NAME_BYTES];
	int epoll_fd;
	struct users users;
	struct sessions *sessions;
	struct worker *password_worker;
	struct worker *file_worker; /* exports of alerts, lists of evidence files */
	struct alerts *alerts;
	bool alerts_requested, alerts_loaded; /* the alerts older than this process */
	struct api_log_export *exports;
	struct api_mjpeg *mjpeg;
	struct api_fmp4 *fmp4;
	bool counting_files; /* a count for /metrics is running */
	uint64_t evidence_files, evidence_bytes;
	int64_t evidence_oldest_unix_ms;
	struct {
		char *etag; /* API_ETAG_BYTES; NULL: inactive */
		struct http_token http;
	} probe; /* computes the ETag of a resource instead of sending it, for If-Match */
	struct api_people_export *people_export;
	json_t *consents; /* by person */
	char metrics_token[API_TOKEN_BYTES];
	json_t *cases; /* by id */
	char state_dir[API_DIR_BYTES];
	struct api_save *saves; /* that the store has not committed yet */
	int64_t latest_seq;
	struct api_call calls[API_CALLS_MAX];
	struct api_stream streams[API_STREAMS_MAX];
};

/**
 * Allocate a token for an operation whose result answers the request @p http.
 * @return false when API_CALLS_MAX are pending: 503 was answered.
 */
bool api_begin_call(struct api *api, struct http_token http, struct api_token *ret_token);

/**
 * The same for an internal call: @p result is called exactly once, at the latest by api_close().
 * @return false when API_CALLS_MAX are pending: nothing was answered.
 */
bool api_begin_internal(struct api *api, api_result_fn result, void *arg,
			struct api_token *ret_token);

/** End each pending internal call: its result function is called with NULL. */
void api_cancel_internal(struct api *api);

/** Answer with @p body, whose reference passes to this call; NULL: no content. */
void api_respond_json(struct api *api, struct http_token http, unsigned status, json_t *body);

struct api_caller api_caller_of(const struct http_request *request);
const char *api_role_name(enum api_role role);

/** The data of an operator.act event, to which the caller adds: {"act", "by", "role"}. */
json_t *api_act(const struct api_caller *by, const char *act);
/** Record an operator.act event; the reference to @p data passes to this call. */
void api_record_act(struct api *api, enum event_severity severity, const char *person,
		    json_t *data);

/**
 * Write records and their event, then answer: @p status and @p answer (NULL: no content), or a
 * problem if nothing was written. The references to @p answer and to the data of @p draft pass to
 * this call.
 * @param then  called exactly once, before the answer; NULL is allowed. @p r is 0 (it updates the
 *              state in memory) or a negative errno (nothing was written). @p api is NULL after
 *              api_close().
 */
void api_save(struct api *api, struct http_token http, const struct store_record *records,
	      size_t count, struct event_draft *draft, unsigned status, json_t *answer,
	      void (*then)(struct api *api, void *arg, int r), void *arg);
/** Called by api_close(): `then` of the pending saves is called later, without the API. */
void api_cancel_saves(struct api *api);

/**
 * Answer with `problem` of @p api as a problem document. @p r is unused: the call that fills the
 * problem stands in this argument, api_reject(api, request, problem_door_unknown(&api->problem)).
 */
void api_respond_problem(struct api *api, struct http_token http, int r);
void api_reject(struct api *api, const struct http_request *request, int r);
/** The body as a JSON object with no members but @p known; NULL: the request was rejected. */
json_t *api_parse_object(struct api *api, const struct http_request *request,
			 const char *const *known);
/**
 * Parse the query argument @p name: 1 to @p max if @p max is at most API_PAGE_MAX, else 0 to
 * @p max. If it is missing @p value is unchanged.
 * @return false: the request was rejected.
 */
bool api_query_number(struct api *api, const struct http_request *request, const char *name,
		      int64_t max, int64_t *value);

/** Parse decimal digits, 0 to @p max. @return 0 or -EINVAL. */
int api_parse_number(const char *text, int64_t max, int64_t *ret_value);
bool api_type_is_valid(const char *type);
/** Whether @p type equals @p filter, or starts with it if @p filter ends in '.'; "" matches all. */
bool api_type_matches(const char *filter, const char *type);

#endif
