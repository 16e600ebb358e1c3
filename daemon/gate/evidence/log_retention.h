/*
 * log_retention.h - rows of the log that are older than storage.keep_days go, a few at a time. Control
 * thread only.
 */
#ifndef GH_GATE_EVIDENCE_LOG_RETENTION_H
#define GH_GATE_EVIDENCE_LOG_RETENTION_H

#include <stdint.h>

#include "evidence.h"

struct log_retention;

/**
 * When the oldest evidence was written, in Unix milliseconds; 0: there is none; negative: not known
 * yet.
 */
typedef int64_t (*log_retention_oldest_fn)(const void *arg);

/** Where nothing is ever dropped, @p ret_retention stays NULL. @return 0 or a negative errno. */
int log_retention_open(const struct evidence_deps *deps, log_retention_oldest_fn oldest,
		       const void *arg, struct log_retention **ret_retention);
/** Begin nothing more. NULL is fine. */
void log_retention_stop(struct log_retention *retention);
/** After the store is closed. NULL is fine. */
void log_retention_close(struct log_retention *retention);

#endif
