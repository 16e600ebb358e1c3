#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread_role.h"
#include "base/unconst.h"

#include "copies.h"
#include "store_private.h"

enum { QUERY_TYPES_MAX = 128, SQL_BYTES = 1024, EDGE_ROWS = 10000 };

struct reader {
	struct store *store;
	struct db *db;
	struct db_statement *row, *types;
	unsigned generation;
	struct store_read *deferred_first, *deferred_last; /* of low priority */
};

/* The result of a query: seqs of rows, which are then read one by one. */
struct seqs {
	int64_t at[STORE_ROWS_MAX];
	size_t count;
	const struct store_filter *filter;
	int64_t after, before; /* exclusive */
};

static void close_reader(struct reader *reader)
{
	db_finish(reader->row);
	db_finish(reader->types);
	db_close(reader->db);
	reader->row = reader->types = NULL;
	reader->db = NULL;
}

static int open_reader(struct reader *reader)
{
	unsigned generation = atomic_load(&reader->store->file_generation);
	int r;

	if (reader->db != NULL && reader->generation == generation)
		return 0;
	close_reader(reader);
	reader->generation = generation;
	r = db_open(reader->store->path, true, &reader->db, NULL);
	if (r == 0)
		r = db_prepare(reader->db,
			       "SELECT " STORE_EVENT_COLUMNS " FROM event WHERE seq = ?",
			       &reader->row);
	/* each step seeks the next type in the index: one step a type, not a row */
	if (r == 0)
		r = db_prepare(reader->db,
			       "WITH RECURSIVE t (x) AS (SELECT min(type) FROM event WHERE type >= "
			       "?1 UNION ALL "
			       "SELECT "
			       "(SELECT min(type) FROM event WHERE type > x) FROM t WHERE x IS NOT "
			       "NULL AND x < ?2) "
			       "SELECT x FROM t WHERE x IS NOT NULL AND x < ?2",
			       &reader->types);
	if (r < 0)
		close_reader(reader);
	return r;
}

/* The lowest (or highest) seq among the EDGE_ROWS rows nearest to one end of the period. */
static int edge_of_time(struct reader *reader, const struct store_filter *filter, bool low,
			int64_t *ret_seq)
{
	struct db_statement *edge;
	char sql[SQL_BYTES];
	int r;

	snprintf(sql, sizeof(sql),
		 "SELECT %s(seq) FROM (SELECT seq FROM event WHERE unix_ms >= ? AND unix_ms < ? "
		 "ORDER BY "
		 "unix_ms %s "
		 "LIMIT %d)",
		 low ? "min" : "max", low ? "ASC" : "DESC", EDGE_ROWS);
	r = db_prepare(reader->db, sql, &edge);
	if (r < 0)
		return r;
	db_bind_int(edge, 1, filter->from_unix_ms);
	db_bind_int(edge, 2, filter->to_unix_ms == 0 ? INT64_MAX : filter->to_unix_ms);
	r = db_step(edge);
	if (r == 1)
		*ret_seq = db_column_int(edge, 0);
	if (r == 1 && *ret_seq == 0)
		*ret_seq = low ? INT64_MAX - 1 : 0; /* no row lies in the period */
	db_finish(edge);
	return r < 0 ? r : 0;
}

/*
 * Limits the seqs of the query by its period. After the clock was set, times need not rise with
 * seq, so the limits are the extremes among EDGE_ROWS rows at each end of the period. Reading all
 * rows of the period would take too long.
 */
static int bound_by_time(struct reader *reader, struct seqs *seqs)
{
	const struct store_filter *filter = seqs->filter;
	int64_t first = 0, last = INT64_MAX - 1;
	int r = 0;

	if (filter->from_unix_ms != 0)
		r = edge_of_time(reader, filter, true, &first);
	if (r == 0 && filter->to_unix_ms != 0)
		r = edge_of_time(reader, filter, false, &last);
	if (first - 1 > seqs->after)
		seqs->after = first - 1;
	if (last + 1 < seqs->before)
		seqs->before = last + 1;
	return r;
}

static int compare_up(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int compare_down(const void *a, const void *b)
{
	return compare_up(b, a);
}

/* Merges two sets and cuts the result to the filter's limit. */
static void merge(struct seqs *seqs, const int64_t *more, size_t count)
{
	int64_t all[2 * STORE_ROWS_MAX];
	size_t total = seqs->count + count;

	assert(seqs->count <= STORE_ROWS_MAX && count <= STORE_ROWS_MAX);
	memcpy(all, seqs->at, seqs->count * sizeof(*all));
	memcpy(all + seqs->count, more, count * sizeof(*all));
	qsort(all, total, sizeof(*all), seqs->filter->ascending ? compare_up : compare_down);
	seqs->count = total < seqs->filter->limit ? total : seqs->filter->limit;
	memcpy(seqs->at, all, seqs->count * sizeof(*all));
}

/*
 * Finds the seqs of one type, or of all types for NULL, in the filter's order. A unary plus keeps
 * SQLite from using a column's index, so that it uses the one that gives the order of seq.
 */
static int find_seqs(struct reader *reader, struct seqs *seqs, const char *type)
{
	const struct store_filter *filter = seqs->filter;
	bool by_type = type != NULL && filter->person == NULL;
	struct db_statement *find;
	int64_t found[STORE_ROWS_MAX];
	char sql[SQL_BYTES];
	size_t count = 0;
	int r;

	snprintf(sql, sizeof(sql),
		 "SELECT seq FROM event WHERE seq > ?1 AND seq < ?2%s%s%s%s ORDER BY seq %s LIMIT "
		 "?3",
		 filter->from_unix_ms != 0 ? " AND +unix_ms >= ?4" : "",
		 filter->to_unix_ms != 0 ? " AND +unix_ms < ?5" : "",
		 type == NULL ? ""
		 : by_type    ? " AND type = ?6"
			      : " AND +type = ?6",
		 filter->person == NULL ? "" : " AND person = ?7 AND person <> ''",
		 filter->ascending ? "ASC" : "DESC");
	r = db_prepare(reader->db, sql, &find);
	if (r < 0)
		return r;
	db_bind_int(find, 1, seqs->after);
	db_bind_int(find, 2, seqs->before);
	db_bind_int(find, 3, filter->limit);
	db_bind_int(find, 4, filter->from_unix_ms);
	db_bind_int(find, 5, filter->to_unix_ms);
	db_bind_text(find, 6, type);
	db_bind_text(find, 7, filter->person);
	while ((r = db_step(find)) == 1 && count < STORE_ROWS_MAX)
		found[count++] = db_column_int(find, 0);
	db_finish(find);
	merge(seqs, found, count);
	return r < 0 ? r : 0;
}

/* Finds the seqs of all types with a prefix such as "door.", type by type, and merges them. */
static int find_prefix(struct reader *reader, struct seqs *seqs)
{
	char types[QUERY_TYPES_MAX][EVENT_TYPE_BYTES], end[EVENT_TYPE_BYTES];
	size_t length = strlen(seqs->filter->type), count = 0;
	int r;

	memcpy(end, seqs->filter->type, length + 1);
	end[length - 1]++; /* "door/": the first text above all that begin with "door." */
	db_bind_text(reader->types, 1, seqs->filter->type);
	db_bind_text(reader->types, 2, end);
	while ((r = db_step(reader->types)) == 1 && count < QUERY_TYPES_MAX)
		if (db_column_copy(reader->types, 0, types[count], EVENT_TYPE_BYTES) == 0)
			count++;
	db_reset(reader->types);
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = find_seqs(reader, seqs, types[i]);
	return r < 0 ? r : 0;
}

static int read_one(struct reader *reader, int64_t seq, bool hashes, struct event_row *ret_row)
{
	int r;

	db_bind_int(reader->row, 1, seq);
	r = db_step(reader->row);
	if (r == 1)
		r = store_read_row(reader->row, ret_row);
	else if (r == 0)
		r = -ENODATA;
	if (r == 0) {
		ret_row->data = strdup(ret_row->data);
		ret_row->json = ret_row->data == NULL ? NULL : event_json(ret_row, hashes);
		if (ret_row->json == NULL) {
			free(unconst(ret_row->data));
			r = -ENOMEM;
		}
	}
	db_reset(reader->row);
	return r;
}

static int serve_urgent(struct reader *reader);

/* Reads the rows found. Skips a row that cannot be read; the audit reports it. */
static int read_rows(struct reader *reader, const struct seqs *seqs, struct store_read *read)
{
	read->rows = calloc(seqs->count + 1, sizeof(*read->rows));
	if (read->rows == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < seqs->count; i++) {
		int r = seqs->filter->low_priority ? serve_urgent(reader) : 0;

		if (r == 0)
			r = read_one(reader, seqs->at[i], seqs->filter->hashes,
				     &read->rows[read->count]);
		if (r == 0)
			read->count++;
		else if (r != -EBADMSG && r != -ENODATA)
			return r;
	}
	return 0;
}

static int read_in_transaction(struct reader *reader, struct store_read *read)
{
	const struct store_filter *filter = &read->filter;
	struct seqs seqs = {
		.filter = filter, .after = filter->after_seq, .before = filter->before_seq};
	size_t length = filter->type == NULL ? 0 : strlen(filter->type);
	int r;

	if (filter->seqs != NULL) {
		assert(filter->seq_count <= STORE_ROWS_MAX); /* checked by store_query_events() */
		memcpy(seqs.at, filter->seqs, filter->seq_count * sizeof(*seqs.at));
		seqs.count = filter->seq_count;
		return read_rows(reader, &seqs, read);
	}
	if (seqs.before == 0)
		seqs.before = INT64_MAX;
	r = bound_by_time(reader, &seqs);
	if (r == 0 && store_filter_is_search(filter))
		return store_search_run(reader->db, read, seqs.after, seqs.before);
	if (r == 0)
		r = length > 0 && filter->type[length - 1] == '.'
			    ? find_prefix(reader, &seqs)
			    : find_seqs(reader, &seqs, filter->type);
	if (r == 0)
		r = read_rows(reader, &seqs, read);
	if (r == 0 && seqs.count == filter->limit)
		read->reached = seqs.at[seqs.count - 1];
	return r;
}

static int answer(struct reader *reader, struct store_read *read)
{
	int r;

	if (read->message.kind == STORE_READ_COPIES) /* of files beside the database */
		return copies_list(reader->store->state_dir, read->filter.to_unix_ms,
				   &read->report);
	r = open_reader(reader);
	if (r == 0)
		r = db_run(reader->db, "BEGIN");
	if (r < 0)
		return -EIO;
	r = read->message.kind == STORE_READ_REPORT  ? store_report_run(reader->db, read)
	    : read->message.kind == STORE_READ_FACES ? store_faces_run(reader->db, read)
						     : read_in_transaction(reader, read);
	if (reader->db != NULL)
		(void)db_run(reader->db, "COMMIT"); /* it only read */
	if (r < 0)
		close_reader(reader); /* reopened by the next read: the file may be a new one */
	return r == 0 || r == -ENOMEM ? r : -EIO;
}

static void serve(struct reader *reader, struct store_read *read)
{
	assert_thread(THREAD_QUERY);
	read->r = store_is_closing(reader->store) ? -ECANCELED : answer(reader, read);
	store_answer(reader->store, &read->message);
}

static void defer(struct reader *reader, struct store_read *read)
{
	if (reader->deferred_first == NULL)
		reader->deferred_first = read;
	else
		reader->deferred_last->next = read;
	reader->deferred_last = read;
}

/*
 * Reading a page of old rows can take a millisecond a row on a slow disk, so a low-priority read
 * serves the others between its rows. They must see newer commits, so it ends its transaction
 * first and begins another one afterwards; it reads its remaining rows by their seqs.
 */
static int serve_urgent(struct reader *reader)
{
	struct store_message *message;
	bool suspended = false;
	int r;

	while (queue_pop(reader->store->queries, &message) == 0) {
		struct store_read *read = (struct store_read *)message;

		if (read->filter.low_priority) {
			defer(reader, read);
			continue;
		}
		if (!suspended)
			(void)db_run(reader->db, "COMMIT"); /* it only read */
		suspended = true;
		serve(reader, read);
	}
	if (!suspended)
		return 0;
	r = open_reader(reader); /* a failed read has closed it */
	if (r == 0)
		r = db_run(reader->db, "BEGIN");
	return r < 0 ? -EIO : 0;
}

/* The next read, those of low priority last. @return NULL: closed, and none is left */
static struct store_read *next_read(struct reader *reader)
{
	struct store_read *read = reader->deferred_first;
	struct store_message *message;

	while ((read != NULL ? queue_pop(reader->store->queries, &message)
			     : queue_pop_wait(reader->store->queries, &message, -1)) == 0) {
		if (!((struct store_read *)message)->filter.low_priority)
			return (struct store_read *)message;
		defer(reader, (struct store_read *)message);
		read = reader->deferred_first;
	}
	if (read != NULL)
		reader->deferred_first = read->next;
	return read;
}

void *store_query_thread(void *arg)
{
	struct reader reader = {.store = arg};
	struct store_read *read;

	thread_role_set(THREAD_QUERY);
	pthread_setname_np(pthread_self(), "query");
	while ((read = next_read(&reader)) != NULL)
		serve(&reader, read);
	close_reader(&reader);
	return NULL;
}
