#include "http.h"

#include <errno.h>
#include <string.h>

#include "base/scan.h"

#define NUMBER_MAX UINT64_C(999999999999999999)

int http_parse_range(const char *header, uint64_t size, uint64_t *ret_first, uint64_t *ret_bytes)
{
	uint64_t first, last = UINT64_MAX;
	bool suffix;

	if (header == NULL || strncmp(header, "bytes=", 6) != 0)
		return 0;
	header += 6;
	suffix = *header == '-';
	header += suffix;
	if (scan_number(&header, NUMBER_MAX, &first) < 0)
		return 0;
	if (!suffix && *header++ != '-')
		return 0;
	if (!suffix && *header != '\0' && scan_number(&header, NUMBER_MAX, &last) < 0)
		return 0;
	if (*header != '\0' || last < first)
		return 0; /* several ranges, or invalid: a server may send the complete file */
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
