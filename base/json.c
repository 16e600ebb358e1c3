#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "unconst.h"

/* jansson's parser recurses up to 2048 levels; a hostile payload is refused before it gets there. */
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

json_t *json_parse(const char *text, size_t bytes, size_t bytes_max, char *error)
{
	json_error_t at;
	json_t *value;

	if (bytes > bytes_max) {
		snprintf(error, JSON_ERROR_BYTES, "%zu bytes are more than the %zu allowed", bytes,
			 bytes_max);
		return NULL;
	}
	if (too_deep(text, bytes)) {
		snprintf(error, JSON_ERROR_BYTES, "nested deeper than %d levels", JSON_DEPTH_MAX);
		return NULL;
	}
	value = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &at);
	if (value == NULL)
		snprintf(error, JSON_ERROR_BYTES, "line %d column %d: %.120s", at.line, at.column, at.text);
	return value;
}

int json_get_string(const json_t *object, const char *key, size_t bytes_max, const char **ret_value,
		    char *error)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_string(value)) {
		snprintf(error, JSON_ERROR_BYTES, "%s: expected a string", key);
		return -EINVAL;
	}
	if (json_string_length(value) > bytes_max) {
		snprintf(error, JSON_ERROR_BYTES, "%s: longer than %zu bytes", key, bytes_max);
		return -EINVAL;
	}
	*ret_value = json_string_value(value);
	return 0;
}

int json_get_int(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *ret_value,
		 char *error)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max) {
		snprintf(error, JSON_ERROR_BYTES, "%s: expected a whole number from %lld to %lld", key,
			 (long long)min, (long long)max);
		return -EINVAL;
	}
	*ret_value = json_integer_value(value);
	return 0;
}

int json_get_bool(const json_t *object, const char *key, bool *ret_value, char *error)
{
	const json_t *value = json_object_get(object, key);

	if (value == NULL)
		return 0;
	if (!json_is_boolean(value)) {
		snprintf(error, JSON_ERROR_BYTES, "%s: expected true or false", key);
		return -EINVAL;
	}
	*ret_value = json_boolean_value(value);
	return 0;
}

int json_only_known(const json_t *object, const char *const *known, char *error)
{
	const char *key;
	json_t *value;

	json_object_foreach(unconst(object), key, value)
	{
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] == NULL) {
			snprintf(error, JSON_ERROR_BYTES, "%.64s: no such member", key);
			return -EINVAL;
		}
	}
	return 0;
}

char *json_text(const json_t *value)
{
	return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

char *json_canonical(const json_t *value)
{
	return json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

json_t *json_rounded(float value)
{
	return json_real(round((double)value * 1000.0) / 1000.0);
}
