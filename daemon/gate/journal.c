#include "journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/thread_role.h"

struct journal {
	struct store *store;
	struct problem trouble; /* PROBLEM_NONE while the log can be written */
	journal_state_fn publish;
	void *arg;
};

struct journal *journal_open(void)
{
	return calloc(1, sizeof(struct journal));
}

void journal_close(struct journal *journal)
{
	free(journal);
}

void journal_use_store(struct journal *journal, struct store *store)
{
	journal->store = store;
}

struct store *journal_store(const struct journal *journal)
{
	return journal->store;
}

void journal_set_trouble(struct journal *journal, const struct problem *problem)
{
	journal->trouble = problem != NULL ? *problem : (struct problem){0};
}

const struct problem *journal_problem(const struct journal *journal)
{
	return &journal->trouble;
}

const char *journal_trouble(const struct journal *journal)
{
	return journal->trouble.detail;
}

bool journal_can_write(const struct journal *journal)
{
	return journal->store != NULL && journal->trouble.code == PROBLEM_NONE &&
	       store_is_ready(journal->store);
}

static void log_unrecorded(const struct event_draft *draft, int r)
{
	char *text = draft->data != NULL ? json_canonical(draft->data) : NULL;

	/* an event holds no names, so the system journal gets no personal data */
	log_warning("log", "not recorded (%s): %s %s %s %s", strerror(-r), draft->type,
		    draft->source != NULL ? draft->source : "-",
		    draft->person != NULL ? draft->person : "-", text != NULL ? text : "{}");
	free(text);
}

int journal_record_draft(struct journal *journal, const struct event_draft *draft,
			 store_done_fn done, void *arg)
{
	int r;

	assert_thread(THREAD_CONTROL);
	assert(draft->type != NULL && draft->type[0] != '\0');
	r = journal->store != NULL ? store_append(journal->store, draft, done, arg) : -EIO;
	if (r < 0)
		log_unrecorded(draft, r);
	return r;
}

int journal_record_with(struct journal *journal, const struct event_draft *draft,
			const struct store_record *records, size_t count, store_done_fn done,
			void *arg)
{
	int r;

	assert_thread(THREAD_CONTROL);
	assert(draft->type != NULL && count <= STORE_RECORDS_MAX);
	r = journal->store != NULL
		    ? store_records_write(journal->store, records, count, draft, done, arg)
		    : -EIO;
	if (r < 0)
		log_unrecorded(draft, r);
	return r;
}

void journal_record(struct journal *journal, const char *type, enum event_severity severity,
		    const char *source, const char *person, json_t *data)
{
	struct event_draft draft = {.type = type,
				    .severity = severity,
				    .source = source,
				    .person = person != NULL && person[0] != '\0' ? person : NULL,
				    .data = data};

	(void)journal_record_draft(journal, &draft, NULL, NULL); /* it logs a failure itself */
	json_decref(data);
}

void journal_on_state(struct journal *journal, journal_state_fn publish, void *arg)
{
	journal->publish = publish;
	journal->arg = arg;
}

void journal_publish(struct journal *journal, const char *what, const char *name, json_t *state)
{
	assert_thread(THREAD_CONTROL);
	if (journal->publish != NULL)
		journal->publish(journal->arg, what, name, state);
	json_decref(state);
}
