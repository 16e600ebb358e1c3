/* Names, problems and ways of policy.h as text. */
#include "policy.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define BIT(factor) ((uint8_t)(1u << (factor)))

const char *policy_reason_name(enum policy_reason reason)
{
	static const char *const names[POLICY_REASONS] = {
		[POLICY_GRANTED] = "Granted",
		[POLICY_CREDENTIAL_NOT_FOUND] = "CredentialNotFound",
		[POLICY_CREDENTIAL_NOT_ENABLED] = "CredentialNotEnabled",
		[POLICY_CREDENTIAL_NOT_ACTIVE] = "CredentialNotActive",
		[POLICY_CREDENTIAL_EXPIRED] = "CredentialExpired",
		[POLICY_INVALID_PIN] = "InvalidPIN",
		[POLICY_NOT_PERMITTED_AT_THIS_TIME] = "NotPermittedAtThisTime",
		[POLICY_UNAUTHORIZED] = "Unauthorized",
		[POLICY_ANTI_PASSBACK] = "AntiPassback",
		[POLICY_INTERLOCK] = "Interlock",
		[POLICY_OTHER] = "Other",
	};

	assert((size_t)reason < POLICY_REASONS);
	return names[reason];
}

const char *policy_factor_name(enum policy_factor factor)
{
	static const char *const names[POLICY_FACTORS] = {"face", "card", "pin",
							  "qr",   "pass", "remote"};

	assert((size_t)factor < POLICY_FACTORS);
	return names[factor];
}

void policy_needed(const struct policy_decision *decision, struct problem *ret_problem)
{
	static int (*const plain[PROBLEM_CODES])(struct problem * problem) = {
		[PROBLEM_NEEDS_ENABLING] = problem_needs_enabling,
		[PROBLEM_NEEDS_CLOCK_VALIDITY] = problem_needs_clock_validity,
		[PROBLEM_NEEDS_VALIDITY_BEGUN] = problem_needs_validity_begun,
		[PROBLEM_NEEDS_VALIDITY_EXTENDED] = problem_needs_validity_extended,
		[PROBLEM_NEEDS_USES] = problem_needs_uses,
		[PROBLEM_NEEDS_RIGHT_PIN] = problem_needs_right_pin,
		[PROBLEM_NEEDS_ENROLLED_CREDENTIAL] = problem_needs_enrolled_credential,
		[PROBLEM_NEEDS_OFF_BLOCKLIST] = problem_needs_off_blocklist,
		[PROBLEM_NEEDS_OTHER_THAN_FACE] = problem_needs_other_than_face,
		[PROBLEM_NEEDS_CLOCK_SCHEDULE] = problem_needs_clock_schedule,
		[PROBLEM_NEEDS_RULE] = problem_needs_rule,
		[PROBLEM_NEEDS_GUARD] = problem_needs_guard,
		[PROBLEM_NEEDS_PASS_FOR_DOOR] = problem_needs_pass_for_door,
		[PROBLEM_NEEDS_LIVING_FACE] = problem_needs_living_face,
		[PROBLEM_NEEDS_OTHER_CREDENTIAL] = problem_needs_other_credential,
		[PROBLEM_NEEDS_DOOR_MODE] = problem_needs_door_mode,
		[PROBLEM_NEEDS_INTERLOCK_CLOSED] = problem_needs_interlock_closed,
	};
	static int (*const named[PROBLEM_CODES])(struct problem * problem, const char *name) = {
		[PROBLEM_NEEDS_SECOND_PERSON] = problem_needs_second_person,
		[PROBLEM_NEEDS_ALSO] = problem_needs_also,
		[PROBLEM_NEEDS_WAYS] = problem_needs_ways,
		[PROBLEM_NEEDS_OPEN_SCHEDULE] = problem_needs_open_schedule,
		[PROBLEM_NEEDS_AREA_LEFT] = problem_needs_area_left,
	};

	assert(decision->needed < PROBLEM_CODES);
	*ret_problem = (struct problem){0};
	if (plain[decision->needed] != NULL)
		plain[decision->needed](ret_problem);
	else if (named[decision->needed] != NULL)
		named[decision->needed](ret_problem, decision->needed_name);
}

void policy_explain_verdict(enum policy_verdict verdict, struct problem *ret_problem)
{
	static int (*const explanations[])(struct problem * problem) = {
		[POLICY_RULE_OTHER_DOOR] = problem_rule_other_door,
		[POLICY_RULE_OTHER_DIRECTION] = problem_rule_other_direction,
		[POLICY_RULE_OTHER_GROUP] = problem_rule_other_group,
		[POLICY_RULE_NO_CLOCK] = problem_rule_no_clock,
		[POLICY_RULE_CLOSED] = problem_rule_closed,
		[POLICY_RULE_OTHER_WAY] = problem_rule_other_way,
		[POLICY_RULE_MORE] = problem_rule_needs_more,
		[POLICY_RULE_GUARD] = problem_rule_guard,
		[POLICY_RULE_OPENS] = problem_rule_opens,
	};

	assert((size_t)verdict < sizeof(explanations) / sizeof(explanations[0]));
	explanations[verdict](ret_problem);
}

uint8_t policy_parse_way(const char *text)
{
	uint8_t way = 0;

	for (;;) {
		size_t length = strcspn(text, "+");
		uint8_t factor = 0;

		for (int i = 0; i < POLICY_REMOTE; i++)
			if (strlen(policy_factor_name((enum policy_factor)i)) == length &&
			    memcmp(policy_factor_name((enum policy_factor)i), text, length) == 0)
				factor = BIT(i);
		if (factor == 0 || (way & factor) != 0)
			return 0;
		way |= factor;
		if (text[length] == '\0')
			break;
		text += length + 1;
	}
	/* a pass has no owner in the roster, so no second factor can belong to the same person */
	return (way & BIT(POLICY_PASS)) != 0 && way != BIT(POLICY_PASS) ? 0 : way;
}

void policy_format_way(uint8_t way, char *text, size_t bytes)
{
	size_t used = 0;

	assert(bytes > 0);
	text[0] = '\0';
	for (int i = 0; i < POLICY_REMOTE && used < bytes; i++)
		if ((way & BIT(i)) != 0)
			used += (size_t)snprintf(text + used, bytes - used, "%s%s",
						 used > 0 ? "+" : "",
						 policy_factor_name((enum policy_factor)i));
}
