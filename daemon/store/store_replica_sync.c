/*
 * store_replica_sync.c - copies rows of people, templates and records from one database to another
 * without decrypting them.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/* the key of a table's rows: a person's id, or a record's kind and id */
static const struct {
	const char *of_key, *slice, *insert, *remove;
	int columns, order; /* order: how many columns the key has; 0: a number */
} tables[STORE_SYNC_TABLES] = {
	{"SELECT id, sealed FROM person WHERE id = ?2",
	 "SELECT id, sealed FROM person WHERE id > ?1 ORDER BY id LIMIT ?4",
	 "INSERT OR REPLACE INTO person (id, sealed) VALUES (?, ?)",
	 "DELETE FROM person WHERE id = ?2", 2, 1},
	{"SELECT number, person, model, sealed, crop FROM template WHERE person = ?2",
	 "SELECT number, person, model, sealed, crop FROM template WHERE number > ?3 ORDER BY "
	 "number LIMIT "
	 "?4",
	 "INSERT OR REPLACE INTO template (number, person, model, sealed, crop) VALUES (?, ?, ?, "
	 "?, ?)",
	 "DELETE FROM template WHERE person = ?2", 5, 0},
	{"SELECT kind, id, sealed FROM record WHERE kind = ?1 AND id = ?2",
	 "SELECT kind, id, sealed FROM record WHERE (kind, id) > (?1, ?2) ORDER BY kind, id LIMIT "
	 "?4",
	 "INSERT OR REPLACE INTO record (kind, id, sealed) VALUES (?, ?, ?)",
	 "DELETE FROM record WHERE kind = ?1 AND id = ?2", 3, 2},
};

enum { PEOPLE, TEMPLATES, RECORDS };

int store_sync_open(struct store_sync *sync, struct db *from, struct db *to)
{
	int r = 0;

	memset(sync, 0, sizeof(*sync));
	for (int i = 0; r == 0 && i < STORE_SYNC_TABLES; i++) {
		r = db_prepare(from, tables[i].of_key, &sync->of_key[i]);
		if (r == 0)
			r = db_prepare(from, tables[i].slice, &sync->slice[i]);
		if (r == 0)
			r = db_prepare(to, tables[i].insert, &sync->insert[i]);
		if (r == 0)
			r = db_prepare(to, tables[i].remove, &sync->remove[i]);
	}
	return r;
}

void store_sync_close(struct store_sync *sync)
{
	for (int i = 0; i < STORE_SYNC_TABLES; i++) {
		db_finish(sync->of_key[i]);
		db_finish(sync->slice[i]);
		db_finish(sync->insert[i]);
		db_finish(sync->remove[i]);
	}
}

static int insert_row(struct store_sync *sync, int table, struct db_statement *row)
{
	assert(table >= 0 && table < STORE_SYNC_TABLES);
	for (int i = 0; i < tables[table].columns; i++)
		db_bind_column(sync->insert[table], i + 1, row, i);
	return db_execute(sync->insert[table]);
}

static int sync_table(struct store_sync *sync, int table, const char *kind, const char *id)
{
	struct db_statement *rows = sync->of_key[table], *remove = sync->remove[table];
	int r;

	if (tables[table].order == 2)
		db_bind_text(remove, 1, kind);
	db_bind_text(remove, 2, id);
	r = db_execute(remove);
	if (tables[table].order == 2)
		db_bind_text(rows, 1, kind);
	db_bind_text(rows, 2, id);
	while (r >= 0 && (r = db_step(rows)) == 1)
		r = insert_row(sync, table, rows);
	db_reset(rows);
	return r;
}

int store_sync_key(struct store_sync *sync, const char *kind, const char *id)
{
	int r;

	if (kind[0] != '\0')
		return sync_table(sync, RECORDS, kind, id);
	r = sync_table(sync, PEOPLE, kind, id);
	return r < 0 ? r : sync_table(sync, TEMPLATES, kind, id);
}

int store_sync_sweep(struct store_sync *sync, struct store_sync_sweep *sweep, unsigned rows_max)
{
	unsigned done = 0;
	int r = 0;

	assert(rows_max > 0);
	while (r >= 0 && sweep->table < STORE_SYNC_TABLES && done < rows_max) {
		struct db_statement *rows = sync->slice[sweep->table];
		unsigned before = done;

		if (sweep->table == TEMPLATES)
			db_bind_int(rows, 3, sweep->number);
		else
			db_bind_text(rows, 1, sweep->first);
		if (sweep->table == RECORDS)
			db_bind_text(rows, 2, sweep->second);
		db_bind_int(rows, 4, rows_max - done);
		while ((r = db_step(rows)) == 1) {
			char first[STORE_RECORD_ID_BYTES], second[STORE_RECORD_ID_BYTES];

			r = insert_row(sync, sweep->table, rows);
			if (r < 0)
				break;
			sweep->number = sweep->table == TEMPLATES ? db_column_int(rows, 0) : 0;
			snprintf(first, sizeof(first), "%s", db_column_text(rows, 0));
			snprintf(second, sizeof(second), "%s", db_column_text(rows, 1));
			sweep->rows++;
			done++;
			memcpy(sweep->next_first, first, sizeof(first));
			memcpy(sweep->next_second, second, sizeof(second));
		}
		db_reset(rows); /* the keys were bound by reference */
		memcpy(sweep->first, sweep->next_first, sizeof(sweep->first));
		memcpy(sweep->second, sweep->next_second, sizeof(sweep->second));
		if (r == 0 && done == before) {
			sweep->table++;
			sweep->number = 0;
			sweep->first[0] = sweep->second[0] = '\0';
			sweep->next_first[0] = sweep->next_second[0] = '\0';
		}
	}
	return r < 0 ? r : sweep->table == STORE_SYNC_TABLES;
}

int store_sync_pending(struct db *from, struct db *to, unsigned keys_max)
{
	struct store_sync sync;
	struct db_statement *keys = NULL;
	int r = store_sync_open(&sync, from, to), count = 0;

	if (r == 0)
		r = db_prepare(from, "SELECT kind, id FROM replica_pending LIMIT ?", &keys);
	if (r == 0) {
		db_bind_int(keys, 1, keys_max);
		while ((r = db_step(keys)) == 1) {
			r = store_sync_key(&sync, db_column_text(keys, 0), db_column_text(keys, 1));
			if (r < 0)
				break;
			count++;
		}
	}
	db_finish(keys);
	store_sync_close(&sync);
	return r < 0 ? r : count;
}

static int sync_counter(struct db *from, struct db *to, const char *select, const char *insert)
{
	struct db_statement *rows = NULL, *into = NULL;
	int r = db_prepare(from, select, &rows);

	if (r == 0)
		r = db_prepare(to, insert, &into);
	while (r >= 0 && (r = db_step(rows)) == 1) {
		db_bind_column(into, 1, rows, 0);
		db_bind_column(into, 2, rows, 1);
		r = db_execute(into);
	}
	db_finish(rows);
	db_finish(into);
	return r;
}

int store_sync_counters(struct db *from, struct db *to)
{
	int r = sync_counter(from, to, "SELECT name, seq FROM cursor",
			     "INSERT INTO cursor (name, seq) VALUES (?1, ?2) "
			     "ON CONFLICT (name) DO UPDATE SET seq = max(seq, ?2)");

	return r < 0 ? r
		     : sync_counter(from, to, "SELECT name, value FROM nonce",
				    "INSERT INTO nonce (name, value) VALUES (?1, ?2) "
				    "ON CONFLICT (name) DO UPDATE SET value = max(value, ?2)");
}
