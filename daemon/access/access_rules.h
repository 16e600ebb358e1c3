/*
 * access_rules.h - the site's groups, schedules, rules, holidays, areas and opening hours, and what the policy reads made of them.
 *
 * A put or remove is checked against all the rest: a rule that names a group that is not there, a holiday on a
 * day that is one already, a schedule that a rule still needs. What would not hold together is refused and changes
 * nothing. Control thread only.
 */
#ifndef GH_ACCESS_ACCESS_RULES_H
#define GH_ACCESS_ACCESS_RULES_H

#include "roster_parse.h"

enum { ROSTER_SCHEDULES_MAX = 128, ROSTER_HOLIDAYS_MAX = 256, ROSTER_BOOK_DIGEST_BYTES = 32 };

struct roster_book;

/** @p doors: names, at most POLICY_DOORS_MAX; their places are the policy's bits; copied. @return 0 or -ENOMEM. */
int roster_book_open(const char *const *doors, size_t count, struct roster_book **ret_book);

/** Whether @p kind is one of this book's: group, schedule, rule, holiday, area, opening. */
bool roster_book_keeps(const char *kind);

/** Take what the store kept, unchecked until roster_book_settle(). @return 0, -EINVAL (kind, name) or -ENOMEM. */
int roster_book_load(struct roster_book *book, const char *kind, const char *name, json_t *value);

/**
 * After the last load: use all that holds together; what does not is told, kept, and lets nobody in.
 * @return how many are not used, or -ENOMEM.
 */
int roster_book_settle(struct roster_book *book, void (*told)(void *arg, const char *sentence), void *arg);

/**
 * Add or replace.
 * @param error  ROSTER_ERROR_BYTES; a sentence.
 * @return 0, -EINVAL (the value, or what it does to the others), -ENOSPC (too many of a kind) or -ENOMEM.
 */
int roster_book_put(struct roster_book *book, const char *kind, const char *name, json_t *value, char *error);

/** @return 0, -ENOENT, -EEXIST (something else needs it: the sentence says what) or -ENOMEM. */
int roster_book_remove(struct roster_book *book, const char *kind, const char *name, char *error);

/** Borrowed until the next change; NULL: no such thing. */
json_t *roster_book_get(const struct roster_book *book, const char *kind, const char *name);

/** The one after @p *at, which starts at 0, of @p kind (NULL: any), in order of kind and name. @return false: no more. */
bool roster_book_next(const struct roster_book *book, const char *kind, size_t *at, const char **ret_kind,
		      const char **ret_name, json_t **ret_value);

/** What policy_decide() takes; until the next change. */
const struct policy_book *roster_book_policy(const struct roster_book *book);

/** To read names by; until the book is closed. */
const struct roster_names *roster_book_names(const struct roster_book *book);

/** The group's or area's name at a place, NULL for none. */
const char *roster_book_group(const struct roster_book *book, int place);
const char *roster_book_area(const struct roster_book *book, int place);
int roster_book_area_place(const struct roster_book *book, const char *name);

/** NULL is fine. */
void roster_book_close(struct roster_book *book);

#endif
