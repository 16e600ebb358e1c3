/*
 * roster.h - the enrolled people: the control thread's copy of those in the store.
 *
 * The store is authoritative. The copy is its last good state, so that doors work when the disk
 * fails. It is filled from the store's callbacks for people and templates. Control thread only.
 */
#ifndef GH_ACCESS_ROSTER_H
#define GH_ACCESS_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hex.h"
#include "base/ulid.h"
#include "policy.h"

enum {
	ROSTER_NAME_BYTES = 129, /* UTF-8 and a terminating zero */
	ROSTER_PEOPLE_MAX = 200000,
	ROSTER_TEMPLATES_MAX = 8, /* of one person */
	ROSTER_TEMPLATE_DIM = 512,
	ROSTER_MODEL_BYTES = DIGEST_HEX_BYTES /* SHA-256 of the model that made a template */
};

struct roster_person {
	char id[ULID_BYTES];
	char name[ROSTER_NAME_BYTES];
	int64_t valid_from_unix_ms; /* 0: no limit */
	int64_t valid_to_unix_ms;   /* exclusive; 0: no limit */
	bool enabled;
	unsigned template_count;
	uint8_t digest[DIGEST_BYTES]; /* of the person in the roster's digest */
	/*
	 * roster_put() preserves the members below, except for the validity in `access`, which it
	 * copies from the members above
	 */
	bool has_holder;
	uint8_t holder_digest[DIGEST_BYTES]; /* of the holder in the roster's digest */
	struct policy_person access;         /* what the policy reads */
};

struct roster;

/**
 * Whether a name of a person is valid: 1 to ROSTER_NAME_BYTES - 1 bytes, no control character, not
 * only spaces. Any thread.
 */
bool roster_person_name_is_valid(const char *name);

/** @return 0 or -ENOMEM. */
int roster_open(struct roster **ret_roster);

/**
 * Add or replace by id. @return 0, -EINVAL (no id or no name), -ENOSPC (ROSTER_PEOPLE_MAX) or
 * -ENOMEM.
 */
int roster_put(struct roster *roster, const struct roster_person *person);

/** To change what roster_put() preserves; NULL: unknown. Borrowed until the roster changes. */
struct roster_person *roster_edit(struct roster *roster, const char *id);

/** @return 0 or -ENOENT. */
int roster_remove(struct roster *roster, const char *id);

/**
 * Add @p change, which may be negative, to a person's count of templates; the count stops at 0.
 * @return 0 or -ENOENT.
 */
int roster_count_template(struct roster *roster, const char *id, int change);

/** NULL: unknown. Borrowed until the roster changes. */
const struct roster_person *roster_find(const struct roster *roster, const char *id);

/**
 * The person with the next id after @p after_id ("": the first); NULL at the end. Borrowed until
 * the roster changes.
 */
const struct roster_person *roster_next(const struct roster *roster, const char *after_id);

size_t roster_count(const struct roster *roster);

/**
 * The person at @p place, counted from 0 in order of id; NULL at the end. Borrowed until the roster
 * changes.
 */
const struct roster_person *roster_at(const struct roster *roster, size_t place);

/** Remove all people; names are wiped. */
void roster_clear(struct roster *roster);

/** Wipes the names. NULL is allowed. */
void roster_close(struct roster *roster);

#endif
