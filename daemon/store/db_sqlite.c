#include "db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { BUSY_WAIT_MS = 5000 };

struct db {
	sqlite3 *sqlite;
};

struct db_statement {
	sqlite3_stmt *sqlite;
};

static int as_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
	case SQLITE_TOOBIG:
		return -ENOSPC;
	case SQLITE_IOERR:
		return -EIO;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EROFS;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_NOMEM:
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

/* SQLite would create the file with the mode of the umask; the log must be private. */
static int make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int db_open(const char *path, bool read_only, struct db **ret_db, char *error)
{
	int flags =
		SQLITE_OPEN_NOMUTEX | (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
	struct db *db = calloc(1, sizeof(*db));
	int r;

	if (db == NULL)
		return -ENOMEM;
	r = read_only ? 0 : make_file(path);
	if (r < 0) {
		if (error != NULL)
			snprintf(error, DB_ERROR_BYTES, "%s", strerror(-r));
		free(db);
		return r;
	}
	r = as_errno(sqlite3_open_v2(path, &db->sqlite, flags, NULL));
	if (r < 0) {
		if (error != NULL)
			snprintf(error, DB_ERROR_BYTES, "%s",
				 db->sqlite == NULL ? "no memory" : db_error(db));
		db_close(db);
		return r;
	}
	sqlite3_busy_timeout(db->sqlite, BUSY_WAIT_MS);
	sqlite3_extended_result_codes(db->sqlite, 1);
	*ret_db = db;
	return 0;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	(void)sqlite3_close_v2(db->sqlite); /* cannot fail: an open statement only delays it */
	free(db);
}

const char *db_error(const struct db *db)
{
	return sqlite3_errmsg(db->sqlite);
}

int db_run(struct db *db, const char *sql)
{
	return as_errno(sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL));
}

int db_int(struct db *db, const char *sql, int64_t *ret_value)
{
	struct db_statement *statement;
	int r = db_prepare(db, sql, &statement);

	if (r < 0)
		return r;
	r = db_step(statement);
	if (r == 1)
		*ret_value = db_column_int(statement, 0);
	db_finish(statement);
	return r == 1 ? 0 : r == 0 ? -ENODATA : r;
}

int db_quick_check(struct db *db)
{
	struct db_statement *check;
	int r = db_prepare(db, "PRAGMA quick_check(1)", &check);

	if (r < 0)
		return r;
	r = db_step(check);
	if (r == 1)
		r = strcmp(db_column_text(check, 0), "ok") == 0 ? 0 : -EBADMSG;
	db_finish(check);
	return r;
}

bool db_has_moved(struct db *db)
{
	const char *wal = sqlite3_filename_wal(sqlite3_db_filename(db->sqlite, "main"));
	int moved = 0;

	if (sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK)
		return false;
	return moved != 0 || (access(wal, F_OK) < 0 && errno == ENOENT);
}

int db_copy_to(struct db *db, const char *path)
{
	struct db_statement *statement = NULL;
	int r = access(path, F_OK) == 0 ? -EEXIST : make_file(path); /* SQLite fills an empty one */

	if (r < 0)
		return r;
	r = db_prepare(db, "VACUUM INTO ?", &statement);
	if (r == 0) {
		db_bind_text(statement, 1, path);
		r = db_execute(statement);
	}
	db_finish(statement);
	if (r == 0)
		r = file_sync(path);
	if (r < 0)
		(void)unlink(path); /* an incomplete copy is useless */
	return r;
}

bool db_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->sqlite) == 0;
}

int db_prepare(struct db *db, const char *sql, struct db_statement **ret_statement)
{
	struct db_statement *statement = calloc(1, sizeof(*statement));
	int r;

	assert(db != NULL && sql != NULL);
	if (statement == NULL)
		return -ENOMEM;
	r = as_errno(sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT,
					&statement->sqlite, NULL));
	if (r < 0) {
		free(statement);
		return r;
	}
	*ret_statement = statement;
	return 0;
}

void db_finish(struct db_statement *statement)
{
	if (statement == NULL)
		return;
	(void)sqlite3_finalize(statement->sqlite); /* it returns the last step's error again */
	free(statement);
}

/* Binding fails only for an unknown parameter or without memory; NOT NULL columns catch both. */
void db_bind_int(struct db_statement *statement, int nth, int64_t value)
{
	(void)sqlite3_bind_int64(statement->sqlite, nth, value);
}

void db_bind_text(struct db_statement *statement, int nth, const char *text)
{
	(void)sqlite3_bind_text(statement->sqlite, nth, text, -1, SQLITE_STATIC);
}

void db_bind_bytes(struct db_statement *statement, int nth, const void *at, size_t bytes)
{
	(void)sqlite3_bind_blob64(statement->sqlite, nth, at, bytes, SQLITE_STATIC);
}

void db_bind_column(struct db_statement *statement, int nth, struct db_statement *row, int column)
{
	(void)sqlite3_bind_value(statement->sqlite, nth, sqlite3_column_value(row->sqlite, column));
}

int db_step(struct db_statement *statement)
{
	int code = sqlite3_step(statement->sqlite);

	return code == SQLITE_ROW ? 1 : as_errno(code);
}

int db_execute(struct db_statement *statement)
{
	int r;

	do
		r = db_step(statement);
	while (r == 1);
	db_reset(statement);
	return r;
}

void db_reset(struct db_statement *statement)
{
	(void)sqlite3_reset(statement->sqlite); /* it returns the last step's error again */
	(void)sqlite3_clear_bindings(statement->sqlite);
}

int64_t db_column_int(struct db_statement *statement, int nth)
{
	assert(nth >= 0);
	return sqlite3_column_int64(statement->sqlite, nth);
}

const char *db_column_text(struct db_statement *statement, int nth)
{
	const unsigned char *text = sqlite3_column_text(statement->sqlite, nth);

	return text == NULL ? "" : (const char *)text;
}

const void *db_column_bytes(struct db_statement *statement, int nth, size_t *ret_bytes)
{
	const void *at = sqlite3_column_blob(statement->sqlite, nth);

	*ret_bytes = (size_t)sqlite3_column_bytes(statement->sqlite, nth);
	return at;
}

int db_column_copy(struct db_statement *statement, int nth, char *text, size_t bytes)
{
	const char *from = db_column_text(statement, nth);
	size_t length = (size_t)sqlite3_column_bytes(statement->sqlite, nth);

	/* a zero byte would end the text early: the text shown must be the text hashed */
	if (length >= bytes || strlen(from) != length)
		return -EBADMSG;
	memcpy(text, from, length + 1);
	return 0;
}

int db_column_exact(struct db_statement *statement, int nth, void *at, size_t bytes)
{
	size_t got;
	const void *from = db_column_bytes(statement, nth, &got);

	if (from == NULL || got != bytes)
		return -EBADMSG;
	memcpy(at, from, bytes);
	return 0;
}

int64_t db_changes(const struct db *db)
{
	return sqlite3_changes64(db->sqlite);
}
