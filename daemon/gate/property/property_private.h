/*
 * property_private.h - what the files of this part share. Control thread only.
 *
 *   requests.c     requests until they are answered, and how many refusals are recorded
 *   outbox_link.c  the log, in order, and parts of it again (events.replay)
 *   config_get.c   config.get
 *   commands.c     who sends a command, its nonce, and when it is carried out
 *   discovery.c    the gate as Home Assistant sees it
 *   property.c     the connection, states and health
 */
#ifndef GH_GATE_PROPERTY_PROPERTY_PRIVATE_H
#define GH_GATE_PROPERTY_PROPERTY_PRIVATE_H

#include "property.h"

#include <assert.h>
#include <stdlib.h>

#include "mqtt/link.h"
#include "mqtt/outbox.h"
#include "mqtt/topics.h"

enum {
	/* events on their way to the broker: enough for a distant one, little to send again */
	PROPERTY_WINDOW = 64,
	COMMAND_REQUESTS_MAX = 16,
	/*
	 * an order that is not on disk by then is refused: what happens later would surprise
	 * whoever is there by then
	 */
	ORDER_WAIT_MS = 5000
};

/* a command until it is answered */
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

/*
 * Failures may come as fast as the broker sends: each costs a token, and one comes back every
 * refill_ms.
 */
struct rate_limiter {
	unsigned tokens, most, refill_ms;
	uint64_t filled_mono_ms;
};

struct property {
	struct property_deps deps;
	struct link *link;
	struct outbox outbox;
	bool log_ready, fetching;
	uint32_t generation; /* of the connection: rows fetched for an earlier one are stale */
	int64_t connected_unix_ms;
	sd_event_source *io, *timer;
	uint64_t health_at_ms;
	struct problem reason;  /* PROBLEM_NONE while it is up */
	uint64_t down_since_ms; /* 0: the broker takes events */
	bool lost_recorded;

	struct link_replay replay;

	struct command_request requests[COMMAND_REQUESTS_MAX];
	/* of the same requests, until they are on disk */
	struct order *orders[COMMAND_REQUESTS_MAX];
	uint64_t refused,
		dropped; /* commands, since the start; dropped: neither looked at nor answered */
	struct rate_limiter proofs, records;
	uint64_t unrecorded; /* refusals since the last one that was an event */
};

/* requests.c */
void requests_init(struct property *property);
/** Whether another failed proof is looked at; each one that fails takes a token. */
bool requests_may_prove(struct property *property);
void requests_count_failed_proof(struct property *property);
/** Summarise refusals that were too many to be recorded one by one. */
void requests_tick(struct property *property);
/** NULL: too many at once. */
struct command_request *request_begin(struct property *property, const struct link_command *from,
				      const char *id);
/**
 * Answer and free the place; the reference to @p result is taken.
 * @param problem  NULL: what @p r means.
 */
void request_answer(struct property *property, struct command_request *request, int r,
		    const char *problem, json_t *result);
/** The same as a reply, for what answers later. */
struct reply request_reply(struct property *property, const struct command_request *request);
/** Refuse a command that got no place. */
void request_refuse(struct property *property, const struct link_command *from, const char *id,
		    const char *code, const char *message);
/** "denied", "invalid"...: what the answer calls a negative errno. Static. */
const char *request_code(int r);

/* outbox_link.c */
void outbox_ready(struct property *property);
void outbox_connected(struct property *property);
void outbox_acknowledged(struct property *property, int64_t seq);
/** Send what the window holds: the log first, a replay with what room is left. */
void outbox_pump(struct property *property);
/** Whether the log holds what the broker has not acknowledged. */
bool outbox_waits(const struct property *property);
extern const struct property_command command_replay; /* its arg is the property part */

/* config_get.c */
extern const struct property_command command_config_get; /* the same */

/* discovery.c */
/** Introduce the gate to Home Assistant, if the site wants that. @return 0, -ENOMEM or -ENOSPC. */
int discovery_publish(struct property *property);

/* commands.c */
void commands_receive(struct property *property, const struct link_command *from);
/** Refuse the orders that the disk took too long for. */
void orders_tick(struct property *property);
/** When that is to be looked at, CLOCK_MONOTONIC in ms; UINT64_MAX: no order waits. */
uint64_t orders_due_ms(const struct property *property);

#endif
