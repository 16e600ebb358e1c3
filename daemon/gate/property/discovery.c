/*
 * Home Assistant's MQTT discovery: one retained message describes the gate as a device with all its
 * components. Format: Home Assistant, MQTT integration, "Device discovery payload" (2024.12 and
 * later).
 *
 * Home Assistant then reads the gate's own topics. Its lock buttons send no signature, so the gate
 * refuses them; a script that signs can open a door (docs/reference/mqtt.md).
 */
#include "property_private.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* Home Assistant's default. A site that has changed it bridges the topic in its broker. */
#define DISCOVERY_PREFIX "homeassistant"

enum { TEMPLATE_BYTES = 256 };

struct introduction {
	const struct config *config;
	char id[TOPIC_BYTES]; /* gatehouse-SITE-GATE */
	json_t *components;
};

static json_t *topic(const struct introduction *intro, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static json_t *topic(const struct introduction *intro, const char *format, ...)
{
	char rest[TOPIC_BYTES], full[TOPIC_BYTES] = "";
	va_list list;

	va_start(list, format);
	vsnprintf(rest, sizeof(rest), format, list);
	va_end(list);
	(void)topic_make(intro->config->site, intro->config->gate, rest,
			 full); /* names are short enough */
	return json_string(full);
}

/* Add a component. Takes the reference to @p part; @p platform is Home Assistant's. */
static void add(const struct introduction *intro, const char *key, const char *platform,
		const char *name, json_t *part)
{
	char unique[2 * TOPIC_BYTES];

	snprintf(unique, sizeof(unique), "%s-%s", intro->id, key);
	json_object_set_new(part, "platform", json_string(platform));
	json_object_set_new(part, "unique_id", json_string(unique));
	json_object_set_new(part, "name", json_string(name));
	json_object_set_new(intro->components, key, part);
}

static void add_door(const struct introduction *intro, const struct config_door *door)
{
	char key[TOPIC_BYTES], name[TOPIC_BYTES];

	snprintf(key, sizeof(key), "%s-lock", door->name);
	add(intro, key, "lock", door->name,
	    json_pack("{s:o, s:s, s:o, s:s, s:s, s:s}", "state_topic",
		      topic(intro, "state/door/%s", door->name), "value_template",
		      "{{ {'Locked':'LOCKED','Unlocked':'UNLOCKED'}.get(value_json.lock, 'JAMMED') "
		      "}}",
		      "command_topic", topic(intro, "cmd/door.mode"), "state_locked", "LOCKED",
		      "state_unlocked", "UNLOCKED", "state_jammed", "JAMMED"));
	if (door->contact[0] != '\0') {
		snprintf(key, sizeof(key), "%s-contact", door->name);
		snprintf(name, sizeof(name), "%s contact", door->name);
		add(intro, key, "binary_sensor", name,
		    json_pack("{s:o, s:s, s:s}", "state_topic",
			      topic(intro, "state/door/%s", door->name), "value_template",
			      "{{ 'ON' if value_json.physical == 'Open' else 'OFF' }}",
			      "device_class", "door"));
	}
	snprintf(key, sizeof(key), "%s-alarm", door->name);
	snprintf(name, sizeof(name), "%s alarm", door->name);
	add(intro, key, "binary_sensor", name,
	    json_pack("{s:o, s:s, s:s}", "state_topic", topic(intro, "state/door/%s", door->name),
		      "value_template", "{{ 'OFF' if value_json.alarm == 'Normal' else 'ON' }}",
		      "device_class", "problem"));
}

static void add_camera(const struct introduction *intro, const struct config_camera *camera)
{
	char key[TOPIC_BYTES], name[TOPIC_BYTES];

	snprintf(key, sizeof(key), "%s-camera", camera->name);
	snprintf(name, sizeof(name), "camera %s", camera->name);
	add(intro, key, "binary_sensor", name,
	    json_pack("{s:o, s:s, s:s}", "state_topic",
		      topic(intro, "state/camera/%s", camera->name), "value_template",
		      "{{ 'ON' if value_json.state == 'live' else 'OFF' }}", "device_class",
		      "connectivity"));
}

static void add_event(const struct introduction *intro, const char *type, const char *name)
{
	char key[TOPIC_BYTES], form[TEMPLATE_BYTES];

	snprintf(key, sizeof(key), "event-%s", type);
	for (char *at = key; *at != '\0'; at++)
		if (*at == '.' || *at == '_')
			*at = '-';
	snprintf(form, sizeof(form),
		 "{{ {'event_type': value_json.type, 'seq': value_json.seq, 'source': "
		 "value_json.source, "
		 "'severity': value_json.severity} | to_json }}");
	add(intro, key, "event", name,
	    json_pack("{s:o, s:[s], s:s}", "state_topic", topic(intro, "event/%s", type),
		      "event_types", type, "value_template", form));
}

static json_t *introduce(const struct introduction *intro)
{
	static const struct {
		const char *type, *name;
	} events[] = {{"access.granted", "access granted"},
		      {"access.denied", "access denied"},
		      {"litter.detected", "something thrown"},
		      {"litter.suspected", "possibly thrown"},
		      {"door.forced", "door forced"},
		      {"door.held_open", "door held open"},
		      {"fire.alarm", "fire"},
		      {"command.refused", "command refused"}};
	const struct config *config = intro->config;
	char name[TOPIC_BYTES];

	for (size_t i = 0; i < config->door_count; i++)
		add_door(intro, &config->doors[i]);
	for (size_t i = 0; i < config->camera_count; i++)
		add_camera(intro, &config->cameras[i]);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		add_event(intro, events[i].type, events[i].name);
	add(intro, "log", "binary_sensor", "log",
	    json_pack("{s:o, s:s, s:s}", "state_topic", topic(intro, "state/storage/log"),
		      "value_template", "{{ 'OFF' if value_json.state == 'ok' else 'ON' }}",
		      "device_class", "problem"));
	snprintf(name, sizeof(name), "Gate %s %s", config->site, config->gate);
	return json_pack(
		"{s:{s:[s], s:s, s:s, s:s, s:s}, s:{s:s, s:s}, s:[{s:o, s:s, s:s, s:s}], s:O, s:i}",
		"device", "identifiers", intro->id, "name", name, "manufacturer", "Gatehouse",
		"model", "gatehoused", "sw_version", GH_VERSION, "origin", "name", "Gatehouse",
		"sw_version", GH_VERSION, "availability", "topic", topic(intro, "status"),
		"value_template", "{{ value_json.state }}", "payload_available", "online",
		"payload_not_available", "offline", "components", intro->components, "qos", 1);
}

int discovery_publish(struct property *property)
{
	const struct config_home_assistant *settings = &property->deps.config->mqtt.home_assistant;
	struct introduction intro = {.config = property->deps.config};
	char where[TOPIC_BYTES];
	json_t *message;
	int r;

	if (!settings->enabled)
		return 0;
	intro.components = json_object();
	snprintf(intro.id, sizeof(intro.id), "gatehouse-%s-%s", property->deps.config->site,
		 property->deps.config->gate);
	snprintf(where, sizeof(where), DISCOVERY_PREFIX "/device/%s/config", intro.id);
	message = introduce(&intro);
	r = message != NULL ? link_publish_retained(property->link, where, message) : -ENOMEM;
	json_decref(message);
	json_decref(intro.components);
	return r;
}
