#include "schema.h"

#include <assert.h>
#include <stdio.h>

/*
 * The tables that the replica has, too. template.crop is the aligned picture that the template was
 * made from; NULL if the site does not store pictures.
 */
#define TABLES_OF_BOTH                                                                             \
	"CREATE TABLE mark (kind TEXT PRIMARY KEY NOT NULL, seq INTEGER NOT NULL, hash BLOB NOT "  \
	"NULL, "                                                                                   \
	"signature BLOB NOT NULL) WITHOUT ROWID;"                                                  \
	"CREATE TABLE cursor (name TEXT PRIMARY KEY NOT NULL, seq INTEGER NOT NULL) WITHOUT "      \
	"ROWID;"                                                                                   \
	"CREATE TABLE nonce (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT "     \
	"ROWID;"                                                                                   \
	"CREATE TABLE key_check (sealed BLOB NOT NULL);"                                           \
	"CREATE TABLE person (id TEXT PRIMARY KEY NOT NULL, sealed BLOB NOT NULL) WITHOUT ROWID;"  \
	"CREATE TABLE template (number INTEGER PRIMARY KEY, person TEXT NOT NULL, model TEXT NOT " \
	"NULL, "                                                                                   \
	"sealed BLOB NOT NULL, crop BLOB);"                                                        \
	"CREATE INDEX template_person ON template (person);"                                       \
	"CREATE TABLE record (kind TEXT NOT NULL, id TEXT NOT NULL, sealed BLOB NOT NULL, "        \
	"PRIMARY KEY (kind, id)) WITHOUT ROWID;"

const struct schema schema_gate = {
	.version = 1,
	.create =
		"CREATE TABLE event (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, unix_ms INTEGER "
		"NOT NULL, "
		"type TEXT NOT NULL, severity INTEGER NOT NULL, source TEXT NOT NULL, person TEXT "
		"NOT NULL, "
		"data TEXT NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL);"
		/*
		 * the rowid, seq, is the last column of each index: pages of one type are in order
		 */
		"CREATE INDEX event_type ON event (type);"
		"CREATE INDEX event_time ON event (unix_ms);"
		"CREATE INDEX event_person ON event (person) WHERE person <> '';" TABLES_OF_BOTH
		/* keys that are not copied to the replica yet; kind "": a person with templates */
		"CREATE TABLE replica_pending (kind TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY "
		"(kind, id)) "
		"WITHOUT ROWID;"
		"CREATE TRIGGER person_put AFTER INSERT ON person BEGIN "
		"INSERT OR IGNORE INTO replica_pending VALUES ('', NEW.id); END;"
		"CREATE TRIGGER person_gone AFTER DELETE ON person BEGIN "
		"INSERT OR IGNORE INTO replica_pending VALUES ('', OLD.id); END;"
		"CREATE TRIGGER template_put AFTER INSERT ON template BEGIN "
		"INSERT OR IGNORE INTO replica_pending VALUES ('', NEW.person); END;"
		"CREATE TRIGGER template_gone AFTER DELETE ON template BEGIN "
		"INSERT OR IGNORE INTO replica_pending VALUES ('', OLD.person); END;"
		"CREATE TRIGGER record_put AFTER INSERT ON record BEGIN "
		"INSERT OR IGNORE INTO replica_pending VALUES (NEW.kind, NEW.id); END;"
		"CREATE TRIGGER record_gone AFTER DELETE ON record BEGIN "
		"INSERT OR IGNORE INTO replica_pending VALUES (OLD.kind, OLD.id); END",
};

const struct schema schema_replica = {.version = 1, .create = TABLES_OF_BOTH};

int schema_version(struct db *db, int64_t *ret_version)
{
	return db_int(db, "PRAGMA user_version", ret_version);
}

static int set_version(struct db *db, int64_t version)
{
	char sql[48];

	assert(db_in_transaction(db)); /* tables and version change together */
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %lld", (long long)version);
	return db_run(db, sql);
}

int schema_create(struct db *db, const struct schema *schema)
{
	int r;

	assert(db_in_transaction(db));
	r = db_run(db, schema->create);
	return r < 0 ? r : set_version(db, schema->version);
}

int schema_upgrade(struct db *db, const struct schema *schema, int64_t version)
{
	int r;

	assert(version >= 1 && version <= schema->version);
	if (version == schema->version)
		return 0;
	r = db_run(db, "BEGIN IMMEDIATE");
	for (int64_t i = version; r == 0 && i < schema->version; i++)
		r = db_run(db, schema->upgrades[i - 1]);
	if (r == 0)
		r = set_version(db, schema->version);
	if (r == 0)
		r = db_run(db, "COMMIT");
	if (r < 0 && db_in_transaction(db))
		(void)db_run(
			db,
			"ROLLBACK"); /* SQLite may have done it already; closing does it as well */
	return r;
}
