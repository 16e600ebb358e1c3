/* schema.c - the schema of gate.db, as the steps that lead to it. A step that was released never changes. */
#include <stdio.h>

#include "store_private.h"

static const char *const steps[] = {
	/* 1: the log, the roster, cursors and nonces */
	"CREATE TABLE event (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, unix_ms INTEGER NOT NULL, type TEXT "
	"NOT "
	"NULL, severity INTEGER NOT NULL, source TEXT NOT NULL, person TEXT NOT NULL, data TEXT NOT NULL, "
	"prev BLOB "
	"NOT NULL, hash BLOB NOT NULL);"
	"CREATE INDEX event_type ON event (type);" /* an index ends with the seq: pages of one type are in order */
	"CREATE INDEX event_time ON event (unix_ms);"
	"CREATE INDEX event_person ON event (person) WHERE person <> '';"
	"CREATE TABLE mark (kind TEXT PRIMARY KEY NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT NULL, "
	"signature BLOB "
	"NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE cursor (name TEXT PRIMARY KEY NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE nonce (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE key_check (box BLOB NOT NULL);"
	"CREATE TABLE person (id TEXT PRIMARY KEY NOT NULL, box BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE template (number INTEGER PRIMARY KEY, person TEXT NOT NULL, model TEXT NOT NULL, box "
	"BLOB NOT "
	"NULL);"
	"CREATE INDEX template_person ON template (person);",
	/* 2: whatever else is to be remembered, under a kind and an id */
	"CREATE TABLE record (kind TEXT NOT NULL, id TEXT NOT NULL, box BLOB NOT NULL, PRIMARY KEY (kind, "
	"id)) "
	"WITHOUT ROWID",
	/* 3: what roster.db has not yet; a kind of "" is a person, with templates */
	"CREATE TABLE uncopied (kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (kind, id)) WITHOUT ROWID;"
	"CREATE TRIGGER person_put AFTER INSERT ON person BEGIN "
	"INSERT OR IGNORE INTO uncopied VALUES ('', NEW.id); END;"
	"CREATE TRIGGER person_gone AFTER DELETE ON person BEGIN "
	"INSERT OR IGNORE INTO uncopied VALUES ('', OLD.id); END;"
	"CREATE TRIGGER template_put AFTER INSERT ON template BEGIN "
	"INSERT OR IGNORE INTO uncopied VALUES ('', NEW.person); END;"
	"CREATE TRIGGER template_gone AFTER DELETE ON template BEGIN "
	"INSERT OR IGNORE INTO uncopied VALUES ('', OLD.person); END;"
	"CREATE TRIGGER record_put AFTER INSERT ON record BEGIN "
	"INSERT OR IGNORE INTO uncopied VALUES (NEW.kind, NEW.id); END;"
	"CREATE TRIGGER record_gone AFTER DELETE ON record BEGIN "
	"INSERT OR IGNORE INTO uncopied VALUES (OLD.kind, OLD.id); END",
	/* 4: the aligned picture a template was made of, where the site keeps it; NULL: it is not kept */
	"ALTER TABLE template ADD COLUMN crop BLOB",
};

const int64_t store_schema = sizeof(steps) / sizeof(steps[0]);

int store_steps_run(struct db *db, int64_t version)
{
	char sql[48];
	int r = 0;

	for (; r == 0 && version < store_schema; version++)
		r = db_run(db, steps[version]);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %lld", (long long)store_schema);
	return r < 0 ? r : db_run(db, sql);
}
