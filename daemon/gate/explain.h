/* explain.h - explains a recorded decision: why a door opened or not. Control thread only. */
#ifndef GH_GATE_EXPLAIN_H
#define GH_GATE_EXPLAIN_H

#include "base/reply.h"
#include "gate/journal.h"

/**
 * Answer {"event":{..},"lines":[..],"reasons":[{"code","params"}..]} for the decision with @p seq;
 * -ENOENT: no such event, or no decision.
 */
void explain_event(const struct journal *journal, int64_t seq, const struct reply *reply);

#endif
