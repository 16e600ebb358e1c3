/*
 * audit_export.c - writes the log as text that other programs can verify: docs/reference/audit.md,
 * "A bundle".
 */
#include "audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"
#include "store_private.h"

struct export
{
	struct db *db;
	struct db_statement *mark, *page;
	FILE *out;
	int64_t last_seq, head_seq, rows;
};

/* {"seq", "hash", "sig"} of one mark: a new reference. NULL: there is none, or no memory. */
static json_t *read_mark(struct export *export, const char *kind)
{
	uint8_t hash[DIGEST_BYTES], signature[CRYPTO_SIGNATURE_BYTES];
	char hex[DIGEST_HEX_BYTES], text[AUDIT_SIGNATURE_TEXT_BYTES];
	json_t *mark = NULL;

	db_bind_text(export->mark, 1, kind);
	if (db_step(export->mark) == 1 &&
	    db_column_exact(export->mark, 1, hash, sizeof(hash)) == 0 &&
	    db_column_exact(export->mark, 2, signature, sizeof(signature)) == 0 &&
	    crypto_base64_encode(signature, sizeof(signature), text, sizeof(text)) == 0) {
		event_hash_text(hash, hex);
		mark = json_pack("{s:I, s:s, s:s}", "seq",
				 (json_int_t)db_column_int(export->mark, 0), "hash", hex, "sig",
				 text);
	}
	db_reset(export->mark);
	return mark;
}

static int put_line(struct export *export, json_t *line)
{
	int r = line == NULL ? -ENOMEM : 0;

	if (r == 0 &&
	    (json_dumpf(line, export->out, JSON_COMPACT) < 0 || fputc('\n', export->out) == EOF))
		r = errno != 0 ? -errno : -EIO;
	json_decref(line);
	return r;
}

/* Reads base and head in one transaction: the rows between them do not change any more. */
static int put_marks(struct export *export, const char *key_text)
{
	int r = db_run(export->db, "BEGIN");
	json_t *base, *head;

	if (r < 0)
		return r;
	base = read_mark(export, "base");
	head = read_mark(export, "head");
	(void)db_run(export->db, "COMMIT"); /* it only read */
	if (base == NULL || head == NULL) {
		json_decref(base);
		json_decref(head);
		return -EBADMSG;
	}
	export->last_seq = json_integer_value(json_object_get(base, "seq"));
	export->head_seq = json_integer_value(json_object_get(head, "seq"));
	return put_line(export, json_pack("{s:s, s:s, s:o, s:o}", "format", "gatehouse-audit-1",
					  "key", key_text, "base", base, "head", head));
}

/* Whether the oldest rows were deleted during the export. */
static bool base_moved(struct export *export)
{
	bool moved;

	db_bind_text(export->mark, 1, "base");
	moved = db_step(export->mark) == 1 && db_column_int(export->mark, 0) > export->last_seq;
	db_reset(export->mark);
	return moved;
}

static int put_row(struct export *export)
{
	char prev[DIGEST_HEX_BYTES], hash[DIGEST_HEX_BYTES];
	struct event_row row;

	/* a row that the gate did not write is for audit_verify() to describe */
	if (store_read_row(export->page, &row) < 0)
		return -EBADMSG;
	event_hash_text(row.prev, prev);
	event_hash_text(row.hash, hash);
	if (row.seq != export->last_seq + 1 && base_moved(export))
		return -EAGAIN;
	export->last_seq = row.seq;
	export->rows++;
	return put_line(export, json_pack("[I, I, i, s, s, s, s, s, s, s]", (json_int_t)row.seq,
					  (json_int_t)row.unix_ms, (int)row.severity, row.id,
					  row.type, row.source, row.person, row.data, prev, hash));
}

/* @return rows written, or an error */
static int put_page(struct export *export)
{
	int r, rows = 0;

	db_bind_int(export->page, 1, export->last_seq);
	db_bind_int(export->page, 2, export->head_seq);
	while ((r = db_step(export->page)) == 1) {
		r = put_row(export);
		if (r < 0)
			break;
		rows++;
	}
	db_reset(export->page);
	return r < 0 ? r : rows;
}

static int put_all(struct export *export, const char *key_text, audit_progress_fn progress,
		   void *arg)
{
	int r = put_marks(export, key_text);

	while (r >= 0 && export->last_seq < export->head_seq) {
		r = put_page(export);
		if (r == 0) /* rows are missing: a verifier sees where the chain breaks */
			break;
		if (r > 0 && progress != NULL && !progress(arg, export->rows, export->head_seq))
			r = -ECANCELED;
	}
	if (r >= 0 && fflush(export->out) != 0)
		r = -errno;
	return r < 0 ? r : 0;
}

int audit_export(const char *db_path, const char *public_key_path, FILE *out,
		 audit_progress_fn progress, void *arg, char *error)
{
	struct export export = {.out = out};
	uint8_t key[CRYPTO_SIGN_PUBLIC_BYTES];
	char key_text[AUDIT_KEY_TEXT_BYTES], path[STORE_PATH_BYTES];
	int r = crypto_init();

	error[0] = '\0';
	audit_key_path(db_path, public_key_path, path, sizeof(path));
	if (r == 0)
		r = crypto_key_load(path, key, sizeof(key), error);
	if (r == 0)
		r = crypto_base64_encode(key, sizeof(key), key_text, sizeof(key_text));
	if (r == 0)
		r = db_open(db_path, true, &export.db, error);
	if (r == 0)
		r = db_prepare(export.db, "SELECT seq, hash, signature FROM mark WHERE kind = ?",
			       &export.mark);
	if (r == 0)
		r = db_prepare(export.db,
			       "SELECT " STORE_EVENT_COLUMNS
			       " FROM event WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 4096",
			       &export.page);
	if (r == 0)
		r = put_all(&export, key_text, progress, arg);
	if (r < 0 && error[0] == '\0')
		snprintf(error, AUDIT_TEXT_BYTES, "%s",
			 r == -EBADMSG  ? "the log is damaged: gatectl audit verify says where"
			 : r == -EAGAIN ? "old rows were dropped meanwhile: export again"
					: strerror(-r));
	db_finish(export.page);
	db_finish(export.mark);
	db_close(export.db);
	return r;
}
