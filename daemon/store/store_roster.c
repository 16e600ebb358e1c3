#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/*
 * Each sealed row contains its type and its person's id, so that a row moved to another person, or
 * a name moved to a template's row, does not open.
 */
struct sealed_person {
	char what[8]; /* "person" */
	char id[ULID_BYTES];
	char name[ROSTER_NAME_BYTES];
	uint8_t enabled;
	uint8_t unused[3];
	int64_t valid_from_unix_ms, valid_to_unix_ms;
};

struct sealed_face {
	char what[8]; /* "face" */
	char person[ULID_BYTES];
	char model[ROSTER_MODEL_BYTES];
	float vector[ROSTER_TEMPLATE_DIM];
};

struct sealed_crop {  /* followed by the picture */
	char what[8]; /* "crop" */
	char person[ULID_BYTES];
};

enum {
	CROP_SEALED_BYTES_MAX =
		sizeof(struct sealed_crop) + STORE_CROP_BYTES_MAX + CRYPTO_SEAL_EXTRA_BYTES,
	PERSON_SEALED_BYTES = sizeof(struct sealed_person) + CRYPTO_SEAL_EXTRA_BYTES,
	FACE_SEALED_BYTES = sizeof(struct sealed_face) + CRYPTO_SEAL_EXTRA_BYTES
};

/* gate.db may be moved to another board; all supported ones are little-endian */
_Static_assert(sizeof(struct sealed_person) == 184 && sizeof(struct sealed_face) == 2148,
	       "format of the sealed records");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "format of the sealed records");

static const char key_check[32] = "gatehouse data key";

int store_roster_check_key(struct db *db, const uint8_t *data_key)
{
	uint8_t sealed[sizeof(key_check) + CRYPTO_SEAL_EXTRA_BYTES], plain[sizeof(key_check)];
	struct db_statement *check;
	int r = db_prepare(db, "SELECT sealed FROM key_check", &check);

	if (r < 0)
		return r;
	r = db_step(check);
	if (r == 1) {
		r = 0;
		if (db_column_exact(check, 0, sealed, sizeof(sealed)) < 0 ||
		    crypto_unseal(data_key, sealed, sizeof(sealed), plain) < 0)
			r = -EKEYREJECTED;
	} else if (r == 0) {
		struct db_statement *insert;

		crypto_seal(data_key, key_check, sizeof(key_check), sealed);
		r = db_prepare(db, "INSERT INTO key_check (sealed) VALUES (?)", &insert);
		if (r == 0) {
			db_bind_bytes(insert, 1, sealed, sizeof(sealed));
			r = db_execute(insert);
			db_finish(insert);
		}
	}
	db_finish(check);
	return r;
}

int store_roster_put(struct store_file *file, const struct roster_person *person)
{
	struct sealed_person plain = {.what = "person",
				      .enabled = person->enabled,
				      .valid_from_unix_ms = person->valid_from_unix_ms,
				      .valid_to_unix_ms = person->valid_to_unix_ms};
	struct db_statement *sql = file->sql[STORE_SQL_PERSON];
	uint8_t sealed[PERSON_SEALED_BYTES];

	memcpy(plain.id, person->id, sizeof(plain.id));
	snprintf(plain.name, sizeof(plain.name), "%s", person->name);
	crypto_seal(file->keys.data, &plain, sizeof(plain), sealed);
	crypto_wipe(&plain, sizeof(plain));
	db_bind_text(sql, 1, person->id);
	db_bind_bytes(sql, 2, sealed, sizeof(sealed));
	return db_execute(sql);
}

/* @return 0 or -ENOENT, or an error */
static int check_exists(struct store_file *file, const char *person_id)
{
	struct db_statement *sql = file->sql[STORE_SQL_PERSON_EXISTS];
	int r;

	db_bind_text(sql, 1, person_id);
	r = db_step(sql);
	db_reset(sql);
	return r == 1 ? 0 : r == 0 ? -ENOENT : r;
}

int store_roster_remove(struct store_file *file, const char *person_id)
{
	int r = check_exists(file, person_id);

	if (r == 0)
		r = store_roster_remove_faces(file, person_id, NULL);
	if (r < 0)
		return r;
	db_bind_text(file->sql[STORE_SQL_PERSON_REMOVE], 1, person_id);
	return db_execute(file->sql[STORE_SQL_PERSON_REMOVE]);
}

static int count_faces(struct store_file *file, const char *person_id, int64_t *ret_count)
{
	struct db_statement *sql = file->sql[STORE_SQL_FACE_COUNT];
	int r;

	db_bind_text(sql, 1, person_id);
	r = db_step(sql);
	if (r == 1)
		*ret_count = db_column_int(sql, 0);
	db_reset(sql);
	return r < 0 ? r : 0;
}

/* @p ret_sealed is the caller's; unchanged if there is no picture. @return 0 or -ENOMEM */
static int seal_crop(const struct store_file *file, const struct store_face *face,
		     uint8_t **ret_sealed, size_t *ret_bytes)
{
	struct sealed_crop head = {.what = "crop"};
	size_t bytes = sizeof(head) + face->crop_bytes;
	uint8_t *plain, *sealed;

	if (face->crop_bytes == 0)
		return 0;
	plain = malloc(bytes);
	sealed = malloc(bytes + CRYPTO_SEAL_EXTRA_BYTES);
	if (plain == NULL || sealed == NULL) {
		free(plain);
		free(sealed);
		return -ENOMEM;
	}
	memcpy(head.person, face->person, sizeof(head.person));
	memcpy(plain, &head, sizeof(head));
	memcpy(plain + sizeof(head), face->crop, face->crop_bytes);
	crypto_seal(file->keys.data, plain, bytes, sealed);
	crypto_wipe(plain, bytes);
	free(plain);
	*ret_sealed = sealed;
	*ret_bytes = bytes + CRYPTO_SEAL_EXTRA_BYTES;
	return 0;
}

static int unseal_crop(const struct store_file *file, const void *sealed, size_t bytes,
		       struct store_face *face)
{
	struct sealed_crop head;
	uint8_t *plain;

	if (bytes <= sizeof(head) + CRYPTO_SEAL_EXTRA_BYTES || bytes > CROP_SEALED_BYTES_MAX)
		return -EBADMSG;
	bytes -= CRYPTO_SEAL_EXTRA_BYTES;
	plain = malloc(bytes);
	if (plain == NULL)
		return -ENOMEM;
	if (crypto_unseal(file->keys.data, sealed, bytes + CRYPTO_SEAL_EXTRA_BYTES, plain) < 0) {
		free(plain);
		return -EBADMSG;
	}
	memcpy(&head, plain, sizeof(head));
	if (strcmp(head.what, "crop") != 0 || strcmp(head.person, face->person) != 0) {
		crypto_wipe(plain, bytes);
		free(plain);
		return -EBADMSG;
	}
	memmove(plain, plain + sizeof(head), bytes - sizeof(head));
	face->crop = plain;
	face->crop_bytes = bytes - sizeof(head);
	return 0;
}

static int drop_replaced(struct store_file *file, const struct store_face *face)
{
	struct db_statement *sql = file->sql[STORE_SQL_FACE_REPLACE];
	int r;

	if (face->number == 0)
		return 0;
	db_bind_int(sql, 1, face->number);
	db_bind_text(sql, 2, face->person);
	r = db_execute(sql);
	return r < 0 ? r : db_changes(file->db) == 1 ? 0 : -ENOENT;
}

int store_roster_add_face(struct store_file *file, const struct store_face *face)
{
	struct db_statement *sql = file->sql[STORE_SQL_FACE];
	struct sealed_face plain = {.what = "face"};
	uint8_t sealed[FACE_SEALED_BYTES], *crop = NULL;
	size_t crop_bytes = 0;
	int64_t count = 0;
	int r = check_exists(file, face->person);

	assert(face->crop_bytes <= STORE_CROP_BYTES_MAX); /* checked by store_template_put() */
	if (r == 0)
		r = drop_replaced(file, face);
	if (r == 0)
		r = count_faces(file, face->person, &count);
	if (r < 0)
		return r;
	if (count >= ROSTER_TEMPLATES_MAX)
		return -E2BIG;
	r = seal_crop(file, face, &crop, &crop_bytes);
	if (r < 0)
		return r;
	memcpy(plain.person, face->person, sizeof(plain.person));
	memcpy(plain.model, face->model, sizeof(plain.model));
	memcpy(plain.vector, face->vector, sizeof(plain.vector));
	crypto_seal(file->keys.data, &plain, sizeof(plain), sealed);
	crypto_wipe(&plain, sizeof(plain));
	db_bind_text(sql, 1, face->person);
	db_bind_text(sql, 2, face->model);
	db_bind_bytes(sql, 3, sealed, sizeof(sealed));
	db_bind_bytes(sql, 4, crop, crop_bytes);
	r = db_execute(sql);
	free(crop);
	return r;
}

int store_roster_remove_faces(struct store_file *file, const char *person_id, const char *model)
{
	struct db_statement *sql =
		file->sql[model == NULL ? STORE_SQL_FACE_REMOVE : STORE_SQL_FACE_REMOVE_MODEL];
	int r = check_exists(file, person_id);

	if (r < 0)
		return r;
	db_bind_text(sql, 1, person_id);
	if (model != NULL)
		db_bind_text(sql, 2, model);
	return db_execute(sql);
}

static int unseal_face(const struct store *store, const struct store_file *file,
		       struct db_statement *row, struct store_face *face);

/* @p ret_face stays NULL if the row does not open: then it was never reported. */
static int read_one(struct store_file *file, const struct store_face *face,
		    struct store_face **ret_face)
{
	struct store_face *found = calloc(1, sizeof(*found));
	struct db_statement *row;
	int r = found != NULL
			? db_prepare(file->db,
				     "SELECT person, sealed, number FROM template WHERE number = ?",
				     &row)
			: -ENOMEM;

	if (r < 0) {
		free(found);
		return r;
	}
	db_bind_int(row, 1, face->number);
	r = db_step(row);
	if (r == 1 && unseal_face(NULL, file, row, found) == 0)
		*ret_face = found;
	else
		store_faces_free(found, 1);
	db_finish(row);
	return r < 0 ? r : 0;
}

int store_roster_remove_face(struct store_file *file, struct store_write *write)
{
	int r;

	store_faces_free(write->removed_face, 1); /* of an earlier attempt */
	write->removed_face = NULL;
	r = read_one(file, write->face, &write->removed_face);
	return r < 0 ? r : drop_replaced(file, write->face);
}

int store_faces_run(struct db *db, struct store_read *read)
{
	struct db_statement *rows;
	int r = db_prepare(
		db, "SELECT number, model FROM template WHERE person = ? ORDER BY number", &rows);

	if (r < 0)
		return r;
	read->report = json_array();
	db_bind_text(rows, 1, read->person);
	while ((r = db_step(rows)) == 1)
		json_array_append_new(read->report, json_pack("{s:I, s:s}", "number",
							      (json_int_t)db_column_int(rows, 0),
							      "model", db_column_text(rows, 1)));
	db_finish(rows);
	return r;
}

static int unseal_person(const struct store_file *file, struct db_statement *row,
			 struct roster_person *person)
{
	struct sealed_person plain;
	uint8_t sealed[PERSON_SEALED_BYTES];
	const char *id = db_column_text(row, 0);

	if (db_column_exact(row, 1, sealed, sizeof(sealed)) < 0 ||
	    crypto_unseal(file->keys.data, sealed, sizeof(sealed), &plain) < 0 ||
	    strcmp(plain.what, "person") != 0 || strcmp(plain.id, id) != 0)
		return -EBADMSG;
	memset(person, 0, sizeof(*person));
	memcpy(person->id, plain.id, sizeof(person->id));
	memcpy(person->name, plain.name, sizeof(person->name));
	person->enabled = plain.enabled != 0;
	person->valid_from_unix_ms = plain.valid_from_unix_ms;
	person->valid_to_unix_ms = plain.valid_to_unix_ms;
	person->template_count = (unsigned)db_column_int(row, 2);
	crypto_wipe(&plain, sizeof(plain));
	return 0;
}

static int unseal_face(const struct store *store, const struct store_file *file,
		       struct db_statement *row, struct store_face *face)
{
	struct sealed_face plain;
	uint8_t sealed[FACE_SEALED_BYTES];
	size_t bytes;
	const void *crop;

	if (db_column_exact(row, 1, sealed, sizeof(sealed)) < 0 ||
	    crypto_unseal(file->keys.data, sealed, sizeof(sealed), &plain) < 0 ||
	    strcmp(plain.what, "face") != 0 || strcmp(plain.person, db_column_text(row, 0)) != 0)
		return -EBADMSG;
	memcpy(face->person, plain.person, sizeof(face->person));
	memcpy(face->model, plain.model, sizeof(face->model));
	memcpy(face->vector, plain.vector, sizeof(face->vector));
	face->number = db_column_int(row, 2);
	crypto_wipe(&plain, sizeof(plain));
	if (store == NULL || store->recogniser[0] == '\0' ||
	    strcmp(face->model, store->recogniser) == 0)
		return 0;
	crop = db_column_bytes(row, 3, &bytes);
	return crop == NULL || bytes == 0 ? 0 : unseal_crop(file, crop, bytes, face);
}

static struct store_notification *new_chunk(enum store_message_kind kind)
{
	struct store_notification *notification = calloc(1, sizeof(*notification));

	if (notification == NULL)
		return NULL;
	notification->message.kind = kind;
	if (kind == STORE_NOTIFY_PEOPLE)
		notification->people = calloc(STORE_PEOPLE_CHUNK, sizeof(*notification->people));
	else
		notification->faces = calloc(STORE_FACES_CHUNK, sizeof(*notification->faces));
	if (notification->people == NULL && notification->faces == NULL) {
		free(notification);
		return NULL;
	}
	return notification;
}

/* Adds one row to the chunk. @return 0 or -EBADMSG (it does not open and is left out) */
static int add_to_chunk(const struct store *store, struct store_file *file,
			struct db_statement *row, struct store_notification *notification)
{
	int r = notification->people != NULL
			? unseal_person(file, row, &notification->people[notification->count])
			: unseal_face(store, file, row, &notification->faces[notification->count]);

	if (r == 0)
		notification->count++;
	return r;
}

static int notify_table(struct store *store, struct store_file *file, enum store_message_kind kind,
			const char *sql, int64_t *bad_rows)
{
	size_t chunk = kind == STORE_NOTIFY_PEOPLE ? STORE_PEOPLE_CHUNK : STORE_FACES_CHUNK;
	struct db_statement *rows;
	struct store_notification *notification = NULL;
	int r = db_prepare(file->db, sql, &rows);

	if (r < 0)
		return r;
	while ((r = db_step(rows)) == 1 && !store_is_closing(store)) {
		if (notification == NULL)
			notification = new_chunk(kind);
		if (notification == NULL) {
			r = -ENOMEM;
			break;
		}
		if (add_to_chunk(store, file, rows, notification) < 0)
			(*bad_rows)++;
		if (notification->count == chunk) {
			store_notify(store, notification);
			notification = NULL;
		}
	}
	db_finish(rows);
	if (notification != NULL)
		store_notify(store, notification);
	return r < 0 ? r : 0;
}

int store_roster_report(struct store *store, struct store_file *file, struct problem *problem)
{
	int64_t bad_rows = 0;
	int r = notify_table(store, file, STORE_NOTIFY_PEOPLE,
			     "SELECT id, sealed, (SELECT count(*) FROM template WHERE "
			     "template.person = person.id) FROM "
			     "person ORDER BY id",
			     &bad_rows);

	if (r == 0)
		r = notify_table(
			store, file, STORE_NOTIFY_FACES,
			"SELECT person, sealed, number, crop FROM template ORDER BY number",
			&bad_rows);
	if (r == 0)
		r = store_record_report(store, file, &bad_rows);
	if (r < 0 || bad_rows == 0)
		return r;
	return problem_store_rows_foreign(problem, bad_rows);
}
