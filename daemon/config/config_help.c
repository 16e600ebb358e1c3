/* The help text and docs/reference/config.md: the table of options in Markdown. */
#include "config.h"

#include <string.h>

#include "config_schema.h"

static void print_words(FILE *out, const struct option_word *word)
{
	for (const char *between = ""; word->text != NULL; word++, between = ", ")
		fprintf(out, "%s`%s`", between, word->text);
}

static void print_type(FILE *out, const struct option *option)
{
	switch (option->kind) {
	case OPTION_NAME:
		fputs("name", out);
		break;
	case OPTION_TEXT:
		fprintf(out, "text, up to %zu bytes", option->bytes - 1);
		break;
	case OPTION_BOOL:
		fputs("`true`, `false`", out);
		break;
	case OPTION_UINT:
	case OPTION_INT:
		if (option->min == option->max)
			fprintf(out, "%g", option->min);
		else
			fprintf(out, "whole number, %.0f to %.0f", option->min, option->max);
		break;
	case OPTION_REAL:
		fprintf(out, "number, %g to %g", option->min, option->max);
		break;
	case OPTION_WORD:
		print_words(out, option->words);
		break;
	case OPTION_POINT:
		fputs("[x, y]", out);
		break;
	case OPTION_KEY:
		fputs("32 bytes in base64", out);
		break;
	case OPTION_LINE:
		fprintf(out, "0 to %.0f, or text up to %d bytes", option->max,
			CONFIG_NAME_BYTES - 1);
		break;
	case OPTION_BROKER:
		fputs("HOST or HOST:PORT", out);
		break;
	case OPTION_MAP:
		fputs("section", out);
		break;
	case OPTION_LIST:
		if (option->min == option->max)
			fprintf(out, "list of %.0f", option->max);
		else
			fprintf(out, "list of %.0f to %.0f", option->min, option->max);
		if (option->item->kind != OPTION_MAP) {
			fputs(": ", out);
			print_type(out, option->item);
		}
		break;
	}
}

static void print_default(FILE *out, const struct option *option)
{
	if (option->presence == OPTION_REQUIRED)
		fputs("**required**", out);
	else if (option->fallback != NULL && option->fallback[0] != '\0')
		fprintf(out, "`%s`", option->fallback);
	else
		fputs("none", out);
}

static void print_map(FILE *out, const struct option *map, const char *path)
{
	char deeper[128];

	if (path[0] != '\0')
		fprintf(out, "\n## %s\n", path);
	fputs("\n| option | value | default | |\n|---|---|---|---|\n", out);
	for (const struct option *member = map->members; member->key != NULL; member++) {
		fprintf(out, "| `%s` | ", member->key);
		print_type(out, member);
		fputs(" | ", out);
		print_default(out, member);
		fprintf(out, " | %s |\n", member->help);
	}
	for (const struct option *member = map->members; member->key != NULL; member++) {
		bool list = member->kind == OPTION_LIST;
		const struct option *inner = list ? member->item : member;

		if (inner->kind != OPTION_MAP)
			continue;
		snprintf(deeper, sizeof(deeper), "%s%s%s%s", path, path[0] != '\0' ? "." : "",
			 member->key, list ? "[]" : "");
		print_map(out, inner, deeper);
	}
}

void config_print_help(FILE *out)
{
	fputs("# gatehouse.yaml\n\n"
	      "`gatehoused --config FILE` reads one YAML file; `gatehoused --config-help` prints "
	      "this page. "
	      "A name is\n"
	      "1 to 31 characters of `a-z`, `0-9` and `-`. An unknown or repeated option, a value "
	      "out of "
	      "range or a\n"
	      "name that nothing has is refused, with the file, the line and the option:\n\n"
	      "    gatehouse.yaml:14: doors[0].lock: no output is called \"lock-man\"; outputs "
	      "are: "
	      "lock-main\n",
	      out);
	print_map(out, &config_schema, "");
}
