/* api_core.h - what api_*.c share. */
#ifndef GH_API_API_CORE_H
#define GH_API_API_CORE_H

#include "alert.h"
#include "api.h"
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

/* an answer that the gate owes */
struct api_call {
	bool used, replay; /* replay: a page of events for a stream, not for a request */
	void (*take)(struct api *api, void *arg, const json_t *body); /* the API's own question; or NULL */
	void *arg;
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
	struct api_live *live;
	struct api_video *video;
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
	struct api_keeping *keepings; /* on their way to the store */
	int64_t latest_seq;
	struct api_call calls[API_CALLS_MAX];
	struct api_stream streams[API_STREAMS_MAX];
};

struct api_route {
	const char *method, *pattern; /* {} stands for one segment */
	enum api_role role;           /* the least that may */
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

/**
 * The same for a question of the API's own: @p take gets the answer's body, NULL when the gate failed. @return false
 * when too many are waiting: nothing was answered. At the API's end @p take is called with NULL, too.
 */
bool api_begin_inner(struct api *api, void (*take)(struct api *api, void *arg, const json_t *body), void *arg,
		     struct api_token *ret_token);

void api_respond_json(struct api *api, struct http_token http, unsigned status, json_t *body);

void api_get_readers(struct api *api, const struct http_request *request, const char *param);
void api_post_swipe(struct api *api, const struct http_request *request, const char *reader);
void api_post_type(struct api *api, const struct http_request *request, const char *reader);

void api_get_evidence(struct api *api, const struct http_request *request, const char *param);
/** Look through the evidence for /metrics, on the office worker. */
void api_files_count(struct api *api);
void api_get_evidence_file(struct api *api, const struct http_request *request, const char *param);
void api_get_console(struct api *api, const struct http_request *request);

void api_stream_events(struct api *api, const struct http_request *request, const char *param);
void api_stream_board(struct api *api, const struct http_request *request, const char *param);
void api_stream_news(void *arg, struct http_token token, enum http_stream_news news);
/** One page for the stream at @p http came; @p body borrowed, NULL when the gate failed. */
void api_stream_replay(struct api *api, struct http_token http, const json_t *body);

/** End the streams of a session that is over; of all that are. */
void api_stream_end_session(struct api *api, uint64_t session);
void api_stream_check_sessions(struct api *api);
/** Whether somebody of @p role may see an event of @p type: operators' acts are a manager's. */
bool api_type_is_for(enum api_role role, const char *type);

struct api_caller api_caller_of(const struct http_request *request);
const char *api_role_name(enum api_role role);

/** {"act":..., "by":..., "role":...}: the data of an operator's act, to be added to. */
json_t *api_act(const struct api_caller *by, const char *act);
/** Record an operator.act; takes @p data. */
void api_record_act(struct api *api, enum event_severity severity, const char *person, json_t *data);

/**
 * Keep records with their event, then answer. A failure is answered by itself and @p then (may be NULL) is called
 * with r < 0; else @p then is to bring the memory up to date, and @p answer is sent with @p status.
 * Takes @p answer (NULL: no content) and @p data of the draft.
 */
void api_keep(struct api *api, struct http_token http, const struct store_record *records, size_t count,
	      struct event_draft *draft, unsigned status, json_t *answer,
	      void (*then)(struct api *api, void *arg, int r), void *arg);
void api_forget_keepings(struct api *api);

/** Answer a mistake with a problem document. */
void api_bad(struct api *api, const struct http_request *request, unsigned status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/** A JSON object with no member but @p known; NULL when the mistake was answered. */
json_t *api_take_object(struct api *api, const struct http_request *request, const char *const *known);
/** The query argument @p name within 1 to @p max; false when the mistake was answered. */
bool api_take_query(struct api *api, const struct http_request *request, const char *name, int64_t max,
		    int64_t *value);

typedef void api_handler(struct api *api, const struct http_request *request, const char *param);

/* api_people.c */
api_handler api_get_status, api_get_doors, api_get_people, api_post_person, api_get_person, api_delete_person,
	api_post_face, api_delete_faces, api_get_faces, api_delete_face, api_delete_aged, api_post_face_live,
	api_get_face_report, api_post_open, api_post_mode, api_post_fire_reset, api_get_board, api_post_line;

/* api_log.c */
api_handler api_get_events, api_get_log_export, api_post_audit, api_get_audit, api_get_report;
int api_log_open(struct api *api);
void api_log_close(struct api *api);
/** @return whether the stream is one of an export. */
bool api_log_news(struct api *api, struct http_token http, enum http_stream_news news);

/* api_erasure.c */
api_handler api_get_erasure;

/* api_import.c */
api_handler api_post_import, api_get_people_export, api_get_consent, api_post_consent, api_get_person_copy;
/** What this person agreed to: {"person","given","entries"}. A new reference. */
json_t *api_consent_json(struct api *api, const char *id);
int api_people_open(struct api *api);
void api_people_close(struct api *api);
bool api_people_news(struct api *api, struct http_token http, enum http_stream_news news);
void api_load_consent(struct api *api, const char *id, json_t *json);
/** Somebody was erased. */
void api_consent_forget(struct api *api, const char *person);
/** A person of {"name","valid_from","valid_to"}; -EINVAL with the mistake in @p error (JSON_ERROR_BYTES). */
int api_take_person(const json_t *object, struct api_person *person, char *error);

/* api_etag.c */
/** Names the version of what is answered. @return true when only that was asked for: there is nothing to send. */
bool api_etag_takes(struct api *api, struct http_token http, unsigned status, const json_t *body);
/** Whether a change may go on: no If-Match, or the right one; else it was answered (412, 404, 503). */
bool api_is_current(struct api *api, const struct http_request *request);

/* api_fmp4.c: moving pictures as the camera makes them */
api_handler api_get_video;
int api_video_open(struct api *api);
void api_video_close(struct api *api);
void api_video_tick(struct api *api, uint64_t now_ms);
uint64_t api_video_due_ms(const struct api *api);
/** @return whether the stream is one of a viewer. */
bool api_video_news(struct api *api, struct http_token http, enum http_stream_news news);

/* api_mjpeg.c: moving pictures, as JPEG after JPEG */
/** @return 0 or -ENOENT, which was answered. */
int api_find_camera(struct api *api, const struct http_request *request, const char *name,
		    struct api_camera *ret_camera);
void api_record_watch(struct api *api, const struct http_request *request, const char *camera);
api_handler api_get_live;
int api_live_open(struct api *api);
void api_live_close(struct api *api);
void api_live_tick(struct api *api, uint64_t now_ms);
uint64_t api_live_due_ms(const struct api *api);
/** @return whether the stream is one of a viewer. */
bool api_live_news(struct api *api, struct http_token http, enum http_stream_news news);

/* api_metrics.c */
void api_get_metrics(struct api *api, const struct http_request *request);

/* api_access_rules.c; of a path with two {} the param is both, with a slash between */
api_handler api_access_list, api_access_get, api_access_put, api_access_put_person, api_access_post,
	api_access_get_passes, api_access_post_pass, api_access_delete, api_access_what_if,
	api_access_explain, api_access_reset, api_access_pass_code, api_access_requests, api_access_answer;

/* api_session.c: the log-in, and who a request comes from */
api_handler api_post_session, api_get_session, api_delete_session;
/** Who asks; role API_ROLE_ANYONE when nobody is logged in. @p ret_session may be NULL. */
struct http_caller api_identify(struct api *api, const struct http_request *request,
				const struct session **ret_session);
enum api_role api_role_of(enum user_role role);

/* api_alerts.c, api_cases.c, api_export.c */
api_handler api_get_alerts, api_get_alert, api_post_verdict, api_post_hold, api_get_export, api_get_cases,
	api_post_case, api_get_case, api_patch_case;
bool api_is_alert(const char *type);
void api_alert_seen(struct api *api, const json_t *event);
void api_load_alert(struct api *api, const char *id, json_t *json);
void api_load_case(struct api *api, const char *id, json_t *json);

/* api_users.c */
api_handler api_get_users, api_get_user, api_post_user, api_patch_user, api_post_totp, api_delete_totp,
	api_post_own_password;
void api_load_user(struct api *api, const char *id, json_t *json);

/** Digits, 0 to INT64_MAX. @return 0 or -EINVAL. */
int api_parse_number(const char *text, int64_t max, int64_t *ret_value);
bool api_type_is_valid(const char *type);
/** Whether @p type is @p filter, or begins with it when it ends in '.'; "" lets all through. */
bool api_type_matches(const char *filter, const char *type);

/** STATE_DIR/metrics.token, made when missing. @return 0 or a negative errno with a sentence. */
int api_load_token(const char *state_dir, char *ret_token, char *error, size_t error_bytes);

#endif
