/* A batch: its parts collected, its phases, and how it is resumed after a restart. */
#include "roster_batch.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	PARTS_MAX = 64,
	CHANGES_MAX = 50000,
	PART_TIMEOUT_MS = 300000, /* after it the next part must be a first one */
};

/* Other changes are refused from the check to the end. */
void roster_batch_set_phase(struct roster_batch *b, enum roster_batch_phase phase)
{
	b->phase = phase;
	b->people->batch_runs = phase > BATCH_COLLECT;
}

void roster_batch_schedule(struct roster_batch *b)
{
	if (b->source != NULL)
		(void)sd_event_source_set_enabled(b->source, SD_EVENT_ONESHOT);
}

void roster_batch_reset(struct roster_batch *b)
{
	json_decref(b->changes);
	json_decref(b->seen);
	b->changes = b->seen = NULL;
	roster_batch_set_phase(b, BATCH_IDLE);
	b->parts = b->received = 0;
	b->at = b->put = b->removed = b->unchanged = b->records = 0;
	b->failed = 0;
	b->resumed = false;
	b->reply = (struct reply){0};
}

/* ---- parts ---- */

static void begin(struct roster_batch *b)
{
	roster_batch_set_phase(b, BATCH_CHECK);
	b->at = 0;
	b->seen = json_object();
	roster_batch_schedule(b);
}

static int check_part(struct roster_batch *b, const struct people_batch_part *part,
		      struct problem *problem)
{
	bool stale = clock_mono_ms() - b->part_mono_ms > PART_TIMEOUT_MS;

	if (b->phase > BATCH_COLLECT)
		return problem_batch_busy(problem);
	if (part->from != NULL && strcmp(part->from, b->people->revision) != 0)
		return problem_batch_other_revision(problem, b->people->revision);
	if (part->parts == 0 || part->parts > PARTS_MAX || part->part == 0 ||
	    part->part > part->parts)
		return problem_batch_part_invalid(problem);
	if (part->part == 1)
		return 0;
	if (b->phase != BATCH_COLLECT || stale || strcmp(part->to, b->to) != 0 ||
	    part->parts != b->parts || strcmp(part->by, b->by) != 0)
		return problem_batch_no_first(problem);
	if (part->part != b->received + 1)
		return problem_batch_part_expected(problem, b->received + 1);
	return 0;
}

int people_batch(struct people *people, const struct people_batch_part *part,
		 const struct reply *reply, struct problem *problem)
{
	struct roster_batch *b = people->batch;
	int r;

	assert_thread(THREAD_CONTROL);
	r = people_can_change(people, problem);

	if (r == 0 && b->phase <= BATCH_COLLECT &&
	    strcmp(part->to, b->people->revision) == 0) { /* a repeated batch */
		reply_send(reply, 0, NULL,
			   json_pack("{s:s, s:i, s:i, s:i}", "revision", b->people->revision, "put",
				     0, "removed", 0, "unchanged", 0));
		return 0;
	}
	if (r == 0)
		r = check_part(b, part, problem);
	if (r == 0 && part->part > 1 &&
	    json_array_size(b->changes) + json_array_size(part->changes) > CHANGES_MAX)
		r = problem_batch_too_many(problem, CHANGES_MAX);
	if (r < 0)
		return r;
	if (part->part == 1) {
		roster_batch_reset(b);
		roster_batch_set_phase(b, BATCH_COLLECT);
		b->changes = json_array();
		b->parts = part->parts;
		snprintf(b->from, sizeof(b->from), "%s", b->people->revision);
		snprintf(b->to, sizeof(b->to), "%s", part->to);
		snprintf(b->by, sizeof(b->by), "%s", part->by);
	}
	json_array_extend(b->changes, part->changes);
	b->received = part->part;
	b->part_mono_ms = clock_mono_ms();
	if (b->received < b->parts) {
		reply_send(reply, 0, NULL,
			   json_pack("{s:s, s:i, s:i}", "revision", b->people->revision, "part",
				     (int)b->received, "parts", (int)b->parts));
		return 0;
	}
	b->reply = *reply;
	begin(b);
	return 0;
}

/* ---- restart ---- */

static void copy(char *to, size_t bytes, const json_t *json, const char *key)
{
	const char *text = json_string_value(json_object_get(json, key));

	snprintf(to, bytes, "%s", text != NULL ? text : "");
}

void roster_batch_load(struct people *people, const char *kind, const char *id, json_t *json)
{
	struct roster_batch *b = people->batch;

	if (strcmp(kind, "roster") == 0) {
		copy(b->people->revision, sizeof(b->people->revision), json, "revision");
	} else if (strcmp(id, ROSTER_BATCH_READY) == 0) { /* the last record in order of id */
		copy(b->from, sizeof(b->from), json, "from");
		copy(b->to, sizeof(b->to), json, "to");
		copy(b->by, sizeof(b->by), json, "by");
		b->resumed = true;
	} else {
		if (b->changes == NULL)
			b->changes = json_array();
		json_array_extend(b->changes, json_object_get(json, "changes"));
	}
}

void roster_batch_settle(struct people *people)
{
	struct roster_batch *b = people->batch;

	assert(b->phase == BATCH_IDLE);
	if (!b->resumed) { /* nothing was staged, or not all of it: nothing was applied */
		roster_batch_reset(b);
		return;
	}
	log_info("roster", "resuming the batch from revision \"%s\" to \"%s\"", b->from, b->to);
	begin(b);
}

int roster_batch_open(struct people *people)
{
	struct roster_batch *b = calloc(1, sizeof(*b));
	int r;

	if (b == NULL)
		return -ENOMEM;
	b->people = people;
	people->batch = b;
	r = sd_event_add_defer(people->deps.event, &b->source, roster_batch_work, b);
	if (r >= 0)
		r = sd_event_source_set_enabled(b->source, SD_EVENT_OFF);
	if (r >= 0) /* after doors, readers and links */
		r = sd_event_source_set_priority(b->source, SD_EVENT_PRIORITY_IDLE);
	return r;
}

void roster_batch_close(struct people *people)
{
	struct roster_batch *b = people->batch;
	struct roster_change *change;

	if (b == NULL)
		return;
	while ((change = roster_changes_shift(&b->list)) != NULL)
		roster_change_free(change);
	roster_batch_reset(b);
	sd_event_source_disable_unref(b->source);
	free(b);
	people->batch = NULL;
}
