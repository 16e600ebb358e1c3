/* Changes of the roster in memory: parsed, listed and undone. */
#include "roster_change.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

/* ---- parsing ---- */

/*
 * Whether the item is a pass that has not expired. It must not be removed: an issued pass cannot be
 * recalled, and only a known one can be revoked.
 */
static bool pass_is_valid(const struct people *people, const char *kind, const char *id)
{
	const struct roster_credential *pass;

	if (strcmp(kind, "pass") != 0)
		return false;
	pass = roster_credentials_find(people->directory.credentials, id);
	return pass != NULL && pass->policy.valid_to_unix_ms > clock_unix_ms();
}

static bool id_is_valid(const char *kind, const char *id)
{
	return access_rules_has_kind(kind) ? roster_name_is_valid(id) : ulid_is_valid(id);
}

static int parse_change(const json_t *json, const char **ret_kind, const char **ret_id,
			json_t **ret_value, struct problem *problem)
{
	static const char *const known[] = {"op", "kind", "id", "value", NULL};
	static const char *const kinds[] = {"person", "holder", "credential", "pass"};
	const char *op = "", *kind = "", *id = "";
	bool known_kind;
	int r = json_is_object(json) ? json_check_members(json, known, problem) : -EINVAL;

	if (r == 0)
		r = json_read_string(json, "op", 8, &op, problem);
	if (r == 0)
		r = json_read_string(json, "kind", ROSTER_KIND_BYTES - 1, &kind, problem);
	if (r == 0)
		r = json_read_string(json, "id", STORE_RECORD_ID_BYTES - 1, &id, problem);
	if (r < 0)
		return r;
	known_kind = access_rules_has_kind(kind);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		known_kind |= strcmp(kinds[i], kind) == 0;
	*ret_kind = kind;
	*ret_id = id;
	*ret_value = json_object_get(json, "value");
	if (!known_kind)
		return problem_change_kind_unknown(problem);
	if (!id_is_valid(kind, id))
		return access_rules_has_kind(kind) ? problem_change_name_invalid(problem)
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
	assert(change->next == NULL && change->prev == NULL);
	change->prev = list->last;
	*(list->last != NULL ? &list->last->next : &list->first) = change;
	list->last = change;
	list->count++;
}

static struct roster_change *pop_last(struct roster_changes *list)
{
	struct roster_change *last = list->last;

	assert(last != NULL && list->count > 0);
	list->last = last->prev;
	*(list->last != NULL ? &list->last->next : &list->first) = NULL;
	list->count--;
	last->prev = NULL;
	return last;
}

struct roster_change *roster_changes_shift(struct roster_changes *list)
{
	struct roster_change *first = list->first;

	if (first == NULL)
		return NULL;
	list->first = first->next;
	*(list->first != NULL ? &list->first->prev : &list->last) = NULL;
	list->count--;
	first->next = NULL;
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

/*
 * Save what the JSON value of a removed item does not contain: counts of templates and uses, and
 * the areas that the person is inside.
 */
static int save_before(struct roster_change *change)
{
	const struct roster_credential *credential;
	const struct roster_person *person;

	if (change->before == NULL || access_rules_has_kind(change->kind) ||
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
		r = 0; /* undoing the person's removal, which follows, restores it */
	else
		r = roster_apply(people, change->kind, change->id, change->before, &problem);
	if (r < 0)
		log_error("access", "the change of %s %s could not be undone: %s", change->kind,
			  change->id, problem.code != PROBLEM_NONE ? problem.detail : strerror(-r));
}

void roster_changes_undo(struct roster_changes *list, size_t keep)
{
	while (list->count > keep) {
		struct roster_change *change = pop_last(list);

		roster_change_undo(change);
		roster_change_free(change);
	}
}

/* Apply one item and append the change. @return 0 or as roster_apply(). */
static int apply_item(struct people *people, const char *kind, const char *id, json_t *value,
		      struct roster_changes *list, struct problem *problem)
{
	struct roster_change *change = calloc(1, sizeof(*change));
	int r;

	if (change == NULL)
		return -ENOMEM;
	change->people = people;
	change->before = roster_value_in_force(people, kind, id);
	snprintf(change->kind, sizeof(change->kind), "%s", kind);
	snprintf(change->id, sizeof(change->id), "%s", id);
	r = save_before(change);
	if (r == 0)
		r = roster_apply(people, kind, id, value, problem);
	if (r < 0) {
		roster_change_free(change);
		return r;
	}
	/*
	 * as it is in force, not as it was sent: members that were left out have their old values
	 */
	change->after = value != NULL ? roster_value_in_force(people, kind, id) : NULL;
	append(list, change);
	return 0;
}

/* Remove the person's credentials, groups and blocks. */
static int remove_dependents(struct people *people, const char *person, struct roster_changes *list,
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
			r = apply_item(people, "credential", id, NULL, list,
				       problem); /* the next credential moves to this place */
		else
			place++;
	}
	if (r == 0 && known != NULL && known->has_holder)
		r = apply_item(people, "holder", person, NULL, list, problem);
	return r;
}

/*
 * Remove a person after everything that belongs to the person. The removals are undone in reverse
 * order, so undoing the person's own must restore the person as it was before all of them. @return
 * 0 or as apply_item().
 */
static int remove_person(struct people *people, const char *id, struct roster_changes *list,
			 struct problem *problem)
{
	const struct roster_person *known = roster_find(people->directory.people, id);
	struct roster_person before;
	int r;

	if (known == NULL)
		return roster_missing("person", id, problem);
	before = *known;
	r = remove_dependents(people, id, list, problem);
	if (r == 0)
		r = apply_item(people, "person", id, NULL, list, problem);
	if (r == 0)
		*list->last->person_before = before;
	crypto_wipe(&before, sizeof(before));
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
	r = parse_change(json, &kind, &id, &value, problem);
	if (r < 0)
		return r;
	if (value == NULL && pass_is_valid(people, kind, id))
		return problem_pass_still_valid(problem);
	if (value == NULL && strcmp(kind, "person") == 0)
		r = remove_person(people, id, list, problem);
	else
		r = apply_item(people, kind, id, value, list, problem);
	if (r < 0) {
		roster_changes_undo(list, before);
		if (problem->code == PROBLEM_NONE)
			problem_failed(problem, r);
	}
	return r;
}
