/* Handlers of the alerts: list, verdict, hold. */
#include "api_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

/*
 * PAGE_ROWS: rows of one query for old alerts at start; few, so that doors and other queries are
 * served in between
 */
enum { CAUSE_BYTES_MAX = 64, NOTE_BYTES_MAX = 4000, PAGE_ROWS = 10 };

/* ---- the index ---- */

static void index_event(struct api *api, const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	const char *time = json_string_value(json_object_get(event, "time"));
	const char *camera =
		json_string_value(json_object_get(json_object_get(event, "data"), "camera"));
	int64_t unix_ms = 0, seq = json_integer_value(json_object_get(event, "seq"));

	if (!api_is_alert(type) || seq <= 0 || time == NULL || clock_parse_utc(time, &unix_ms) < 0)
		return;
	/* without memory the alert is missing from the index; the log has it */
	(void)alert_add(api->alerts, seq, unix_ms, camera != NULL ? camera : "",
			strcmp(type, "litter.suspected") == 0);
}

bool api_is_alert(const char *type)
{
	return type != NULL &&
	       (strcmp(type, "litter.detected") == 0 || strcmp(type, "litter.suspected") == 0);
}

void api_alerts_add(struct api *api, const json_t *event)
{
	index_event(api, event);
}

static void request_old_alerts(struct api *api, int64_t after);

static void on_old_alerts(struct api *api, void *arg, const json_t *body)
{
	const json_t *events = json_object_get(body, "events"), *event;
	int64_t last = 0;
	size_t index;

	(void)arg;
	json_array_foreach(events, index, event)
	{
		index_event(api, event);
		last = json_integer_value(json_object_get(event, "seq"));
	}
	if (json_array_size(events) == PAGE_ROWS) {
		request_old_alerts(api, last);
		return;
	}
	/* if the log could not be read the next request for alerts repeats the query */
	api->alerts_requested = false;
	api->alerts_loaded = body != NULL;
}

static void request_old_alerts(struct api *api, int64_t after)
{
	struct api_events_query query = {.after = after,
					 .limit = PAGE_ROWS,
					 .type = "litter.",
					 .ascending = true,
					 .low_priority = true};
	struct api_token token;

	api->alerts_requested = api_begin_internal(api, on_old_alerts, NULL, &token);
	if (api->alerts_requested)
		api->ops->events(api->gate, token, &query);
}

/* Until the index is complete a request is rejected with 503: a missing alert may exist. */
static bool alerts_are_loaded(struct api *api, const struct http_request *request)
{
	if (api->alerts_loaded)
		return true;
	if (!api->alerts_requested)
		request_old_alerts(api, 0);
	if (!api->alerts_loaded)
		api_reject(api, request, problem_alerts_loading(&api->problem));
	return api->alerts_loaded;
}

void api_alerts_ready(struct api *api)
{
	request_old_alerts(api, 0);
}

void api_load_alert(struct api *api, const char *id, json_t *json)
{
	int64_t seq = 0;

	if (api_parse_number(id, INT64_MAX, &seq) == 0)
		(void)alert_set_record(api->alerts, seq, json); /* an invalid one is ignored */
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

/* ---- a page ---- */

struct page {
	struct http_token http;
	int64_t next;
	bool one; /* answer with the alert itself, not with a list */
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
					   "new", (json_int_t)counts.unreviewed, "held",
					   (json_int_t)counts.held));
	json_decref(list);
	free(page);
}

static void request_page(struct api *api, const struct http_request *request, const int64_t *seqs,
			 size_t count, int64_t next, bool one)
{
	struct api_events_query query = {.seqs = seqs, .seq_count = count, .limit = API_PAGE_MAX};
	struct page *page = malloc(sizeof(*page));
	struct api_token token;

	assert(count <= API_PAGE_MAX);
	if (page == NULL) {
		api_reject(api, request, problem_no_memory(&api->problem));
		return;
	}
	*page = (struct page){.http = request->token, .next = next, .one = one};
	if (count == 0) {
		json_t *none = json_pack("{s:[]}", "events");

		on_page(api, page, none);
		json_decref(none);
	} else if (api_begin_internal(api, on_page, page, &token)) {
		api->ops->events(api->gate, token, &query);
	} else {
		free(page);
		api_reject(api, request, problem_too_many_requests(&api->problem));
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
	if (!alerts_are_loaded(api, request) ||
	    !api_query_number(api, request, "limit", API_PAGE_MAX, &limit) ||
	    !api_query_number(api, request, "before", INT64_MAX, &before))
		return;
	if (alert_state_parse(http_query(request, "state"), &state) < 0) {
		api_reject(api, request, problem_alert_state_unknown(&api->problem));
		return;
	}
	if (camera != NULL && !config_name_is_valid(camera)) {
		api_reject(api, request, problem_query_camera_invalid(&api->problem));
		return;
	}
	count = alerts_page(api->alerts, state, camera, before, (size_t)limit, seqs, &more);
	request_page(api, request, seqs, count, more ? seqs[count - 1] : 0, false);
}

const struct alert *api_find_alert(struct api *api, const struct http_request *request,
				   const char *param)
{
	const struct alert *alert = NULL;
	int64_t seq = 0;

	if (!alerts_are_loaded(api, request))
		return NULL;
	if (api_parse_number(param, INT64_MAX, &seq) == 0)
		alert = alert_find(api->alerts, seq);
	if (alert == NULL || alert->unix_ms == 0) {
		api_reject(api, request, problem_alert_unknown(&api->problem));
		return NULL;
	}
	return alert;
}

void api_get_alert(struct api *api, const struct http_request *request, const char *param)
{
	const struct alert *alert = api_find_alert(api, request, param);

	if (alert != NULL)
		request_page(api, request, &alert->seq, 1, 0, true);
}

/* ---- verdict and hold ---- */

struct review {
	int64_t seq;
	json_t *record;
};

static void on_saved(struct api *api, void *arg, int r)
{
	struct review *review = arg;

	if (api != NULL && r == 0)
		/* if this fails the record is on disk nevertheless */
		(void)alert_set_record(api->alerts, review->seq, review->record);
	json_decref(review->record);
	free(review);
}

/* The references to @p record and @p data pass to this call. Answers with the new state. */
static void save_record(struct api *api, const struct http_request *request,
			const struct alert *alert, json_t *record, const char *type, json_t *data)
{
	struct review *review = malloc(sizeof(*review));
	struct event_draft draft = {.type = type, .severity = EVENT_INFO, .data = data};
	struct alert after = *alert;
	char id[24];
	struct store_record store_record = {.kind = "alert", .id = id, .json = record};
	json_t *answer;

	if (review == NULL || record == NULL || data == NULL) {
		free(review);
		json_decref(record);
		json_decref(data);
		api_reject(api, request, problem_no_memory(&api->problem));
		return;
	}
	snprintf(id, sizeof(id), "%lld", (long long)alert->seq);
	*review = (struct review){.seq = alert->seq, .record = record};
	after.record = record;
	after.held = json_is_true(json_object_get(record, "held"));
	if (json_object_get(record, "verdict") == NULL ||
	    alert_verdict_parse(json_string_value(json_object_get(record, "verdict")),
				&after.verdict) < 0)
		after.verdict = ALERT_NEW;
	answer = json_pack("{s:I, s:o, s:b}", "seq", (json_int_t)alert->seq, "verdict",
			   verdict_json(&after), "held", after.held);
	api_save(api, request->token, &store_record, 1, &draft, 200, answer, on_saved, review);
}

static json_t *record_of(const struct alert *alert)
{
	return alert->record != NULL ? json_deep_copy(alert->record) : json_pack("{s:i}", "v", 1);
}

static json_t *event_data(const struct http_request *request, const struct alert *alert)
{
	const struct api_caller by = api_caller_of(request);

	return json_pack("{s:I, s:s, s:s}", "alert", (json_int_t)alert->seq, "by", by.name, "role",
			 by.role_name);
}

static void save_verdict(struct api *api, const struct http_request *request,
			 const struct alert *alert, const char *verdict, const char *cause,
			 const char *note)
{
	const struct api_caller by = api_caller_of(request);
	int64_t now_ms = clock_unix_ms(), review_s = (now_ms - alert->unix_ms) / 1000;
	json_t *record = record_of(alert), *data = event_data(request, alert);

	json_object_set_new(record, "verdict", json_string(verdict));
	json_object_set_new(record, "cause", json_string(cause));
	json_object_set_new(record, "note", json_string(note));
	json_object_set_new(record, "by", json_string(by.name));
	json_object_set_new(record, "role", json_string(by.role_name));
	json_set_utc(record, "time", now_ms);
	json_object_set_new(data, "verdict", json_string(verdict));
	if (cause[0] != '\0')
		json_object_set_new(data, "cause", json_string(cause));
	json_object_set_new(data, "review_s", json_integer(review_s > 0 ? review_s : 0));
	json_object_set_new(data, "grade", json_string(alert->suspected ? "suspected" : "alert"));
	/*
	 * the note is free text and may name people: it is not in the event, which cannot be erased
	 */
	save_record(api, request, alert, record, "alert.reviewed", data);
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
		api_reject(api, request, problem_errno(&api->problem));
	else if (alert_verdict_parse(verdict, &parsed) < 0)
		api_reject(api, request, problem_verdict_unknown(&api->problem));
	else if (!api_type_is_valid(cause) && cause[0] != '\0')
		api_reject(api, request, problem_cause_invalid(&api->problem));
	else
		save_verdict(api, request, alert, verdict, cause, text);
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
		api_reject(api, request, problem_member_not_bool(&api->problem, "held"));
	} else {
		record = record_of(alert);
		data = event_data(request, alert);
		json_object_set_new(record, "held", json_boolean(json_is_true(held)));
		json_object_set_new(data, "held", json_boolean(json_is_true(held)));
		save_record(api, request, alert, record, "alert.held", data);
	}
	json_decref(object);
}
