/*
 * ulid.h - makes ULIDs, ids that sort by time: 48 bits of milliseconds and 80 random bits as 26
 * characters of Crockford's base 32. Format: the ULID specification, github.com/ulid/spec.
 */
#ifndef GH_BASE_ULID_H
#define GH_BASE_ULID_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ULID_BYTES = 27 }; /* 26 characters and the final zero byte */

/**
 * Make an id for the time @p unix_ms. The ids of one process increase in the order in which they
 * are made, even if the clock stops or steps back. Any thread.
 */
void ulid_make(int64_t unix_ms, char *ret_text);

/** Whether @p text is a valid ULID. */
bool ulid_is_valid(const char *text);

#ifdef __cplusplus
}
#endif
#endif
