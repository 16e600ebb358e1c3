/* config.get: the part of the config that the property system may read. */
#include "property_private.h"

#include "base/json.h"

static json_t *doors_config(const struct config *config)
{
	json_t *doors = json_array();

	for (size_t i = 0; i < config->door_count; i++) {
		const struct config_door *door = &config->doors[i];

		json_array_append_new(
			doors,
			json_pack("{s:s, s:s, s:b, s:i, s:i, s:i, s:i}", "name", door->name, "fail",
				  door->fail_safe ? "safe" : "secure", "opens_on_fire",
				  door->opens_on_fire, "release_ms", (int)door->release_ms,
				  "held_open_ms", (int)door->held_open_ms, "pre_alarm_ms",
				  (int)door->pre_alarm_ms, "relock_delay_ms",
				  (int)door->relock_delay_ms));
	}
	return doors;
}

/* Without sources: an RTSP address may contain a password. */
static json_t *cameras_config(const struct config *config)
{
	json_t *cameras = json_array();

	for (size_t i = 0; i < config->camera_count; i++) {
		const struct config_camera *camera = &config->cameras[i];

		json_array_append_new(
			cameras,
			json_pack("{s:s, s:s, s:s, s:b}", "name", camera->name, "role",
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
		json_array_append_new(keys, json_pack("{s:s, s:o}", "id", mqtt->keys[i].id,
						      "commands", commands));
	}
	return keys;
}

static int check(void *arg, const struct property_call *call, char *error)
{
	static const char *const known[] = {NULL};

	(void)arg;
	return json_only_known(call->body, known, error);
}

static void run(void *arg, const struct property_call *call, const struct reply *reply)
{
	const struct property *property = arg;
	const struct config *config = property->deps.config;

	(void)call;
	reply_send(reply, 0, NULL,
		   json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:{s:b}, s:i, s:i}", "version",
			     (int)config->version, "site", config->site, "gate", config->gate,
			     "software", GH_VERSION, "doors", doors_config(config), "cameras",
			     cameras_config(config), "keys", keys_config(&config->mqtt), "share",
			     "names", config->mqtt.share.names, "evidence_days",
			     (int)config->evidence.days, "evidence_max_gb",
			     (int)config->evidence.max_gb));
}

const struct property_command command_config_get = {"config.get", check, run, false};
