/* Handlers of the import and export of people as CSV files. */
#include "api_parts.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api_csv.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/ulid.h"

enum {
	IMPORT_ROWS_MAX = 10000,
	IMPORT_AT_ONCE = 16,
	ERRORS_SHOWN_MAX = 100,
	EXPORT_ROWS = 100,
};

/* ---- import ---- */

static const char *const import_columns[] = {"name", "valid_from", "valid_to"};
enum { IMPORT_COLUMNS = sizeof(import_columns) / sizeof(import_columns[0]) };

struct import {
	struct api *api;
	struct http_token http;
	char by[HTTP_CALLER_BYTES];
	enum api_role role;
	bool dry, adding, failed;
	size_t column[IMPORT_COLUMNS]; /* index of the cell in a row, SIZE_MAX: none */
	json_t *people;                /* validated; to be added */
	size_t next, pending, added;
	json_t *errors;
	size_t error_count;
};

/* Add the problem of the API as the error of a line; @p r, unused, is the call that fills it. */
static void import_error(struct import *import, unsigned line, int r)
{
	const struct problem *problem = &import->api->problem;

	(void)r;
	if (import->error_count++ < ERRORS_SHOWN_MAX)
		json_array_append_new(import->errors,
				      json_pack("{s:i, s:s, s:s, s:o}", "line", (int)line,
						"problem", problem->detail, "code",
						problem_name(problem), "params",
						problem_params_json(problem)));
}

static int row_error(int r, struct problem *problem)
{
	return r == -EFBIG ? problem_csv_line_too_long(problem) : problem_csv_quotes(problem);
}

/* Read the header: the index of each known column. */
static bool read_header(struct import *import, const struct csv_row *row)
{
	for (size_t c = 0; c < IMPORT_COLUMNS; c++)
		import->column[c] = SIZE_MAX;
	for (size_t i = 0; i < row->count; i++) {
		const char *cell = row->cells[i];
		bool known = false;

		if (i == 0 && strncmp(cell, "\xef\xbb\xbf", 3) == 0)
			cell += 3; /* the byte order mark that spreadsheets write */
		for (size_t c = 0; c < IMPORT_COLUMNS; c++)
			if (strcmp(import_columns[c], cell) == 0) {
				import->column[c] = i;
				known = true;
			}
		if (known)
			continue;
		import_error(import, 1, problem_csv_column_unknown(&import->api->problem, cell));
	}
	if (import->column[0] == SIZE_MAX)
		import_error(import, 1, problem_csv_no_columns(&import->api->problem));
	return import->error_count == 0;
}

static void read_row(struct import *import, const struct csv_row *row, unsigned line)
{
	struct api_person person = {0};
	json_t *json = json_object();

	for (size_t c = 0; c < IMPORT_COLUMNS; c++)
		if (import->column[c] < row->count && row->cells[import->column[c]][0] != '\0')
			json_object_set_new(json, import_columns[c],
					    json_string(row->cells[import->column[c]]));
	if (import->column[0] < row->count && json_object_get(json, "name") == NULL &&
	    row->cells[import->column[0]][0] != '\0')
		import_error(import, line, problem_csv_name_not_utf8(&import->api->problem));
	else if (api_parse_person(json, &person, &import->api->problem) < 0)
		import_error(import, line, problem_errno(&import->api->problem));
	else if (json_array_size(import->people) >= IMPORT_ROWS_MAX)
		import_error(import, line,
			     problem_csv_too_many_people(&import->api->problem, IMPORT_ROWS_MAX));
	else {
		json_object_set_new(json, "line", json_integer(line));
		json_array_append(import->people, json);
	}
	json_decref(json);
}

static void read_file(struct import *import, const char *at, const char *end)
{
	struct csv_row row;
	unsigned line = 1;
	int r = csv_next(&at, end, &row);

	if (r <= 0) {
		import_error(import, 1,
			     r == 0 ? problem_csv_empty(&import->api->problem)
				    : row_error(r, &import->api->problem));
		return;
	}
	if (!read_header(import, &row))
		return;
	for (line += row.lines; (r = csv_next(&at, end, &row)) != 0; line += row.lines) {
		if (r < 0)
			import_error(import, line, row_error(r, &import->api->problem));
		else if (row.count > 1 || row.cells[0][0] != '\0')
			read_row(import, &row, line);
	}
}

static void end_import(struct import *import)
{
	const struct api_caller by = {.name = import->by, .role_name = api_role_name(import->role)};
	json_t *data;

	if (!import->dry && import->added > 0) {
		data = api_act(&by, "people.import");
		json_object_set_new(data, "rows", json_integer((json_int_t)import->added));
		api_record_act(import->api, EVENT_INFO, NULL, data);
	}
	api_respond_json(import->api, import->http, 200,
			 json_pack("{s:b, s:I, s:I, s:I, s:O}", "dry_run", import->dry, "people",
				   (json_int_t)json_array_size(import->people), "added",
				   (json_int_t)import->added, "error_count",
				   (json_int_t)import->error_count, "errors", import->errors));
	json_decref(import->people);
	json_decref(import->errors);
	free(import);
}

static void add_more(struct import *import);

static void on_added(struct api *api, void *arg, const json_t *body)
{
	struct import *import = arg;

	(void)api;
	assert(import->pending > 0);
	import->pending--;
	import->added += body != NULL;
	if (body == NULL && !import->failed) {
		import->failed = true;
		import_error(import, 0, problem_import_not_all(&import->api->problem));
	}
	add_more(import);
}

/* Add a few people at a time, so that door events do not wait behind thousands of writes. */
static void add_more(struct import *import)
{
	const struct api_caller by = {
		.name = import->by, .role = import->role, .role_name = api_role_name(import->role)};
	size_t count = json_array_size(import->people);

	if (import->adding)
		return; /* called from within the loop below, which continues */
	import->adding = true;
	while (!import->failed && import->next < count && import->pending < IMPORT_AT_ONCE) {
		struct api_person person = {0};
		struct api_token token;

		if (!api_begin_internal(import->api, on_added, import, &token)) {
			import->failed = import->pending == 0; /* else on_added() continues */
			break;
		}
		import->pending++;
		/* read_row() has validated it */
		(void)api_parse_person(json_array_get(import->people, import->next++), &person,
				       &import->api->problem);
		import->api->ops->person_add(import->api->gate, token, &by, &person);
	}
	import->adding = false;
	if (import->pending == 0 && (import->failed || import->next == count))
		end_import(import);
}

void api_post_import(struct api *api, const struct http_request *request, const char *param)
{
	const char *dry = http_query(request, "dry_run"), *body = request->body;
	struct import *import;

	(void)param;
	if (dry != NULL && strcmp(dry, "0") != 0 && strcmp(dry, "1") != 0) {
		api_reject(api, request, problem_query_dry_run_invalid(&api->problem));
		return;
	}
	import = calloc(1, sizeof(*import));
	if (import == NULL) {
		api_reject(api, request, problem_no_memory(&api->problem));
		return;
	}
	import->api = api;
	import->http = request->token;
	import->role = (enum api_role)request->caller.role;
	import->dry = dry != NULL && dry[0] == '1';
	import->people = json_array();
	import->errors = json_array();
	strcpy(import->by, request->caller.name);
	if (body == NULL)
		body = "";
	read_file(import, body, body + request->body_bytes);
	if (import->dry || import->error_count > 0) /* all rows are added, or none */
		end_import(import);
	else
		add_more(import);
} /* NOLINT(clang-analyzer-unix.Malloc): end_import() frees it */

/* ---- export ---- */

struct api_people_export {
	bool used, complete;
	struct http_token http;
	char after[ULID_BYTES];
};

static void put_person(FILE *out, const json_t *person)
{
	static const char *const columns[] = {"id", "name", "valid_from", "valid_to"};
	const char *text;

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		text = json_string_value(json_object_get(person, columns[i]));
		csv_put(out, text != NULL ? text : "");
		fputc(',', out);
	}
	fprintf(out, "%s,%lld\r\n",
		json_is_false(json_object_get(person, "enabled")) ? "no" : "yes",
		(long long)json_integer_value(json_object_get(person, "faces")));
}

static void on_people(struct api *api, void *arg, const json_t *body)
{
	struct api_people_export *export = arg;
	const json_t *next = json_object_get(body, "next"), *person;
	char *text = NULL;
	size_t bytes = 0, index;
	FILE *out;

	if (!export->used)
		return;
	out = body != NULL ? open_memstream(&text, &bytes) : NULL;
	if (out == NULL) {
		http_stream_abort(api->http, export->http); /* the file must not look complete */
		return;
	}
	json_array_foreach(json_object_get(body, "people"), index, person) put_person(out, person);
	fclose(out);
	snprintf(export->after, sizeof(export->after), "%s",
		 json_is_string(next) ? json_string_value(next) : "");
	export->complete = !json_is_string(next);
	(void)http_stream_send(api->http, export->http, text,
			       bytes); /* on failure CLOSED follows */
	free(text);
	if (export->complete)
		http_stream_finish(api->http, export->http);
}

static void request_people(struct api *api, struct api_people_export *export)
{
	struct api_token token;

	if (!export->complete && api_begin_internal(api, on_people, export, &token))
		api->ops->people_list(api->gate, token, export->after, EXPORT_ROWS);
}

bool api_export_on_event(struct api *api, struct http_token http, enum http_stream_event event)
{
	struct api_people_export *export = api->people_export;

	if (!export->used || export->http.slot != http.slot ||
	    export->http.generation != http.generation)
		return false;
	if (event == HTTP_STREAM_CLOSED)
		export->used = false;
	else
		request_people(api, export);
	return true;
}

void api_get_people_export(struct api *api, const struct http_request *request, const char *param)
{
	static const char head[] = "id,name,valid_from,valid_to,enabled,faces\r\n";
	struct api_people_export *export = api->people_export;
	const struct api_caller by = api_caller_of(request);

	(void)param;
	if (export->used) {
		api_reject(api, request, problem_people_export_running(&api->problem));
		return;
	}
	api_record_act(api, EVENT_INFO, NULL, api_act(&by, "people.export"));
	http_set_header(api->http, request->token, "Content-Disposition",
			"attachment; filename=\"gatehouse-people.csv\"");
	*export = (struct api_people_export){.used = true, .http = request->token};
	export->used = http_stream_start(api->http, request, "text/csv; charset=utf-8",
					 HTTP_STREAM_BYTES_MAX) == 0;
	if (export->used)
		/* the first bytes always fit */
		(void)http_stream_send(api->http, request->token, head, sizeof(head) - 1);
}

int api_export_open(struct api *api)
{
	api->people_export = calloc(1, sizeof(*api->people_export));
	api->consents = json_object();
	return api->people_export != NULL && api->consents != NULL ? 0 : -ENOMEM;
}

void api_export_close(struct api *api)
{
	free(api->people_export);
	json_decref(api->consents);
}
