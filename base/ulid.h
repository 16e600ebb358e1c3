/*
 * ulid.h - ids that sort by the time they were made: 48 bits of milliseconds, 80 random bits,
 * written as 26 characters of Crockford's base 32. Format: the ULID specification,
 * github.com/ulid/spec.
 */
#ifndef GH_BASE_ULID_H
#define GH_BASE_ULID_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ULID_BYTES = 27 }; /* 26 characters and the ending zero */

/**
 * A new id for the time @p unix_ms. Ids made one after another by one process rise even when the
 * clock stands still or steps back. Any thread.
 */
void ulid_make(int64_t unix_ms, char *ret_text);

/** Whether @p text is 26 characters that a ULID may have. */
bool ulid_is_valid(const char *text);

#ifdef __cplusplus
}
#endif
#endif
