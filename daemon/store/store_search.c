/*
 * store_search.c - queries that no index covers: by source, severity or text. They scan row by row
 * for a limited time. The answer contains where the scan ended, so that the next query continues
 * there.
 */
#include "store_private.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/unconst.h"

enum { SQL_BYTES = 512, ROWS_BETWEEN_CLOCK_READS = 64 };

bool store_filter_is_search(const struct store_filter *filter)
{
	return filter->source != NULL || filter->text != NULL || filter->without != NULL ||
	       filter->severity_min > EVENT_INFO;
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool type_matches(const struct store_filter *filter, const char *type)
{
	size_t length = filter->type != NULL ? strlen(filter->type) : 0;

	if (filter->without != NULL && begins_with(type, filter->without))
		return false;
	if (length == 0)
		return true;
	return filter->type[length - 1] == '.' ? begins_with(type, filter->type)
					       : strcmp(type, filter->type) == 0;
}

static bool row_matches(const struct store_filter *filter, const struct event_row *row)
{
	if (row->severity < filter->severity_min || !type_matches(filter, row->type) ||
	    (filter->source != NULL && strcmp(row->source, filter->source) != 0))
		return false;
	return filter->text == NULL || strcasestr(row->data, filter->text) != NULL ||
	       strcasestr(row->type, filter->text) != NULL ||
	       strcasestr(row->source, filter->text) != NULL ||
	       strcasestr(row->person, filter->text) != NULL ||
	       strcasestr(row->id, filter->text) != NULL;
}

static int copy_row(struct store_read *read, const struct event_row *row)
{
	struct event_row *copy = &read->rows[read->count];

	*copy = *row;
	copy->data = strdup(row->data);
	copy->json = copy->data == NULL ? NULL : event_json(copy, read->filter.hashes);
	if (copy->json == NULL) {
		free(unconst(copy->data));
		return -ENOMEM;
	}
	read->count++;
	return 0;
}

static int scan_rows(struct db_statement *rows, struct store_read *read, uint64_t until_ms)
{
	struct event_row row;
	unsigned scanned = 0;
	int r;

	read->reached = 0;
	while ((r = db_step(rows)) == 1) {
		int64_t seq = db_column_int(rows, 0);

		r = store_read_row(rows, &row);
		if (r == 0 && row_matches(&read->filter, &row))
			r = copy_row(read, &row);
		else if (r == -EBADMSG)
			r = 0; /* skip a row that cannot be read; the audit reports it */
		if (r < 0)
			return r;
		if (read->count == read->filter.limit ||
		    (++scanned % ROWS_BETWEEN_CLOCK_READS == 0 && clock_mono_ms() >= until_ms)) {
			read->reached = seq;
			return 0;
		}
	}
	return r;
}

int store_search_run(struct db *db, struct store_read *read, int64_t after, int64_t before)
{
	const struct store_filter *filter = &read->filter;
	size_t length = filter->type != NULL ? strlen(filter->type) : 0;
	bool by_type = length > 0 && filter->type[length - 1] != '.' && filter->person == NULL;
	struct db_statement *rows;
	char sql[SQL_BYTES];
	int r;

	snprintf(sql, sizeof(sql),
		 "SELECT " STORE_EVENT_COLUMNS
		 " FROM event WHERE seq > ?1 AND seq < ?2%s%s%s%s ORDER BY seq %s",
		 filter->from_unix_ms != 0 ? " AND +unix_ms >= ?3" : "",
		 filter->to_unix_ms != 0 ? " AND +unix_ms < ?4" : "",
		 by_type ? " AND type = ?5" : "",
		 filter->person != NULL ? " AND person = ?6 AND person <> ''" : "",
		 filter->ascending ? "ASC" : "DESC");
	assert(filter->limit >= 1 && filter->limit <= STORE_ROWS_MAX);
	read->rows = calloc(filter->limit, sizeof(*read->rows));
	if (read->rows == NULL)
		return -ENOMEM;
	r = db_prepare(db, sql, &rows);
	if (r < 0)
		return r;
	db_bind_int(rows, 1, after);
	db_bind_int(rows, 2, before);
	db_bind_int(rows, 3, filter->from_unix_ms);
	db_bind_int(rows, 4, filter->to_unix_ms);
	db_bind_text(rows, 5, filter->type);
	db_bind_text(rows, 6, filter->person);
	r = scan_rows(rows, read, clock_mono_ms() + STORE_SEARCH_MS);
	db_finish(rows);
	return r < 0 ? r : 0;
}
