/* Why a door opened or stayed shut: a recorded decision in lines for people to read. */
#include "explain.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(json_t *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(json_t *lines, const char *format, ...)
{
	char text[320];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(lines, json_string(text));
}

static const char *text_of(const json_t *data, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(data, key));

	return text != NULL ? text : otherwise;
}

static void say_factor(json_t *lines, const json_t *data)
{
	const json_t *score = json_object_get(data, "score"), *factors = json_object_get(data, "factors");

	if (json_is_number(score))
		say(lines, "shown: %s, score %.3f, threshold %.3f", text_of(data, "factor", "?"),
		    json_number_value(score), json_number_value(json_object_get(data, "threshold")));
	else
		say(lines, "shown: %s", text_of(data, "factor", "?"));
	for (size_t i = 0; i + 1 < json_array_size(factors); i++)
		say(lines, "shown before: %s", json_string_value(json_array_get(factors, i)));
	if (json_object_get(data, "flaw") != NULL)
		say(lines, "the pass is %s", text_of(data, "flaw", ""));
}

static json_t *explain(const json_t *event)
{
	const json_t *data = json_object_get(event, "data"), *rules = json_object_get(data, "rules");
	const char *type = text_of(event, "type", "");
	json_t *lines = json_array();

	say(lines, "%s at door %s, person %s", type, text_of(data, "door", "?"),
	    text_of(event, "person", "unknown"));
	say_factor(lines, data);
	if (strcmp(type, "access.denied") == 0) {
		say(lines, "denied: %s, decided by %s", text_of(data, "reason", "?"),
		    text_of(data, "rule", "?"));
		say(lines, "it would have needed: %s", text_of(data, "needed", "?"));
	} else {
		say(lines, "decided by rule %s", text_of(data, "rule", "?"));
	}
	if (json_object_get(data, "held_by") != NULL)
		say(lines, "door %s is open or unlocked, or its contact cannot be read",
		    text_of(data, "held_by", "?"));
	if (json_is_true(json_object_get(data, "timed_out")))
		say(lines, "nothing of it came in time");
	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *rule = json_array_get(rules, i);

		say(lines, "rule %s: %s", text_of(rule, "rule", "?"), text_of(rule, "why", "?"));
	}
	return lines;
}

static void on_event(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct reply *reply = arg;
	json_t *event = NULL;

	if (r == 0 && count == 1 && strncmp(rows[0].type, "access.", 7) == 0 && rows[0].json != NULL)
		event = json_loads(rows[0].json, 0, NULL);
	if (event == NULL)
		reply_send(reply, r < 0 ? r : -ENOENT, "this event is no decision about access", NULL);
	else
		reply_send(reply, 0, NULL, json_pack("{s:o, s:o}", "lines", explain(event), "event", event));
	free(reply);
}

void explain_event(const struct journal *journal, int64_t seq, const struct reply *reply)
{
	const struct store_filter filter = {
		.after_seq = seq - 1, .before_seq = seq + 1, .limit = 1, .ascending = true};
	struct reply *waiting = malloc(sizeof(*waiting));
	int r = waiting == NULL ? -ENOMEM : journal_store(journal) == NULL ? -EIO : 0;

	if (r == 0) {
		*waiting = *reply;
		r = store_query_events(journal_store(journal), &filter, on_event, waiting);
	}
	if (r < 0) {
		free(waiting);
		reply_send(reply, r, "the log cannot be read now", NULL);
	}
}
