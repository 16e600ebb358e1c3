/*
 * scan.h - digits out of a text, one piece after the other.
 *
 * Each function reads at *text and moves it behind what it read. Nothing is skipped: no blank, no
 * sign. Pure; any thread.
 */
#ifndef GH_BASE_SCAN_H
#define GH_BASE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/** Exactly @p count decimal digits, 1 to 9. @return their value, or -1: there are fewer. */
int scan_digits(const char **text, int count);

/** @return whether @p expected was there. */
bool scan_char(const char **text, char expected);

/**
 * All decimal digits up to the first other character.
 * @return 0; -EINVAL: no digit, nothing was read; -ERANGE: above @p max, the digits were read all
 *         the same.
 */
int scan_number(const char **text, uint64_t max, uint64_t *ret_value);

#endif
