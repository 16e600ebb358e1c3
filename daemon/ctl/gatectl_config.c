/*
 * gatectl: a config to begin with, on the simulated board. docs/reference/doors.md says how real
 * lines are named instead.
 */
#include "gatectl.h"

#include <stdio.h>
#include <string.h>

#include "config/config.h"

enum { NAME_MAX_BYTES = 24, DOORS_MAX = 8 };

struct doors {
	char names[DOORS_MAX][NAME_MAX_BYTES + 1];
	size_t count;
};

static bool is_name(const char *text, size_t length)
{
	return length > 0 && length <= NAME_MAX_BYTES &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") >= length;
}

static bool has(const struct doors *doors, const char *name)
{
	for (size_t i = 0; i < doors->count; i++)
		if (strcmp(doors->names[i], name) == 0)
			return true;
	return false;
}

static int take_doors(const char *text, struct doors *ret_doors)
{
	*ret_doors = (struct doors){0};
	for (;;) {
		size_t length = strcspn(text, ",");
		char *name;

		if (ret_doors->count == DOORS_MAX || !is_name(text, length))
			return CTL_USAGE;
		name = ret_doors->names[ret_doors->count];
		memcpy(name, text, length);
		if (has(ret_doors, name))
			return CTL_USAGE;
		ret_doors->count++;
		if (text[length] == '\0')
			return CTL_OK;
		text += length + 1;
	}
}

static void print_config(const char *site, const char *gate, const struct doors *doors,
			 const struct doors *interlock)
{
	printf("version: %d\nsite: %s\ngate: %s\n", CONFIG_VERSION, site, gate);
	puts("board:\n  driver: sim\n  outputs:");
	for (size_t i = 0; i < doors->count; i++)
		printf("  - name: %s-lock\n", doors->names[i]);
	puts("  inputs:");
	for (size_t i = 0; i < doors->count; i++)
		printf("  - name: %s-contact\n  - name: %s-exit\n", doors->names[i],
		       doors->names[i]);
	puts("  - name: fire\nfire_input: fire\ndoors:");
	for (size_t i = 0; i < doors->count; i++) {
		const char *name = doors->names[i];

		printf("- name: %s\n  lock: %s-lock\n  contact: %s-contact\n  exit_button: "
		       "%s-exit\n",
		       name, name, name, name);
		if (has(interlock, name))
			puts("  interlock: airlock");
	}
}

int ctl_config_new(const struct ctl *ctl)
{
	const char *site = ctl->words[0], *gate = ctl->words[1];
	struct doors doors = {0}, interlock = {0};
	bool good = is_name(site, strlen(site)) && is_name(gate, strlen(gate));

	for (int i = 2; good && i < ctl->word_count; i++) {
		const char *word = ctl->words[i];

		if (strncmp(word, "doors=", 6) == 0)
			good = take_doors(word + 6, &doors) == CTL_OK;
		else
			good = strncmp(word, "interlock=", 10) == 0 &&
			       take_doors(word + 10, &interlock) == CTL_OK;
	}
	for (size_t i = 0; i < interlock.count; i++)
		good = good && has(&doors, interlock.names[i]);
	if (!good || doors.count == 0 || interlock.count == 1) {
		fprintf(stderr,
			"gatectl: expected SITE GATE doors=A,B and perhaps interlock=A,B of these "
			"doors; "
			"names are of a-z, "
			"0-9 and the hyphen, at most %d characters and %d doors\n",
			NAME_MAX_BYTES, DOORS_MAX);
		return CTL_USAGE;
	}
	print_config(site, gate, &doors, &interlock);
	return CTL_OK;
}
