/*
 * folder.h - jobs of a worker that read the evidence folder and delete from it.
 *
 * The control thread fills in and posts a job; the worker thread calls folder_scan_run() and
 * folder_removal_run(). The files of one throw, whose names share a stem, are one item.
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
	int64_t started_unix_ms; /* unfinished files older than this are deleted */
	/* the result */
	struct retention_item *items; /* the owner frees them */
	size_t count, capacity;
	uint64_t free_bytes, disk_bytes; /* UINT64_MAX: unknown */
	unsigned leftovers;              /* how many unfinished files were deleted */
};

/** Read the folder; the errors of single files are ignored. Worker thread only. */

void folder_scan_run(struct worker_job *job);

struct folder_removal {
	struct worker_job job;
	void *owner;
	char dir[CONFIG_PATH_BYTES], stem[RETENTION_STEM_BYTES];
	int r; /* the result: 0 or a negative errno */
};

/** Delete every file of the item. Worker thread only. */
void folder_removal_run(struct worker_job *job);

#endif
