/*
 * A batch applied: all of its changes, or none.
 *
 * The changes are applied in memory first, and undone at the first invalid one. A valid batch is
 * staged on disk as it was sent. Only then is each change saved with its event, a few at a time, so
 * that a door's event never waits behind ten thousand others. After a crash, a completely staged
 * batch is applied again from its beginning at the next start. This is harmless because a batch
 * names each item once. The work is done in time slices, between which the loop serves the doors.
 */
#include "roster_batch.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

enum {
	CHANGE_BYTES_MAX = 16 * 1024,
	STAGED_BYTES = STORE_RECORD_BYTES_MAX - 2 * CHANGE_BYTES_MAX, /* changes in one record */
	SLICE_US = 2000,
	/* unanswered at the same time: a door's event waits behind no more than these */
	WRITES_MAX = 64,
	STAGED_RECORDS_MAX = 4, /* in one write */
};

static json_t *span_json(const struct roster_batch *b)
{
	return json_pack("{s:s, s:s, s:s}", "by", b->by, "from", b->from, "to", b->to);
}

static void answer(struct roster_batch *b, int r, json_t *result)
{
	reply_send(&b->reply, r, &b->problem, result);
	roster_batch_reset(b);
}

static void fail(struct roster_batch *b)
{
	json_t *data = span_json(b);

	json_object_set_new(data, "reason", json_string(b->problem.detail));
	json_object_set_new(data, "problem", problem_json(&b->problem));
	journal_record(b->people->deps.journal, "roster.rejected",
		       b->resumed ? EVENT_ALARM : EVENT_WARNING, NULL, NULL, data);
	log_warning("roster", "revision %s was rejected: %s", b->to, b->problem.detail);
	answer(b, b->failed, NULL);
}

/* ---- in memory ---- */

/* Set the batch's problem: which change failed, and why. @return @p r. */
static int refuse(struct roster_batch *b, const json_t *change, int r, const struct problem *cause)
{
	const char *kind = json_string_value(json_object_get(change, "kind"));
	const char *id = json_string_value(json_object_get(change, "id"));

	problem_batch_change(&b->problem, (long long)b->at + 1, kind != NULL ? kind : "?",
			     id != NULL ? id : "?", cause);
	return r;
}

/* The rules for changes of a batch that do not hold for a single change. */
static int check_batch_rules(struct roster_batch *b, const json_t *change)
{
	const char *kind = json_string_value(json_object_get(change, "kind"));
	const char *id = json_string_value(json_object_get(change, "id"));
	char name[ROSTER_KIND_BYTES + STORE_RECORD_ID_BYTES];
	struct problem problem;

	if (kind == NULL || id == NULL)
		return refuse(b, change, problem_batch_not_texts(&problem), &problem);
	if (strcmp(kind, "pass") == 0)
		return refuse(b, change, problem_batch_pass(&problem), &problem);
	if (json_dumpb(change, NULL, 0, JSON_COMPACT) > CHANGE_BYTES_MAX)
		return refuse(b, change, problem_batch_change_too_large(&problem), &problem);
	snprintf(name, sizeof(name), "%.15s/%.63s", kind, id);
	if (json_object_get(b->seen, name) != NULL)
		return refuse(b, change, problem_batch_twice(&problem), &problem);
	if (json_object_set_new(b->seen, name, json_true()) < 0)
		return refuse(b, change, problem_no_memory(&problem), &problem);
	return 0;
}

static bool is_unchanged(const struct roster_change *change)
{
	return change->after != NULL && change->before != NULL &&
	       json_equal(change->before, change->after) != 0;
}

static int check_one(struct roster_batch *b, const json_t *change)
{
	struct problem problem = {0};
	bool removal = json_object_get(change, "value") == NULL;
	int r = check_batch_rules(b, change);

	if (r < 0)
		return r;
	r = roster_changes_add(&b->list, b->people, change, &problem);
	if (r == -ENOENT && removal) { /* removed already */
		b->unchanged++;
		return 0;
	}
	if (r < 0)
		return refuse(b, change, r == -ENOENT ? -EINVAL : r, &problem);
	if (is_unchanged(b->list.last))
		b->unchanged++;
	else if (removal)
		b->removed++;
	else
		b->put++;
	return 0;
}

static bool step_check(struct roster_batch *b)
{
	if (b->at == json_array_size(b->changes)) {
		roster_batch_set_phase(b, b->resumed ? BATCH_SAVE : BATCH_STAGE);
		b->at = 0;
		return true;
	}
	b->failed = check_one(b, json_array_get(b->changes, b->at));
	if (b->failed < 0)
		roster_batch_set_phase(b, BATCH_UNDO);
	b->at++;
	return true;
}

static bool step_undo(struct roster_batch *b)
{
	if (b->list.count > 0) {
		roster_changes_undo(&b->list, b->list.count - 1);
		return true;
	}
	if (b->writes > 0)
		return false;
	fail(b);
	return false;
}

/* ---- on disk ---- */

static void on_written(void *arg, int r)
{
	struct roster_batch *b = arg;

	assert(b->writes > 0);
	b->writes--;
	if (r < 0 && b->failed == 0) {
		b->failed = r;
		problem_batch_not_kept(&b->problem, r);
	}
	roster_batch_schedule(b);
}

static void on_row(void *arg, int r, const struct event_row *row)
{
	(void)row;
	on_written(arg, r);
}

/* @return whether the store accepted the write */
static bool write_staged(struct roster_batch *b, const struct store_record *records, size_t count)
{
	struct event_draft draft = {.type = "roster.staged", .data = span_json(b)};
	int r;

	b->writes++;
	r = store_records_write(journal_store(b->people->deps.journal), records, count, &draft,
				on_row, b);
	json_decref(draft.data);
	if (r < 0)
		on_written(b, r);
	return r == 0;
}

/* As many of the next changes as fit in one record. */
static json_t *make_record(struct roster_batch *b)
{
	json_t *list = json_array();
	size_t bytes = 0;

	while (b->at < json_array_size(b->changes) && bytes < STAGED_BYTES) {
		json_t *change = json_array_get(b->changes, b->at++);

		bytes += json_dumpb(change, NULL, 0, JSON_COMPACT) + 1;
		json_array_append(list, change);
	}
	return json_pack("{s:o}", "changes", list);
}

static bool step_stage(struct roster_batch *b)
{
	struct store_record records[STAGED_RECORDS_MAX + 1];
	char ids[STAGED_RECORDS_MAX][16];
	size_t count = 0;
	bool sent;

	/* one write at a time: ROSTER_BATCH_READY follows only what was written */
	if (b->writes > 0)
		return false;
	if (b->failed < 0) {
		roster_batch_set_phase(b, BATCH_UNDO);
		return true;
	}
	if (b->at == 0) /* remove what an earlier batch may have left */
		records[count++] = (struct store_record){"staged", STORE_RECORD_ALL, NULL};
	while (count < STAGED_RECORDS_MAX && b->at < json_array_size(b->changes)) {
		snprintf(ids[count], sizeof(ids[count]), "%05zu", b->records++);
		records[count] = (struct store_record){"staged", ids[count], make_record(b)};
		count++;
	}
	if (b->at == json_array_size(b->changes)) {
		records[count++] =
			(struct store_record){"staged", ROSTER_BATCH_READY, span_json(b)};
		roster_batch_set_phase(b, BATCH_STAGED);
	}
	sent = write_staged(b, records, count);
	for (size_t i = 0; i < count; i++)
		json_decref(records[i].json);
	if (!sent)
		roster_batch_set_phase(b, BATCH_UNDO);
	return true;
}

static bool step_staged(struct roster_batch *b)
{
	if (b->writes > 0)
		return false;
	roster_batch_set_phase(b, b->failed < 0 ? BATCH_UNDO : BATCH_SAVE);
	return true;
}

/*
 * A change that cannot be saved does not stop the others: the whole batch is staged and is applied
 * again at the next start.
 */
static bool step_save(struct roster_batch *b)
{
	struct roster_change *change;

	if (b->writes >= WRITES_MAX)
		return false;
	assert(b->people->batch_runs);
	change = roster_changes_shift(&b->list);
	if (change == NULL) {
		roster_batch_set_phase(b, BATCH_FINISH);
		return true;
	}
	if (is_unchanged(change)) {
		roster_change_free(change);
		return true;
	}
	b->writes++;
	if (roster_change_save(change, b->by, on_written, b) < 0)
		on_written(b, -ENOSPC);
	return true;
}

static void on_finished(void *arg, int r, const struct event_row *row)
{
	struct roster_batch *b = arg;

	(void)row;
	b->writes--;
	if (r < 0) {
		b->failed = r;
		problem_batch_end_not_kept(&b->problem, r);
		fail(b);
		return;
	}
	snprintf(b->people->revision, sizeof(b->people->revision), "%s", b->to);
	log_info("roster", "revision %s is in force: %zu put, %zu removed, %zu unchanged", b->to,
		 b->put, b->removed, b->unchanged);
	people_publish_state(b->people);
	answer(b, 0,
	       json_pack("{s:s, s:I, s:I, s:I}", "revision", b->people->revision, "put",
			 (json_int_t)b->put, "removed", (json_int_t)b->removed, "unchanged",
			 (json_int_t)b->unchanged));
}

static bool finish(struct roster_batch *b)
{
	struct event_draft draft = {.type = "roster.applied", .data = span_json(b)};
	struct store_record records[2] = {{"roster", "revision", NULL},
					  {"staged", STORE_RECORD_ALL, NULL}};
	int r;

	records[0].json = json_pack("{s:s}", "revision", b->to);
	json_object_set_new(draft.data, "put", json_integer((json_int_t)b->put));
	json_object_set_new(draft.data, "removed", json_integer((json_int_t)b->removed));
	json_object_set_new(draft.data, "unchanged", json_integer((json_int_t)b->unchanged));
	b->writes++;
	r = store_records_write(journal_store(b->people->deps.journal), records, 2, &draft,
				on_finished, b);
	json_decref(records[0].json);
	json_decref(draft.data);
	if (r < 0)
		on_finished(b, r, NULL);
	return false;
}

static bool step_finish(struct roster_batch *b)
{
	if (b->writes > 0)
		return false;
	if (b->failed < 0)
		fail(b);
	else
		finish(b);
	return false;
}

static bool step(struct roster_batch *b)
{
	switch (b->phase) {
	case BATCH_CHECK:
		return step_check(b);
	case BATCH_UNDO:
		return step_undo(b);
	case BATCH_STAGE:
		return step_stage(b);
	case BATCH_STAGED:
		return step_staged(b);
	case BATCH_SAVE:
		return step_save(b);
	case BATCH_FINISH:
		return step_finish(b);
	default:
		return false;
	}
}

int roster_batch_work(sd_event_source *source, void *arg)
{
	struct roster_batch *b = arg;
	uint64_t until_us = clock_mono_us() + SLICE_US;
	bool more = true;

	(void)source;
	while (more && clock_mono_us() < until_us)
		more = step(b);
	if (more)
		roster_batch_schedule(b);
	return 0;
}
