#include "policy.h"

#include <assert.h>
#include <stddef.h>

static struct policy_decision deny(enum policy_reason reason, const char *rule, const char *needed)
{
	return (struct policy_decision){.granted = false, .reason = reason, .rule = rule, .needed = needed};
}

/* Whether the door lets anybody through; a door that is open for all refuses nobody. */
static bool mode_admits(enum door_mode mode)
{
	switch (mode) {
	case DOOR_MODE_LOCKED:
	case DOOR_MODE_UNLOCKED:
	case DOOR_MODE_ACCESSED:
	case DOOR_MODE_LOCKED_OPEN:
		return true;
	case DOOR_MODE_BLOCKED:
	case DOOR_MODE_LOCKED_DOWN:
	case DOOR_MODE_DOUBLE_LOCKED:
	case DOOR_MODE_UNKNOWN:
		return false;
	}
	return false;
}

static struct policy_decision decide_person(const struct policy_person *person, int64_t now_unix_ms)
{
	if (person == NULL)
		return deny(POLICY_CREDENTIAL_NOT_FOUND, "credential",
			    "a credential that is enrolled at this gate");
	if (!person->enabled)
		return deny(POLICY_CREDENTIAL_NOT_ENABLED, "credential",
			    "the manager enables this person again");
	if (person->valid_from_unix_ms != 0 && now_unix_ms < person->valid_from_unix_ms)
		return deny(POLICY_CREDENTIAL_NOT_ACTIVE, "validity", "to come after the validity begins");
	if (person->valid_to_unix_ms != 0 && now_unix_ms >= person->valid_to_unix_ms)
		return deny(POLICY_CREDENTIAL_EXPIRED, "validity", "the manager extends the validity");
	return (struct policy_decision){
		.granted = true, .reason = POLICY_GRANTED, .rule = "resident", .needed = ""};
}

struct policy_decision policy_decide(const struct policy_request *request)
{
	struct policy_decision decision;

	/* who it is comes before what the door does, so that a stranger learns nothing of the door's mode */
	if (request->presentation_attack)
		return deny(POLICY_OTHER, "presentation-attack", "a living face, or another credential");
	if (request->factor == POLICY_REMOTE)
		decision = (struct policy_decision){
			.granted = true, .reason = POLICY_GRANTED, .rule = "remote", .needed = ""};
	else
		decision = decide_person(request->person, request->now_unix_ms);
	if (decision.granted && !mode_admits(request->door_mode))
		return deny(POLICY_UNAUTHORIZED, "door-mode",
			    "the door's mode changed to Locked or Unlocked");
	return decision;
}

const char *policy_reason_name(enum policy_reason reason)
{
	static const char *const names[] = {
		[POLICY_GRANTED] = "Granted",
		[POLICY_CREDENTIAL_NOT_FOUND] = "CredentialNotFound",
		[POLICY_CREDENTIAL_NOT_ENABLED] = "CredentialNotEnabled",
		[POLICY_CREDENTIAL_NOT_ACTIVE] = "CredentialNotActive",
		[POLICY_CREDENTIAL_EXPIRED] = "CredentialExpired",
		[POLICY_UNAUTHORIZED] = "Unauthorized",
		[POLICY_OTHER] = "Other",
	};

	assert((size_t)reason < sizeof(names) / sizeof(names[0]));
	return names[reason];
}

const char *policy_factor_name(enum policy_factor factor)
{
	static const char *const names[] = {"face", "card", "pin", "qr", "pass", "remote"};

	assert((size_t)factor < sizeof(names) / sizeof(names[0]));
	return names[factor];
}
