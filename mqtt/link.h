/*
 * link.h - the connection to the property system's broker: MQTT 5 over libmosquitto, in our loop.
 *
 * Connecting (names, TCP, TLS) happens on a short-lived thread, so that a dead name server never
 * delays a door; everything else runs in link_dispatch(). Each connection is a fresh client with
 * the same client id and a session that the broker keeps: commands sent while the gate was away
 * arrive; what the gate had in flight is sent again by the caller, from its own log. Control thread
 * only.
 */
#ifndef GH_MQTT_LINK_H
#define GH_MQTT_LINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

enum { LINK_CORRELATION_BYTES_MAX = 128, LINK_BROKERS_MAX = 4 };

struct link;

/* a command as it arrived; borrowed for the call */
struct link_command {
	const char *name;  /* "door.open" */
	const char *topic; /* all of it: the signature covers it */
	const char *payload;
	size_t bytes;             /* above COMMAND_BYTES_MAX: payload is NULL */
	bool retained;            /* a broker's memory, nobody's order: to be refused */
	const char *answer_topic; /* NULL: none was given, or one where no answer may go */
	const void *correlation;
	size_t correlation_bytes;
};

struct link_ops {
	/** @p reason is PROBLEM_NONE when up; borrowed. Reported once an outage. */
	void (*connected)(void *arg, bool up, const struct problem *reason);
	void (*acked)(void *arg, int64_t seq);
	void (*command)(void *arg, const struct link_command *command);
};

struct link_broker {
	const char *host;
	unsigned port;
};

/* strings are copied; "" for what is not used */
struct link_config {
	struct link_broker brokers[LINK_BROKERS_MAX]; /* tried in this order after each outage */
	size_t broker_count;
	const char *username, *password_file, *ca_file, *cert_file, *key_file;
	const char *site, *gate, *version;
	unsigned keepalive_s; /* 5 to 65535 */
	unsigned window;      /* events in flight, 1 to OUTBOX_WINDOW_MAX */
	unsigned reconnect_min_ms,
		reconnect_max_ms; /* the pause doubles from one to the other, with jitter */
};

/** Begins to connect. @return 0, -EINVAL, -ENOMEM or another negative errno. */
int link_open(const struct link_config *config, const struct link_ops *ops, void *arg,
	      struct link **ret_link);

/** Readable when link_dispatch() has work; the same fd for the link's whole life. */
int link_fd(const struct link *link);

/** When link_dispatch() is next due even without the fd, clock_mono_ms() time. */
uint64_t link_deadline_ms(const struct link *link);

/** Serve what is ready; never blocks. Calls the ops. */
void link_dispatch(struct link *link);

bool link_is_up(const struct link *link);

/**
 * @param seq  above 0: acked() follows, or connected(false). 0: a repetition nobody waits for; it
 *             takes a place in the window all the same.
 * @return 0; -ENOTCONN, -EAGAIN (window full), -EINVAL (it can never be sent) or -ENOMEM.
 */
int link_publish_event(struct link *link, int64_t seq, const char *type, const char *json);

/** Events that may be handed over before -EAGAIN. */
unsigned link_room(const struct link *link);

/**
 * Retained under state/WHAT/NAME, and again after each reconnect; NULL removes it. @return 0,
 * -ENOSPC or -ENOMEM.
 */
int link_publish_state(struct link *link, const char *what, const char *name, const json_t *state);

/** The same under a topic outside the gate's own tree, whole as given: discovery. */
int link_publish_retained(struct link *link, const char *topic, const json_t *message);

/**
 * All that exists has been told: what the broker still holds under state/ beyond it (a door that
 * the config no longer has) is removed, now and after each reconnect.
 */
void link_states_complete(struct link *link);

/** Not retained, QoS 0, dropped while there is no connection. */
void link_publish_health(struct link *link, const json_t *health);

/** QoS 1, dropped while there is no connection: who asked will ask again. */
void link_reply(struct link *link, const char *topic, const void *correlation,
		size_t correlation_bytes, const json_t *reply);

/**
 * Says offline, disconnects, frees. Never waits: a connect still under way ends by itself. NULL is
 * fine.
 */
void link_close(struct link *link);

#endif
