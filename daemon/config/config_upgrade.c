/*
 * A file of an older version, brought to today's as text, so that what somebody wrote beside the options stays.
 *
 * From 1 to 2: a network camera's user name and password leave its address; the password gets a file of its own.
 */
#include "config_tree_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "camera_login.h"

enum { EDITS_MAX = CONFIG_CAMERAS_MAX + 1, INSERT_BYTES = 2 * CONFIG_URL_BYTES + 512 };

/* in place of the characters from @p from to @p to of the old text */
struct edit {
	size_t from, to;
	char text[INSERT_BYTES];
};

struct edits {
	struct edit *edits;
	size_t count;
};

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

static struct edit *replace(struct edits *edits, const yaml_node_t *node)
{
	struct edit *edit = &edits->edits[edits->count++];

	edit->from = node->start_mark.index;
	edit->to = node->end_mark.index;
	edit->text[0] = '\0';
	return edit;
}

static void put_quoted(char *text, const char *value)
{
	size_t used = strlen(text);

	text[used++] = '"';
	for (; *value != '\0' && used + 4 < INSERT_BYTES; value++) {
		if (*value == '"' || *value == '\\')
			text[used++] = '\\';
		text[used++] = *value;
	}
	text[used++] = '"';
	text[used] = '\0';
}

/* Another option of the same camera, in the style in which this one stands. */
static void put_option(struct edit *edit, const yaml_node_t *map, const yaml_node_t *key, const char *name,
		       const char *value)
{
	size_t used = strlen(edit->text);

	if (map->data.mapping.style == YAML_FLOW_MAPPING_STYLE)
		snprintf(edit->text + used, INSERT_BYTES - used, ", %s: ", name);
	else
		snprintf(edit->text + used, INSERT_BYTES - used, "\n%*s%s: ", (int)key->start_mark.column, "",
			 name);
	put_quoted(edit->text, value);
}

static void move_login(struct config_tree *tree, yaml_node_t *map, const char *secrets_dir,
		       struct edits *edits, struct config_upgrade *upgrade)
{
	yaml_node_t *source = config_tree_member(tree, map, "source"), *key = source;
	yaml_node_t *name = config_tree_member(tree, map, "name");
	char plain[CONFIG_URL_BYTES], path[CONFIG_PATH_BYTES + 64];
	struct config_secret *secret;
	struct camera_login login;
	struct edit *edit;

	if (!camera_login_split((const char *)source->data.scalar.value, &login, plain, sizeof(plain)))
		return;
	for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top;
	     pair++)
		if (yaml_document_get_node(&tree->document, pair->value) == source)
			key = yaml_document_get_node(&tree->document, pair->key);
	edit = replace(edits, source);
	put_quoted(edit->text, plain);
	put_option(edit, map, key, "username", login.user);
	if (login.password[0] == '\0')
		return;
	secret = &upgrade->secrets[upgrade->secret_count++];
	snprintf(secret->name, sizeof(secret->name), "camera-%.*s", CONFIG_NAME_BYTES - 1,
		 (const char *)name->data.scalar.value);
	snprintf(secret->text, sizeof(secret->text), "%s", login.password);
	/* systemd hands over what lies in this folder, and the daemon cannot read it there */
	if (strcmp(secrets_dir, "/etc/gatehouse/credentials") == 0)
		snprintf(path, sizeof(path), "/run/credentials/gatehoused.service/secret_%s", secret->name);
	else
		snprintf(path, sizeof(path), "%.*s/%s", CONFIG_PATH_BYTES, secrets_dir, secret->name);
	put_option(edit, map, key, "password_file", path);
	explicit_bzero(&login, sizeof(login));
}

/* The file is a good one of version 1: the nodes are what the table says. */
static void from_1_to_2(struct config_tree *tree, const char *secrets_dir, struct edits *edits,
			struct config_upgrade *upgrade)
{
	yaml_node_t *root = yaml_document_get_root_node(&tree->document);
	yaml_node_t *cameras = config_tree_member(tree, root, "cameras");

	strcpy(replace(edits, config_tree_member(tree, root, "version"))->text, "2");
	if (cameras == NULL || cameras->type != YAML_SEQUENCE_NODE)
		return;
	for (yaml_node_item_t *item = cameras->data.sequence.items.start;
	     item < cameras->data.sequence.items.top; item++)
		move_login(tree, yaml_document_get_node(&tree->document, *item), secrets_dir, edits, upgrade);
}

static int by_place(const void *a, const void *b)
{
	const struct edit *one = a, *other = b;

	return (one->from > other->from) - (one->from < other->from);
}

static char *apply(const char *text, size_t bytes, struct edits *edits)
{
	char *fresh = malloc(bytes + edits->count * INSERT_BYTES + 1);
	size_t used = 0, at = 0;

	if (fresh == NULL)
		return NULL;
	qsort(edits->edits, edits->count, sizeof(*edits->edits), by_place);
	for (size_t i = 0; i < edits->count; i++) {
		size_t from = byte_at(text, bytes, edits->edits[i].from);

		from = from < at ? at : from;
		memcpy(fresh + used, text + at, from - at);
		used += from - at;
		strcpy(fresh + used, edits->edits[i].text);
		used += strlen(edits->edits[i].text);
		at = byte_at(text, bytes, edits->edits[i].to);
		at = at < from ? from : at;
	}
	memcpy(fresh + used, text + at, bytes - at);
	fresh[used + bytes - at] = '\0';
	return fresh;
}

static int load_document(struct config_tree *tree, const char *text, size_t bytes)
{
	yaml_parser_t parser;
	int r;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
	r = yaml_parser_load(&parser, &tree->document) ? 0 : -ENOMEM; /* it was good a moment ago */
	yaml_parser_delete(&parser);
	return r;
}

int config_upgrade(const char *text, size_t bytes, const char *file_name, const char *secrets_dir,
		   struct config_upgrade *ret_upgrade, char *error, size_t error_bytes)
{
	struct config_upgrade upgrade = {0};
	struct edits edits = {.edits = calloc(EDITS_MAX, sizeof(*edits.edits))};
	struct config_tree tree = {.file_name = file_name};
	struct config *config = NULL;
	int r = edits.edits == NULL ? -ENOMEM
				    : config_load_text(text, bytes, file_name, &config, error, error_bytes);

	if (r == 0 && config->version == CONFIG_VERSION)
		r = -EALREADY;
	config_free(config);
	config = NULL;
	if (r == 0)
		r = load_document(&tree, text, bytes);
	if (r == 0) {
		from_1_to_2(&tree, secrets_dir, &edits, &upgrade);
		yaml_document_delete(&tree.document);
		upgrade.text = apply(text, bytes, &edits);
		r = upgrade.text == NULL ? -ENOMEM : 0;
	}
	free(edits.edits);
	if (r ==
	    0) /* never a file that would not be taken: an anchor used twice, a text over several lines */
		r = config_load_text(upgrade.text, strlen(upgrade.text), file_name, &config, error,
				     error_bytes);
	config_free(config);
	if (r < 0)
		config_upgrade_finish(&upgrade);
	else
		*ret_upgrade = upgrade;
	return r;
}

void config_upgrade_finish(struct config_upgrade *upgrade)
{
	free(upgrade->text);
	explicit_bzero(upgrade, sizeof(*upgrade));
}

void config_outdated(const struct config *config, char *text)
{
	text[0] = '\0';
	for (size_t i = 0; i < config->camera_count; i++)
		if (camera_login_split(config->cameras[i].source, NULL, NULL, 0)) {
			snprintf(text, CONFIG_ERROR_BYTES,
				 "version %u holds the password of camera %s; `gatectl config upgrade` "
				 "moves it to a file of its own",
				 config->version, config->cameras[i].name);
			return;
		}
}
