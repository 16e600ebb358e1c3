#include <errno.h>
#include <string.h>

#include "unit.h"
#include "base/json.h"

static char error[JSON_ERROR_BYTES];

static json_t *parse(const char *text)
{
	return json_parse(text, strlen(text), 1000, error);
}

static void names_the_place_of_a_mistake(void **state)
{
	(void)state;
	assert_null(parse("{\"a\": 1,\n \"b\": }"));
	assert_non_null(strstr(error, "line 2"));
	assert_null(parse("{\"a\":1,\"a\":2}"));
	assert_null(parse("{} x"));
	assert_null(parse(""));
}

static void refuses_what_is_huge_or_deep(void **state)
{
	char deep[2 * (JSON_DEPTH_MAX + 1)];

	(void)state;
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_null(json_parse(deep, sizeof(deep), 1000, error));
	assert_non_null(strstr(error, "deep"));
	json_decref(json_parse(deep + 1, sizeof(deep) - 2, 1000, error));
	assert_null(json_parse("[1,2]", 5, 4, error));
	assert_null(
		parse("\"[[[[\\\"")); /* brackets in a string are no depth; the string never ends */
}

static void members_keep_defaults_and_check_ranges(void **state)
{
	json_t *object = parse("{\"s\":\"four\",\"n\":10,\"b\":true}");
	const char *text = "default";
	bool flag = false;
	int64_t n = -1;

	(void)state;
	assert_int_equal(json_get_string(object, "missing", 4, &text, error), 0);
	assert_string_equal(text, "default");
	assert_int_equal(json_get_string(object, "s", 4, &text, error), 0);
	assert_string_equal(text, "four");
	assert_int_equal(json_get_string(object, "s", 3, &text, error), -EINVAL);
	assert_int_equal(json_get_string(object, "n", 3, &text, error), -EINVAL);
	assert_int_equal(json_get_int(object, "n", 0, 10, &n, error), 0);
	assert_int_equal(n, 10);
	assert_int_equal(json_get_int(object, "n", 0, 9, &n, error), -EINVAL);
	assert_int_equal(json_get_int(object, "n", 11, 12, &n, error), -EINVAL);
	assert_int_equal(json_get_int(object, "b", 0, 9, &n, error), -EINVAL);
	assert_int_equal(json_get_bool(object, "b", &flag, error), 0);
	assert_true(flag);
	assert_int_equal(json_get_bool(object, "s", &flag, error), -EINVAL);
	json_decref(object);
}

static void names_the_unknown_member(void **state)
{
	const char *const known[] = {"door", NULL};
	json_t *object = parse("{\"door\":1,\"dor\":2}");

	(void)state;
	assert_int_equal(json_only_known(object, known, error), -EINVAL);
	assert_non_null(strstr(error, "dor:"));
	json_object_del(object, "dor");
	assert_int_equal(json_only_known(object, known, error), 0);
	json_decref(object);
}

static void canonical_text_ignores_order(void **state)
{
	json_t *a = parse("{\"b\": 1, \"a\": [1, 2]}"), *b = parse("{\"a\":[1,2],\"b\":1}");
	char *text_a = json_canonical(a), *text_b = json_canonical(b);

	(void)state;
	assert_string_equal(text_a, "{\"a\":[1,2],\"b\":1}");
	assert_string_equal(text_a, text_b);
	free(text_a);
	free(text_b);
	json_decref(a);
	json_decref(b);
}

static void rounded_numbers_stay_short(void **state)
{
	json_t *value = json_pack("{s:f}", "score", 0.989);
	char *text = json_text(value);

	(void)state;
	assert_string_equal(text, "{\"score\":0.989}");
	free(text);
	json_decref(value);
}

static void numbers_are_rounded_to_three_digits(void **state)
{
	const struct {
		float value;
		const char *text;
	} cases[] = {{0.98949f, "0.989"}, {0.98951f, "0.99"}, {-0.0004f, "-0.0"}, {2, "2.0"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *list = json_pack("[o]", json_rounded(cases[i].value));
		char *text = json_text(list), expected[16];

		snprintf(expected, sizeof(expected), "[%s]", cases[i].text);
		assert_string_equal(text, expected);
		free(text);
		json_decref(list);
	}
}

static void a_time_is_text_in_utc(void **state)
{
	json_t *object = json_object();
	char *text;

	(void)state;
	json_set_utc(object, "at", 1795233906789);
	json_object_set_new(object, "zero", json_utc(0));
	text = json_canonical(object);
	assert_string_equal(
		text,
		"{\"at\":\"2026-11-21T04:05:06.789Z\",\"zero\":\"1970-01-01T00:00:00.000Z\"}");
	free(text);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_rounded_to_three_digits),
		cmocka_unit_test(names_the_place_of_a_mistake),
		cmocka_unit_test(refuses_what_is_huge_or_deep),
		cmocka_unit_test(members_keep_defaults_and_check_ranges),
		cmocka_unit_test(names_the_unknown_member),
		cmocka_unit_test(canonical_text_ignores_order),
		cmocka_unit_test(rounded_numbers_stay_short),
		cmocka_unit_test(a_time_is_text_in_utc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
