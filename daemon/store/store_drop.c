/*
 * store_drop.c - deletes the oldest rows of the log, a slice at a time, and signs the base, which
 * states where the log begins.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store_private.h"

/* The last row that may be deleted. @return 1, 0 (none may) or an error */
static int find_last(struct store_file *file, const struct store_write *write, int64_t base,
		     int64_t *ret_last, uint8_t *ret_hash)
{
	struct db_statement *rows;
	int found = 0,
	    r = db_prepare(
		    file->db,
		    "SELECT seq, unix_ms, hash FROM event WHERE seq > ? ORDER BY seq LIMIT ?",
		    &rows);

	if (r < 0)
		return r;
	db_bind_int(rows, 1, base);
	db_bind_int(rows, 2, STORE_DROP_ROWS_MAX);
	while ((r = db_step(rows)) == 1 && db_column_int(rows, 0) <= write->drop_to_seq &&
	       db_column_int(rows, 1) < write->drop_before_unix_ms &&
	       db_column_exact(rows, 2, ret_hash, DIGEST_BYTES) == 0) {
		*ret_last = db_column_int(rows, 0);
		found = 1;
	}
	db_finish(rows);
	return r < 0 ? r : found;
}

static int set_data(struct store_write *write, int64_t first, int64_t last, const uint8_t *hash)
{
	char hex[DIGEST_HEX_BYTES];

	event_hash_text(hash, hex);
	return store_write_set_data(write, json_pack("{s:I, s:I, s:s}", "first", (json_int_t)first,
						     "last", (json_int_t)last, "hash", hex));
}

int store_drop_apply(struct store_file *file, struct store_write *write)
{
	uint8_t hash[DIGEST_BYTES];
	struct db_statement *drop = NULL;
	int64_t base = 0, last = 0;
	int r;

	assert(db_in_transaction(file->db)); /* base and rows change together */
	r = store_read_mark(file->db, file->keys.signer.public_key, AUDIT_BASE, &base, hash);
	if (r == 1)
		r = find_last(file, write, base, &last, hash);
	/* the base was tampered with: delete nothing, so that the evidence remains */
	else if (r == 0)
		r = -EINVAL;
	if (r <= 0)
		return r < 0 ? r : -ENODATA;
	r = store_file_mark(file, AUDIT_BASE, last, hash);
	if (r == 0)
		r = db_prepare(file->db, "DELETE FROM event WHERE seq <= ?", &drop);
	if (r < 0)
		return r;
	db_bind_int(drop, 1, last);
	r = db_execute(drop);
	db_finish(drop);
	return r < 0 ? r : set_data(write, base + 1, last, hash);
}
