/*
 * Handlers of the log-in. A worker thread checks passwords, because the hash is slow by design.
 */
#include "api_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/thread_role.h"

#define COOKIE "gatehouse_session"

enum { CODE_BYTES_MAX = 16, COOKIE_BYTES = 256 };

/* a job of the password worker: one log-in */
struct login {
	struct worker_job job;
	struct api *api;
	struct http_token http;
	bool secure, password_is_right;
	char user[USER_NAME_BYTES], address[HTTP_ADDRESS_BYTES];
	char password[USER_PASSWORD_MAX + 1], code[CODE_BYTES_MAX + 1];
	char hash[CRYPTO_PASSWORD_HASH_BYTES]; /* "": no such user */
};

enum api_role api_role_of(enum user_role role)
{
	static const enum api_role roles[] = {[USER_GUARD] = API_ROLE_GUARD,
					      [USER_MANAGER] = API_ROLE_MANAGER,
					      [USER_ADMIN] = API_ROLE_ADMIN};

	assert(role <= USER_ADMIN);
	return roles[role];
}

struct http_caller api_identify(struct api *api, const struct http_request *request,
				const struct session **ret_session)
{
	struct http_caller caller = {.role = API_ROLE_ANYONE};
	const struct session *session = NULL;
	const struct user *user = NULL;
	char id[SESSION_ID_BYTES];

	*ret_session = NULL;
	if (request->local) {
		caller.role = API_ROLE_ADMIN;
		strcpy(caller.name, "socket");
		return caller;
	}
	if (http_cookie(request, COOKIE, id, sizeof(id)) == 0)
		session = session_find(api->sessions, id, clock_mono_ms());
	if (session != NULL)
		user = user_find(&api->users, session->user);
	if (user == NULL || user->disabled)
		return caller;
	strcpy(caller.name, user->name);
	caller.role = (int)api_role_of(user->role);
	caller.session = session->number;
	*ret_session = session;
	return caller;
}

static void set_cookie(struct api *api, struct http_token http, const char *value, bool secure,
		       bool expire)
{
	char cookie[COOKIE_BYTES];

	snprintf(cookie, sizeof(cookie), COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict%s%s", value,
		 secure ? "; Secure" : "", expire ? "; Max-Age=0" : "");
	http_set_header(api->http, http, "Set-Cookie", cookie);
}

static json_t *session_json(const struct session *session, const struct user *user)
{
	return json_pack("{s:s, s:s, s:s}", "user", user->name, "role", user_role_name(user->role),
			 "token", session->token);
}

static void record_refusal(struct api *api, const struct login *login, const struct problem *reason)
{
	/* an unknown name may be a password typed into the wrong field: it is not recorded */
	const struct api_caller by = {
		.name = user_find(&api->users, login->user) != NULL ? login->user : "unknown",
		.role_name = "anyone"};
	json_t *data = api_act(&by, "session.refused");

	json_object_set_new(data, "address", json_string(login->address));
	json_object_set_new(data, "reason", json_string(reason->detail));
	json_object_set_new(data, "problem", problem_json(reason));
	api_record_act(api, EVENT_WARNING, NULL, data);
}

static void begin_session(struct api *api, const struct login *login, const struct user *user)
{
	const struct api_caller by = {.name = user->name, .role_name = user_role_name(user->role)};
	const struct session *session;
	char id[SESSION_ID_BYTES];
	json_t *data = api_act(&by, "session.begin");

	json_object_set_new(data, "address", json_string(login->address));
	api_record_act(api, EVENT_INFO, NULL, data);
	session = session_begin(api->sessions, user->name, clock_mono_ms(), id);
	set_cookie(api, login->http, id, login->secure, false);
	crypto_wipe(id, sizeof(id));
	api_respond_json(api, login->http, 200, session_json(session, user));
}

static void decide(struct api *api, const struct login *login)
{
	struct user *user = user_find(&api->users, login->user);
	/* for the log; the answer does not say whether name or password was wrong */
	struct problem reason;
	uint64_t step;

	if (user == NULL || user->disabled || !login->password_is_right) {
		if (user == NULL)
			problem_refused_no_user(&reason);
		else if (!login->password_is_right)
			problem_refused_wrong_password(&reason);
		else
			problem_refused_user_disabled(&reason);
		record_refusal(api, login, &reason);
		api_respond_problem(api, login->http, problem_wrong_login(&api->problem));
		return;
	}
	if (user->totp[0] != '\0' && login->code[0] == '\0') {
		api_respond_problem(api, login->http, problem_totp_needed(&api->problem));
		session_count_attempt(api->sessions, login->user, login->address, true,
				      clock_mono_ms());
		return;
	}
	if (user->totp[0] != '\0') {
		step = totp_check(user->totp, login->code, clock_unix_ms(), user->totp_step);
		if (step == 0) {
			problem_refused_wrong_code(&reason);
			record_refusal(api, login, &reason);
			api_respond_problem(api, login->http, problem_wrong_totp(&api->problem));
			return;
		}
		user->totp_step = step;
	}
	session_count_attempt(api->sessions, login->user, login->address, true, clock_mono_ms());
	begin_session(api, login, user);
}

static void check_password(struct worker_job *job)
{
	struct login *login = (struct login *)job;
	char hash[CRYPTO_PASSWORD_HASH_BYTES];

	assert_thread(THREAD_WORKER);
	if (login->hash[0] != '\0')
		login->password_is_right = crypto_password_verify(login->password, login->hash);
	else
		/* takes as long as a check: the time does not reveal whether a user exists */
		(void)crypto_password_hash(login->password, hash);
}

static void end_login(struct worker_job *job, int r)
{
	struct login *login = (struct login *)job;

	assert_thread(THREAD_CONTROL);
	if (r == 0)
		decide(login->api, login);
	crypto_wipe(login, sizeof(*login));
	free(login);
}

static bool pause_is_over(struct api *api, const struct http_request *request, const char *user)
{
	uint64_t pause_ms =
		session_pause_ms(api->sessions, user, request->address, clock_mono_ms());
	uint64_t pause_s = (pause_ms + 999) / 1000;
	char seconds[24];

	if (pause_ms == 0)
		return true;
	snprintf(seconds, sizeof(seconds), "%llu", (unsigned long long)pause_s);
	http_set_header(api->http, request->token, "Retry-After", seconds);
	api_reject(api, request, problem_log_in_paused(&api->problem, (long long)pause_s));
	return false;
}

static void begin_login(struct api *api, const struct http_request *request, const char *name,
			const char *password, const char *code)
{
	const struct user *user = user_find(&api->users, name);
	struct login *login = calloc(1, sizeof(*login));

	if (login != NULL) {
		login->job = (struct worker_job){.run = check_password, .end = end_login};
		login->api = api;
		login->http = request->token;
		login->secure = request->secure;
		snprintf(login->user, sizeof(login->user), "%s", name);
		snprintf(login->address, sizeof(login->address), "%s", request->address);
		snprintf(login->password, sizeof(login->password), "%s", password);
		snprintf(login->code, sizeof(login->code), "%s", code);
		if (user != NULL)
			strcpy(login->hash, user->hash);
	}
	if (login == NULL || worker_post(api->password_worker, &login->job) < 0) {
		free(login);
		api_reject(api, request, problem_too_many_log_ins(&api->problem));
		return;
	}
	/*
	 * counted as failed before the result is known, so that concurrent log-ins cannot exceed
	 * the limit; a successful one is subtracted again
	 */
	session_count_attempt(api->sessions, name, request->address, false, clock_mono_ms());
}

void api_post_session(struct api *api, const struct http_request *request, const char *param)
{
	static const char *const known[] = {"user", "password", "totp", NULL};
	const char *name = NULL, *password = NULL, *code = "";
	json_t *object;

	(void)param;
	if (request->local) {
		api_reject(api, request, problem_socket_needs_no_session(&api->problem));
		return;
	}
	object = api_parse_object(api, request, known);
	if (object == NULL)
		return;
	if (json_read_string(object, "user", USER_NAME_BYTES - 1, &name, &api->problem) < 0 ||
	    json_read_string(object, "password", USER_PASSWORD_MAX, &password, &api->problem) < 0 ||
	    json_read_string(object, "totp", CODE_BYTES_MAX, &code, &api->problem) < 0)
		api_reject(api, request, problem_errno(&api->problem));
	else if (name == NULL || password == NULL)
		api_reject(api, request, problem_log_in_incomplete(&api->problem));
	else if (pause_is_over(api, request, name))
		begin_login(api, request, name, password, code);
	json_decref(object);
}

void api_get_session(struct api *api, const struct http_request *request, const char *param)
{
	const struct session *session;
	struct http_caller caller = api_identify(api, request, &session);

	(void)param;
	if (session != NULL)
		api_respond_json(api, request->token, 200,
				 session_json(session, user_find(&api->users, caller.name)));
	else if (request->local)
		api_respond_json(api, request->token, 200,
				 json_pack("{s:s, s:s, s:s}", "user", caller.name, "role", "admin",
					   "token", ""));
	else
		api_respond_problem(api, request->token, problem_not_logged_in(&api->problem));
}

void api_delete_session(struct api *api, const struct http_request *request, const char *param)
{
	const struct session *session;
	struct http_caller caller = api_identify(api, request, &session);

	(void)param;
	if (session != NULL &&
	    !session_token_is(session, http_header(request, "X-Gatehouse-Token"))) {
		api_respond_problem(api, request->token, problem_token(&api->problem));
		return;
	}
	if (session != NULL) {
		const struct api_caller by = {.name = caller.name,
					      .role_name =
						      api_role_name((enum api_role)caller.role)};

		session_end(api->sessions, caller.session);
		api_stream_end_session(api, caller.session);
		api_record_act(api, EVENT_INFO, NULL, api_act(&by, "session.end"));
	}
	set_cookie(api, request->token, "", request->secure, true);
	api_respond_json(api, request->token, 204, NULL);
}
