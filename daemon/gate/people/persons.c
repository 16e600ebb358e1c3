/* Persons, for the API: listed, added, removed. */
#include "people_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/ulid.h"

static json_t *person_json(const struct people *people, const struct roster_person *person)
{
	json_t *json = person_value(person), *holder = holder_value(people, person);

	json_object_update(json, holder);
	json_decref(holder);
	json_object_set_new(json, "id", json_string(person->id));
	json_object_set_new(json, "faces", json_integer(person->template_count));
	return json;
}

json_t *people_list(const struct people *people, const char *after_id, unsigned limit)
{
	const struct roster_person *person = roster_next(people->directory.people, after_id);
	json_t *list = json_array(), *next = json_null();

	for (unsigned i = 0; person != NULL && i < limit; i++) {
		json_array_append_new(list, person_json(people, person));
		if (i + 1 == limit && roster_next(people->directory.people, person->id) != NULL)
			next = json_string(person->id);
		person = roster_next(people->directory.people, person->id);
	}
	return json_pack("{s:o, s:o}", "people", list, "next", next);
}

json_t *people_person_json(const struct people *people, const char *id)
{
	const struct roster_person *person = roster_find(people->directory.people, id);

	return person != NULL ? person_json(people, person) : NULL;
}

/* a change that the store has not answered, and its reply */
struct request {
	struct people *people;
	struct reply reply;
	char person[ULID_BYTES];
};

static void on_changed(void *arg, int r)
{
	struct request *request = arg;

	reply_send(&request->reply, r, journal_problem(request->people->deps.journal),
		   r == 0 ? people_person_json(request->people, request->person) : NULL);
	free(request);
}

/* Takes the reference to @p change. */
static void apply(struct people *people, const char *person, const char *by, json_t *change,
		  const struct reply *reply)
{
	struct request *request = calloc(1, sizeof(*request));
	struct problem problem;
	int r = problem_no_memory(&problem);

	if (request != NULL) {
		request->people = people;
		request->reply = *reply;
		snprintf(request->person, sizeof(request->person), "%s", person);
		r = people_change(people, change, by, on_changed, request, &problem);
	}
	json_decref(change);
	if (r == 0)
		return;
	free(request);
	reply_refuse(reply, r, &problem);
}

void people_add(struct people *people, const char *name, int64_t valid_from_unix_ms,
		int64_t valid_to_unix_ms, const char *by, const struct reply *reply)
{
	json_t *value = json_pack("{s:s}", "name", name);
	char id[ULID_BYTES];

	if (valid_from_unix_ms != 0)
		json_set_utc(value, "valid_from", valid_from_unix_ms);
	if (valid_to_unix_ms != 0)
		json_set_utc(value, "valid_to", valid_to_unix_ms);
	ulid_make(clock_unix_ms(), id);
	apply(people, id, by,
	      json_pack("{s:s, s:s, s:s, s:o}", "op", "put", "kind", "person", "id", id, "value",
			value),
	      reply);
}

void people_remove(struct people *people, const char *id, const char *by, const struct reply *reply)
{
	struct problem problem;
	if (roster_find(people->directory.people, id) == NULL)
		reply_refuse(reply, problem_person_not_enrolled(&problem), &problem);
	else
		apply(people, id, by,
		      json_pack("{s:s, s:s, s:s}", "op", "remove", "kind", "person", "id", id),
		      reply);
}
