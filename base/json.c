#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "unconst.h"

/* jansson's parser recurses up to 2048 levels, so a hostile payload is refused before parsing. */
static bool too_deep(const char *text, size_t bytes)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < bytes; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				in_string = false;
		} else if (text[i] == '"') {
			in_string = true;
		} else if (text[i] == '{' || text[i] == '[') {
			if (++depth > JSON_DEPTH_MAX)
				return true;
		} else if (text[i] == '}' || text[i] == ']') {
			depth--;
		}
	}
	return false;
}

json_t *json_read(const char *text, size_t bytes, size_t bytes_max, struct problem *problem)
{
	json_error_t at;
	json_t *value;

	if (bytes > bytes_max) {
		problem_json_too_large(problem, (long long)bytes, (long long)bytes_max);
		return NULL;
	}
	if (too_deep(text, bytes)) {
		problem_json_too_deep(problem, JSON_DEPTH_MAX);
		return NULL;
	}
	value = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &at);
	if (value == NULL)
		problem_json_syntax(problem, at.line, at.column, at.text);
	return value;
}

int json_read_string(const json_t *object, const char *key, size_t bytes_max,
		     const char **ret_value, struct problem *problem)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_string(value))
		return problem_member_not_string(problem, key);
	if (json_string_length(value) > bytes_max)
		return problem_member_too_long(problem, key, (long long)bytes_max);
	*ret_value = json_string_value(value);
	return 0;
}

int json_read_int(const json_t *object, const char *key, int64_t min, int64_t max,
		  int64_t *ret_value, struct problem *problem)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < min ||
	    json_integer_value(value) > max)
		return problem_member_not_integer(problem, key, min, max);
	*ret_value = json_integer_value(value);
	return 0;
}

int json_read_bool(const json_t *object, const char *key, bool *ret_value, struct problem *problem)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_boolean(value))
		return problem_member_not_bool(problem, key);
	*ret_value = json_boolean_value(value);
	return 0;
}

int json_check_members(const json_t *object, const char *const *known, struct problem *problem)
{
	const char *key;
	json_t *value;

	json_object_foreach(unconst(object), key, value)
	{
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] == NULL)
			return problem_member_unknown(problem, key);
	}
	return 0;
}

/* ---- the same without a struct problem ---- */

static int copy_detail(int r, const struct problem *problem, char *error)
{
	if (r < 0)
		snprintf(error, JSON_ERROR_BYTES, "%s", problem->detail);
	return r;
}

json_t *json_parse(const char *text, size_t bytes, size_t bytes_max, char *error)
{
	struct problem problem;
	json_t *value = json_read(text, bytes, bytes_max, &problem);

	(void)copy_detail(value != NULL ? 0 : -EINVAL, &problem, error);
	return value;
}

int json_get_string(const json_t *object, const char *key, size_t bytes_max, const char **ret_value,
		    char *error)
{
	struct problem problem;

	return copy_detail(json_read_string(object, key, bytes_max, ret_value, &problem), &problem,
			   error);
}

int json_get_int(const json_t *object, const char *key, int64_t min, int64_t max,
		 int64_t *ret_value, char *error)
{
	struct problem problem;

	return copy_detail(json_read_int(object, key, min, max, ret_value, &problem), &problem,
			   error);
}

int json_get_bool(const json_t *object, const char *key, bool *ret_value, char *error)
{
	struct problem problem;

	return copy_detail(json_read_bool(object, key, ret_value, &problem), &problem, error);
}

int json_only_known(const json_t *object, const char *const *known, char *error)
{
	struct problem problem;

	return copy_detail(json_check_members(object, known, &problem), &problem, error);
}

char *json_text(const json_t *value)
{
	return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

char *json_canonical(const json_t *value)
{
	return json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY |
					 JSON_REAL_PRECISION(15));
}

json_t *json_utc(int64_t unix_ms)
{
	char text[CLOCK_UTC_BYTES];

	clock_format_utc(unix_ms, text);
	return json_string(text);
}

void json_set_utc(json_t *object, const char *key, int64_t unix_ms)
{
	(void)json_object_set_new(object, key,
				  json_utc(unix_ms)); /* without memory the object lacks it */
}

json_t *json_rounded(float value)
{
	return json_real(round((double)value * 1000.0) / 1000.0);
}
