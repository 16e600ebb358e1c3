/* Rules, credentials and passes for the API. */
#include "people_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

enum { PASS_RETENTION_DAYS = 30, PASSES_DROPPED_MAX = 8 /* with each new pass */ };

/* ---- reading ---- */

static json_t *with_id(json_t *value, const char *id)
{
	json_t *item = json_copy(value); /* shallow: the members are shared and not changed */

	json_object_set_new(item, "id", json_string(id));
	return item;
}

json_t *people_item_json(const struct people *people, const char *kind, const char *id)
{
	const struct roster_credential *credential;
	const struct roster_person *person;
	json_t *value = NULL, *item;

	if (access_rules_has_kind(kind)) {
		value = json_incref(access_rules_get(people->directory.rules, kind, id));
	} else if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0) {
		credential = roster_credentials_find(people->directory.credentials, id);
		if (credential != NULL &&
		    (credential->factor == POLICY_PASS) == (strcmp(kind, "pass") == 0))
			value = credential_value_json(people, credential, true);
	} else {
		person = roster_find(people->directory.people, id);
		if (person != NULL)
			value = strcmp(kind, "person") == 0 ? person_value(person)
							    : holder_value(people, person);
	}
	item = value != NULL ? with_id(value, id) : NULL;
	json_decref(value);
	return item;
}

static json_t *list_rules(const struct people *people, const char *kind, const char *after,
			  unsigned limit, json_t **next)
{
	const char *of, *name, *last = "";
	json_t *list = json_array(), *value;
	size_t at = 0;

	while (access_rules_next(people->directory.rules, kind, &at, &of, &name, &value)) {
		if (strcmp(name, after) <= 0)
			continue;
		if (json_array_size(list) == limit) {
			*next = json_string(last);
			break;
		}
		json_array_append_new(list, with_id(value, name));
		last = name;
	}
	return list;
}

static json_t *list_credentials(const struct people *people, const char *kind, const char *person,
				const char *after, unsigned limit, json_t **next)
{
	bool passes = strcmp(kind, "pass") == 0;
	const struct roster_credential *at =
		roster_credentials_next(people->directory.credentials, after);
	const char *last = "";
	json_t *list = json_array();

	for (; at != NULL; at = roster_credentials_next(people->directory.credentials, at->id)) {
		if ((at->factor == POLICY_PASS) != passes ||
		    (person[0] != '\0' && strcmp(at->person, person) != 0))
			continue;
		if (json_array_size(list) == limit) {
			*next = json_string(last);
			break;
		}
		json_array_append_new(list, people_item_json(people, kind, at->id));
		last = at->id;
	}
	return list;
}

static json_t *list_holders(const struct people *people, const char *after, unsigned limit,
			    json_t **next)
{
	const struct roster_person *at = roster_next(people->directory.people, after);
	const char *last = "";
	json_t *list = json_array();

	for (; at != NULL; at = roster_next(people->directory.people, at->id)) {
		if (!at->has_holder)
			continue;
		if (json_array_size(list) == limit) {
			*next = json_string(last);
			break;
		}
		json_array_append_new(list, people_item_json(people, "holder", at->id));
		last = at->id;
	}
	return list;
}

json_t *people_items_json(const struct people *people, const char *kind, const char *person,
			  const char *after, unsigned limit)
{
	json_t *next = NULL, *list;

	if (access_rules_has_kind(kind))
		list = list_rules(people, kind, after, limit, &next);
	else if (strcmp(kind, "holder") == 0)
		list = list_holders(people, after, limit, &next);
	else
		list = list_credentials(people, kind, person, after, limit, &next);
	return json_pack("{s:o, s:o}", "items", list, "next", next != NULL ? next : json_null());
}

/* ---- changes ---- */

/* a change that the store has not answered, and its reply */
struct request {
	struct people *people;
	struct reply reply;
	bool removal; /* the reply has no result */
	char kind[STORE_KIND_BYTES], id[STORE_RECORD_ID_BYTES];
};

static void on_changed(void *arg, int r)
{
	struct request *request = arg;

	reply_send(&request->reply, r, journal_problem(request->people->deps.journal),
		   r == 0 && !request->removal
			   ? people_item_json(request->people, request->kind, request->id)
			   : NULL);
	free(request);
}

/* Takes the reference to @p json. */
static void change(struct people *people, bool removal, const char *by, json_t *json,
		   const struct reply *reply)
{
	struct request *request = calloc(1, sizeof(*request));
	struct problem problem = {0};
	int r = -ENOMEM;

	if (request != NULL) {
		request->people = people;
		request->reply = *reply;
		request->removal = removal;
		snprintf(request->kind, sizeof(request->kind), "%s",
			 json_string_value(json_object_get(json, "kind")));
		snprintf(request->id, sizeof(request->id), "%s",
			 json_string_value(json_object_get(json, "id")));
		r = people_change(people, json, by, on_changed, request, &problem);
	}
	json_decref(json);
	if (r < 0) {
		free(request);
		reply_refuse(reply, r, &problem);
	}
}

/* A pass is valid in whole minutes, as its token counts them. */
static int check_pass(struct people *people, const char *id, const json_t *value,
		      struct problem *problem)
{
	struct roster_credential pass;
	struct policy_credential *limits = &pass.policy;
	int r = roster_pass_parse("", value, access_rules_names(people->directory.rules), NULL,
				  &pass, problem);

	if (r < 0)
		return r;
	if (!people->directory.can_sign)
		return problem_pass_key_unreadable(problem);
	if (limits->valid_from_unix_ms % 60000 != 0 || limits->valid_to_unix_ms % 60000 != 0)
		return problem_pass_not_minutes(problem);
	if (limits->uses_max > PASS_USES_MAX)
		return problem_pass_too_many_uses(problem, PASS_USES_MAX);
	if (id == NULL && limits->valid_to_unix_ms <= clock_unix_ms())
		return problem_pass_over(problem);
	return 0;
}

/* Remove passes that expired over a month ago, a few whenever a new one is issued. */
static void drop_old_passes(struct people *people)
{
	const int64_t over_unix_ms = clock_unix_ms() - (int64_t)PASS_RETENTION_DAYS * 86400000;
	char old[PASSES_DROPPED_MAX][ULID_BYTES];
	struct problem problem = {0};
	const struct roster_credential *at;
	size_t count = 0;

	for (size_t i = 0; count < PASSES_DROPPED_MAX &&
			   (at = roster_credentials_at(people->directory.credentials, i)) != NULL;
	     i++)
		if (at->factor == POLICY_PASS && at->policy.valid_to_unix_ms < over_unix_ms)
			memcpy(old[count++], at->id, ULID_BYTES);
	for (size_t i = 0; i < count; i++) {
		json_t *json =
			json_pack("{s:s, s:s, s:s}", "op", "remove", "kind", "pass", "id", old[i]);

		(void)people_change(people, json, "retention", NULL, NULL,
				    &problem); /* else next time */
		json_decref(json);
	}
}

void people_put_item(struct people *people, const char *kind, const char *id, const json_t *value,
		     const char *by, const struct reply *reply)
{
	bool pass = strcmp(kind, "pass") == 0;
	char made[ULID_BYTES];
	struct problem problem = {0};
	int r = pass ? check_pass(people, id, value, &problem) : 0;

	if (r == 0 && id != NULL && pass) /* a pass can only be revoked */
		r = problem_pass_not_changed(&problem);
	if (r < 0) {
		reply_refuse(reply, r, &problem);
		return;
	}
	if (pass)
		drop_old_passes(people);
	ulid_make(clock_unix_ms(), made);
	change(people, false, by,
	       json_pack("{s:s, s:s, s:s, s:O}", "op", "put", "kind", kind, "id",
			 id != NULL ? id : made, "value", value),
	       reply);
}

/* An issued pass cannot be recalled, so it stays in the directory as revoked. */
static json_t *revoke_json(struct people *people, const char *id)
{
	const struct roster_credential *pass =
		roster_credentials_find(people->directory.credentials, id);
	json_t *value;

	if (pass == NULL || pass->factor != POLICY_PASS)
		return NULL;
	value = credential_value_json(people, pass, false);
	json_object_set_new(value, "revoked", json_true());
	return json_pack("{s:s, s:s, s:s, s:o}", "op", "put", "kind", "pass", "id", id, "value",
			 value);
}

void people_remove_item(struct people *people, const char *kind, const char *id, const char *by,
			const struct reply *reply)
{
	struct problem problem;
	json_t *json = strcmp(kind, "pass") == 0 ? revoke_json(people, id)
						 : json_pack("{s:s, s:s, s:s}", "op", "remove",
							     "kind", kind, "id", id);

	if (json == NULL)
		reply_refuse(reply, problem_pass_unknown(&problem), &problem);
	else
		change(people, true, by, json, reply);
}

void people_reset_area(struct people *people, const char *area, const char *by,
		       const struct reply *reply)
{
	struct problem problem;
	json_t *value = access_rules_get(people->directory.rules, "area", area);

	if (value == NULL) {
		reply_refuse(reply, problem_area_unknown(&problem), &problem);
		return;
	}
	value = json_copy(value);
	json_set_utc(value, "reset", clock_unix_ms());
	change(people, false, by,
	       json_pack("{s:s, s:s, s:s, s:o}", "op", "put", "kind", "area", "id", area, "value",
			 value),
	       reply);
}

/* ---- a pass's code ---- */

static void fill_doors(const struct people *people, uint32_t doors, struct pass *pass)
{
	assert(pass->door_count == 0);
	for (size_t i = 0; doors != UINT32_MAX && i < people->deps.config->door_count &&
			   pass->door_count < PASS_DOORS_MAX;
	     i++)
		if ((doors & 1u << i) != 0)
			snprintf(pass->doors[pass->door_count++], PASS_DOOR_BYTES, "%s",
				 people->deps.config->doors[i].name);
}

void people_pass_code(struct people *people, const char *id, const struct reply *reply)
{
	struct problem problem;
	const struct roster_credential *known =
		roster_credentials_find(people->directory.credentials, id);
	struct pass pass = {0};
	char text[PASS_TEXT_BYTES];

	if (known == NULL || known->factor != POLICY_PASS) {
		reply_refuse(reply, problem_pass_unknown(&problem), &problem);
		return;
	}
	if (!known->policy.enabled || !people->directory.can_sign) {
		if (people->directory.can_sign)
			problem_pass_revoked(&problem);
		else
			problem_pass_key_unreadable(&problem);
		reply_refuse(reply, -EPERM, &problem);
		return;
	}
	snprintf(pass.id, sizeof(pass.id), "%s", id);
	pass.valid_from_unix_ms = known->policy.valid_from_unix_ms;
	pass.valid_to_unix_ms = known->policy.valid_to_unix_ms;
	pass.uses = known->policy.uses_max;
	fill_doors(people, known->policy.doors, &pass);
	if (pass_write(&people->directory.pass_signer, &pass, text) < 0)
		reply_refuse(reply, problem_pass_too_long(&problem), &problem);
	else
		reply_send(reply, 0, NULL, json_pack("{s:s, s:s}", "id", id, "code", text));
}
