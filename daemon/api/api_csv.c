#include "api_csv.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

void csv_put(FILE *out, const char *text)
{
	fputc('"', out);
	if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL)
		fputc('\'', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static bool at_line_end(const char *at, const char *end)
{
	return at == end || *at == '\n' || (*at == '\r' && at + 1 < end && at[1] == '\n');
}

static const char *skip_line(const char *at, const char *end)
{
	while (at < end && *at != '\n')
		at++;
	return at < end ? at + 1 : end;
}

/* Parse one cell into @p text. @return 0, -EINVAL or -EFBIG. */
static int parse_cell(const char **at, const char *end, char *text, size_t room, size_t *ret_used,
		      unsigned *lines)
{
	bool quoted = *at < end && **at == '"';
	size_t used = 0;

	*at += quoted;
	for (;; (*at)++) {
		if (quoted && *at == end)
			return -EINVAL;
		if (quoted && **at == '"') {
			if (*at + 1 == end || (*at)[1] != '"')
				break;
			(*at)++;
		} else if (!quoted && (at_line_end(*at, end) || **at == ',')) {
			break;
		}
		if (**at == '\0')
			return -EINVAL;
		*lines += **at == '\n';
		if (used + 1 >= room)
			return -EFBIG;
		text[used++] = **at;
	}
	*at += quoted;
	text[used++] = '\0';
	*ret_used = used;
	return at_line_end(*at, end) || **at == ',' ? 0 : -EINVAL;
}

int csv_next(const char **at, const char *end, struct csv_row *ret_row)
{
	size_t used = 0, cell_bytes;
	int r = 0;

	assert(*at <= end);
	if (*at == end)
		return 0;
	ret_row->count = 0;
	ret_row->lines = 1;
	for (;;) {
		if (ret_row->count == CSV_CELLS_MAX)
			r = -EFBIG;
		else
			r = parse_cell(at, end, ret_row->text + used, sizeof(ret_row->text) - used,
				       &cell_bytes, &ret_row->lines);
		if (r < 0)
			break;
		ret_row->cells[ret_row->count++] = ret_row->text + used;
		used += cell_bytes;
		if (at_line_end(*at, end))
			break;
		(*at)++; /* the comma */
	}
	*at = skip_line(*at, end);
	return r < 0 ? r : 1;
}
