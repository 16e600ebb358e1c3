#include "gate_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* a change of the roster on its way to the disk; the copy in memory follows once it is there */
struct change {
	struct gate *gate;
	struct gate_reply reply;
	struct roster_person person;
};

static json_t *time_json(int64_t unix_ms)
{
	char text[CLOCK_UTC_BYTES];

	if (unix_ms == 0)
		return json_null();
	clock_format_utc(unix_ms, text);
	return json_string(text);
}

static json_t *person_json(const struct roster_person *person)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:b, s:i}", "id", person->id, "name", person->name,
			 "valid_from", time_json(person->valid_from_unix_ms), "valid_to",
			 time_json(person->valid_to_unix_ms), "enabled", person->enabled, "faces",
			 (int)person->template_count);
}

void gate_roster_state(struct gate *gate)
{
	gate_link_state(gate, "roster", "summary",
			json_pack("{s:I}", "people", (json_int_t)roster_count(gate->roster)));
}

void gate_people_list(void *arg, struct api_token token, const char *after_id, unsigned limit)
{
	struct gate *gate = arg;
	const struct roster_person *person = roster_next(gate->roster, after_id);
	json_t *list = json_array(), *next = json_null();

	for (unsigned i = 0; person != NULL && i < limit; i++) {
		json_array_append_new(list, person_json(person));
		if (i + 1 == limit && roster_next(gate->roster, person->id) != NULL)
			next = json_string(person->id);
		person = roster_next(gate->roster, person->id);
	}
	api_reply(gate->api, token, 200, json_pack("{s:o, s:o}", "people", list, "next", next));
}

void gate_person_get(void *arg, struct api_token token, const char *id)
{
	struct gate *gate = arg;
	const struct roster_person *person = roster_find(gate->roster, id);

	if (person == NULL)
		api_reply_problem(gate->api, token, 404, "nobody is enrolled under this id");
	else
		api_reply(gate->api, token, 200, person_json(person));
}

static struct change *change_new(struct gate *gate, const struct gate_reply *reply)
{
	struct change *change = calloc(1, sizeof(*change));

	if (change == NULL) {
		reply->answer(gate, reply, -ENOMEM, NULL, NULL);
		return NULL;
	}
	change->gate = gate;
	change->reply = *reply;
	return change;
}

/* While the disk takes nothing, a change would wait without an end: better said at once. */
static int change_may_begin(const struct gate *gate)
{
	if (gate->store == NULL)
		return -EIO;
	return gate->store_trouble[0] != '\0' ? -EAGAIN : 0;
}

static void refuse(struct change *change, int r)
{
	const char *why = change->gate->store_trouble;

	change->reply.answer(change->gate, &change->reply, r, why[0] != '\0' ? why : NULL, NULL);
	free(change);
}

static void on_added(void *arg, int r, const struct event_row *row)
{
	struct change *change = arg;

	(void)row;
	if (r == 0)
		r = roster_put(change->gate->roster, &change->person);
	if (r < 0) {
		refuse(change, r);
		return;
	}
	change->reply.answer(change->gate, &change->reply, 0, NULL, person_json(&change->person));
	gate_roster_state(change->gate);
	free(change);
}

void gate_person_add(void *arg, struct api_token token, const struct api_caller *by,
		     const struct api_person *person)
{
	struct gate *gate = arg;
	struct gate_reply reply = gate_api_reply(token, 201);
	struct change *change = change_new(gate, &reply);
	struct event_draft draft = {.type = "person.added"};
	int r;

	if (change == NULL)
		return;
	ulid_make(clock_unix_ms(), change->person.id);
	snprintf(change->person.name, sizeof(change->person.name), "%s", person->name);
	change->person.valid_from_unix_ms = person->valid_from_unix_ms;
	change->person.valid_to_unix_ms = person->valid_to_unix_ms;
	change->person.enabled = true;
	draft.person = change->person.id;
	draft.data = json_pack("{s:s}", "by", by->name);
	r = change_may_begin(gate);
	if (r == 0)
		r = store_person_put(gate->store, &change->person, &draft, on_added, change);
	json_decref(draft.data);
	if (r < 0)
		refuse(change, r);
}

static void on_removed(void *arg, int r, const struct event_row *row)
{
	struct change *change = arg;

	(void)row;
	if (r < 0) {
		refuse(change, r);
		return;
	}
	(void)roster_remove(change->gate->roster, change->person.id); /* gone already is as good */
	gate_vision_person_removed(change->gate, change->person.id);
	change->reply.answer(change->gate, &change->reply, 0, NULL, NULL);
	gate_roster_state(change->gate);
	free(change);
}

void gate_person_remove(void *arg, struct api_token token, const struct api_caller *by, const char *id)
{
	struct gate *gate = arg;
	struct gate_reply reply = gate_api_reply(token, 204);
	struct event_draft draft = {.type = "person.removed", .person = id};
	struct change *change;
	int r;

	if (roster_find(gate->roster, id) == NULL) {
		api_reply_problem(gate->api, token, 404, "nobody is enrolled under this id");
		return;
	}
	change = change_new(gate, &reply);
	if (change == NULL)
		return;
	snprintf(change->person.id, sizeof(change->person.id), "%s", id);
	draft.data = json_pack("{s:s}", "by", by->name);
	r = change_may_begin(gate);
	if (r == 0)
		r = store_person_remove(gate->store, id, &draft, on_removed, change);
	json_decref(draft.data);
	if (r < 0)
		refuse(change, r);
}

void gate_person_enrol(void *arg, struct api_token token, const struct api_caller *by, const char *id,
		       const void *photo, size_t bytes)
{
	struct gate *gate = arg;
	const struct roster_person *person = roster_find(gate->roster, id);
	struct gate_reply reply = gate_api_reply(token, 201);
	int r;

	if (person == NULL) {
		api_reply_problem(gate->api, token, 404, "nobody is enrolled under this id");
		return;
	}
	if (person->template_count >= ROSTER_TEMPLATES_MAX) {
		api_reply_problem(gate->api, token, 409,
				  "this person has %d faces already: remove and add the person anew",
				  ROSTER_TEMPLATES_MAX);
		return;
	}
	r = gate_vision_enrol(gate, id, by->name, photo, bytes, &reply);
	if (r < 0)
		api_reply_problem(
			gate->api, token, r == -EFBIG ? 413 : 503,
			r == -EAGAIN ? "the face models are still loading; try again in a moment"
			: r == -ENODEV
				? "the face models are not there; run tools/setup and restart the daemon"
			: r == -EFBIG ? "the photo is too large"
				      : "too many photos at once; try again in a moment");
}
