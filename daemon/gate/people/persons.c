#include "people_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

static json_t *person_json(const struct gate *gate, const struct roster_person *person)
{
	json_t *json = gate_person_value(person), *holder = gate_holder_value(gate, person);

	json_object_update(json, holder);
	json_decref(holder);
	json_object_set_new(json, "id", json_string(person->id));
	json_object_set_new(json, "faces", json_integer(person->template_count));
	return json;
}

static int tell_state(sd_event_source *source, void *arg)
{
	struct gate *gate = arg;
	char digest[GATE_ROSTER_DIGEST_BYTES] = "";

	(void)source;
	(void)gate_roster_digest(gate, digest); /* without memory it stays empty, and another comes */
	journal_publish(gate->journal, "roster", "summary",
			json_pack("{s:I, s:s, s:s}", "people",
				  (json_int_t)roster_count(gate->directory.people), "digest", digest,
				  "revision", gate_roster_revision(gate)));
	return 0;
}

/* Once for all changes of one turn of the loop: the digest is over everybody. */
void gate_roster_state(struct gate *gate)
{
	int r = 0;

	if (gate->roster_source == NULL)
		r = sd_event_add_defer(gate->event, &gate->roster_source, tell_state, gate);
	if (r >= 0)
		r = sd_event_source_set_enabled(gate->roster_source, SD_EVENT_ONESHOT);
	if (r < 0)
		log_warning("roster", "its state is not told: %s", strerror(-r));
}

void gate_people_list(void *arg, struct api_token token, const char *after_id, unsigned limit)
{
	struct gate *gate = arg;
	const struct roster_person *person = roster_next(gate->directory.people, after_id);
	json_t *list = json_array(), *next = json_null();

	for (unsigned i = 0; person != NULL && i < limit; i++) {
		json_array_append_new(list, person_json(gate, person));
		if (i + 1 == limit && roster_next(gate->directory.people, person->id) != NULL)
			next = json_string(person->id);
		person = roster_next(gate->directory.people, person->id);
	}
	api_reply(gate->api, token, 200, json_pack("{s:o, s:o}", "people", list, "next", next));
}

void gate_person_get(void *arg, struct api_token token, const char *id)
{
	struct gate *gate = arg;
	const struct roster_person *person = roster_find(gate->directory.people, id);

	if (person == NULL)
		api_reply_problem(gate->api, token, 404, "nobody is enrolled under this id");
	else
		api_reply(gate->api, token, 200, person_json(gate, person));
}

/* a change on its way to the disk, and who waits for it */
struct asked {
	struct gate *gate;
	struct reply reply;
	char person[ULID_BYTES];
};

static void on_changed(void *arg, int r)
{
	struct asked *asked = arg;
	struct gate *gate = asked->gate;
	const struct roster_person *person =
		r == 0 ? roster_find(gate->directory.people, asked->person) : NULL;
	const char *why = journal_trouble(gate->journal);

	reply_send(&asked->reply, r, why[0] != '\0' ? why : NULL,
		   person != NULL ? person_json(gate, person) : NULL);
	free(asked);
}

/* Takes @p change. */
static void apply(struct gate *gate, struct api_token token, unsigned ok_status, const struct api_caller *by,
		  const char *person, json_t *change)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	struct reply reply = gate_api_reply(gate, token, ok_status);
	char error[GATE_CHANGE_ERROR_BYTES] = "out of memory";
	int r = -ENOMEM;

	if (asked != NULL) {
		asked->gate = gate;
		asked->reply = reply;
		snprintf(asked->person, sizeof(asked->person), "%s", person);
		r = gate_roster_apply_change(gate, change, by->name, on_changed, asked, error);
	}
	json_decref(change);
	if (r == 0)
		return;
	free(asked);
	reply_send(&reply, r, error, NULL);
}

static void set_time(json_t *value, const char *key, int64_t unix_ms)
{
	char text[CLOCK_UTC_BYTES];

	if (unix_ms == 0)
		return;
	clock_format_utc(unix_ms, text);
	json_object_set_new(value, key, json_string(text));
}

void gate_person_add(void *arg, struct api_token token, const struct api_caller *by,
		     const struct api_person *person)
{
	json_t *value = json_pack("{s:s}", "name", person->name);
	char id[ULID_BYTES];

	set_time(value, "valid_from", person->valid_from_unix_ms);
	set_time(value, "valid_to", person->valid_to_unix_ms);
	ulid_make(clock_unix_ms(), id);
	apply(arg, token, 201, by, id,
	      json_pack("{s:s, s:s, s:s, s:o}", "op", "put", "kind", "person", "id", id, "value", value));
}

void gate_person_remove(void *arg, struct api_token token, const struct api_caller *by, const char *id)
{
	struct gate *gate = arg;

	if (roster_find(gate->directory.people, id) == NULL)
		api_reply_problem(gate->api, token, 404, "nobody is enrolled under this id");
	else
		apply(gate, token, 204, by, id,
		      json_pack("{s:s, s:s, s:s}", "op", "remove", "kind", "person", "id", id));
}

static void on_faces_removed(void *arg, int r, const struct event_row *row)
{
	struct asked *asked = arg;
	struct gate *gate = asked->gate;
	const struct roster_person *person = roster_find(gate->directory.people, asked->person);

	(void)row;
	if (r == 0 && person != NULL) {
		(void)roster_count_template(gate->directory.people, asked->person,
					    -(int)person->template_count);
		gate_person_templates_removed(gate, asked->person);
		gate_roster_state(gate);
	}
	reply_send(&asked->reply, r,
		   journal_trouble(gate->journal)[0] != '\0' ? journal_trouble(gate->journal) : NULL, NULL);
	free(asked);
}

void gate_person_faces_drop(struct gate *gate, const struct roster_person *person, const char *by,
			    const struct reply *reply)
{
	struct asked *asked = calloc(1, sizeof(*asked));
	struct event_draft draft = {.type = "person.faces_removed", .person = person->id};
	int r = -ENOMEM;

	draft.data = json_pack("{s:s, s:i}", "by", by, "faces", (int)person->template_count);
	if (asked != NULL) {
		asked->gate = gate;
		asked->reply = *reply;
		snprintf(asked->person, sizeof(asked->person), "%s", person->id);
		r = journal_trouble(gate->journal)[0] != '\0' || journal_store(gate->journal) == NULL
			    ? -EAGAIN
			    : store_template_remove(journal_store(gate->journal), person->id, NULL, &draft,
						    on_faces_removed, asked);
	}
	json_decref(draft.data);
	if (r == 0)
		return;
	free(asked);
	reply_send(reply, r, "the change could not be written to the disk; nothing was changed", NULL);
}

void gate_person_faces_remove(void *arg, struct api_token token, const struct api_caller *by, const char *id)
{
	struct gate *gate = arg;
	const struct roster_person *person = roster_find(gate->directory.people, id);
	const struct reply reply = gate_api_reply(gate, token, 204);

	if (person == NULL || person->template_count == 0)
		api_reply_problem(gate->api, token, 404,
				  person == NULL ? "nobody is enrolled under this id"
						 : "no face of this person is enrolled");
	else
		gate_person_faces_drop(gate, person, by->name, &reply);
}

void gate_person_enrol(void *arg, struct api_token token, const struct api_caller *by, const char *id,
		       const struct api_enrol *asked)
{
	struct gate *gate = arg;
	const struct roster_person *person = roster_find(gate->directory.people, id);
	struct reply reply = gate_api_reply(gate, token, 201);
	int r;

	if (person == NULL) {
		api_reply_problem(gate->api, token, 404, "nobody is enrolled under this id");
		return;
	}
	if (person->template_count >= ROSTER_TEMPLATES_MAX) {
		api_reply_problem(gate->api, token, 409,
				  "this person has %d faces already: remove them and enrol anew",
				  ROSTER_TEMPLATES_MAX);
		return;
	}
	r = gate_vision_enrol(gate, id, by->name, asked, &reply);
	if (r == -EPERM)
		reply_send(&reply, r, gate_consent_withdrawn, NULL);
	else if (r < 0)
		api_reply_problem(
			gate->api, token,
			r == -EFBIG    ? 413
			: r == -ENOENT ? 404
				       : 503,
			r == -EAGAIN ? "the face models are still loading; try again in a moment"
			: r == -ENODEV
				? "the face models are not there; run tools/setup and restart the daemon"
			: r == -EFBIG  ? "the photo is too large"
			: r == -ENOENT ? "there is no such face camera"
				       : "too many photos at once; try again in a moment");
}
