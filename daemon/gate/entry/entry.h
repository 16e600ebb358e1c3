/*
 * entry.h - access decisions: every credential presented at a door, from the decision to the
 * passage.
 *
 * Face, card, PIN, QR code, visitor's pass and remote order run through one transaction, attempt.h.
 * A grant is committed to the log before the relay moves. If the disk has not answered after
 * storage.slow_ms, the door opens all the same and the alarm storage.slow is recorded. A signed
 * order does not open before its nonce is committed, and fails after ENTRY_ORDER_WAIT_MS. Control
 * thread only.
 */
#ifndef GH_GATE_ENTRY_ENTRY_H
#define GH_GATE_ENTRY_ENTRY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "access/access_directory.h"
#include "access/access_feedback.h"
#include "access/pass.h"
#include "base/reply.h"
#include "config/config.h"
#include "gate/journal.h"
#include "gate/timers.h"
#include "hw/door/door.h"
#include "hw/door/door_passage.h"

enum {
	ENTRY_RECORDING_MAX = 32, /* attempts granted and not committed yet */
	ENTRY_GUARD_MAX = 16,     /* attempts that wait for a guard */
	/* attempts opened, passage not reported yet; above it the oldest counts as taken */
	ENTRY_PASSAGES_MAX = 32,
	/*
	 * an order not committed by then is refused, because nobody expects the door to open later
	 */
	ENTRY_ORDER_WAIT_MS = 5000,
};

struct entry;

/* borrowed; each outlives the entry */
struct entry_deps {
	const struct config *config;
	struct journal *journal;
	struct timers *timers;
	struct access_directory *directory; /* the entry updates its use counters and areas */
};

/* the other parts as the entry uses them; none may be NULL */
struct entry_ops {
	enum door_mode (*door_mode)(void *arg, unsigned door);
	/** Another door of its interlock that is open, released or cannot be read; -1: none. */
	int (*door_interlock)(void *arg, unsigned door);
	/** Whether a tamper alarm refuses faces and remote orders now. */
	bool (*tampered)(void *arg);
	/** The state with which an order is answered. A new reference. */
	json_t *(*door_state)(void *arg, unsigned door);
	/**
	 * Release the door for a grant.
	 * @return 0, -EBUSY (interlock), -EPERM (the mode refuses) or -EIO (the relay fails).
	 */
	int (*release)(void *arg, unsigned door, bool extended, uint64_t *ret_relay_us,
		       enum door_release *ret_release);
	/** An enrolled person was granted the entering side of a door. */
	void (*admitted)(void *arg, unsigned door, const char *person);
	/** Show the outcome at the reader where the credential was presented. */
	void (*reader_feedback)(void *arg, unsigned door, const char *reader,
				enum access_feedback feedback, enum policy_reason reason);
	/** Show the outcome for a face. */
	void (*face_feedback)(void *arg, unsigned door, enum access_feedback feedback);
	/**
	 * Enrol a pass that this gate signed and does not know: a restored backup may be older.
	 * @return 0 or a negative errno: the pass stays unknown.
	 */
	int (*adopt_pass)(void *arg, const struct pass *pass);
};

/** @return 0 or -ENOMEM. */
int entry_open(const struct entry_deps *deps, const struct entry_ops *ops, void *arg,
	       struct entry **ret_entry);
/**
 * Drop all attempts: one that is not committed yet opens no door. Call it before the store is
 * closed. NULL is allowed.
 */
void entry_stop(struct entry *entry);
/** Call it after the store is closed. NULL is allowed. */
void entry_close(struct entry *entry);

/** Load a record "used/ID" of the kind "counter"; before entry_report_interrupted(). */
void entry_load_counter(struct entry *entry, const char *id, const json_t *json);
/**
 * Call it once all records are loaded. Reports the attempts that a crash interrupted between their
 * record and the relay.
 */
void entry_report_interrupted(struct entry *entry);

/* one presented credential or order; all but `data` is borrowed for the call */
struct entry_presentation {
	enum policy_factor factor;
	unsigned door;
	const char *person;                        /* "" or NULL: not recognised */
	const char *credential;                    /* "" or NULL: none known */
	bool presentation_attack, ambiguous_match; /* see policy.h */
	bool leaving;                              /* presented on the inner side */
	const char *reader;                        /* "" or NULL: none */
	uint64_t first_mono_us; /* when the frame, the reading or the order arrived */
	/* details of the factor (score, camera, operator...); ownership passes to the entry */
	json_t *data;
	const char *nonce_key; /* of a signed order, committed with the record; NULL: no order */
	int64_t nonce;
	struct reply reply; /* answer NULL: no reply is sent */
};

/** Decide, record, open. The outcome follows at once or when the disk has answered. */
void entry_present(struct entry *entry, const struct entry_presentation *presentation);

/* one reading of a reader; borrowed for the call */
struct entry_reading {
	enum policy_factor factor; /* CARD, PIN or QR */
	/*
	 * card: the decimal of its data bits without parity (Wiegand 26: facility << 16 | number);
	 * PIN: its digits; QR: text
	 */
	const char *text;
	unsigned door;
	bool leaving;       /* the reader is on the inner side */
	uint64_t mono_us;   /* when the reading was complete */
	const char *reader; /* the reader's name, for the log */
};

/**
 * Find the credential and its person, and present them as entry_present() does. The text is written
 * to no log.
 */
void entry_present_reading(struct entry *entry, const struct entry_reading *reading);

/**
 * Apply what a door's contact reports of granted accesses. Ownership of @p state passes to the
 * entry.
 */
void entry_passage(struct entry *entry, unsigned door, enum door_passage passage, json_t *state);

/** Whether doors open before their record is committed, because the disk is slow. */
bool entry_storage_is_slow(const struct entry *entry);

/* ---- guards ---- */

/** [{"id","door","rule","factor","person","picture","left_ms"}], a new reference. */
json_t *entry_guard_json(const struct entry *entry);
/**
 * Apply a guard's answer to the request @p id.
 * @param problem  filled in on failure.
 * @return 0, -ENOENT (no such request, or it has expired), or -EPERM (the policy denies it now).
 */
int entry_guard_answer(struct entry *entry, const char *id, bool admit, const char *by,
		       struct problem *problem);

/* ---- what if ---- */

/**
 * Evaluate the policy for assumed factors; no door moves and nothing is recorded.
 * @param question  {"door","person","factors":[..],"time","leaving"}.
 * @return {"outcome","reason","rule","needed","local_time","rules":[..]}, a new reference; NULL:
 *         the question is invalid, and @p problem says why.
 */
json_t *entry_what_if(const struct entry *entry, const json_t *question, struct problem *problem);

#endif
