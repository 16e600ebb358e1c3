/* Fills struct config by the table of options, from the tree and from the fallbacks. */
#include "config_tree_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config_schema.h"
#include "crypto/crypto.h"

bool config_name_is_valid(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return name[length] == '\0' && length >= 1 && length < CONFIG_NAME_BYTES;
}

/*
 * 0, or -EINVAL with what was expected in @p expected. Number texts only: no blanks, no hex, no
 * "nan".
 */
static int parse_number(const char *text, const struct option *option, double *ret_value,
			char *expected, size_t bytes)
{
	bool whole = option->kind != OPTION_REAL && option->kind != OPTION_POINT;
	size_t length = strspn(text, whole ? "+-0123456789" : "+-.eE0123456789");
	char *end;
	double value = strtod(text, &end);

	if (length == 0 || text[length] != '\0' || *end != '\0' || !isfinite(value) ||
	    value < option->min || value > option->max) {
		if (option->min == option->max)
			snprintf(expected, bytes, "%g", option->min);
		else
			snprintf(expected, bytes, "a %s from %g to %.10g",
				 whole ? "whole number" : "number", option->min, option->max);
		return -EINVAL;
	}
	*ret_value = value;
	return 0;
}

static int store_word(const char *text, const struct option *option, void *out, char *expected,
		      size_t bytes)
{
	size_t used = (size_t)snprintf(expected, bytes, "one of");

	for (const struct option_word *word = option->words; word->text != NULL; word++) {
		if (strcmp(text, word->text) == 0) {
			if (option->bytes == sizeof(bool))
				*(bool *)out = word->value != 0;
			else
				*(int *)out = word->value;
			return 0;
		}
		if (used < bytes)
			used += (size_t)snprintf(expected + used, bytes - used, "%s %s",
						 word == option->words ? "" : ",", word->text);
	}
	return -EINVAL;
}

static int store_bool(const char *text, bool *out, char *expected, size_t bytes)
{
	bool yes = strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;

	snprintf(expected, bytes, "true or false");
	if (!yes && strcmp(text, "false") != 0 && strcmp(text, "no") != 0)
		return -EINVAL;
	*out = yes;
	return 0;
}

static bool has_control_character(const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++)
		if (*at < ' ' || *at == 0x7f)
			return true;
	return false;
}

static int store_text(const char *text, const struct option *option, char *out, char *expected,
		      size_t bytes)
{
	snprintf(expected, bytes, "1 to %zu bytes without control characters", option->bytes - 1);
	if (strlen(text) >= option->bytes ||
	    (text[0] == '\0' && option->presence == OPTION_REQUIRED) || has_control_character(text))
		return -EINVAL;
	strcpy(out, text);
	return 0;
}

static int store_name(const char *text, const struct option *option, char *out, char *expected,
		      size_t bytes)
{
	snprintf(expected, bytes, "a name: 1 to %d characters of a-z, 0-9 and -",
		 CONFIG_NAME_BYTES - 1);
	if (!config_name_is_valid(text) && (text[0] != '\0' || option->presence == OPTION_REQUIRED))
		return -EINVAL;
	strcpy(out, text);
	return 0;
}

static int store_key(const char *text, uint8_t *out, char *expected, size_t bytes)
{
	uint8_t key[32];

	snprintf(expected, bytes, "32 bytes in base64 (gatectl mqtt keygen prints such a key)");
	if (crypto_base64_decode(text, key, sizeof(key)) < 0)
		return -EINVAL;
	memcpy(out, key, sizeof(key));
	return 0;
}

/* Digits alone are an offset; a name of digits alone cannot be written. */
static int store_line(const char *text, const struct option *option, struct config_line_place *out,
		      char *expected, size_t bytes)
{
	struct config_line_place place = {.offset = -1};
	bool number = text[0] != '\0' && strspn(text, "0123456789") == strlen(text);

	snprintf(expected, bytes, "an offset from %g to %g, or a name of at most %d bytes",
		 option->min, option->max, CONFIG_NAME_BYTES - 1);
	if (strlen(text) >= sizeof(place.name) || text[0] == '-' || has_control_character(text) ||
	    (number && strtod(text, NULL) > option->max))
		return -EINVAL;
	if (number)
		place.offset = (int)strtol(text, NULL, 10);
	else
		strcpy(place.name, text);
	*out = place;
	return 0;
}

/* "HOST", "HOST:PORT", "::1" or "[::1]:PORT". */
static int store_broker(const char *text, struct config_broker *out, char *expected, size_t bytes)
{
	const char *host = text, *end = text + strlen(text), *colon = strrchr(text, ':');
	struct config_broker broker = {.port = 1883};

	snprintf(expected, bytes, "HOST or HOST:PORT, such as broker.example:8883");
	if (text[0] == '[') {
		host = text + 1;
		end = strchr(host, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return -EINVAL;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else if (colon != strchr(text, ':')) {
		colon = NULL; /* an address of IPv6 without a port */
	} else if (colon != NULL) {
		end = colon;
	}
	if (colon != NULL) {
		size_t digits = strspn(colon + 1, "0123456789");

		broker.port =
			digits >= 1 && digits <= 5 ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
		if (colon[1 + digits] != '\0' || broker.port < 1 || broker.port > 65535)
			return -EINVAL;
	}
	if (end == host || (size_t)(end - host) >= sizeof(broker.host) ||
	    has_control_character(text))
		return -EINVAL;
	memcpy(broker.host, host, (size_t)(end - host));
	*out = broker;
	return 0;
}

/* One scalar. 0, or -EINVAL with what was expected. */
static int store_scalar(const char *text, const struct option *option, void *out, char *expected,
			size_t bytes)
{
	double number;
	int r;

	switch (option->kind) {
	case OPTION_NAME:
		return store_name(text, option, out, expected, bytes);
	case OPTION_TEXT:
		return store_text(text, option, out, expected, bytes);
	case OPTION_BOOL:
		return store_bool(text, out, expected, bytes);
	case OPTION_WORD:
		return store_word(text, option, out, expected, bytes);
	case OPTION_KEY:
		return store_key(text, out, expected, bytes);
	case OPTION_LINE:
		return store_line(text, option, out, expected, bytes);
	case OPTION_BROKER:
		return store_broker(text, out, expected, bytes);
	default:
		r = parse_number(text, option, &number, expected, bytes);
		if (r < 0)
			return r;
	}
	if (option->kind == OPTION_REAL || option->kind == OPTION_POINT)
		*(double *)out = number;
	else if (option->kind == OPTION_UINT)
		*(unsigned *)out = (unsigned)number;
	else
		*(int *)out = (int)number;
	return 0;
}

static bool is_null(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (node->data.scalar.length == 0 ||
		strcmp((char *)node->data.scalar.value, "~") == 0 ||
		strcmp((char *)node->data.scalar.value, "null") == 0);
}

static void fill_value(struct config_tree *tree, yaml_node_t *node, const struct option *option,
		       void *out, const char *path);

static void fill_scalar(struct config_tree *tree, yaml_node_t *node, const struct option *option,
			void *out, const char *path)
{
	const char *text = is_null(node) ? "" : (const char *)node->data.scalar.value;
	char expected[256];

	if (node->type != YAML_SCALAR_NODE)
		config_mistake_at(tree, node, path, "expected one value, not a %s",
				  node->type == YAML_MAPPING_NODE ? "section" : "list");
	else if (strlen((char *)node->data.scalar.value) != node->data.scalar.length)
		config_mistake_at(tree, node, path, "holds a zero byte");
	else if (store_scalar(text, option, out, expected, sizeof(expected)) < 0)
		config_mistake_at(tree, node, path, "\"%.80s\": expected %s", text, expected);
}

static void fill_point(struct config_tree *tree, yaml_node_t *node, const struct option *option,
		       struct config_point *point, const char *path)
{
	double *const parts[] = {&point->x, &point->y};

	if (node->type != YAML_SEQUENCE_NODE ||
	    node->data.sequence.items.top - node->data.sequence.items.start != 2) {
		config_mistake_at(tree, node, path, "expected a point: [x, y], each %g to %g",
				  option->min, option->max);
		return;
	}
	for (size_t i = 0; i < 2; i++)
		fill_scalar(
			tree,
			yaml_document_get_node(&tree->document, node->data.sequence.items.start[i]),
			option, parts[i], path);
}

/* @p out: the structure that holds the list; the items lie at option->offset of it. */
static void fill_list(struct config_tree *tree, yaml_node_t *node, const struct option *option,
		      void *out, const char *path)
{
	yaml_node_item_t *first = node->data.sequence.items.start;
	size_t count = node->type == YAML_SEQUENCE_NODE
			       ? (size_t)(node->data.sequence.items.top - first)
			       : 0;
	char deeper[CONFIG_KEY_PATH_BYTES];

	if (node->type != YAML_SEQUENCE_NODE) {
		config_mistake_at(tree, node, path, "expected a list");
		return;
	}
	if ((double)count < option->min || (double)count > option->max) {
		if (option->min == option->max)
			config_mistake_at(tree, node, path, "has %zu items: expected %.0f", count,
					  option->max);
		else
			config_mistake_at(tree, node, path, "has %zu items: expected %.0f to %.0f",
					  count, option->min, option->max);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		snprintf(deeper, sizeof(deeper), "%s[%zu]", path, i);
		fill_value(tree, yaml_document_get_node(&tree->document, first[i]), option->item,
			   (char *)out + option->offset + i * option->item->bytes, deeper);
	}
	*(size_t *)((char *)out + option->count_offset) = count;
}

static void refuse_unknown(struct config_tree *tree, yaml_node_t *node, const struct option *map,
			   const char *path)
{
	yaml_node_pair_t *start = node->data.mapping.pairs.start,
			 *top = node->data.mapping.pairs.top;
	const char *dot = path[0] != '\0' ? "." : "";
	char deeper[CONFIG_KEY_PATH_BYTES];

	for (yaml_node_pair_t *pair = start; pair < top; pair++) {
		yaml_node_t *key = yaml_document_get_node(&tree->document, pair->key);
		const struct option *member = map->members;

		if (key->type != YAML_SCALAR_NODE) {
			config_mistake_at(tree, key, path, "expected the name of an option");
			continue;
		}
		snprintf(deeper, sizeof(deeper), "%s%s%.40s", path, dot,
			 (char *)key->data.scalar.value);
		while (member->key != NULL &&
		       strcmp(member->key, (char *)key->data.scalar.value) != 0)
			member++;
		if (member->key == NULL)
			config_mistake_at(tree, key, deeper,
					  "there is no such option (%s lists them)", tree->page);
		else if (config_tree_member(tree, node, member->key) !=
			 yaml_document_get_node(&tree->document, pair->value))
			config_mistake_at(tree, key, deeper, "is given twice");
	}
}

static void fill_missing(struct config_tree *tree, yaml_node_t *around, const struct option *option,
			 void *out, const char *path);

/*
 * @p node: the section, or NULL when it is missing and its fallbacks stand in; @p around: for the
 *    line then.
 */
static void fill_map(struct config_tree *tree, yaml_node_t *node, yaml_node_t *around,
		     const struct option *map, void *out, const char *path)
{
	char deeper[CONFIG_KEY_PATH_BYTES];

	if (node != NULL && node->type != YAML_MAPPING_NODE) {
		config_mistake_at(tree, node, path, "expected a section of `option: value` lines");
		return;
	}
	if (node != NULL)
		refuse_unknown(tree, node, map, path);
	for (const struct option *member = map->members; member->key != NULL; member++) {
		yaml_node_t *value =
			node != NULL ? config_tree_member(tree, node, member->key) : NULL;
		void *at = member->kind == OPTION_LIST ? out : (char *)out + member->offset;

		snprintf(deeper, sizeof(deeper), "%s%s%s", path, path[0] != '\0' ? "." : "",
			 member->key);
		if (value == NULL ||
		    (is_null(value) && (member->kind == OPTION_MAP || member->kind == OPTION_LIST)))
			fill_missing(tree, node != NULL ? node : around, member, at, deeper);
		else
			fill_value(tree, value, member, at, deeper);
	}
}

static void fill_missing(struct config_tree *tree, yaml_node_t *around, const struct option *option,
			 void *out, const char *path)
{
	char expected[256] = "";

	if (option->presence == OPTION_REQUIRED)
		config_mistake_at(tree, around, path, "is missing: %s", option->help);
	else if (option->presence == OPTION_DEFAULTED && option->kind == OPTION_MAP)
		fill_map(tree, NULL, around, option, out, path);
	else if (option->presence == OPTION_DEFAULTED && option->kind != OPTION_LIST &&
		 store_scalar(option->fallback, option, out, expected, sizeof(expected)) < 0)
		config_mistake_at(tree, around, path, "its default \"%s\" is wrong: expected %s",
				  option->fallback, expected);
}

static void fill_value(struct config_tree *tree, yaml_node_t *node, const struct option *option,
		       void *out, const char *path)
{
	if (option->kind == OPTION_MAP)
		fill_map(tree, node, node, option, out, path);
	else if (option->kind == OPTION_LIST)
		fill_list(tree, node, option, out, path);
	else if (option->kind == OPTION_POINT)
		fill_point(tree, node, option, out, path);
	else
		fill_scalar(tree, node, option, out, path);
}

void config_tree_fill(struct config_tree *tree, const struct option *schema, void *out)
{
	fill_value(tree, yaml_document_get_root_node(&tree->document), schema, out, "");
}

void config_fill(struct config_tree *tree, struct config *config)
{
	yaml_node_t *root = yaml_document_get_root_node(&tree->document);

	config_tree_fill(tree, &config_schema, config);
	if ((size_t)snprintf(config->evidence.dir, sizeof(config->evidence.dir), "%s/evidence",
			     config->state_dir) >= sizeof(config->evidence.dir))
		config_mistake_at(tree, root, "state_dir", "is too long");
}
