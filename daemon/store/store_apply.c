/*
 * store_apply.c - applies one write in the open transaction: an event, or a change of the roster
 * with its event.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread_role.h"
#include "store_private.h"

/* Whether an error fails the entire commit, which is then retried; others fail only this write. */
static bool ends_commit(int r)
{
	return r == -ENOSPC || r == -EIO || r == -EBADMSG || r == -EBUSY || r == -EROFS ||
	       r == -ENOENT || r == -ENOMEM;
}

static int apply_records(struct store_file *file, const struct store_write *write)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < write->record_count; i++)
		r = store_record_apply(file, &write->records[i]);
	return r;
}

/* Adds the template, then its number, which the database assigns, to the event. */
static int add_face(struct store_file *file, struct store_write *write)
{
	int r = store_roster_add_face(file, write->face);
	int64_t number = 0;
	json_t *data;

	if (r == 0)
		r = db_int(file->db, "SELECT last_insert_rowid()", &number);
	if (r < 0)
		return r;
	data = json_loads(write->data, 0, NULL);
	if (data == NULL || json_object_set_new(data, "face", json_integer(number)) < 0) {
		json_decref(data);
		return -ENOMEM;
	}
	return store_write_set_data(write, data);
}

static int change(struct store_file *file, struct store_write *write)
{
	const char *model;

	switch (write->message.kind) {
	case STORE_WRITE_PERSON:
		return store_roster_put(file, write->person);
	case STORE_WRITE_PERSON_REMOVE:
		return store_roster_remove(file, write->face->person);
	case STORE_WRITE_FACE:
		return add_face(file, write);
	case STORE_WRITE_RECORDS:
		return apply_records(file, write);
	case STORE_WRITE_DROP:
		return store_drop_apply(file, write);
	case STORE_WRITE_FACE_REMOVE:
		if (write->face->number != 0)
			return store_roster_remove_face(file, write);
		model = write->face->model[0] == '\0' ? NULL : write->face->model;
		return store_roster_remove_faces(file, write->face->person, model);
	default:
		return 0;
	}
}

static int insert_event(struct store_file *file, struct event_row *row)
{
	struct db_statement *sql = file->sql[STORE_SQL_EVENT];

	db_bind_int(sql, 1, row->seq);
	db_bind_text(sql, 2, row->id);
	db_bind_int(sql, 3, row->unix_ms);
	db_bind_text(sql, 4, row->type);
	db_bind_int(sql, 5, row->severity);
	db_bind_text(sql, 6, row->source);
	db_bind_text(sql, 7, row->person);
	db_bind_text(sql, 8, row->data);
	db_bind_bytes(sql, 9, row->prev, sizeof(row->prev));
	db_bind_bytes(sql, 10, row->hash, sizeof(row->hash));
	return db_execute(sql);
}

int store_put_counter(struct db_statement *sql, const char *name, int64_t value)
{
	db_bind_text(sql, 1, name);
	db_bind_int(sql, 2, value);
	return db_execute(sql);
}

int store_write_set_data(struct store_write *write, json_t *data)
{
	if (data == NULL)
		return -ENOMEM;
	free(write->data);
	write->data = event_data_text(data);
	json_decref(data);
	return write->data == NULL ? -ENOMEM : 0;
}

/* Signs the row before the anchor, which is not known earlier. */
static int fill_anchor(struct store_file *file, struct store_write *write)
{
	return store_write_set_data(
		write, audit_anchor_data(&file->keys.signer, file->head_seq, file->head_hash));
}

static int write_event(struct store_file *file, struct store_write *write)
{
	struct event_row *row = &write->row;
	int r = write->message.kind == STORE_WRITE_ANCHOR ? fill_anchor(file, write) : 0;

	if (r < 0)
		return r;
	row->data = write->data;
	row->seq = file->head_seq + 1;
	memcpy(row->prev, file->head_hash, DIGEST_BYTES);
	event_hash(row, row->hash);
	free(write->json); /* of an earlier attempt */
	write->json = event_json(row, false);
	row->json = write->json;
	if (write->json == NULL)
		return -ENOMEM;
	r = insert_event(file, row);
	if (r == 0 && write->nonce_key[0] != '\0')
		r = store_put_counter(file->sql[STORE_SQL_NONCE], write->nonce_key, write->nonce);
	if (r < 0)
		return r;
	file->head_seq = row->seq;
	memcpy(file->head_hash, row->hash, DIGEST_BYTES);
	return 0;
}

/* Applies a change and its event: both or neither. */
static int write_change(struct store_file *file, struct store_write *write)
{
	int r = db_execute(file->sql[STORE_SQL_SAVEPOINT]), undone;

	if (r < 0)
		return r;
	r = change(file, write);
	if (r == -ENOENT || r == -ENODATA) {
		write->r = r; /* no such row; ends_commit() would read it as a missing file */
		r = -EINVAL;
	} else if (r == 0) {
		r = write_event(file, write);
	}
	if (r < 0 && !ends_commit(r)) {
		undone = db_execute(file->sql[STORE_SQL_ROLLBACK_TO]);
		if (undone == 0)
			undone = db_execute(file->sql[STORE_SQL_RELEASE]);
		return undone < 0 ? -EIO : r;
	}
	return r < 0 ? r : db_execute(file->sql[STORE_SQL_RELEASE]);
}

int store_apply(struct store_file *file, struct store_write *write)
{
	bool event = write->message.kind == STORE_WRITE_EVENT ||
		     write->message.kind == STORE_WRITE_ANCHOR;
	int r;

	assert_thread(THREAD_STORE);
	assert(db_in_transaction(file->db));
	write->r = 0;
	r = event ? write_event(file, write) : write_change(file, write);
	if (r == 0 || ends_commit(r))
		return r;
	if (write->r == 0)
		write->r = r == -E2BIG ? r : -EINVAL;
	return 0;
}
