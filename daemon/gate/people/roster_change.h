/*
 * roster_change.h - changes of the roster, from whomever they come: first in memory, all of a list or none, then on disk.
 *
 *   roster_change.c       checked against all the rest, in force in memory, taken back
 *   roster_save.c  kept by the store, each with its event
 *   roster_batch.c        many at once, from one revision to the next
 *
 * Control thread only.
 */
#ifndef GH_GATE_PEOPLE_GATE_CHANGE_H
#define GH_GATE_PEOPLE_GATE_CHANGE_H

#include "people_private.h"

enum { GATE_CHANGE_KIND_BYTES = 16 };

/* one thing that was put or removed, in force in memory */
struct gate_change {
	struct gate *gate;
	char kind[GATE_CHANGE_KIND_BYTES], id[STORE_RECORD_ID_BYTES];
	json_t *before, *after; /* NULL: not there */
	struct roster_person *person_before;
	struct roster_credential *credential_before;
	struct gate_change *next, *before_this;
	gate_change_fn done;
	void *arg;
};

struct gate_changes {
	struct gate_change *first, *last;
	size_t count;
};

/**
 * Put one change (as for gate_roster_apply_change()) in force and at the end of @p list, behind those that it takes along:
 * a removed person's cards and groups. @return 0, or less with a sentence in @p error (ROSTER_ERROR_BYTES) and nothing changed.
 */
int gate_changes_add(struct gate_changes *list, struct gate *gate, const json_t *json, char *error);

/** Take back and free the newest until @p keep are left. */
void gate_changes_undo(struct gate_changes *list, size_t keep);

/** The oldest, which is the caller's then; NULL: none is left. */
struct gate_change *gate_changes_shift(struct gate_changes *list);

/** What it changed stands as it was before; for changes that came later first. */
void gate_change_undo(struct gate_change *change);
void gate_change_free(struct gate_change *change);

/** Hand it to the store; takes it. @return 0 (@p done will be called), or less: it was taken back. */
int gate_change_keep(struct gate_change *change, const char *by, gate_change_fn done, void *arg);

/** Whether the disk takes changes now. @return 0, or -EAGAIN with a sentence. */
int gate_roster_is_kept(const struct gate *gate, char *error);

#endif
