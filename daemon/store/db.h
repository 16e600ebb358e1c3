/*
 * db.h - SQLite in the store's words: connections and prepared statements that answer with an
 * errno.
 *
 * db_sqlite.c is the only file that knows sqlite3.h. A connection and its statements belong to one
 * thread. A failed call leaves its sentence in db_error().
 *
 * Errors: -ENOSPC (disk full), -EIO, -EBADMSG (damaged, or not a database), -EEXIST (a constraint),
 * -EBUSY, -EROFS, -ENOENT (cannot be opened), -ENOMEM, -EINVAL (anything else: our SQL is wrong).
 */
#ifndef GH_STORE_DB_H
#define GH_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DB_ERROR_BYTES = 256 };

struct db;
struct db_statement;

/**
 * @p error (DB_ERROR_BYTES) may be NULL. A writing connection makes the file (mode 0600) when
 *    missing.
 */
int db_open(const char *path, bool read_only, struct db **ret_db, char *error);

/** Statements must be finished before. NULL is fine. */
void db_close(struct db *db);

const char *db_error(const struct db *db);

/** Run SQL that returns nothing of interest: one or several statements. */
int db_run(struct db *db, const char *sql);

/** The first column of the first row of @p sql. @return 0, -ENODATA (no row) or an error. */
int db_int(struct db *db, const char *sql, int64_t *ret_value);

/**
 * SQLite's quick look at every page of a file; takes as long as reading it. @return 0, -EBADMSG
 * (damaged) or an error.
 */
int db_quick_check(struct db *db);

/**
 * In WAL mode: whether somebody removed or renamed the file, or its WAL, behind the connection's
 * back: what is written goes nowhere.
 */
bool db_has_moved(struct db *db);

/**
 * All of it at one moment, packed, in a new file (mode 0600) that is on disk when this returns;
 * else there is none.
 */
int db_copy_to(struct db *db, const char *path);

/** Whether a transaction is open. */
bool db_in_transaction(const struct db *db);

int db_prepare(struct db *db, const char *sql, struct db_statement **ret_statement);
void db_finish(struct db_statement *statement); /* NULL is fine */

/*
 * Parameters count from 1. Bound bytes are borrowed until the next db_reset(). NULL binds SQL's
 * NULL.
 */
void db_bind_int(struct db_statement *statement, int nth, int64_t value);
void db_bind_text(struct db_statement *statement, int nth, const char *text);
void db_bind_bytes(struct db_statement *statement, int nth, const void *at, size_t bytes);

/** What a column (from 0) of another statement's row is, of whatever type; copied. */
void db_bind_column(struct db_statement *statement, int nth, struct db_statement *row, int column);

/** @return 1 (a row), 0 (done) or an error. */
int db_step(struct db_statement *statement);

/** db_step() to the end, then db_reset(). @return 0 or an error. */
int db_execute(struct db_statement *statement);

/** Ready to run again, parameters NULL. */
void db_reset(struct db_statement *statement);

/* Columns count from 0. Borrowed until the next step. */
int64_t db_column_int(struct db_statement *statement, int nth);
const char *db_column_text(struct db_statement *statement, int nth); /* "" for NULL */
const void *db_column_bytes(struct db_statement *statement, int nth, size_t *ret_bytes);

/** Copy text that must fit. @return 0 or -EBADMSG. */
int db_column_copy(struct db_statement *statement, int nth, char *text, size_t bytes);

/** Copy exactly @p bytes bytes. @return 0 or -EBADMSG. */
int db_column_exact(struct db_statement *statement, int nth, void *at, size_t bytes);

/** Rows changed by the last statement that ran. */
int64_t db_changes(const struct db *db);

#endif
