/* gatectl: why a door stayed shut, and whom a guard is asked about. */
#include "gatectl.h"

#include <string.h>

static void print_lines(const json_t *lines)
{
	for (size_t i = 0; i < json_array_size(lines); i++) {
		ctl_print_text(stdout, json_string_value(json_array_get(lines, i)));
		putchar('\n');
	}
}

int ctl_explain(const struct ctl *ctl)
{
	char path[2 * CTL_URL_BYTES];
	json_t *reply = NULL;
	int r;

	snprintf(path, sizeof(path), "access/explain/%s", ctl_escape(ctl->words[0]));
	r = ctl_get(ctl, path, &reply);
	if (r == CTL_OK && ctl->json)
		ctl_print_json(reply);
	else if (r == CTL_OK)
		print_lines(json_object_get(reply, "lines"));
	json_decref(reply);
	return r;
}

int ctl_access_requests(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {{"ID", "id"},         {"DOOR", "door"},
						    {"PERSON", "person"}, {"FACTOR", "factor"},
						    {"LEFT", "left_ms"},  {0}};
	json_t *reply = NULL;
	int r = ctl_get(ctl, "access/requests", &reply);

	if (r == CTL_OK)
		ctl_print_rows(ctl, json_object_get(reply, "requests"), columns);
	json_decref(reply);
	return r;
}

int ctl_access_answer(const struct ctl *ctl)
{
	char path[2 * CTL_URL_BYTES];
	bool yes = strcmp(ctl->words[1], "yes") == 0;
	int r;

	if (!yes && strcmp(ctl->words[1], "no") != 0) {
		fprintf(stderr, "gatectl: expected yes or no\n");
		return CTL_USAGE;
	}
	snprintf(path, sizeof(path), "access/requests/%s", ctl_escape(ctl->words[0]));
	r = ctl_post(ctl, path, json_pack("{s:b}", "admit", yes), NULL);
	if (r == CTL_OK && !ctl->json)
		puts(yes ? "admitted" : "refused");
	return r;
}
