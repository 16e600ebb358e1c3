/* Handlers of a person's consent to face recognition. */
#include "api_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/ulid.h"

enum { VERSION_BYTES_MAX = 64, CONSENTS_OF_PERSON_MAX = 100 };

void api_load_consent(struct api *api, const char *id, json_t *json)
{
	if (ulid_is_valid(id) && json_is_array(json_object_get(json, "entries")))
		json_object_set(api->consents, id, json);
}

static json_t *consent_json(const char *id, const json_t *stored)
{
	const json_t *entries = json_object_get(stored, "entries");
	size_t count = json_array_size(entries);
	const json_t *last = count > 0 ? json_array_get(entries, count - 1) : NULL;

	return json_pack("{s:s, s:b, s:o}", "person", id, "given",
			 json_is_true(json_object_get(last, "given")), "entries",
			 entries != NULL ? json_deep_copy(entries) : json_array());
}

json_t *api_consent_json(struct api *api, const char *id)
{
	return consent_json(id, json_object_get(api->consents, id));
}

void api_get_consent(struct api *api, const struct http_request *request, const char *id)
{
	if (!ulid_is_valid(id))
		api_reject(api, request, problem_person_unknown(&api->problem));
	else
		api_respond_json(api, request->token, 200, api_consent_json(api, id));
}

struct change {
	struct http_token http;
	char id[ULID_BYTES], by[HTTP_CALLER_BYTES], version[VERSION_BYTES_MAX + 1];
	enum api_role role;
	bool given, removal_requested;
	json_t *json;
};

static void on_saved(struct api *api, void *arg, int r)
{
	struct change *change = arg;

	if (api != NULL && r == 0) {
		json_object_set(api->consents, change->id, change->json);
		api->ops->consent_changed(api->gate, change->id, !change->given);
	}
	json_decref(change->json);
	free(change);
}

static void save_consent(struct api *api, struct change *change)
{
	const json_t *stored = json_object_get(api->consents, change->id);
	struct store_record record = {.kind = "consent", .id = change->id};
	struct event_draft draft = {
		.type = "person.consent", .severity = EVENT_INFO, .person = change->id};
	json_t *entry;

	change->json = stored != NULL ? json_deep_copy(stored)
				      : json_pack("{s:i, s:[]}", "v", 1, "entries");
	entry = json_pack("{s:s, s:b, s:o, s:s}", "version", change->version, "given",
			  change->given, "time", json_utc(clock_unix_ms()), "by", change->by);
	json_array_append_new(json_object_get(change->json, "entries"), entry);
	record.json = change->json;
	draft.data =
		json_pack("{s:s, s:b, s:s, s:s}", "version", change->version, "given",
			  change->given, "by", change->by, "role", api_role_name(change->role));
	api_save(api, change->http, &record, 1, &draft, 200, consent_json(change->id, change->json),
		 on_saved, change);
}

static void on_faces_removed(struct api *api, void *arg, const json_t *body);

/*
 * The result of the query for the person, who must exist. When a consent is withdrawn the faces are
 * removed first and the withdrawal is recorded afterwards, so that a crash in between leaves no
 * face.
 */
static void on_person(struct api *api, void *arg, const json_t *body)
{
	struct change *change = arg;
	const struct api_caller by = {.name = change->by};
	bool faces = json_integer_value(json_object_get(body, "faces")) > 0;
	struct api_token token;

	if (body == NULL) {
		api_respond_problem(api, change->http, problem_person_unknown(&api->problem));
	} else if (change->given || !faces) {
		save_consent(api, change);
		return;
	} else if (change->removal_requested ||
		   !api_begin_internal(api, on_faces_removed, change, &token)) {
		api_respond_problem(api, change->http, problem_faces_not_removed(&api->problem));
	} else {
		change->removal_requested = true;
		api->ops->faces_remove(api->gate, token, &by, change->id);
		return;
	}
	free(change);
}

/* Query the person again: it says whether the faces were removed. */
static void on_faces_removed(struct api *api, void *arg, const json_t *body)
{
	struct change *change = arg;
	struct api_token token;

	(void)body;
	if (api_begin_internal(api, on_person, change, &token)) {
		api->ops->person_get(api->gate, token, change->id);
		return;
	}
	api_respond_problem(api, change->http, problem_too_many_requests(&api->problem));
	free(change);
}

void api_post_consent(struct api *api, const struct http_request *request, const char *id)
{
	static const char *const known[] = {"version", "given", NULL};
	json_t *object = api_parse_object(api, request, known);
	const json_t *given = json_object_get(object, "given"),
		     *stored = json_object_get(api->consents, id);
	const char *version = NULL;
	struct change *change;
	struct api_token token;

	if (object == NULL)
		return;
	if (json_read_string(object, "version", VERSION_BYTES_MAX, &version, &api->problem) < 0 ||
	    version == NULL || version[0] == '\0' || !json_is_boolean(given)) {
		api_reject(api, request, problem_consent_incomplete(&api->problem));
	} else if (!ulid_is_valid(id)) {
		api_reject(api, request, problem_person_unknown(&api->problem));
	} else if (json_array_size(json_object_get(stored, "entries")) >= CONSENTS_OF_PERSON_MAX) {
		api_reject(api, request,
			   problem_too_many_consents(&api->problem, CONSENTS_OF_PERSON_MAX));
	} else if ((change = calloc(1, sizeof(*change))) == NULL ||
		   !api_begin_internal(api, on_person, change, &token)) {
		free(change);
		api_reject(api, request, problem_too_many_requests(&api->problem));
	} else {
		change->http = request->token;
		change->role = (enum api_role)request->caller.role;
		change->given = json_is_true(given);
		strcpy(change->id, id);
		strcpy(change->by, request->caller.name);
		strcpy(change->version, version);
		api->ops->person_get(api->gate, token, id);
	}
	json_decref(object);
}

void api_consent_remove(struct api *api, const char *person)
{
	struct store_record record = {.kind = "consent", .id = person};
	struct event_draft draft = {
		.type = "person.consent_erased", .severity = EVENT_INFO, .person = person};

	if (person == NULL || json_object_get(api->consents, person) == NULL)
		return;
	json_object_del(api->consents, person);
	api->ops->consent_changed(api->gate, person, false);
	/* the gate reports a failing disk */
	(void)api->ops->save_records(api->gate, &record, 1, &draft, NULL, NULL);
}
