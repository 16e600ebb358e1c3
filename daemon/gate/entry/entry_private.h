/*
 * entry_private.h - what the files of this part share. Control thread only.
 *
 *   attempt.c     the states of one transaction
 *   counters.c    uses and areas, in memory and as records
 *   decision.c    the question to the policy
 *   outcome.c     denied, or recorded and opened, and taken or not
 *   guard.c       decisions that a guard has the last word in
 *   entry.c       what is presented, several factors at one door, time
 *   credential.c  whose it is what a reader read
 *   what_if.c     decisions that are only asked for
 *   readers.c     (readers.h) the readers themselves
 */
#ifndef GH_GATE_ENTRY_ENTRY_PRIVATE_H
#define GH_GATE_ENTRY_ENTRY_PRIVATE_H

#include "entry.h"

#include <assert.h>

#include "attempt.h"

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
	/* ids of credentials whose use was pending at the last end; NULL: none */
	json_t *interrupted;
	bool storage_slow;
};

/* a signed order's nonce, used up with its record */
struct order_nonce {
	const char *key; /* NULL: no order */
	int64_t value;
};

/* counters.c: records that go to the disk with one event */
struct booking {
	struct store_record records[STORE_RECORDS_MAX];
	char ids[STORE_RECORDS_MAX][STORE_RECORD_ID_BYTES];
	size_t count;
};
/**
 * Book what a transition asks for (bits of enum attempt_booking): in memory now, and as records of
 * @p booking.
 */
void booking_apply(struct entry *entry, struct attempt *attempt, unsigned bookings,
		   struct booking *booking);
/** Record the event with them, and free them. @return as journal_record_draft(). */
int booking_record(struct entry *entry, struct booking *booking, const struct event_draft *draft,
		   store_done_fn done, void *arg);

/* decision.c */
/** What is asked of the policy; what it points to lives until the directory changes. */
void entry_policy_request(const struct entry *entry, const struct attempt *attempt,
			  struct policy_request *ret_request);
struct policy_decision entry_decide(const struct entry *entry, const struct attempt *attempt);
/** How each rule of the door saw it: [{"rule","why"}], at most 12. */
json_t *entry_rules_json(const struct entry *entry, const struct attempt *attempt);

/* outcome.c */
/** A copy of @p attempt gets a place in the table; NULL: there is none. */
struct attempt *entry_add(struct entry *entry, const struct attempt *attempt);
/** Free its data and its place. */
void entry_remove(struct attempt *attempt);
/** How many are in a state. */
size_t entry_count(const struct entry *entry, enum attempt_state state);
/** Denied: @p attempt need not be in the table; its data is freed. */
void entry_deny(struct entry *entry, struct attempt *attempt, const struct order_nonce *nonce);
/**
 * Granted: recorded, then opened. Takes the data; @p attempt is a copy that is not in the table.
 */
void entry_grant(struct entry *entry, struct attempt *attempt, const struct order_nonce *nonce);
/** The disk has been waited for long enough: open, or refuse an order. */
void entry_disk_is_late(struct entry *entry, struct attempt *attempt);
/**
 * What somebody should know of beside a grant or denial, and the person at the door should not see.
 */
void entry_record_marks(struct entry *entry, const struct attempt *attempt);

/* guard.c */
/** Ask; takes the data of @p attempt, a copy that is not in the table. */
void entry_guard_ask(struct entry *entry, struct attempt *attempt, uint64_t now_ms);

/* entry.c */
/** Who presented something else at the door a moment ago; "": nobody. */
const char *entry_person_at_door(const struct entry *entry, unsigned door, bool leaving);

#endif
