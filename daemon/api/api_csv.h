/* api_csv.h - reads and writes comma-separated values (RFC 4180). Pure; any thread. */
#ifndef GH_API_API_CSV_H
#define GH_API_API_CSV_H

#include <stddef.h>
#include <stdio.h>

enum { CSV_CELLS_MAX = 16, CSV_ROW_BYTES_MAX = 2048 };

/** Write one cell in quotes, after an apostrophe if a spreadsheet would read it as a formula. */
void csv_put(FILE *out, const char *text);

struct csv_row {
	size_t count;
	const char *cells[CSV_CELLS_MAX]; /* into `text` */
	char text[CSV_ROW_BYTES_MAX];
	unsigned lines; /* of the file, that the row spans */
};

/**
 * Parse the row at *at and advance *at past it; LF or CRLF ends a row.
 * @return 1 (a row), 0 (the end), -EINVAL (an unclosed quote, text after a quote, or a zero byte)
 *         or -EFBIG (too many cells or bytes). After an error *at is the start of the next line.
 */
int csv_next(const char **at, const char *end, struct csv_row *ret_row);

#endif
