/*
 * roster_batch.h - a batch: the changes from one revision of the roster to the next, applied all or
 * not at all. What its two files share. Control thread only.
 *
 *   roster_batch.c        collects the parts, and resumes a batch after a restart
 *   roster_batch_steps.c  applies the batch, in time slices
 */
#ifndef GH_GATE_PEOPLE_ROSTER_BATCH_H
#define GH_GATE_PEOPLE_ROSTER_BATCH_H

#include "roster_change.h"

/* id of the staged record that is written last: with it the staged batch is complete */
#define ROSTER_BATCH_READY "ready"

enum roster_batch_phase {
	BATCH_IDLE,
	BATCH_COLLECT, /* parts are received; from the next phase on other changes are refused */
	BATCH_CHECK,   /* changes are applied in memory */
	BATCH_UNDO,    /* one of them is invalid, or could not be staged */
	BATCH_STAGE,   /* the batch is written to disk as it was sent */
	BATCH_STAGED,  /* ... and the last write is awaited */
	BATCH_SAVE,    /* each change is saved with its event */
	BATCH_FINISH   /* the revision is recorded and the staged batch removed */
};

struct roster_batch {
	struct people *people;
	enum roster_batch_phase phase;
	char from[PEOPLE_REVISION_BYTES], to[PEOPLE_REVISION_BYTES], by[CONFIG_NAME_BYTES];
	unsigned parts, received;
	uint64_t part_mono_ms; /* when the last part was received */
	json_t *changes;       /* as they were sent */
	json_t *seen;          /* "kind/id" of each change, while they are checked */
	size_t at;             /* index of the next change */
	struct roster_changes list;
	size_t writes; /* that the store has not answered */
	size_t put, removed, unchanged;
	size_t records; /* staged */
	int failed;     /* 0 or the negative errno that ends the batch, with `problem` */
	struct problem problem;
	bool resumed; /* after a restart: there is nobody to answer */
	struct reply reply;
	sd_event_source *source;
};

/* roster_batch.c */
void roster_batch_set_phase(struct roster_batch *b, enum roster_batch_phase phase);
/** Run roster_batch_work() in the next turn of the loop. */
void roster_batch_schedule(struct roster_batch *b);
/** Drop the batch; the phase is BATCH_IDLE then. */
void roster_batch_reset(struct roster_batch *b);

/* roster_batch_steps.c */
/** An sd_event_handler_t: one time slice of work. @p batch is a struct roster_batch. */
int roster_batch_work(sd_event_source *source, void *batch);

#endif
