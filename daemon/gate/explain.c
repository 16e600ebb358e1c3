/* Explains a recorded decision in sentences and in codes. */
#include "explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* an explanation: its sentences, and the same as codes */
struct explanation {
	json_t *lines, *reasons;
};

/* Append @p problem; @p r is the result of the call that filled it in, and ignored. */
static void add_line(struct explanation *to, const struct problem *problem, int r)
{
	(void)r;
	json_array_append_new(to->lines, json_string(problem->detail));
	json_array_append_new(to->reasons, problem_json(problem));
}

static const char *text_of(const json_t *data, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(data, key));

	return text != NULL ? text : otherwise;
}

/* Read a reason of the event: from its code, or from its sentence in events without a code. */
static int read_reason(const json_t *reason, const char *sentence, struct problem *ret_problem)
{
	return reason == NULL || problem_read_json(reason, ret_problem) < 0
		       ? problem_text(ret_problem, sentence)
		       : problem_errno(ret_problem);
}

static void add_factor(struct explanation *to, const json_t *data)
{
	const json_t *score = json_object_get(data, "score"),
		     *factors = json_object_get(data, "factors");
	const char *factor = text_of(data, "factor", "?");
	struct problem p, flaw;
	char value[16], threshold[16];

	if (json_is_number(score)) {
		snprintf(value, sizeof(value), "%.3f", json_number_value(score));
		snprintf(threshold, sizeof(threshold), "%.3f",
			 json_number_value(json_object_get(data, "threshold")));
		add_line(to, &p, problem_explain_shown_score(&p, factor, value, threshold));
	} else {
		add_line(to, &p, problem_explain_shown(&p, factor));
	}
	for (size_t i = 0; i + 1 < json_array_size(factors); i++)
		add_line(to, &p,
			 problem_explain_shown_before(
				 &p, json_string_value(json_array_get(factors, i))));
	if (json_object_get(data, "flaw") != NULL) {
		read_reason(json_object_get(data, "flaw_problem"), text_of(data, "flaw", ""),
			    &flaw);
		add_line(to, &p, problem_explain_pass_flaw(&p, &flaw));
	}
}

static void add_rules(struct explanation *to, const json_t *rules)
{
	struct problem p, why;

	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);

		read_reason(json_object_get(rule, "problem"), text_of(rule, "why", "?"), &why);
		add_line(to, &p, problem_explain_rule(&p, text_of(rule, "rule", "?"), &why));
	}
}

static struct explanation explain(const json_t *event)
{
	const json_t *data = json_object_get(event, "data");
	struct explanation to = {.lines = json_array(), .reasons = json_array()};
	const char *type = text_of(event, "type", ""), *rule = text_of(data, "rule", "?");
	struct problem p, needed;

	add_line(&to, &p,
		 problem_explain_where(&p, type, text_of(data, "door", "?"),
				       text_of(event, "person", "unknown")));
	add_factor(&to, data);
	if (strcmp(type, "access.denied") == 0) {
		add_line(&to, &p, problem_explain_denied(&p, text_of(data, "reason", "?"), rule));
		read_reason(json_object_get(data, "problem"), text_of(data, "needed", "?"),
			    &needed);
		add_line(&to, &p, problem_explain_needed(&p, &needed));
	} else {
		add_line(&to, &p, problem_explain_granted(&p, rule));
	}
	if (json_object_get(data, "held_by") != NULL)
		add_line(&to, &p, problem_explain_door_open(&p, text_of(data, "held_by", "?")));
	if (json_is_true(json_object_get(data, "timed_out")))
		add_line(&to, &p, problem_explain_timed_out(&p));
	add_rules(&to, json_object_get(data, "rules"));
	return to;
}

/* Ownership of @p event passes to the callee. */
static void answer(const struct reply *reply, json_t *event)
{
	struct explanation why = explain(event);

	reply_send(reply, 0, NULL,
		   json_pack("{s:o, s:o, s:o}", "lines", why.lines, "reasons", why.reasons, "event",
			     event));
}

static void on_event(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct problem problem = {0};
	struct reply *reply = arg;
	json_t *event = NULL;

	if (r == 0 && count == 1 && strncmp(rows[0].type, "access.", 7) == 0 &&
	    rows[0].json != NULL)
		event = json_loads(rows[0].json, 0, NULL);
	if (event == NULL)
		reply_refuse(reply, r < 0 ? r : problem_not_access_event(&problem), &problem);
	else
		answer(reply, event);
	free(reply);
}

void explain_event(const struct journal *journal, int64_t seq, const struct reply *reply)
{
	struct problem problem;
	const struct store_filter filter = {
		.after_seq = seq - 1, .before_seq = seq + 1, .limit = 1, .ascending = true};
	struct reply *waiting = malloc(sizeof(*waiting)); /* freed by on_event() */
	int r = waiting == NULL ? -ENOMEM : journal_store(journal) == NULL ? -EIO : 0;

	if (r == 0) {
		*waiting = *reply;
		r = store_query_events(journal_store(journal), &filter, on_event, waiting);
	}
	if (r < 0) {
		free(waiting);
		problem_log_busy(&problem);
		reply_refuse(reply, r, &problem);
	}
}
