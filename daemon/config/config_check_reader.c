/* What one option of a reader cannot say alone. */
#include "config_tree.h"

#include <string.h>

#include "hw/reader/reader_port.h"
#include "hw/reader/wiegand.h"

_Static_assert((int)CONFIG_FORMAT_BYTES == (int)WIEGAND_LAYOUT_BYTES,
	       "a format of the config fits the decoder");
_Static_assert((int)CONFIG_PARITIES_MAX == (int)WIEGAND_PARITIES_MAX, "the same for its sums");

static const struct config_line *line_named(const struct config_line *lines, size_t count,
					    const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(lines[i].name, name) == 0)
			return &lines[i];
	return NULL;
}

/* The members of one list item are told by "readers[2]" and their own name. */
struct place {
	struct config_tree *tree;
	const char *list;
	size_t index;
	char path[CONFIG_KEY_PATH_BYTES];
};

static const char *at(struct place *place, const char *key)
{
	snprintf(place->path, sizeof(place->path), "%s[%zu].%s", place->list, place->index, key);
	return place->path;
}

static void check_data_line(struct place *place, const struct config *config, const char *key,
			    const char *name)
{
	const struct config_line *line =
		line_named(config->board.inputs, config->board.input_count, name);

	if (name[0] == '\0')
		config_mistake(place->tree, at(place, key),
			       "is missing: a wiegand reader has two data lines");
	else if (line == NULL)
		config_mistake(place->tree, at(place, key), "no input is called \"%s\"", name);
	else if (line->debounce_ms != 0)
		config_mistake(
			place->tree, at(place, key),
			"\"%s\" is debounced, which swallows its pulses: expected debounce_ms 0",
			name);
}

static bool format_exists(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->format_count; i++)
		if (strcmp(config->formats[i].name, name) == 0)
			return true;
	return wiegand_format_find(name) != NULL;
}

static void check_by_kind(struct place *place, const struct config *config,
			  const struct config_reader *reader)
{
	if (reader->kind != CONFIG_READER_WIEGAND) {
		if (reader->device[0] == '\0')
			config_mistake(place->tree, at(place, "device"),
				       "is missing: expected the reader's device file");
		if (reader->d0[0] != '\0' || reader->d1[0] != '\0')
			config_mistake(place->tree, at(place, reader->d0[0] != '\0' ? "d0" : "d1"),
				       "belongs to a reader of the kind wiegand");
		if (reader->kind == CONFIG_READER_SERIAL &&
		    !reader_port_baud_is_known(reader->baud))
			config_mistake(place->tree, at(place, "baud"),
				       "%u: expected 1200, 2400, 4800, 9600, 19200, 38400, 57600 "
				       "or 115200",
				       reader->baud);
		return;
	}
	if (reader->device[0] != '\0')
		config_mistake(place->tree, at(place, "device"),
			       "belongs to a reader of the kind evdev or serial");
	check_data_line(place, config, "d0", reader->d0);
	check_data_line(place, config, "d1", reader->d1);
	if (!format_exists(config, reader->format))
		config_mistake(place->tree, at(place, "format"),
			       "\"%s\": expected wiegand26, wiegand34, wiegand37 or one of "
			       "wiegand_formats",
			       reader->format);
}

static void check_output(struct place *place, const struct config *config, const char *key,
			 const char *name)
{
	const char *user = NULL;

	if (name[0] == '\0')
		return;
	if (line_named(config->board.outputs, config->board.output_count, name) == NULL)
		config_mistake(place->tree, at(place, key), "no output is called \"%s\"", name);
	for (size_t i = 0; i < config->door_count; i++)
		if (strcmp(config->doors[i].lock, name) == 0)
			user = config->doors[i].name;
	for (size_t i = 0; i < place->index; i++)
		if (strcmp(config->readers[i].led, name) == 0 ||
		    strcmp(config->readers[i].buzzer, name) == 0)
			user = config->readers[i].name;
	if (user != NULL)
		config_mistake(place->tree, at(place, key), "\"%s\" is used by \"%s\" already",
			       name, user);
}

static bool uses_input(const struct config_door *door, const char *name)
{
	return strcmp(door->contact, name) == 0 || strcmp(door->exit_button, name) == 0;
}

/* No line has two uses: a card would press an exit button. */
static void check_lines_alone(struct place *place, const struct config *config,
			      const struct config_reader *reader)
{
	const char *const lines[] = {reader->d0, reader->d1};
	static const char *const keys[] = {"d0", "d1"};

	for (size_t l = 0; l < 2; l++) {
		const char *name = lines[l], *user = NULL;

		if (name[0] == '\0')
			continue;
		for (size_t i = 0; i < config->door_count; i++)
			if (uses_input(&config->doors[i], name))
				user = config->doors[i].name;
		if (strcmp(config->fire_input, name) == 0)
			user = "fire_input";
		for (size_t i = 0; i < place->index; i++)
			if (strcmp(config->readers[i].d0, name) == 0 ||
			    strcmp(config->readers[i].d1, name) == 0)
				user = config->readers[i].name;
		if (l == 1 && strcmp(reader->d0, name) == 0)
			user = "d0";
		if (user != NULL)
			config_mistake(place->tree, at(place, keys[l]),
				       "\"%s\" is used by \"%s\" already", name, user);
	}
}

static void check_reader(struct config_tree *tree, const struct config *config, size_t index)
{
	const struct config_reader *reader = &config->readers[index];
	struct place place = {.tree = tree, .list = "readers", .index = index};
	bool door = false;

	for (size_t i = 0; i < config->door_count; i++)
		door |= strcmp(config->doors[i].name, reader->door) == 0;
	if (!door)
		config_mistake(tree, at(&place, "door"), "no door is called \"%s\"", reader->door);
	for (size_t i = 0; i < index; i++) {
		if (strcmp(config->readers[i].name, reader->name) == 0)
			config_mistake(tree, at(&place, "name"),
				       "another reader is called \"%s\" already", reader->name);
		if (reader->device[0] != '\0' &&
		    strcmp(config->readers[i].device, reader->device) == 0)
			config_mistake(tree, at(&place, "device"),
				       "\"%s\" is the device of \"%s\" already", reader->device,
				       config->readers[i].name);
	}
	check_by_kind(&place, config, reader);
	check_lines_alone(&place, config, reader);
	check_output(&place, config, "led", reader->led);
	check_output(&place, config, "buzzer", reader->buzzer);
	if (reader->led[0] != '\0' && strcmp(reader->led, reader->buzzer) == 0)
		config_mistake(tree, at(&place, "buzzer"), "\"%s\" is its light already",
			       reader->buzzer);
}

static void check_format(struct config_tree *tree, const struct config *config, size_t index)
{
	const struct config_format *format = &config->formats[index];
	struct place place = {.tree = tree, .list = "wiegand_formats", .index = index};
	const char *parity[CONFIG_PARITIES_MAX];
	struct wiegand_format parsed;
	char error[WIEGAND_ERROR_BYTES];

	for (size_t i = 0; i < format->parity_count; i++)
		parity[i] = format->parity[i];
	if (wiegand_format_find(format->name) != NULL)
		config_mistake(tree, at(&place, "name"), "\"%s\" is built in already",
			       format->name);
	for (size_t i = 0; i < index; i++)
		if (strcmp(config->formats[i].name, format->name) == 0)
			config_mistake(tree, at(&place, "name"),
				       "another format is called \"%s\" already", format->name);
	if (wiegand_format_parse(format->layout, NULL, 0, &parsed, error) < 0)
		config_mistake(tree, at(&place, "layout"), "%s", error);
	else if (wiegand_format_parse(format->layout, parity, format->parity_count, &parsed,
				      error) < 0)
		config_mistake(tree, at(&place, "parity"), "%s", error);
}

void config_check_readers(struct config_tree *tree, const struct config *config)
{
	for (size_t i = 0; i < config->format_count; i++)
		check_format(tree, config, i);
	for (size_t i = 0; i < config->reader_count; i++)
		check_reader(tree, config, i);
}
