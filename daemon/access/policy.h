/*
 * policy.h - may this person pass this door now?
 *
 * Pure: the input is one request, the output is a decision with exactly one reason. No clock, no
 * I/O, no allocation. The same function decides on faces, cards, PINs, QR codes, visitors' passes
 * and remote orders. Exit buttons and fire need no decision and are not requests. Any thread, as
 * long as no thread changes what the request points to.
 *
 * Reasons are ONVIF's (Access Control Service Specification, event tns1:AccessControl/Denied, and
 * Credential). The checks have this order, so that a denial has one reason and tells a stranger
 * nothing about the door: presentation attack, tamper, identity, validity of the credential,
 * blocklist, door mode, rules and their schedules, anti-passback, interlock.
 */
#ifndef GH_ACCESS_POLICY_H
#define GH_ACCESS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"
#include "schedule.h"
#include "hw/door/door.h"

enum {
	/* of a rule, group, schedule or area: [a-z0-9-], 1 to 31 characters */
	POLICY_NAME_BYTES = 32,
	POLICY_DOORS_MAX = 32,
	POLICY_GROUPS_MAX = 256,
	POLICY_RULES_MAX = 512,
	POLICY_WAYS_MAX = 8, /* of one rule */
	POLICY_AREAS_MAX = 8,
	POLICY_SHOWN_MAX = 8, /* factors collected at a door */
	POLICY_NEEDED_BYTES = 96
};

enum policy_factor {
	POLICY_FACE,
	POLICY_CARD,
	POLICY_PIN,
	POLICY_QR,
	POLICY_PASS,
	/* a signed command or a person at the desk; the caller has authenticated the sender */
	POLICY_REMOTE,
	POLICY_FACTORS
};

enum policy_reason {
	POLICY_GRANTED,
	POLICY_CREDENTIAL_NOT_FOUND,
	POLICY_CREDENTIAL_NOT_ENABLED,
	POLICY_CREDENTIAL_NOT_ACTIVE, /* not valid yet */
	POLICY_CREDENTIAL_EXPIRED,    /* or without uses left */
	POLICY_INVALID_PIN,
	POLICY_NOT_PERMITTED_AT_THIS_TIME,
	/* no rule admits this person with these factors, or the door's mode admits no one */
	POLICY_UNAUTHORIZED,
	POLICY_ANTI_PASSBACK,
	POLICY_INTERLOCK,
	POLICY_OTHER, /* a presentation attack, or the guard refused */
	POLICY_REASONS
};

struct policy_groups {
	uint64_t bits[POLICY_GROUPS_MAX / 64];
};

enum policy_block {
	POLICY_BLOCK_NONE,
	POLICY_BLOCK_DENY,
	POLICY_BLOCK_ADMIT
}; /* both raise an alarm */

/** What the policy needs to know about a person. */
struct policy_person {
	bool enabled;
	int64_t valid_from_unix_ms; /* 0: no limit */
	int64_t valid_to_unix_ms;   /* exclusive; 0: no limit */
	struct policy_groups groups;
	bool extended; /* needs more time at the door */
	enum policy_block blocked;
	/* per area: when this person entered; 0: not inside */
	int64_t entered_unix_ms[POLICY_AREAS_MAX];
};

/** A card, PIN, QR code or visitor's pass. */
struct policy_credential {
	bool enabled;
	int64_t valid_from_unix_ms, valid_to_unix_ms; /* as above */
	uint32_t uses_max, used;                      /* max 0: no limit */
	bool duress;                                  /* a PIN that signals duress */
	uint32_t doors;                               /* a pass: bits of the doors it opens */
};

/** One presented factor, with its owner as found in the roster. */
struct policy_shown {
	enum policy_factor factor;
	const struct policy_person *person; /* NULL: unknown; a pass has no person */
	/* NULL: unknown; a face and a remote order have no credential */
	const struct policy_credential *credential;
	/* the face also matches another enrolled person: it opens only with a second factor */
	bool ambiguous_match;
};

/** Who may pass which doors, when, and with which factors. */
struct policy_rule {
	char name[POLICY_NAME_BYTES];
	uint32_t doors; /* bits */
	bool everyone;  /* all enrolled people; else only the groups */
	struct policy_groups groups;
	const struct schedule *schedule; /* NULL: always */
	char schedule_name[POLICY_NAME_BYTES];
	uint8_t ways[POLICY_WAYS_MAX]; /* each: bits of the factors that open together */
	size_t way_count;
	unsigned persons; /* 1 or 2: how many people must complete a way */
	bool guard;       /* a guard must confirm */
	bool entering, leaving;
};

enum policy_passback { POLICY_PASSBACK_SOFT, POLICY_PASSBACK_HARD, POLICY_PASSBACK_TIMED };

/** A part of the site that a person must leave before entering it again. */
struct policy_area {
	char name[POLICY_NAME_BYTES]; /* "": unused slot */
	enum policy_passback passback;
	unsigned minutes;        /* TIMED */
	uint32_t entries, exits; /* bits of doors; the inner reader of an entry is an exit */
	int64_t reset_unix_ms;   /* people who entered up to then count as outside */
};

/** All rules, indexed by door. Compiled by access_rules.h; read only. */
struct policy_ruleset {
	const struct policy_rule *rules;
	size_t rule_count;
	const uint16_t *by_door[POLICY_DOORS_MAX]; /* indices into rules */
	size_t by_door_count[POLICY_DOORS_MAX];
	const struct schedule_calendar *calendar;
	const struct policy_area *areas; /* POLICY_AREAS_MAX */
};

/** In force while the site has no rule: all enrolled people, at any time, by face, card or QR. */
extern const struct policy_rule policy_builtin_rule;

struct policy_request {
	const struct policy_ruleset *ruleset;
	unsigned door; /* bit number of the door in the ruleset */
	bool leaving;
	enum door_mode door_mode;
	bool interlocked;         /* another door of its group is open or in an unknown state */
	bool tampered;            /* the housing was opened: faces and remote orders are refused */
	bool presentation_attack; /* liveness detected an attack, and is enforced */
	bool clock_set;           /* the clock was set since power-up */
	/* the site's choice: judge validity by a clock that was never set */
	bool trust_unset_clock;
	int64_t now_unix_ms;
	struct schedule_time local;
	struct policy_shown shown[POLICY_SHOWN_MAX]; /* the newest last */
	size_t shown_count;                          /* 1 to POLICY_SHOWN_MAX */
};

enum policy_outcome {
	POLICY_DENY,
	POLICY_GRANT,
	POLICY_MORE,     /* a rule needs another factor or person: `needed` */
	POLICY_ASK_GUARD /* a rule opens once a guard confirms */
};

struct policy_decision {
	enum policy_outcome outcome;
	/* POLICY_GRANTED exactly for POLICY_GRANT; else the reason of the denial */
	enum policy_reason reason;
	char rule[POLICY_NAME_BYTES]; /* the site's or built-in rule that decided */
	/* what would have opened the door, see policy_needed(); PROBLEM_NONE for POLICY_GRANT */
	enum problem_code needed;
	/* the ways, the schedule or the area that `needed` names */
	char needed_name[POLICY_NEEDED_BYTES];
	/* 2: all people in `shown` pass and are counted; else only the newest */
	unsigned persons;
	bool extended, duress, blocklisted;
	bool passback; /* granted despite a violation of an area's soft anti-passback */
};

/** Decide on a request. Asserts its ranges: shown_count, door. Never fails. */
struct policy_decision policy_decide(const struct policy_request *request);

/**
 * The result of one rule for a request, from the most remote to the best. From
 * POLICY_RULE_OTHER_WAY on, door, group, direction and time match.
 */
enum policy_verdict {
	POLICY_RULE_OTHER_DOOR,
	POLICY_RULE_OTHER_DIRECTION,
	POLICY_RULE_OTHER_GROUP,
	POLICY_RULE_NO_CLOCK,
	POLICY_RULE_CLOSED, /* the rule's schedule is closed */
	POLICY_RULE_OTHER_WAY,
	POLICY_RULE_MORE,
	POLICY_RULE_GUARD,
	POLICY_RULE_OPENS
};
/** Evaluate one rule; the blocklist, the door's mode, areas and interlocks are not considered. */
enum policy_verdict policy_judge(const struct policy_request *request,
				 const struct policy_rule *rule);

/** The areas (bits) that a passage through @p door enters, and those that it leaves. */
uint32_t policy_areas_entered(const struct policy_ruleset *ruleset, unsigned door, bool leaving);
uint32_t policy_areas_left(const struct policy_ruleset *ruleset, unsigned door, bool leaving);

/** "CredentialNotFound"...; "Granted" for POLICY_GRANTED. Static. */
const char *policy_reason_name(enum policy_reason reason);

/** "face", "card", "pin", "qr", "pass", "remote". Static. */
const char *policy_factor_name(enum policy_factor factor);

/** What would have opened the door; PROBLEM_NONE for POLICY_GRANT. */
void policy_needed(const struct policy_decision *decision, struct problem *ret_problem);

/** The meaning of a rule's verdict, as a problem. */
void policy_explain_verdict(enum policy_verdict verdict, struct problem *ret_problem);

/**
 * Parse a way such as "face" or "card+pin". @return the bits of its factors, or 0 when @p text is
 * no way: an unknown or repeated factor, a remote order, a pass beside another factor.
 */
uint8_t policy_parse_way(const char *text);
/** The reverse. @p text holds @p bytes; 32 are enough for every way. */
void policy_format_way(uint8_t way, char *text, size_t bytes);

#endif
