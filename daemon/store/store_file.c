#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/thread_role.h"
#include "store_private.h"

enum { TAIL_ROWS = 256, QUICK_CHECK_BYTES_MAX = 64 << 20 };

static const char *const statements[STORE_SQL_COUNT] = {
	[STORE_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_SQL_COMMIT] = "COMMIT",
	[STORE_SQL_ROLLBACK] = "ROLLBACK",
	[STORE_SQL_SAVEPOINT] = "SAVEPOINT one",
	[STORE_SQL_RELEASE] = "RELEASE one",
	[STORE_SQL_ROLLBACK_TO] = "ROLLBACK TO one",
	[STORE_SQL_EVENT] =
		"INSERT INTO event (" STORE_EVENT_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[STORE_SQL_MARK] =
		"INSERT OR REPLACE INTO mark (kind, seq, hash, signature) VALUES (?, ?, ?, ?)",
	[STORE_SQL_CURSOR] = "INSERT OR REPLACE INTO cursor (name, seq) VALUES (?, ?)",
	[STORE_SQL_NONCE] = ("INSERT INTO nonce (name, value) VALUES (?1, ?2) "
			     "ON CONFLICT (name) DO UPDATE SET value = max(value, ?2)"),
	[STORE_SQL_PERSON] = "INSERT OR REPLACE INTO person (id, sealed) VALUES (?, ?)",
	[STORE_SQL_PERSON_REMOVE] = "DELETE FROM person WHERE id = ?",
	[STORE_SQL_FACE] = "INSERT INTO template (person, model, sealed, crop) VALUES (?, ?, ?, ?)",
	[STORE_SQL_FACE_REPLACE] = "DELETE FROM template WHERE number = ? AND person = ?",
	[STORE_SQL_FACE_REMOVE] = "DELETE FROM template WHERE person = ?",
	[STORE_SQL_FACE_REMOVE_MODEL] = "DELETE FROM template WHERE person = ? AND model = ?",
	[STORE_SQL_FACE_COUNT] = "SELECT count(*) FROM template WHERE person = ?",
	[STORE_SQL_PERSON_EXISTS] = "SELECT 1 FROM person WHERE id = ?",
	[STORE_SQL_RECORD] = "INSERT OR REPLACE INTO record (kind, id, sealed) VALUES (?, ?, ?)",
	[STORE_SQL_RECORD_REMOVE] = "DELETE FROM record WHERE kind = ? AND id = ?",
	[STORE_SQL_RECORD_CLEAR] = "DELETE FROM record WHERE kind = ?",
};

int store_file_mark(struct store_file *file, enum audit_statement statement, int64_t seq,
		    const uint8_t *hash)
{
	uint8_t signature[CRYPTO_SIGNATURE_BYTES];
	struct db_statement *sql = file->sql[STORE_SQL_MARK];

	assert(statement == AUDIT_HEAD || statement == AUDIT_BASE);
	audit_sign(&file->keys.signer, statement, seq, hash, signature);
	db_bind_text(sql, 1, statement == AUDIT_HEAD ? "head" : "base");
	db_bind_int(sql, 2, seq);
	db_bind_bytes(sql, 3, hash, DIGEST_BYTES);
	db_bind_bytes(sql, 4, signature, sizeof(signature));
	return db_execute(sql);
}

int store_write_mark(struct db *db, const struct crypto_signer *signer,
		     enum audit_statement statement, int64_t seq, const uint8_t *hash)
{
	struct store_file file = {.keys.signer = *signer};
	int r = db_prepare(db, statements[STORE_SQL_MARK], &file.sql[STORE_SQL_MARK]);

	if (r == 0)
		r = store_file_mark(&file, statement, seq, hash);
	db_finish(file.sql[STORE_SQL_MARK]);
	crypto_wipe(&file.keys, sizeof(file.keys));
	return r;
}

static bool exists(const char *path)
{
	struct stat file;

	return stat(path, &file) == 0 && file.st_size > 0;
}

/* Uses a read-only connection, so that a file of a newer program is not modified. */
static int check_version(const struct store *store, struct problem *problem)
{
	int64_t version = 0;
	struct db *db;
	int r;

	if (!exists(store->path) || db_open(store->path, true, &db, NULL) < 0)
		return 0; /* opening it for writing reports the error */
	r = schema_version(db, &version);
	db_close(db);
	if (r < 0 || version <= store->schema->version)
		return 0;
	return problem_store_schema(problem, store->path, version, store->schema->version);
}

/*
 * Loads a key. @p may_create is false if gate.db was written with it: a new key could not decrypt
 * it, so the old one must be restored.
 */
static int load_key(const char *path, uint8_t *key, bool may_create, struct problem *problem)
{
	char error[CRYPTO_ERROR_BYTES];
	int r = crypto_key_load(path, key, 32, error);

	if (r == -ENOENT && may_create)
		r = crypto_key_create(path, key, 32, error);
	else if (r == -ENOENT)
		return problem_store_key_missing(problem, path);
	if (r == 0)
		return 0;
	problem_store_key_unusable(problem, error);
	/* a retry can succeed after a disk error, but not with a wrong key */
	return r == -ENOSPC || r == -EIO || r == -EDQUOT ? r : -EKEYREJECTED;
}

static int load_keys(const struct store *store, struct store_file *file, bool may_create,
		     struct problem *problem)
{
	uint8_t seed[CRYPTO_SIGN_SEED_BYTES], published[CRYPTO_SIGN_PUBLIC_BYTES];
	char error[CRYPTO_ERROR_BYTES], directory[STORE_PATH_BYTES + 8];
	int r;

	snprintf(directory, sizeof(directory), "%s/keys", store->state_dir);
	(void)mkdir(directory, 0700); /* on failure, creating the key reports the error */
	r = load_key(store->data_key_path, file->keys.data, may_create, problem);
	if (r < 0)
		return r;
	r = load_key(store->anchor_key_path, seed, may_create, problem);
	if (r < 0)
		return r;
	crypto_signer_init(&file->keys.signer, seed);
	crypto_wipe(seed, sizeof(seed));
	if (crypto_key_load(store->public_key_path, published, sizeof(published), error) == 0 &&
	    memcmp(published, file->keys.signer.public_key, sizeof(published)) == 0)
		return 0;
	r = crypto_key_publish(store->public_key_path, file->keys.signer.public_key,
			       sizeof(published), error);
	if (r < 0)
		problem_store_key_unusable(problem, error);
	return r;
}

static int prepare(struct store_file *file)
{
	for (int i = 0; i < STORE_SQL_COUNT; i++) {
		int r = db_prepare(file->db, statements[i], &file->sql[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Reads all pages of the roster, so that damage is found before part of the roster is reported. */
static int check_roster(struct store_file *file)
{
	static const char *const scans[] = {"SELECT total(length(sealed)) FROM person",
					    "SELECT total(length(sealed)) FROM template",
					    "SELECT total(length(sealed)) FROM record"};
	int64_t bytes;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(scans) / sizeof(scans[0]); i++)
		r = db_int(file->db, scans[i], &bytes);
	return r;
}

/* Checks the file for damage. Of a large file, check_tail() later checks only the log's end. */
static int check_pages(const struct store *store, struct store_file *file)
{
	struct stat at;

	if (stat(store->path, &at) < 0)
		return 0;
	if (at.st_size > QUICK_CHECK_BYTES_MAX)
		return check_roster(file);
	return db_quick_check(file->db);
}

/* The last TAIL_ROWS rows must form a chain that ends in the signed head. */
static int check_tail(struct store_file *file)
{
	uint8_t hash[DIGEST_BYTES];
	struct db_statement *rows;
	struct event_row row;
	int64_t seq = 0;
	int r = db_prepare(file->db,
			   "SELECT " STORE_EVENT_COLUMNS " FROM event WHERE seq > ? ORDER BY seq",
			   &rows);

	if (r < 0)
		return r;
	db_bind_int(rows, 1, file->head_seq - TAIL_ROWS);
	while ((r = db_step(rows)) == 1) {
		if (store_read_row(rows, &row) < 0 || (seq != 0 && row.seq != seq + 1) ||
		    (seq != 0 && memcmp(row.prev, hash, sizeof(hash)) != 0))
			file->tampered = true;
		seq = row.seq;
		event_hash(&row, hash);
		if (memcmp(hash, row.hash, sizeof(hash)) != 0)
			file->tampered = true;
	}
	db_finish(rows);
	if (r == 0 && seq != 0 &&
	    (seq != file->head_seq || memcmp(hash, file->head_hash, sizeof(hash)) != 0))
		file->tampered = true;
	return r;
}

int store_read_mark(struct db *db, const uint8_t *public_key, enum audit_statement kind,
		    int64_t *ret_seq, uint8_t *ret_hash)
{
	uint8_t signature[CRYPTO_SIGNATURE_BYTES];
	struct db_statement *mark;
	int r = db_prepare(db, "SELECT seq, hash, signature FROM mark WHERE kind = ?", &mark);

	if (r < 0)
		return r;
	db_bind_text(mark, 1, kind == AUDIT_HEAD ? "head" : "base");
	r = db_step(mark);
	if (r == 1) {
		*ret_seq = db_column_int(mark, 0);
		if (db_column_exact(mark, 1, ret_hash, DIGEST_BYTES) < 0 ||
		    db_column_exact(mark, 2, signature, sizeof(signature)) < 0 ||
		    !audit_signature_is_good(public_key, kind, *ret_seq, ret_hash, signature))
			r = 0;
	}
	db_finish(mark);
	return r;
}

/* Continues after the last row even if the head was tampered with: no seq is used twice. */
static int continue_after_last(struct store_file *file)
{
	struct db_statement *last;
	int r = db_prepare(file->db, "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1",
			   &last);

	if (r < 0)
		return r;
	r = db_step(last);
	if (r == 1 && db_column_int(last, 0) > file->head_seq) {
		file->tampered = true;
		file->head_seq = db_column_int(last, 0);
		if (db_column_exact(last, 1, file->head_hash, DIGEST_BYTES) < 0)
			memset(file->head_hash, 0, DIGEST_BYTES);
	} else if (r == 0) {
		int64_t base_seq = 0;
		uint8_t hash[DIGEST_BYTES];

		r = store_read_mark(file->db, file->keys.signer.public_key, AUDIT_BASE, &base_seq,
				    hash);
		if (r == 0 || (r == 1 && base_seq != file->head_seq))
			file->tampered = true; /* the head states rows, but there are none */
	}
	db_finish(last);
	return r < 0 ? r : 0;
}

int store_file_begin_log(struct store_file *file, int64_t seq, const uint8_t *hash)
{
	int r;

	assert(seq >= 0 && db_in_transaction(file->db));
	r = store_file_mark(file, AUDIT_BASE, seq, hash);
	if (r == 0)
		r = store_file_mark(file, AUDIT_HEAD, seq, hash);
	file->head_seq = seq;
	memcpy(file->head_hash, hash, DIGEST_BYTES);
	return r;
}

/* Uses one transaction: a crash leaves an empty file or a complete one. */
static int make_tables(struct store_file *file, const struct schema *schema)
{
	static const uint8_t nothing[DIGEST_BYTES];
	int r = db_run(file->db, "BEGIN IMMEDIATE");

	if (r == 0)
		r = schema_create(file->db, schema);
	if (r == 0)
		r = prepare(file);
	if (r == 0)
		r = store_file_begin_log(file, 0, nothing);
	if (r == 0)
		r = store_roster_check_key(file->db, file->keys.data);
	if (r == 0)
		r = db_run(file->db, "COMMIT");
	if (r < 0 && db_in_transaction(file->db))
		(void)db_run(file->db, "ROLLBACK"); /* closing, which follows, does it as well */
	return r;
}

static int read_log_end(struct store_file *file)
{
	int r = store_read_mark(file->db, file->keys.signer.public_key, AUDIT_HEAD, &file->head_seq,
				file->head_hash);

	if (r < 0)
		return r;
	if (r == 0) {
		file->tampered = true;
		file->head_seq = 0;
		memset(file->head_hash, 0, sizeof(file->head_hash));
	}
	r = continue_after_last(file);
	return r < 0 ? r : check_tail(file);
}

static int open_writing(const struct store *store, struct store_file *file, int64_t *ret_version,
			struct problem *problem)
{
	char error[DB_ERROR_BYTES] = "";
	int r = db_open(store->path, false, &file->db, error);

	if (r < 0) {
		problem_store_file_failed(problem, store->path, error);
		return r;
	}
	r = schema_version(file->db, ret_version);
	if (r == 0)
		r = db_run(file->db,
			   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			   "PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 2000;"
			   "PRAGMA journal_size_limit = 33554432; PRAGMA cell_size_check = ON");
	if (r < 0)
		problem_store_file_failed(problem, store->path, db_error(file->db));
	return r < 0 ? r : 0;
}

static int open_checked(const struct store *store, struct store_file *file, int64_t version)
{
	int r;

	if (version < 0) {
		r = -EBADMSG; /* not a version of ours */
	} else if (version == 0) {
		r = make_tables(file, store->schema);
	} else {
		r = check_pages(store, file);
		if (r == 0)
			r = schema_upgrade(file->db, store->schema, version);
		if (r == 0)
			r = prepare(file);
		if (r == 0)
			r = store_roster_check_key(file->db, file->keys.data);
	}
	if (r == 0)
		r = read_log_end(file);
	/* a table is missing: the file is damaged */
	return r == -EINVAL ? -EBADMSG : r;
}

int store_file_open(const struct store *store, struct store_file *file, struct problem *problem)
{
	int64_t version = 0;
	int r = check_version(store, problem);

	assert_thread(THREAD_STORE);
	memset(file, 0, sizeof(*file));
	if (r == 0)
		r = open_writing(store, file, &version, problem);
	if (r == 0)
		r = load_keys(store, file, version == 0, problem);
	if (r < 0) {
		store_file_close(file);
		return r;
	}
	r = open_checked(store, file, version);
	if (r == -EKEYREJECTED)
		problem_store_key_wrong(problem, store->data_key_path);
	else if (r == -EBADMSG)
		problem_store_file_damaged(problem, store->path);
	else if (r < 0)
		problem_store_file_failed(problem, store->path, db_error(file->db));
	if (r < 0)
		store_file_close(file);
	return r;
}

void store_file_close(struct store_file *file)
{
	for (int i = 0; i < STORE_SQL_COUNT; i++)
		db_finish(file->sql[i]);
	db_close(file->db);
	crypto_wipe(&file->keys, sizeof(file->keys));
	memset(file, 0, sizeof(*file));
}
