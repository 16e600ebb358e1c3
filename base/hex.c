#include "hex.h"

#include <string.h>

static const char digits_of[] = "0123456789abcdef";

void hex_format(const uint8_t *bytes, size_t count, char *ret_text)
{
	for (size_t i = 0; i < count; i++) {
		ret_text[2 * i] = digits_of[bytes[i] >> 4];
		ret_text[2 * i + 1] = digits_of[bytes[i] & 15];
	}
	ret_text[2 * count] = '\0';
}

bool hex_is_valid(const char *text, size_t digits)
{
	return strspn(text, digits_of) == digits && text[digits] == '\0';
}
