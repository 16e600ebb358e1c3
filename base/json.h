/*
 * json.h - parses untrusted JSON, with errors that name the member or the position.
 *
 * Uses jansson: values are its json_t, with reference counts. Any thread, but one thread at a time
 * for each value.
 */
#ifndef GH_BASE_JSON_H
#define GH_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "problem.h"

enum { JSON_ERROR_BYTES = 160, JSON_DEPTH_MAX = 32 };

/**
 * Parse one object or array of at most @p bytes_max bytes. Refuses duplicate keys, trailing text
 * and nesting deeper than JSON_DEPTH_MAX.
 * @return a new reference, or NULL with @p problem.
 */
json_t *json_read(const char *text, size_t bytes, size_t bytes_max, struct problem *problem);

/**
 * Read a member of @p object. If it is missing, return 0 and leave @p ret_value, which holds the
 * caller's default, unchanged. A wrong type or range is -EINVAL with @p problem. Strings are
 * borrowed from the object.
 */
int json_read_string(const json_t *object, const char *key, size_t bytes_max,
		     const char **ret_value, struct problem *problem);
int json_read_int(const json_t *object, const char *key, int64_t min, int64_t max,
		  int64_t *ret_value, struct problem *problem);
int json_read_bool(const json_t *object, const char *key, bool *ret_value, struct problem *problem);

/**
 * Refuse members that are not in the NULL-terminated list @p known. @return 0, or -EINVAL with
 * @p problem, which names the first one.
 */
int json_check_members(const json_t *object, const char *const *known, struct problem *problem);

/*
 * The same for callers without a struct problem: @p error (JSON_ERROR_BYTES) receives the English
 * sentence.
 */
json_t *json_parse(const char *text, size_t bytes, size_t bytes_max, char *error);
int json_get_string(const json_t *object, const char *key, size_t bytes_max, const char **ret_value,
		    char *error);
int json_get_int(const json_t *object, const char *key, int64_t min, int64_t max,
		 int64_t *ret_value, char *error);
int json_get_bool(const json_t *object, const char *key, bool *ret_value, char *error);
int json_only_known(const json_t *object, const char *const *known, char *error);

/** @p value rounded to three decimal places. A new reference. */
json_t *json_rounded(float value);

/** A string as clock_format_utc() writes it. A new reference. */
json_t *json_utc(int64_t unix_ms);

/** Set the member @p key to json_utc(). Without memory, @p object lacks the member. */
void json_set_utc(json_t *object, const char *key, int64_t unix_ms);

/* Numbers are written with 15 digits, so that a value rounded to 0.989 is written as 0.989. */

/** The text without spaces, keys in order of insertion. The caller frees it; NULL: no memory. */
char *json_text(const json_t *value);

/**
 * The text without spaces and with sorted keys: equal values give equal bytes. The caller frees it;
 * NULL: no memory.
 */
char *json_canonical(const json_t *value);

#endif
