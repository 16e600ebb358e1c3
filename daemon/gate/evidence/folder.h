/*
 * folder.h - the folder of evidence as a worker reads it, and deletes from it.
 *
 * A job is filled in and posted by the control thread; folder_scan_run() and folder_removal_run()
 * are called on the worker's. The files of one throw, whose names begin alike, are one item.
 */
#ifndef GH_GATE_EVIDENCE_FOLDER_H
#define GH_GATE_EVIDENCE_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/worker.h"
#include "config/config.h"
#include "retention.h"

struct folder_scan {
	struct worker_job job;
	void *owner;
	char dir[CONFIG_PATH_BYTES];
	int64_t started_unix_ms; /* unfinished files from before it are deleted */
	/* the result */
	struct retention_item *items; /* the owner frees them */
	size_t count, capacity;
	uint64_t free_bytes, disk_bytes; /* UINT64_MAX: not known */
	unsigned leftovers;              /* unfinished files that were deleted */
};

void folder_scan_run(struct worker_job *job);

struct folder_removal {
	struct worker_job job;
	void *owner;
	char dir[CONFIG_PATH_BYTES], stem[RETENTION_STEM_BYTES];
	int r; /* the result: 0 or a negative errno */
};

/** Delete every file of the item. */
void folder_removal_run(struct worker_job *job);

#endif
