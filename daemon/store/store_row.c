/* store_row.c - reads one row of the log from the database. */
#include "store_private.h"

#include <errno.h>
#include <string.h>

int store_read_row(struct db_statement *statement, struct event_row *ret_row)
{
	size_t data_bytes;

	memset(ret_row, 0, sizeof(*ret_row));
	ret_row->seq = db_column_int(statement, 0);
	ret_row->unix_ms = db_column_int(statement, 2);
	ret_row->severity = (enum event_severity)(db_column_int(statement, 4) & 0xff);
	if (db_column_copy(statement, 1, ret_row->id, sizeof(ret_row->id)) < 0 ||
	    db_column_copy(statement, 3, ret_row->type, sizeof(ret_row->type)) < 0 ||
	    db_column_copy(statement, 5, ret_row->source, sizeof(ret_row->source)) < 0 ||
	    db_column_copy(statement, 6, ret_row->person, sizeof(ret_row->person)) < 0 ||
	    db_column_exact(statement, 8, ret_row->prev, sizeof(ret_row->prev)) < 0 ||
	    db_column_exact(statement, 9, ret_row->hash, sizeof(ret_row->hash)) < 0)
		return -EBADMSG;
	(void)db_column_bytes(statement, 7, &data_bytes);
	ret_row->data = db_column_text(statement, 7);
	return strlen(ret_row->data) == data_bytes ? 0 : -EBADMSG;
}
