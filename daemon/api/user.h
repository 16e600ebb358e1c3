/*
 * user.h - the users of the console: name, role, password hash, second factor.
 *
 * The table in memory mirrors the store's records of kind "user"; user_json() and user_parse()
 * convert between the two. No I/O; control thread only.
 */
#ifndef GH_API_USER_H
#define GH_API_USER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"
#include "totp.h"

enum {
	USER_NAME_BYTES = 32, /* [a-z0-9._-], 1 to 31 characters */
	USERS_MAX = 128,
	USER_PASSWORD_MIN = 10, /* bytes of a password */
	USER_PASSWORD_MAX = 256
};

enum user_role { USER_GUARD, USER_MANAGER, USER_ADMIN };

struct user {
	char name[USER_NAME_BYTES]; /* "": a free slot */
	enum user_role role;
	bool disabled;
	char hash[CRYPTO_PASSWORD_HASH_BYTES];
	char totp[TOTP_SECRET_TEXT_BYTES]; /* "": none */
	uint64_t totp_step;                /* of the last code used: no code can be used twice */
	int64_t created_unix_ms;
};

struct users {
	struct user all[USERS_MAX];
};

bool user_name_is_valid(const char *name);
const char *user_role_name(enum user_role role);
/** @return 0 or -EINVAL. */
int user_role_parse(const char *name, enum user_role *ret_role);

/** NULL: no such user. */
struct user *user_find(struct users *users, const char *name);

/** Add or replace. @return 0 or -ENOSPC (USERS_MAX). */
int user_put(struct users *users, const struct user *user);

/** The record for the store, a new reference; NULL: no memory. */
json_t *user_json(const struct user *user);

/** The reverse. @return 0 or -EBADMSG (not a record of a user). */
int user_parse(const char *name, const json_t *json, struct user *ret_user);

/** The members without secrets: name, role, disabled, whether a second factor is set, created. */
json_t *user_public_json(const struct user *user);

#endif
