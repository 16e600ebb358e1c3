/*
 * A file of people as somebody uploads it: whatever is read as cells is written and read back as
 * the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void round_trip(const char *cell)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct csv_row row;
	const char *at;

	if (out == NULL)
		return;
	csv_put(out, cell);
	fclose(out);
	at = text;
	if (strlen(cell) + 2 < CSV_ROW_BYTES_MAX && csv_next(&at, text + length, &row) != 1)
		abort();
	if (strlen(cell) + 2 < CSV_ROW_BYTES_MAX &&
	    strcmp(row.cells[0] + (row.cells[0][0] == '\'' && cell[0] != '\''), cell) != 0)
		abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	const char *at = (const char *)data, *end = at + bytes;
	struct csv_row row;
	int r;

	while ((r = csv_next(&at, end, &row)) != 0) {
		for (size_t i = 0; r > 0 && i < row.count; i++)
			round_trip(row.cells[i]);
		if (at > end)
			abort();
	}
	return 0;
}
