/*
 * api_parts.h - the handlers that the table of paths names, and the interfaces between the parts of
 * the API. Private to api_*.c. Control thread only.
 */
#ifndef GH_API_API_PARTS_H
#define GH_API_API_PARTS_H

#include "alert.h"
#include "api_core.h"

/*
 * Serves one admitted request. @p param is the segment that matched {} in the pattern of the path;
 * two of them are joined by a slash.
 */
typedef void api_handler(struct api *api, const struct http_request *request, const char *param);

/* api_access_rules.c */
api_handler api_access_list, api_access_get, api_access_put, api_access_put_person, api_access_post,
	api_access_get_passes, api_access_post_pass, api_access_delete, api_access_what_if,
	api_access_explain, api_access_reset, api_access_pass_code, api_access_requests,
	api_access_answer;

/* api_alerts.c */
api_handler api_get_alerts, api_get_alert, api_post_verdict, api_post_hold;
bool api_is_alert(const char *type);
/** The log can be read: read the alerts that are older than this process. */
void api_alerts_ready(struct api *api);
void api_alerts_add(struct api *api, const json_t *event);
void api_load_alert(struct api *api, const char *id, json_t *json);
/**
 * The alert of the path, valid until the handler returns; NULL: the request was rejected, with 404
 * or 503.
 */
const struct alert *api_find_alert(struct api *api, const struct http_request *request,
				   const char *param);
/** An alert as in GET alerts; @p event is its row of the log. */
json_t *api_alert_json(struct api *api, const struct alert *alert, const json_t *event);

/* api_board.c */
api_handler api_get_board, api_post_line, api_get_readers, api_post_swipe, api_post_type;

/* api_camera.c */
/** @return 0 or -ENOENT: 404 was answered. */
int api_find_camera(struct api *api, const struct http_request *request, const char *name,
		    struct api_camera *ret_camera);
/** Record that the caller watches a camera. */
void api_record_watch(struct api *api, const struct http_request *request, const char *camera);

/* api_cases.c */
api_handler api_get_cases, api_post_case, api_get_case, api_patch_case;
void api_load_case(struct api *api, const char *id, json_t *json);
/** The id of the case that an alert belongs to, or null: a new reference. */
json_t *api_case_of(const struct api *api, int64_t seq);

/* api_consent.c */
api_handler api_get_consent, api_post_consent;
/** The consents of a person: {"person","given","entries"}. A new reference. */
json_t *api_consent_json(struct api *api, const char *id);
void api_load_consent(struct api *api, const char *id, json_t *json);
/** Delete the consents of an erased person. */
void api_consent_remove(struct api *api, const char *person);

/* api_copy.c, api_erasure.c, api_export.c */
api_handler api_get_person_copy, api_get_erasure, api_get_export;

/* api_doors.c */
api_handler api_get_status, api_get_doors, api_post_open, api_post_mode, api_post_fire_reset;

/* api_files.c */
api_handler api_get_evidence, api_get_evidence_file;
/** Count the evidence files for /metrics, on the file worker. */
void api_files_count(struct api *api);
void api_get_console(struct api *api, const struct http_request *request);

/* api_fmp4.c: live video as encoded by the camera */
api_handler api_get_fmp4;
int api_fmp4_open(struct api *api);
void api_fmp4_close(struct api *api);
void api_fmp4_tick(struct api *api, uint64_t now_ms);
uint64_t api_fmp4_due_ms(const struct api *api);
/** @return whether the stream belongs to a viewer. */
bool api_fmp4_on_event(struct api *api, struct http_token http, enum http_stream_event event);

/* api_import.c */
api_handler api_post_import, api_get_people_export;
int api_export_open(struct api *api);
void api_export_close(struct api *api);
bool api_export_on_event(struct api *api, struct http_token http, enum http_stream_event event);

/* api_log.c */
api_handler api_get_events, api_get_log_export, api_post_audit, api_get_audit, api_get_report;
int api_log_open(struct api *api);
void api_log_close(struct api *api);
/** @return whether the stream belongs to an export. */
bool api_log_on_event(struct api *api, struct http_token http, enum http_stream_event event);

/* api_metrics.c */
void api_get_metrics(struct api *api, const struct http_request *request);

/* api_mjpeg.c: live video as a sequence of JPEG pictures */
api_handler api_get_mjpeg;
int api_mjpeg_open(struct api *api);
void api_mjpeg_close(struct api *api);
void api_mjpeg_tick(struct api *api, uint64_t now_ms);
uint64_t api_mjpeg_due_ms(const struct api *api);
/** @return whether the stream belongs to a viewer. */
bool api_mjpeg_on_event(struct api *api, struct http_token http, enum http_stream_event event);

/* api_people.c */
api_handler api_get_people, api_post_person, api_get_person, api_delete_person, api_post_face,
	api_delete_faces, api_get_faces, api_delete_face, api_post_face_live, api_get_face_report;
/** Parse {"name","valid_from","valid_to"}. @return 0, or -EINVAL with @p problem. */
int api_parse_person(const json_t *object, struct api_person *person, struct problem *problem);

/* api_request.c: for struct http_ops; @p arg is the API */
void api_admit(void *arg, const struct http_request *request, struct http_admission *admission);
void api_handle(void *arg, const struct http_request *request);

/* api_session.c: the log-in, and the identity of a client */
api_handler api_post_session, api_get_session, api_delete_session;
/** The client of a request; role API_ROLE_ANYONE and *ret_session NULL without a log-in. */
struct http_caller api_identify(struct api *api, const struct http_request *request,
				const struct session **ret_session);
enum api_role api_role_of(enum user_role role);

/* api_stream.c */
api_handler api_stream_events, api_stream_board;
/** @return whether the stream sends events or the board. */
bool api_stream_on_event(struct api *api, struct http_token http, enum http_stream_event event);
void api_stream_publish(struct api *api, int64_t seq, const char *type, const json_t *event);
void api_stream_publish_board(struct api *api);
/** Close the streams of a session; of every session that has ended. */
void api_stream_end_session(struct api *api, uint64_t session);
void api_stream_check_sessions(struct api *api);
/** Whether @p role may see an event of @p type: operator.act events need the role manager. */
bool api_role_may_see(enum api_role role, const char *type);

/* api_token.c */
/**
 * Read STATE_DIR/metrics.token; create it with a random token if it is missing.
 * @return 0, or a negative errno with one sentence in @p error.
 */
int api_load_token(const char *state_dir, char *ret_token, char *error, size_t error_bytes);

/* api_users.c */
api_handler api_get_users, api_get_user, api_post_user, api_patch_user, api_post_totp,
	api_delete_totp, api_post_own_password;
void api_load_user(struct api *api, const char *id, json_t *json);

#endif
