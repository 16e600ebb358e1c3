/* The guard's desk: alerts with what people said of them. */
#include "api_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

/*
 * PAGE_ROWS: of the old alerts, read at start; few, so that doors and others' questions come
 * between
 */
enum { CAUSE_BYTES_MAX = 64, NOTE_BYTES_MAX = 4000, PAGE_ROWS = 10 };

/* ---- knowing them ---- */

static void see_event(struct api *api, const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	const char *time = json_string_value(json_object_get(event, "time"));
	const char *camera =
		json_string_value(json_object_get(json_object_get(event, "data"), "camera"));
	int64_t unix_ms = 0;

	if (!api_is_alert(type) || time == NULL || clock_parse_utc(time, &unix_ms) < 0)
		return;
	(void)alert_add(api->alerts, json_integer_value(json_object_get(event, "seq")), unix_ms,
			camera != NULL ? camera : "",
			strcmp(type, "litter.suspected") ==
				0); /* without memory the log still has it */
}

bool api_is_alert(const char *type)
{
	return type != NULL &&
	       (strcmp(type, "litter.detected") == 0 || strcmp(type, "litter.suspected") == 0);
}

void api_alerts_add(struct api *api, const json_t *event)
{
	see_event(api, event);
}

static void ask_old_alerts(struct api *api, int64_t after);

static void on_old_alerts(struct api *api, void *arg, const json_t *body)
{
	const json_t *events = json_object_get(body, "events"), *event;
	int64_t last = 0;
	size_t index;

	(void)arg;
	json_array_foreach(events, index, event)
	{
		see_event(api, event);
		last = json_integer_value(json_object_get(event, "seq"));
	}
	if (json_array_size(events) == PAGE_ROWS) {
		ask_old_alerts(api, last);
		return;
	}
	/* asked again by the next who wants them, when the log could not be read */
	api->alerts_asked = false;
	api->alerts_known = body != NULL;
}

static void ask_old_alerts(struct api *api, int64_t after)
{
	struct api_events_query query = {.after = after,
					 .limit = PAGE_ROWS,
					 .type = "litter.",
					 .ascending = true,
					 .low_priority = true};
	struct api_token token;

	api->alerts_asked = api_begin_inner(api, on_old_alerts, NULL, &token);
	if (api->alerts_asked)
		api->ops->events(api->gate, token, &query);
}

/* Until all are known, nobody is told that one does not exist. */
static bool are_known(struct api *api, const struct http_request *request)
{
	if (api->alerts_known)
		return true;
	if (!api->alerts_asked)
		ask_old_alerts(api, 0);
	if (!api->alerts_known)
		api_bad(api, request, problem_alerts_loading(&api->problem));
	return api->alerts_known;
}

void api_alerts_ready(struct api *api)
{
	ask_old_alerts(api, 0);
}

void api_load_alert(struct api *api, const char *id, json_t *json)
{
	int64_t seq = 0;

	if (api_parse_number(id, INT64_MAX, &seq) == 0)
		(void)alert_set_record(api->alerts, seq, json); /* of no use, of no harm */
}

/* ---- as JSON ---- */

static json_t *verdict_json(const struct alert *alert)
{
	static const char *const shown[] = {"verdict", "cause", "note", "by", "role", "time"};
	json_t *verdict;

	if (alert->verdict == ALERT_NEW)
		return json_null();
	verdict = json_object();
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (json_object_get(alert->record, shown[i]) != NULL)
			json_object_set(verdict, shown[i],
					json_object_get(alert->record, shown[i]));
	return verdict;
}

json_t *api_alert_json(struct api *api, const struct alert *alert, const json_t *event)
{
	static const char *const from_data[][2] = {{"camera", "camera"},
						   {"origin", "origin"},
						   {"reasons", "reasons"},
						   {"evidence", "files"},
						   {"path", "path"},
						   {"picture", "picture"},
						   {"score", "score"},
						   {"fall_ms", "fall_ms"},
						   {"first_sight", "first_sight"},
						   {"first_sight_pts_ms", "first_sight_pts_ms"},
						   {"clip_offset_ms", "clip_offset_ms"},
						   {"evidence_error", "evidence_error"},
						   {"evidence_problem", "evidence_problem"}};
	const json_t *data = json_object_get(event, "data");
	json_t *json = json_pack(
		"{s:I, s:O?, s:O?, s:s, s:s, s:o, s:b, s:o}", "seq", (json_int_t)alert->seq, "id",
		json_object_get(event, "id"), "time", json_object_get(event, "time"), "grade",
		alert->suspected ? "suspected" : "alert", "severity",
		alert->suspected ? "warning" : "alarm", "verdict", verdict_json(alert), "held",
		alert->held, "case", api_case_of(api, alert->seq));

	for (size_t i = 0; json != NULL && i < sizeof(from_data) / sizeof(from_data[0]); i++)
		if (json_object_get(data, from_data[i][0]) != NULL)
			json_object_set(json, from_data[i][1],
					json_object_get(data, from_data[i][0]));
	if (json != NULL && json_object_get(json, "files") == NULL)
		json_object_set_new(json, "files", json_array());
	return json;
}

/* ---- a page of them ---- */

struct page {
	struct http_token http;
	int64_t next;
	bool one; /* one alert, not a list */
};

static void on_page(struct api *api, void *arg, const json_t *body)
{
	const json_t *events = json_object_get(body, "events"), *event;
	struct page *page = arg;
	json_t *list = json_array();
	struct alert_counts counts;
	size_t index;

	json_array_foreach(events, index, event)
	{
		const struct alert *alert =
			alert_find(api->alerts, json_integer_value(json_object_get(event, "seq")));

		if (alert != NULL)
			json_array_append_new(list, api_alert_json(api, alert, event));
	}
	alerts_count(api->alerts, &counts);
	if (body == NULL)
		api_respond_problem(api, page->http, problem_log_busy(&api->problem));
	else if (page->one && json_array_size(list) == 0)
		api_respond_problem(api, page->http, problem_alert_unknown(&api->problem));
	else if (page->one)
		api_respond_json(api, page->http, 200, json_incref(json_array_get(list, 0)));
	else
		api_respond_json(api, page->http, 200,
				 json_pack("{s:O, s:o, s:I, s:I}", "alerts", list, "next",
					   page->next > 0 ? json_integer(page->next) : json_null(),
					   "new", (json_int_t)counts.fresh, "held",
					   (json_int_t)counts.held));
	json_decref(list);
	free(page);
}

static void ask_page(struct api *api, const struct http_request *request, const int64_t *seqs,
		     size_t count, int64_t next, bool one)
{
	struct api_events_query query = {.seqs = seqs, .seq_count = count, .limit = API_PAGE_MAX};
	struct page *page = malloc(sizeof(*page));
	struct api_token token;

	if (page == NULL) {
		api_bad(api, request, problem_no_memory(&api->problem));
		return;
	}
	*page = (struct page){.http = request->token, .next = next, .one = one};
	if (count == 0) {
		json_t *none = json_pack("{s:[]}", "events");

		on_page(api, page, none);
		json_decref(none);
	} else if (api_begin_inner(api, on_page, page, &token)) {
		api->ops->events(api->gate, token, &query);
	} else {
		free(page);
		api_bad(api, request, problem_too_many_requests(&api->problem));
	}
}

void api_get_alerts(struct api *api, const struct http_request *request, const char *param)
{
	const char *camera = http_query(request, "camera");
	int64_t seqs[API_PAGE_MAX], before = 0, limit = API_PAGE_DEFAULT;
	enum alert_state state;
	size_t count;
	bool more;

	(void)param;
	if (!are_known(api, request) ||
	    !api_query_number(api, request, "limit", API_PAGE_MAX, &limit) ||
	    !api_query_number(api, request, "before", INT64_MAX, &before))
		return;
	if (alert_state_parse(http_query(request, "state"), &state) < 0) {
		api_bad(api, request, problem_alert_state_unknown(&api->problem));
		return;
	}
	if (camera != NULL && !config_name_is_valid(camera)) {
		api_bad(api, request, problem_query_camera_invalid(&api->problem));
		return;
	}
	count = alerts_page(api->alerts, state, camera, before, (size_t)limit, seqs, &more);
	ask_page(api, request, seqs, count, more ? seqs[count - 1] : 0, false);
}

const struct alert *api_find_alert(struct api *api, const struct http_request *request,
				   const char *param)
{
	const struct alert *alert = NULL;
	int64_t seq = 0;

	if (!are_known(api, request))
		return NULL;
	if (api_parse_number(param, INT64_MAX, &seq) == 0)
		alert = alert_find(api->alerts, seq);
	if (alert == NULL || alert->unix_ms == 0) {
		api_bad(api, request, problem_alert_unknown(&api->problem));
		return NULL;
	}
	return alert;
}

void api_get_alert(struct api *api, const struct http_request *request, const char *param)
{
	const struct alert *alert = api_find_alert(api, request, param);

	if (alert != NULL)
		ask_page(api, request, &alert->seq, 1, 0, true);
}

/* ---- what people say of them ---- */

struct noting {
	int64_t seq;
	json_t *record;
};

static void on_noted(struct api *api, void *arg, int r)
{
	struct noting *noting = arg;

	if (api != NULL && r == 0)
		(void)alert_set_record(api->alerts, noting->seq,
				       noting->record); /* it is on disk in any case */
	json_decref(noting->record);
	free(noting);
}

/* Takes @p record and @p data; the answer is what the record now shows. */
static void note(struct api *api, const struct http_request *request, const struct alert *alert,
		 json_t *record, const char *type, json_t *data)
{
	struct noting *noting = malloc(sizeof(*noting));
	struct event_draft draft = {.type = type, .severity = EVENT_INFO, .data = data};
	struct alert after = *alert;
	char id[24];
	struct store_record kept = {.kind = "alert", .id = id, .json = record};
	json_t *answer;

	if (noting == NULL || record == NULL || data == NULL) {
		free(noting);
		json_decref(record);
		json_decref(data);
		api_bad(api, request, problem_no_memory(&api->problem));
		return;
	}
	snprintf(id, sizeof(id), "%lld", (long long)alert->seq);
	*noting = (struct noting){.seq = alert->seq, .record = record};
	after.record = record;
	after.held = json_is_true(json_object_get(record, "held"));
	if (json_object_get(record, "verdict") == NULL ||
	    alert_verdict_parse(json_string_value(json_object_get(record, "verdict")),
				&after.verdict) < 0)
		after.verdict = ALERT_NEW;
	answer = json_pack("{s:I, s:o, s:b}", "seq", (json_int_t)alert->seq, "verdict",
			   verdict_json(&after), "held", after.held);
	api_save(api, request->token, &kept, 1, &draft, 200, answer, on_noted, noting);
}

static json_t *record_of(const struct alert *alert)
{
	return alert->record != NULL ? json_deep_copy(alert->record) : json_pack("{s:i}", "v", 1);
}

static json_t *told_data(const struct http_request *request, const struct alert *alert)
{
	const struct api_caller by = api_caller_of(request);

	return json_pack("{s:I, s:s, s:s}", "alert", (json_int_t)alert->seq, "by", by.name, "role",
			 by.role_name);
}

static void judge(struct api *api, const struct http_request *request, const struct alert *alert,
		  const char *verdict, const char *cause, const char *note_text)
{
	const struct api_caller by = api_caller_of(request);
	int64_t now_ms = clock_unix_ms(), review_s = (now_ms - alert->unix_ms) / 1000;
	json_t *record = record_of(alert), *data = told_data(request, alert);

	json_object_set_new(record, "verdict", json_string(verdict));
	json_object_set_new(record, "cause", json_string(cause));
	json_object_set_new(record, "note", json_string(note_text));
	json_object_set_new(record, "by", json_string(by.name));
	json_object_set_new(record, "role", json_string(by.role_name));
	json_set_utc(record, "time", now_ms);
	json_object_set_new(data, "verdict", json_string(verdict));
	if (cause[0] != '\0')
		json_object_set_new(data, "cause", json_string(cause));
	json_object_set_new(data, "review_s", json_integer(review_s > 0 ? review_s : 0));
	json_object_set_new(data, "grade", json_string(alert->suspected ? "suspected" : "alert"));
	/*
	 * the note is a person's free text and may name people: it stays out of the log, which
	 * forgets nothing
	 */
	note(api, request, alert, record, "alert.reviewed", data);
}

void api_post_verdict(struct api *api, const struct http_request *request, const char *param)
{
	static const char *const known[] = {"verdict", "cause", "note", NULL};
	const struct alert *alert = api_find_alert(api, request, param);
	json_t *object = alert != NULL ? api_parse_object(api, request, known) : NULL;
	const char *verdict = NULL, *cause = "", *text = "";
	enum alert_verdict parsed;

	if (object == NULL)
		return;
	if (json_read_string(object, "verdict", CAUSE_BYTES_MAX, &verdict, &api->problem) < 0 ||
	    json_read_string(object, "cause", CAUSE_BYTES_MAX, &cause, &api->problem) < 0 ||
	    json_read_string(object, "note", NOTE_BYTES_MAX, &text, &api->problem) < 0)
		api_bad(api, request, problem_errno(&api->problem));
	else if (alert_verdict_parse(verdict, &parsed) < 0)
		api_bad(api, request, problem_verdict_unknown(&api->problem));
	else if (!api_type_is_valid(cause) && cause[0] != '\0')
		api_bad(api, request, problem_cause_invalid(&api->problem));
	else
		judge(api, request, alert, verdict, cause, text);
	json_decref(object);
}

void api_post_hold(struct api *api, const struct http_request *request, const char *param)
{
	static const char *const known[] = {"held", NULL};
	const struct alert *alert = api_find_alert(api, request, param);
	json_t *object = alert != NULL ? api_parse_object(api, request, known) : NULL;
	const json_t *held = json_object_get(object, "held");
	json_t *record, *data;

	if (object == NULL)
		return;
	if (!json_is_boolean(held)) {
		api_bad(api, request, problem_member_not_bool(&api->problem, "held"));
	} else {
		record = record_of(alert);
		data = told_data(request, alert);
		json_object_set_new(record, "held", json_boolean(json_is_true(held)));
		json_object_set_new(data, "held", json_boolean(json_is_true(held)));
		note(api, request, alert, record, "alert.held", data);
	}
	json_decref(object);
}
