/*
 * roster_change.h - changes of the roster: applied in memory first, all of a list or none, then
 * saved by the store.
 *
 *   roster_apply.c        one item, checked against the rest of the directory and put in force
 *   roster_change.c       changes parsed, listed and undone
 *   roster_save.c         changes saved by the store, each with its event
 *   roster_batch.c        many changes, from one revision to the next
 *
 * Control thread only.
 */
#ifndef GH_GATE_PEOPLE_ROSTER_CHANGE_H
#define GH_GATE_PEOPLE_ROSTER_CHANGE_H

#include "people_private.h"

enum { ROSTER_KIND_BYTES = 16 };

/* one item that was put or removed; in force in memory */
struct roster_change {
	struct people *people;
	char kind[ROSTER_KIND_BYTES], id[STORE_RECORD_ID_BYTES];
	json_t *before, *after; /* the item's value; NULL: there was or is no item */
	/* what the values do not contain of a removed item; NULL: nothing */
	struct roster_person *person_before;
	struct roster_credential *credential_before;
	struct roster_change *next, *prev;
	people_changed_fn done;
	void *arg;
};

struct roster_changes {
	struct roster_change *first, *last;
	size_t count;
};

/* ---- roster_apply.c ---- */

/** The value in force under a kind and id: a new reference, or NULL. */
json_t *roster_value_in_force(const struct people *people, const char *kind, const char *id);

/**
 * Put one item in force, or remove it if @p value is NULL.
 * @return 0 or a negative errno as people_change(), with @p problem for most of them; nothing has
 *         changed then.
 */
int roster_apply(struct people *people, const char *kind, const char *id, json_t *value,
		 struct problem *problem);

/** There is no such item. @return -ENOENT with @p problem. */
int roster_missing(const char *kind, const char *id, struct problem *problem);

/* ---- roster_change.c ---- */

/**
 * Apply one change (as for people_change()) and append it to @p list. Removing a person appends the
 * removals of the person's credentials and holder first.
 * @return 0, or a negative errno with @p problem and nothing changed.
 */
int roster_changes_add(struct roster_changes *list, struct people *people, const json_t *json,
		       struct problem *problem);

/** Undo and free the newest changes until @p keep are left. */
void roster_changes_undo(struct roster_changes *list, size_t keep);

/** Remove the oldest change from the list; the caller owns it. NULL: the list is empty. */
struct roster_change *roster_changes_shift(struct roster_changes *list);

/** Restore the item as it was before the change. Later changes are undone first. */
void roster_change_undo(struct roster_change *change);
void roster_change_free(struct roster_change *change);

/* ---- roster_save.c ---- */

/**
 * Hand the change to the store; ownership passes to the callee.
 * @return 0 (@p done will be called), or a negative errno: the change was undone.
 */
int roster_change_save(struct roster_change *change, const char *by, people_changed_fn done,
		       void *arg);

/** Whether the store can write changes now. @return 0, or -EAGAIN with @p problem. */
int people_can_change(const struct people *people, struct problem *problem);

#endif
