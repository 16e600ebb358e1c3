/*
 * policy.h - may this person go through this door now?
 *
 * Pure: what is known goes in, a decision and exactly one reason come out. No clock, no I/O, no
 * allocation. The same for every way of asking: face, card, PIN, QR, visitor's pass and remote
 * opening. Exit button and fire never come here: they ask nobody. Any thread, as long as nobody
 * changes what the request points to.
 *
 * Reasons are ONVIF's (Access Control Service Specification, event tns1:AccessControl/Denied, and
 * Credential). They are looked for in this order, so that a denial has one reason and a stranger
 * learns nothing of the door: the picture held up, who it is, whether the credential counts,
 * blocklist, the door's mode, the rules, their schedules, anti-passback, interlock.
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
	/* a signed command or a person at the desk: who sends it is the caller's to prove */
	POLICY_REMOTE,
	POLICY_FACTORS
};

enum policy_reason {
	POLICY_GRANTED,
	POLICY_CREDENTIAL_NOT_FOUND,
	POLICY_CREDENTIAL_NOT_ENABLED,
	POLICY_CREDENTIAL_NOT_ACTIVE, /* not valid yet */
	POLICY_CREDENTIAL_EXPIRED,    /* or used up */
	POLICY_INVALID_PIN,
	POLICY_NOT_PERMITTED_AT_THIS_TIME,
	/* no rule lets this person in this way, or the door's mode lets nobody through */
	POLICY_UNAUTHORIZED,
	POLICY_ANTI_PASSBACK,
	POLICY_INTERLOCK,
	POLICY_OTHER, /* a presentation attack, or a guard who did not agree */
	POLICY_REASONS
};

struct policy_groups {
	uint64_t bits[POLICY_GROUPS_MAX / 64];
};

enum policy_block {
	POLICY_BLOCK_NONE,
	POLICY_BLOCK_DENY,
	POLICY_BLOCK_ADMIT
}; /* an alarm either way */

/** What the roster knows of a person. */
struct policy_person {
	bool enabled;
	int64_t valid_from_unix_ms; /* 0: always was */
	int64_t valid_to_unix_ms;   /* first moment at which it is no longer valid; 0: for ever */
	struct policy_groups groups;
	bool extended; /* needs more time at the door */
	enum policy_block blocked;
	/* of each area: when this person went in; 0: is not inside */
	int64_t entered_unix_ms[POLICY_AREAS_MAX];
};

/** A card, PIN, QR code or visitor's pass. */
struct policy_credential {
	bool enabled;
	int64_t valid_from_unix_ms, valid_to_unix_ms; /* as above */
	uint32_t uses_max, used;                      /* max 0: without limit */
	bool duress;                                  /* a PIN that says: I am being forced */
	uint32_t doors;                               /* a pass: bit of each door that it opens */
};

/** One factor that was shown and whose owner was looked up. */
struct policy_shown {
	enum policy_factor factor;
	const struct policy_person *person; /* NULL: nobody's; a pass has none */
	/* NULL: nothing known; a face and remote have none */
	const struct policy_credential *credential;
	/* a face that somebody else enrolled shares: it opens only beside another factor */
	bool ambiguous_match;
};

/** Who may pass where, when, and how. */
struct policy_rule {
	char name[POLICY_NAME_BYTES];
	uint32_t doors; /* bits */
	bool everyone;  /* whoever is enrolled; else the groups */
	struct policy_groups groups;
	const struct schedule *schedule; /* NULL: always */
	char schedule_name[POLICY_NAME_BYTES];
	uint8_t ways[POLICY_WAYS_MAX]; /* each the bits of the factors that together open */
	size_t way_count;
	unsigned persons; /* 1 or 2: how many must show a way */
	bool guard;       /* a guard has the last word */
	bool entering, leaving;
};

enum policy_passback { POLICY_PASSBACK_SOFT, POLICY_PASSBACK_HARD, POLICY_PASSBACK_TIMED };

/** A part of the site that nobody enters twice without having left. */
struct policy_area {
	char name[POLICY_NAME_BYTES]; /* "": an unused place */
	enum policy_passback passback;
	unsigned minutes;        /* TIMED */
	uint32_t entries, exits; /* doors, bits. An entry's inner reader is an exit */
	int64_t reset_unix_ms;   /* who went in before counts as outside */
};

/** All rules, indexed by door. Built by access_rules.h; read only. */
struct policy_ruleset {
	const struct policy_rule *rules;
	size_t rule_count;
	const uint16_t *by_door[POLICY_DOORS_MAX]; /* places in rules */
	size_t by_door_count[POLICY_DOORS_MAX];
	const struct schedule_calendar *calendar;
	const struct policy_area *areas; /* POLICY_AREAS_MAX */
};

/**
 * Without any rule of the site's: residents: face, card or QR code, always. NULL-ended use: its
 * name is "residents".
 */
extern const struct policy_rule policy_builtin_rule;

struct policy_request {
	const struct policy_ruleset *ruleset;
	unsigned door; /* place in the ruleset's bits */
	bool leaving;
	enum door_mode door_mode;
	bool interlocked; /* another door of its group is open, or nobody knows */
	bool tampered;    /* the housing was opened: no face and no remote order for a while */
	bool presentation_attack; /* liveness said picture, not person, and is enforced */
	bool clock_set;           /* the clock was set since the board got power */
	/* the site's choice: without a clock validity counts, by the clock as it stands */
	bool trust_unset_clock;
	int64_t now_unix_ms;
	struct schedule_time local;
	struct policy_shown shown[POLICY_SHOWN_MAX]; /* the newest last */
	size_t shown_count;                          /* 1 or more */
};

enum policy_outcome {
	POLICY_DENY,
	POLICY_GRANT,
	POLICY_MORE,     /* a rule would open if more were shown: `needed` */
	POLICY_ASK_GUARD /* a rule opens when a guard agrees */
};

struct policy_decision {
	enum policy_outcome outcome;
	/* POLICY_GRANTED exactly for POLICY_GRANT; else what a denial will say */
	enum policy_reason reason;
	char rule[POLICY_NAME_BYTES]; /* which rule, of the site's or a built-in one, decided */
	/* what would have opened the door, see policy_needed(); PROBLEM_NONE for POLICY_GRANT */
	enum problem_code needed;
	/* the ways, the schedule or the area that it names */
	char needed_name[POLICY_NEEDED_BYTES];
	/* 2: everybody who was shown passes, and is counted; else whoever was shown last */
	unsigned persons;
	bool extended, duress, blocklisted;
	bool passback; /* granted although it breaks an area's soft anti-passback */
};

struct policy_decision policy_decide(const struct policy_request *request);

/** How one rule sees a request. From RULE_OTHER_WAY on door, group, direction and time fit. */
enum policy_verdict {
	POLICY_RULE_OTHER_DOOR,
	POLICY_RULE_OTHER_DIRECTION,
	POLICY_RULE_OTHER_GROUP,
	POLICY_RULE_NO_CLOCK,
	POLICY_RULE_CLOSED, /* its schedule */
	POLICY_RULE_OTHER_WAY,
	POLICY_RULE_MORE,
	POLICY_RULE_GUARD,
	POLICY_RULE_OPENS
};
enum policy_verdict policy_judge(const struct policy_request *request,
				 const struct policy_rule *rule);

/** Areas (bits) that a passage through the request's door leads into, or out of. */
uint32_t policy_areas_entered(const struct policy_ruleset *ruleset, unsigned door, bool leaving);
uint32_t policy_areas_left(const struct policy_ruleset *ruleset, unsigned door, bool leaving);

/** "CredentialNotFound"...; "Granted" for POLICY_GRANTED. Static. */
const char *policy_reason_name(enum policy_reason reason);

/** "face", "card", "pin", "qr", "pass", "remote". Static. */
const char *policy_factor_name(enum policy_factor factor);

/** What would have opened the door; PROBLEM_NONE for POLICY_GRANT. */
void policy_needed(const struct policy_decision *decision, struct problem *ret_problem);

/** What a rule's verdict means. */
void policy_explain_verdict(enum policy_verdict verdict, struct problem *ret_problem);

/** "face", "card+pin": @return the factors' bits, 0 when it is no such way. Remote is none. */
uint8_t policy_parse_way(const char *text);
/** The reverse; @p text holds @p bytes, 32 are enough for any. */
void policy_format_way(uint8_t way, char *text, size_t bytes);

#endif
