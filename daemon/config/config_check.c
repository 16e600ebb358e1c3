/* What one option cannot say alone. */
#include "config_tree.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "camera_login.h"
#include "model_manifest.h"
#include "base/listen_address.h"

static const char *const commands[] = {"door.open",       "door.mode",     "roster.apply",
				       "roster.snapshot", "events.replay", "enrol",
				       "config.get",      "ping"};

static bool same_place(const struct config_line *a, const struct config_line *b)
{
	if (strcmp(a->chip, b->chip) != 0)
		return false;
	return (a->place.offset >= 0 && a->place.offset == b->place.offset) ||
	       (a->place.name[0] != '\0' && strcmp(a->place.name, b->place.name) == 0);
}

/* @p outputs_before, @p inputs_before: how many lines stand above this one in the file. */
static void check_line(struct config_tree *tree, const struct config_board *board, const char *path,
		       const struct config_line *line, size_t outputs_before, size_t inputs_before)
{
	char key[CONFIG_KEY_PATH_BYTES];

	for (size_t i = 0; i < outputs_before + inputs_before; i++) {
		const struct config_line *other = i < outputs_before
							  ? &board->outputs[i]
							  : &board->inputs[i - outputs_before];

		snprintf(key, sizeof(key), "%s.name", path);
		if (strcmp(other->name, line->name) == 0)
			config_mistake(tree, key, "another line is called \"%s\" already",
				       line->name);
		snprintf(key, sizeof(key), "%s.line", path);
		if (board->driver == CONFIG_BOARD_GPIOD && same_place(other, line))
			config_mistake(tree, key, "\"%s\" uses this line of %s already",
				       other->name,
				       line->chip[0] != '\0' ? line->chip : "the board");
	}
	snprintf(key, sizeof(key), "%s.line", path);
	if (board->driver == CONFIG_BOARD_GPIOD && line->place.offset < 0 &&
	    line->place.name[0] == '\0')
		config_mistake(
			tree, key,
			"is missing: expected an offset or a name, because the driver is gpiod");
}

static void check_board(struct config_tree *tree, const struct config_board *board)
{
	char path[CONFIG_KEY_PATH_BYTES];

	for (size_t i = 0; i < board->output_count; i++) {
		snprintf(path, sizeof(path), "board.outputs[%zu]", i);
		check_line(tree, board, path, &board->outputs[i], i, 0);
	}
	for (size_t i = 0; i < board->input_count; i++) {
		snprintf(path, sizeof(path), "board.inputs[%zu]", i);
		check_line(tree, board, path, &board->inputs[i], board->output_count, i);
	}
}

static const struct config_door *find_door(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->door_count; i++)
		if (strcmp(config->doors[i].name, name) == 0)
			return &config->doors[i];
	return NULL;
}

/* a polygon without area watches nothing, and who wrote it meant something else */
static bool has_area(const struct config_polygon *polygon)
{
	double twice = 0;

	for (size_t i = 0; i < polygon->count; i++) {
		const struct config_point *a = &polygon->points[i],
					  *b = &polygon->points[(i + 1) % polygon->count];

		twice += a->x * b->y - b->x * a->y;
	}
	return fabs(twice) > 2e-5;
}

static void check_polygons(struct config_tree *tree, const struct config_camera *camera,
			   size_t index)
{
	static const char flat[] =
		"its corners lie in a line: expected a polygon that covers something";
	char path[CONFIG_KEY_PATH_BYTES];

	snprintf(path, sizeof(path), "cameras[%zu].roi", index);
	if (camera->roi.count > 0 && !has_area(&camera->roi))
		config_mistake(tree, path, "%s", flat);
	for (size_t i = 0; i < camera->exclude_count; i++) {
		snprintf(path, sizeof(path), "cameras[%zu].exclude[%zu]", index, i);
		if (!has_area(&camera->exclude[i]))
			config_mistake(tree, path, "%s", flat);
	}
	for (size_t i = 0; i < camera->privacy_count; i++) {
		snprintf(path, sizeof(path), "cameras[%zu].privacy[%zu]", index, i);
		if (!has_area(&camera->privacy[i]))
			config_mistake(tree, path, "%s", flat);
	}
}

/*
 * what litter_origin_prepare() needs: a rectangle seen in perspective, its low side below its high
 * side
 */
static bool is_facade(const struct config_point *p)
{
	int left = 0;

	for (int i = 0; i < CONFIG_CALIBRATION_POINTS; i++) {
		const struct config_point *a = &p[i], *b = &p[(i + 1) % 4], *c = &p[(i + 2) % 4];
		double cross = (b->x - a->x) * (c->y - b->y) - (b->y - a->y) * (c->x - b->x);

		if (fabs(cross) <= 2e-5)
			return false;
		left += cross > 0;
	}
	return (left == 0 || left == 4) && p[0].y > p[3].y && p[1].y > p[2].y;
}

static void check_facade(struct config_tree *tree, const struct config_camera *camera, size_t index)
{
	char path[CONFIG_KEY_PATH_BYTES];

	snprintf(path, sizeof(path), "cameras[%zu].calibration.points", index);
	if (camera->calibration.count == CONFIG_CALIBRATION_POINTS &&
	    !is_facade(camera->calibration.points))
		config_mistake(tree, path,
			       "are no rectangle seen from the ground: expected left low, right "
			       "low, right high, "
			       "left high, no three in a line, y growing downwards");
	snprintf(path, sizeof(path), "cameras[%zu].privacy", index);
	if (camera->role == CONFIG_CAMERA_FACE && camera->privacy_count > 0)
		config_mistake(tree, path,
			       "belongs to a facade camera: a face camera keeps no film");
}

static void check_login(struct config_tree *tree, const struct config *config, size_t index)
{
	const struct config_camera *camera = &config->cameras[index];
	bool inside = camera_login_is_inside(camera->source);
	char path[CONFIG_KEY_PATH_BYTES];

	snprintf(path, sizeof(path), "cameras[%zu].source", index);
	if (inside)
		config_mistake(
			tree, path,
			"holds a user name or password, which stand in username and password_file");
	snprintf(path, sizeof(path), "cameras[%zu].username", index);
	if (camera->username[0] != '\0' && strncmp(camera->source, "rtsp", 4) != 0)
		config_mistake(tree, path, "belongs to rtsp");
	snprintf(path, sizeof(path), "cameras[%zu].password_file", index);
	if (camera->password_file[0] != '\0' && camera->username[0] == '\0')
		config_mistake(tree, path, "needs username");
}

static void check_camera(struct config_tree *tree, const struct config *config, size_t index)
{
	const struct config_camera *camera = &config->cameras[index];
	char path[CONFIG_KEY_PATH_BYTES];

	snprintf(path, sizeof(path), "cameras[%zu].name", index);
	for (size_t i = 0; i < index; i++)
		if (strcmp(config->cameras[i].name, camera->name) == 0)
			config_mistake(tree, path, "another camera is called \"%s\" already",
				       camera->name);
	snprintf(path, sizeof(path), "cameras[%zu].door", index);
	if (camera->role == CONFIG_CAMERA_FACE && camera->door[0] == '\0')
		config_mistake(tree, path, "is missing: a face camera must name the door it opens");
	else if (camera->role == CONFIG_CAMERA_FACADE && camera->door[0] != '\0')
		config_mistake(tree, path, "a facade camera opens no door; expected role face");
	else if (camera->door[0] != '\0' && find_door(config, camera->door) == NULL)
		config_mistake(tree, path, "no door is called \"%s\"", camera->door);
	snprintf(path, sizeof(path), "cameras[%zu].calibration", index);
	if (camera->role == CONFIG_CAMERA_FACE && camera->calibration.count > 0)
		config_mistake(tree, path,
			       "belongs to a facade camera, and this one has the role face");
	snprintf(path, sizeof(path), "cameras[%zu].calibration.floors", index);
	if (camera->calibration.count > 0 &&
	    camera->calibration.floor_high <= camera->calibration.floor_low)
		config_mistake(tree, path, "[%d, %d]: expected the lower floor first",
			       camera->calibration.floor_low, camera->calibration.floor_high);
	check_login(tree, config, index);
	check_polygons(tree, camera, index);
	check_facade(tree, camera, index);
}

static void check_manifest(struct config_tree *tree, const char *path, const char *name)
{
	if (!model_name_is_valid(name))
		config_mistake(tree, path,
			       "expected the name of a manifest in models_dir, or the path of one");
}

static void check_face(struct config_tree *tree, const struct config *config)
{
	const struct config_face *face = &config->face;
	bool used = false;

	check_manifest(tree, "face.recogniser", face->recogniser);
	check_manifest(tree, "face.detector", face->detector);
	for (size_t i = 0; i < config->camera_count; i++)
		used |= config->cameras[i].role == CONFIG_CAMERA_FACE;
	if (used && face->liveness != CONFIG_LIVENESS_ENFORCE && !face->accept_pictures)
		config_mistake(
			tree, "face.liveness",
			"a printed photo of a resident would open the door: enforce it, or write "
			"face.accept_pictures: true if the site accepts that");
	if (face->stranger_still_hours > 0 && face->stranger_notice[0] == '\0')
		config_mistake(
			tree, "face.stranger_notice",
			"is missing: stills of strangers are kept only where a notice says so");
}

static bool is_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i], name) == 0)
			return true;
	return false;
}

static void check_key(struct config_tree *tree, const struct config *config, size_t index)
{
	const struct config_key *key = &config->mqtt.keys[index];
	char path[CONFIG_KEY_PATH_BYTES];

	snprintf(path, sizeof(path), "mqtt.keys[%zu].id", index);
	for (size_t i = 0; i < index; i++)
		if (strcmp(config->mqtt.keys[i].id, key->id) == 0)
			config_mistake(tree, path, "another key has the id \"%s\" already",
				       key->id);
	for (size_t i = 0; i < key->command_count; i++) {
		snprintf(path, sizeof(path), "mqtt.keys[%zu].commands[%zu]", index, i);
		if (!is_command(key->commands[i]))
			config_mistake(
				tree, path,
				"\"%s\": expected one of door.open, door.mode, roster.apply, "
				"roster.snapshot, "
				"events.replay, enrol, config.get, ping",
				key->commands[i]);
	}
	for (size_t i = 0; i < key->door_count; i++) {
		snprintf(path, sizeof(path), "mqtt.keys[%zu].doors[%zu]", index, i);
		if (find_door(config, key->doors[i]) == NULL)
			config_mistake(tree, path, "no door is called \"%s\"", key->doors[i]);
	}
}

static bool brokers_are_loopback(const struct config_mqtt *mqtt)
{
	for (size_t i = 0; i < mqtt->broker_count; i++)
		if (!listen_host_is_loopback(mqtt->brokers[i].host))
			return false;
	return true;
}

static void check_mqtt(struct config_tree *tree, const struct config *config)
{
	const struct config_mqtt *mqtt = &config->mqtt;

	for (size_t i = 0; i < mqtt->key_count; i++)
		check_key(tree, config, i);
	if ((mqtt->cert_file[0] != '\0') != (mqtt->key_file[0] != '\0'))
		config_mistake(tree,
			       mqtt->cert_file[0] != '\0' ? "mqtt.cert_file" : "mqtt.key_file",
			       "expected both cert_file and key_file, or neither");
	if (mqtt->cert_file[0] != '\0' && mqtt->ca_file[0] == '\0')
		config_mistake(tree, "mqtt.cert_file", "needs ca_file, which switches TLS on");
	if (mqtt->password_file[0] != '\0' && mqtt->username[0] == '\0')
		config_mistake(tree, "mqtt.password_file", "needs username");
	if (mqtt->password_file[0] != '\0' && mqtt->ca_file[0] == '\0' &&
	    !brokers_are_loopback(mqtt))
		config_mistake(tree, "mqtt.password_file",
			       "would cross the network unencrypted: expected ca_file, which "
			       "switches TLS on");
}

static void check_api(struct config_tree *tree, const struct config_api *api)
{
	union listen_address address;
	socklen_t bytes;
	bool tls = api->cert_file[0] != '\0' && api->key_file[0] != '\0';
	int r = api->listen[0] != '\0' ? listen_address_parse(api->listen, tls, &address, &bytes)
				       : 0;

	if ((api->cert_file[0] == '\0') != (api->key_file[0] == '\0'))
		config_mistake(tree, api->cert_file[0] == '\0' ? "api.key_file" : "api.cert_file",
			       "cert_file and key_file go together: expected both or neither");
	if (r == -EACCES)
		config_mistake(tree, "api.listen",
			       "\"%s\" is not loopback: plain HTTP is served on 127.0.0.1 or [::1] "
			       "only; give "
			       "cert_file and key_file for TLS",
			       api->listen);
	else if (r < 0)
		config_mistake(tree, "api.listen",
			       "\"%s\": expected ADDRESS:PORT, such as 127.0.0.1:8480",
			       api->listen);
	if (strlen(api->socket) >= 108)
		config_mistake(tree, "api.socket",
			       "expected at most 107 bytes, the limit of a Unix socket");
}

void config_check(struct config_tree *tree, const struct config *config)
{
	check_board(tree, &config->board);
	config_check_doors(tree, config);
	config_check_readers(tree, config);
	for (size_t i = 0; i < config->camera_count; i++)
		check_camera(tree, config, i);
	check_face(tree, config);
	check_mqtt(tree, config);
	check_api(tree, &config->api);
	if (config->state_dir[0] == '\0')
		config_mistake(tree, "state_dir", "is empty: expected a directory");
	if (config->board.output_count + config->board.input_count == 0)
		config_mistake(tree, "board",
			       "has no line: expected at least one in outputs or inputs, such as "
			       "outputs: [{name: main-lock}]");
}
