/* The API's requests to the log: pages, searches, the hash chain, monthly figures. */
#include "gate_internal.h"

#include <errno.h>
#include <string.h>

/* a request that the store has not answered yet */
struct log_request {
	struct gate *gate;
	struct api_token token;
};

static struct log_request *new_request(struct gate *gate, struct api_token token)
{
	struct problem problem;
	struct log_request *request = malloc(sizeof(*request));

	if (request != NULL)
		*request = (struct log_request){.gate = gate, .token = token};
	else
		api_refuse(gate->api, token, problem_no_memory(&problem), &problem);
	return request;
}

static void refuse(struct log_request *request, int r)
{
	const struct problem *trouble = journal_problem(request->gate->journal);
	struct problem failed, problem;

	problem_failed(&failed, r);
	problem_log_unreadable(&problem, trouble->code != PROBLEM_NONE ? trouble : &failed);
	api_refuse(request->gate->api, request->token, r, &problem);
	free(request);
}

/* Whether the request can be answered with a result; else it is refused or dropped, and freed. */
static bool may_answer(struct log_request *request, int r)
{
	if (request->gate->api == NULL) { /* closing */
		free(request);
		return false;
	}
	if (r < 0)
		refuse(request, r);
	return r >= 0;
}

static void on_rows(void *arg, int r, const struct event_row *rows, size_t count, int64_t reached)
{
	struct log_request *request = arg;
	json_t *list;

	if (!may_answer(request, r))
		return;
	list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_t *event = rows[i].json != NULL ? json_loads(rows[i].json, 0, NULL) : NULL;

		if (event != NULL)
			json_array_append_new(list, event);
	}
	api_reply(request->gate->api, request->token, 200,
		  json_pack("{s:o, s:o}", "events", list, "next",
			    reached != 0 ? json_integer(reached) : json_null()));
	free(request);
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
						    query->exclude_operators ? "operator." : NULL,
					    .severity_min = query->severity_min,
					    .low_priority = query->low_priority,
					    .hashes = true};
	struct log_request *request = new_request(gate, token);
	int r;

	if (request == NULL)
		return;
	r = journal_store(gate->journal) != NULL
		    ? store_search(journal_store(gate->journal), &filter, on_rows, request)
		    : -EIO;
	if (r < 0)
		refuse(request, r);
}

static void on_verified(void *arg, int r, const struct audit_result *result)
{
	struct log_request *request = arg;

	if (!may_answer(request, r))
		return;
	api_reply(request->gate->api, request->token, 200,
		  json_pack("{s:b, s:I, s:I, s:s, s:o*}", "ok", result->ok, "rows",
			    (json_int_t)result->rows, "seq", (json_int_t)result->bad_seq, "reason",
			    result->verdict.detail, "problem", problem_json(&result->verdict)));
	free(request);
}

void gate_log_verify(void *arg, struct api_token token)
{
	struct gate *gate = arg;
	struct log_request *request = new_request(gate, token);
	int r;

	if (request == NULL)
		return;
	r = journal_store(gate->journal) != NULL
		    ? store_audit_verify(journal_store(gate->journal), on_verified, request)
		    : -EIO;
	if (r < 0)
		refuse(request, r);
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
	struct log_request *request = arg;

	if (!may_answer(request, r))
		return;
	json_object_set_new(report, "site", json_string(request->gate->config->site));
	json_object_set_new(report, "gate", json_string(request->gate->config->gate));
	api_reply(request->gate->api, request->token, 200, json_incref(report));
	free(request);
}

void gate_log_report(void *arg, struct api_token token, int64_t from_unix_ms, int64_t to_unix_ms)
{
	struct gate *gate = arg;
	struct log_request *request = new_request(gate, token);
	int r;

	if (request == NULL)
		return;
	r = journal_store(gate->journal) != NULL
		    ? store_report(journal_store(gate->journal), from_unix_ms, to_unix_ms,
				   on_report, request)
		    : -EIO;
	if (r < 0)
		refuse(request, r);
}

static void on_copies(void *arg, int r, json_t *copies)
{
	struct log_request *request = arg;

	if (!may_answer(request, r))
		return;
	api_reply(request->gate->api, request->token, 200, json_pack("{s:O}", "copies", copies));
	free(request);
}

void gate_log_copies(void *arg, struct api_token token, int64_t until_unix_ms)
{
	struct gate *gate = arg;
	struct log_request *request = new_request(gate, token);
	int r;

	if (request == NULL)
		return;
	r = journal_store(gate->journal) != NULL
		    ? store_copies(journal_store(gate->journal), until_unix_ms, on_copies, request)
		    : -EIO;
	if (r < 0)
		refuse(request, r);
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
