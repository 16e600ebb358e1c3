/* One item of the roster in memory: checked against the rest of the directory and put in force. */
#include "roster_change.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"

/* ---- what is in force ---- */

static json_t *credential_in_force(const struct people *people, const char *kind, const char *id)
{
	const struct roster_credential *credential =
		roster_credentials_find(people->directory.credentials, id);

	if (credential == NULL ||
	    (credential->factor == POLICY_PASS) != (strcmp(kind, "pass") == 0))
		return NULL;
	return credential_value_json(people, credential, false);
}

json_t *roster_value_in_force(const struct people *people, const char *kind, const char *id)
{
	const struct roster_person *person;

	if (access_rules_has_kind(kind))
		return json_incref(access_rules_get(people->directory.rules, kind, id));
	if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0)
		return credential_in_force(people, kind, id);
	person = roster_find(people->directory.people, id);
	if (person == NULL)
		return NULL;
	if (strcmp(kind, "person") == 0)
		return person_value(person);
	return person->has_holder ? holder_value(people, person) : NULL;
}

/* ---- in memory ---- */

int roster_missing(const char *kind, const char *id, struct problem *problem)
{
	return problem_item_not_here(problem, kind, id);
}

/* A new area may reuse the index of a removed one: nobody is inside it. */
static void clear_area(struct people *people, const char *name)
{
	int place = access_rules_area_place(people->directory.rules, name);
	const struct roster_person *person;

	for (size_t i = 0; place >= 0 && (person = roster_at(people->directory.people, i)) != NULL;
	     i++)
		if (person->access.entered_unix_ms[place] != 0)
			roster_edit(people->directory.people, person->id)
				->access.entered_unix_ms[place] = 0;
}

static bool group_is_used(struct people *people, const char *name, struct problem *problem)
{
	const struct roster_names *names = access_rules_names(people->directory.rules);
	int place = names->group(names->arg, name);
	const struct roster_person *person;
	size_t members = 0;

	for (size_t i = 0; place >= 0 && (person = roster_at(people->directory.people, i)) != NULL;
	     i++)
		members += person->access.groups.bits[place / 64] >> place % 64 & 1;
	if (members > 0)
		problem_group_in_use(problem, (long long)members, name);
	return members > 0;
}

static bool is_in_interlock(struct people *people, const char *name)
{
	const struct config *config = people->deps.config;

	for (size_t i = 0; i < config->door_count; i++)
		if (strcmp(config->doors[i].name, name) == 0)
			return config->doors[i].interlock[0] != '\0';
	return false;
}

static int apply_rules(struct people *people, const char *kind, const char *id, json_t *value,
		       struct problem *problem)
{
	bool is_new = access_rules_get(people->directory.rules, kind, id) == NULL;
	int r;

	assert(access_rules_has_kind(kind));
	if (value == NULL && strcmp(kind, "group") == 0 && group_is_used(people, id, problem))
		return -EEXIST;
	if (value == NULL)
		return access_rules_remove(people->directory.rules, kind, id, problem);
	if (strcmp(kind, "opening") == 0 && is_in_interlock(people, id))
		return problem_opening_of_interlock(problem, id);
	r = access_rules_put(people->directory.rules, kind, id, value, problem);
	if (r == 0 && is_new && strcmp(kind, "area") == 0)
		clear_area(people, id);
	return r;
}

static int apply_credential(struct people *people, const char *kind, const char *id, json_t *value,
			    struct problem *problem)
{
	const struct roster_credential *before =
		roster_credentials_find(people->directory.credentials, id);
	struct roster_credential credential;
	bool pass = strcmp(kind, "pass") == 0;
	int r;

	if (before != NULL && (before->factor == POLICY_PASS) != pass)
		before = NULL;
	if (value == NULL)
		return before == NULL
			       ? roster_missing(kind, id, problem)
			       : roster_credentials_remove(people->directory.credentials, id);
	r = pass ? roster_pass_parse(id, value, access_rules_names(people->directory.rules), before,
				     &credential, problem)
		 : roster_credential_parse(id, value, before, &credential, problem);
	if (r == 0 && credential.person[0] != '\0' &&
	    roster_find(people->directory.people, credential.person) == NULL)
		r = problem_person_not_enrolled_id(problem, credential.person);
	if (r == 0) {
		credential_digest(&credential);
		r = roster_credentials_put(people->directory.credentials, &credential);
		if (r == -EEXIST)
			problem_credential_taken(problem);
		else if (r < 0)
			problem_failed(problem, r);
	}
	crypto_wipe(&credential, sizeof(credential));
	return r;
}

static int apply_holder(struct people *people, const char *id, json_t *value,
			struct problem *problem)
{
	struct roster_person *person = roster_edit(people->directory.people, id);
	json_t *in_force, *none;
	int r;

	if (person == NULL)
		return roster_missing("person", id, problem);
	none = value == NULL ? json_object() : NULL;
	r = roster_parse_holder(value != NULL ? value : none,
				access_rules_names(people->directory.rules), &person->access,
				problem);
	json_decref(none);
	if (r < 0)
		return r;
	person->has_holder = value != NULL;
	in_force = holder_value(people, person);
	item_digest("holder", id, in_force, person->holder_digest);
	json_decref(in_force);
	return 0;
}

static int parse_person(const char *id, const json_t *value, struct roster_person *ret_person,
			struct problem *problem)
{
	static const char *const known[] = {"name", "enabled", "valid_from", "valid_to", NULL};
	struct roster_person person = {.enabled = true};
	const char *name = NULL;
	int r = json_is_object(value) ? json_check_members(value, known, problem) : -EINVAL;

	if (r == 0)
		r = json_read_string(value, "name", ROSTER_NAME_BYTES - 1, &name, problem);
	if (r == 0)
		r = json_read_bool(value, "enabled", &person.enabled, problem);
	if (r == 0)
		r = roster_parse_time(value, "valid_from", &person.valid_from_unix_ms, problem);
	if (r == 0)
		r = roster_parse_time(value, "valid_to", &person.valid_to_unix_ms, problem);
	if (r < 0)
		return r;
	if (name == NULL || !roster_person_name_is_valid(name))
		return problem_person_name_invisible(problem);
	if (person.valid_to_unix_ms != 0 && person.valid_to_unix_ms <= person.valid_from_unix_ms)
		return problem_valid_to_before(problem);
	snprintf(person.id, sizeof(person.id), "%s", id);
	snprintf(person.name, sizeof(person.name), "%s", name);
	*ret_person = person;
	return 0;
}

static int apply_person(struct people *people, const char *id, json_t *value,
			struct problem *problem)
{
	const struct roster_person *known = roster_find(people->directory.people, id);
	struct roster_person person;
	json_t *in_force;
	int r;

	if (value == NULL && known == NULL)
		return roster_missing("person", id, problem);
	if (value == NULL)
		return roster_remove(people->directory.people, id);
	r = parse_person(id, value, &person, problem);
	if (r < 0)
		return r;
	person.template_count = known != NULL ? known->template_count : 0;
	in_force = person_value(&person);
	item_digest("person", id, in_force, person.digest);
	json_decref(in_force);
	r = roster_put(people->directory.people, &person);
	if (r < 0)
		problem_failed(problem, r);
	return r;
}

int roster_apply(struct people *people, const char *kind, const char *id, json_t *value,
		 struct problem *problem)
{
	if (access_rules_has_kind(kind))
		return apply_rules(people, kind, id, value, problem);
	if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0)
		return apply_credential(people, kind, id, value, problem);
	if (strcmp(kind, "holder") == 0)
		return apply_holder(people, id, value, problem);
	return apply_person(people, id, value, problem);
}
