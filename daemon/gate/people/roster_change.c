/*
 * Changes of the roster in memory: each checked against all the rest, in force, and taken back
 * should it not be kept.
 */
#include "roster_change.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

/* ---- what is in force ---- */

static json_t *credential_now(const struct people *people, const char *kind, const char *id)
{
	const struct roster_credential *credential =
		roster_credentials_find(people->directory.credentials, id);

	if (credential == NULL ||
	    (credential->factor == POLICY_PASS) != (strcmp(kind, "pass") == 0))
		return NULL;
	return credential_value_json(people, credential, false);
}

/* What is in force under a kind and id: a new reference, or NULL. */
static json_t *value_now(const struct people *people, const char *kind, const char *id)
{
	const struct roster_person *person;

	if (access_rules_keeps(kind))
		return json_incref(access_rules_get(people->directory.rules, kind, id));
	if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0)
		return credential_now(people, kind, id);
	person = roster_find(people->directory.people, id);
	if (person == NULL)
		return NULL;
	if (strcmp(kind, "person") == 0)
		return person_value(person);
	return person->has_holder ? holder_value(people, person) : NULL;
}

/* ---- in memory ---- */

static int missing(const char *kind, const char *id, struct problem *problem)
{
	return problem_item_not_here(problem, kind, id);
}

/* A place that another area had: nobody is inside the new one. */
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

	if (value == NULL && strcmp(kind, "group") == 0 && group_is_used(people, id, problem))
		return -EEXIST;
	if (value == NULL)
		return access_rules_remove(people->directory.rules, kind, id, problem);
	if (strcmp(kind, "opening") == 0 && is_in_interlock(people, id)) {
		return problem_opening_of_interlock(problem, id);
	}
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
			       ? missing(kind, id, problem)
			       : roster_credentials_remove(people->directory.credentials, id);
	r = pass ? roster_pass_parse(id, value, access_rules_names(people->directory.rules), before,
				     &credential, problem)
		 : roster_credential_parse(id, value, before, &credential, problem);
	if (r == 0 && credential.person[0] != '\0' &&
	    roster_find(people->directory.people, credential.person) == NULL) {
		r = problem_person_not_enrolled_id(problem, credential.person);
	}
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
	json_t *value_in_force, *none;
	int r;

	if (person == NULL)
		return missing("person", id, problem);
	none = value == NULL ? json_object() : NULL;
	r = roster_parse_holder(value != NULL ? value : none,
				access_rules_names(people->directory.rules), &person->access,
				problem);
	json_decref(none);
	if (r < 0)
		return r;
	person->has_holder = value != NULL;
	value_in_force = holder_value(people, person);
	item_digest("holder", id, value_in_force, person->holder_digest);
	json_decref(value_in_force);
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
	if (name == NULL || !roster_person_name_is_valid(name)) {
		return problem_person_name_invisible(problem);
	}
	if (person.valid_to_unix_ms != 0 && person.valid_to_unix_ms <= person.valid_from_unix_ms) {
		return problem_valid_to_before(problem);
	}
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
	json_t *kept;
	int r;

	if (value == NULL && known == NULL)
		return missing("person", id, problem);
	if (value == NULL)
		return roster_remove(people->directory.people, id);
	r = parse_person(id, value, &person, problem);
	if (r < 0)
		return r;
	person.template_count = known != NULL ? known->template_count : 0;
	kept = person_value(&person);
	item_digest("person", id, kept, person.digest);
	json_decref(kept);
	r = roster_put(people->directory.people, &person);
	if (r < 0)
		problem_failed(problem, r);
	return r;
}

static int apply(struct people *people, const char *kind, const char *id, json_t *value,
		 struct problem *problem)
{
	if (access_rules_keeps(kind))
		return apply_rules(people, kind, id, value, problem);
	if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0)
		return apply_credential(people, kind, id, value, problem);
	if (strcmp(kind, "holder") == 0)
		return apply_holder(people, id, value, problem);
	return apply_person(people, id, value, problem);
}

/* ---- a change as it was sent ---- */

/*
 * A pass that is out there cannot be called back: while its time lasts, it is to be known as
 * revoked.
 */
static bool pass_is_out(const struct people *people, const char *kind, const char *id)
{
	const struct roster_credential *pass;

	if (strcmp(kind, "pass") != 0)
		return false;
	pass = roster_credentials_find(people->directory.credentials, id);
	return pass != NULL && pass->policy.valid_to_unix_ms > clock_unix_ms();
}

static bool id_is_fit(const char *kind, const char *id)
{
	return access_rules_keeps(kind) ? roster_name_is_valid(id) : ulid_is_valid(id);
}

static int read_change(const json_t *json, const char **ret_kind, const char **ret_id,
		       json_t **ret_value, struct problem *problem)
{
	static const char *const known[] = {"op", "kind", "id", "value", NULL};
	static const char *const kinds[] = {"person", "holder", "credential", "pass"};
	const char *op = "", *kind = "", *id = "";
	bool there;
	int r = json_is_object(json) ? json_check_members(json, known, problem) : -EINVAL;

	if (r == 0)
		r = json_read_string(json, "op", 8, &op, problem);
	if (r == 0)
		r = json_read_string(json, "kind", ROSTER_KIND_BYTES - 1, &kind, problem);
	if (r == 0)
		r = json_read_string(json, "id", STORE_RECORD_ID_BYTES - 1, &id, problem);
	if (r < 0)
		return r;
	there = access_rules_keeps(kind);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		there |= strcmp(kinds[i], kind) == 0;
	*ret_kind = kind;
	*ret_id = id;
	*ret_value = json_object_get(json, "value");
	if (!there)
		return problem_change_kind_unknown(problem);
	if (!id_is_fit(kind, id))
		return access_rules_keeps(kind) ? problem_change_name_invalid(problem)
						: problem_change_id_invalid(problem);
	if (strcmp(op, "remove") != 0 && strcmp(op, "put") != 0)
		return problem_change_op_unknown(problem);
	if ((*ret_value == NULL) != (op[0] == 'r'))
		return op[0] == 'r' ? problem_change_value_unexpected(problem)
				    : problem_change_value_missing(problem);
	return 0;
}

/* ---- lists of changes ---- */

static void append(struct roster_changes *list, struct roster_change *change)
{
	change->before_this = list->last;
	*(list->last != NULL ? &list->last->next : &list->first) = change;
	list->last = change;
	list->count++;
}

static struct roster_change *pop_last(struct roster_changes *list)
{
	struct roster_change *last = list->last;

	list->last = last->before_this;
	*(list->last != NULL ? &list->last->next : &list->first) = NULL;
	list->count--;
	return last;
}

struct roster_change *roster_changes_shift(struct roster_changes *list)
{
	struct roster_change *first = list->first;

	if (first == NULL)
		return NULL;
	list->first = first->next;
	*(list->first != NULL ? &list->first->before_this : &list->last) = NULL;
	list->count--;
	return first;
}

void roster_change_free(struct roster_change *change)
{
	json_decref(change->before);
	json_decref(change->after);
	if (change->person_before != NULL)
		crypto_wipe(change->person_before, sizeof(*change->person_before));
	free(change->person_before);
	if (change->credential_before != NULL)
		crypto_wipe(change->credential_before, sizeof(*change->credential_before));
	free(change->credential_before);
	free(change);
}

/* What JSON does not tell of what a removal takes away: templates, stays and uses. */
static int save_removed(struct roster_change *change)
{
	const struct roster_credential *credential;
	const struct roster_person *person;

	if (change->before == NULL || access_rules_keeps(change->kind) ||
	    strcmp(change->kind, "holder") == 0)
		return 0;
	if (strcmp(change->kind, "person") == 0) {
		person = roster_find(change->people->directory.people, change->id);
		change->person_before = malloc(sizeof(*person));
		if (change->person_before == NULL)
			return -ENOMEM;
		*change->person_before = *person;
		return 0;
	}
	credential = roster_credentials_find(change->people->directory.credentials, change->id);
	change->credential_before = malloc(sizeof(*credential));
	if (change->credential_before == NULL)
		return -ENOMEM;
	*change->credential_before = *credential;
	return 0;
}

static int restore_person(struct roster_change *change)
{
	const struct roster_person *saved = change->person_before;
	int r = roster_put(change->people->directory.people, saved);

	if (r == 0 && change->after == NULL)
		roster_edit(change->people->directory.people, change->id)->access = saved->access;
	return r;
}

void roster_change_undo(struct roster_change *change)
{
	struct people *people = change->people;
	struct problem problem = {0};
	int r;

	if (change->person_before != NULL)
		r = restore_person(change);
	else if (change->credential_before != NULL)
		r = roster_credentials_put(people->directory.credentials,
					   change->credential_before);
	else if (strcmp(change->kind, "holder") == 0 &&
		 roster_find(people->directory.people, change->id) == NULL)
		r = 0; /* it comes back with the person, whose removal is taken back next */
	else
		r = apply(people, change->kind, change->id, change->before, &problem);
	if (r < 0)
		log_error("access", "%s %s could not be taken back: %s", change->kind, change->id,
			  problem.code != PROBLEM_NONE ? problem.detail : strerror(-r));
}

void roster_changes_undo(struct roster_changes *list, size_t keep)
{
	while (list->count > keep) {
		struct roster_change *change = pop_last(list);

		roster_change_undo(change);
		roster_change_free(change);
	}
}

/* One thing put or removed. */
static int make(struct people *people, const char *kind, const char *id, json_t *value,
		struct roster_changes *list, struct problem *problem)
{
	struct roster_change *change = calloc(1, sizeof(*change));
	int r;

	if (change == NULL)
		return -ENOMEM;
	change->people = people;
	change->before = value_now(people, kind, id);
	snprintf(change->kind, sizeof(change->kind), "%s", kind);
	snprintf(change->id, sizeof(change->id), "%s", id);
	r = save_removed(change);
	if (r == 0)
		r = apply(people, kind, id, value, problem);
	if (r < 0) {
		roster_change_free(change);
		return r;
	}
	/* as it is in force, not as it was sent: what the value left out has its old worth */
	change->after = value != NULL ? value_now(people, kind, id) : NULL;
	append(list, change);
	return 0;
}

/* A person's cards, PINs and groups go with the person. */
static int remove_belongings(struct people *people, const char *person, struct roster_changes *list,
			     struct problem *problem)
{
	const struct roster_person *known = roster_find(people->directory.people, person);
	const struct roster_credential *at;
	size_t place = 0;
	int r = 0;

	while (r == 0 &&
	       (at = roster_credentials_at(people->directory.credentials, place)) != NULL) {
		char id[ULID_BYTES];

		memcpy(id, at->id, sizeof(id));
		if (at->factor != POLICY_PASS && strcmp(at->person, person) == 0)
			r = make(people, "credential", id, NULL, list,
				 problem); /* the next one moves here */
		else
			place++;
	}
	if (r == 0 && known != NULL && known->has_holder)
		r = make(people, "holder", person, NULL, list, problem);
	return r;
}

/*
 * A person with all belongings; they are removed first, and each removal may be taken back before
 * the person's: what is restored of the person is as it was before any of them. @return 0 or as
 * make()
 */
static int remove_person(struct people *people, const char *id, struct roster_changes *list,
			 struct problem *problem)
{
	const struct roster_person *known = roster_find(people->directory.people, id);
	struct roster_person whole;
	int r;

	if (known == NULL)
		return missing("person", id, problem);
	whole = *known;
	r = remove_belongings(people, id, list, problem);
	if (r == 0)
		r = make(people, "person", id, NULL, list, problem);
	if (r == 0)
		*list->last->person_before = whole;
	crypto_wipe(&whole, sizeof(whole));
	return r;
}

int roster_changes_add(struct roster_changes *list, struct people *people, const json_t *json,
		       struct problem *problem)
{
	const char *kind, *id;
	size_t before = list->count;
	json_t *value;
	int r;

	*problem = (struct problem){0};
	r = read_change(json, &kind, &id, &value, problem);
	if (r < 0)
		return r;
	if (value == NULL && pass_is_out(people, kind, id)) {
		return problem_pass_still_valid(problem);
	}
	if (value == NULL && strcmp(kind, "person") == 0)
		r = remove_person(people, id, list, problem);
	else
		r = make(people, kind, id, value, list, problem);
	if (r < 0) {
		roster_changes_undo(list, before);
		if (problem->code == PROBLEM_NONE)
			problem_failed(problem, r);
	}
	return r;
}
