/*
 * roster_parse.h - groups, schedules, rules, holidays and areas, from their JSON to what the policy
 * reads.
 *
 * Pure. Each function checks one object wholly: members it does not know, wrong types, times that
 * end before they begin, names of nothing. docs/reference/access.md shows the objects. All return
 * 0, or -EINVAL with @p problem.
 */
#ifndef GH_ACCESS_ROSTER_PARSE_H
#define GH_ACCESS_ROSTER_PARSE_H

#include <jansson.h>

#include "base/problem.h"
#include "policy.h"

enum { ROSTER_TITLE_BYTES = 128 };

/* what names stand for; places are those of the policy's bits */
struct roster_names {
	/** @return the place, or below 0: no such thing */
	int (*door)(const void *arg, const char *name);
	int (*group)(const void *arg, const char *name);
	const struct schedule *(*schedule)(const void *arg, const char *name); /* NULL: none */
	const void *arg;
};

/** Whether @p name is 1 to 31 characters of [a-z0-9-]. */
bool roster_name_is_valid(const char *name);

int roster_parse_group(const json_t *value, struct problem *problem);
int roster_parse_schedule(const json_t *value, struct schedule *ret_schedule,
			  struct problem *problem);
int roster_parse_rule(const char *name, const json_t *value, const struct roster_names *names,
		      struct policy_rule *ret_rule, struct problem *problem);
/** Adds the holiday's days to @p calendar; a date that is in there already is a mistake. */
int roster_parse_holiday(const json_t *value, struct schedule_calendar *calendar,
			 struct problem *problem);
int roster_parse_area(const char *name, const json_t *value, const struct roster_names *names,
		      struct policy_area *ret_area, struct problem *problem);
/**
 * {"schedule":..,"first_person":bool}: the hours in which the door called @p name stands unlocked.
 */
int roster_parse_opening(const char *name, const json_t *value, const struct roster_names *names,
			 struct problem *problem);
/**
 * {"groups":[..],"extended":bool,"blocked":"deny"|"admit"}: what the rules need of a person; the
 * rest stays.
 */
int roster_parse_holder(const json_t *value, const struct roster_names *names,
			struct policy_person *person, struct problem *problem);

/** The doors of a member of @p value, as bits; when it is missing @p ret_doors stays. */
int roster_parse_doors(const json_t *value, const char *key, const struct roster_names *names,
		       uint32_t *ret_doors, struct problem *problem);
/** A UTC time ("2026-11-21T08:00Z") of a member; missing or null stays as it is. */
int roster_parse_time(const json_t *value, const char *key, int64_t *ret_unix_ms,
		      struct problem *problem);

#endif
