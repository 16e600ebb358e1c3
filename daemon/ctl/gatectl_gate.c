/* gatectl: status, people, doors and the board. */
#include "gatectl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/unconst.h"

#include "api/api.h"

static const struct ctl_column door_columns[] = {{"DOOR", "name"},
						 {"MODE", "mode"},
						 {"LEAF", "physical"},
						 {"LOCK", "lock"},
						 {"ALARM", "alarm"},
						 {"FAULT", "fault"},
						 {0}};
static const struct ctl_column line_columns[] = {
	{"LINE", "name"}, {"DIRECTION", "direction"}, {"LEVEL", "level"}, {0}};

int ctl_status(const struct ctl *ctl)
{
	static const struct ctl_column cameras[] = {
		{"CAMERA", "name"}, {"ROLE", "role"}, {"STATE", "state"}, {0}};
	json_t *status = NULL, *storage, *mqtt;
	int r = ctl_get(ctl, "status", &status);

	if (r != CTL_OK)
		return r;
	if (ctl->json) {
		ctl_print_json(status);
		json_decref(status);
		return CTL_OK;
	}
	storage = json_object_get(status, "storage");
	mqtt = json_object_get(status, "mqtt");
	printf("gate %s/%s, gatehoused %s, up %lld s\n", ctl_text(status, "site", "?"),
	       ctl_text(status, "gate", "?"), ctl_text(status, "version", "?"),
	       (long long)json_integer_value(json_object_get(status, "uptime_s")));
	printf("people %lld, log %s (last event %lld), mqtt %s\n",
	       (long long)json_integer_value(json_object_get(status, "people")),
	       ctl_text(storage, "state", "?"),
	       (long long)json_integer_value(json_object_get(storage, "last_seq")),
	       ctl_text(mqtt, "state", "off"));
	ctl_print_rows(ctl, json_object_get(status, "doors"), door_columns);
	ctl_print_rows(ctl, json_object_get(status, "cameras"), cameras);
	json_decref(status);
	return CTL_OK;
}

/* A reply of the daemon: the JSON, or one line made of @p key. */
static void tell(const struct ctl *ctl, json_t *reply, const char *done, const char *key)
{
	if (ctl->json && reply != NULL) {
		ctl_print_json(reply);
	} else if (!ctl->json) {
		fputs(done, stdout);
		if (key != NULL)
			ctl_print_text(stdout, ctl_text(reply, key, ""));
		putchar('\n');
	}
	json_decref(reply);
}

int ctl_person_add(const struct ctl *ctl)
{
	json_t *person = json_pack("{s:s}", "name", ctl->words[0]), *reply = NULL;
	int r;

	if (person == NULL) {
		fprintf(stderr, "gatectl: the name is not UTF-8\n");
		return CTL_USAGE;
	}
	if (ctl->from != NULL)
		json_object_set_new(person, "valid_from", json_string(ctl->from));
	if (ctl->to != NULL)
		json_object_set_new(person, "valid_to", json_string(ctl->to));
	r = ctl_post(ctl, "people", person, &reply);
	if (r == CTL_OK)
		tell(ctl, reply, "", "id");
	return r;
}

int ctl_person_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {{"ID", "id"},       {"NAME", "name"},
						    {"FACES", "faces"}, {"FROM", "valid_from"},
						    {"TO", "valid_to"}, {0}};
	json_t *all = json_array(), *reply = NULL;
	char path[128] = "people?limit=1000", next[64];
	int r;

	do {
		r = ctl_get(ctl, path, &reply);
		if (r != CTL_OK)
			break;
		json_array_extend(all, json_object_get(reply, "people"));
		snprintf(next, sizeof(next), "%s", ctl_text(reply, "next", ""));
		snprintf(path, sizeof(path), "people?limit=1000&after=%s", ctl_escape(next));
		json_decref(reply);
	} while (next[0] != '\0');
	if (r == CTL_OK)
		ctl_print_rows(ctl, all, columns);
	json_decref(all);
	return r;
}

int ctl_person_remove(const struct ctl *ctl)
{
	char path[CTL_URL_BYTES + 16];
	int r;

	snprintf(path, sizeof(path), "people/%s", ctl_escape(ctl->words[0]));
	r = ctl_request(ctl, "DELETE", path, NULL, 0, NULL, NULL);
	if (r == CTL_OK)
		tell(ctl, NULL, "removed", NULL);
	return r;
}

int ctl_person_copy(const struct ctl *ctl)
{
	char path[CTL_URL_BYTES + 16];
	json_t *reply = NULL;
	int r;

	snprintf(path, sizeof(path), "people/%s/copy", ctl_escape(ctl->words[0]));
	r = ctl_get(ctl, path, &reply);
	if (r == CTL_OK)
		ctl_print_json(reply);
	json_decref(reply);
	return r;
}

/* @return the photo, malloc'ed, or NULL with the reason told. */
static char *read_photo(const char *path, size_t *ret_bytes)
{
	FILE *file = fopen(path, "rb");
	char *bytes = malloc(API_PHOTO_BYTES_MAX + 1);

	if (file == NULL || bytes == NULL) {
		fprintf(stderr, "gatectl: %s: %s\n", path, strerror(errno));
	} else {
		*ret_bytes = fread(bytes, 1, API_PHOTO_BYTES_MAX + 1, file);
		if (!ferror(file) && *ret_bytes <= API_PHOTO_BYTES_MAX) {
			fclose(file);
			return bytes;
		}
		fprintf(stderr, "gatectl: %s: %s\n", path,
			ferror(file) ? "cannot be read"
				     : "larger than 10 MiB, the limit of a photo");
	}
	if (file != NULL)
		fclose(file);
	free(bytes);
	return NULL;
}

static bool word_is(const char *word, const char *key)
{
	return strncmp(word, key, strlen(key)) == 0;
}

static int tell_enrolled(const struct ctl *ctl, int r, json_t *reply, const char *what)
{
	if (r == CTL_OK && !ctl->json)
		printf("%s: enrolled, quality %.2f\n", what,
		       json_number_value(json_object_get(reply, "quality")));
	else if (r == CTL_OK)
		ctl_print_json(reply);
	else
		fprintf(stderr, "gatectl: %s: not enrolled\n", what);
	json_decref(reply);
	return r;
}

static int enrol_photo(const struct ctl *ctl, const char *file, bool accept)
{
	char path[CTL_URL_BYTES + 48];
	json_t *reply = NULL;
	size_t bytes = 0;
	char *photo = read_photo(file, &bytes);
	int r;

	snprintf(path, sizeof(path), "people/%s/faces%s", ctl_escape(ctl->words[0]),
		 accept ? "?look_alike=accept" : "");
	r = photo != NULL ? ctl_request(ctl, "POST", path, photo, bytes, "application/octet-stream",
					&reply)
			  : CTL_REFUSED;
	free(photo);
	return tell_enrolled(ctl, r, reply, file);
}

static int enrol_live(const struct ctl *ctl, const char *camera, bool accept)
{
	json_t *body = json_pack("{s:s}", "camera", camera), *reply = NULL;
	char path[CTL_URL_BYTES + 48], *text;
	int r = CTL_REFUSED;

	if (body != NULL && accept)
		json_object_set_new(body, "look_alike", json_string("accept"));
	text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	snprintf(path, sizeof(path), "people/%s/faces/live", ctl_escape(ctl->words[0]));
	if (text != NULL)
		r = ctl_request(ctl, "POST", path, text, strlen(text), "application/json", &reply);
	free(text);
	return tell_enrolled(ctl, r, reply, camera);
}

int ctl_enrol(const struct ctl *ctl)
{
	bool accept = false;
	int worst = CTL_OK;

	for (int i = 1; i < ctl->word_count; i++)
		accept |= strcmp(ctl->words[i], "look_alike=accept") == 0;
	for (int i = 1; i < ctl->word_count; i++) {
		const char *word = ctl->words[i];
		int r;

		if (word_is(word, "look_alike="))
			continue;
		r = word_is(word, "camera=") ? enrol_live(ctl, word + strlen("camera="), accept)
					     : enrol_photo(ctl, word, accept);
		if (r == CTL_NO_DAEMON)
			return r;
		worst = r != CTL_OK ? r : worst;
	}
	return worst;
}

int ctl_door_list(const struct ctl *ctl)
{
	json_t *reply = NULL;
	int r = ctl_get(ctl, "doors", &reply);

	if (r == CTL_OK)
		ctl_print_rows(ctl, json_object_get(reply, "doors"), door_columns);
	json_decref(reply);
	return r;
}

static int door_post(const struct ctl *ctl, const char *what, json_t *body, const char *done)
{
	char path[CTL_URL_BYTES + 32];
	json_t *reply = NULL;
	int r;

	snprintf(path, sizeof(path), "doors/%s/%s", ctl_escape(ctl->words[0]), what);
	r = ctl_post(ctl, path, body, &reply);
	if (r == CTL_OK)
		tell(ctl, reply, done, NULL);
	return r;
}

int ctl_door_open(const struct ctl *ctl)
{
	return door_post(ctl, "open", NULL, "opened");
}

int ctl_door_mode(const struct ctl *ctl)
{
	return door_post(ctl, "mode", json_pack("{s:s}", "mode", ctl->words[1]), "done");
}

/* Both are a mode of every door, and "Locked" ends both. */
static int every_door(const struct ctl *ctl, const char *mode)
{
	bool on = strcmp(ctl->words[0], "on") == 0;

	if (!on && strcmp(ctl->words[0], "off") != 0) {
		fprintf(stderr, "gatectl: expected on or off, not \"%s\"\n", ctl->words[0]);
		return CTL_USAGE;
	}
	return ctl_post(ctl, "doors/*/mode", json_pack("{s:s}", "mode", on ? mode : "Locked"),
			NULL);
}

int ctl_lockdown(const struct ctl *ctl)
{
	return every_door(ctl, "LockedDown");
}

int ctl_evacuate(const struct ctl *ctl)
{
	return every_door(ctl, "LockedOpen");
}

int ctl_fire_reset(const struct ctl *ctl)
{
	return ctl_post(ctl, "fire/reset", NULL, NULL);
}

int ctl_board_list(const struct ctl *ctl)
{
	json_t *board = NULL;
	int r = ctl_get(ctl, "board", &board);

	if (r == CTL_OK && !ctl->json)
		printf("driver %s\n", ctl_text(board, "driver", "?"));
	if (r == CTL_OK)
		ctl_print_rows(ctl, json_object_get(board, "lines"), line_columns);
	json_decref(board);
	return r;
}

static int drive(const struct ctl *ctl, const char *level)
{
	char path[CTL_URL_BYTES + 16];

	snprintf(path, sizeof(path), "board/lines/%s", ctl_escape(ctl->words[0]));
	return ctl_post(ctl, path, json_pack("{s:s}", "level", level), NULL);
}

int ctl_board_press(const struct ctl *ctl)
{
	return drive(ctl, "active");
}

int ctl_board_release(const struct ctl *ctl)
{
	return drive(ctl, "inactive");
}

int ctl_board_cut(const struct ctl *ctl)
{
	return drive(ctl, "unknown");
}

static int drive_reader(const struct ctl *ctl, const char *what, const char *key)
{
	char path[CTL_URL_BYTES + 32];

	snprintf(path, sizeof(path), "board/readers/%s/%s", ctl_escape(ctl->words[0]), what);
	return ctl_post(ctl, path, json_pack("{s:s}", key, ctl->words[1]), NULL);
}

int ctl_board_swipe(const struct ctl *ctl)
{
	return drive_reader(ctl, "swipe", "code");
}

int ctl_board_type(const struct ctl *ctl)
{
	return drive_reader(ctl, "type", "keys");
}

int ctl_reader_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {{"READER", "name"},
						    {"DOOR", "door"},
						    {"FOR", "direction"},
						    {"KIND", "kind"},
						    {"FAULT", "fault"},
						    {"WRONG", "wrong_tries"},
						    {"LOCKED OUT S", "locked_out_s"},
						    {0}};
	json_t *reply = NULL;
	int r = ctl_get(ctl, "readers", &reply);

	if (r == CTL_OK)
		ctl_print_rows(ctl, json_object_get(reply, "readers"), columns);
	json_decref(reply);
	return r;
}

static bool show_board(void *arg, const json_t *board)
{
	const struct ctl *ctl = arg;

	if (!ctl->json)
		putchar('\n');
	ctl_print_rows(ctl, json_object_get(board, "lines"), line_columns);
	return fflush(stdout) == 0;
}

int ctl_board_watch(const struct ctl *ctl)
{
	return ctl_stream(ctl, "board/stream", show_board, unconst(ctl));
}
