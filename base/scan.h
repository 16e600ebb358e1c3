/*
 * scan.h - scans digits and characters of a text from left to right.
 *
 * Each function reads at *text and advances it past what it has read. No function skips blanks or
 * signs. Pure; any thread.
 */
#ifndef GH_BASE_SCAN_H
#define GH_BASE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/** Read exactly @p count decimal digits, 1 to 9. @return their value, or -1 (fewer digits). */
int scan_digits(const char **text, int count);

/** Read one character if it is @p expected. @return whether it was. */
bool scan_char(const char **text, char expected);

/**
 * Read all decimal digits up to the first other character.
 * @return 0, -EINVAL (no digit) or -ERANGE (above @p max; *text is advanced nevertheless).
 */
int scan_number(const char **text, uint64_t max, uint64_t *ret_value);

#endif
