/*
 * Handler of the certificate of erasure of a person or of the faces of a person: the event, and the
 * backups that still hold the data.
 */
#include "api_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/ulid.h"

struct erasure {
	struct http_token http;
	char id[ULID_BYTES];
	bool of_faces;
	json_t *event; /* NULL until it has been found */
};

static void finish(struct erasure *erasure)
{
	json_decref(erasure->event);
	free(erasure);
}

/* @p r is unused: the call that fills the problem of @p api stands in this argument. */
static void refuse(struct api *api, struct erasure *erasure, int r)
{
	api_respond_problem(api, erasure->http, r);
	finish(erasure);
}

static void on_copies(struct api *api, void *arg, const json_t *body)
{
	struct erasure *erasure = arg;
	json_t *copies = json_object_get(body, "copies");

	if (copies == NULL) {
		refuse(api, erasure, problem_backups_unreadable(&api->problem));
		return;
	}
	api_respond_json(api, erasure->http, 200,
			 json_pack("{s:s, s:s, s:s, s:O, s:O, s:O}", "person", erasure->id, "what",
				   erasure->of_faces ? "faces" : "person", "site", api->site,
				   "erased", json_object_get(erasure->event, "time"), "event",
				   erasure->event, "copies", copies));
	finish(erasure);
}

static bool request_copies(struct api *api, struct erasure *erasure)
{
	const char *time = json_string_value(json_object_get(erasure->event, "time"));
	struct api_token token;
	int64_t erased_unix_ms;

	if (time == NULL || clock_parse_utc(time, &erased_unix_ms) < 0 ||
	    !api_begin_internal(api, on_copies, erasure, &token))
		return false;
	api->ops->copies(api->gate, token, erased_unix_ms);
	return true;
}

static bool request_event(struct api *api, struct erasure *erasure);

static void on_removal(struct api *api, void *arg, const json_t *body)
{
	struct erasure *erasure = arg;
	json_t *event = json_array_get(json_object_get(body, "events"), 0);
	bool found = event != NULL;

	if (body == NULL) {
		refuse(api, erasure, problem_log_busy(&api->problem));
	} else if (!found && erasure->of_faces) {
		refuse(api, erasure, problem_erasure_unknown(&api->problem));
	} else {
		erasure->event = json_incref(event);
		erasure->of_faces = erasure->of_faces || !found;
		if (!(found ? request_copies(api, erasure) : request_event(api, erasure)))
			refuse(api, erasure, problem_too_many_requests(&api->problem));
	}
}

static bool request_event(struct api *api, struct erasure *erasure)
{
	const struct api_events_query query = {.type = erasure->of_faces ? "person.faces_removed"
									 : "person.removed",
					       .limit = 1,
					       .person = erasure->id};
	struct api_token token;

	if (!api_begin_internal(api, on_removal, erasure, &token))
		return false;
	api->ops->events(api->gate, token, &query);
	return true;
}

void api_get_erasure(struct api *api, const struct http_request *request, const char *id)
{
	struct erasure *erasure;

	if (!ulid_is_valid(id)) {
		api_reject(api, request, problem_erasure_unknown(&api->problem));
		return;
	}
	erasure = calloc(1, sizeof(*erasure));
	if (erasure != NULL) {
		erasure->http = request->token;
		strcpy(erasure->id, id);
	}
	if (erasure == NULL || !request_event(api, erasure)) {
		free(erasure);
		api_reject(api, request, problem_too_many_requests(&api->problem));
	}
}
