/*
 * Whatever somebody sends as a group, schedule, rule, holiday, area, credential or pass: kept or
 * refused with a sentence.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/json.h"
#include "access/access_rules.h"
#include "access/roster_credential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct access_rules *book;

static void begin(void)
{
	static const char *const doors[] = {"main", "side"};
	struct problem problem = {0};
	json_t *empty = json_object(), *week = json_pack("{s:[]}", "week");

	if (access_rules_open(doors, 2, &book) < 0 ||
	    access_rules_put(book, "group", "staff", empty, &problem) < 0 ||
	    access_rules_put(book, "schedule", "office", week, &problem) < 0)
		abort();
	json_decref(empty);
	json_decref(week);
}

static int put(unsigned kind, json_t *value, struct problem *problem)
{
	static const char *const kinds[] = {"group", "schedule", "rule", "holiday", "area"};
	static const char *const id = "01HF7YAT00000000000000000A";
	const struct roster_names *names = access_rules_names(book);
	struct roster_credential credential;
	struct policy_person person = {.enabled = true};

	switch (kind % 8) {
	case 5:
		return roster_credential_parse(id, value, NULL, &credential, problem);
	case 6:
		return roster_pass_parse(id, value, names, NULL, &credential, problem);
	case 7:
		return roster_parse_holder(value, names, &person, problem);
	default:
		return access_rules_put(book, kinds[kind % 8], "x", value, problem);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct problem problem = {0};
	json_t *value;

	if (book == NULL)
		begin();
	if (bytes < 1)
		return 0;
	value = json_read((const char *)data + 1, bytes - 1, 65536, &problem);
	problem.detail[0] = '\0';
	if (value != NULL && put(data[0], value, &problem) < 0 && problem.detail[0] == '\0')
		abort(); /* refused without saying why */
	json_decref(value);
	for (unsigned kind = 0; kind < 5; kind++)
		(void)access_rules_remove(book, kind == 1 ? "schedule" : "rule", "x",
					  &problem); /* mostly not there */
	return 0;
}
