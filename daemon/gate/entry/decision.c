/* The request to the policy: the presented factors with the records behind them. */
#include "entry_private.h"

#include "base/clock.h"

enum { RULES_REPORTED_MAX = 12 };

static void resolve_credential(const struct entry *entry, const struct presented_credential *shown,
			       struct policy_shown *ret_shown)
{
	const struct access_directory *directory = entry->deps.directory;
	const struct roster_person *person =
		shown->person[0] != '\0' && shown->factor != POLICY_PASS
			? roster_find(directory->people, shown->person)
			: NULL;
	const struct roster_credential *credential =
		shown->credential[0] != '\0'
			? roster_credentials_find(directory->credentials, shown->credential)
			: NULL;

	*ret_shown =
		(struct policy_shown){.factor = shown->factor,
				      .person = person != NULL ? &person->access : NULL,
				      .credential = credential != NULL ? &credential->policy : NULL,
				      .ambiguous_match = shown->ambiguous_match};
}

void entry_policy_request(const struct entry *entry, const struct attempt *attempt,
			  struct policy_request *ret_request)
{
	const struct config_access *config = &entry->deps.config->access;

	assert(attempt->count >= 1 && attempt->count <= POLICY_SHOWN_MAX);
	*ret_request = (struct policy_request){
		.ruleset = access_rules_ruleset(entry->deps.directory->rules),
		.door = attempt->door,
		.leaving = attempt->leaving,
		.door_mode = entry->ops->door_mode(entry->arg, attempt->door),
		.interlocked = entry->ops->door_interlock(entry->arg, attempt->door) >= 0,
		.tampered = entry->ops->tampered(entry->arg),
		.presentation_attack = attempt->presentation_attack,
		.trust_unset_clock = config->unset_clock == CONFIG_UNSET_CLOCK_VALIDITY,
		.now_unix_ms = clock_unix_ms(),
		.shown_count = attempt->count,
	};
	ret_request->clock_set = clock_is_set(ret_request->now_unix_ms) &&
				 schedule_local(ret_request->now_unix_ms, &ret_request->local) == 0;
	for (size_t i = 0; i < attempt->count; i++)
		resolve_credential(entry, &attempt->shown[i], &ret_request->shown[i]);
}

struct policy_decision entry_decide(const struct entry *entry, const struct attempt *attempt)
{
	struct policy_request request;

	entry_policy_request(entry, attempt, &request);
	return policy_decide(&request);
}

json_t *entry_rules_json(const struct entry *entry, const struct attempt *attempt)
{
	const struct policy_ruleset *ruleset = access_rules_ruleset(entry->deps.directory->rules);
	struct policy_request request;
	json_t *list = json_array();
	struct problem why;

	entry_policy_request(entry, attempt, &request);
	for (size_t i = 0; i < ruleset->by_door_count[request.door] && i < RULES_REPORTED_MAX;
	     i++) {
		const struct policy_rule *rule = &ruleset->rules[ruleset->by_door[request.door][i]];

		policy_explain_verdict(policy_judge(&request, rule), &why);
		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "rule", rule->name, "why",
						      why.detail, "problem", problem_json(&why)));
	}
	return list;
}
