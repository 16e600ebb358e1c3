/*
 * gate_access.h - what the gate's files about access share. Control thread only.
 *
 *   decision.c      the rules, credentials and passes: opened, loaded, asked
 *   gate_change.h      changes of any of them, checked, kept and told
 *   gate_digest.c      one number for the whole roster
 *   credential.c  what a reader read, and who stands at a door until more is shown
 *   entry.c       the decision, its record, and the door
 *   guard.c       decisions that a guard has the last word in
 *   gate_access_api.c  all of it for the API
 */
#ifndef GH_GATE_ENTRY_GATE_ACCESS_H
#define GH_GATE_ENTRY_GATE_ACCESS_H

#include "gate/gate_internal.h"
#include "access/pass.h"
#include "access/access_rules.h"
#include "access/roster_credential.h"

enum {
	GATE_GUARDS_MAX = 16 /* requests that wait for a guard */
};

/* one factor, by ids: what they stand for may change between being shown and being judged */
struct presented_credential {
	enum policy_factor factor;
	char person[ULID_BYTES], credential[ULID_BYTES]; /* "": none known */
	uint64_t mono_ms;
	bool doubtful; /* see policy.h */
};

/* what was shown at a door */
struct access_attempt {
	struct gate_door *door;
	bool leaving, presentation_attack;
	struct presented_credential shown[POLICY_SHOWN_MAX];
	size_t count;
};

/* a decision that is not made yet: more is to be shown, or a guard is asked */
struct gate_pending {
	uint64_t until_ms; /* 0: unused */
	char id[ULID_BYTES];
	struct access_attempt attempt;
	struct policy_decision decision;
	json_t *data;
	char reader[CONFIG_NAME_BYTES];
	uint64_t first_mono_us;
};

struct gate_access {
	struct gate_pending at_door[CONFIG_DOORS_MAX]; /* who stands at each door and is to show more */
	struct gate_pending guards[GATE_GUARDS_MAX];
};

/* decision.c */
unsigned gate_door_place(const struct gate *gate, const struct gate_door *door);
/** The policy's answer for what was shown. */
struct policy_decision gate_access_decide(struct gate *gate, const struct access_attempt *attempt);
/** The request that it is asked with; what it points to lives until the roster changes. */
void gate_access_request(struct gate *gate, const struct access_attempt *attempt,
			 struct policy_request *ret_request);
/**
 * A grant counts: uses and areas, in memory now and in @p records (STORE_RECORDS_MAX) for the store.
 * @return how many; their JSON is the caller's to give back.
 */
size_t gate_access_count(struct gate *gate, const struct access_attempt *attempt,
			 const struct policy_decision *decision, struct store_record *records,
			 char ids[][STORE_RECORD_ID_BYTES]);
/** How each rule of the door saw it: [{"rule","why"}], at most 12. */
json_t *gate_access_rules_json(struct gate *gate, const struct access_attempt *attempt);
void gate_pending_drop(struct gate_pending *pending);

/* credential.c */
/** @p attempt: what is shown now; on return with what the same people showed here before. */
void mfa_pending_merge(struct gate *gate, struct access_attempt *attempt, uint64_t now_ms);
/** More is needed: keep what was shown until it is. Takes @p data. */
void mfa_pending_keep(struct gate *gate, const struct access_attempt *attempt,
		      const struct policy_decision *decision, const char *reader, json_t *data,
		      uint64_t now_ms);
void mfa_pending_end(struct gate *gate, struct gate_door *door);

/* entry.c */
void gate_entry_permit(struct gate *gate, const struct gate_entry_request *request,
		       const struct access_attempt *attempt, const struct policy_decision *decision);
void gate_entry_deny(struct gate *gate, const struct gate_entry_request *request,
		     const struct access_attempt *attempt, const struct policy_decision *decision);

/* guard.c */
/** Ask; takes the request's data. */
void gate_guard_ask(struct gate *gate, const struct gate_entry_request *request,
		    const struct access_attempt *attempt, const struct policy_decision *decision,
		    uint64_t now_ms);
/** @return 0, -ENOENT (no such request, or its time was over), or -EPERM (it opens no more: @p why says so). */
int gate_guard_answer(struct gate *gate, const char *id, bool admit, const char *by, const char **ret_why);
json_t *gate_guard_json(struct gate *gate);

/* gate_access_api.c */
extern const struct api_access_ops gate_access_ops;

/* gate_change.c, gate_digest.c */
/** One item's part of the roster's digest. */
void gate_item_digest(const char *kind, const char *id, json_t *value, uint8_t ret_digest[CRYPTO_HASH_BYTES]);
void gate_credential_digest(struct roster_credential *credential);
json_t *gate_pass_value(const struct pass *pass);
/** A credential, or a pass with its doors; @p hidden as roster_credential_json(). A new reference. */
json_t *gate_credential_value(const struct gate *gate, const struct roster_credential *credential,
			      bool hidden);
json_t *gate_person_value(const struct roster_person *person);
json_t *gate_holder_value(const struct gate *gate, const struct roster_person *person);

#endif
