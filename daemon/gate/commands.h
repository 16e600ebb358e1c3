/*
 * commands.h - the commands of the property system. Each _check() validates the body and returns 0
 * or a negative errno with a sentence in @p error, COMMAND_ERROR_BYTES; each _run() executes a body
 * that passed its check. The first argument is the struct gate. Control thread only.
 */
#ifndef GH_GATE_COMMANDS_H
#define GH_GATE_COMMANDS_H

#include "gate_internal.h"

/* command_door.c */
int command_door_open_check(void *gate, const struct property_call *call, char *error);
void command_door_open_run(void *gate, const struct property_call *call, const struct reply *reply);
int command_door_mode_check(void *gate, const struct property_call *call, char *error);
void command_door_mode_run(void *gate, const struct property_call *call, const struct reply *reply);

/* command_roster.c */
int command_roster_apply_check(void *gate, const struct property_call *call, char *error);
void command_roster_apply_run(void *gate, const struct property_call *call,
			      const struct reply *reply);
int command_roster_snapshot_check(void *gate, const struct property_call *call, char *error);
void command_roster_snapshot_run(void *gate, const struct property_call *call,
				 const struct reply *reply);
int command_enrol_check(void *gate, const struct property_call *call, char *error);
void command_enrol_run(void *gate, const struct property_call *call, const struct reply *reply);

#endif
