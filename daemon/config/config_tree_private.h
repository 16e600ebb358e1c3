/*
 * config_tree_private.h - the parts of the tree that show libyaml; for
 * config_(fill|load|tree|upgrade*).c.
 */
#ifndef GH_CONFIG_CONFIG_TREE_PRIVATE_H
#define GH_CONFIG_CONFIG_TREE_PRIVATE_H

#include <yaml.h>

#include "config_tree.h"

struct config_tree {
	const char *file_name;
	const char *needs,
		/* for the errors: what a file has at least, and where its options are listed */
		*page;
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

/**
 * The version that the document states; a document without one, or with no number there, has
 * CONFIG_VERSION: the table of options reports it.
 * @return 0, or -EINVAL: it is newer than this program, which is noted. That alone is noted, since
 *         options that are not known follow from it.
 */
int config_tree_version(struct config_tree *tree, unsigned *ret_version);

/**
 * The file at @p path, to free(); up to CONFIG_BYTES_MAX + 1 bytes of it.
 * @return 0, -EINVAL (no regular file), -EISDIR, -ENOMEM, or what open(2) or read(2) failed with.
 */
int config_read_file(const char *path, char **ret_text, size_t *ret_bytes);

/** The value of @p key in @p map, or NULL. */
yaml_node_t *config_tree_member(struct config_tree *tree, yaml_node_t *map, const char *key);

/** Like config_mistake(), at the line of @p node. */
void config_mistake_at(struct config_tree *tree, const yaml_node_t *node, const char *path,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Like config_mistake(), of the file as a whole, at @p line. */
void config_mistake_at_line(struct config_tree *tree, size_t line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
