/* Handlers of the users: added, changed, disabled. The password worker computes the hashes. */
#include "api_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/thread_role.h"

/* a job of the password worker, then a write to the store: a change of a user */
struct change {
	struct worker_job job;
	struct api *api;
	struct http_token http;
	const char *act;
	char by[HTTP_CALLER_BYTES];
	enum api_role role;
	uint64_t session; /* of a user who changes the own password: it does not end */
	unsigned status;
	struct user user;
	char old[USER_PASSWORD_MAX + 1],
		password[USER_PASSWORD_MAX + 1]; /* "": not checked, not changed */
	bool own, old_is_right; /* own: of the user who makes the request, with the old password */
	int r;
};

void api_load_user(struct api *api, const char *id, json_t *json)
{
	struct user user;
	int r = user_parse(id, json, &user);

	if (r == 0)
		r = user_put(&api->users, &user);
	if (r < 0)
		log_error("api", "user %s cannot be used: %s, ignoring", id, strerror(-r));
	crypto_wipe(&user, sizeof(user));
}

static void change_free(struct change *change)
{
	crypto_wipe(change, sizeof(*change));
	free(change);
}

static void on_saved(struct api *api, void *arg, int r)
{
	struct change *change = arg;

	if (api != NULL && r == 0) {
		(void)user_put(&api->users, &change->user); /* the handler has checked for room */
		if (change->user.disabled || change->password[0] != '\0')
			sessions_end_user(api->sessions, change->user.name,
					  change->own ? change->session : 0);
		api_stream_check_sessions(api);
	}
	change_free(change);
}

static void save(struct api *api, struct change *change)
{
	const struct api_caller by = {
		.name = change->by, .role = change->role, .role_name = api_role_name(change->role)};
	struct store_record record = {
		.kind = "user", .id = change->user.name, .json = user_json(&change->user)};
	struct event_draft draft = {
		.type = "operator.act", .severity = EVENT_INFO, .data = api_act(&by, change->act)};

	json_object_set_new(draft.data, "user", json_string(change->user.name));
	json_object_set_new(draft.data, "user_role",
			    json_string(user_role_name(change->user.role)));
	if (record.json == NULL) {
		api_respond_problem(api, change->http, problem_no_memory(&api->problem));
		json_decref(draft.data);
		change_free(change);
		return;
	}
	api_save(api, change->http, &record, 1, &draft, change->status,
		 change->status == 204 ? NULL : user_public_json(&change->user), on_saved, change);
	json_decref(record.json);
}

static void hash_password(struct worker_job *job)
{
	struct change *change = (struct change *)job;

	assert_thread(THREAD_WORKER);
	change->old_is_right =
		!change->own || crypto_password_verify(change->old, change->user.hash);
	if (change->old_is_right)
		change->r = crypto_password_hash(change->password, change->user.hash);
}

static void end_hash(struct worker_job *job, int r)
{
	struct change *change = (struct change *)job;
	struct api *api = change->api;

	assert_thread(THREAD_CONTROL);
	if (r == 0 && change->own && !change->old_is_right)
		session_count_attempt(api->sessions, change->user.name, "", false, clock_mono_ms());
	if (r == 0 && !change->old_is_right)
		api_respond_problem(api, change->http, problem_wrong_old_password(&api->problem));
	else if (r == 0 && change->r < 0)
		api_respond_problem(api, change->http, problem_no_memory(&api->problem));
	else if (r == 0) {
		save(api, change);
		return;
	}
	change_free(change);
}

static void run(struct api *api, const struct http_request *request, struct change *change)
{
	if (change->password[0] == '\0') {
		save(api, change);
	} else if (worker_post(api->password_worker, &change->job) < 0) {
		change_free(change);
		api_reject(api, request, problem_too_many_log_ins(&api->problem));
	}
}

static struct change *begin(struct api *api, const struct http_request *request, const char *act,
			    const struct user *user, unsigned status)
{
	struct change *change = calloc(1, sizeof(*change));

	if (change == NULL) {
		api_reject(api, request, problem_no_memory(&api->problem));
		return NULL;
	}
	change->job = (struct worker_job){.run = hash_password, .end = end_hash};
	change->api = api;
	change->http = request->token;
	change->act = act;
	strcpy(change->by, request->caller.name);
	change->role = (enum api_role)request->caller.role;
	change->session = request->caller.session;
	change->status = status;
	change->user = *user;
	return change;
}

/* Read a new password, which may be missing. @return 0, or -EINVAL with @p problem. */
static int read_password(const json_t *object, const char *key, char *ret_password,
			 struct problem *problem)
{
	const char *password = NULL;
	int r = json_read_string(object, key, USER_PASSWORD_MAX, &password, problem);

	if (r < 0 || password == NULL)
		return r;
	if (strlen(password) < USER_PASSWORD_MIN)
		return problem_member_length(problem, key, USER_PASSWORD_MIN, USER_PASSWORD_MAX);
	strcpy(ret_password, password);
	return 0;
}

static int read_role(const json_t *object, enum user_role *role, struct problem *problem)
{
	const json_t *value = json_object_get(object, "role");

	if (value == NULL || user_role_parse(json_string_value(value), role) == 0)
		return 0;
	return problem_user_role_unknown(problem);
}

void api_get_users(struct api *api, const struct http_request *request, const char *param)
{
	json_t *list = json_array();

	(void)param;
	for (size_t i = 0; i < USERS_MAX; i++)
		if (api->users.all[i].name[0] != '\0')
			json_array_append_new(list, user_public_json(&api->users.all[i]));
	api_respond_json(api, request->token, 200, json_pack("{s:o}", "users", list));
}

static bool table_has_room(const struct api *api)
{
	for (size_t i = 0; i < USERS_MAX; i++)
		if (api->users.all[i].name[0] == '\0')
			return true;
	return false;
}

void api_post_user(struct api *api, const struct http_request *request, const char *param)
{
	static const char *const known[] = {"user", "role", "password", NULL};
	json_t *object = api_parse_object(api, request, known);
	const char *name = json_string_value(json_object_get(object, "user"));
	struct user user = {.created_unix_ms = clock_unix_ms()};
	struct change *change;

	(void)param;
	if (object == NULL)
		return;
	if (name == NULL || !user_name_is_valid(name))
		api_reject(api, request,
			   problem_user_name_invalid(&api->problem, USER_NAME_BYTES - 1));
	else if (json_object_get(object, "role") == NULL ||
		 read_role(object, &user.role, &api->problem) < 0)
		api_reject(api, request, problem_user_role_unknown(&api->problem));
	else if (user_find(&api->users, name) != NULL)
		api_reject(api, request, problem_user_exists(&api->problem));
	else if (!table_has_room(api))
		api_reject(api, request, problem_too_many_users(&api->problem, USERS_MAX));
	else if ((change = begin(api, request, "user.add", &user, 201)) != NULL) {
		strcpy(change->user.name, name);
		if (read_password(object, "password", change->password, &api->problem) < 0) {
			api_reject(api, request, problem_errno(&api->problem));
			change_free(change);
		} else if (change->password[0] == '\0') {
			api_reject(api, request, problem_password_missing(&api->problem));
			change_free(change);
		} else {
			run(api, request, change);
		}
	}
	json_decref(object);
}

/* The user of the path; NULL: 404 was answered. */
static const struct user *find(struct api *api, const struct http_request *request,
			       const char *name)
{
	const struct user *user = user_find(&api->users, name);

	if (user == NULL)
		api_reject(api, request, problem_user_unknown(&api->problem));
	return user;
}

void api_get_user(struct api *api, const struct http_request *request, const char *name)
{
	const struct user *user = find(api, request, name);

	if (user != NULL)
		api_respond_json(api, request->token, 200, user_public_json(user));
}

void api_patch_user(struct api *api, const struct http_request *request, const char *name)
{
	static const char *const known[] = {"role", "password", "disabled", NULL};
	const struct user *user = find(api, request, name);
	struct change *change;
	json_t *object;

	if (user == NULL)
		return;
	object = api_parse_object(api, request, known);
	change = object != NULL ? begin(api, request, "user.change", user, 200) : NULL;
	if (change == NULL) {
		json_decref(object);
		return;
	}
	if (read_role(object, &change->user.role, &api->problem) < 0 ||
	    read_password(object, "password", change->password, &api->problem) < 0 ||
	    json_read_bool(object, "disabled", &change->user.disabled, &api->problem) < 0) {
		api_reject(api, request, problem_errno(&api->problem));
		change_free(change);
	} else {
		run(api, request, change);
	}
	json_decref(object);
}

void api_post_own_password(struct api *api, const struct http_request *request, const char *param)
{
	static const char *const known[] = {"old", "password", NULL};
	const struct user *user = user_find(&api->users, request->caller.name);
	const char *old = NULL;
	struct change *change;
	json_t *object;

	(void)param;
	if (user == NULL) {
		api_reject(api, request, problem_socket_has_no_password(&api->problem));
		return;
	}
	if (session_pause_ms(api->sessions, user->name, "", clock_mono_ms()) > 0) {
		api_reject(api, request, problem_too_many_passwords(&api->problem));
		return;
	}
	object = api_parse_object(api, request, known);
	change = object != NULL ? begin(api, request, "user.password", user, 204) : NULL;
	if (change == NULL) {
		json_decref(object);
		return;
	}
	change->own = true;
	if (json_read_string(object, "old", USER_PASSWORD_MAX, &old, &api->problem) < 0 ||
	    read_password(object, "password", change->password, &api->problem) < 0) {
		api_reject(api, request, problem_errno(&api->problem));
		change_free(change);
	} else if (old == NULL || change->password[0] == '\0') {
		api_reject(api, request, problem_passwords_incomplete(&api->problem));
		change_free(change);
	} else {
		strcpy(change->old, old);
		run(api, request, change);
	}
	json_decref(object);
}

void api_post_totp(struct api *api, const struct http_request *request, const char *name)
{
	const struct user *user = find(api, request, name);
	struct change *change = user != NULL ? begin(api, request, "user.totp", user, 201) : NULL;
	const struct api_caller by = api_caller_of(request);
	struct event_draft draft = {.type = "operator.act", .severity = EVENT_INFO};
	struct store_record record = {.kind = "user", .id = name};
	char uri[TOTP_URI_BYTES];

	if (change == NULL)
		return;
	totp_make(change->user.totp);
	change->user.totp_step = 0;
	totp_uri(change->user.totp, api->site, name, uri);
	record.json = user_json(&change->user);
	draft.data = api_act(&by, "user.totp");
	json_object_set_new(draft.data, "user", json_string(name));
	/* the only answer that contains the secret */
	api_save(api, request->token, &record, 1, &draft, 201,
		 json_pack("{s:s, s:s}", "secret", change->user.totp, "uri", uri), on_saved,
		 change);
	json_decref(record.json);
	crypto_wipe(uri, sizeof(uri));
}

void api_delete_totp(struct api *api, const struct http_request *request, const char *name)
{
	const struct user *user = find(api, request, name);
	struct change *change =
		user != NULL ? begin(api, request, "user.totp_off", user, 204) : NULL;

	if (change == NULL)
		return;
	change->user.totp[0] = '\0';
	run(api, request, change);
}
