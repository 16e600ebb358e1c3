/*
 * crypto.h - the cryptographic functions that the gate needs, as a wrapper of libsodium.
 *
 * Only crypto_sodium.c includes libsodium. Call crypto_init() first; after that any thread may call
 * these functions. The caller owns the memory of keys and wipes it with crypto_wipe().
 */
#ifndef GH_CRYPTO_CRYPTO_H
#define GH_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hex.h"

enum {
	CRYPTO_SEAL_KEY_BYTES = 32,
	CRYPTO_SEAL_EXTRA_BYTES = 40, /* added by sealing: nonce (24) and tag (16) */
	CRYPTO_SIGN_SEED_BYTES = 32,
	CRYPTO_SIGN_PUBLIC_BYTES = 32,
	CRYPTO_SIGN_SECRET_BYTES = 64,
	CRYPTO_SIGNATURE_BYTES = 64,
	CRYPTO_SHA256_STATE_BYTES = 128,
	CRYPTO_PASSWORD_HASH_BYTES = 128, /* text, with its zero byte */
	CRYPTO_ERROR_BYTES = 512
};

struct crypto_signer {
	uint8_t secret[CRYPTO_SIGN_SECRET_BYTES];
	uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES];
};

/** One part of the data to be hashed. */
struct crypto_bytes {
	const void *at;
	size_t bytes;
};

/**
 * Whether crypto_init() would return at once. A board that has just started may have no randomness
 * for minutes.
 */
bool crypto_is_ready(void);

/** May be called repeatedly. @return 0 or -EIO (the system provides no randomness). */
int crypto_init(void);

/** BLAKE2b-256 without a key over the concatenated parts. */
void crypto_digest(const struct crypto_bytes *parts, size_t count, uint8_t ret_hash[DIGEST_BYTES]);

/** SHA-256 of data added in pieces, in hexadecimal; for hashes that other programs verify. */
struct crypto_sha256 {
	_Alignas(16) uint8_t state[CRYPTO_SHA256_STATE_BYTES];
};
void crypto_sha256_begin(struct crypto_sha256 *sha256);
void crypto_sha256_add(struct crypto_sha256 *sha256, const void *at, size_t bytes);
void crypto_sha256_end(struct crypto_sha256 *sha256, char ret_hex[DIGEST_HEX_BYTES]);

/**
 * Encrypt and authenticate with XSalsa20-Poly1305 and a random nonce. @p ret_sealed holds @p bytes
 * + CRYPTO_SEAL_EXTRA_BYTES.
 */
void crypto_seal(const uint8_t key[CRYPTO_SEAL_KEY_BYTES], const void *plain, size_t bytes,
		 void *ret_sealed);

/**
 * The reverse of crypto_seal(). @p ret_plain holds @p sealed_bytes - CRYPTO_SEAL_EXTRA_BYTES.
 * @return 0 or -EBADMSG (another key, or modified).
 */
int crypto_unseal(const uint8_t key[CRYPTO_SEAL_KEY_BYTES], const void *sealed, size_t sealed_bytes,
		  void *ret_plain);

/** Derive the Ed25519 key pair of a seed. */
void crypto_signer_init(struct crypto_signer *signer, const uint8_t seed[CRYPTO_SIGN_SEED_BYTES]);

/** Sign with Ed25519. */
void crypto_signer_sign(const struct crypto_signer *signer, const void *message, size_t bytes,
			uint8_t ret_signature[CRYPTO_SIGNATURE_BYTES]);

/** Whether an Ed25519 signature is valid. */
bool crypto_verify(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES], const void *message,
		   size_t bytes, const uint8_t signature[CRYPTO_SIGNATURE_BYTES]);

/**
 * Hash a password with Argon2id, a random salt, 32 MiB and 3 passes. The text contains these
 * parameters. Takes about 60 ms: never call it on the control thread. @return 0 or -ENOMEM.
 */
int crypto_password_hash(const char *password, char ret_hash[CRYPTO_PASSWORD_HASH_BYTES]);

/** Whether @p hash is a hash of @p password. Takes as long as crypto_password_hash(). */
bool crypto_password_verify(const char *password, const char *hash);

/** Whether two secrets are equal, in constant time. */
bool crypto_equal(const void *a, const void *b, size_t bytes);

void crypto_random(void *ret, size_t bytes);
void crypto_wipe(void *secret, size_t bytes);

/** Encode as base 64 (RFC 4648, with padding). @return 0 or -ENOSPC (@p text_bytes too small). */
int crypto_base64_encode(const void *from, size_t bytes, char *text, size_t text_bytes);

/** Decode base 64 of exactly @p bytes bytes, without other characters. @return 0 or -EINVAL. */
int crypto_base64_decode(const char *text, void *ret, size_t bytes);
/** Decode base 64 of at most @p bytes_max bytes. @return 0 or -EINVAL (also if it is longer). */
int crypto_base64_decode_any(const char *text, void *ret, size_t bytes_max, size_t *ret_bytes);

/**
 * Read a key file: one line of base 64.
 * @param error  CRYPTO_ERROR_BYTES; one sentence with the path and what to do.
 * @return 0, -ENOENT (no such file), -EACCES (unreadable, or readable by others), -EINVAL (no key
 *         of @p bytes bytes) or another negative errno.
 */
int crypto_key_load(const char *path, uint8_t *ret_key, size_t bytes, char *error);

/**
 * Create a key file of random bytes with mode 0600. The file is on disk when this returns. An
 * existing file is not changed.
 * @return 0, -EEXIST or another negative errno, with a sentence in @p error.
 */
int crypto_key_create(const char *path, uint8_t *ret_key, size_t bytes, char *error);

/** Write a public key as a key file that is readable by all; replaces an existing file. */
int crypto_key_publish(const char *path, const uint8_t *key, size_t bytes, char *error);

#endif
