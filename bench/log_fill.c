/*
 * log_fill.c - a log of many rows, so that asking it can be measured.
 *
 *   log_fill STATE_DIR ROWS   with no daemon running, in a directory where one has been: its gate.db is appended to
 *
 * The rows are those of a busy gate: entries and denials of 5,000 people at four doors, doors that
 * open and close, an alert in two thousand. They chain; the database is written without syncing,
 * which is no way to keep a real log.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ulid.h"
#include "store/db.h"
#include "store/event.h"

enum { PEOPLE = 5000, DOORS = 4, ROWS_OF_TRANSACTION = 100000, MS_BETWEEN = 1500 };

static char people[PEOPLE][ULID_BYTES];

static void die(const char *what, const char *why)
{
	fprintf(stderr, "log_fill: %s: %s\n", what, why);
	exit(1);
}

static void check(struct db *db, int r)
{
	if (r < 0)
		die("the database", db_error(db));
}

static void make_row(struct event_row *row, long number)
{
	static const char *const types[] = {"access.granted", "door.opened", "door.closed",
					    "access.taken", "access.denied"};
	static char data[160];
	int kind = (int)(number % 5);

	row->seq++;
	row->unix_ms += MS_BETWEEN;
	ulid_make(row->unix_ms, row->id);
	strcpy(row->type, number % 2000 == 1999 ? "litter.detected" : types[kind]);
	row->severity = number % 2000 == 1999 ? EVENT_ALARM : EVENT_INFO;
	snprintf(row->source, sizeof(row->source), "door/door-%ld", number / 5 % DOORS);
	strcpy(row->person, kind == 0 || kind == 3 ? people[number / 5 % PEOPLE] : "");
	snprintf(data, sizeof(data),
		 "{\"factor\":\"face\",\"frame_to_relay_ms\":%ld,\"score\":0.%03ld,\"v\":1}",
		 40 + number % 60, 500 + number % 400);
	row->data = data;
	event_hash(row, row->hash);
}

static void insert(struct db *db, struct db_statement *sql, const struct event_row *row)
{
	db_bind_int(sql, 1, row->seq);
	db_bind_text(sql, 2, row->id);
	db_bind_int(sql, 3, row->unix_ms);
	db_bind_text(sql, 4, row->type);
	db_bind_int(sql, 5, row->severity);
	db_bind_text(sql, 6, row->source);
	db_bind_text(sql, 7, row->person);
	db_bind_text(sql, 8, row->data);
	db_bind_bytes(sql, 9, row->prev, DIGEST_BYTES);
	db_bind_bytes(sql, 10, row->hash, DIGEST_BYTES);
	check(db, db_execute(sql));
}

static void last_row(struct db *db, struct event_row *row)
{
	struct db_statement *last;

	check(db, db_prepare(db, "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1", &last));
	if (db_step(last) != 1 || db_column_exact(last, 1, row->hash, DIGEST_BYTES) < 0)
		die("the log", "has no row: start a daemon there once");
	row->seq = db_column_int(last, 0);
	db_finish(last);
}

int main(int argc, char **argv)
{
	long rows = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	struct db_statement *sql;
	struct event_row row = {0};
	char path[512], error[DB_ERROR_BYTES];
	struct db *db;

	if (rows < 1)
		die("usage", "log_fill STATE_DIR ROWS");
	snprintf(path, sizeof(path), "%s/gate.db", argv[1]);
	if (db_open(path, false, &db, error) < 0)
		die(path, error);
	check(db, db_run(db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -400000"));
	last_row(db, &row);
	row.unix_ms = clock_unix_ms() - (int64_t)rows * MS_BETWEEN;
	for (long i = 0; i < PEOPLE; i++)
		ulid_make(row.unix_ms + i, people[i]);
	check(db,
	      db_prepare(
		      db,
		      "INSERT INTO event (seq, id, unix_ms, type, severity, source, person, data, "
		      "prev, hash) "
		      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		      &sql));
	for (long i = 0; i < rows; i++) {
		if (i % ROWS_OF_TRANSACTION == 0)
			check(db, db_run(db, i == 0 ? "BEGIN" : "COMMIT; BEGIN"));
		memcpy(row.prev, row.hash, DIGEST_BYTES);
		make_row(&row, i);
		insert(db, sql, &row);
	}
	check(db, db_run(db, "COMMIT"));
	db_finish(sql);
	db_close(db);
	printf("person %s\n", people[7]);
	return 0;
}
