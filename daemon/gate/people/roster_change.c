/* Changes of the roster in memory: as they were sent, in lists, and taken back. */
#include "roster_change.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

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
		r = roster_apply(people, change->kind, change->id, change->before, &problem);
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
	change->before = roster_value_now(people, kind, id);
	snprintf(change->kind, sizeof(change->kind), "%s", kind);
	snprintf(change->id, sizeof(change->id), "%s", id);
	r = save_removed(change);
	if (r == 0)
		r = roster_apply(people, kind, id, value, problem);
	if (r < 0) {
		roster_change_free(change);
		return r;
	}
	/* as it is in force, not as it was sent: what the value left out has its old worth */
	change->after = value != NULL ? roster_value_now(people, kind, id) : NULL;
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
		return roster_missing("person", id, problem);
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
