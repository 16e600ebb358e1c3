/* explain.h - why a door opened or stayed shut. Control thread only. */
#ifndef GH_GATE_EXPLAIN_H
#define GH_GATE_EXPLAIN_H

#include "base/reply.h"
#include "gate/journal.h"

/**
 * {"event":{..},"lines":[..],"reasons":[{"code","params"}..]} of the decision with that seq;
 * -ENOENT: it is none.
 */
void explain_event(const struct journal *journal, int64_t seq, const struct reply *reply);

#endif
