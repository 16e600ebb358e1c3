/*
 * db.h - a wrapper of SQLite: connections and prepared statements that return an errno.
 *
 * Only db_sqlite.c includes sqlite3.h. A connection and its statements belong to one thread. After
 * a failed call db_error() returns the error text.
 *
 * Errors: -ENOSPC (disk full), -EIO, -EBADMSG (damaged, or no database), -EEXIST (a constraint),
 * -EBUSY, -EROFS, -ENOENT (cannot be opened), -ENOMEM, -EINVAL (anything else, such as wrong SQL).
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
 * Open a connection. A writing one creates a missing file (mode 0600).
 * @param error  DB_ERROR_BYTES; may be NULL.
 */
int db_open(const char *path, bool read_only, struct db **ret_db, char *error);

/** Finish all statements first. NULL is allowed. */
void db_close(struct db *db);

const char *db_error(const struct db *db);

/** Run one or several SQL statements and ignore their rows. */
int db_run(struct db *db, const char *sql);

/** The first column of the first row of @p sql. @return 0, -ENODATA (no row) or an error. */
int db_int(struct db *db, const char *sql, int64_t *ret_value);

/**
 * SQLite's quick_check, which reads every page of the file. @return 0, -EBADMSG (damaged) or an
 * error.
 */
int db_quick_check(struct db *db);

/**
 * In WAL mode: whether the file or its WAL was removed or renamed while open. Then what is written
 * is lost.
 */
bool db_has_moved(struct db *db);

/**
 * Write a consistent, compact copy of the database to a new file (mode 0600). On success the copy
 * is on disk; on failure there is no file.
 * @return 0, -EEXIST (there is a file at @p path) or an error.
 */
int db_copy_to(struct db *db, const char *path);

/** Whether a transaction is open. */
bool db_in_transaction(const struct db *db);

int db_prepare(struct db *db, const char *sql, struct db_statement **ret_statement);
void db_finish(struct db_statement *statement); /* NULL is allowed */

/*
 * Parameters count from 1. Bound bytes are borrowed until the next db_reset(). NULL binds SQL's
 * NULL.
 */
void db_bind_int(struct db_statement *statement, int nth, int64_t value);
void db_bind_text(struct db_statement *statement, int nth, const char *text);
void db_bind_bytes(struct db_statement *statement, int nth, const void *at, size_t bytes);

/** Bind a copy of a column (counted from 0) of another statement's row, whatever its type. */
void db_bind_column(struct db_statement *statement, int nth, struct db_statement *row, int column);

/** @return 1 (a row), 0 (done) or an error. */
int db_step(struct db_statement *statement);

/** Call db_step() until it is done, then db_reset(). @return 0 or an error. */
int db_execute(struct db_statement *statement);

/** Make the statement ready to run again and set all parameters to NULL. */
void db_reset(struct db_statement *statement);

/* Columns count from 0. Borrowed until the next step. */
int64_t db_column_int(struct db_statement *statement, int nth);
const char *db_column_text(struct db_statement *statement, int nth); /* "" for NULL */
const void *db_column_bytes(struct db_statement *statement, int nth, size_t *ret_bytes);

/** Copy text of less than @p bytes bytes. @return 0 or -EBADMSG (longer, or with a zero byte). */
int db_column_copy(struct db_statement *statement, int nth, char *text, size_t bytes);

/** Copy exactly @p bytes bytes. @return 0 or -EBADMSG. */
int db_column_exact(struct db_statement *statement, int nth, void *at, size_t bytes);

/** The number of rows changed by the last statement. */
int64_t db_changes(const struct db *db);

#endif
