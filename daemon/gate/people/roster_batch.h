/*
 * roster_batch.h - one batch of changes: what its two files share. Control thread only.
 *
 *   roster_batch.c        parts collected, checked and resumed at a start
 *   roster_batch_steps.c  all of it put in force, in slices
 */
#ifndef GH_GATE_PEOPLE_ROSTER_BATCH_H
#define GH_GATE_PEOPLE_ROSTER_BATCH_H

#include "roster_change.h"

#define ROSTER_BATCH_READY "ready" /* the staged record that says that all of them are there */

enum roster_batch_phase {
	BATCH_IDLE,
	BATCH_COLLECT,
	BATCH_CHECK,
	BATCH_UNDO,
	BATCH_STAGE,
	BATCH_STAGED,
	BATCH_KEEP,
	BATCH_FINISH
};

struct roster_batch {
	struct people *people;
	enum roster_batch_phase phase;
	char from[PEOPLE_REVISION_BYTES], to[PEOPLE_REVISION_BYTES], by[CONFIG_NAME_BYTES];
	unsigned parts, have;
	uint64_t part_mono_ms;
	json_t *changes; /* as they were sent */
	json_t *seen;    /* "kind/id" of each, while they are checked */
	size_t at;       /* the next of them */
	struct roster_changes list;
	size_t writes; /* on their way */
	size_t put, removed, unchanged;
	size_t records; /* staged */
	int failed;
	struct problem problem;
	bool resumed;
	struct reply reply;
	sd_event_source *source;
};

/* roster_batch.c */
void roster_batch_set_phase(struct roster_batch *b, enum roster_batch_phase phase);
void roster_batch_go_on(struct roster_batch *b);
void roster_batch_forget(struct roster_batch *b);

/* roster_batch_steps.c */
int roster_batch_work(sd_event_source *source, void *batch);

#endif
