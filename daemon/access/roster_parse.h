/*
 * roster_parse.h - parses the JSON of groups, schedules, rules, holidays, areas, opening hours and
 * holders into what the policy reads.
 *
 * Pure. Each function validates one object completely: unknown members, wrong types, times that end
 * before they begin, names without an item. docs/reference/access.md shows the objects. All return
 * 0, or -EINVAL with @p problem. Any thread.
 */
#ifndef GH_ACCESS_ROSTER_PARSE_H
#define GH_ACCESS_ROSTER_PARSE_H

#include <jansson.h>

#include "base/problem.h"
#include "policy.h"

enum { ROSTER_TITLE_BYTES = 128 };

/* resolves names; a place is a bit number of the policy */
struct roster_names {
	/** @return the place, or a negative number for an unknown name */
	int (*door)(const void *arg, const char *name);
	int (*group)(const void *arg, const char *name);
	const struct schedule *(*schedule)(const void *arg, const char *name); /* NULL: unknown */
	const void *arg;
};

/** Whether @p name is 1 to 31 characters of [a-z0-9-]. */
bool roster_name_is_valid(const char *name);

int roster_parse_group(const json_t *value, struct problem *problem);
int roster_parse_schedule(const json_t *value, struct schedule *ret_schedule,
			  struct problem *problem);
int roster_parse_rule(const char *name, const json_t *value, const struct roster_names *names,
		      struct policy_rule *ret_rule, struct problem *problem);
/** Adds the holiday's days to @p calendar; a date that it has already is an error. */
int roster_parse_holiday(const json_t *value, struct schedule_calendar *calendar,
			 struct problem *problem);
int roster_parse_area(const char *name, const json_t *value, const struct roster_names *names,
		      struct policy_area *ret_area, struct problem *problem);
/** {"schedule":..,"first_person":bool}: the opening hours of the door @p name. */
int roster_parse_opening(const char *name, const json_t *value, const struct roster_names *names,
			 struct problem *problem);
/**
 * {"groups":[..],"extended":bool,"blocked":"deny"|"admit"}: sets these members of @p person and
 * leaves the others unchanged.
 */
int roster_parse_holder(const json_t *value, const struct roster_names *names,
			struct policy_person *person, struct problem *problem);

/** The doors of member @p key, as bits; a missing member leaves @p ret_doors unchanged. */
int roster_parse_doors(const json_t *value, const char *key, const struct roster_names *names,
		       uint32_t *ret_doors, struct problem *problem);
/** The UTC time ("2026-11-21T08:00Z") of a member; missing or null leaves @p ret_unix_ms. */
int roster_parse_time(const json_t *value, const char *key, int64_t *ret_unix_ms,
		      struct problem *problem);

#endif
