/*
 * access_directory.h - all that a decision reads: people, their credentials, the rules, and the
 * key that signs passes.
 *
 * The people part of the gate fills and changes the directory. The other parts borrow it and only
 * read, except for two counters that a decision updates: the uses of a credential and the areas a
 * person is in. Control thread only.
 */
#ifndef GH_ACCESS_ACCESS_DIRECTORY_H
#define GH_ACCESS_ACCESS_DIRECTORY_H

#include "access_rules.h"
#include "crypto/crypto.h"
#include "roster.h"
#include "roster_credential.h"

struct access_directory {
	struct roster *people;
	struct roster_credentials *credentials;
	struct access_rules *rules;
	struct crypto_signer pass_signer; /* of visitors' passes; valid where can_sign */
	bool can_sign;
};

/**
 * @param doors  the names of the gate's doors, in the order of the config; borrowed for the call.
 * @return 0 or -ENOMEM; access_directory_close() then still frees what was opened.
 */
int access_directory_open(const char *const *doors, size_t door_count,
			  struct access_directory *directory);

/** Wipes the key and frees the rest. A zeroed directory is allowed. */
void access_directory_close(struct access_directory *directory);

#endif
