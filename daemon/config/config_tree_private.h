/* config_tree_private.h - the parts of the tree that show libyaml; for config_load.c, config_tree.c, config_fill.c and config_upgrade.c. */
#ifndef GH_CONFIG_CONFIG_TREE_PRIVATE_H
#define GH_CONFIG_CONFIG_TREE_PRIVATE_H

#include <yaml.h>

#include "config_tree.h"

struct config_tree {
	const char *file_name;
	yaml_document_t document;
	char *error;
	size_t error_bytes, error_used;
	unsigned mistakes;
};

/**
 * Parse @p bytes of @p text into tree->document.
 * @return 0: the caller deletes the document; -EINVAL: the mistake is noted; or -ENOMEM.
 */
int config_tree_parse(struct config_tree *tree, const char *text, size_t bytes);

/** The value of @p key in @p map, or NULL. */
yaml_node_t *config_tree_member(struct config_tree *tree, yaml_node_t *map, const char *key);

/** Like config_mistake(), at the line of @p node. */
void config_mistake_at(struct config_tree *tree, const yaml_node_t *node, const char *path,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Like config_mistake(), of the file as a whole, at @p line. */
void config_mistake_at_line(struct config_tree *tree, size_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
