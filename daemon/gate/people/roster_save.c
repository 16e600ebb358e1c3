/* Changes of the roster on disk: each kept by the store with the event that tells of it. */
#include "roster_change.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

static void on_kept(void *arg, int r, const struct event_row *row)
{
	struct gate_change *change = arg;

	(void)row;
	if (r < 0) {
		log_error("access", "%s %s was not kept (%s), taken back", change->kind, change->id,
			  strerror(-r));
		gate_change_undo(change);
	}
	gate_roster_state(change->gate);
	if (access_rules_keeps(change->kind))
		doors_update_hours(change->gate->doors);
	if (change->done != NULL)
		change->done(change->arg, r);
	gate_change_free(change);
}

static const char *event_type(const struct gate_change *change)
{
	if (strcmp(change->kind, "person") == 0)
		return change->after == NULL    ? "person.removed"
		       : change->before == NULL ? "person.added"
						: "person.changed";
	return "access.changed";
}

static int keep_person(struct gate_change *change, const struct event_draft *draft)
{
	struct store *store = journal_store(change->gate->journal);

	if (change->after == NULL)
		return store_person_remove(store, change->id, draft, on_kept, change);
	return store_person_put(store, roster_find(change->gate->directory.people, change->id), draft,
				on_kept, change);
}

/* Where something of this kind is counted; NULL: nowhere. */
static const char *counter_of(const char *kind)
{
	if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0)
		return "used/";
	return strcmp(kind, "holder") == 0 ? "stay/" : NULL;
}

/* What stands in memory; what is removed takes its count along. */
static int keep_record(struct gate_change *change, const struct event_draft *draft)
{
	const char *counter = change->after == NULL ? counter_of(change->kind) : NULL;
	char id[STORE_RECORD_ID_BYTES + 8];
	const struct store_record records[] = {
		{.kind = change->kind, .id = change->id, .json = change->after},
		{.kind = "counter", .id = id}};

	snprintf(id, sizeof(id), "%s%s", counter != NULL ? counter : "", change->id);
	return store_records_write(journal_store(change->gate->journal), records, counter != NULL ? 2 : 1,
				   draft, on_kept, change);
}

/* A person's event says no more than that; the others name what it was. */
static json_t *event_data(const struct gate_change *change, const char *by)
{
	if (strcmp(change->kind, "person") == 0)
		return json_pack("{s:s}", "by", by);
	return json_pack("{s:s, s:s, s:s, s:s}", "by", by, "kind", change->kind, "id", change->id, "op",
			 change->after != NULL ? "put" : "remove");
}

static int keep(struct gate_change *change, const char *by)
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
	r = person ? keep_person(change, &draft) : keep_record(change, &draft);
	json_decref(data);
	return r;
}

int gate_change_keep(struct gate_change *change, const char *by, gate_change_fn done, void *arg)
{
	bool erases = strcmp(change->kind, "person") == 0 && change->after == NULL;
	struct gate *gate = change->gate;
	char id[STORE_RECORD_ID_BYTES];
	int r;

	snprintf(id, sizeof(id), "%s", change->id);
	change->done = done;
	change->arg = arg;
	r = keep(change, by);
	if (r < 0) {
		gate_change_undo(change);
		gate_change_free(change);
	} else if (erases) {
		gate_person_templates_removed(gate, id);
	}
	return r;
}

int gate_roster_is_kept(const struct gate *gate, char *error)
{
	if (journal_can_write(gate->journal))
		return 0;
	snprintf(error, ROSTER_ERROR_BYTES, "the disk takes no change now: %.200s",
		 journal_trouble(gate->journal)[0] != '\0' ? journal_trouble(gate->journal)
							   : "the store is opening");
	return -EAGAIN;
}

int gate_roster_apply_change(struct gate *gate, const json_t *json, const char *by, gate_change_fn done,
			     void *arg, char *error)
{
	struct gate_changes list = {0};
	struct gate_change *change;
	int r = gate_roster_is_kept(gate, error);

	if (r == 0 && gate_batch_is_busy(gate, json)) {
		snprintf(error, ROSTER_ERROR_BYTES,
			 "a new roster is being put in force; try again in a moment");
		r = -EBUSY;
	}
	if (r == 0)
		r = gate_changes_add(&list, gate, json, error);
	while (r == 0 && (change = gate_changes_shift(&list)) != NULL) {
		bool last = list.first == NULL;

		r = gate_change_keep(change, by, last ? done : NULL, last ? arg : NULL);
		if (r < 0) {
			snprintf(error, ROSTER_ERROR_BYTES, "%s", strerror(-r));
			gate_changes_undo(&list, 0);
		}
	}
	return r;
}
