/* door.open, door.mode, config.get. */
#include "property/property_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

/* The door the body names, if the key may use it; NULL: every door. */
static int read_door(const struct link_call *call, struct gate_door **ret_door, char *error)
{
	const char *name = NULL;
	int r = json_get_string(call->command->body, "door", CONFIG_NAME_BYTES, &name, error);

	if (r == 0 && name == NULL) {
		snprintf(error, COMMAND_ERROR_BYTES, "door: missing");
		r = -EINVAL;
	}
	if (r < 0)
		return r;
	*ret_door = NULL;
	if (strcmp(name, API_EVERY_DOOR) == 0) {
		if (call->key->door_count == 0)
			return 0;
		snprintf(error, COMMAND_ERROR_BYTES, "this key may not use every door");
		return -EACCES;
	}
	*ret_door = gate_door_find(call->l->gate, name);
	if (*ret_door == NULL) {
		snprintf(error, COMMAND_ERROR_BYTES, "door: there is no such door at this gate");
		return -EINVAL;
	}
	if (!link_key_may_use_door(call->key, name)) {
		snprintf(error, COMMAND_ERROR_BYTES, "this key may not use this door");
		return -EACCES;
	}
	return 0;
}

/* ---- door.open ---- */

/* Its nonce is committed with access.request or access.denied: one record, not two, before the door moves. */
static int ask_open(const struct link_call *call, char *error)
{
	static const char *const known[] = {"door", NULL};
	struct gate_entry_request request = {.factor = POLICY_REMOTE,
					     .first_mono_us = clock_mono_us(),
					     .nonce_key = call->key->id,
					     .nonce = call->command->nonce};
	struct command_request *asker;
	int r = json_only_known(call->command->body, known, error);

	if (r == 0)
		r = read_door(call, &request.door, error);
	if (r == 0 && request.door == NULL) {
		snprintf(error, COMMAND_ERROR_BYTES, "door: opened one by one");
		r = -EINVAL;
	}
	if (r < 0)
		return r;
	asker = command_request_begin(call->l, call->from, call->command->id);
	if (asker == NULL) {
		snprintf(error, COMMAND_ERROR_BYTES, "too many commands at once");
		return -EBUSY;
	}
	request.reply = link_reply_later(call->l, asker);
	request.data = json_pack("{s:s, s:s, s:s}", "by", "mqtt", "key", call->key->id, "command",
				 call->command->id);
	gate_entry_ask(call->l->gate, &request);
	return 0;
}

const struct link_command_kind gate_command_door_open = {"door.open", ask_open, NULL};

/* ---- door.mode ---- */

static int check_mode(const struct link_call *call, char *error)
{
	static const char *const known[] = {"door", "mode", NULL};
	struct gate_door *door;
	const char *mode = NULL;
	int r = json_only_known(call->command->body, known, error);

	if (r == 0)
		r = read_door(call, &door, error);
	if (r == 0)
		r = json_get_string(call->command->body, "mode", CONFIG_NAME_BYTES, &mode, error);
	if (r == 0 && mode == NULL) {
		snprintf(error, COMMAND_ERROR_BYTES, "mode: missing");
		r = -EINVAL;
	} else if (r == 0 && !doors_mode_is_known(mode)) {
		snprintf(error, COMMAND_ERROR_BYTES, "mode: there is no such mode to order");
		r = -EINVAL;
	}
	return r;
}

static void run_mode(struct gate_link *l, struct command_request *asker, const char *key, const json_t *body)
{
	struct gate_door *door = gate_door_find(l->gate, json_string_value(json_object_get(body, "door")));
	const char *mode = json_string_value(json_object_get(body, "mode"));
	json_t *data = json_pack("{s:s, s:s, s:s}", "by", "mqtt", "key", key, "command", asker->id);
	const struct reply reply = link_reply_later(l, asker);

	if (door == NULL)
		gate_mode_ask_all(l->gate, mode, data, &reply);
	else
		gate_mode_ask(l->gate, door, mode, data, &reply);
}

const struct link_command_kind gate_command_door_mode = {"door.mode", check_mode, run_mode};

/* ---- config.get ---- */

static json_t *doors_config(const struct config *config)
{
	json_t *doors = json_array();

	for (size_t i = 0; i < config->door_count; i++) {
		const struct config_door *door = &config->doors[i];

		json_array_append_new(doors,
				      json_pack("{s:s, s:s, s:b, s:i, s:i, s:i, s:i}", "name", door->name,
						"fail", door->fail_safe ? "safe" : "secure", "opens_on_fire",
						door->opens_on_fire, "release_ms", (int)door->release_ms,
						"held_open_ms", (int)door->held_open_ms, "pre_alarm_ms",
						(int)door->pre_alarm_ms, "relock_delay_ms",
						(int)door->relock_delay_ms));
	}
	return doors;
}

/* Without sources: an RTSP address holds a password. */
static json_t *cameras_config(const struct config *config)
{
	json_t *cameras = json_array();

	for (size_t i = 0; i < config->camera_count; i++) {
		const struct config_camera *camera = &config->cameras[i];

		json_array_append_new(
			cameras, json_pack("{s:s, s:s, s:s, s:b}", "name", camera->name, "role",
					   camera->role == CONFIG_CAMERA_FACE ? "face" : "facade", "door",
					   camera->door, "calibrated", camera->calibration.count > 0));
	}
	return cameras;
}

static json_t *keys_config(const struct config_mqtt *mqtt)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < mqtt->key_count; i++) {
		json_t *commands = json_array();

		for (size_t j = 0; j < mqtt->keys[i].command_count; j++)
			json_array_append_new(commands, json_string(mqtt->keys[i].commands[j]));
		json_array_append_new(keys,
				      json_pack("{s:s, s:o}", "id", mqtt->keys[i].id, "commands", commands));
	}
	return keys;
}

static int check_config_get(const struct link_call *call, char *error)
{
	static const char *const known[] = {NULL};

	return json_only_known(call->command->body, known, error);
}

static void run_config_get(struct gate_link *l, struct command_request *asker, const char *key,
			   const json_t *body)
{
	const struct config *config = l->gate->config;

	(void)key, (void)body;
	link_answer(l, asker, 0, NULL,
		    json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:{s:b}, s:i, s:i}", "version",
			      (int)config->version, "site", config->site, "gate", config->gate, "software",
			      GH_VERSION, "doors", doors_config(config), "cameras", cameras_config(config),
			      "keys", keys_config(&config->mqtt), "share", "names", config->mqtt.share.names,
			      "evidence_days", (int)config->evidence.days, "evidence_max_gb",
			      (int)config->evidence.max_gb));
}

const struct link_command_kind gate_command_config_get = {"config.get", check_config_get, run_config_get};
