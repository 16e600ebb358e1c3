/*
 * evidence.h - records thrown objects, and deletes old evidence and old rows of the log.
 *
 * Evidence is deleted by the plan of retention.h, each item only after its event evidence.deleted
 * is committed. Old rows of the log are dropped after the evidence that they describe. Control
 * thread only; a worker reads the folder and deletes the files.
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

/**
 * Call it once the log can be read. @return 0 or a negative errno, logged: then nothing is deleted.
 */
int evidence_open(const struct evidence_deps *deps, struct evidence **ret_evidence);
/** Start no further deletion; call it before the store is closed. NULL is allowed. */
void evidence_stop(struct evidence *evidence);
/** Call it after the store is closed. NULL is allowed. */
void evidence_close(struct evidence *evidence);

/** Apply one committed event: alerts, verdicts and holds decide what may be deleted. */
void evidence_event(struct evidence *evidence, const json_t *event);
/**
 * Disk use, limit and free room of the evidence; null before the folder was first read. A new
 * reference.
 */
json_t *evidence_json(const struct evidence *evidence);

/** Record a thrown object as litter.detected or litter.suspected; @p source is "camera/NAME". */
void evidence_record_throw(struct journal *journal, const char *camera, const char *source,
			   const struct litter_result *result);

#endif
