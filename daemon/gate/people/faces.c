/* The faces of one person, one by one: which there are, and one of them gone. */
#include "gate/gate_internal.h"

#include <errno.h>
#include <string.h>

#include "vision/face/face.h"

/* a list on its way from the store */
struct listing {
	struct gate *gate;
	struct api_token token;
	char person[ULID_BYTES];
	json_t *faces;
};

static void finish(struct listing *listing)
{
	json_decref(listing->faces);
	free(listing);
}

static void refuse(struct listing *listing, int r)
{
	unsigned status = gate_api_status_of(r);
	struct gate *gate = listing->gate;

	if (gate->api != NULL) /* else it is closing */
		api_reply_problem(gate->api, listing->token, status,
				  "the faces of this person cannot be read now");
	finish(listing);
}

static json_t *face_of(const struct listing *listing, json_int_t number)
{
	json_t *face;
	size_t index;

	json_array_foreach(listing->faces, index, face)
	{
		if (json_integer_value(json_object_get(face, "number")) == number)
			return face;
	}
	return NULL;
}

/* What the log says of how it came here. */
static void tell_origin(const struct listing *listing, const json_t *event)
{
	static const char *const told[] = {"by", "quality", "camera"};
	const json_t *data = json_object_get(event, "data");
	json_t *face = face_of(listing, json_integer_value(json_object_get(data, "face")));

	if (face == NULL)
		return;
	json_object_set(face, "enrolled", json_object_get(event, "time"));
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (json_object_get(data, told[i]) != NULL)
			json_object_set(face, told[i], json_object_get(data, told[i]));
}

static void on_events(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct listing *listing = arg;

	if (r < 0 || listing->gate->api == NULL) {
		refuse(listing, r);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		json_t *event = json_loads(rows[i].json, 0, NULL);

		tell_origin(listing, event);
		json_decref(event);
	}
	api_reply(listing->gate->api, listing->token, 200, json_pack("{s:O}", "faces", listing->faces));
	finish(listing);
}

static void on_faces(void *arg, int r, json_t *faces)
{
	struct listing *listing = arg;
	const struct store_filter filter = {
		.limit = STORE_ROWS_MAX, .type = "person.enrolled", .person = listing->person};
	json_t *face;
	size_t index;

	json_array_foreach(faces, index, face)
	{
		bool current = strcmp(json_string_value(json_object_get(face, "model")),
				      face_engine_recogniser()) == 0;

		json_array_append_new(listing->faces,
				      json_pack("{s:O, s:b}", "number", json_object_get(face, "number"),
						"current", current));
	}
	if (r == 0)
		r = store_query_events(journal_store(listing->gate->journal), &filter, on_events, listing);
	if (r < 0)
		refuse(listing, r);
}

void gate_person_faces_list(void *arg, struct api_token token, const char *id)
{
	struct gate *gate = arg;
	struct listing *listing;
	int r = -EIO;

	if (roster_find(gate->directory.people, id) == NULL) {
		api_reply_problem(gate->api, token, 404, "nobody is enrolled under this id");
		return;
	}
	listing = calloc(1, sizeof(*listing));
	if (listing == NULL) {
		api_reply_problem(gate->api, token, 500, "out of memory");
		return;
	}
	*listing = (struct listing){.gate = gate, .token = token, .faces = json_array()};
	snprintf(listing->person, sizeof(listing->person), "%s", id);
	if (journal_store(gate->journal) != NULL)
		r = store_faces(journal_store(gate->journal), id, on_faces, listing);
	if (r < 0)
		refuse(listing, r);
}

/* ---- one of them goes ---- */

struct removal {
	struct gate *gate;
	struct reply reply;
	char person[ULID_BYTES];
};

/* With the last one goes what was made of passages; of one among several gate_template_removed() hears behind this. */
static void on_removed(void *arg, int r, const struct event_row *row)
{
	struct removal *removal = arg;
	struct gate *gate = removal->gate;

	(void)row;
	if (r == 0 && roster_find(gate->directory.people, removal->person) != NULL) {
		(void)roster_count_template(gate->directory.people, removal->person,
					    -1); /* it was found just now */
		if (roster_find(gate->directory.people, removal->person)->template_count == 0)
			gate_person_templates_removed(gate, removal->person);
		gate_roster_state(gate);
	}
	reply_send(&removal->reply, r,
		   r == -ENOENT                                ? "this person has no such face"
		   : journal_trouble(gate->journal)[0] != '\0' ? journal_trouble(gate->journal)
							       : NULL,
		   NULL);
	free(removal);
}

void gate_person_face_remove(void *arg, struct api_token token, const struct api_caller *by, const char *id,
			     int64_t number)
{
	struct gate *gate = arg;
	const struct roster_person *person = roster_find(gate->directory.people, id);
	const struct reply reply = gate_api_reply(gate, token, 204);
	bool last = person != NULL && person->template_count == 1;
	struct event_draft draft = {.type = last ? "person.faces_removed" : "person.face_removed",
				    .person = id};
	struct removal *removal = person != NULL ? calloc(1, sizeof(*removal)) : NULL;
	int r = -ENOMEM;

	if (person == NULL) {
		api_reply_problem(gate->api, token, 404, "nobody is enrolled under this id");
		return;
	}
	draft.data = json_pack("{s:s, s:I}", "by", by->name, last ? "faces" : "face",
			       last ? (json_int_t)1 : (json_int_t)number);
	if (removal != NULL) {
		*removal = (struct removal){.gate = gate, .reply = reply};
		snprintf(removal->person, sizeof(removal->person), "%s", id);
		r = journal_trouble(gate->journal)[0] != '\0' || journal_store(gate->journal) == NULL
			    ? -EAGAIN
			    : store_template_remove_one(journal_store(gate->journal), id, number, &draft,
							on_removed, removal);
	}
	json_decref(draft.data);
	if (r == 0)
		return;
	free(removal);
	reply_send(&reply, r, "the change could not be written to the disk; nothing was changed", NULL);
}
