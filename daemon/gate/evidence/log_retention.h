/*
 * log_retention.h - drops rows of the log that are older than storage.keep_days, in slices that
 * leave the store time for other writes. Control thread only.
 */
#ifndef GH_GATE_EVIDENCE_LOG_RETENTION_H
#define GH_GATE_EVIDENCE_LOG_RETENTION_H

#include <stdint.h>

#include "evidence.h"

struct log_retention;

/**
 * When the oldest evidence was written, in Unix milliseconds; 0: no evidence; negative: not known
 * yet.
 */
typedef int64_t (*log_retention_oldest_fn)(const void *arg);

/**
 * Where storage.keep_days is 0, nothing is dropped and @p ret_retention stays untouched.
 * @param oldest  called with @p arg on each round.
 * @return 0 or a negative errno.
 */
int log_retention_open(const struct evidence_deps *deps, log_retention_oldest_fn oldest,
		       const void *arg, struct log_retention **ret_retention);
/** Start no further slice. NULL is allowed. */
void log_retention_stop(struct log_retention *retention);
/** Call it after the store is closed. NULL is allowed. */
void log_retention_close(struct log_retention *retention);

#endif
