/*
 * store_record.c - records. Kind and id are sealed with the text, so that a row moved to another
 * key does not open.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store_private.h"

enum {
	/* "record", kind, id and text, each ended by a zero */
	PLAIN_BYTES_MAX = 7 + STORE_KIND_BYTES + STORE_RECORD_ID_BYTES + STORE_RECORD_BYTES_MAX + 1
};

/*
 * Writes what precedes the text. @p ret_head holds 7 + STORE_KIND_BYTES + STORE_RECORD_ID_BYTES.
 * @return the bytes written
 */
static size_t make_head(char *ret_head, const char *kind, const char *id)
{
	size_t kind_bytes = strlen(kind) + 1, id_bytes = strlen(id) + 1;

	memcpy(ret_head, "record", 7);
	memcpy(ret_head + 7, kind, kind_bytes);
	memcpy(ret_head + 7 + kind_bytes, id, id_bytes);
	return 7 + kind_bytes + id_bytes;
}

static int put(struct store_file *file, const struct sealed_record *record)
{
	struct db_statement *sql = file->sql[STORE_SQL_RECORD];
	char *plain = malloc(PLAIN_BYTES_MAX);
	uint8_t *sealed = malloc(PLAIN_BYTES_MAX + CRYPTO_SEAL_EXTRA_BYTES);
	int r = -ENOMEM;

	if (plain != NULL && sealed != NULL) {
		size_t bytes = make_head(plain, record->kind, record->id),
		       text_bytes = strlen(record->text) + 1;

		/* store_records_write() has checked the lengths */
		assert(bytes + text_bytes <= PLAIN_BYTES_MAX);
		memcpy(plain + bytes, record->text, text_bytes);
		bytes += text_bytes;
		crypto_seal(file->keys.data, plain, bytes, sealed);
		crypto_wipe(plain, bytes);
		db_bind_text(sql, 1, record->kind);
		db_bind_text(sql, 2, record->id);
		db_bind_bytes(sql, 3, sealed, bytes + CRYPTO_SEAL_EXTRA_BYTES);
		r = db_execute(sql);
	}
	free(plain);
	free(sealed);
	return r;
}

int store_record_apply(struct store_file *file, const struct sealed_record *record)
{
	struct db_statement *sql = file->sql[STORE_SQL_RECORD_REMOVE];

	if (record->text != NULL)
		return put(file, record);
	if (strcmp(record->id, STORE_RECORD_ALL) == 0) {
		db_bind_text(file->sql[STORE_SQL_RECORD_CLEAR], 1, record->kind);
		return db_execute(file->sql[STORE_SQL_RECORD_CLEAR]);
	}
	db_bind_text(sql, 1, record->kind);
	db_bind_text(sql, 2, record->id);
	return db_execute(sql);
}

/* @p plain holds PLAIN_BYTES_MAX. @return 0 or -EBADMSG */
static int unseal(const struct store_file *file, struct db_statement *row, char *plain,
		  struct sealed_record *record)
{
	char head[7 + STORE_KIND_BYTES + STORE_RECORD_ID_BYTES], error[JSON_ERROR_BYTES];
	size_t bytes, head_bytes;
	const void *sealed = db_column_bytes(row, 2, &bytes);

	memset(record, 0, sizeof(*record));
	if (db_column_copy(row, 0, record->kind, sizeof(record->kind)) < 0 ||
	    db_column_copy(row, 1, record->id, sizeof(record->id)) < 0 ||
	    bytes <= CRYPTO_SEAL_EXTRA_BYTES || bytes > PLAIN_BYTES_MAX + CRYPTO_SEAL_EXTRA_BYTES ||
	    crypto_unseal(file->keys.data, sealed, bytes, plain) < 0)
		return -EBADMSG;
	bytes -= CRYPTO_SEAL_EXTRA_BYTES;
	head_bytes = make_head(head, record->kind, record->id);
	if (bytes <= head_bytes || memcmp(plain, head, head_bytes) != 0 || plain[bytes - 1] != '\0')
		return -EBADMSG;
	record->json = json_parse(plain + head_bytes, bytes - head_bytes - 1,
				  STORE_RECORD_BYTES_MAX, error);
	return json_is_object(record->json) ? 0 : -EBADMSG;
}

static struct store_notification *new_chunk(void)
{
	struct store_notification *notification = calloc(1, sizeof(*notification));

	if (notification == NULL)
		return NULL;
	notification->message.kind = STORE_NOTIFY_RECORDS;
	notification->records = calloc(STORE_RECORDS_CHUNK, sizeof(*notification->records));
	if (notification->records == NULL) {
		free(notification);
		return NULL;
	}
	return notification;
}

static int notify_rows(struct store *store, struct store_file *file, struct db_statement *rows,
		       char *plain, int64_t *bad_rows)
{
	struct store_notification *notification = NULL;
	int r;

	while ((r = db_step(rows)) == 1 && !store_is_closing(store)) {
		if (notification == NULL)
			notification = new_chunk();
		if (notification == NULL)
			return -ENOMEM;
		if (unseal(file, rows, plain, &notification->records[notification->count]) == 0) {
			notification->count++;
		} else {
			json_decref(notification->records[notification->count].json);
			(*bad_rows)++;
		}
		if (notification->count == STORE_RECORDS_CHUNK) {
			store_notify(store, notification);
			notification = NULL;
		}
	}
	if (notification != NULL)
		store_notify(store, notification);
	return r < 0 ? r : 0;
}

int store_record_report(struct store *store, struct store_file *file, int64_t *bad_rows)
{
	struct db_statement *rows;
	char *plain = malloc(PLAIN_BYTES_MAX);
	int r;

	if (plain == NULL)
		return -ENOMEM;
	r = db_prepare(file->db, "SELECT kind, id, sealed FROM record ORDER BY kind, id", &rows);
	if (r == 0) {
		r = notify_rows(store, file, rows, plain, bad_rows);
		db_finish(rows);
	}
	crypto_wipe(plain, PLAIN_BYTES_MAX);
	free(plain);
	return r;
}
