/* Changes of the roster on disk: each saved by the store in one transaction with its event. */
#include "roster_change.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

static void on_saved(void *arg, int r, const struct event_row *row)
{
	struct roster_change *change = arg;

	(void)row;
	if (r < 0) {
		log_error("access", "%s %s was not saved (%s), undone", change->kind, change->id,
			  strerror(-r));
		roster_change_undo(change);
	}
	people_publish_state(change->people);
	if (access_rules_has_kind(change->kind))
		change->people->ops->rules_changed(change->people->arg);
	if (change->done != NULL)
		change->done(change->arg, r);
	roster_change_free(change);
}

static const char *event_type(const struct roster_change *change)
{
	if (strcmp(change->kind, "person") == 0)
		return change->after == NULL    ? "person.removed"
		       : change->before == NULL ? "person.added"
						: "person.changed";
	return "access.changed";
}

static int save_person(struct roster_change *change, const struct event_draft *draft)
{
	struct store *store = journal_store(change->people->deps.journal);

	if (change->after == NULL)
		return store_person_remove(store, change->id, draft, on_saved, change);
	return store_person_put(store, roster_find(change->people->directory.people, change->id),
				draft, on_saved, change);
}

/* The prefix of the kind's counter record; NULL: the kind has none. */
static const char *counter_of(const char *kind)
{
	if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0)
		return "used/";
	return strcmp(kind, "holder") == 0 ? "stay/" : NULL;
}

/* The item as it is in force. A removed item's counter is removed with it. */
static int save_record(struct roster_change *change, const struct event_draft *draft)
{
	const char *counter = change->after == NULL ? counter_of(change->kind) : NULL;
	char id[STORE_RECORD_ID_BYTES + 8];
	const struct store_record records[] = {
		{.kind = change->kind, .id = change->id, .json = change->after},
		{.kind = "counter", .id = id}};

	snprintf(id, sizeof(id), "%s%s", counter != NULL ? counter : "", change->id);
	return store_records_write(journal_store(change->people->deps.journal), records,
				   counter != NULL ? 2 : 1, draft, on_saved, change);
}

/* A person's event has its own type and carries the id elsewhere; the others name the item. */
static json_t *event_data(const struct roster_change *change, const char *by)
{
	if (strcmp(change->kind, "person") == 0)
		return json_pack("{s:s}", "by", by);
	return json_pack("{s:s, s:s, s:s, s:s}", "by", by, "kind", change->kind, "id", change->id,
			 "op", change->after != NULL ? "put" : "remove");
}

static int save(struct roster_change *change, const char *by)
{
	json_t *data = event_data(change, by);
	struct event_draft draft = {.type = event_type(change), .data = data};
	bool person = strcmp(change->kind, "person") == 0;
	json_t *value = change->after != NULL ? change->after : change->before;
	const char *of = json_string_value(json_object_get(value, "person"));
	int r;

	if (person || strcmp(change->kind, "holder") == 0)
		draft.person = change->id;
	else if (of != NULL)
		draft.person = of;
	r = person ? save_person(change, &draft) : save_record(change, &draft);
	json_decref(data);
	return r;
}

int roster_change_save(struct roster_change *change, const char *by, people_changed_fn done,
		       void *arg)
{
	bool erases = strcmp(change->kind, "person") == 0 && change->after == NULL;
	struct people *people = change->people;
	char id[STORE_RECORD_ID_BYTES];
	int r;

	assert(change->next == NULL && change->prev == NULL); /* in no list */
	snprintf(id, sizeof(id), "%s", change->id);
	change->done = done;
	change->arg = arg;
	r = save(change, by);
	if (r < 0) {
		roster_change_undo(change);
		roster_change_free(change);
	} else if (erases) {
		templates_forget(people, id);
	}
	return r;
}

int people_can_change(const struct people *people, struct problem *problem)
{
	struct problem opening;

	if (journal_can_write(people->deps.journal))
		return 0;
	problem_store_opening(&opening);
	return problem_disk_refuses(problem, journal_trouble(people->deps.journal)[0] != '\0'
						     ? journal_problem(people->deps.journal)
						     : &opening);
}

/* While a batch is applied. A batch contains no passes, so a visitor need not wait for it. */
static bool must_wait(const struct people *people, const json_t *change)
{
	const char *kind = json_string_value(json_object_get(change, "kind"));

	return people->batch_runs && (kind == NULL || strcmp(kind, "pass") != 0);
}

int people_change(struct people *people, const json_t *json, const char *by, people_changed_fn done,
		  void *arg, struct problem *problem)
{
	struct roster_changes list = {0};
	struct roster_change *change;
	int r;

	assert_thread(THREAD_CONTROL);
	r = people_can_change(people, problem);
	if (r == 0 && must_wait(people, json))
		r = problem_roster_busy(problem);
	if (r == 0)
		r = roster_changes_add(&list, people, json, problem);
	while (r == 0 && (change = roster_changes_shift(&list)) != NULL) {
		bool last = list.first == NULL;

		r = roster_change_save(change, by, last ? done : NULL, last ? arg : NULL);
		if (r < 0) {
			problem_failed(problem, r);
			roster_changes_undo(&list, 0);
		}
	}
	return r;
}
