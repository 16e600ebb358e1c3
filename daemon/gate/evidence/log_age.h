/*
 * log_age.h - rows of the log that are older than storage.keep_days go, a few at a time. Control
 * thread only.
 */
#ifndef GH_GATE_EVIDENCE_LOG_AGE_H
#define GH_GATE_EVIDENCE_LOG_AGE_H

#include <stdint.h>

#include "evidence.h"

struct log_age;

/**
 * When the oldest evidence was written, in Unix milliseconds; 0: there is none; negative: not known
 * yet.
 */
typedef int64_t (*log_age_oldest_fn)(const void *arg);

/** Where nothing is ever dropped, @p ret_age stays NULL. @return 0 or a negative errno. */
int log_age_open(const struct evidence_deps *deps, log_age_oldest_fn oldest, const void *arg,
		 struct log_age **ret_age);
/** Begin nothing more. NULL is fine. */
void log_age_stop(struct log_age *age);
/** After the store is closed. NULL is fine. */
void log_age_close(struct log_age *age);

#endif
