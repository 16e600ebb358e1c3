/*
 * config_tree.h - the YAML text as a tree whose every node knows its line, and the mistakes found
 * in it. libyaml is known to config_(fill|tree|upgrade*|load).c and model_manifest.c. Private to
 * config*.c.
 */
#ifndef GH_CONFIG_CONFIG_TREE_H
#define GH_CONFIG_CONFIG_TREE_H

#include <stddef.h>

#include "config.h"

enum { CONFIG_KEY_PATH_BYTES = 96 };

struct config_tree; /* the document being loaded */

/**
 * Note one mistake at the option @p path ("doors[0].lock"; "" for the file as a whole); when the
 * path is not there, the line is that of the nearest section around it.
 */
void config_mistake(struct config_tree *tree, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

struct option;
/**
 * Fill @p out by the table @p schema, whose root is a map: types, ranges, defaults, unknown and
 * missing options.
 */
void config_tree_fill(struct config_tree *tree, const struct option *schema, void *out);

/** Fill @p config by the table: types, ranges, defaults, unknown and missing options. */
void config_fill(struct config_tree *tree, struct config *config);

/**
 * What one option cannot say alone: names that must exist or be unique, options that need each
 * other.
 */
void config_check(struct config_tree *tree, const struct config *config);

/** Of that, the readers and the formats of their cards. */
void config_check_readers(struct config_tree *tree, const struct config *config);
/* of config_check(), in files of their own */
void config_check_doors(struct config_tree *tree, const struct config *config);
/** "" is no reference; @p group is "output" or "input". */
void config_check_reference(struct config_tree *tree, const char *path, const char *name,
			    const char *group, const struct config_line *lines, size_t count);

#endif
