/*
 * entry_private.h - declarations shared by the files of this part. Control thread only.
 *
 *   attempt.c     state machine of one transaction
 *   counters.c    use counters and areas, in memory and as records
 *   decision.c    the request to the policy
 *   outcome.c     denial; or record, release and passage
 *   guard.c       attempts that wait for a guard's approval
 *   entry.c       presentation, combination of factors, deadlines
 *   credential.c  finds the credential and the person of a reading
 *   what_if.c     decisions without effect
 *   readers.c     (readers.h) the reader devices
 */
#ifndef GH_GATE_ENTRY_ENTRY_PRIVATE_H
#define GH_GATE_ENTRY_ENTRY_PRIVATE_H

#include "entry.h"

#include <assert.h>

#include "attempt.h"
#include "base/thread_role.h"

enum {
	ENTRY_ATTEMPTS_MAX =
		ENTRY_RECORDING_MAX + ENTRY_GUARD_MAX + ENTRY_PASSAGES_MAX + 2 * CONFIG_DOORS_MAX
};

struct entry {
	struct entry_deps deps;
	const struct entry_ops *ops;
	void *arg;
	struct attempt attempts[ENTRY_ATTEMPTS_MAX];
	uint32_t generation;
	char last_person[CONFIG_DOORS_MAX]
			[ULID_BYTES]; /* of the last grant at each door, for tailgating */
	char sources[CONFIG_DOORS_MAX][EVENT_SOURCE_BYTES];
	/* ids of credentials whose use was pending when the last run ended; NULL: none */
	json_t *interrupted;
	bool storage_slow;
};

/* a signed order's nonce, committed with its record */
struct order_nonce {
	const char *key; /* NULL: no order */
	int64_t value;
};

/* counters.c: counter records that are committed with one event */
struct counter_changes {
	struct store_record records[STORE_RECORDS_MAX];
	char ids[STORE_RECORDS_MAX][STORE_RECORD_ID_BYTES];
	size_t count;
};
/**
 * Apply the effects of a transition (bits of enum attempt_effect): to the directory at once, and as
 * records in @p changes.
 */
void counters_apply(struct entry *entry, struct attempt *attempt, unsigned effects,
		    struct counter_changes *changes);
/** Record the event together with @p changes, and free them. @return as journal_record_draft(). */
int counters_record(struct entry *entry, struct counter_changes *changes,
		    const struct event_draft *draft, store_done_fn done, void *arg);

/* decision.c */
/** Fill in the request to the policy; its pointers are valid until the directory changes. */
void entry_policy_request(const struct entry *entry, const struct attempt *attempt,
			  struct policy_request *ret_request);
struct policy_decision entry_decide(const struct entry *entry, const struct attempt *attempt);
/** The verdict of each rule of the door: [{"rule","why","problem"}], at most 12. */
json_t *entry_rules_json(const struct entry *entry, const struct attempt *attempt);

/* outcome.c */
/** Copy @p attempt into a free slot of the table; NULL: the table is full. */
struct attempt *entry_add(struct entry *entry, const struct attempt *attempt);
/** Free the data of the attempt and clear it. */
void entry_remove(struct attempt *attempt);
/** The number of attempts in a state. */
size_t entry_count(const struct entry *entry, enum attempt_state state);
/** Record a denial and answer it; @p attempt need not be in the table, and its data is freed. */
void entry_deny(struct entry *entry, struct attempt *attempt, const struct order_nonce *nonce);
/**
 * Record a grant, then open the door. Ownership of the data passes to the entry; @p attempt is a
 * copy that is not in the table.
 */
void entry_grant(struct entry *entry, struct attempt *attempt, const struct order_nonce *nonce);
/** The disk has not answered before the deadline: open the door, or refuse an order. */
void entry_record_overdue(struct entry *entry, struct attempt *attempt);
/** Record duress, a blocklisted person or a passback; nothing is shown at the door. */
void entry_record_alerts(struct entry *entry, const struct attempt *attempt);

/* guard.c */
/**
 * Request a guard's approval. Ownership of the data of @p attempt, a copy that is not in the table,
 * passes to the entry.
 */
void entry_guard_ask(struct entry *entry, struct attempt *attempt, uint64_t now_ms);

/* entry.c */
/** The person of the attempt that waits for another factor on that side of the door; "": none. */
const char *entry_person_at_door(const struct entry *entry, unsigned door, bool leaving);

#endif
