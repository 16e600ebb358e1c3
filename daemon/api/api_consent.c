/* What each person agreed to. */
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

static json_t *consent_json(const char *id, const json_t *kept)
{
	const json_t *entries = json_object_get(kept, "entries");
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
		api_bad(api, request, problem_person_unknown(&api->problem));
	else
		api_respond_json(api, request->token, 200, api_consent_json(api, id));
}

struct consenting {
	struct http_token http;
	char id[ULID_BYTES], by[HTTP_CALLER_BYTES], version[VERSION_BYTES_MAX + 1];
	enum api_role role;
	bool given, faces_asked;
	json_t *json;
};

static void on_consent_kept(struct api *api, void *arg, int r)
{
	struct consenting *consenting = arg;

	if (api != NULL && r == 0) {
		json_object_set(api->consents, consenting->id, consenting->json);
		api->ops->consent_changed(api->gate, consenting->id, !consenting->given);
	}
	json_decref(consenting->json);
	free(consenting);
}

static void keep_consent(struct api *api, struct consenting *consenting)
{
	const json_t *kept = json_object_get(api->consents, consenting->id);
	struct store_record record = {.kind = "consent", .id = consenting->id};
	struct event_draft draft = {
		.type = "person.consent", .severity = EVENT_INFO, .person = consenting->id};
	json_t *entry;

	consenting->json =
		kept != NULL ? json_deep_copy(kept) : json_pack("{s:i, s:[]}", "v", 1, "entries");
	entry = json_pack("{s:s, s:b, s:o, s:s}", "version", consenting->version, "given",
			  consenting->given, "time", json_utc(clock_unix_ms()), "by",
			  consenting->by);
	json_array_append_new(json_object_get(consenting->json, "entries"), entry);
	record.json = consenting->json;
	draft.data = json_pack("{s:s, s:b, s:s, s:s}", "version", consenting->version, "given",
			       consenting->given, "by", consenting->by, "role",
			       api_role_name(consenting->role));
	api_save(api, consenting->http, &record, 1, &draft, 200,
		 consent_json(consenting->id, consenting->json), on_consent_kept, consenting);
}

static void on_faces_removed(struct api *api, void *arg, const json_t *body);

/*
 * Only of somebody who is there. What was agreed to goes before the withdrawal is noted: a crash
 * leaves no face behind.
 */
static void on_person(struct api *api, void *arg, const json_t *body)
{
	struct consenting *consenting = arg;
	const struct api_caller by = {.name = consenting->by};
	bool faces = json_integer_value(json_object_get(body, "faces")) > 0;
	struct api_token token;

	if (body == NULL) {
		api_respond_problem(api, consenting->http, problem_person_unknown(&api->problem));
	} else if (consenting->given || !faces) {
		keep_consent(api, consenting);
		return;
	} else if (consenting->faces_asked ||
		   !api_begin_inner(api, on_faces_removed, consenting, &token)) {
		api_respond_problem(api, consenting->http,
				    problem_faces_not_removed(&api->problem));
	} else {
		consenting->faces_asked = true;
		api->ops->faces_remove(api->gate, token, &by, consenting->id);
		return;
	}
	free(consenting);
}

/* Whether they are gone, the person says. */
static void on_faces_removed(struct api *api, void *arg, const json_t *body)
{
	struct consenting *consenting = arg;
	struct api_token token;

	(void)body;
	if (api_begin_inner(api, on_person, consenting, &token)) {
		api->ops->person_get(api->gate, token, consenting->id);
		return;
	}
	api_respond_problem(api, consenting->http, problem_too_many_requests(&api->problem));
	free(consenting);
}

void api_post_consent(struct api *api, const struct http_request *request, const char *id)
{
	static const char *const known[] = {"version", "given", NULL};
	json_t *object = api_parse_object(api, request, known);
	const json_t *given = json_object_get(object, "given"),
		     *kept = json_object_get(api->consents, id);
	const char *version = NULL;
	struct consenting *consenting;
	struct api_token token;

	if (object == NULL)
		return;
	if (json_read_string(object, "version", VERSION_BYTES_MAX, &version, &api->problem) < 0 ||
	    version == NULL || version[0] == '\0' || !json_is_boolean(given)) {
		api_bad(api, request, problem_consent_incomplete(&api->problem));
	} else if (!ulid_is_valid(id)) {
		api_bad(api, request, problem_person_unknown(&api->problem));
	} else if (json_array_size(json_object_get(kept, "entries")) >= CONSENTS_OF_PERSON_MAX) {
		api_bad(api, request,
			problem_too_many_consents(&api->problem, CONSENTS_OF_PERSON_MAX));
	} else if ((consenting = calloc(1, sizeof(*consenting))) == NULL ||
		   !api_begin_inner(api, on_person, consenting, &token)) {
		free(consenting);
		api_bad(api, request, problem_too_many_requests(&api->problem));
	} else {
		consenting->http = request->token;
		consenting->role = (enum api_role)request->caller.role;
		consenting->given = json_is_true(given);
		strcpy(consenting->id, id);
		strcpy(consenting->by, request->caller.name);
		strcpy(consenting->version, version);
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
	(void)api->ops->save_records(api->gate, &record, 1, &draft, NULL,
				     NULL); /* the gate tells of a failing disk */
}
