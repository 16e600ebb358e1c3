/* Decisions without effect: the policy for assumed factors. */
#include "entry_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

static int find_door(const struct entry *entry, const char *name)
{
	for (size_t i = 0; i < entry->deps.config->door_count; i++)
		if (strcmp(entry->deps.config->doors[i].name, name) == 0)
			return (int)i;
	return -ENOENT;
}

static const char *outcome_name(enum policy_outcome outcome)
{
	static const char *const names[] = {"deny", "grant", "more", "guard"};

	return names[outcome];
}

/* Add one factor, with a credential of the person, so that its validity and uses count too. */
static int add_assumed_factor(const struct entry *entry, struct attempt *attempt,
			      const char *person, const char *factor_name)
{
	struct presented_credential *shown = &attempt->shown[attempt->count];
	const struct roster_credential *credential = NULL;
	int factor = 0;

	while (factor <= POLICY_QR &&
	       strcmp(policy_factor_name((enum policy_factor)factor), factor_name) != 0)
		factor++;
	if (factor > POLICY_QR || attempt->count == POLICY_SHOWN_MAX)
		return -EINVAL;
	shown->factor = (enum policy_factor)factor;
	snprintf(shown->person, sizeof(shown->person), "%s", person);
	for (size_t i = 0;
	     factor != POLICY_FACE &&
	     (credential = roster_credentials_at(entry->deps.directory->credentials, i)) != NULL;
	     i++)
		if (credential->factor == shown->factor &&
		    strcmp(credential->person, person) == 0 && !credential->policy.duress)
			break;
	if (factor != POLICY_FACE && credential != NULL)
		snprintf(shown->credential, sizeof(shown->credential), "%s", credential->id);
	attempt->count++;
	return 0;
}

static int read_question(const struct entry *entry, const json_t *question, struct attempt *attempt,
			 int64_t *unix_ms, struct problem *problem)
{
	static const char *const known[] = {"door", "person", "factors", "time", "leaving", NULL};
	const char *door = "", *person = "";
	const json_t *factors = json_object_get(question, "factors");
	int place, r = json_check_members(question, known, problem);

	if (r == 0)
		r = json_read_string(question, "door", CONFIG_NAME_BYTES - 1, &door, problem);
	if (r == 0)
		r = json_read_string(question, "person", ULID_BYTES - 1, &person, problem);
	if (r == 0)
		r = json_read_bool(question, "leaving", &attempt->leaving, problem);
	if (r == 0)
		r = roster_parse_time(question, "time", unix_ms, problem);
	if (r < 0)
		return r;
	place = find_door(entry, door);
	if (place < 0) {
		return problem_list_door_unknown(problem, "door", door);
	}
	attempt->door = (unsigned)place;
	for (size_t i = 0; r == 0 && i < json_array_size(factors); i++) {
		const char *name = json_string_value(json_array_get(factors, i));

		r = name != NULL ? add_assumed_factor(entry, attempt, person, name) : -EINVAL;
	}
	if (r < 0 || attempt->count == 0) {
		return problem_factors_invalid(problem);
	}
	return 0;
}

json_t *entry_what_if(const struct entry *entry, const json_t *question, struct problem *problem)
{
	struct attempt attempt = {0};
	struct policy_request request;
	struct policy_decision decision;
	struct problem needed, why;
	char local[SCHEDULE_TIME_BYTES] = "unknown";
	int64_t unix_ms = clock_unix_ms();
	json_t *rules;

	assert_thread(THREAD_CONTROL);
	if (read_question(entry, question, &attempt, &unix_ms, problem) < 0)
		return NULL;
	entry_policy_request(entry, &attempt, &request);
	request.now_unix_ms = unix_ms;
	request.clock_set = clock_is_set(unix_ms) && schedule_local(unix_ms, &request.local) == 0;
	if (request.clock_set)
		schedule_format(request.local, local);
	decision = policy_decide(&request);
	rules = json_array();
	for (size_t i = 0; i < request.ruleset->rule_count; i++) {
		const struct policy_rule *rule = &request.ruleset->rules[i];

		policy_explain_verdict(policy_judge(&request, rule), &why);
		json_array_append_new(rules, json_pack("{s:s, s:s, s:o}", "rule", rule->name, "why",
						       why.detail, "problem", problem_json(&why)));
	}
	policy_needed(&decision, &needed);
	return json_pack("{s:s, s:s, s:s, s:s, s:o*, s:s, s:o}", "outcome",
			 outcome_name(decision.outcome), "reason",
			 policy_reason_name(decision.reason), "rule", decision.rule, "needed",
			 needed.detail, "problem", problem_json(&needed), "local_time", local,
			 "rules", rules);
}
