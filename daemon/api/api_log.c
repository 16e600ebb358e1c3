/*
 * Handlers of the log: pages and searches, the export as a file, the verification of the hash
 * chain, the monthly report.
 */
#include "api_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_csv.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/scan.h"
#include "base/ulid.h"
#include "base/unconst.h"

enum { EXPORT_ROWS = 200, SOURCE_BYTES = EVENT_SOURCE_BYTES, MONTH_MAX = 12 };

/* a query, and the strings that its pointers refer to */
struct log_filter {
	struct api_events_query query;
	char type[API_TYPE_BYTES], person[ULID_BYTES], source[SOURCE_BYTES],
		text[STORE_SEARCH_BYTES];
};

static bool parse_time(struct api *api, const struct http_request *request, const char *name,
		       int64_t *unix_ms)
{
	const char *text = http_query(request, name);

	if (text == NULL || clock_parse_utc(text, unix_ms) == 0)
		return true;
	api_reject(api, request, problem_query_not_time(&api->problem, name));
	return false;
}

/* Copy an argument to @p value. @return false: the request was rejected. */
static bool parse_text(struct api *api, const struct http_request *request, const char *name,
		       char *value, size_t bytes, const char **ret_value)
{
	const char *text = http_query(request, name);

	if (text == NULL || text[0] == '\0')
		return true;
	if (strlen(text) >= bytes) {
		api_reject(api, request,
			   problem_query_too_long(&api->problem, name, (long long)bytes - 1));
		return false;
	}
	strcpy(value, text);
	*ret_value = value;
	return true;
}

static bool parse_result(struct api *api, const struct http_request *request,
			 struct log_filter *filter)
{
	const char *result = http_query(request, "result");

	if (result == NULL)
		return true;
	if (strcmp(result, "granted") != 0 && strcmp(result, "denied") != 0) {
		api_reject(api, request, problem_query_result_unknown(&api->problem));
		return false;
	}
	if (filter->query.type != NULL) {
		api_reject(api, request, problem_query_result_and_type(&api->problem));
		return false;
	}
	snprintf(filter->type, sizeof(filter->type), "access.%s", result);
	filter->query.type = filter->type;
	return true;
}

static bool parse_severity(struct api *api, const struct http_request *request,
			   struct log_filter *filter)
{
	const char *severity = http_query(request, "severity");

	if (severity == NULL)
		return true;
	for (enum event_severity i = EVENT_INFO; i <= EVENT_ALARM; i++)
		if (strcmp(event_severity_name(i), severity) == 0) {
			filter->query.severity_min = i;
			return true;
		}
	api_reject(api, request, problem_query_severity_unknown(&api->problem));
	return false;
}

static bool parse_door(struct api *api, const struct http_request *request,
		       struct log_filter *filter)
{
	const char *door = http_query(request, "door");

	if (door == NULL)
		return true;
	if (!config_name_is_valid(door)) {
		api_reject(api, request, problem_query_door_invalid(&api->problem));
		return false;
	}
	snprintf(filter->source, sizeof(filter->source), "door/%s", door);
	filter->query.source = filter->source;
	return true;
}

static bool query_is_valid(struct api *api, const struct http_request *request,
			   const struct log_filter *filter)
{
	const struct api_events_query *query = &filter->query;

	if (query->type != NULL && !api_type_is_valid(query->type))
		api_reject(api, request, problem_query_type_invalid(&api->problem));
	else if (query->person != NULL && !ulid_is_valid(query->person))
		api_reject(api, request, problem_query_person_invalid(&api->problem));
	else if (query->to_unix_ms != 0 && query->to_unix_ms <= query->from_unix_ms)
		api_reject(api, request, problem_query_times_reversed(&api->problem));
	else
		return true;
	return false;
}

/* Parse the arguments of a request. @return false: the request was rejected. */
static bool parse_query(struct api *api, const struct http_request *request,
			struct log_filter *filter)
{
	struct api_events_query *query = &filter->query;
	int64_t limit = API_PAGE_DEFAULT;

	*filter = (struct log_filter){0};
	query->ascending = http_query(request, "after") != NULL;
	query->exclude_operators = request->caller.role < API_ROLE_MANAGER;
	if (!api_query_number(api, request, "limit", API_PAGE_MAX, &limit) ||
	    !api_query_number(api, request, "after", INT64_MAX, &query->after) ||
	    !api_query_number(api, request, "before", INT64_MAX, &query->before) ||
	    !parse_time(api, request, "from", &query->from_unix_ms) ||
	    !parse_time(api, request, "to", &query->to_unix_ms) ||
	    !parse_text(api, request, "type", filter->type, sizeof(filter->type), &query->type) ||
	    !parse_text(api, request, "person", filter->person, sizeof(filter->person),
			&query->person) ||
	    !parse_text(api, request, "source", filter->source, sizeof(filter->source),
			&query->source) ||
	    !parse_text(api, request, "text", filter->text, sizeof(filter->text), &query->text) ||
	    !parse_door(api, request, filter) || !parse_result(api, request, filter) ||
	    !parse_severity(api, request, filter))
		return false;
	query->limit = (unsigned)limit;
	return query_is_valid(api, request, filter);
}

void api_get_events(struct api *api, const struct http_request *request, const char *param)
{
	struct log_filter filter;
	struct api_token token;

	(void)param;
	if (parse_query(api, request, &filter) && api_begin_call(api, request->token, &token))
		api->ops->events(api->gate, token, &filter.query);
}

/* ---- export ---- */

/* an export of the log: the next page is requested after the client has received the last one */
struct api_log_export {
	bool used, csv, page_requested, complete;
	struct http_token http;
	struct log_filter filter;
	json_t *page; /* NULL: none */
	size_t sent;  /* rows of the page */
	int64_t next;
};

static void put_csv(FILE *out, const json_t *event)
{
	static const char *const columns[] = {"id", "time", "type", "severity", "source", "person"};
	char *data = json_canonical(json_object_get(event, "data"));
	const char *text;

	fprintf(out, "%lld", (long long)json_integer_value(json_object_get(event, "seq")));
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		text = json_string_value(json_object_get(event, columns[i]));
		fputc(',', out);
		csv_put(out, text != NULL ? text : "");
	}
	fputc(',', out);
	csv_put(out, data != NULL ? data : "");
	text = json_string_value(json_object_get(event, "hash"));
	fprintf(out, ",%s\r\n", text != NULL ? text : "");
	free(data);
}

static void send_row(struct api *api, struct api_log_export *export, const json_t *event)
{
	char *text = NULL, *json;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	if (out == NULL)
		return;
	if (export->csv) {
		put_csv(out, event);
	} else {
		json = json_canonical(event);
		fprintf(out, "%s\n", json != NULL ? json : "{}");
		free(json);
	}
	fclose(out);
	(void)http_stream_send(api->http, export->http, text,
			       bytes); /* on failure CLOSED follows */
	free(text);
}

static void send_rows(struct api *api, struct api_log_export *export);

static void on_page(struct api *api, void *arg, const json_t *body)
{
	struct api_log_export *export = arg;

	export->page_requested = false;
	if (!export->used)
		return;
	if (body == NULL) {
		http_stream_abort(api->http, export->http); /* the file must not look complete */
		return;
	}
	export->page = json_incref(json_object_get(body, "events"));
	export->sent = 0;
	export->next = json_integer_value(json_object_get(body, "next"));
	export->complete = export->next == 0;
	send_rows(api, export);
}

static void send_rows(struct api *api, struct api_log_export *export)
{
	struct api_token token;

	assert(export->used);
	while (export->page != NULL && export->sent < json_array_size(export->page)) {
		if (http_stream_waiting(api->http, export->http) > HTTP_STREAM_BYTES_MAX / 2)
			return; /* DRAINED continues */
		send_row(api, export, json_array_get(export->page, export->sent++));
	}
	json_decref(export->page);
	export->page = NULL;
	if (export->complete) {
		http_stream_finish(api->http, export->http);
		return;
	}
	if (export->page_requested || !api_begin_internal(api, on_page, export, &token))
		return; /* DRAINED tries again */
	export->page_requested = true;
	export->filter.query.after = export->next;
	api->ops->events(api->gate, token, &export->filter.query);
}

bool api_log_on_event(struct api *api, struct http_token http, enum http_stream_event event)
{
	for (size_t i = 0; i < API_EXPORTS_MAX; i++) {
		struct api_log_export *export = &api->exports[i];

		if (!export->used || export->http.slot != http.slot ||
		    export->http.generation != http.generation)
			continue;
		if (event == HTTP_STREAM_CLOSED) {
			export->used = false;
			json_decref(export->page);
			export->page = NULL;
		} else if (!export->page_requested) {
			send_rows(api, export);
		}
		return true;
	}
	return false;
}

static struct api_log_export *free_export(struct api *api)
{
	for (size_t i = 0; i < API_EXPORTS_MAX; i++)
		if (!api->exports[i].used && !api->exports[i].page_requested)
			return &api->exports[i];
	return NULL;
}

int api_log_open(struct api *api)
{
	api->exports = calloc(API_EXPORTS_MAX, sizeof(*api->exports));
	return api->exports != NULL ? 0 : -ENOMEM;
}

void api_log_close(struct api *api)
{
	for (size_t i = 0; api->exports != NULL && i < API_EXPORTS_MAX; i++)
		json_decref(api->exports[i].page);
	free(api->exports);
}

static void begin_export(struct api *api, const struct http_request *request,
			 struct api_log_export *export, const struct log_filter *filter, bool csv)
{
	static const char head[] = "seq,id,time,type,severity,source,person,data,hash\r\n";
	const struct api_caller by = api_caller_of(request);
	json_t *data = api_act(&by, "log.export");

	json_object_set_new(data, "format", json_string(csv ? "csv" : "jsonl"));
	api_record_act(api, EVENT_INFO, NULL, data);
	*export = (struct api_log_export){
		.used = true, .csv = csv, .http = request->token, .filter = *filter};
	/* the pointers of the copy must refer to the strings of the copy */
	export->filter.query.type = filter->query.type != NULL ? export->filter.type : NULL;
	export->filter.query.person = filter->query.person != NULL ? export->filter.person : NULL;
	export->filter.query.source = filter->query.source != NULL ? export->filter.source : NULL;
	export->filter.query.text = filter->query.text != NULL ? export->filter.text : NULL;
	export->filter.query.ascending = true;
	export->filter.query.low_priority = true;
	export->filter.query.limit = EXPORT_ROWS;
	export->next = filter->query.after;
	http_set_header(api->http, request->token, "Content-Disposition",
			csv ? "attachment; filename=\"gatehouse-log.csv\""
			    : "attachment; filename=\"gatehouse-log.jsonl\"");
	if (http_stream_start(api->http, request,
			      csv ? "text/csv; charset=utf-8" : "application/jsonl",
			      HTTP_STREAM_BYTES_MAX) < 0) {
		export->used = false;
		return;
	}
	if (csv)
		/* the first bytes always fit */
		(void)http_stream_send(api->http, request->token, head, sizeof(head) - 1);
	send_rows(api, export);
}

void api_get_log_export(struct api *api, const struct http_request *request, const char *param)
{
	const char *format = http_query(request, "format");
	struct api_log_export *export = free_export(api);
	struct log_filter filter;

	(void)param;
	if (!parse_query(api, request, &filter))
		return;
	if (format == NULL || (strcmp(format, "csv") != 0 && strcmp(format, "jsonl") != 0))
		api_reject(api, request, problem_query_format_unknown(&api->problem));
	else if (export == NULL)
		api_reject(api, request, problem_exports_running(&api->problem, API_EXPORTS_MAX));
	else
		begin_export(api, request, export, &filter, strcmp(format, "csv") == 0);
}

/* ---- hash chain and report ---- */

void api_post_audit(struct api *api, const struct http_request *request, const char *param)
{
	struct api_token token;

	(void)param;
	if (api_begin_call(api, request->token, &token))
		api->ops->audit_verify(api->gate, token);
}

void api_get_audit(struct api *api, const struct http_request *request, const char *param)
{
	(void)param;
	api_respond_json(api, request->token, 200, api->ops->audit_progress(api->gate));
}

/* Parse "2026-11" as the start of this month and of the next one, UTC. @return 0 or -EINVAL. */
static int parse_month(const char *text, int64_t *ret_from, int64_t *ret_to)
{
	char first[16], next[16];
	int year, month;

	if (text == NULL)
		return -EINVAL;
	year = scan_digits(&text, 4);
	if (year < 0 || !scan_char(&text, '-'))
		return -EINVAL;
	month = scan_digits(&text, 2);
	if (month < 1 || month > MONTH_MAX || *text != '\0')
		return -EINVAL;
	snprintf(first, sizeof(first), "%04d-%02d-01", year, month);
	snprintf(next, sizeof(next), "%04d-%02d-01", month == MONTH_MAX ? year + 1 : year,
		 month % MONTH_MAX + 1);
	if (clock_parse_utc(first, ret_from) < 0 || clock_parse_utc(next, ret_to) < 0)
		return -EINVAL;
	return 0;
}

struct report {
	struct http_token http;
	char month[8];
};

static void on_report(struct api *api, void *arg, const json_t *body)
{
	struct report *report = arg;
	json_t *answer = body != NULL ? json_copy(unconst(body)) : NULL;

	if (answer == NULL) {
		api_respond_problem(api, report->http, problem_log_busy(&api->problem));
	} else {
		json_object_set_new(answer, "month", json_string(report->month));
		api_respond_json(api, report->http, 200, answer);
	}
	free(report);
}

void api_get_report(struct api *api, const struct http_request *request, const char *param)
{
	const char *month = http_query(request, "month");
	struct report *report;
	struct api_token token;
	int64_t from, to;

	(void)param;
	if (parse_month(month, &from, &to) < 0) {
		api_reject(api, request, problem_query_month_invalid(&api->problem));
		return;
	}
	report = malloc(sizeof(*report));
	if (report == NULL || !api_begin_internal(api, on_report, report, &token)) {
		free(report);
		api_reject(api, request, problem_too_many_requests(&api->problem));
		return;
	}
	report->http = request->token;
	snprintf(report->month, sizeof(report->month), "%s", month);
	api->ops->report(api->gate, token, from, to);
}
