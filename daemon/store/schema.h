/*
 * schema.h - the tables of a database, and the upgrades of older files.
 *
 * SQLite's user_version holds the version of a file's schema; 0 is a file without tables. A new
 * version of the schema changes `create` and appends one upgrade. A released upgrade never changes.
 * Call each function on the thread of the connection.
 */
#ifndef GH_STORE_SCHEMA_H
#define GH_STORE_SCHEMA_H

#include <stdint.h>

#include "db.h"

struct schema {
	int64_t version;    /* of `create`; 1 or more */
	const char *create; /* SQL: the tables of `version` */
	/* version - 1 scripts in SQL: upgrades[i] upgrades from version i + 1 to i + 2 */
	const char *const *upgrades;
};

extern const struct schema schema_gate;    /* gate.db */
extern const struct schema schema_replica; /* roster.db */

/** Create all tables in the open transaction. @return 0 or an error of db.h. */
int schema_create(struct db *db, const struct schema *schema);

/**
 * Upgrade a file from @p version to schema->version in one transaction: after a failure or a crash
 * the file is unchanged.
 * @param version  1 to schema->version.
 * @return 0 or an error of db.h.
 */
int schema_upgrade(struct db *db, const struct schema *schema, int64_t version);

/** Read the version of the file. @return 0 or an error of db.h. */
int schema_version(struct db *db, int64_t *ret_version);

#endif
