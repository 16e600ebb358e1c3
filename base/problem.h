/*
 * problem.h - an error as a code with parameters and an English sentence.
 *
 * base/problems.json is the table of all codes. From it base/problems.py generates, in the build
 * folder, the enum of codes and one function for each code, whose parameters have the types of the
 * table. So a call with wrong parameters does not compile.
 *
 * Each function fills @p problem and returns the negative errno of its code, so that a check reads
 *
 *	return problem_door_not_here(problem, name);
 *
 * The console translates the code; `detail` is for logs, gatectl and other clients of the API.
 * Pure; any thread. A struct problem holds no pointers to free and is copied by value.
 */
#ifndef GH_BASE_PROBLEM_H
#define GH_BASE_PROBLEM_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	PROBLEM_PARAMS_MAX = 8,
	/* of all text parameters with their zero bytes; the rest is cut off */
	PROBLEM_TEXT_BYTES = 512,
	PROBLEM_DETAIL_BYTES = 640 /* a longer sentence is cut off */
};

/* PROBLEM_KIND_CODE is a text: the name of another code */
enum problem_kind {
	PROBLEM_KIND_TEXT,
	PROBLEM_KIND_CODE,
	PROBLEM_KIND_INTEGER,
	PROBLEM_KIND_NUMBER
};

struct problem_param {
	const char *name; /* a constant */
	enum problem_kind kind;
	uint16_t text_at; /* in `text` of the problem */
	int64_t integer;
	double number;
};

struct problem {
	unsigned code; /* enum problem_code; PROBLEM_NONE, which is 0: no problem */
	uint8_t param_count;
	uint16_t text_bytes;
	struct problem_param params[PROBLEM_PARAMS_MAX];
	char text[PROBLEM_TEXT_BYTES];
	char detail[PROBLEM_DETAIL_BYTES]; /* the sentence in English */
};

/** The name of its code, such as "door-unknown"; "" for PROBLEM_NONE. A constant. */
const char *problem_name(const struct problem *problem);

/** The negative errno of its code; 0 for PROBLEM_NONE. */
int problem_errno(const struct problem *problem);

/** The HTTP status of its code, 400 to 599. @p problem is not PROBLEM_NONE. */
unsigned problem_status(const struct problem *problem);

/** The HTTP status for a negative errno without a code: 404, 409, 413, 422, 500, 503 or 507. */
unsigned problem_status_of(int r);

/** {name: text or number}, a new reference; NULL: no memory. Text that is not UTF-8 becomes "?". */
json_t *problem_params_json(const struct problem *problem);

/**
 * {"code":..., "params":{...}} for an event or a status, a new reference; NULL for PROBLEM_NONE or
 * without memory.
 */
json_t *problem_json(const struct problem *problem);

/**
 * The reverse of problem_json() for an event that an older or newer program may have written.
 * Ignores members of "params" that no code has.
 * @return 0, or -EINVAL (no such object, or an unknown code), which sets *ret_problem to
 *         PROBLEM_NONE.
 */
int problem_read_json(const json_t *json, struct problem *ret_problem);

/* Only for the generated functions. Text is copied and cut between two characters; NULL is "". A
 * number is rounded to two decimal places. */
void problem_begin(struct problem *problem, unsigned code);
void problem_add_text(struct problem *problem, const char *name, const char *text);
void problem_add_integer(struct problem *problem, const char *name, long long integer);
void problem_add_number(struct problem *problem, const char *name, double number);
void problem_add_system(struct problem *problem, const char *name,
			int r); /* strerror() of a positive or negative errno */
void problem_add_code(struct problem *problem, const char *name, const struct problem *cause);
int problem_end(struct problem *problem); /* writes `detail` */

#include "problem_codes.h"

#ifdef __cplusplus
}
#endif

#endif
