/*
 * roster_change.h - changes of the roster, whoever asks for them: first in memory, all of a list or
 * none, then on disk.
 *
 *   roster_apply.c        one item, checked against all the rest and in force in memory
 *   roster_change.c       changes as they were sent, in lists, and taken back
 *   roster_save.c         saved by the store, each with its event
 *   roster_batch.c        many at once, from one revision to the next
 *
 * Control thread only.
 */
#ifndef GH_GATE_PEOPLE_ROSTER_CHANGE_H
#define GH_GATE_PEOPLE_ROSTER_CHANGE_H

#include "people_private.h"

enum { ROSTER_KIND_BYTES = 16 };

/* one thing that was put or removed, in force in memory */
struct roster_change {
	struct people *people;
	char kind[ROSTER_KIND_BYTES], id[STORE_RECORD_ID_BYTES];
	json_t *before, *after; /* NULL: not there */
	struct roster_person *person_before;
	struct roster_credential *credential_before;
	struct roster_change *next, *before_this;
	people_changed_fn done;
	void *arg;
};

struct roster_changes {
	struct roster_change *first, *last;
	size_t count;
};

/* roster_apply.c */
/** What is in force under a kind and id: a new reference, or NULL. */
json_t *roster_value_now(const struct people *people, const char *kind, const char *id);
int roster_apply(struct people *people, const char *kind, const char *id, json_t *value,
		 struct problem *problem);
int roster_missing(const char *kind, const char *id, struct problem *problem);

/**
 * Put one change (as for people_change()) in force and at the end of @p list, behind those that it
 * takes along: a removed person's cards and groups. @return 0, or less with @p problem and nothing
 * changed.
 */
int roster_changes_add(struct roster_changes *list, struct people *people, const json_t *json,
		       struct problem *problem);

/** Take back and free the newest until @p keep are left. */
void roster_changes_undo(struct roster_changes *list, size_t keep);

/** The oldest, which is the caller's then; NULL: none is left. */
struct roster_change *roster_changes_shift(struct roster_changes *list);

/** What it changed stands as it was before; for changes that came later first. */
void roster_change_undo(struct roster_change *change);
void roster_change_free(struct roster_change *change);

/**
 * Hand it to the store; takes it. @return 0 (@p done will be called), or less: it was taken back.
 */
int roster_change_save(struct roster_change *change, const char *by, people_changed_fn done,
		       void *arg);

/** Whether the disk takes changes now. @return 0, or -EAGAIN with @p problem. */
int people_can_change(const struct people *people, struct problem *problem);

#endif
