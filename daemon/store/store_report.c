/*
 * store_report.c - statistics of a period for the notice board, without personal data. SQLite
 * counts them on the query thread.
 */
#include "store_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SECONDS_OF_HOUR = 3600 };

/* {"KEY": count} of a query that returns keys and counts of the period. */
static int count_by(struct db *db, const struct store_read *read, const char *sql,
		    json_t **ret_counts)
{
	struct db_statement *rows;
	json_t *counts = json_object();
	int r = db_prepare(db, sql, &rows);

	if (r < 0) {
		json_decref(counts);
		return r;
	}
	db_bind_int(rows, 1, read->filter.from_unix_ms);
	db_bind_int(rows, 2, read->filter.to_unix_ms);
	while ((r = db_step(rows)) == 1)
		json_object_set_new(counts, db_column_text(rows, 0),
				    json_integer(db_column_int(rows, 1)));
	db_finish(rows);
	*ret_counts = counts;
	return r;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The median and the 90th percentile of the seconds from alert to verdict. */
static int review_times(struct db *db, const struct store_read *read, json_t **ret_times)
{
	int64_t *seconds = NULL, *grown;
	size_t count = 0, room = 0;
	struct db_statement *rows;
	int r = db_prepare(db,
			   "SELECT json_extract(data, '$.review_s') FROM event WHERE +unix_ms >= ? "
			   "AND +unix_ms < ? AND "
			   "type = 'alert.reviewed'",
			   &rows);

	if (r < 0)
		return r;
	db_bind_int(rows, 1, read->filter.from_unix_ms);
	db_bind_int(rows, 2, read->filter.to_unix_ms);
	while ((r = db_step(rows)) == 1) {
		if (count == room) {
			room = room == 0 ? 256 : room * 2;
			grown = realloc(seconds, room * sizeof(*seconds));
			if (grown == NULL) {
				r = -ENOMEM;
				break;
			}
			seconds = grown;
		}
		seconds[count++] = db_column_int(rows, 0);
	}
	db_finish(rows);
	if (r == 0 && count > 0) {
		qsort(seconds, count, sizeof(*seconds), compare);
		*ret_times = json_pack("{s:I, s:I, s:I}", "reviewed", (json_int_t)count, "median_s",
				       (json_int_t)seconds[count / 2], "p90_s",
				       (json_int_t)seconds[count * 9 / 10]);
	} else if (r == 0) {
		*ret_times = json_pack("{s:i, s:n, s:n}", "reviewed", 0, "median_s", "p90_s");
	}
	free(seconds);
	return r;
}

/*
 * Blind hours of each camera. camera.blind_day states the sum of a local day, at its end or when
 * the gate stops; the last one of a day counts.
 */
static int blind_hours(struct db *db, const struct store_read *read, json_t **ret_hours)
{
	json_t *hours = json_object();
	struct db_statement *rows;
	int r = db_prepare(db,
			   "SELECT camera, sum(blind_s) FROM (SELECT json_extract(data, "
			   "'$.camera') AS camera, "
			   "json_extract(data, '$.blind_s') AS blind_s, max(seq) FROM event WHERE "
			   "+unix_ms >= ? AND "
			   "+unix_ms < ? AND type = 'camera.blind_day' GROUP BY 1, "
			   "json_extract(data, '$.day')) GROUP "
			   "BY 1",
			   &rows);

	if (r < 0) {
		json_decref(hours);
		return r;
	}
	db_bind_int(rows, 1, read->filter.from_unix_ms);
	db_bind_int(rows, 2, read->filter.to_unix_ms);
	while ((r = db_step(rows)) == 1)
		json_object_set_new(hours, db_column_text(rows, 0),
				    json_real((double)db_column_int(rows, 1) / SECONDS_OF_HOUR));
	db_finish(rows);
	*ret_hours = hours;
	return r;
}

/* The last signed anchor of the period, so that the figures can be checked against the log. */
static int last_anchor(struct db *db, const struct store_read *read, json_t **ret_anchor)
{
	struct db_statement *rows;
	int r = db_prepare(db,
			   "SELECT seq, data FROM event WHERE type = 'audit.anchor' AND +unix_ms "
			   ">= ? AND +unix_ms < ? "
			   "ORDER BY seq DESC LIMIT 1",
			   &rows);

	if (r < 0)
		return r;
	db_bind_int(rows, 1, read->filter.from_unix_ms);
	db_bind_int(rows, 2, read->filter.to_unix_ms);
	r = db_step(rows);
	*ret_anchor = json_null();
	if (r == 1) {
		json_t *data = json_loads(db_column_text(rows, 1), 0, NULL);

		*ret_anchor = data != NULL ? data : json_null();
		if (data != NULL)
			json_object_set_new(data, "event", json_integer(db_column_int(rows, 0)));
	}
	db_finish(rows);
	return r < 0 ? r : 0;
}

#define IN_SPAN " FROM event WHERE unix_ms >= ? AND unix_ms < ? AND "

int store_report_run(struct db *db, struct store_read *read)
{
	static const struct {
		const char *key, *sql;
	} parts[] = {
		{"events", "SELECT type, count(*) FROM event WHERE unix_ms >= ? AND unix_ms < ? "
			   "GROUP BY type"},
		{"entries",
		 "SELECT coalesce(json_extract(data, '$.factor'), 'other'), count(*)" IN_SPAN
		 "+type = 'access.granted' GROUP BY 1"},
		{"denials",
		 "SELECT coalesce(json_extract(data, '$.reason'), 'other'), count(*)" IN_SPAN
		 "+type = 'access.denied' GROUP BY 1"},
		{"alerts",
		 "SELECT CASE +type WHEN 'litter.detected' THEN 'alert' ELSE 'suspected' END, "
		 "count(*)" IN_SPAN "+type IN ('litter.detected', 'litter.suspected') GROUP BY 1"},
		/* an alert counts once, with its last verdict */
		{"verdicts",
		 "SELECT verdict, count(*) FROM (SELECT json_extract(data, '$.verdict') AS "
		 "verdict, max(seq)" IN_SPAN
		 "+type = 'alert.reviewed' GROUP BY json_extract(data, '$.alert')) GROUP BY 1"},
		{"video_looks",
		 "SELECT coalesce(json_extract(data, '$.role'), 'other'), count(*)" IN_SPAN
		 "+type = 'operator.act' AND json_extract(data, '$.act') IN ('evidence.view', "
		 "'camera.watch', 'alert.export') AND coalesce(json_extract(data, '$.file'), '') "
		 "NOT LIKE "
		 "'%.jpg' GROUP BY 1"}, /* the list of alerts loads these stills by itself */
		{"faults",
		 "SELECT type, count(*)" IN_SPAN "+severity > 0 AND (+type LIKE 'storage.%' OR "
		 "+type LIKE 'camera.%' OR +type LIKE 'model.%' OR "
		 "+type LIKE '%.fault' OR +type LIKE 'link.%') GROUP BY 1"},
		{"erasures", "SELECT 'people', count(*)" IN_SPAN "+type = 'person.removed'"},
	};
	json_t *report = json_object(), *part;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
		r = count_by(db, read, parts[i].sql, &part);
		if (r == 0)
			json_object_set_new(report, parts[i].key, part);
	}
	if (r == 0 && (r = review_times(db, read, &part)) == 0)
		json_object_set_new(report, "review", part);
	if (r == 0 && (r = blind_hours(db, read, &part)) == 0)
		json_object_set_new(report, "blind_hours", part);
	if (r == 0 && (r = last_anchor(db, read, &part)) == 0)
		json_object_set_new(report, "anchor", part);
	read->report = report;
	return r;
}
