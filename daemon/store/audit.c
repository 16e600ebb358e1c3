#include "audit.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "db.h"
#include "store_private.h"

enum { STATEMENT_BYTES = 160 };

struct mark {
	int64_t seq;
	uint8_t hash[DIGEST_BYTES];
	uint8_t signature[CRYPTO_SIGNATURE_BYTES];
};

struct audit {
	struct db *db;
	struct db_statement *page, *mark;
	bool has_key;
	uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES];
	struct mark head;
	struct audit_result *result;
};

static const char *statement_name(enum audit_statement statement)
{
	static const char *const names[] = {"anchor", "head", "base"};

	assert((size_t)statement < sizeof(names) / sizeof(names[0]));
	return names[statement];
}

static size_t statement_text(enum audit_statement statement, int64_t seq,
			     const uint8_t hash[DIGEST_BYTES], char text[STATEMENT_BYTES])
{
	char hex[DIGEST_HEX_BYTES];

	event_hash_text(hash, hex);
	return (size_t)snprintf(text, STATEMENT_BYTES, "gatehouse-%s-1\n%lld\n%s\n",
				statement_name(statement), (long long)seq, hex);
}

void audit_sign(const struct crypto_signer *signer, enum audit_statement statement, int64_t seq,
		const uint8_t hash[DIGEST_BYTES], uint8_t ret_signature[CRYPTO_SIGNATURE_BYTES])
{
	char text[STATEMENT_BYTES];
	size_t bytes = statement_text(statement, seq, hash, text);

	crypto_signer_sign(signer, text, bytes, ret_signature);
}

bool audit_signature_is_good(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES],
			     enum audit_statement statement, int64_t seq,
			     const uint8_t hash[DIGEST_BYTES],
			     const uint8_t signature[CRYPTO_SIGNATURE_BYTES])
{
	char text[STATEMENT_BYTES];
	size_t bytes = statement_text(statement, seq, hash, text);

	return crypto_verify(public_key, text, bytes, signature);
}

json_t *audit_anchor_data(const struct crypto_signer *signer, int64_t seq,
			  const uint8_t hash[DIGEST_BYTES])
{
	char hex[DIGEST_HEX_BYTES], signature_text[AUDIT_SIGNATURE_TEXT_BYTES],
		key[AUDIT_KEY_TEXT_BYTES];
	uint8_t signature[CRYPTO_SIGNATURE_BYTES];

	event_hash_text(hash, hex);
	audit_sign(signer, AUDIT_ANCHOR, seq, hash, signature);
	if (crypto_base64_encode(signature, sizeof(signature), signature_text,
				 sizeof(signature_text)) < 0 ||
	    crypto_base64_encode(signer->public_key, sizeof(signer->public_key), key, sizeof(key)) <
		    0)
		return NULL;
	return json_pack("{s:I,s:s,s:s,s:s}", "seq", (json_int_t)seq, "hash", hex, "sig",
			 signature_text, "key", key);
}

/*
 * Records that the log is not trustworthy from @p seq on. @p r is ignored: it lets a call set the
 * verdict in the argument. @return 1, which ends the reading
 */
static int reject(struct audit *audit, int64_t seq, int r)
{
	(void)r;
	audit->result->ok = false;
	audit->result->bad_seq = seq;
	return 1;
}

/* @return 1, 0 (there is none) or an error */
static int read_mark(struct audit *audit, const char *kind, struct mark *ret_mark)
{
	int r;

	db_bind_text(audit->mark, 1, kind);
	r = db_step(audit->mark);
	if (r == 1) {
		ret_mark->seq = db_column_int(audit->mark, 0);
		if (db_column_exact(audit->mark, 1, ret_mark->hash, sizeof(ret_mark->hash)) < 0 ||
		    db_column_exact(audit->mark, 2, ret_mark->signature,
				    sizeof(ret_mark->signature)) < 0)
			r = 0;
	}
	db_reset(audit->mark);
	return r;
}

static bool mark_is_good(const struct audit *audit, enum audit_statement statement,
			 const struct mark *mark)
{
	return !audit->has_key || audit_signature_is_good(audit->public_key, statement, mark->seq,
							  mark->hash, mark->signature);
}

/* Reads the base, also between pages: the oldest rows may be deleted while the log is read. */
static int read_base(struct audit *audit)
{
	struct audit_result *result = audit->result;
	bool first = result->first_seq == 0;
	struct mark base = {0}; /* for the analyzer: read_mark() fills it, or says why not */
	int r = read_mark(audit, "base", &base);

	if (r < 0)
		return r;
	if (r == 0)
		return reject(audit, first ? 1 : result->last_seq + 1,
			      problem_audit_no_begin(&audit->result->verdict));
	if (!first && base.seq <= result->last_seq)
		return 0;
	if (!mark_is_good(audit, AUDIT_BASE, &base))
		return reject(audit, base.seq + 1,
			      problem_audit_begin_signature(&audit->result->verdict));
	result->first_seq = base.seq + 1;
	result->last_seq = base.seq;
	memcpy(result->last_hash, base.hash, DIGEST_BYTES);
	return 0;
}

static int check_anchor(struct audit *audit, const struct event_row *row)
{
	char error[JSON_ERROR_BYTES], hex[DIGEST_HEX_BYTES];
	const char *hash = "", *signature_text = "";
	uint8_t signature[CRYPTO_SIGNATURE_BYTES];
	int64_t seq = 0;
	bool good;
	json_t *data = json_parse(row->data, strlen(row->data), EVENT_DATA_BYTES_MAX, error);

	event_hash_text(row->prev, hex);
	good = data != NULL && json_get_int(data, "seq", 0, INT64_MAX, &seq, error) == 0 &&
	       json_get_string(data, "hash", DIGEST_HEX_BYTES, &hash, error) == 0 &&
	       json_get_string(data, "sig", AUDIT_SIGNATURE_TEXT_BYTES, &signature_text, error) ==
		       0 &&
	       crypto_base64_decode(signature_text, signature, sizeof(signature)) == 0 &&
	       seq == row->seq - 1 && strcmp(hash, hex) == 0;
	json_decref(data);
	if (!good)
		return reject(audit, row->seq,
			      problem_audit_anchor_elsewhere(&audit->result->verdict, row->seq));
	if (!audit->has_key)
		return 0;
	if (!audit_signature_is_good(audit->public_key, AUDIT_ANCHOR, seq, row->prev, signature))
		return reject(audit, row->seq,
			      problem_audit_anchor_signature(&audit->result->verdict, row->seq));
	audit->result->anchors++;
	return 0;
}

/* @return 0, 1 (a verdict) or an error */
static int check_row(struct audit *audit)
{
	struct audit_result *result = audit->result;
	int64_t seq = db_column_int(audit->page, 0);
	uint8_t hash[DIGEST_BYTES];
	struct event_row row;

	if (seq != result->last_seq + 1)
		return reject(audit, result->last_seq + 1,
			      problem_audit_row_missing(&audit->result->verdict,
							result->last_seq + 1, seq));
	if (store_read_row(audit->page, &row) < 0)
		return reject(audit, seq, problem_audit_row_foreign(&audit->result->verdict, seq));
	event_hash(&row, hash);
	if (memcmp(hash, row.hash, sizeof(hash)) != 0)
		return reject(audit, seq, problem_audit_row_changed(&audit->result->verdict, seq));
	if (memcmp(row.prev, result->last_hash, sizeof(row.prev)) != 0)
		return reject(audit, seq, problem_audit_row_order(&audit->result->verdict, seq));
	result->rows++;
	result->last_seq = seq;
	memcpy(result->last_hash, hash, sizeof(hash));
	return strcmp(row.type, "audit.anchor") == 0 ? check_anchor(audit, &row) : 0;
}

/*
 * Reads one page and the head in one transaction, so that both are of the same commit. Between two
 * pages the writer can empty its WAL. @return rows read, or an error; *ret_verdict ends the reading
 */
static int read_page(struct audit *audit, bool *ret_verdict)
{
	int r = db_run(audit->db, "BEGIN"), rows = 0;

	if (r < 0)
		return r;
	r = read_base(audit);
	if (r != 0)
		goto out;
	r = read_mark(audit, "head", &audit->head);
	if (r == 0)
		r = reject(audit, audit->result->last_seq + 1,
			   problem_audit_no_end(&audit->result->verdict));
	else if (r == 1)
		r = 0;
	db_bind_int(audit->page, 1, audit->result->last_seq);
	while (r == 0 && (r = db_step(audit->page)) == 1) {
		r = check_row(audit);
		rows++;
		if (r == 0)
			continue;
		break;
	}
out:
	if (r == 1)
		*ret_verdict = true;
	db_reset(audit->page);
	(void)db_run(audit->db, "COMMIT"); /* it only read */
	return r < 0 ? r : rows;
}

static void check_head(struct audit *audit)
{
	struct audit_result *result = audit->result;
	const struct mark *head = &audit->head;

	if (!mark_is_good(audit, AUDIT_HEAD, head))
		reject(audit, result->last_seq,
		       problem_audit_end_signature(&audit->result->verdict));
	else if (head->seq > result->last_seq)
		reject(audit, result->last_seq + 1,
		       problem_audit_end_cut(&audit->result->verdict, result->last_seq + 1,
					     head->seq));
	else if (head->seq < result->last_seq)
		reject(audit, head->seq + 1,
		       problem_audit_rows_added(&audit->result->verdict, head->seq + 1));
	else if (memcmp(head->hash, result->last_hash, sizeof(head->hash)) != 0)
		reject(audit, result->last_seq, problem_audit_rewritten(&audit->result->verdict));
	else
		result->ok = true;
}

static void report_good(struct audit_result *result)
{
	if (result->signatures_checked)
		problem_audit_ok(&result->verdict, result->rows, result->first_seq,
				 result->last_seq);
	else
		problem_audit_ok_unsigned(&result->verdict, result->rows, result->first_seq,
					  result->last_seq);
}

static int read_all(struct audit *audit, audit_progress_fn progress, void *arg)
{
	struct audit_result *result = audit->result;
	bool verdict = false;
	int r;

	do {
		r = read_page(audit, &verdict);
		if (r < 0 || verdict)
			return r < 0 ? r : 0;
		if (progress != NULL && !progress(arg, result->rows, audit->head.seq))
			return -ECANCELED;
	} while (r > 0);
	check_head(audit);
	if (result->ok)
		report_good(result);
	return 0;
}

static int open_audit(struct audit *audit, const char *db_path)
{
	char error[DB_ERROR_BYTES] = "";
	int64_t version = 0;
	int r = db_open(db_path, true, &audit->db, error);

	if (r < 0) {
		problem_store_file_failed(&audit->result->verdict, db_path, error);
		return r;
	}
	r = schema_version(audit->db, &version);
	if (r == 0 && (version < 1 || version > schema_gate.version))
		return problem_audit_schema(&audit->result->verdict, db_path, version,
					    schema_gate.version);
	if (r == 0)
		r = db_prepare(audit->db, "SELECT seq, hash, signature FROM mark WHERE kind = ?",
			       &audit->mark);
	if (r == 0)
		r = db_prepare(audit->db,
			       "SELECT " STORE_EVENT_COLUMNS
			       " FROM event WHERE seq > ? ORDER BY seq LIMIT 4096",
			       &audit->page);
	return r;
}

void audit_key_path(const char *db_path, const char *public_key_path, char *ret_path, size_t bytes)
{
	const char *slash = strrchr(db_path, '/');

	if (public_key_path != NULL)
		snprintf(ret_path, bytes, "%s", public_key_path);
	else
		snprintf(ret_path, bytes, "%.*s/keys/anchor.pub",
			 slash == NULL ? 1 : (int)(slash - db_path), slash == NULL ? "." : db_path);
}

static void find_key(struct audit *audit, const char *db_path, const char *public_key_path)
{
	char path[STORE_PATH_BYTES], error[CRYPTO_ERROR_BYTES];

	audit_key_path(db_path, public_key_path, path, sizeof(path));
	audit->has_key =
		crypto_key_load(path, audit->public_key, sizeof(audit->public_key), error) == 0;
	audit->result->signatures_checked = audit->has_key;
}

int audit_verify(const char *db_path, const char *public_key_path, audit_progress_fn progress,
		 void *arg, struct audit_result *ret_result)
{
	struct audit audit = {.result = ret_result};
	int r = crypto_init();

	memset(ret_result, 0, sizeof(*ret_result));
	if (r == 0)
		r = open_audit(&audit, db_path);
	if (r == 0) {
		find_key(&audit, db_path, public_key_path);
		r = read_all(&audit, progress, arg);
	}
	if (r < 0 && ret_result->verdict.code == PROBLEM_NONE)
		problem_store_file_failed(&ret_result->verdict, db_path,
					  r == -ECANCELED    ? "stopped"
					  : audit.db == NULL ? strerror(-r)
							     : db_error(audit.db));
	db_finish(audit.page);
	db_finish(audit.mark);
	db_close(audit.db);
	return r;
}
