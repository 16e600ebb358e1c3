/* Changes of the roster in memory: each checked against all the rest, in force, and taken back should it not be kept. */
#include "roster_change.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

/* ---- an item's JSON ---- */

static json_t *time_json(int64_t unix_ms)
{
	char text[CLOCK_UTC_BYTES];

	if (unix_ms == 0)
		return json_null();
	clock_format_utc(unix_ms, text);
	return json_string(text);
}

json_t *gate_person_value(const struct roster_person *person)
{
	return json_pack("{s:s, s:b, s:o, s:o}", "name", person->name, "enabled", person->enabled,
			 "valid_from", time_json(person->valid_from_unix_ms), "valid_to",
			 time_json(person->valid_to_unix_ms));
}

/* In order of their names: their places are the gate's alone. */
static json_t *groups_json(const struct gate *gate, const struct policy_groups *groups)
{
	const char *kind, *name;
	json_t *list = json_array(), *value;
	size_t at = 0;

	while (access_rules_next(gate->directory.rules, "group", &at, &kind, &name, &value)) {
		const struct roster_names *names = access_rules_names(gate->directory.rules);
		int place = names->group(names->arg, name);

		if ((groups->bits[place / 64] >> place % 64 & 1) != 0)
			json_array_append_new(list, json_string(name));
	}
	return list;
}

json_t *gate_holder_value(const struct gate *gate, const struct roster_person *person)
{
	static const char *const blocks[] = {[POLICY_BLOCK_DENY] = "deny", [POLICY_BLOCK_ADMIT] = "admit"};
	const struct policy_person *access = &person->access;
	json_t *value = json_pack("{s:o}", "groups", groups_json(gate, &access->groups));

	if (access->extended)
		json_object_set_new(value, "extended", json_true());
	if (access->blocked != POLICY_BLOCK_NONE)
		json_object_set_new(value, "blocked", json_string(blocks[access->blocked]));
	return value;
}

json_t *gate_pass_value(const struct pass *pass)
{
	json_t *value = json_object(), *doors = json_array();
	char time[CLOCK_UTC_BYTES];

	for (size_t i = 0; i < pass->door_count; i++)
		json_array_append_new(doors, json_string(pass->doors[i]));
	if (pass->door_count > 0)
		json_object_set(value, "doors", doors);
	json_decref(doors);
	if (pass->valid_from_unix_ms != 0) {
		clock_format_utc(pass->valid_from_unix_ms, time);
		json_object_set_new(value, "valid_from", json_string(time));
	}
	clock_format_utc(pass->valid_to_unix_ms, time);
	json_object_set_new(value, "valid_to", json_string(time));
	if (pass->uses != 0)
		json_object_set_new(value, "uses", json_integer(pass->uses));
	return value;
}

json_t *gate_credential_value(const struct gate *gate, const struct roster_credential *credential,
			      bool hidden)
{
	json_t *value = roster_credential_json(credential, hidden), *doors;
	const uint32_t bits = credential->policy.doors;

	if (credential->factor != POLICY_PASS || bits == UINT32_MAX)
		return value;
	doors = json_array();
	for (size_t i = 0; i < gate->config->door_count; i++)
		if ((bits & 1u << i) != 0)
			json_array_append_new(doors, json_string(gate->config->doors[i].name));
	json_object_set_new(value, "doors", doors);
	return value;
}

static json_t *credential_value(const struct gate *gate, const char *kind, const char *id)
{
	const struct roster_credential *credential = roster_credentials_find(gate->directory.credentials, id);

	if (credential == NULL || (credential->factor == POLICY_PASS) != (strcmp(kind, "pass") == 0))
		return NULL;
	return gate_credential_value(gate, credential, false);
}

/* What is in force under a kind and id: a new reference, or NULL. */
static json_t *value_now(const struct gate *gate, const char *kind, const char *id)
{
	const struct roster_person *person;

	if (access_rules_keeps(kind))
		return json_incref(access_rules_get(gate->directory.rules, kind, id));
	if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0)
		return credential_value(gate, kind, id);
	person = roster_find(gate->directory.people, id);
	if (person == NULL)
		return NULL;
	if (strcmp(kind, "person") == 0)
		return gate_person_value(person);
	return person->has_holder ? gate_holder_value(gate, person) : NULL;
}

/* ---- in memory ---- */

static int missing(const char *kind, const char *id, char *error)
{
	snprintf(error, ROSTER_ERROR_BYTES, "there is no %s \"%.40s\"", kind, id);
	return -ENOENT;
}

/* A place that another area had: nobody is inside the new one. */
static void clear_area(struct gate *gate, const char *name)
{
	int place = access_rules_area_place(gate->directory.rules, name);
	const struct roster_person *person;

	for (size_t i = 0; place >= 0 && (person = roster_at(gate->directory.people, i)) != NULL; i++)
		if (person->access.entered_unix_ms[place] != 0)
			roster_edit(gate->directory.people, person->id)->access.entered_unix_ms[place] = 0;
}

static bool group_is_used(struct gate *gate, const char *name, char *error)
{
	const struct roster_names *names = access_rules_names(gate->directory.rules);
	int place = names->group(names->arg, name);
	const struct roster_person *person;
	size_t members = 0;

	for (size_t i = 0; place >= 0 && (person = roster_at(gate->directory.people, i)) != NULL; i++)
		members += person->access.groups.bits[place / 64] >> place % 64 & 1;
	if (members > 0)
		snprintf(error, ROSTER_ERROR_BYTES, "%zu people are in group %.40s: take them out first",
			 members, name);
	return members > 0;
}

static bool is_in_interlock(struct gate *gate, const char *name)
{
	const struct gate_door *door = gate_door_find(gate, name);

	return door != NULL && door->config->interlock[0] != '\0';
}

static int apply_rules(struct gate *gate, const char *kind, const char *id, json_t *value, char *error)
{
	bool is_new = access_rules_get(gate->directory.rules, kind, id) == NULL;
	int r;

	if (value == NULL && strcmp(kind, "group") == 0 && group_is_used(gate, id, error))
		return -EEXIST;
	if (value == NULL)
		return access_rules_remove(gate->directory.rules, kind, id, error);
	if (strcmp(kind, "opening") == 0 && is_in_interlock(gate, id)) {
		snprintf(error, ROSTER_ERROR_BYTES,
			 "opening %s: a door of an interlock does not stand unlocked", id);
		return -EINVAL;
	}
	r = access_rules_put(gate->directory.rules, kind, id, value, error);
	if (r == 0 && is_new && strcmp(kind, "area") == 0)
		clear_area(gate, id);
	return r;
}

static int apply_credential(struct gate *gate, const char *kind, const char *id, json_t *value, char *error)
{
	const struct roster_credential *before = roster_credentials_find(gate->directory.credentials, id);
	struct roster_credential credential;
	bool pass = strcmp(kind, "pass") == 0;
	int r;

	if (before != NULL && (before->factor == POLICY_PASS) != pass)
		before = NULL;
	if (value == NULL)
		return before == NULL ? missing(kind, id, error)
				      : roster_credentials_remove(gate->directory.credentials, id);
	r = pass ? roster_pass_parse(id, value, access_rules_names(gate->directory.rules), before,
				     &credential, error)
		 : roster_credential_parse(id, value, before, &credential, error);
	if (r == 0 && credential.person[0] != '\0' &&
	    roster_find(gate->directory.people, credential.person) == NULL) {
		snprintf(error, ROSTER_ERROR_BYTES, "nobody is enrolled under id %s", credential.person);
		r = -EINVAL;
	}
	if (r == 0) {
		gate_credential_digest(&credential);
		r = roster_credentials_put(gate->directory.credentials, &credential);
		if (r < 0)
			snprintf(error, ROSTER_ERROR_BYTES, "%s",
				 r == -EEXIST ? "this number, code or PIN is taken" : strerror(-r));
	}
	crypto_wipe(&credential, sizeof(credential));
	return r;
}

static int apply_holder(struct gate *gate, const char *id, json_t *value, char *error)
{
	struct roster_person *person = roster_edit(gate->directory.people, id);
	json_t *kept, *none;
	int r;

	if (person == NULL)
		return missing("person", id, error);
	none = value == NULL ? json_object() : NULL;
	r = roster_parse_holder(value != NULL ? value : none, access_rules_names(gate->directory.rules),
				&person->access, error);
	json_decref(none);
	if (r < 0)
		return r;
	person->has_holder = value != NULL;
	kept = gate_holder_value(gate, person);
	gate_item_digest("holder", id, kept, person->holder_digest);
	json_decref(kept);
	return 0;
}

/* as the API asks of a name */
static bool name_is_fit(const char *name)
{
	bool visible = false;

	for (const unsigned char *at = (const unsigned char *)name; *at != '\0'; at++) {
		if (*at < ' ' || *at == 0x7f)
			return false;
		visible |= *at != ' ';
	}
	return visible;
}

static int parse_person(const char *id, const json_t *value, struct roster_person *ret_person, char *error)
{
	static const char *const known[] = {"name", "enabled", "valid_from", "valid_to", NULL};
	struct roster_person person = {.enabled = true};
	const char *name = NULL;
	int r = json_is_object(value) ? json_only_known(value, known, error) : -EINVAL;

	if (r == 0)
		r = json_get_string(value, "name", ROSTER_NAME_BYTES - 1, &name, error);
	if (r == 0)
		r = json_get_bool(value, "enabled", &person.enabled, error);
	if (r == 0)
		r = roster_parse_time(value, "valid_from", &person.valid_from_unix_ms, error);
	if (r == 0)
		r = roster_parse_time(value, "valid_to", &person.valid_to_unix_ms, error);
	if (r < 0)
		return r;
	if (name == NULL || !name_is_fit(name)) {
		snprintf(error, ROSTER_ERROR_BYTES, "name: expected 1 to 128 bytes of visible text");
		return -EINVAL;
	}
	if (person.valid_to_unix_ms != 0 && person.valid_to_unix_ms <= person.valid_from_unix_ms) {
		snprintf(error, ROSTER_ERROR_BYTES, "valid_to: is not after valid_from");
		return -EINVAL;
	}
	snprintf(person.id, sizeof(person.id), "%s", id);
	snprintf(person.name, sizeof(person.name), "%s", name);
	*ret_person = person;
	return 0;
}

static int apply_person(struct gate *gate, const char *id, json_t *value, char *error)
{
	const struct roster_person *known = roster_find(gate->directory.people, id);
	struct roster_person person;
	json_t *kept;
	int r;

	if (value == NULL && known == NULL)
		return missing("person", id, error);
	if (value == NULL)
		return roster_remove(gate->directory.people, id);
	r = parse_person(id, value, &person, error);
	if (r < 0)
		return r;
	person.template_count = known != NULL ? known->template_count : 0;
	kept = gate_person_value(&person);
	gate_item_digest("person", id, kept, person.digest);
	json_decref(kept);
	r = roster_put(gate->directory.people, &person);
	if (r < 0)
		snprintf(error, ROSTER_ERROR_BYTES, "%s", strerror(-r));
	return r;
}

static int apply(struct gate *gate, const char *kind, const char *id, json_t *value, char *error)
{
	if (access_rules_keeps(kind))
		return apply_rules(gate, kind, id, value, error);
	if (strcmp(kind, "credential") == 0 || strcmp(kind, "pass") == 0)
		return apply_credential(gate, kind, id, value, error);
	if (strcmp(kind, "holder") == 0)
		return apply_holder(gate, id, value, error);
	return apply_person(gate, id, value, error);
}

/* ---- a change as it was sent ---- */

/* A pass that is out there cannot be called back: while its time lasts, it is to be known as revoked. */
static bool pass_is_out(const struct gate *gate, const char *kind, const char *id)
{
	const struct roster_credential *pass;

	if (strcmp(kind, "pass") != 0)
		return false;
	pass = roster_credentials_find(gate->directory.credentials, id);
	return pass != NULL && pass->policy.valid_to_unix_ms > clock_unix_ms();
}

static bool id_is_fit(const char *kind, const char *id)
{
	return access_rules_keeps(kind) ? roster_name_is_valid(id) : ulid_is_valid(id);
}

static int read_change(const json_t *json, const char **ret_kind, const char **ret_id, json_t **ret_value,
		       char *error)
{
	static const char *const known[] = {"op", "kind", "id", "value", NULL};
	static const char *const kinds[] = {"person", "holder", "credential", "pass"};
	const char *op = "", *kind = "", *id = "";
	bool there;
	int r = json_is_object(json) ? json_only_known(json, known, error) : -EINVAL;

	if (r == 0)
		r = json_get_string(json, "op", 8, &op, error);
	if (r == 0)
		r = json_get_string(json, "kind", GATE_CHANGE_KIND_BYTES - 1, &kind, error);
	if (r == 0)
		r = json_get_string(json, "id", STORE_RECORD_ID_BYTES - 1, &id, error);
	if (r < 0)
		return r;
	there = access_rules_keeps(kind);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		there |= strcmp(kinds[i], kind) == 0;
	*ret_kind = kind;
	*ret_id = id;
	*ret_value = json_object_get(json, "value");
	if (!there)
		snprintf(error, ROSTER_ERROR_BYTES,
			 "kind: expected person, holder, credential, pass, group, schedule, rule, holiday, "
			 "area or opening");
	else if (!id_is_fit(kind, id))
		snprintf(error, ROSTER_ERROR_BYTES, "id: expected %s",
			 access_rules_keeps(kind) ? "1 to 31 characters: a to z, 0 to 9 and the hyphen"
						  : "a ULID");
	else if (strcmp(op, "remove") != 0 && strcmp(op, "put") != 0)
		snprintf(error, ROSTER_ERROR_BYTES, "op: expected put or remove");
	else if ((*ret_value == NULL) != (op[0] == 'r'))
		snprintf(error, ROSTER_ERROR_BYTES, "value: %s",
			 op[0] == 'r' ? "goes with put alone" : "missing");
	else
		return 0;
	return -EINVAL;
}

/* ---- lists of changes ---- */

static void append(struct gate_changes *list, struct gate_change *change)
{
	change->before_this = list->last;
	*(list->last != NULL ? &list->last->next : &list->first) = change;
	list->last = change;
	list->count++;
}

static struct gate_change *pop_last(struct gate_changes *list)
{
	struct gate_change *last = list->last;

	list->last = last->before_this;
	*(list->last != NULL ? &list->last->next : &list->first) = NULL;
	list->count--;
	return last;
}

struct gate_change *gate_changes_shift(struct gate_changes *list)
{
	struct gate_change *first = list->first;

	if (first == NULL)
		return NULL;
	list->first = first->next;
	*(list->first != NULL ? &list->first->before_this : &list->last) = NULL;
	list->count--;
	return first;
}

void gate_change_free(struct gate_change *change)
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
static int save_removed(struct gate_change *change)
{
	const struct roster_credential *credential;
	const struct roster_person *person;

	if (change->before == NULL || access_rules_keeps(change->kind) || strcmp(change->kind, "holder") == 0)
		return 0;
	if (strcmp(change->kind, "person") == 0) {
		person = roster_find(change->gate->directory.people, change->id);
		change->person_before = malloc(sizeof(*person));
		if (change->person_before == NULL)
			return -ENOMEM;
		*change->person_before = *person;
		return 0;
	}
	credential = roster_credentials_find(change->gate->directory.credentials, change->id);
	change->credential_before = malloc(sizeof(*credential));
	if (change->credential_before == NULL)
		return -ENOMEM;
	*change->credential_before = *credential;
	return 0;
}

static int restore_person(struct gate_change *change)
{
	const struct roster_person *saved = change->person_before;
	int r = roster_put(change->gate->directory.people, saved);

	if (r == 0 && change->after == NULL)
		roster_edit(change->gate->directory.people, change->id)->access = saved->access;
	return r;
}

void gate_change_undo(struct gate_change *change)
{
	struct gate *gate = change->gate;
	char error[ROSTER_ERROR_BYTES] = "";
	int r;

	if (change->person_before != NULL)
		r = restore_person(change);
	else if (change->credential_before != NULL)
		r = roster_credentials_put(gate->directory.credentials, change->credential_before);
	else
		r = apply(gate, change->kind, change->id, change->before, error);
	if (r < 0)
		log_error("access", "%s %s could not be taken back: %s", change->kind, change->id,
			  error[0] != '\0' ? error : strerror(-r));
}

void gate_changes_undo(struct gate_changes *list, size_t keep)
{
	while (list->count > keep) {
		struct gate_change *change = pop_last(list);

		gate_change_undo(change);
		gate_change_free(change);
	}
}

/* One thing put or removed. */
static int make(struct gate *gate, const char *kind, const char *id, json_t *value, struct gate_changes *list,
		char *error)
{
	struct gate_change *change = calloc(1, sizeof(*change));
	int r;

	if (change == NULL)
		return -ENOMEM;
	change->gate = gate;
	change->before = value_now(gate, kind, id);
	snprintf(change->kind, sizeof(change->kind), "%s", kind);
	snprintf(change->id, sizeof(change->id), "%s", id);
	r = save_removed(change);
	if (r == 0)
		r = apply(gate, kind, id, value, error);
	if (r < 0) {
		gate_change_free(change);
		return r;
	}
	/* as it is in force, not as it was sent: what the value left out has its old worth */
	change->after = value != NULL ? value_now(gate, kind, id) : NULL;
	append(list, change);
	return 0;
}

/* A person's cards, PINs and groups go with the person. */
static int remove_belongings(struct gate *gate, const char *person, struct gate_changes *list, char *error)
{
	const struct roster_person *known = roster_find(gate->directory.people, person);
	const struct roster_credential *at;
	size_t place = 0;
	int r = 0;

	while (r == 0 && (at = roster_credentials_at(gate->directory.credentials, place)) != NULL) {
		char id[ULID_BYTES];

		memcpy(id, at->id, sizeof(id));
		if (at->factor != POLICY_PASS && strcmp(at->person, person) == 0)
			r = make(gate, "credential", id, NULL, list, error); /* the next one moves here */
		else
			place++;
	}
	if (r == 0 && known != NULL && known->has_holder)
		r = make(gate, "holder", person, NULL, list, error);
	return r;
}

int gate_changes_add(struct gate_changes *list, struct gate *gate, const json_t *json, char *error)
{
	const char *kind, *id;
	size_t before = list->count;
	json_t *value;
	int r;

	error[0] = '\0';
	r = read_change(json, &kind, &id, &value, error);
	if (r < 0)
		return r;
	if (value == NULL && pass_is_out(gate, kind, id)) {
		snprintf(error, ROSTER_ERROR_BYTES,
			 "while its time lasts, a pass is revoked and not removed");
		return -EEXIST;
	}
	if (value == NULL && strcmp(kind, "person") == 0)
		r = remove_belongings(gate, id, list, error);
	if (r == 0)
		r = make(gate, kind, id, value, list, error);
	if (r < 0) {
		gate_changes_undo(list, before);
		if (error[0] == '\0')
			snprintf(error, ROSTER_ERROR_BYTES, "%s", strerror(-r));
	}
	return r;
}
