/*
 * pass.h - a visitor's pass as the text of a QR code, signed so that a gate without any network can
 * judge it.
 *
 *   "GHP1" and base 32 (RFC 4648, no padding; readers that lose the case do no harm) of
 *       1 byte    version, 1
 *       26 bytes  id, a ULID
 *       4 bytes   valid from, minutes since 1970-01-01 UTC, big-endian; 0: always was
 *       4 bytes   valid to, the same; the first minute at which it is no longer valid
 *       2 bytes   uses, big-endian; 0: without limit
 *       1 byte    number of doors, 0: every door; then each: 1 byte of length, its name
 *       64 bytes  Ed25519 over "gatehouse-pass-1" and all the bytes before
 *
 * Pure. Any thread. crypto_init() comes first.
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
	int64_t valid_from_unix_ms, valid_to_unix_ms; /* whole minutes; from 0: always was */
	unsigned uses;                                /* 0: without limit */
	char doors[PASS_DOORS_MAX][PASS_DOOR_BYTES];
	size_t door_count; /* 0: every door */
};

/**
 * @param text  PASS_TEXT_BYTES.
 * @return 0, or -EINVAL: a time that is no whole minute or out of range, too many uses, an id or a
 *         name out of shape.
 */
int pass_write(const struct crypto_signer *signer, const struct pass *pass, char *text);

/**
 * @return 0; -EINVAL: no pass at all; -EBADMSG: looks like one, and nobody with this key signed it.
 */
int pass_read(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES], const char *text,
	      struct pass *ret_pass);

/** Whether @p text begins as a pass does, so that it is judged as one. */
bool pass_is_like(const char *text);

#endif
