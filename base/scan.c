#include "scan.h"

#include <assert.h>
#include <errno.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int scan_digits(const char **text, int count)
{
	int value = 0;

	assert(count >= 1 && count <= 9); /* what an int holds */
	for (; count > 0; count--, (*text)++) {
		if (!is_digit(**text))
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

bool scan_char(const char **text, char expected)
{
	if (**text != expected)
		return false;
	(*text)++;
	return true;
}

int scan_number(const char **text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;
	int r = is_digit(**text) ? 0 : -EINVAL;

	for (; is_digit(**text); (*text)++) {
		unsigned digit = (unsigned)(**text - '0');

		if (r == 0 && (digit > max || value > (max - digit) / 10))
			r = -ERANGE;
		if (r == 0)
			value = value * 10 + digit;
	}
	if (r == 0)
		*ret_value = value;
	return r;
}
