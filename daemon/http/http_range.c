#include "http.h"

#include <errno.h>
#include <string.h>

enum { DIGITS_MAX = 18 }; /* stays inside 64 bits */

/* Digits at *text; false when there are none or far too many. */
static bool take_number(const char **text, uint64_t *ret_value)
{
	size_t digits = strspn(*text, "0123456789");

	if (digits == 0 || digits > DIGITS_MAX)
		return false;
	*ret_value = 0;
	for (; digits > 0; digits--, (*text)++)
		*ret_value = *ret_value * 10 + (uint64_t)(**text - '0');
	return true;
}

int http_parse_range(const char *header, uint64_t size, uint64_t *ret_first, uint64_t *ret_bytes)
{
	uint64_t first, last = UINT64_MAX;
	bool suffix;

	if (header == NULL || strncmp(header, "bytes=", 6) != 0)
		return 0;
	header += 6;
	suffix = *header == '-';
	header += suffix;
	if (!take_number(&header, &first))
		return 0;
	if (!suffix && *header++ != '-')
		return 0;
	if (!suffix && *header != '\0' && !take_number(&header, &last))
		return 0;
	if (*header != '\0' || last < first)
		return 0; /* several ranges, or nonsense: a server may send the whole file */
	if (suffix) {
		if (first == 0 || size == 0)
			return -ERANGE;
		first = first < size ? size - first : 0;
	}
	if (first >= size)
		return -ERANGE;
	*ret_first = first;
	*ret_bytes = (last < size ? last + 1 : size) - first;
	return 1;
}
