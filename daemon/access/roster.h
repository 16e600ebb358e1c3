/*
 * roster.h - who may come in: the control thread's copy of the people in the store.
 *
 * The store is the truth; this is its last known good state, so that doors keep working whatever
 * the disk does. Filled from the store's person and template callbacks. Control thread only.
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
	ROSTER_NAME_BYTES = 129, /* UTF-8 and the ending zero */
	ROSTER_PEOPLE_MAX = 200000,
	ROSTER_TEMPLATES_MAX = 8, /* of one person */
	ROSTER_TEMPLATE_DIM = 512,
	ROSTER_MODEL_BYTES = DIGEST_HEX_BYTES /* SHA-256 of the model that made a template */
};

struct roster_person {
	char id[ULID_BYTES];
	char name[ROSTER_NAME_BYTES];
	int64_t valid_from_unix_ms; /* 0: always was */
	int64_t valid_to_unix_ms;   /* first moment at which it is no longer valid; 0: for ever */
	bool enabled;
	unsigned template_count;
	/*
	 * below: kept over roster_put(), but for the validity in `access`, which is what stands
	 * above
	 */
	bool has_holder;
	uint8_t digest[DIGEST_BYTES],
		holder_digest[DIGEST_BYTES]; /* of its two items in the roster's digest */
	struct policy_person access;         /* what the policy reads */
};

struct roster;

/**
 * Whether a person may have this name: 1 to ROSTER_NAME_BYTES - 1 bytes, no control character, not
 * blanks alone.
 */
bool roster_person_name_is_valid(const char *name);

/** @return 0 or -ENOMEM. */
int roster_open(struct roster **ret_roster);

/**
 * Add or replace by id. @return 0, -EINVAL (no id or no name), -ENOSPC (ROSTER_PEOPLE_MAX) or
 * -ENOMEM.
 */
int roster_put(struct roster *roster, const struct roster_person *person);

/** To change what roster_put() keeps; NULL when unknown. Borrowed until the roster changes. */
struct roster_person *roster_edit(struct roster *roster, const char *id);

/** @return 0 or -ENOENT. */
int roster_remove(struct roster *roster, const char *id);

/** @return 0 or -ENOENT: one template more (+1) or fewer (-1); never below none. */
int roster_count_template(struct roster *roster, const char *id, int change);

/** NULL when unknown. Borrowed until the roster changes. */
const struct roster_person *roster_find(const struct roster *roster, const char *id);

/**
 * The first with an id above @p after_id ("" starts); NULL at the end. Borrowed until the roster
 * changes.
 */
const struct roster_person *roster_next(const struct roster *roster, const char *after_id);

size_t roster_count(const struct roster *roster);

/**
 * The one at @p place, from 0 on, in order of id; NULL at the end. Borrowed until the roster
 * changes.
 */
const struct roster_person *roster_at(const struct roster *roster, size_t place);

void roster_clear(struct roster *roster);

/** NULL is fine. Names are wiped. */
void roster_close(struct roster *roster);

#endif
