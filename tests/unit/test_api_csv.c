#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "api/api_csv.h"

static void rows_are_parsed_as_in_rfc_4180(void **state)
{
	static const char text[] = "a,b\r\n\"1,\"\"2\"\"\",\n\"x\r\ny\",z\n\n,,";
	const char *at = text, *end = text + sizeof(text) - 1;
	struct csv_row row;

	(void)state;
	assert_int_equal(csv_next(&at, end, &row), 1);
	assert_int_equal(row.count, 2);
	assert_string_equal(row.cells[1], "b");
	assert_int_equal(csv_next(&at, end, &row), 1);
	assert_string_equal(row.cells[0], "1,\"2\"");
	assert_string_equal(row.cells[1], "");
	assert_int_equal(csv_next(&at, end, &row), 1);
	assert_string_equal(row.cells[0], "x\r\ny");
	assert_int_equal(row.lines, 2);
	assert_int_equal(csv_next(&at, end, &row), 1);
	assert_int_equal(row.count, 1);
	assert_int_equal(csv_next(&at, end, &row), 1);
	assert_int_equal(row.count, 3);
	assert_int_equal(csv_next(&at, end, &row), 0);
}

static void an_error_affects_only_its_line(void **state)
{
	char text[CSV_ROW_BYTES_MAX + 64];
	const char *at = "\"a\"b,c\nnext", *end = at + strlen(at);
	struct csv_row row;

	(void)state;
	assert_int_equal(csv_next(&at, end, &row), -EINVAL);
	assert_int_equal(csv_next(&at, end, &row), 1);
	assert_string_equal(row.cells[0], "next");
	at = "\"open";
	end = at + 5;
	assert_int_equal(csv_next(&at, end, &row), -EINVAL);
	assert_int_equal(csv_next(&at, end, &row), 0);
	memset(text, 'a', sizeof(text));
	at = text;
	assert_int_equal(csv_next(&at, text + sizeof(text), &row), -EFBIG);
	memset(text, ',', sizeof(text));
	at = text;
	assert_int_equal(csv_next(&at, text + sizeof(text), &row), -EFBIG);
	memset(text, 0, sizeof(text));
	at = text;
	assert_int_equal(csv_next(&at, text + sizeof(text), &row), -EINVAL);
}

static void cells_are_read_back_and_are_no_formulas(void **state)
{
	static const char *const cells[][2] = {{"plain", "plain"},
					       {"a\"b,c\r\nd", "a\"b,c\r\nd"},
					       {"", ""},
					       {"=1+1", "'=1+1"},
					       {"@x", "'@x"}};
	struct csv_row row;
	const char *at;
	size_t bytes;
	char *text;
	FILE *out;

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		out = open_memstream(&text, &bytes);
		csv_put(out, cells[i][0]);
		fclose(out);
		at = text;
		assert_int_equal(csv_next(&at, text + bytes, &row), 1);
		assert_string_equal(row.cells[0], cells[i][1]);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_parsed_as_in_rfc_4180),
		cmocka_unit_test(an_error_affects_only_its_line),
		cmocka_unit_test(cells_are_read_back_and_are_no_formulas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
