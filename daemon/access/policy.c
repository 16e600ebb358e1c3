#include "policy.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define BIT(factor) ((uint8_t)(1u << (factor)))
#define AMBIGUOUS BIT(POLICY_FACTORS) /* beside the factors: the face matches two people */

const struct policy_rule policy_builtin_rule = {
	.name = "residents",
	.doors = UINT32_MAX,
	.everyone = true,
	.ways = {BIT(POLICY_FACE), BIT(POLICY_CARD), BIT(POLICY_QR)},
	.way_count = 3,
	.persons = 1,
	.entering = true,
	.leaving = true,
};

static struct policy_decision deny(enum policy_reason reason, const char *rule,
				   enum problem_code needed)
{
	struct policy_decision decision = {
		.outcome = POLICY_DENY, .reason = reason, .needed = needed};

	snprintf(decision.rule, sizeof(decision.rule), "%s", rule);
	return decision;
}

static struct policy_decision grant(const char *rule)
{
	struct policy_decision decision = {.outcome = POLICY_GRANT, .reason = POLICY_GRANTED};

	snprintf(decision.rule, sizeof(decision.rule), "%s", rule);
	return decision;
}

/* Whether credentials count in this mode. A door that is open to all refuses no credential. */
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

static const struct policy_shown *newest(const struct policy_request *request)
{
	return &request->shown[request->shown_count - 1];
}

/* ---- identity and validity ---- */

/* @return true with the denial when the validity does not hold */
static bool is_invalid(const struct policy_request *request, bool enabled, int64_t from, int64_t to,
		       struct policy_decision *ret_denial)
{
	if (!enabled)
		*ret_denial =
			deny(POLICY_CREDENTIAL_NOT_ENABLED, "credential", PROBLEM_NEEDS_ENABLING);
	else if ((from != 0 || to != 0) && !request->clock_set && !request->trust_unset_clock)
		*ret_denial = deny(POLICY_NOT_PERMITTED_AT_THIS_TIME, "clock",
				   PROBLEM_NEEDS_CLOCK_VALIDITY);
	else if (from != 0 && request->now_unix_ms < from)
		*ret_denial = deny(POLICY_CREDENTIAL_NOT_ACTIVE, "validity",
				   PROBLEM_NEEDS_VALIDITY_BEGUN);
	else if (to != 0 && request->now_unix_ms >= to)
		*ret_denial = deny(POLICY_CREDENTIAL_EXPIRED, "validity",
				   PROBLEM_NEEDS_VALIDITY_EXTENDED);
	else
		return false;
	return true;
}

/* @return true with the denial when the credential is not valid */
static bool is_unusable(const struct policy_request *request,
			const struct policy_credential *credential,
			struct policy_decision *ret_denial)
{
	if (is_invalid(request, credential->enabled, credential->valid_from_unix_ms,
		       credential->valid_to_unix_ms, ret_denial))
		return true;
	if (credential->uses_max == 0 || credential->used < credential->uses_max)
		return false;
	*ret_denial = deny(POLICY_CREDENTIAL_EXPIRED, "uses", PROBLEM_NEEDS_USES);
	return true;
}

/* @return true with the denial when the roster has no owner of the factor */
static bool is_unknown(const struct policy_shown *shown, struct policy_decision *ret_denial)
{
	bool known = shown->factor == POLICY_PASS ? shown->credential != NULL
		     : shown->factor == POLICY_FACE
			     ? shown->person != NULL
			     : shown->person != NULL && shown->credential != NULL;

	if (known)
		return false;
	if (shown->factor == POLICY_PIN)
		*ret_denial = deny(POLICY_INVALID_PIN, "credential", PROBLEM_NEEDS_RIGHT_PIN);
	else
		*ret_denial = deny(POLICY_CREDENTIAL_NOT_FOUND, "credential",
				   PROBLEM_NEEDS_ENROLLED_CREDENTIAL);
	return true;
}

/* @return true with the denial when this factor alone refuses the request */
static bool is_refused(const struct policy_request *request, const struct policy_shown *shown,
		       struct policy_decision *ret_denial)
{
	const struct policy_person *person = shown->person;

	if (shown->factor == POLICY_REMOTE)
		return false;
	if (is_unknown(shown, ret_denial))
		return true;
	if (person != NULL && is_invalid(request, person->enabled, person->valid_from_unix_ms,
					 person->valid_to_unix_ms, ret_denial))
		return true;
	if (shown->credential != NULL && is_unusable(request, shown->credential, ret_denial))
		return true;
	if (person == NULL || person->blocked != POLICY_BLOCK_DENY)
		return false;
	*ret_denial = deny(POLICY_UNAUTHORIZED, "blocklist", PROBLEM_NEEDS_OFF_BLOCKLIST);
	ret_denial->blocklisted = true;
	return true;
}

/* Checks all factors of @p person, since an earlier one may have expired in the meantime. */
static bool is_person_refused(const struct policy_request *request,
			      const struct policy_person *person,
			      struct policy_decision *ret_denial)
{
	for (size_t i = request->shown_count; i-- > 0;)
		if (request->shown[i].person == person &&
		    is_refused(request, &request->shown[i], ret_denial))
			return true;
	return false;
}

/* ---- the rules ---- */

static bool in_group(const struct policy_rule *rule, const struct policy_person *person)
{
	uint64_t common = 0;

	if (person == NULL)
		return false;
	for (size_t i = 0; i < POLICY_GROUPS_MAX / 64; i++)
		common |= rule->groups.bits[i] & person->groups.bits[i];
	return rule->everyone || common != 0;
}

/* The factors that @p person presented, as bits. A pass has no person and counts alone. */
static uint8_t factors_of(const struct policy_request *request, const struct policy_person *person)
{
	uint8_t factors = 0;

	for (size_t i = 0; i < request->shown_count; i++)
		if (request->shown[i].person == person)
			factors |= BIT(request->shown[i].factor) |
				   (request->shown[i].ambiguous_match ? AMBIGUOUS : 0);
	return factors;
}

/* An ambiguous match narrows the choice to two people; only another factor decides between them. */
static bool only_ambiguous_face(uint8_t factors)
{
	return (factors & AMBIGUOUS) != 0 && (factors & ~(AMBIGUOUS | BIT(POLICY_FACE))) == 0;
}

/* @return 2: a way of the rule is complete; 1: a part of one; 0: no factor of any way */
static int ways_shown(const struct policy_rule *rule, uint8_t factors)
{
	int best = 0;

	for (size_t i = 0; i < rule->way_count; i++) {
		if ((rule->ways[i] & factors) == rule->ways[i] &&
		    (rule->ways[i] != BIT(POLICY_FACE) || !only_ambiguous_face(factors)))
			return 2;
		if ((rule->ways[i] & factors) != 0)
			best = 1;
	}
	return best;
}

/* The number of different people in the rule's groups who completed a way. */
static unsigned persons_complete(const struct policy_request *request,
				 const struct policy_rule *rule)
{
	struct policy_decision denial;
	unsigned complete = 0;

	for (size_t i = 0; i < request->shown_count; i++) {
		const struct policy_person *person = request->shown[i].person;
		bool before = false;

		for (size_t j = 0; j < i; j++)
			before |= request->shown[j].person == person;
		if (!before && in_group(rule, person) &&
		    ways_shown(rule, factors_of(request, person)) == 2 &&
		    !is_person_refused(request, person, &denial))
			complete++;
	}
	return complete;
}

static enum policy_verdict judge_ways(const struct policy_request *request,
				      const struct policy_rule *rule)
{
	const struct policy_person *person = newest(request)->person;
	int shown = ways_shown(rule, factors_of(request, person));

	if (shown == 0)
		return POLICY_RULE_OTHER_WAY;
	if (shown == 1 || (rule->persons > 1 && persons_complete(request, rule) < rule->persons))
		return POLICY_RULE_MORE;
	return rule->guard ? POLICY_RULE_GUARD : POLICY_RULE_OPENS;
}

enum policy_verdict policy_judge(const struct policy_request *request,
				 const struct policy_rule *rule)
{
	bool pass = newest(request)->factor == POLICY_PASS;

	if ((rule->doors & 1u << request->door) == 0)
		return POLICY_RULE_OTHER_DOOR;
	if (request->leaving ? !rule->leaving : !rule->entering)
		return POLICY_RULE_OTHER_DIRECTION;
	if (!pass && !in_group(rule, newest(request)->person))
		return POLICY_RULE_OTHER_GROUP;
	if (pass && ways_shown(rule, BIT(POLICY_PASS)) == 0)
		return POLICY_RULE_OTHER_WAY;
	if (rule->schedule != NULL && !request->clock_set)
		return POLICY_RULE_NO_CLOCK;
	if (rule->schedule != NULL &&
	    !schedule_is_open(rule->schedule, request->ruleset->calendar, request->local))
		return POLICY_RULE_CLOSED;
	return judge_ways(request, rule);
}

/* ---- what would have opened the door ---- */

/* The ways of the rule; with @p without, only those that contain it, and without it. */
static void list_ways(const struct policy_rule *rule, uint8_t without, char *text, size_t bytes)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < rule->way_count && used < bytes; i++) {
		char way[40];

		if (without != 0 && (rule->ways[i] & without) == 0)
			continue;
		policy_format_way((uint8_t)(rule->ways[i] & ~without), way, sizeof(way));
		used += (size_t)snprintf(text + used, bytes - used, "%s%s", used > 0 ? " or " : "",
					 way);
	}
}

static struct policy_decision decide_more(const struct policy_request *request,
					  const struct policy_rule *rule)
{
	struct policy_decision decision = deny(POLICY_UNAUTHORIZED, rule->name, PROBLEM_NEEDS_ALSO);
	uint8_t shown = factors_of(request, newest(request)->person);

	decision.outcome = POLICY_MORE;
	if (ways_shown(rule, shown) == 2) {
		decision.needed = PROBLEM_NEEDS_SECOND_PERSON;
		list_ways(rule, 0, decision.needed_name, sizeof(decision.needed_name));
	} else if (only_ambiguous_face(shown)) {
		decision.needed = PROBLEM_NEEDS_OTHER_THAN_FACE;
	} else {
		list_ways(rule, (uint8_t)(shown & ~AMBIGUOUS), decision.needed_name,
			  sizeof(decision.needed_name));
	}
	return decision;
}

static struct policy_decision decide_closest(const struct policy_rule *rule,
					     enum policy_verdict verdict)
{
	struct policy_decision decision;

	switch (verdict) {
	case POLICY_RULE_NO_CLOCK:
		return deny(POLICY_NOT_PERMITTED_AT_THIS_TIME, rule->name,
			    PROBLEM_NEEDS_CLOCK_SCHEDULE);
	case POLICY_RULE_CLOSED:
		decision = deny(POLICY_NOT_PERMITTED_AT_THIS_TIME, rule->name,
				PROBLEM_NEEDS_OPEN_SCHEDULE);
		snprintf(decision.needed_name, sizeof(decision.needed_name), "%s",
			 rule->schedule_name);
		return decision;
	case POLICY_RULE_OTHER_WAY:
		decision = deny(POLICY_UNAUTHORIZED, rule->name, PROBLEM_NEEDS_WAYS);
		list_ways(rule, 0, decision.needed_name, sizeof(decision.needed_name));
		return decision;
	default:
		return deny(POLICY_UNAUTHORIZED, "none", PROBLEM_NEEDS_RULE);
	}
}

/* The rule with the highest verdict decides: the values of the enum are in order. */
static struct policy_decision decide_rules(const struct policy_request *request)
{
	const struct policy_ruleset *ruleset = request->ruleset;
	const struct policy_rule *best = NULL;
	enum policy_verdict best_verdict = POLICY_RULE_OTHER_GROUP;
	size_t count = ruleset->rule_count > 0 ? ruleset->by_door_count[request->door] : 1;

	for (size_t i = 0; i < count && best_verdict != POLICY_RULE_OPENS; i++) {
		const struct policy_rule *rule =
			ruleset->rule_count > 0
				? &ruleset->rules[ruleset->by_door[request->door][i]]
				: &policy_builtin_rule;
		enum policy_verdict verdict = policy_judge(request, rule);

		if (verdict > best_verdict) {
			best = rule;
			best_verdict = verdict;
		}
	}
	assert((best != NULL) == (best_verdict > POLICY_RULE_OTHER_GROUP));
	switch (best_verdict) {
	case POLICY_RULE_OPENS: {
		struct policy_decision decision = grant(best->name);

		decision.persons = best->persons;
		return decision;
	}
	case POLICY_RULE_GUARD: {
		struct policy_decision decision =
			deny(POLICY_OTHER, best->name, PROBLEM_NEEDS_GUARD);

		decision.outcome = POLICY_ASK_GUARD;
		decision.persons = best->persons;
		return decision;
	}
	case POLICY_RULE_MORE:
		return decide_more(request, best);
	default:
		return decide_closest(best, best_verdict);
	}
}

static bool door_has_pass_rules(const struct policy_request *request)
{
	const struct policy_ruleset *ruleset = request->ruleset;

	for (size_t i = 0; i < ruleset->by_door_count[request->door]; i++)
		if (ways_shown(&ruleset->rules[ruleset->by_door[request->door][i]],
			       BIT(POLICY_PASS)) != 0)
			return true;
	return false;
}

/* A pass needs no rule, unless the site has rules for passes at this door. */
static struct policy_decision decide_pass(const struct policy_request *request)
{
	if ((newest(request)->credential->doors & 1u << request->door) == 0)
		return deny(POLICY_UNAUTHORIZED, "visitor-pass", PROBLEM_NEEDS_PASS_FOR_DOOR);
	return door_has_pass_rules(request) ? decide_rules(request) : grant("visitor-pass");
}

/* ---- areas ---- */

uint32_t policy_areas_entered(const struct policy_ruleset *ruleset, unsigned door, bool leaving)
{
	uint32_t areas = 0;

	assert(door < POLICY_DOORS_MAX);
	for (unsigned i = 0; i < POLICY_AREAS_MAX; i++)
		if (ruleset->areas[i].name[0] != '\0' && !leaving &&
		    (ruleset->areas[i].entries & 1u << door) != 0)
			areas |= 1u << i;
	return areas;
}

uint32_t policy_areas_left(const struct policy_ruleset *ruleset, unsigned door, bool leaving)
{
	uint32_t areas = 0;

	assert(door < POLICY_DOORS_MAX);
	for (unsigned i = 0; i < POLICY_AREAS_MAX; i++) {
		const struct policy_area *area = &ruleset->areas[i];

		if (area->name[0] != '\0' && ((area->exits & 1u << door) != 0 ||
					      (leaving && (area->entries & 1u << door) != 0)))
			areas |= 1u << i;
	}
	return areas;
}

/* Whether a person who entered at @p entered_unix_ms may not enter the area again yet. */
static bool breaks_passback(const struct policy_request *request, const struct policy_area *area,
			    int64_t entered_unix_ms)
{
	int64_t inside_ms = request->now_unix_ms - entered_unix_ms;

	if (entered_unix_ms == 0 || entered_unix_ms <= area->reset_unix_ms)
		return false;
	if (area->passback != POLICY_PASSBACK_TIMED)
		return true;
	/* an entry in the future precedes a step of the clock: its age is unknown, so it passes */
	return inside_ms >= 0 && inside_ms < (int64_t)area->minutes * 60000;
}

static void check_areas(const struct policy_request *request, struct policy_decision *decision)
{
	const struct policy_person *person = newest(request)->person;
	uint32_t entered = policy_areas_entered(request->ruleset, request->door, request->leaving);

	for (unsigned i = 0; person != NULL && i < POLICY_AREAS_MAX; i++) {
		const struct policy_area *area = &request->ruleset->areas[i];

		if ((entered & 1u << i) == 0 ||
		    !breaks_passback(request, area, person->entered_unix_ms[i]))
			continue;
		if (area->passback == POLICY_PASSBACK_SOFT) {
			decision->passback = true;
			continue;
		}
		*decision = deny(POLICY_ANTI_PASSBACK, area->name, PROBLEM_NEEDS_AREA_LEFT);
		snprintf(decision->needed_name, sizeof(decision->needed_name), "%s", area->name);
		return;
	}
}

/* ---- the decision ---- */

/* Set what a decision reports of the people who pass: extended time, blocklist, duress. */
static void set_person_flags(const struct policy_request *request, struct policy_decision *decision)
{
	for (size_t i = 0; i < request->shown_count; i++) {
		const struct policy_shown *shown = &request->shown[i];

		if (decision->persons < 2 && shown->person != newest(request)->person)
			continue;
		decision->extended |= shown->person != NULL && shown->person->extended;
		decision->blocklisted |=
			shown->person != NULL && shown->person->blocked != POLICY_BLOCK_NONE;
		decision->duress |= shown->credential != NULL && shown->credential->duress;
	}
}

static bool opens(const struct policy_decision *decision)
{
	return decision->outcome == POLICY_GRANT || decision->outcome == POLICY_ASK_GUARD;
}

struct policy_decision policy_decide(const struct policy_request *request)
{
	struct policy_decision decision;

	assert(request->shown_count >= 1 && request->shown_count <= POLICY_SHOWN_MAX &&
	       request->door < POLICY_DOORS_MAX);
	if (request->presentation_attack)
		return deny(POLICY_OTHER, "presentation-attack", PROBLEM_NEEDS_LIVING_FACE);
	if (request->tampered &&
	    (newest(request)->factor == POLICY_FACE || newest(request)->factor == POLICY_REMOTE))
		return deny(POLICY_UNAUTHORIZED, "tamper", PROBLEM_NEEDS_OTHER_CREDENTIAL);
	if (is_refused(request, newest(request), &decision) ||
	    is_person_refused(request, newest(request)->person, &decision))
		return decision;
	if (!mode_admits(request->door_mode))
		decision = deny(POLICY_UNAUTHORIZED, "door-mode", PROBLEM_NEEDS_DOOR_MODE);
	else if (newest(request)->factor == POLICY_REMOTE)
		decision = grant("remote");
	else if (newest(request)->factor == POLICY_PASS)
		decision = decide_pass(request);
	else
		decision = decide_rules(request);
	if (opens(&decision))
		check_areas(request, &decision);
	if (opens(&decision) && request->interlocked)
		decision = deny(POLICY_INTERLOCK, "interlock", PROBLEM_NEEDS_INTERLOCK_CLOSED);
	set_person_flags(request, &decision);
	assert((decision.outcome == POLICY_GRANT) == (decision.reason == POLICY_GRANTED));
	return decision;
}
