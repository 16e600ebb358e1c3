/* A line of the board by its name: the mistake when there is none says which there are. */
#include "config_tree.h"

#include <stdio.h>
#include <string.h>

static const struct config_line *find_line(const struct config_line *lines, size_t count,
					   const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(lines[i].name, name) == 0)
			return &lines[i];
	return NULL;
}

static void list_names(const struct config_line *lines, size_t count, char *text, size_t bytes)
{
	size_t used = 0;

	snprintf(text, bytes, "none");
	for (size_t i = 0; i < count && used < bytes; i++)
		used += (size_t)snprintf(text + used, bytes - used, "%s%s", i > 0 ? ", " : "",
					 lines[i].name);
}

void config_check_reference(struct config_tree *tree, const char *path, const char *name,
			    const char *group, const struct config_line *lines, size_t count)
{
	char names[256];

	if (name[0] == '\0' || find_line(lines, count, name) != NULL)
		return;
	list_names(lines, count, names, sizeof(names));
	config_mistake(tree, path, "no %s is called \"%s\"; %ss are: %s", group, name, group,
		       names);
}
