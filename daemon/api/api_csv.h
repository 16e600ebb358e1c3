/* api_csv.h - comma-separated values (RFC 4180) in and out. Pure; any thread. */
#ifndef GH_API_API_CSV_H
#define GH_API_API_CSV_H

#include <stddef.h>
#include <stdio.h>

enum { CSV_CELLS_MAX = 16, CSV_ROW_BYTES_MAX = 2048 };

/** One cell in quotes. What a spreadsheet would take for a formula gets an apostrophe before it. */
void csv_put(FILE *out, const char *text);

struct csv_row {
	size_t count;
	const char *cells[CSV_CELLS_MAX]; /* into `text` */
	char text[CSV_ROW_BYTES_MAX];
	unsigned lines; /* that it took in the file */
};

/**
 * The next row from *at, which goes on behind it; LF and CRLF both end one.
 * @return 1 (a row), 0 (the end), -EINVAL (quotes that do not close, or text behind them) or -EFBIG
 *         (too many cells or bytes); after a mistake *at stands at the next line.
 */
int csv_next(const char **at, const char *end, struct csv_row *ret_row);

#endif
