/* The text of a config file, brought to today's version step by step; comments and order stay. */
#include "config_upgrade.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_tree_private.h"

enum { EDITS_MAX = 32, EDIT_BYTES = 256 };

/* replaces the characters from @p from to @p to of the old text */
struct edit {
	size_t from, to;
	char text[EDIT_BYTES];
};

struct config_edits {
	struct config_tree *tree;
	struct edit edits[EDITS_MAX];
	size_t count;
};

/*
 * How to add a step: raise CONFIG_VERSION, write a function that queues the edits of the options
 * whose name or meaning changed, and append {.from = the old version, .edit = the function} before
 * the last row.
 */
const struct config_upgrade_step config_upgrade_steps[] = {{0}};

static int replace(struct config_edits *edits, const yaml_node_t *node, const char *text)
{
	struct edit *edit = &edits->edits[edits->count];

	if (edits->count == EDITS_MAX || strlen(text) >= sizeof(edit->text))
		return -ENOSPC;
	edit->from = node->start_mark.index;
	edit->to = node->end_mark.index;
	strcpy(edit->text, text);
	edits->count++;
	return 0;
}

/* The pair of the option at @p path, or NULL. Lists are not entered: no step needs it. */
static yaml_node_pair_t *find_pair(struct config_tree *tree, const char *path)
{
	yaml_node_t *map = yaml_document_get_root_node(&tree->document);
	yaml_node_pair_t *pair = NULL;

	for (const char *at = path; map != NULL; at += strcspn(at, ".") + 1) {
		size_t length = strcspn(at, ".");

		if (map->type != YAML_MAPPING_NODE)
			return NULL;
		for (pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
		     pair++) {
			yaml_node_t *key = yaml_document_get_node(&tree->document, pair->key);

			if (key->type == YAML_SCALAR_NODE && key->data.scalar.length == length &&
			    memcmp(key->data.scalar.value, at, length) == 0)
				break;
		}
		if (pair == map->data.mapping.pairs.top)
			return NULL;
		if (at[length] == '\0')
			return pair;
		map = yaml_document_get_node(&tree->document, pair->value);
	}
	return NULL;
}

int config_edit_rename(struct config_edits *edits, const char *path, const char *key)
{
	yaml_node_pair_t *pair = find_pair(edits->tree, path);

	return pair == NULL
		       ? 0
		       : replace(edits, yaml_document_get_node(&edits->tree->document, pair->key),
				 key);
}

int config_edit_set(struct config_edits *edits, const char *path, const char *value)
{
	yaml_node_pair_t *pair = find_pair(edits->tree, path);

	return pair == NULL
		       ? 0
		       : replace(edits, yaml_document_get_node(&edits->tree->document, pair->value),
				 value);
}

static int by_place(const void *a, const void *b)
{
	const struct edit *one = a, *other = b;

	return (one->from > other->from) - (one->from < other->from);
}

/* libyaml counts characters, a text has bytes. */
static size_t byte_at(const char *text, size_t bytes, size_t character)
{
	size_t at = bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	for (; at < bytes && character > 0; character--)
		do
			at++;
		while (at < bytes && ((unsigned char)text[at] & 0xc0) == 0x80);
	return at;
}

/*
 * The text with its edits, to free(), or NULL. An edit inside another one, of a node used twice, is
 * cut to nothing.
 */
static char *apply(const char *text, size_t bytes, struct config_edits *edits)
{
	char *fresh = malloc(bytes + edits->count * EDIT_BYTES + 1);
	size_t used = 0, at = 0;

	if (fresh == NULL)
		return NULL;
	qsort(edits->edits, edits->count, sizeof(edits->edits[0]), by_place);
	for (size_t i = 0; i < edits->count; i++) {
		size_t from = byte_at(text, bytes, edits->edits[i].from);
		size_t to = byte_at(text, bytes, edits->edits[i].to);

		from = from < at ? at : from;
		memcpy(fresh + used, text + at, from - at);
		used += from - at;
		strcpy(fresh + used, edits->edits[i].text);
		used += strlen(edits->edits[i].text);
		at = to < from ? from : to;
	}
	memcpy(fresh + used, text + at, bytes - at);
	fresh[used + bytes - at] = '\0';
	return fresh;
}

static const struct config_upgrade_step *find_step(const struct config_upgrade_step *steps,
						   unsigned from)
{
	for (; steps->edit != NULL; steps++)
		if (steps->from == from)
			return steps;
	return NULL;
}

/* One step on a parsed text of version @p from. */
static int apply_step(struct config_tree *tree, const char *text, size_t bytes,
		      const struct config_upgrade_step *step, char **ret_text)
{
	struct config_edits *edits = calloc(1, sizeof(*edits));
	char version[16];
	int r;

	if (edits == NULL)
		return -ENOMEM;
	edits->tree = tree;
	snprintf(version, sizeof(version), "%u", step->from + 1);
	r = config_edit_set(edits, "version", version);
	if (r == 0)
		r = step->edit(edits);
	if (r == 0) {
		*ret_text = apply(text, bytes, edits);
		r = *ret_text == NULL ? -ENOMEM : 0;
	}
	free(edits);
	return r;
}

/* From the version of @p text to the next. @return 0, -EALREADY, or as config_upgrade_text(). */
static int upgrade_once(struct config_tree *tree, const char *text, size_t bytes,
			const struct config_upgrade_step *steps, char **ret_text)
{
	const struct config_upgrade_step *step;
	unsigned version = 0;
	int r = config_tree_parse(tree, text, bytes);

	if (r < 0)
		return r;
	r = config_tree_version(tree, &version);
	if (r == 0 && version == CONFIG_VERSION)
		r = -EALREADY;
	step = r == 0 ? find_step(steps, version) : NULL;
	if (r == 0 && step == NULL) {
		config_mistake(tree, "version", "%u: no upgrade from this version is known",
			       version);
		r = -EINVAL;
	}
	if (r == 0)
		r = apply_step(tree, text, bytes, step, ret_text);
	yaml_document_delete(&tree->document);
	return r;
}

int config_upgrade_text(const char *text, size_t bytes, const char *file_name,
			const struct config_upgrade_step *steps, char **ret_text, char *error,
			size_t error_bytes)
{
	struct config_tree tree = {.file_name = file_name,
				   .error = error,
				   .error_bytes = error_bytes,
				   .needs = "version, site and gate"};
	struct config *config = NULL;
	char *now = NULL, *next = NULL;
	int r;

	if (error_bytes > 0)
		error[0] = '\0';
	if (bytes > CONFIG_BYTES_MAX)
		return -EFBIG;
	while ((r = upgrade_once(&tree, now != NULL ? now : text, now != NULL ? strlen(now) : bytes,
				 steps, &next)) == 0) {
		free(now);
		now = next;
	}
	/*
	 * No step was needed, or all were applied: what comes out must load, or nothing comes out.
	 */
	if (r == -EALREADY && now != NULL)
		r = config_load_text(now, strlen(now), file_name, &config, error, error_bytes);
	config_free(config);
	if (r == 0)
		*ret_text = now;
	else
		free(now);
	return r;
}
