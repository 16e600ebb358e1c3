#include "config_tree_private.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

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
	tree->error_used +=
		(size_t)snprintf(tree->error + tree->error_used, tree->error_bytes - tree->error_used,
				 "%s%s:%zu: %s%s%s", tree->error_used > 0 ? "\n" : "", tree->file_name, line,
				 path, path[0] != '\0' ? ": " : "", text);
	if (tree->error_used >= tree->error_bytes)
		tree->error_used = tree->error_bytes - 1;
}

yaml_node_t *config_tree_member(struct config_tree *tree, yaml_node_t *map, const char *key)
{
	for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
	     pair++) {
		yaml_node_t *name = yaml_document_get_node(&tree->document, pair->key);

		if (name->type == YAML_SCALAR_NODE && strcmp((char *)name->data.scalar.value, key) == 0)
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
			    index < (size_t)(node->data.sequence.items.top - node->data.sequence.items.start))
				next = yaml_document_get_node(&tree->document,
							      node->data.sequence.items.start[index]);
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
