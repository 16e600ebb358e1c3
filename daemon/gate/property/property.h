/*
 * property.h - the link to the property system over MQTT: the log as outbox, retained states,
 * health, and signed commands.
 *
 * The sender of a command is authenticated before the command is checked. A command is committed
 * with its nonce before it is executed. The gate supplies the table of commands. Control thread
 * only.
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

/* a command whose sender is authenticated; borrowed for the call */
struct property_call {
	const char *name, *id;
	const struct config_key *key;
	const json_t *body;
	int64_t nonce;
};

/**
 * One kind of command. `check` validates the body; `run` executes the command and answers through
 * @p reply exactly once, within the call or later. Between the two, the command is committed with
 * its nonce, unless `run` commits both itself.
 */
struct property_command {
	const char *name;
	/**
	 * @return 0, or -EINVAL, -EACCES or -EBUSY with a sentence in @p error
	 *         (COMMAND_ERROR_BYTES).
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
	/* persons' names, for sites that share them with the property system */
	const struct access_directory *directory;
	uint64_t started_us; /* start of the process, CLOCK_MONOTONIC */
	const struct property_command *commands;
	size_t command_count;
	/** The cameras and their states, for the health message. A new reference. */
	json_t *(*cameras)(void *arg);
	void *arg; /* for the commands and for cameras() */
};

/**
 * Start the link. If the config names no broker, @p ret_property is left untouched.
 * @return 0 or a negative errno; a failure is logged.
 */
int property_open(const struct property_deps *deps, struct property **ret_property);
/** Call it after the store is closed. NULL is allowed. */
void property_close(struct property *property);

/** The store is open: its log can be read. */
void property_ready(struct property *property);
/** An event was committed. */
void property_event(struct property *property);
/** All current states have been published: other retained states are removed from the broker. */
void property_states_complete(struct property *property);
/**
 * {"state","reason","acknowledged","refused_commands","dropped_commands"}, a new reference. NULL is
 * allowed: {"state":"off"}.
 */
json_t *property_json(const struct property *property);

/** Whether the key may be used for this door. */
bool property_key_may_use_door(const struct config_key *key, const char *door);

#endif
