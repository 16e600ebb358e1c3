/*
 * attempt.h - the state machine of one access attempt, from the presented credential to the
 * passage. Pure: no clock, no I/O.
 *
 * The words are ONVIF's (Access Control Service Specification): a request is granted or denied; a
 * granted access is taken or not taken. States and transitions:
 *
 *   state           event               next            effects
 *   PRESENTED       FACTOR_NEEDED       FACTOR_PENDING
 *                   GUARD_NEEDED        GUARD_PENDING
 *                   DENIED              ENDED
 *                   GRANTED             DECIDED         reserve use
 *   FACTOR_PENDING  DENIED              ENDED                         (no further factor in time)
 *                   SUPERSEDED          ENDED                         (a new attempt holds all factors)
 *   GUARD_PENDING   GRANTED             DECIDED         reserve use
 *                   DENIED              ENDED
 *   DECIDED         RECORDED            RECORDED                      (committed, or the disk is slow or broken)
 *                   NOT_OPENED          ENDED           return use    (an order that is not committed)
 *   RECORDED        OPENED              OPENED          confirm use
 *                   OPENED_UNMONITORED  ENDED           confirm use, update areas   (no contact: the grant counts)
 *                   NOT_OPENED          ENDED           return use    (interlock, mode or relay)
 *   OPENED          TAKEN               ENDED           update areas
 *                   PASSAGE_UNKNOWN     ENDED           update areas  (the contact was lost: the grant counts)
 *                   NOT_TAKEN           NOT_TAKEN
 *   NOT_TAKEN       TAKEN               ENDED           update areas  (opened in time, reported late)
 *                   SUPERSEDED          ENDED
 *
 * "Reserve use" counts a use of a limited credential with the request, so that the same use cannot
 * be spent twice while the disk has not answered. "Update areas" enters the person into the areas
 * behind the door and removes the person from those before it. After a crash between RECORDED and
 * OPENED it is unknown whether the relay moved: the use stays counted and the gate reports it.
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
	ATTEMPT_FACTOR_PENDING,
	ATTEMPT_GUARD_PENDING,
	ATTEMPT_DECIDED,
	ATTEMPT_RECORDED,
	ATTEMPT_OPENED,
	ATTEMPT_NOT_TAKEN,
	ATTEMPT_ENDED,
	ATTEMPT_STATES
};

enum attempt_event {
	ATTEMPT_EVENT_FACTOR_NEEDED,
	ATTEMPT_EVENT_GUARD_NEEDED,
	ATTEMPT_EVENT_GRANTED,
	ATTEMPT_EVENT_DENIED,
	ATTEMPT_EVENT_SUPERSEDED,
	ATTEMPT_EVENT_RECORDED,
	ATTEMPT_EVENT_OPENED,
	ATTEMPT_EVENT_OPENED_UNMONITORED,
	ATTEMPT_EVENT_NOT_OPENED,
	ATTEMPT_EVENT_TAKEN,
	ATTEMPT_EVENT_NOT_TAKEN,
	ATTEMPT_EVENT_PASSAGE_UNKNOWN,
	ATTEMPT_EVENTS
};

/* the effects of a transition on use counters and areas; bits */
enum attempt_effect {
	ATTEMPT_RESERVE_USE = 1 << 0,
	ATTEMPT_CONFIRM_USE = 1 << 1,
	ATTEMPT_RETURN_USE = 1 << 2,
	ATTEMPT_UPDATE_AREAS = 1 << 3
};

/* one factor, by ids: the records behind them may change before the policy evaluates them */
struct presented_credential {
	enum policy_factor factor;
	char person[ULID_BYTES], credential[ULID_BYTES]; /* "": none known */
	uint64_t mono_ms;
	bool ambiguous_match; /* see policy.h */
};

struct attempt {
	enum attempt_state state;
	bool used;           /* the slot of the table is occupied */
	uint32_t generation; /* distinguishes this use of the slot from later ones */
	unsigned door;       /* index in the config */
	bool leaving, presentation_attack;
	bool order;                                          /* by a signed command */
	struct presented_credential shown[POLICY_SHOWN_MAX]; /* the newest last */
	size_t count;
	struct policy_decision decision;
	unsigned reserved;              /* bit of each of `shown` of which a use was reserved */
	char person[ULID_BYTES];        /* for the log; "": none */
	char reader[CONFIG_NAME_BYTES]; /* "": none */
	char id[ULID_BYTES];            /* of the request to the guard */
	json_t *data;                   /* of the events; owned */
	uint64_t first_mono_us;         /* when the frame, the reading or the order arrived */
	/* of FACTOR_PENDING, GUARD_PENDING and DECIDED, in milliseconds of CLOCK_MONOTONIC */
	uint64_t deadline_ms;
	struct reply reply;
};

/**
 * Apply @p event.
 * @return the bits of enum attempt_effect, or -EINVAL: the state has no such transition, and
 *         nothing changed.
 */
int attempt_step(struct attempt *attempt, enum attempt_event event);

/** The newest factor. */
static inline const struct presented_credential *attempt_last(const struct attempt *attempt)
{
	return &attempt->shown[attempt->count - 1];
}

#endif
