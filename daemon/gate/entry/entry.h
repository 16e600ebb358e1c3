/*
 * entry.h - who may come in: everything that is presented at a door, from the decision to the
 * passage.
 *
 * Face, card, PIN, QR code, visitor's pass and remote order are one kind of transaction, attempt.h.
 * A grant is committed to the log before the relay moves. A disk that has not answered after
 * storage.slow_ms keeps no resident waiting: the door opens and storage.slow is an alarm. Only a
 * signed order waits for its nonce, for ENTRY_ORDER_WAIT_MS at most. Control thread only.
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
	ENTRY_RECORDING_MAX = 32, /* granted, and not on the disk yet */
	ENTRY_GUARD_MAX = 16,     /* that wait for a guard */
	/* opened, and not known to be taken; with more the oldest counts as taken */
	ENTRY_PASSAGES_MAX = 32,
	/*
	 * an order that is not on disk by then is refused: a door that opens later would surprise
	 * whoever is there by then
	 */
	ENTRY_ORDER_WAIT_MS = 5000,
};

struct entry;

/* borrowed; each outlives the entry */
struct entry_deps {
	const struct config *config;
	struct journal *journal;
	struct timers *timers;
	struct access_directory *directory; /* its uses and areas are counted here */
};

/* what is known and done elsewhere; none may be NULL */
struct entry_ops {
	enum door_mode (*door_mode)(void *arg, unsigned door);
	/** Another door of its interlock that is open, released or cannot be read; -1: none. */
	int (*door_interlock)(void *arg, unsigned door);
	/** Whether a tamper alarm refuses faces and remote orders now. */
	bool (*tampered)(void *arg);
	/** The state that answers an order. A new reference. */
	json_t *(*door_state)(void *arg, unsigned door);
	/**
	 * @return 0, -EBUSY (interlock), -EPERM (the mode) or -EIO (the relay); as doors_release().
	 */
	int (*release)(void *arg, unsigned door, bool extended, uint64_t *ret_relay_us,
		       enum door_release *ret_release);
	/** Somebody enrolled was let in. */
	void (*admitted)(void *arg, unsigned door, const char *person);
	/** What the person at a reader is shown. */
	void (*reader_feedback)(void *arg, unsigned door, const char *reader,
				enum access_feedback feedback, enum policy_reason reason);
	/** The same for a face. */
	void (*face_feedback)(void *arg, unsigned door, enum access_feedback feedback);
	/**
	 * A pass of this gate that is not enrolled, which a restore from a backup may have lost.
	 * @return 0: it counts now.
	 */
	int (*adopt_pass)(void *arg, const struct pass *pass);
};

/** @return 0 or -ENOMEM. */
int entry_open(const struct entry_deps *deps, const struct entry_ops *ops, void *arg,
	       struct entry **ret_entry);
/** What is not recorded by now opens no door. Before the store is closed. NULL is fine. */
void entry_stop(struct entry *entry);
/** After the store is closed. NULL is fine. */
void entry_close(struct entry *entry);

/** A counter "used/ID" of the store: before the directory is complete. */
void entry_load_counter(struct entry *entry, const char *id, const json_t *json);
/**
 * All records are loaded: report the attempts that a crash interrupted between their record and the
 * relay.
 */
void entry_settle(struct entry *entry);

/* what is presented; all but `data` borrowed for the call */
struct entry_presentation {
	enum policy_factor factor;
	unsigned door;
	const char *person;                        /* "" or NULL: not recognised */
	const char *credential;                    /* "" or NULL: none known */
	bool presentation_attack, ambiguous_match; /* see policy.h */
	bool leaving;                              /* presented on the inside */
	const char *reader;                        /* "" or NULL: none */
	uint64_t first_mono_us; /* when the frame, the reading or the order arrived */
	/* what the factor knows (score, camera, operator...); the reference is taken */
	json_t *data;
	const char *nonce_key; /* of a signed order, used up with the record; NULL: none */
	int64_t nonce;
	struct reply reply; /* answer NULL: discarded */
};

/** Decide, record, open. The outcome comes at once or when the disk answered. */
void entry_present(struct entry *entry, const struct entry_presentation *presentation);

/* what a reader read; borrowed for the call */
struct entry_reading {
	enum policy_factor factor; /* CARD, PIN or QR */
	/*
	 * card: the decimal of its data bits without parity (Wiegand 26: facility << 16 | number);
	 * PIN: its digits; QR: text
	 */
	const char *text;
	unsigned door;
	bool leaving;       /* read on the inside */
	uint64_t mono_us;   /* when it was complete */
	const char *reader; /* the reader's name, for the log */
};

/** The same for what a reader read: whose it is is found here. What was read stands in no log. */
void entry_present_reading(struct entry *entry, const struct entry_reading *reading);

/** What a door's contact says of those who were granted it. The reference to @p state is taken. */
void entry_passage(struct entry *entry, unsigned door, enum door_passage passage, json_t *state);

/** Whether doors open before their record is safe, because the disk is slow. */
bool entry_storage_is_slow(const struct entry *entry);

/* ---- guards ---- */

/** [{"id","door","rule","factor","person","picture","left_ms"}], a new reference. */
json_t *entry_guard_json(const struct entry *entry);
/**
 * A guard's answer.
 * @param ret_reason  of -EPERM: what the denial says; static.
 * @return 0, -ENOENT (no such request, or its time is over), or -EPERM (it opens no more).
 */
int entry_guard_answer(struct entry *entry, const char *id, bool admit, const char *by,
		       struct problem *problem);

/* ---- what if ---- */

/**
 * What would be decided; nothing moves.
 * @param question  {"door","person","factors":[..],"time","leaving"}.
 * @return {"outcome","reason","rule","needed","local_time","rules":[..]}, a new reference; NULL:
 *         the question makes no sense.
 */
json_t *entry_what_if(const struct entry *entry, const json_t *question, struct problem *problem);

#endif
