/*
 * property_private.h - what the link's own files share. Control thread only.
 *
 * property.c holds the connection, states and health; outbox_link.c sends the log; commands.c proves who
 * asks and gate_command_*.c do it; discovery.c introduces the gate to Home Assistant.
 */
#ifndef GH_GATE_PROPERTY_GATE_LINK_INTERNAL_H
#define GH_GATE_PROPERTY_GATE_LINK_INTERNAL_H

#include "gate/gate_internal.h"

#include "mqtt/command.h"
#include "mqtt/link.h"
#include "mqtt/outbox.h"
#include "mqtt/topics.h"

enum { COMMAND_REQUESTS_MAX = 16 };

/* Who asked, until the answer. */
struct command_request {
	bool used;
	char topic[TOPIC_BYTES]; /* "": no answer is wanted */
	unsigned char correlation[LINK_CORRELATION_BYTES_MAX];
	size_t correlation_bytes;
	char id[COMMAND_ID_BYTES];
};

/* A part of the log being sent again; at most one at a time. */
struct link_replay {
	bool active, fetching;
	char id[COMMAND_ID_BYTES];
	int64_t after_seq, to_seq;        /* next is after_seq + 1; to_seq inclusive */
	int64_t from_unix_ms, to_unix_ms; /* 0: no limit; to exclusive */
};

/* Failures may come as fast as the broker sends: each costs a token, and one comes back every refill_ms. */
struct rate_limiter {
	unsigned tokens, most, refill_ms;
	uint64_t filled_mono_ms;
};

struct gate_link {
	struct gate *gate;
	struct link *link;
	struct outbox outbox;
	bool log_ready, fetching;
	uint32_t generation; /* of the connection: rows fetched for an earlier one are stale */
	int64_t connected_unix_ms;
	sd_event_source *io, *timer;
	uint64_t health_at_ms;
	char reason[LINK_REASON_BYTES];
	uint64_t down_since_ms; /* 0: the broker takes events */
	bool lost_told;

	struct link_replay replay;

	struct command_request askers[COMMAND_REQUESTS_MAX];
	struct link_order *orders[COMMAND_REQUESTS_MAX]; /* of the same askers, until they are on disk */
	uint64_t refused, dropped; /* commands, since the start; dropped: neither looked at nor answered */
	struct rate_limiter proofs, records;
	uint64_t unrecorded; /* refusals since the last one that was an event */
};

/* outbox_link.c */
void gate_outbox_ready(struct gate_link *l);
void gate_outbox_connected(struct gate_link *l);
void gate_outbox_acked(struct gate_link *l, int64_t seq);
/** Send what the window takes: the log first, a replay with what room is left. */
void gate_outbox_pump(struct gate_link *l);
/** Whether the log holds what the broker has not acknowledged. */
bool gate_outbox_waits(const struct gate_link *l);

/* discovery.c */

/** Introduce the gate to Home Assistant, if the site wants that. @return 0, -ENOMEM or -ENOSPC. */
int gate_discovery_publish(struct gate_link *l);

/* commands.c */
void gate_commands_init(struct gate_link *l);
void gate_commands_take(struct gate_link *l, const struct link_command *from);
/** Summarise refusals that were too many to be recorded one by one. */
void gate_commands_tick(struct gate_link *l);
/** Refuse the orders that the disk took too long for. */
void gate_orders_tick(struct gate_link *l);
/** When that is to be looked at, CLOCK_MONOTONIC; UINT64_MAX: no order waits. */
uint64_t gate_orders_due_ms(const struct gate_link *l);

/* a command whose sender is proved; borrowed for the call */
struct link_call {
	struct gate_link *l;
	const struct link_command *from;
	const struct command *command;
	const struct config_key *key;
};

/**
 * What a command does, in two steps. `check` looks at the body: 0, -EINVAL or -EACCES with a sentence. Then the
 * order is recorded with its nonce, and once it is on disk `run` carries it out and answers by link_answer().
 * A kind without `run` records by itself: its check is the whole, and on 0 somebody answers.
 */
struct link_command_kind {
	const char *name;
	int (*check)(const struct link_call *call, char *error); /* COMMAND_ERROR_BYTES */
	void (*run)(struct gate_link *l, struct command_request *asker, const char *key, const json_t *body);
};

extern const struct link_command_kind gate_command_door_open, gate_command_door_mode, gate_command_config_get,
	gate_command_replay, gate_command_roster_apply, gate_command_roster_snapshot, gate_command_enrol;

/** NULL: too many at once. */
struct command_request *command_request_begin(struct gate_link *l, const struct link_command *from,
					      const char *id);
/** Answers and frees the place; @p result is taken. @param problem  NULL: what @p r means. */
void link_answer(struct gate_link *l, struct command_request *asker, int r, const char *problem,
		 json_t *result);
/** The same as a gate_reply, for what the gate answers later. */
struct reply link_reply_later(struct gate_link *l, const struct command_request *asker);
/** Whether the key is for this door. */
bool link_key_may_use_door(const struct config_key *key, const char *door);

#endif
