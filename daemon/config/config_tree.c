#include "config_tree_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

static void add_line(struct config_tree *tree, size_t line, const char *path, const char *format,
		     va_list args) __attribute__((format(printf, 4, 0)));

static void add_line(struct config_tree *tree, size_t line, const char *path, const char *format,
		     va_list args)
{
	char text[512];

	tree->mistakes++;
	if (tree->mistakes > CONFIG_ERRORS_MAX || tree->error_used + 1 >= tree->error_bytes)
		return;
	vsnprintf(text, sizeof(text), format, args);
	tree->error_used += (size_t)snprintf(
		tree->error + tree->error_used, tree->error_bytes - tree->error_used,
		"%s%s:%zu: %s%s%s", tree->error_used > 0 ? "\n" : "", tree->file_name, line, path,
		path[0] != '\0' ? ": " : "", text);
	if (tree->error_used >= tree->error_bytes)
		tree->error_used = tree->error_bytes - 1;
}

yaml_node_t *config_tree_member(struct config_tree *tree, yaml_node_t *map, const char *key)
{
	for (yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top; pair++) {
		yaml_node_t *name = yaml_document_get_node(&tree->document, pair->key);

		if (name->type == YAML_SCALAR_NODE &&
		    strcmp((char *)name->data.scalar.value, key) == 0)
			return yaml_document_get_node(&tree->document, pair->value);
	}
	return NULL;
}

/* The node at "doors[0].lock", or the last one on the way there. */
static yaml_node_t *nearest(struct config_tree *tree, const char *path)
{
	yaml_node_t *node = yaml_document_get_root_node(&tree->document);

	while (node != NULL && *path != '\0') {
		yaml_node_t *next = NULL;

		if (*path == '[') {
			size_t index = strtoul(path + 1, NULL, 10);

			if (node->type == YAML_SEQUENCE_NODE &&
			    index < (size_t)(node->data.sequence.items.top -
					     node->data.sequence.items.start))
				next = yaml_document_get_node(
					&tree->document, node->data.sequence.items.start[index]);
			path += strcspn(path, "]");
			path += *path == ']';
		} else {
			char key[CONFIG_NAME_BYTES] = "";
			size_t length;

			path += *path == '.';
			length = strcspn(path, ".[");
			if (length < sizeof(key))
				memcpy(key, path, length);
			path += length;
			if (node->type == YAML_MAPPING_NODE)
				next = config_tree_member(tree, node, key);
		}
		if (next == NULL)
			return node;
		node = next;
	}
	return node;
}

void config_mistake(struct config_tree *tree, const char *path, const char *format, ...)
{
	yaml_node_t *node = nearest(tree, path);
	va_list args;

	va_start(args, format);
	add_line(tree, node != NULL ? node->start_mark.line + 1 : 1, path, format, args);
	va_end(args);
}

void config_mistake_at(struct config_tree *tree, const yaml_node_t *node, const char *path,
		       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_line(tree, node->start_mark.line + 1, path, format, args);
	va_end(args);
}

void config_mistake_at_line(struct config_tree *tree, size_t line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_line(tree, line, "", format, args);
	va_end(args);
}

/*
 * Deep nesting costs libyaml the square of its depth, so it is counted first, event by event. A
 * mistake in the YAML itself is left to the parser that follows. @return 0, -ENOMEM or -EINVAL,
 * noted in @p tree.
 */
static int refuse_deep(struct config_tree *tree, const char *text, size_t bytes)
{
	unsigned depth = 0;
	bool end = false;
	yaml_parser_t parser;
	yaml_event_t event;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
	while (!end && depth <= DEPTH_MAX && yaml_parser_parse(&parser, &event)) {
		end = event.type == YAML_STREAM_END_EVENT;
		depth += event.type == YAML_MAPPING_START_EVENT ||
			 event.type == YAML_SEQUENCE_START_EVENT;
		depth -= event.type == YAML_MAPPING_END_EVENT ||
			 event.type == YAML_SEQUENCE_END_EVENT;
		yaml_event_delete(&event);
	}
	if (depth > DEPTH_MAX)
		config_mistake_at_line(tree, parser.mark.line + 1,
				       "sections are nested deeper than %d", DEPTH_MAX);
	yaml_parser_delete(&parser);
	return depth > DEPTH_MAX ? -EINVAL : 0;
}

/* 0 with a document to delete, or the mistake is noted in @p tree. */
static int parse(struct config_tree *tree, const char *text, size_t bytes)
{
	yaml_parser_t parser;
	int r = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
	if (!yaml_parser_load(&parser, &tree->document)) {
		bool reader = parser.error == YAML_READER_ERROR;

		r = parser.error == YAML_MEMORY_ERROR ? -ENOMEM : -EINVAL;
		config_mistake_at_line(tree, reader ? 1 : parser.problem_mark.line + 1,
				       "not YAML: %s%s%s",
				       parser.problem != NULL ? parser.problem : "out of memory",
				       parser.context != NULL ? " " : "",
				       parser.context != NULL ? parser.context : "");
	} else if (yaml_document_get_root_node(&tree->document) == NULL) {
		config_mistake_at_line(tree, 1, "the file is empty; it needs at least %s",
				       tree->needs);
		yaml_document_delete(&tree->document);
		r = -EINVAL;
	}
	yaml_parser_delete(&parser);
	return r;
}

int config_tree_parse(struct config_tree *tree, const char *text, size_t bytes)
{
	int r = refuse_deep(tree, text, bytes);

	return r < 0 ? r : parse(tree, text, bytes);
}

int config_tree_version(struct config_tree *tree, unsigned *ret_version)
{
	yaml_node_t *root = yaml_document_get_root_node(&tree->document), *node;
	unsigned long version = CONFIG_VERSION;
	const char *text;

	node = root->type == YAML_MAPPING_NODE ? config_tree_member(tree, root, "version") : NULL;
	text = node != NULL && node->type == YAML_SCALAR_NODE
		       ? (const char *)node->data.scalar.value
		       : "";
	if (text[0] != '\0' && strspn(text, "0123456789") == strlen(text))
		version = strtoul(text, NULL, 10);
	if (version > CONFIG_VERSION) {
		config_mistake_at(tree, node, "version",
				  "%.20s is of a newer gatehoused than " GH_VERSION
				  ", which reads %d: install that one again, or the file that was "
				  "kept for this one",
				  text, CONFIG_VERSION);
		return -EINVAL;
	}
	if (ret_version != NULL)
		*ret_version = (unsigned)version;
	return 0;
}
