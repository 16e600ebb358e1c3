/* gatectl: groups, schedules, rules, holidays, areas, opening hours, credentials, passes. */
#include "gatectl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "access/pass_image.h"

/* ---- KEY=VALUE words ---- */

enum worth { TEXT, LIST, NUMBER, FLAG, TIME, REPEATED };

struct word_key {
	const char *key, *member;
	enum worth worth;
};

/*
 * "2026-11-22T18:00" of this machine's wall clock as UTC; what ends in Z, or is a day, stays as it
 * is
 */
static json_t *time_value(const char *text)
{
	struct tm local = {.tm_isdst = -1};
	char utc[32];
	const char *end = strptime(text, "%Y-%m-%dT%H:%M", &local);
	time_t seconds;

	if (end == NULL || *end != '\0')
		return json_string(text);
	seconds = mktime(&local);
	gmtime_r(&seconds, &local);
	strftime(utc, sizeof(utc), "%Y-%m-%dT%H:%MZ", &local);
	return json_string(utc);
}

static json_t *list_value(const char *text)
{
	json_t *list = json_array();

	while (*text != '\0') {
		size_t length = strcspn(text, ",");

		if (length > 0)
			json_array_append_new(list, json_stringn(text, length));
		text += length + (text[length] == ',');
	}
	return list;
}

static int set_word(json_t *value, const struct word_key *key, const char *text)
{
	json_t *list;
	char *end;
	long number;

	switch (key->worth) {
	case TEXT:
		return json_object_set_new(value, key->member, json_string(text));
	case LIST:
		return json_object_set_new(value, key->member, list_value(text));
	case TIME:
		return json_object_set_new(value, key->member, time_value(text));
	case FLAG:
		if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
			return -1;
		return json_object_set_new(value, key->member, json_boolean(text[0] == 'y'));
	case NUMBER:
		number = strtol(text, &end, 10);
		return *text == '\0' || *end != '\0'
			       ? -1
			       : json_object_set_new(value, key->member, json_integer(number));
	case REPEATED:
		list = json_object_get(value, key->member);
		if (list == NULL && json_object_set_new(value, key->member, json_array()) < 0)
			return -1;
		return json_array_append_new(json_object_get(value, key->member),
					     json_string(text));
	}
	return -1;
}

/* The words from @p first on into @p value. @return CTL_OK, or CTL_USAGE with the reason told */
static int take_words(const struct ctl *ctl, int first, const struct word_key *keys, json_t *value)
{
	for (int i = first; i < ctl->word_count; i++) {
		const char *word = ctl->words[i], *equals = strchr(word, '=');
		size_t length = equals != NULL ? (size_t)(equals - word) : 0;
		const struct word_key *key = keys;

		while (key->key != NULL &&
		       (strlen(key->key) != length || memcmp(key->key, word, length) != 0))
			key++;
		if (key->key != NULL && equals != NULL && set_word(value, key, equals + 1) == 0)
			continue;
		fprintf(stderr, "gatectl: %s: expected", word);
		for (key = keys; key->key != NULL; key++)
			fprintf(stderr, " %s=%s", key->key,
				key->worth == FLAG     ? "yes|no"
				: key->worth == LIST   ? "A,B"
				: key->worth == NUMBER ? "N"
						       : "...");
		fputc('\n', stderr);
		return CTL_USAGE;
	}
	return CTL_OK;
}

/* ---- the four verbs ---- */

static int put(const struct ctl *ctl, const char *kind, const char *id, json_t *value)
{
	char path[2 * CTL_URL_BYTES], *text = json_dumps(value, JSON_COMPACT);
	json_t *reply = NULL;
	int r;

	json_decref(value);
	if (text == NULL)
		return CTL_REFUSED;
	snprintf(path, sizeof(path), "access/%s/%s", kind, ctl_escape(id));
	r = ctl_request(ctl, "PUT", path, text, strlen(text), NULL, &reply);
	free(text);
	if (r == CTL_OK && ctl->json)
		ctl_print_json(reply);
	else if (r == CTL_OK)
		puts("kept");
	json_decref(reply);
	return r;
}

static int add(const struct ctl *ctl, const char *kind, const struct word_key *keys)
{
	json_t *value = json_object();
	int r = take_words(ctl, 1, keys, value);

	if (r == CTL_OK)
		return put(ctl, kind, ctl->words[0], value);
	json_decref(value);
	return r;
}

static int list(const struct ctl *ctl, const char *kind, const struct ctl_column *columns)
{
	json_t *all = json_array(), *reply = NULL;
	char path[256], next[96] = "";
	int r;

	do {
		snprintf(path, sizeof(path), "access/%s?limit=1000&after=%s", kind,
			 ctl_escape(next));
		r = ctl_get(ctl, path, &reply);
		if (r != CTL_OK)
			break;
		json_array_extend(all, json_object_get(reply, "items"));
		snprintf(next, sizeof(next), "%s", ctl_text(reply, "next", ""));
		json_decref(reply);
	} while (next[0] != '\0');
	if (r == CTL_OK)
		ctl_print_rows(ctl, all, columns);
	json_decref(all);
	return r;
}

static int drop(const struct ctl *ctl, const char *kind, const char *done)
{
	char path[2 * CTL_URL_BYTES];
	int r;

	snprintf(path, sizeof(path), "access/%s/%s", kind, ctl_escape(ctl->words[0]));
	r = ctl_request(ctl, "DELETE", path, NULL, 0, NULL, NULL);
	if (r == CTL_OK && !ctl->json)
		puts(done);
	return r;
}

/* ---- groups, schedules, holidays, rules, areas ---- */

int ctl_group_add(const struct ctl *ctl)
{
	static const struct word_key keys[] = {{"title", "title", TEXT}, {0}};

	return add(ctl, "groups", keys);
}

int ctl_group_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {{"GROUP", "id"}, {"TITLE", "title"}, {0}};

	return list(ctl, "groups", columns);
}

int ctl_group_remove(const struct ctl *ctl)
{
	return drop(ctl, "groups", "removed");
}

int ctl_schedule_add(const struct ctl *ctl)
{
	static const struct word_key keys[] = {{"week", "week", REPEATED},
					       {"except", "except", REPEATED},
					       {"holidays", "holidays", TEXT},
					       {"title", "title", TEXT},
					       {0}};
	json_t *value = json_pack("{s:[]}", "week");
	struct ctl rest = *ctl;
	int r;

	/* words without "=" are spans */
	rest.words++;
	rest.word_count--;
	while (rest.word_count > 0 && strchr(rest.words[0], '=') == NULL) {
		json_array_append_new(json_object_get(value, "week"), json_string(rest.words[0]));
		rest.words++;
		rest.word_count--;
	}
	r = take_words(&rest, 0, keys, value);
	if (r == CTL_OK)
		return put(ctl, "schedules", ctl->words[0], value);
	json_decref(value);
	return r;
}

int ctl_schedule_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {{"SCHEDULE", "id"},
						    {"WEEK", "week"},
						    {"EXCEPT", "except"},
						    {"HOLIDAYS", "holidays"},
						    {0}};

	return list(ctl, "schedules", columns);
}

int ctl_schedule_remove(const struct ctl *ctl)
{
	return drop(ctl, "schedules", "removed");
}

int ctl_holiday_add(const struct ctl *ctl)
{
	static const struct word_key keys[] = {{"date", "date", TEXT},
					       {"to", "to", TEXT},
					       {"as", "as", TEXT},
					       {"title", "title", TEXT},
					       {0}};

	return add(ctl, "holidays", keys);
}

int ctl_holiday_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"HOLIDAY", "id"}, {"DATE", "date"}, {"TO", "to"}, {"AS", "as"}, {0}};

	return list(ctl, "holidays", columns);
}

int ctl_holiday_remove(const struct ctl *ctl)
{
	return drop(ctl, "holidays", "removed");
}

int ctl_rule_add(const struct ctl *ctl)
{
	static const struct word_key keys[] = {{"open", "open", LIST},
					       {"doors", "doors", LIST},
					       {"groups", "groups", LIST},
					       {"schedule", "schedule", TEXT},
					       {"persons", "persons", NUMBER},
					       {"guard", "guard", FLAG},
					       {"direction", "direction", TEXT},
					       {"title", "title", TEXT},
					       {0}};

	return add(ctl, "rules", keys);
}

int ctl_rule_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"RULE", "id"},           {"OPEN", "open"},
		{"DOORS", "doors"},       {"GROUPS", "groups"},
		{"SCHEDULE", "schedule"}, {"PERSONS", "persons"},
		{"GUARD", "guard"},       {0}};

	return list(ctl, "rules", columns);
}

int ctl_rule_remove(const struct ctl *ctl)
{
	return drop(ctl, "rules", "removed");
}

int ctl_area_add(const struct ctl *ctl)
{
	static const struct word_key keys[] = {{"entries", "entries", LIST},
					       {"exits", "exits", LIST},
					       {"antipassback", "antipassback", TEXT},
					       {"minutes", "minutes", NUMBER},
					       {"title", "title", TEXT},
					       {0}};

	return add(ctl, "areas", keys);
}

int ctl_area_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {{"AREA", "id"},
						    {"ANTIPASSBACK", "antipassback"},
						    {"MINUTES", "minutes"},
						    {"ENTRIES", "entries"},
						    {"EXITS", "exits"},
						    {"RESET", "reset"},
						    {0}};

	return list(ctl, "areas", columns);
}

int ctl_area_remove(const struct ctl *ctl)
{
	return drop(ctl, "areas", "removed");
}

int ctl_area_reset(const struct ctl *ctl)
{
	char path[2 * CTL_URL_BYTES];
	int r;

	snprintf(path, sizeof(path), "access/areas/%s/reset", ctl_escape(ctl->words[0]));
	r = ctl_post(ctl, path, NULL, NULL);
	if (r == CTL_OK && !ctl->json)
		puts("everybody counts as outside");
	return r;
}

/* ---- people's part in it ---- */

int ctl_opening_add(const struct ctl *ctl)
{
	static const struct word_key keys[] = {{"schedule", "schedule", TEXT},
					       {"first_person", "first_person", FLAG},
					       {"title", "title", TEXT},
					       {0}};

	return add(ctl, "openings", keys);
}

int ctl_opening_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"DOOR", "id"}, {"SCHEDULE", "schedule"}, {"FIRST PERSON", "first_person"}, {0}};

	return list(ctl, "openings", columns);
}

int ctl_opening_remove(const struct ctl *ctl)
{
	return drop(ctl, "openings", "removed");
}

int ctl_person_access(const struct ctl *ctl)
{
	static const struct word_key keys[] = {{"groups", "groups", LIST},
					       {"extended", "extended", FLAG},
					       {"blocked", "blocked", TEXT},
					       {0}};

	return add(ctl, "holders", keys);
}

static int make(const struct ctl *ctl, const char *kind, json_t *value, json_t **ret_reply)
{
	char path[64];

	snprintf(path, sizeof(path), "access/%s", kind);
	return ctl_post(ctl, path, value, ret_reply);
}

/* A PIN of "-" is read from standard input, where no list of processes shows it. */
static const char *code_of(const char *word, char *line, size_t bytes)
{
	if (strcmp(word, "-") != 0)
		return word;
	if (fgets(line, (int)bytes, stdin) == NULL)
		return "";
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

int ctl_credential_add(const struct ctl *ctl)
{
	static const struct word_key keys[] = {
		{"from", "valid_from", TIME}, {"to", "valid_to", TIME},
		{"uses", "uses", NUMBER},     {"duress", "duress", FLAG},
		{"enabled", "enabled", FLAG}, {0}};
	const char *type = ctl->words[1];
	const char *member = strcmp(type, "card") == 0  ? "number"
			     : strcmp(type, "pin") == 0 ? "digits"
							: "text";
	json_t *value, *reply = NULL;
	char line[128];
	int r;

	value = json_pack("{s:s, s:s, s:s}", "person", ctl->words[0], "type", type, member,
			  code_of(ctl->words[2], line, sizeof(line)));
	r = value == NULL ? CTL_USAGE : take_words(ctl, 3, keys, value);
	if (r != CTL_OK) {
		json_decref(value);
		return r;
	}
	r = make(ctl, "credentials", value, &reply);
	if (r == CTL_OK && ctl->json)
		ctl_print_json(reply);
	else if (r == CTL_OK)
		puts(ctl_text(reply, "id", "?"));
	json_decref(reply);
	return r;
}

int ctl_credential_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"ID", "id"},           {"TYPE", "type"},       {"PERSON", "person"},
		{"ENABLED", "enabled"}, {"FROM", "valid_from"}, {"TO", "valid_to"},
		{"USES", "uses"},       {"USED", "used"},       {0}};

	return list(ctl, "credentials", columns);
}

int ctl_credential_remove(const struct ctl *ctl)
{
	return drop(ctl, "credentials", "removed");
}

/* ---- visitors' passes ---- */

static int write_file(const char *path, const void *bytes, size_t count)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "wbx");
	bool good;

	if (out == NULL) {
		fprintf(stderr, "gatectl: %s: %s\n", path, strerror(errno));
		return CTL_REFUSED;
	}
	good = fwrite(bytes, 1, count, out) == count;
	good &= out == stdout ? fflush(out) == 0 : fclose(out) == 0;
	if (!good)
		fprintf(stderr, "gatectl: %s: cannot be written\n", path);
	return good ? CTL_OK : CTL_REFUSED;
}

static int write_picture(const char *path, const char *code)
{
	const char *dot = strrchr(path, '.');
	uint8_t *png = NULL;
	char *svg = NULL;
	size_t bytes = 0;
	int r;

	if (dot != NULL && strcmp(dot, ".png") == 0)
		r = pass_image_png(code, &png, &bytes);
	else
		r = pass_image_svg(code, &svg);
	if (r < 0) {
		fprintf(stderr, "gatectl: the QR code cannot be made: %s\n", strerror(-r));
		return CTL_REFUSED;
	}
	r = svg != NULL ? write_file(path, svg, strlen(svg)) : write_file(path, png, bytes);
	free(png);
	free(svg);
	return r;
}

static int show_code(const struct ctl *ctl, const char *id)
{
	char path[2 * CTL_URL_BYTES];
	json_t *reply = NULL;
	int r;

	snprintf(path, sizeof(path), "access/passes/%s/code", ctl_escape(id));
	r = ctl_get(ctl, path, &reply);
	if (r == CTL_OK && ctl->output != NULL)
		r = write_picture(ctl->output, ctl_text(reply, "code", ""));
	if (r == CTL_OK && ctl->json)
		ctl_print_json(reply);
	else if (r == CTL_OK && ctl->output == NULL)
		puts(ctl_text(reply, "code", ""));
	json_decref(reply);
	return r;
}

int ctl_pass_create(const struct ctl *ctl)
{
	static const struct word_key keys[] = {
		{"doors", "doors", LIST}, {"from", "valid_from", TIME}, {"to", "valid_to", TIME},
		{"uses", "uses", NUMBER}, {"host", "host", TEXT},       {0}};
	json_t *value = json_pack("{s:s}", "title", ctl->words[0]), *reply = NULL;
	char id[64];
	int r = value == NULL ? CTL_USAGE : take_words(ctl, 1, keys, value);

	if (r != CTL_OK) {
		json_decref(value);
		return r;
	}
	r = make(ctl, "passes", value, &reply);
	if (r != CTL_OK)
		return r;
	snprintf(id, sizeof(id), "%s", ctl_text(reply, "id", ""));
	json_decref(reply);
	if (!ctl->json && (ctl->output == NULL || strcmp(ctl->output, "-") != 0))
		puts(id);
	return show_code(ctl, id);
}

int ctl_pass_list(const struct ctl *ctl)
{
	static const struct ctl_column columns[] = {
		{"ID", "id"},     {"FOR", "title"}, {"FROM", "valid_from"}, {"TO", "valid_to"},
		{"USES", "uses"}, {"USED", "used"}, {"REVOKED", "revoked"}, {0}};

	return list(ctl, "passes", columns);
}

int ctl_pass_code(const struct ctl *ctl)
{
	return show_code(ctl, ctl->words[0]);
}

int ctl_pass_revoke(const struct ctl *ctl)
{
	return drop(ctl, "passes", "revoked");
}

/* ---- questions ---- */

static void print_decision(const json_t *reply)
{
	const json_t *rules = json_object_get(reply, "rules");

	printf("%s: %s, decided by %s at %s\n", ctl_text(reply, "outcome", "?"),
	       ctl_text(reply, "reason", "?"), ctl_text(reply, "rule", "?"),
	       ctl_text(reply, "local_time", "?"));
	if (ctl_text(reply, "needed", "")[0] != '\0')
		printf("it needs %s\n", ctl_text(reply, "needed", ""));
	for (size_t i = 0; i < json_array_size(rules); i++)
		printf("rule %s: %s\n", ctl_text(json_array_get(rules, i), "rule", "?"),
		       ctl_text(json_array_get(rules, i), "why", "?"));
}

int ctl_access_test(const struct ctl *ctl)
{
	static const struct word_key keys[] = {
		{"time", "time", TIME}, {"leaving", "leaving", FLAG}, {0}};
	json_t *question = json_pack("{s:s, s:s, s:o}", "door", ctl->words[0], "person",
				     ctl->words[1], "factors", list_value(ctl->words[2])),
	       *reply = NULL;
	int r = question == NULL ? CTL_USAGE : take_words(ctl, 3, keys, question);

	if (r != CTL_OK) {
		json_decref(question);
		return r;
	}
	r = ctl_post(ctl, "access/decide", question, &reply);
	if (r == CTL_OK && ctl->json)
		ctl_print_json(reply);
	else if (r == CTL_OK)
		print_decision(reply);
	json_decref(reply);
	return r;
}
