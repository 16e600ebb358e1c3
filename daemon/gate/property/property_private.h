/*
 * property_private.h - what the files of this part share. Control thread only.
 *
 *   requests.c     unanswered requests, answers, and rate limits for failures
 *   outbox_link.c  the log sent in order, and parts of it sent again (events.replay)
 *   config_get.c   config.get
 *   commands.c     authenticates, commits and executes commands
 *   discovery.c    Home Assistant's MQTT discovery
 *   property.c     the connection, states and health
 */
#ifndef GH_GATE_PROPERTY_PROPERTY_PRIVATE_H
#define GH_GATE_PROPERTY_PROPERTY_PRIVATE_H

#include "property.h"

#include <assert.h>
#include <stdlib.h>

#include "base/thread_role.h"
#include "mqtt/link.h"
#include "mqtt/outbox.h"
#include "mqtt/topics.h"

enum {
	/* unacknowledged events: enough for a distant broker, few to send again */
	PROPERTY_WINDOW = 64,
	COMMAND_REQUESTS_MAX = 16,
	/* a command not committed by then is refused, because nobody expects its effect later */
	ORDER_WAIT_MS = 5000
};

/* a command that is not answered yet */
struct command_request {
	bool used;
	char topic[TOPIC_BYTES]; /* of the answer; "": the sender requested none */
	unsigned char correlation[LINK_CORRELATION_BYTES_MAX];
	size_t correlation_bytes;
	char id[COMMAND_ID_BYTES];
};

/* a part of the log that is sent again; at most one at a time */
struct link_replay {
	bool active, fetching;
	char id[COMMAND_ID_BYTES];
	int64_t after_seq, to_seq;        /* next is after_seq + 1; to_seq inclusive */
	int64_t from_unix_ms, to_unix_ms; /* 0: no limit; to exclusive */
};

/* a token bucket: each use removes a token, and one is added every refill_ms, up to tokens_max */
struct rate_limiter {
	unsigned tokens, tokens_max, refill_ms;
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
	uint64_t down_since_ms; /* 0: the broker acknowledges events */
	bool lost_recorded;

	struct link_replay replay;

	struct command_request requests[COMMAND_REQUESTS_MAX];
	/* by index of the request: commands that are not committed yet */
	struct order *orders[COMMAND_REQUESTS_MAX];
	uint64_t refused,
		dropped; /* commands since the start; dropped: neither parsed nor answered */
	struct rate_limiter failures, records;
	uint64_t unrecorded; /* refusals since the last event about one */
};

/* requests.c */
void requests_init(struct property *property);
/** Whether another command may be authenticated; if not, it is counted as dropped. */
bool requests_may_authenticate(struct property *property);
/** The authentication of a command failed: uses a token. */
void requests_count_failure(struct property *property);
/** Record a summary of the refusals that exceeded the rate limit for events. */
void requests_tick(struct property *property);
/** @return the request, until request_answer(); NULL: too many are unanswered. */
struct command_request *request_begin(struct property *property, const struct link_command *from,
				      const char *id);
/**
 * Answer and free the request. Takes the reference to @p result.
 * @param problem  the reason of a negative @p r; NULL: strerror() of it.
 */
void request_answer(struct property *property, struct command_request *request, int r,
		    const char *problem, json_t *result);
/** A reply that does the same. */
struct reply request_reply(struct property *property, const struct command_request *request);
/** Refuse a command for which there is no request. */
void request_refuse(struct property *property, const struct link_command *from, const char *id,
		    const char *code, const char *message);
/** The answer's code for a negative errno: "denied", "invalid"... Static. */
const char *request_code(int r);

/* outbox_link.c */
void outbox_ready(struct property *property);
void outbox_connected(struct property *property);
void outbox_acknowledged(struct property *property, int64_t seq);
/** Send as much as the window allows: new events first, then a replay. */
void outbox_pump(struct property *property);
/** Whether the log contains events that the broker has not acknowledged. */
bool outbox_is_behind(const struct property *property);
extern const struct property_command command_replay; /* its arg is a struct property */

/* config_get.c */
extern const struct property_command command_config_get; /* the same */

/* discovery.c */
/** Publish the discovery message, if it is enabled. @return 0, -ENOMEM or -ENOSPC. */
int discovery_publish(struct property *property);

/* commands.c */
void commands_receive(struct property *property, const struct link_command *from);
/** Refuse commands that the store has not committed within ORDER_WAIT_MS. */
void orders_tick(struct property *property);
/** When orders_tick() is due, CLOCK_MONOTONIC in ms; UINT64_MAX: no command waits. */
uint64_t orders_due_ms(const struct property *property);

#endif
