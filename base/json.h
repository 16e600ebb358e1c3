/*
 * json.h - reading JSON that came from outside, with an error that names the place.
 *
 * Thin over jansson: values are its json_t, counted references. Any thread, one thread a value.
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
 * Parse one object or array of at most @p bytes_max bytes; duplicate keys, trailing text and
 * nesting deeper than JSON_DEPTH_MAX are refused.
 * @return a new reference, or NULL with @p problem.
 */
json_t *json_read(const char *text, size_t bytes, size_t bytes_max, struct problem *problem);

/**
 * Members of @p object by name. A missing member leaves @p ret_value as it was and returns 0, so
 * that the caller's default stands; a member of the wrong type or range is -EINVAL with @p problem.
 * Strings are borrowed from the object.
 */
int json_read_string(const json_t *object, const char *key, size_t bytes_max,
		     const char **ret_value, struct problem *problem);
int json_read_int(const json_t *object, const char *key, int64_t min, int64_t max,
		  int64_t *ret_value, struct problem *problem);
int json_read_bool(const json_t *object, const char *key, bool *ret_value, struct problem *problem);

/**
 * Refuse members that are not in @p known, a NULL-ended list. @return 0 or -EINVAL with @p problem,
 * naming the first one.
 */
int json_check_members(const json_t *object, const char *const *known, struct problem *problem);

/*
 * The same with the English sentence alone, in @p error (JSON_ERROR_BYTES), for callers that have
 * no struct problem.
 */
json_t *json_parse(const char *text, size_t bytes, size_t bytes_max, char *error);
int json_get_string(const json_t *object, const char *key, size_t bytes_max, const char **ret_value,
		    char *error);
int json_get_int(const json_t *object, const char *key, int64_t min, int64_t max,
		 int64_t *ret_value, char *error);
int json_get_bool(const json_t *object, const char *key, bool *ret_value, char *error);
int json_only_known(const json_t *object, const char *const *known, char *error);

/** A number as people read it: rounded to three digits after the point. A new reference. */
json_t *json_rounded(float value);

/** The time as clock_format_utc() writes it. A new reference. */
json_t *json_utc(int64_t unix_ms);

/**
 * Set the member @p key of @p object to that. Like json_object_set_new(), it fails only for want of
 * memory.
 */
void json_set_utc(json_t *object, const char *key, int64_t unix_ms);

/* Numbers are written with 15 digits, so that what was rounded to 0.989 is read as 0.989. */

/** The text without spaces, keys in the order they were set. Caller frees; NULL: no memory. */
char *json_text(const json_t *value);

/**
 * The text with sorted keys and no spaces: equal values give equal bytes. Caller frees; NULL: no
 * memory.
 */
char *json_canonical(const json_t *value);

#endif
