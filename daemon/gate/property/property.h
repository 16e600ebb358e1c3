/*
 * property.h - the property system over MQTT: the log as its outbox, retained states, health, and
 * signed commands.
 *
 * Whoever sends a command is proved first; an order is on the disk with its nonce before it is
 * carried out. What a command does is not decided here: the gate lends a table of commands. Control
 * thread only.
 */
#ifndef GH_GATE_PROPERTY_PROPERTY_H
#define GH_GATE_PROPERTY_PROPERTY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "access/access_directory.h"
#include "base/reply.h"
#include "config/config.h"
#include "gate/journal.h"
#include "mqtt/command.h"

struct property;

/* a command whose sender is proved; borrowed for the call */
struct property_call {
	const char *name, *id;
	const struct config_key *key;
	const json_t *body;
	int64_t nonce;
};

/**
 * What a command does, in two steps: `check` looks at the body, `run` carries it out and answers
 * through @p reply, once, now or later. Between the two the order is committed with its nonce,
 * unless the command records both by itself.
 */
struct property_command {
	const char *name;
	/**
	 * @return 0, or -EINVAL, -EACCES, -EBUSY with a sentence in @p error (COMMAND_ERROR_BYTES).
	 */
	int (*check)(void *arg, const struct property_call *call, char *error);
	void (*run)(void *arg, const struct property_call *call, const struct reply *reply);
	bool records_nonce; /* `run` commits the nonce with its own record */
};

/* borrowed; each outlives the property part */
struct property_deps {
	const struct config *config;
	sd_event *event;
	struct journal *journal;
	/* the names that are shared, where the site shares any */
	const struct access_directory *directory;
	uint64_t started_us; /* CLOCK_MONOTONIC, of the process */
	const struct property_command *commands;
	size_t command_count;
	/** The cameras and their states, for the health message. A new reference. */
	json_t *(*cameras)(void *arg);
	void *arg; /* for the commands and for cameras */
};

/**
 * Connect, unless the config names no broker: @p ret_property then stays NULL. @return 0 or a
 * negative errno, logged.
 */
int property_open(const struct property_deps *deps, struct property **ret_property);
/** Once the store is closed. NULL is fine. */
void property_close(struct property *property);

/** The log can be read. */
void property_ready(struct property *property);
/** An event was committed. */
void property_event(struct property *property);
/** All states that exist were published: what the broker holds beyond them is removed. */
void property_states_complete(struct property *property);
/**
 * {"state","reason","acknowledged","refused_commands","dropped_commands"}; NULL: {"state":"off"}. A
 * new reference.
 */
json_t *property_json(const struct property *property);

/** Whether the key may be used for this door. */
bool property_key_may_use_door(const struct config_key *key, const char *door);

#endif
