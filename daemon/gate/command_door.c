/* The commands door.open and door.mode. */
#include "commands.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

/* The index of the door that the body names, if the key may use it; -1: every door. */
static int read_door(struct gate *gate, const struct property_call *call, int *ret_door,
		     char *error)
{
	const char *name = NULL;
	int r = json_get_string(call->body, "door", CONFIG_NAME_BYTES, &name, error);

	if (r == 0 && name == NULL) {
		snprintf(error, COMMAND_ERROR_BYTES, "door: missing");
		r = -EINVAL;
	}
	if (r < 0)
		return r;
	*ret_door = -1;
	if (strcmp(name, API_EVERY_DOOR) == 0) {
		if (call->key->door_count == 0)
			return 0;
		snprintf(error, COMMAND_ERROR_BYTES, "this key may not use every door");
		return -EACCES;
	}
	*ret_door = doors_find(gate->doors, name);
	if (*ret_door < 0) {
		snprintf(error, COMMAND_ERROR_BYTES, "door: there is no such door at this gate");
		return -EINVAL;
	}
	if (!property_key_may_use_door(call->key, name)) {
		snprintf(error, COMMAND_ERROR_BYTES, "this key may not use this door");
		return -EACCES;
	}
	return 0;
}

/* ---- door.open ---- */

int command_door_open_check(void *arg, const struct property_call *call, char *error)
{
	static const char *const known[] = {"door", NULL};
	int door, r = json_only_known(call->body, known, error);

	if (r == 0)
		r = read_door(arg, call, &door, error);
	if (r == 0 && door < 0) {
		snprintf(error, COMMAND_ERROR_BYTES, "door: opened one by one");
		r = -EINVAL;
	}
	return r;
}

/* The nonce is committed with access.request or access.denied, so one transaction is enough. */
void command_door_open_run(void *arg, const struct property_call *call, const struct reply *reply)
{
	struct gate *gate = arg;
	int door = doors_find(gate->doors, json_string_value(json_object_get(call->body, "door")));
	const struct entry_presentation presentation = {
		.factor = POLICY_REMOTE,
		.door = (unsigned)door,
		.first_mono_us = clock_mono_us(),
		.nonce_key = call->key->id,
		.nonce = call->nonce,
		.data = json_pack("{s:s, s:s, s:s}", "by", "mqtt", "key", call->key->id, "command",
				  call->id),
		.reply = *reply};

	entry_present(gate->entry, &presentation);
}

/* ---- door.mode ---- */

int command_door_mode_check(void *arg, const struct property_call *call, char *error)
{
	static const char *const known[] = {"door", "mode", NULL};
	const char *mode = NULL;
	int door, r = json_only_known(call->body, known, error);

	if (r == 0)
		r = read_door(arg, call, &door, error);
	if (r == 0)
		r = json_get_string(call->body, "mode", CONFIG_NAME_BYTES, &mode, error);
	if (r == 0 && mode == NULL) {
		snprintf(error, COMMAND_ERROR_BYTES, "mode: missing");
		r = -EINVAL;
	} else if (r == 0 && !doors_mode_is_known(mode)) {
		snprintf(error, COMMAND_ERROR_BYTES, "mode: there is no such mode to order");
		r = -EINVAL;
	}
	return r;
}

void command_door_mode_run(void *arg, const struct property_call *call, const struct reply *reply)
{
	struct gate *gate = arg;
	int door = doors_find(gate->doors, json_string_value(json_object_get(call->body, "door")));
	const char *mode = json_string_value(json_object_get(call->body, "mode"));
	json_t *data = json_pack("{s:s, s:s, s:s}", "by", "mqtt", "key", call->key->id, "command",
				 call->id);

	if (door < 0)
		doors_order_mode_all(gate->doors, mode, data, reply);
	else
		doors_order_mode(gate->doors, (unsigned)door, mode, data, reply);
}
