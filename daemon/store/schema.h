/*
 * schema.h - the tables of a database, and the upgrades that bring an older file to them.
 *
 * A file carries the version of its schema in SQLite's user_version; 0 is a file without tables. A
 * new version of the schema changes `create` and appends one upgrade. An upgrade that was released
 * never changes. Each function belongs to the thread of the connection.
 */
#ifndef GH_STORE_SCHEMA_H
#define GH_STORE_SCHEMA_H

#include <stdint.h>

#include "db.h"

struct schema {
	int64_t version;    /* of `create`; 1 or more */
	const char *create; /* SQL: the tables of `version` */
	/* version - 1 of them, SQL: upgrades[i] leads from version i + 1 to i + 2 */
	const char *const *upgrades;
};

extern const struct schema schema_gate;    /* gate.db */
extern const struct schema schema_replica; /* roster.db */

/** Make all tables, in the transaction that is open. @return 0 or an error of db.h. */
int schema_create(struct db *db, const struct schema *schema);

/**
 * Bring a file from @p version to schema->version, in one transaction: after a failure or a crash
 * it is as it was before.
 * @param version  1 to schema->version.
 * @return 0 or an error of db.h.
 */
int schema_upgrade(struct db *db, const struct schema *schema, int64_t version);

/** @return 0 with the version of the file, or an error of db.h. */
int schema_version(struct db *db, int64_t *ret_version);

#endif
