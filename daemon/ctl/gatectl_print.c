#include "gatectl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_BYTES = 256, COLUMNS_MAX = 8 };

const char *ctl_text(const json_t *object, const char *key, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : otherwise;
}

void ctl_print_text(FILE *out, const char *text)
{
	for (; *text != '\0'; text++)
		fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, out);
}

void ctl_print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

/* "a, b" of a list of texts */
static void list_cell(const json_t *list, char *text)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < json_array_size(list) && used < CELL_BYTES; i++) {
		const char *item = json_string_value(json_array_get(list, i));

		used += (size_t)snprintf(text + used, CELL_BYTES - used, "%s%s",
					 used > 0 ? ", " : "", item != NULL ? item : "?");
	}
}

static void cell(const json_t *row, const char *key, char *text)
{
	const json_t *value = json_object_get(row, key);
	char *dump;

	if (value == NULL || json_is_null(value)) {
		strcpy(text, "-");
	} else if (json_is_string(value)) {
		snprintf(text, CELL_BYTES, "%s", json_string_value(value));
	} else if (json_is_array(value)) {
		list_cell(value, text);
	} else {
		dump = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(4));
		snprintf(text, CELL_BYTES, "%s", dump != NULL ? dump : "?");
		free(dump);
	}
}

/*
 * Characters on the screen: bytes that do not continue a UTF-8 character (wide ones count as one).
 */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(const char *text, int width, bool last)
{
	ctl_print_text(stdout, text);
	if (last)
		putchar('\n');
	else
		printf("%*s", width - width_of(text) + 2, "");
}

void ctl_print_rows(const struct ctl *ctl, const json_t *rows, const struct ctl_column *columns)
{
	int widths[COLUMNS_MAX] = {0};
	char text[CELL_BYTES];
	size_t index, count = 0;
	const json_t *row;

	if (ctl->json) {
		ctl_print_json(rows);
		return;
	}
	while (count < COLUMNS_MAX && columns[count].title != NULL)
		count++;
	for (size_t i = 0; i < count; i++)
		widths[i] = width_of(columns[i].title);
	json_array_foreach(rows, index, row) for (size_t i = 0; i < count; i++)
	{
		cell(row, columns[i].key, text);
		if (width_of(text) > widths[i])
			widths[i] = width_of(text);
	}
	for (size_t i = 0; i < count; i++)
		print_cell(columns[i].title, widths[i], i + 1 == count);
	json_array_foreach(rows, index, row) for (size_t i = 0; i < count; i++)
	{
		cell(row, columns[i].key, text);
		print_cell(text, widths[i], i + 1 == count);
	}
}
