/*
 * access_rules.h - the site's groups, schedules, rules, holidays, areas and opening hours (items),
 * and the ruleset compiled from them for the policy.
 *
 * A put or remove is checked against all other items. It is refused and changes nothing when the
 * result is inconsistent: a rule that names an unknown group, two holidays on one date, no schedule
 * that a rule refers to. Control thread only.
 */
#ifndef GH_ACCESS_ACCESS_RULES_H
#define GH_ACCESS_ACCESS_RULES_H

#include "roster_parse.h"

enum { ROSTER_SCHEDULES_MAX = 128, ROSTER_HOLIDAYS_MAX = 256 };

struct access_rules;

/**
 * @param doors  names; their order gives the policy's bits; copied.
 * @param count  0 to POLICY_DOORS_MAX; asserts otherwise.
 * @return 0 or -ENOMEM.
 */
int access_rules_open(const char *const *doors, size_t count, struct access_rules **ret_rules);

/** Whether @p kind is one of group, schedule, rule, holiday, area, opening. */
bool access_rules_has_kind(const char *kind);

/**
 * Add an item from the store, unchecked until access_rules_apply().
 * @param value  a reference of it is held.
 * @return 0, or -EINVAL: an unknown kind, an invalid or repeated name, too many of the kind.
 */
int access_rules_load(struct access_rules *rules, const char *kind, const char *name,
		      json_t *value);

/**
 * After the last load: put all consistent items into force. An inconsistent item is reported, stays
 * stored and grants nothing.
 * @return the number of items not in force, or -ENOMEM.
 */
int access_rules_apply(struct access_rules *rules,
		       void (*report)(void *arg, const struct problem *problem), void *arg);

/**
 * Add or replace an item.
 * @return 0, -EINVAL (an invalid value, or one that makes another item inconsistent), -ENOSPC (too
 *         many of a kind) or -ENOMEM; @p problem is set except for -ENOMEM.
 */
int access_rules_put(struct access_rules *rules, const char *kind, const char *name, json_t *value,
		     struct problem *problem);

/** @return 0, -ENOENT, -EEXIST (another item, named by @p problem, refers to it) or -ENOMEM. */
int access_rules_remove(struct access_rules *rules, const char *kind, const char *name,
			struct problem *problem);

/** Borrowed until the next change; NULL: unknown. */
json_t *access_rules_get(const struct access_rules *rules, const char *kind, const char *name);

/**
 * Iterate over the items of @p kind (NULL: all) in order of kind and name, from *at = 0 on.
 * @return false when there are no more.
 */
bool access_rules_next(const struct access_rules *rules, const char *kind, size_t *at,
		       const char **ret_kind, const char **ret_name, json_t **ret_value);

/** The ruleset in force, for policy_decide(). Borrowed until the next change. */
const struct policy_ruleset *access_rules_ruleset(const struct access_rules *rules);

/** Resolves the names of doors, groups and schedules. Borrowed until the rules are closed. */
const struct roster_names *access_rules_names(const struct access_rules *rules);

/**
 * The name of the group or area with this bit, NULL for none; asserts the range. A name has the
 * same bit until it is removed.
 */
const char *access_rules_group(const struct access_rules *rules, int place);
const char *access_rules_area(const struct access_rules *rules, int place);
/** @return the area's bit, or -ENOENT. */
int access_rules_area_place(const struct access_rules *rules, const char *name);

/**
 * Whether a schedule is open at a moment, by local time.
 * @return 1 open, 0 closed, -ENOENT (no such schedule) or -EAGAIN (the clock was never set).
 */
int access_rules_schedule_is_open(const struct access_rules *rules, const char *name,
				  int64_t unix_ms);

/** NULL is allowed. */
void access_rules_close(struct access_rules *rules);

#endif
