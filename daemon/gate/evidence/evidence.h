/*
 * evidence.h - what is kept of throws, for how long, and what is recorded of them; and how far back
 * the log reaches.
 *
 * Evidence is deleted by retention.h's plan, each item after the event that says so is committed.
 * Old rows of the log go after the evidence that they are about. Control thread only; the disk is
 * read by a worker.
 */
#ifndef GH_GATE_EVIDENCE_EVIDENCE_H
#define GH_GATE_EVIDENCE_EVIDENCE_H

#include <jansson.h>
#include <systemd/sd-event.h>

#include "config/config.h"
#include "gate/journal.h"
#include "vision/litter/litter_watch.h"

struct evidence;

/* borrowed; each outlives the evidence */
struct evidence_deps {
	const struct config *config;
	sd_event *event;
	struct journal *journal;
};

/** Once the log can be read. @return 0 or a negative errno, logged: then nothing is deleted. */
int evidence_open(const struct evidence_deps *deps, struct evidence **ret_evidence);
/** Before the store is closed: nothing more is begun. NULL is fine. */
void evidence_stop(struct evidence *evidence);
/** After the store is closed. NULL is fine. */
void evidence_close(struct evidence *evidence);

/** One committed event: alerts, verdicts and holds say what may be deleted. */
void evidence_event(struct evidence *evidence, const json_t *event);
/**
 * What the evidence takes, may take and has left; null before the folder was first read. A new
 * reference.
 */
json_t *evidence_json(const struct evidence *evidence);

/** Record a thrown object as litter.detected or litter.suspected; @p source is "camera/NAME". */
void evidence_record_throw(struct journal *journal, const char *camera, const char *source,
			   const struct litter_result *result);

#endif
