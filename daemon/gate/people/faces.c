/* The faces of one person: list them, remove one or all. */
#include "people_private.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "vision/face/face.h"

/* a list that waits for the store */
struct listing {
	struct people *people;
	struct reply reply;
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
	struct problem problem;
	problem_faces_unreadable(&problem);
	reply_refuse(&listing->reply, r, &problem);
	finish(listing);
}

static json_t *find_face(const struct listing *listing, json_int_t number)
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

/* Add when, by whom and from where a face was enrolled, as its event says. */
static void add_origin(const struct listing *listing, const json_t *event)
{
	static const char *const members[] = {"by", "quality", "camera"};
	const json_t *data = json_object_get(event, "data");
	json_t *face = find_face(listing, json_integer_value(json_object_get(data, "face")));

	if (face == NULL)
		return;
	json_object_set(face, "enrolled", json_object_get(event, "time"));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (json_object_get(data, members[i]) != NULL)
			json_object_set(face, members[i], json_object_get(data, members[i]));
}

static void on_events(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct listing *listing = arg;

	if (r < 0) {
		refuse(listing, r);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		json_t *event = json_loads(rows[i].json, 0, NULL);

		add_origin(listing, event);
		json_decref(event);
	}
	reply_send(&listing->reply, 0, NULL, json_pack("{s:O}", "faces", listing->faces));
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

		json_array_append_new(listing->faces, json_pack("{s:O, s:b}", "number",
								json_object_get(face, "number"),
								"current", current));
	}
	if (r == 0)
		r = store_query_events(journal_store(listing->people->deps.journal), &filter,
				       on_events, listing);
	if (r < 0)
		refuse(listing, r);
}

void people_list_faces(struct people *people, const char *person, const struct reply *reply)
{
	struct problem problem;
	struct store *store = journal_store(people->deps.journal);
	struct listing *listing;
	int r = -EIO;

	if (roster_find(people->directory.people, person) == NULL) {
		reply_refuse(reply, problem_person_not_enrolled(&problem), &problem);
		return;
	}
	listing = calloc(1, sizeof(*listing));
	if (listing == NULL) {
		reply_refuse(reply, problem_no_memory(&problem), &problem);
		return;
	}
	*listing = (struct listing){.people = people, .reply = *reply, .faces = json_array()};
	snprintf(listing->person, sizeof(listing->person), "%s", person);
	if (store != NULL)
		r = store_faces(store, person, on_faces, listing);
	if (r < 0)
		refuse(listing, r);
}

/* ---- removal ---- */

struct removal {
	struct people *people;
	struct reply reply;
	char person[ULID_BYTES];
};

/*
 * The person's last template is removed from the gallery here; one of several by
 * people_template_removed().
 */
static void on_removed(void *arg, int r, const struct event_row *row)
{
	struct problem problem;
	struct removal *removal = arg;
	struct people *people = removal->people;

	(void)row;
	if (r == 0 && roster_find(people->directory.people, removal->person) != NULL) {
		(void)roster_count_template(people->directory.people, removal->person,
					    -1); /* the person was found just now */
		if (roster_find(people->directory.people, removal->person)->template_count == 0)
			templates_forget(people, removal->person);
		people_publish_state(people);
	}
	if (r == -ENOENT)
		problem_face_unknown(&problem);
	else
		problem = *journal_problem(people->deps.journal);
	reply_refuse(&removal->reply, r, &problem);
	free(removal);
}

/* Whether the store accepts a removal now. */
static bool can_remove(const struct people *people)
{
	return journal_trouble(people->deps.journal)[0] == '\0' &&
	       journal_store(people->deps.journal) != NULL;
}

static struct removal *removal_new(struct people *people, const char *person,
				   const struct reply *reply)
{
	struct removal *removal = calloc(1, sizeof(*removal));

	if (removal == NULL)
		return NULL;
	*removal = (struct removal){.people = people, .reply = *reply};
	snprintf(removal->person, sizeof(removal->person), "%s", person);
	return removal;
}

void people_remove_face(struct people *people, const char *id, int64_t number, const char *by,
			const struct reply *reply)
{
	struct problem problem;
	const struct roster_person *person = roster_find(people->directory.people, id);
	bool last = person != NULL && person->template_count == 1;
	struct event_draft draft = {.type = last ? "person.faces_removed" : "person.face_removed",
				    .person = id};
	struct removal *removal;
	int r = -ENOMEM;

	if (person == NULL) {
		reply_refuse(reply, problem_person_not_enrolled(&problem), &problem);
		return;
	}
	draft.data = json_pack("{s:s, s:I}", "by", by, last ? "faces" : "face",
			       last ? (json_int_t)1 : (json_int_t)number);
	removal = removal_new(people, id, reply);
	if (removal != NULL)
		r = can_remove(people)
			    ? store_template_remove_one(journal_store(people->deps.journal), id,
							number, &draft, on_removed, removal)
			    : -EAGAIN;
	json_decref(draft.data);
	if (r == 0)
		return;
	free(removal);
	problem_not_kept(&problem);
	reply_refuse(reply, r, &problem);
}

static void on_faces_removed(void *arg, int r, const struct event_row *row)
{
	struct removal *removal = arg;
	struct people *people = removal->people;
	const struct roster_person *person = roster_find(people->directory.people, removal->person);

	(void)row;
	if (r == 0 && person != NULL) {
		(void)roster_count_template(people->directory.people, removal->person,
					    -(int)person->template_count);
		templates_forget(people, removal->person);
		people_publish_state(people);
	}
	reply_refuse(&removal->reply, r, journal_problem(people->deps.journal));
	free(removal);
}

void faces_remove_all(struct people *people, const struct roster_person *person, const char *by,
		      const struct reply *reply)
{
	struct event_draft draft = {.type = "person.faces_removed"};
	struct problem problem;
	struct removal *removal;
	int r = -ENOMEM;

	assert(person->template_count > 0);
	draft.person = person->id;
	removal = removal_new(people, person->id, reply);

	draft.data = json_pack("{s:s, s:i}", "by", by, "faces", (int)person->template_count);
	if (removal != NULL)
		r = can_remove(people)
			    ? store_template_remove(journal_store(people->deps.journal), person->id,
						    NULL, &draft, on_faces_removed, removal)
			    : -EAGAIN;
	json_decref(draft.data);
	if (r == 0)
		return;
	free(removal);
	problem_not_kept(&problem);
	reply_refuse(reply, r, &problem);
}

void people_remove_faces(struct people *people, const char *id, const char *by,
			 const struct reply *reply)
{
	struct problem problem;
	const struct roster_person *person = roster_find(people->directory.people, id);

	if (person == NULL)
		reply_refuse(reply, problem_person_not_enrolled(&problem), &problem);
	else if (person->template_count == 0)
		reply_refuse(reply, problem_no_face_enrolled(&problem), &problem);
	else
		faces_remove_all(people, person, by, reply);
}

/* ---- withdrawal of consent ---- */

static void on_removed_without_consent(const struct reply *reply, int r,
				       const struct problem *problem, json_t *result)
{
	(void)reply;
	json_decref(result);
	if (r < 0)
		log_error("roster",
			  "a face of a person who has withdrawn consent could not be removed: %s",
			  problem->detail);
}

void faces_enforce_consent(struct people *people, const char *person)
{
	const struct roster_person *found = roster_find(people->directory.people, person);
	const struct reply reply = {.answer = on_removed_without_consent};

	if (found != NULL && found->template_count > 0 && consent_is_withdrawn(people, person))
		faces_remove_all(people, found, "consent", &reply);
}

void people_consent_changed(struct people *people, const char *person, bool withdrawn)
{
	assert_thread(THREAD_CONTROL);
	consent_set_withdrawn(people, person, withdrawn);
	faces_enforce_consent(people, person);
}
