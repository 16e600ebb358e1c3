/* Items of the directory as JSON, in the form that is saved, reported and digested. */
#include "people_private.h"

#include "base/json.h"

static json_t *time_json(int64_t unix_ms)
{
	return unix_ms == 0 ? json_null() : json_utc(unix_ms);
}

json_t *person_value(const struct roster_person *person)
{
	return json_pack("{s:s, s:b, s:o, s:o}", "name", person->name, "enabled", person->enabled,
			 "valid_from", time_json(person->valid_from_unix_ms), "valid_to",
			 time_json(person->valid_to_unix_ms));
}

/* In order of name, because the bit positions differ from gate to gate. */
static json_t *groups_json(const struct people *people, const struct policy_groups *groups)
{
	const char *kind, *name;
	json_t *list = json_array(), *value;
	size_t at = 0;

	while (access_rules_next(people->directory.rules, "group", &at, &kind, &name, &value)) {
		const struct roster_names *names = access_rules_names(people->directory.rules);
		int place = names->group(names->arg, name);

		assert(place >= 0); /* a name that the rules contain */
		if ((groups->bits[place / 64] >> place % 64 & 1) != 0)
			json_array_append_new(list, json_string(name));
	}
	return list;
}

json_t *holder_value(const struct people *people, const struct roster_person *person)
{
	static const char *const blocks[] = {
		[POLICY_BLOCK_DENY] = "deny", [POLICY_BLOCK_ADMIT] = "admit"};
	const struct policy_person *access = &person->access;
	json_t *value = json_pack("{s:o}", "groups", groups_json(people, &access->groups));

	assert(access->blocked == POLICY_BLOCK_NONE || access->blocked == POLICY_BLOCK_DENY ||
	       access->blocked == POLICY_BLOCK_ADMIT);

	if (access->extended)
		json_object_set_new(value, "extended", json_true());
	if (access->blocked != POLICY_BLOCK_NONE)
		json_object_set_new(value, "blocked", json_string(blocks[access->blocked]));
	return value;
}

json_t *pass_value(const struct pass *pass)
{
	json_t *value = json_object(), *doors = json_array();

	for (size_t i = 0; i < pass->door_count; i++)
		json_array_append_new(doors, json_string(pass->doors[i]));
	if (pass->door_count > 0)
		json_object_set(value, "doors", doors);
	json_decref(doors);
	if (pass->valid_from_unix_ms != 0)
		json_set_utc(value, "valid_from", pass->valid_from_unix_ms);
	json_set_utc(value, "valid_to", pass->valid_to_unix_ms);
	if (pass->uses != 0)
		json_object_set_new(value, "uses", json_integer(pass->uses));
	return value;
}

json_t *credential_value_json(const struct people *people,
			      const struct roster_credential *credential, bool hidden)
{
	json_t *value = roster_credential_json(credential, hidden), *doors;
	const uint32_t bits = credential->policy.doors;

	if (credential->factor != POLICY_PASS || bits == UINT32_MAX)
		return value;
	doors = json_array();
	for (size_t i = 0; i < people->deps.config->door_count; i++)
		if ((bits & 1u << i) != 0)
			json_array_append_new(doors,
					      json_string(people->deps.config->doors[i].name));
	json_object_set_new(value, "doors", doors);
	return value;
}
