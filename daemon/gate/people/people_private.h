/*
 * people_private.h - what the gate's files about the access directory share. Control thread only.
 *
 *   directory.c   the directory: opened, loaded, in force
 *   roster_change.h      changes of any of it, checked, saved and reported
 *   roster_digest.c      one number for the whole roster
 *   items.c  all of it for the API
 */
#ifndef GH_GATE_PEOPLE_GATE_ACCESS_H
#define GH_GATE_PEOPLE_GATE_ACCESS_H

#include "gate/gate_internal.h"
#include "access/pass.h"
#include "access/access_rules.h"
#include "access/roster_credential.h"

/* items.c */
extern const struct api_access_ops gate_access_ops;

/* roster_change.c, roster_digest.c */
/** One item's part of the roster's digest. */
void gate_item_digest(const char *kind, const char *id, json_t *value, uint8_t ret_digest[CRYPTO_HASH_BYTES]);
void gate_credential_digest(struct roster_credential *credential);
/** A credential, or a pass with its doors; @p hidden as roster_credential_json(). A new reference. */
json_t *gate_credential_value(const struct gate *gate, const struct roster_credential *credential,
			      bool hidden);
json_t *gate_person_value(const struct roster_person *person);
json_t *gate_holder_value(const struct gate *gate, const struct roster_person *person);

#endif
