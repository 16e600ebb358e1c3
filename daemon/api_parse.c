#include "api_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int api_parse_number(const char *text, int64_t max, int64_t *ret_value)
{
	int64_t value = 0;

	if (*text == '\0')
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || value > (max - (*text - '0')) / 10)
			return -EINVAL;
		value = value * 10 + (*text - '0');
	}
	*ret_value = value;
	return 0;
}

bool api_type_is_valid(const char *type)
{
	size_t length = strspn(type, "abcdefghijklmnopqrstuvwxyz_.");

	return length > 0 && length < API_TYPE_BYTES && type[length] == '\0';
}

bool api_type_matches(const char *filter, const char *type)
{
	size_t length = strlen(filter);

	if (length == 0)
		return true;
	return filter[length - 1] == '.' ? strncmp(filter, type, length) == 0 : strcmp(filter, type) == 0;
}
