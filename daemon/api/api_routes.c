/* The table of paths: method, least role, handler. A path that is not in it is refused. */
#include "api_routes.h"

#include "api_parts.h"

#include <stdio.h>
#include <string.h>

#define V1 "/api/v1/"

static const struct api_route routes[] = {
	{"POST", V1 "session", API_ROLE_ANYONE, API_JSON_BYTES_MAX, api_post_session},
	{"GET", V1 "session", API_ROLE_ANYONE, 0, api_get_session},
	{"DELETE", V1 "session", API_ROLE_ANYONE, 0, api_delete_session},
	{"POST", V1 "session/password", API_ROLE_GUARD, API_JSON_BYTES_MAX, api_post_own_password},
	{"GET", V1 "users", API_ROLE_ADMIN, 0, api_get_users},
	{"POST", V1 "users", API_ROLE_ADMIN, API_JSON_BYTES_MAX, api_post_user},
	{"GET", V1 "users/{}", API_ROLE_ADMIN, 0, api_get_user},
	{"PATCH", V1 "users/{}", API_ROLE_ADMIN, API_JSON_BYTES_MAX, api_patch_user},
	{"POST", V1 "users/{}/totp", API_ROLE_ADMIN, API_JSON_BYTES_MAX, api_post_totp},
	{"DELETE", V1 "users/{}/totp", API_ROLE_ADMIN, 0, api_delete_totp},
	{"GET", V1 "status", API_ROLE_GUARD, 0, api_get_status},
	{"GET", V1 "people", API_ROLE_MANAGER, 0, api_get_people},
	{"POST", V1 "people", API_ROLE_MANAGER, API_JSON_BYTES_MAX, api_post_person},
	{"POST", V1 "people/import", API_ROLE_MANAGER, 4 << 20, api_post_import},
	{"GET", V1 "people/export", API_ROLE_MANAGER, 0, api_get_people_export},
	{"GET", V1 "people/{}/consent", API_ROLE_MANAGER, 0, api_get_consent},
	{"POST", V1 "people/{}/consent", API_ROLE_MANAGER, API_JSON_BYTES_MAX, api_post_consent},
	{"GET", V1 "people/{}/copy", API_ROLE_MANAGER, 0, api_get_person_copy},
	{"GET", V1 "people/{}/erasure", API_ROLE_MANAGER, 0, api_get_erasure},
	{"GET", V1 "people/{}", API_ROLE_GUARD, 0, api_get_person},
	{"DELETE", V1 "people/{}", API_ROLE_MANAGER, 0, api_delete_person},
	{"POST", V1 "people/{}/faces", API_ROLE_MANAGER, API_PHOTO_BYTES_MAX, api_post_face},
	{"DELETE", V1 "people/{}/faces", API_ROLE_MANAGER, 0, api_delete_faces},
	{"GET", V1 "people/{}/faces", API_ROLE_MANAGER, 0, api_get_faces},
	{"POST", V1 "people/{}/faces/live", API_ROLE_MANAGER, API_JSON_BYTES_MAX,
	 api_post_face_live},
	{"DELETE", V1 "people/{}/faces/{}", API_ROLE_MANAGER, 0, api_delete_face},
	{"GET", V1 "faces/report", API_ROLE_MANAGER, 0, api_get_face_report},
	{"PUT", V1 "people/{}", API_ROLE_MANAGER, API_JSON_BYTES_MAX, api_access_put_person},
	{"GET", V1 "access/requests", API_ROLE_GUARD, 0, api_access_requests},
	{"POST", V1 "access/requests/{}", API_ROLE_GUARD, API_JSON_BYTES_MAX, api_access_answer},
	{"POST", V1 "access/decide", API_ROLE_MANAGER, API_JSON_BYTES_MAX, api_access_what_if},
	{"GET", V1 "access/explain/{}", API_ROLE_GUARD, 0, api_access_explain},
	{"POST", V1 "access/areas/{}/reset", API_ROLE_MANAGER, API_JSON_BYTES_MAX,
	 api_access_reset},
	{"GET", V1 "access/passes", API_ROLE_GUARD, 0, api_access_get_passes},
	{"POST", V1 "access/passes", API_ROLE_GUARD, API_JSON_BYTES_MAX, api_access_post_pass},
	{"GET", V1 "access/passes/{}/code", API_ROLE_GUARD, 0, api_access_pass_code},
	{"GET", V1 "access/{}", API_ROLE_MANAGER, 0, api_access_list},
	{"POST", V1 "access/{}", API_ROLE_MANAGER, API_JSON_BYTES_MAX, api_access_post},
	{"GET", V1 "access/{}/{}", API_ROLE_MANAGER, 0, api_access_get},
	{"PUT", V1 "access/{}/{}", API_ROLE_MANAGER, 64 << 10, api_access_put},
	{"DELETE", V1 "access/{}/{}", API_ROLE_MANAGER, 0, api_access_delete},
	{"GET", V1 "doors", API_ROLE_GUARD, 0, api_get_doors},
	{"POST", V1 "doors/{}/open", API_ROLE_GUARD, API_JSON_BYTES_MAX, api_post_open},
	{"POST", V1 "doors/{}/mode", API_ROLE_GUARD, API_JSON_BYTES_MAX, api_post_mode},
	{"POST", V1 "fire/reset", API_ROLE_ADMIN, API_JSON_BYTES_MAX, api_post_fire_reset},
	{"GET", V1 "events", API_ROLE_GUARD, 0, api_get_events},
	{"GET", V1 "events/export", API_ROLE_MANAGER, 0, api_get_log_export},
	{"GET", V1 "report", API_ROLE_MANAGER, 0, api_get_report},
	{"GET", V1 "cameras/{}/live.mjpeg", API_ROLE_GUARD, 0, api_get_mjpeg},
	{"GET", V1 "cameras/{}/live.mp4", API_ROLE_GUARD, 0, api_get_fmp4},
	{"GET", V1 "events/stream", API_ROLE_GUARD, 0, api_stream_events},
	{"GET", V1 "evidence", API_ROLE_GUARD, 0, api_get_evidence},
	{"GET", V1 "evidence/{}", API_ROLE_GUARD, 0, api_get_evidence_file},
	{"GET", V1 "alerts", API_ROLE_GUARD, 0, api_get_alerts},
	{"GET", V1 "alerts/{}", API_ROLE_GUARD, 0, api_get_alert},
	{"POST", V1 "alerts/{}/verdict", API_ROLE_GUARD, API_JSON_BYTES_MAX, api_post_verdict},
	{"POST", V1 "alerts/{}/hold", API_ROLE_GUARD, API_JSON_BYTES_MAX, api_post_hold},
	{"GET", V1 "alerts/{}/export", API_ROLE_GUARD, 0, api_get_export},
	{"GET", V1 "cases", API_ROLE_GUARD, 0, api_get_cases},
	{"POST", V1 "cases", API_ROLE_GUARD, API_JSON_BYTES_MAX, api_post_case},
	{"GET", V1 "cases/{}", API_ROLE_GUARD, 0, api_get_case},
	{"PATCH", V1 "cases/{}", API_ROLE_GUARD, API_JSON_BYTES_MAX, api_patch_case},
	{"GET", V1 "board", API_ROLE_GUARD, 0, api_get_board},
	{"GET", V1 "board/stream", API_ROLE_GUARD, 0, api_stream_board},
	{"POST", V1 "board/lines/{}", API_ROLE_MANAGER, API_JSON_BYTES_MAX, api_post_line},
	{"POST", V1 "board/readers/{}/swipe", API_ROLE_MANAGER, API_JSON_BYTES_MAX, api_post_swipe},
	{"POST", V1 "board/readers/{}/type", API_ROLE_MANAGER, API_JSON_BYTES_MAX, api_post_type},
	{"GET", V1 "readers", API_ROLE_GUARD, 0, api_get_readers},
	{"GET", V1 "audit/verify", API_ROLE_MANAGER, 0, api_get_audit},
	{"POST", V1 "audit/verify", API_ROLE_MANAGER, API_JSON_BYTES_MAX, api_post_audit},
};

const struct api_route *api_route_at(size_t index)
{
	return index < sizeof(routes) / sizeof(routes[0]) ? &routes[index] : NULL;
}

static bool matches(const char *pattern, const char *path, char *param)
{
	param[0] = '\0';
	while (*pattern != '\0') {
		size_t length, used;

		if (pattern[0] != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		length = strcspn(path, "/");
		used = strlen(param);
		if (length == 0 || used + 1 + length >= API_PARAM_BYTES)
			return false;
		snprintf(param + used, API_PARAM_BYTES - used, "%s%.*s", used > 0 ? "/" : "",
			 (int)length, path);
		path += length;
		pattern += 2;
	}
	return *path == '\0';
}

const struct api_route *api_find_route(const char *method, const char *path, char *param,
				       char *ret_allow, size_t bytes)
{
	size_t used = 0;

	param[0] = '\0';
	ret_allow[0] = '\0';
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!matches(routes[i].pattern, path, param))
			continue;
		if (strcmp(routes[i].method, method) == 0)
			return &routes[i];
		if (used < bytes)
			used += (size_t)snprintf(ret_allow + used, bytes - used, "%s%s",
						 used > 0 ? ", " : "", routes[i].method);
	}
	return NULL;
}
