/*
 * access_rules.h - the site's groups, schedules, rules, holidays, areas and opening hours, and what
 * the policy reads made of them.
 *
 * A put or remove is checked against all the rest: a rule that names a group that is not there, a
 * holiday on a day that is one already, a schedule that a rule still needs. What would not hold
 * together is refused and changes nothing. Control thread only.
 */
#ifndef GH_ACCESS_ACCESS_RULES_H
#define GH_ACCESS_ACCESS_RULES_H

#include "roster_parse.h"

enum { ROSTER_SCHEDULES_MAX = 128, ROSTER_HOLIDAYS_MAX = 256 };

struct access_rules;

/**
 * @p doors: names, at most POLICY_DOORS_MAX; their places are the policy's bits; copied. @return 0
 *    or -ENOMEM.
 */
int access_rules_open(const char *const *doors, size_t count, struct access_rules **ret_rules);

/** Whether @p kind is one of these rules: group, schedule, rule, holiday, area, opening. */
bool access_rules_keeps(const char *kind);

/**
 * Take what the store kept, unchecked until access_rules_settle(). @return 0, -EINVAL (kind, name)
 * or -ENOMEM.
 */
int access_rules_load(struct access_rules *rules, const char *kind, const char *name,
		      json_t *value);

/**
 * After the last load: use all that is consistent; what is not is reported, stays stored, and lets
 * nobody in.
 * @return how many are not used, or -ENOMEM.
 */
int access_rules_settle(struct access_rules *rules,
			void (*report)(void *arg, const struct problem *problem), void *arg);

/**
 * Add or replace.
 * @return 0, -EINVAL (the value, or what it does to the others), -ENOSPC (too many of a kind) or
 *         -ENOMEM;
 *         @p problem is filled but for -ENOMEM.
 */
int access_rules_put(struct access_rules *rules, const char *kind, const char *name, json_t *value,
		     struct problem *problem);

/** @return 0, -ENOENT, -EEXIST (something else needs it: @p problem says what) or -ENOMEM. */
int access_rules_remove(struct access_rules *rules, const char *kind, const char *name,
			struct problem *problem);

/** Borrowed until the next change; NULL: no such thing. */
json_t *access_rules_get(const struct access_rules *rules, const char *kind, const char *name);

/**
 * The one after @p *at, which starts at 0, of @p kind (NULL: any), in order of kind and name.
 * @return false: no more.
 */
bool access_rules_next(const struct access_rules *rules, const char *kind, size_t *at,
		       const char **ret_kind, const char **ret_name, json_t **ret_value);

/** What policy_decide() takes; until the next change. */
const struct policy_ruleset *access_rules_ruleset(const struct access_rules *rules);

/** To read names by; until the rules are closed. */
const struct roster_names *access_rules_names(const struct access_rules *rules);

/** The group's or area's name at a place, NULL for none. */
const char *access_rules_group(const struct access_rules *rules, int place);
const char *access_rules_area(const struct access_rules *rules, int place);
int access_rules_area_place(const struct access_rules *rules, const char *name);

/**
 * Whether a schedule is open at that moment, in local time.
 * @return 1 open, 0 closed, -ENOENT (no such schedule) or -EAGAIN (the clock was never set).
 */
int access_rules_schedule_is_open(const struct access_rules *rules, const char *name,
				  int64_t unix_ms);

/** NULL is fine. */
void access_rules_close(struct access_rules *rules);

#endif
