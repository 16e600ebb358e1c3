/* What the API asks of the log: pages, searches, the chain, the month's figures. */
#include "gate_internal.h"

#include <errno.h>
#include <string.h>

/* a question on its way to the store */
struct asked {
	struct gate *gate;
	struct api_token token;
};

static struct asked *asked_new(struct gate *gate, struct api_token token)
{
	struct problem problem;
	struct asked *asked = malloc(sizeof(*asked));

	if (asked != NULL)
		*asked = (struct asked){.gate = gate, .token = token};
	else
		api_refuse(gate->api, token, problem_no_memory(&problem), &problem);
	return asked;
}

static void refuse(struct asked *asked, int r)
{
	const struct problem *trouble = journal_problem(asked->gate->journal);
	struct problem failed, problem;

	problem_failed(&failed, r);
	problem_log_unreadable(&problem, trouble->code != PROBLEM_NONE ? trouble : &failed);
	api_refuse(asked->gate->api, asked->token, r, &problem);
	free(asked);
}

/*
 * Whether there is still somebody to answer, and something to answer with; else the question is
 * over.
 */
static bool may_answer(struct asked *asked, int r)
{
	if (asked->gate->api == NULL) { /* closing */
		free(asked);
		return false;
	}
	if (r < 0)
		refuse(asked, r);
	return r >= 0;
}

static void on_rows(void *arg, int r, const struct event_row *rows, size_t count, int64_t reached)
{
	struct asked *asked = arg;
	json_t *list;

	if (!may_answer(asked, r))
		return;
	list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *event = rows[i].json != NULL ? json_loads(rows[i].json, 0, NULL) : NULL;

		if (event != NULL)
			json_array_append_new(list, event);
	}
	api_reply(asked->gate->api, asked->token, 200,
		  json_pack("{s:o, s:o}", "events", list, "next",
			    reached != 0 ? json_integer(reached) : json_null()));
	free(asked);
}

void gate_log_events(void *arg, struct api_token token, const struct api_events_query *query)
{
	struct gate *gate = arg;
	const struct store_filter filter = {.after_seq = query->after,
					    .before_seq = query->before,
					    .limit = query->limit,
					    .type = query->type,
					    .person = query->person,
					    .from_unix_ms = query->from_unix_ms,
					    .to_unix_ms = query->to_unix_ms,
					    .ascending = query->ascending,
					    .seqs = query->seqs,
					    .seq_count = query->seq_count,
					    .source = query->source,
					    .text = query->text,
					    .without =
						    query->without_operators ? "operator." : NULL,
					    .severity_min = query->severity_min,
					    .patient = query->patient,
					    .hashes = true};
	struct asked *asked = asked_new(gate, token);
	int r;

	if (asked == NULL)
		return;
	r = journal_store(gate->journal) != NULL
		    ? store_search(journal_store(gate->journal), &filter, on_rows, asked)
		    : -EIO;
	if (r < 0)
		refuse(asked, r);
}

static void on_verified(void *arg, int r, const struct audit_result *result)
{
	struct asked *asked = arg;

	if (!may_answer(asked, r))
		return;
	api_reply(asked->gate->api, asked->token, 200,
		  json_pack("{s:b, s:I, s:I, s:s, s:o*}", "ok", result->ok, "rows",
			    (json_int_t)result->rows, "seq", (json_int_t)result->bad_seq, "reason",
			    result->verdict.detail, "problem", problem_json(&result->verdict)));
	free(asked);
}

void gate_log_verify(void *arg, struct api_token token)
{
	struct gate *gate = arg;
	struct asked *asked = asked_new(gate, token);
	int r;

	if (asked == NULL)
		return;
	r = journal_store(gate->journal) != NULL
		    ? store_audit_verify(journal_store(gate->journal), on_verified, asked)
		    : -EIO;
	if (r < 0)
		refuse(asked, r);
}

json_t *gate_log_progress(void *arg)
{
	struct gate *gate = arg;
	int64_t rows = 0, of = 0;

	if (journal_store(gate->journal) != NULL)
		store_audit_progress(journal_store(gate->journal), &rows, &of);
	return json_pack("{s:b, s:I, s:I}", "running", of > 0, "rows", (json_int_t)rows, "of",
			 (json_int_t)of);
}

static void on_report(void *arg, int r, json_t *report)
{
	struct asked *asked = arg;

	if (!may_answer(asked, r))
		return;
	json_object_set_new(report, "site", json_string(asked->gate->config->site));
	json_object_set_new(report, "gate", json_string(asked->gate->config->gate));
	api_reply(asked->gate->api, asked->token, 200, json_incref(report));
	free(asked);
}

void gate_log_report(void *arg, struct api_token token, int64_t from_unix_ms, int64_t to_unix_ms)
{
	struct gate *gate = arg;
	struct asked *asked = asked_new(gate, token);
	int r;

	if (asked == NULL)
		return;
	r = journal_store(gate->journal) != NULL
		    ? store_report(journal_store(gate->journal), from_unix_ms, to_unix_ms,
				   on_report, asked)
		    : -EIO;
	if (r < 0)
		refuse(asked, r);
}

static void on_copies(void *arg, int r, json_t *copies)
{
	struct asked *asked = arg;

	if (!may_answer(asked, r))
		return;
	api_reply(asked->gate->api, asked->token, 200, json_pack("{s:O}", "copies", copies));
	free(asked);
}

void gate_log_copies(void *arg, struct api_token token, int64_t until_unix_ms)
{
	struct gate *gate = arg;
	struct asked *asked = asked_new(gate, token);
	int r;

	if (asked == NULL)
		return;
	r = journal_store(gate->journal) != NULL
		    ? store_copies(journal_store(gate->journal), until_unix_ms, on_copies, asked)
		    : -EIO;
	if (r < 0)
		refuse(asked, r);
}

void gate_log_figures(void *arg, struct api_figures *ret_figures)
{
	struct gate *gate = arg;

	*ret_figures = (struct api_figures){0};
	if (journal_store(gate->journal) == NULL)
		return;
	ret_figures->pending = store_pending(journal_store(gate->journal));
	ret_figures->pending_ms = store_pending_ms(journal_store(gate->journal));
	ret_figures->commit_ms = store_commit_ms(journal_store(gate->journal));
	ret_figures->last_seq = store_last_seq(journal_store(gate->journal));
}
