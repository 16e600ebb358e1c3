/*
 * attempt.h - one access transaction, from what is presented to whoever walked through. Pure: no
 * clock, no I/O.
 *
 * The words are ONVIF's (Access Control Service Specification): a request is granted or denied; a
 * granted access is taken or not taken. The states, and what each event does:
 *
 *   state      event           next        books
 *   PRESENTED  MORE_NEEDED     MORE
 *              GUARD_NEEDED    GUARD
 *              DENIED          ENDED
 *              GRANTED         DECIDED     reserve a use
 *   MORE       DENIED          ENDED                       (nothing more was shown in time)
 *              SUPERSEDED      ENDED                       (more was shown: a new attempt holds it all)
 *   GUARD      GRANTED         DECIDED     reserve a use
 *              DENIED          ENDED
 *   DECIDED    RECORDED        RECORDED                    (on the disk, or the disk is slow or broken)
 *              NOT_OPENED      ENDED       give the use back  (an order that is not on the disk)
 *   RECORDED   OPENED          OPENED      confirm the use
 *              OPENED_UNSEEN   ENDED       confirm the use, move   (no contact: the grant counts)
 *              NOT_OPENED      ENDED       give the use back  (interlock, mode or relay)
 *   OPENED     TAKEN           ENDED       move
 *              PASSAGE_UNKNOWN ENDED       move            (the contact was lost: the grant counts)
 *              NOT_TAKEN       NOT_TAKEN
 *   NOT_TAKEN  TAKEN           ENDED       move            (opened in time, told late)
 *              SUPERSEDED      ENDED
 *
 * `reserve` counts a use of a credential that has a limit, so that nobody spends it twice
 * meanwhile; it is on the disk with the request. `move` puts the person into the areas behind the
 * door and out of those before it. After a crash between RECORDED and OPENED it is not known
 * whether the relay moved: the use stays counted, and that is reported.
 */
#ifndef GH_GATE_ENTRY_ATTEMPT_H
#define GH_GATE_ENTRY_ATTEMPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "access/policy.h"
#include "base/reply.h"
#include "base/ulid.h"
#include "config/config.h"

enum attempt_state {
	ATTEMPT_PRESENTED,
	ATTEMPT_MORE,
	ATTEMPT_GUARD,
	ATTEMPT_DECIDED,
	ATTEMPT_RECORDED,
	ATTEMPT_OPENED,
	ATTEMPT_NOT_TAKEN,
	ATTEMPT_ENDED,
	ATTEMPT_STATES
};

enum attempt_event {
	ATTEMPT_EVENT_MORE_NEEDED,
	ATTEMPT_EVENT_GUARD_NEEDED,
	ATTEMPT_EVENT_GRANTED,
	ATTEMPT_EVENT_DENIED,
	ATTEMPT_EVENT_SUPERSEDED,
	ATTEMPT_EVENT_RECORDED,
	ATTEMPT_EVENT_OPENED,
	ATTEMPT_EVENT_OPENED_UNSEEN,
	ATTEMPT_EVENT_NOT_OPENED,
	ATTEMPT_EVENT_TAKEN,
	ATTEMPT_EVENT_NOT_TAKEN,
	ATTEMPT_EVENT_PASSAGE_UNKNOWN,
	ATTEMPT_EVENTS
};

/* what a transition does to the books; bits */
enum attempt_booking {
	ATTEMPT_RESERVE = 1 << 0,
	ATTEMPT_CONFIRM = 1 << 1,
	ATTEMPT_GIVE_BACK = 1 << 2,
	ATTEMPT_MOVE = 1 << 3
};

/* one factor, by ids: what they stand for may change between being shown and being judged */
struct presented_credential {
	enum policy_factor factor;
	char person[ULID_BYTES], credential[ULID_BYTES]; /* "": none known */
	uint64_t mono_ms;
	bool ambiguous_match; /* see policy.h */
};

struct attempt {
	enum attempt_state state;
	bool used;           /* its place in the table is taken */
	uint32_t generation; /* tells this use of the place from the next */
	unsigned door;       /* its place in the config */
	bool leaving, presentation_attack;
	bool order;                                          /* by a signed command */
	struct presented_credential shown[POLICY_SHOWN_MAX]; /* the newest last */
	size_t count;
	struct policy_decision decision;
	unsigned reserved;              /* bit of each of `shown` of which a use was reserved */
	char person[ULID_BYTES];        /* for the log; "": none */
	char reader[CONFIG_NAME_BYTES]; /* "": none */
	char id[ULID_BYTES];            /* of a question to the guard */
	json_t *data;                   /* of the events; owned */
	uint64_t first_mono_us;         /* when the frame, the reading or the order arrived */
	uint64_t until_ms; /* MORE, GUARD, DECIDED: CLOCK_MONOTONIC in ms at which waiting ends */
	struct reply reply;
};

/**
 * Apply @p event.
 * @return the bits of enum attempt_booking, or -EINVAL: the event does not belong to the state, and
 *         nothing changed.
 */
int attempt_step(struct attempt *attempt, enum attempt_event event);

/** The newest factor. */
static inline const struct presented_credential *attempt_last(const struct attempt *attempt)
{
	return &attempt->shown[attempt->count - 1];
}

#endif
