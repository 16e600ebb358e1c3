/*
 * pass.h - a visitor's pass as the text of a QR code, signed so that a gate can verify it offline.
 *
 *   "GHP1" and base 32 (RFC 4648, no padding, in either case) of
 *       1 byte    version, 1
 *       26 bytes  id, a ULID
 *       4 bytes   valid from, minutes since 1970-01-01 UTC, big-endian; 0: no limit
 *       4 bytes   valid to, the same, exclusive
 *       2 bytes   uses, big-endian; 0: no limit
 *       1 byte    number of doors, 0: every door; then for each: 1 byte of length and the name
 *       64 bytes  Ed25519 signature over "gatehouse-pass-1" and all preceding bytes
 *
 * Pure. Any thread. crypto_init() must have been called.
 */
#ifndef GH_ACCESS_PASS_H
#define GH_ACCESS_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ulid.h"
#include "crypto/crypto.h"

enum {
	PASS_DOORS_MAX = 8,
	PASS_DOOR_BYTES = 32, /* a name and the ending zero */
	PASS_TEXT_BYTES = 640,
	PASS_USES_MAX = 65535
};

struct pass {
	char id[ULID_BYTES];
	int64_t valid_from_unix_ms, valid_to_unix_ms; /* whole minutes; from 0: no limit */
	unsigned uses;                                /* 0: no limit */
	char doors[PASS_DOORS_MAX][PASS_DOOR_BYTES];
	size_t door_count; /* 0: every door */
};

/**
 * Sign and encode a pass.
 * @param text  PASS_TEXT_BYTES.
 * @return 0, or -EINVAL: a time that is not a whole minute or out of range, too many uses, an
 *         invalid id or door name.
 */
int pass_write(const struct crypto_signer *signer, const struct pass *pass, char *text);

/**
 * Decode and verify a pass. Its validity in time is not checked.
 * @return 0, -EINVAL (not a pass) or -EBADMSG (the signature is not of this key).
 */
int pass_read(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES], const char *text,
	      struct pass *ret_pass);

/** Whether @p text begins like a pass, so that it is treated as one. */
bool pass_is_like(const char *text);

#endif
