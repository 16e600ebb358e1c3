/*
 * policy.h - may this person go through this door now?
 *
 * Pure: what is known goes in, a decision and exactly one reason come out. No clock, no I/O, no allocation.
 * The same for every way of asking: face, card, PIN, QR, visitor's pass and remote opening. Exit button and
 * fire never come here: they ask nobody. Any thread.
 *
 * Reasons are ONVIF's (Access Control Service Specification, event tns1:AccessControl/Denied, and Credential).
 */
#ifndef GH_DAEMON_POLICY_H
#define GH_DAEMON_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/door.h"

enum policy_factor {
	POLICY_FACE,
	POLICY_CARD,
	POLICY_PIN,
	POLICY_QR,
	POLICY_PASS,
	POLICY_REMOTE, /* a signed command or a person at the desk: who sends it is the caller's to prove */
};

enum policy_reason {
	POLICY_GRANTED,
	POLICY_CREDENTIAL_NOT_FOUND,
	POLICY_CREDENTIAL_NOT_ENABLED,
	POLICY_CREDENTIAL_NOT_ACTIVE, /* not valid yet */
	POLICY_CREDENTIAL_EXPIRED,
	POLICY_UNAUTHORIZED, /* the door's mode lets nobody through */
	POLICY_OTHER,	     /* a presentation attack: the detail says so */
};

/** What the roster knows of the person who was recognised. */
struct policy_person {
	bool enabled;
	int64_t valid_from_unix_ms; /* 0: always was */
	int64_t valid_to_unix_ms;   /* first moment at which it is no longer valid; 0: for ever */
};

struct policy_request {
	enum policy_factor factor;
	const struct policy_person *person; /* NULL: nobody was recognised; ignored for POLICY_REMOTE */
	bool presentation_attack;	    /* liveness said picture, not person, and is enforced */
	enum door_mode door_mode;
	int64_t now_unix_ms;
};

struct policy_decision {
	bool granted;
	enum policy_reason reason; /* POLICY_GRANTED exactly when granted */
	const char *rule;	   /* a word for the log: which rule decided; static */
	const char *needed;	   /* what would have opened the door, in plain words; "" when granted; static */
};

struct policy_decision policy_decide(const struct policy_request *request);

/** "CredentialNotFound"...; "Granted" for POLICY_GRANTED. Static. */
const char *policy_reason_name(enum policy_reason reason);

/** "face", "card", "pin", "qr", "pass", "remote". Static. */
const char *policy_factor_name(enum policy_factor factor);

#endif
