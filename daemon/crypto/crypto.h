/*
 * crypto.h - the few things the gate needs of cryptography, in its own words.
 *
 * crypto_sodium.c is the only file that knows libsodium. Call crypto_init() before anything else;
 * after that any thread. Keys are the caller's memory: crypto_wipe() them when done.
 */
#ifndef GH_CRYPTO_CRYPTO_H
#define GH_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hex.h"

enum {
	CRYPTO_SEAL_KEY_BYTES = 32,
	CRYPTO_SEAL_EXTRA_BYTES = 40, /* what sealing adds: 24 of nonce, 16 of tag */
	CRYPTO_SIGN_SEED_BYTES = 32,
	CRYPTO_SIGN_PUBLIC_BYTES = 32,
	CRYPTO_SIGN_SECRET_BYTES = 64,
	CRYPTO_SIGNATURE_BYTES = 64,
	CRYPTO_SHA256_STATE_BYTES = 128,
	CRYPTO_PASSWORD_HASH_BYTES = 128, /* text, with its zero */
	CRYPTO_ERROR_BYTES = 512
};

struct crypto_signer {
	uint8_t secret[CRYPTO_SIGN_SECRET_BYTES];
	uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES];
};

/** One part of what is hashed. */
struct crypto_bytes {
	const void *at;
	size_t bytes;
};

/**
 * Whether crypto_init() would not wait: a board that has just started may have no randomness for
 * minutes.
 */
bool crypto_is_ready(void);

/** Any number of times. @return 0 or -EIO (the system gives no randomness). */
int crypto_init(void);

/** BLAKE2b-256, without a key, over the parts one after another. */
void crypto_digest(const struct crypto_bytes *parts, size_t count, uint8_t ret_hash[DIGEST_BYTES]);

/** SHA-256 of what comes piece by piece, as hexadecimal: what others compute, too. */
struct crypto_sha256 {
	_Alignas(16) uint8_t state[CRYPTO_SHA256_STATE_BYTES];
};
void crypto_sha256_begin(struct crypto_sha256 *sha256);
void crypto_sha256_add(struct crypto_sha256 *sha256, const void *at, size_t bytes);
void crypto_sha256_end(struct crypto_sha256 *sha256, char ret_hex[DIGEST_HEX_BYTES]);

/**
 * XSalsa20-Poly1305 with a random nonce. @p ret_sealed holds @p bytes + CRYPTO_SEAL_EXTRA_BYTES.
 */
void crypto_seal(const uint8_t key[CRYPTO_SEAL_KEY_BYTES], const void *plain, size_t bytes,
		 void *ret_sealed);

/**
 * The reverse. @p ret_plain holds @p sealed_bytes - CRYPTO_SEAL_EXTRA_BYTES. @return 0 or -EBADMSG.
 */
int crypto_unseal(const uint8_t key[CRYPTO_SEAL_KEY_BYTES], const void *sealed, size_t sealed_bytes,
		  void *ret_plain);

/** The Ed25519 key pair of a seed. */
void crypto_signer_init(struct crypto_signer *signer, const uint8_t seed[CRYPTO_SIGN_SEED_BYTES]);

void crypto_signer_sign(const struct crypto_signer *signer, const void *message, size_t bytes,
			uint8_t ret_signature[CRYPTO_SIGNATURE_BYTES]);

bool crypto_verify(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES], const void *message,
		   size_t bytes, const uint8_t signature[CRYPTO_SIGNATURE_BYTES]);

/**
 * Argon2id with a random salt, 32 MiB and 3 passes, as text that carries its parameters. Takes some
 * 60 ms of a core: never on the control thread. @return 0 or -ENOMEM.
 */
int crypto_password_hash(const char *password, char ret_hash[CRYPTO_PASSWORD_HASH_BYTES]);

/** Whether @p hash is one of @p password. Takes as long. */
bool crypto_password_is(const char *password, const char *hash);

/** Whether two secrets are equal, in time that does not depend on where they differ. */
bool crypto_equal(const void *a, const void *b, size_t bytes);

void crypto_random(void *ret, size_t bytes);
void crypto_wipe(void *secret, size_t bytes);

/** Base 64 (RFC 4648, with padding). @return 0 or -ENOSPC when @p text_bytes are too few for it. */
int crypto_base64(const void *from, size_t bytes, char *text, size_t text_bytes);

/** The reverse, of exactly @p bytes bytes; nothing else may be in @p text. @return 0 or -EINVAL. */
int crypto_unbase64(const char *text, void *ret, size_t bytes);
/** The same of any length up to @p bytes_max. @return 0, or -EINVAL, also for more. */
int crypto_unbase64_all(const char *text, void *ret, size_t bytes_max, size_t *ret_bytes);

/**
 * Read a key file: one line of base 64.
 * @param error  CRYPTO_ERROR_BYTES; a sentence naming the file and what to do.
 * @return 0, -ENOENT (no such file), -EACCES (unreadable, or readable by others), -EINVAL (not such
 *         a key).
 */
int crypto_key_load(const char *path, uint8_t *ret_key, size_t bytes, char *error);

/**
 * Make a key file of random bytes, mode 0600, on disk when this returns; an existing file is not
 * touched.
 * @return 0, -EEXIST or another negative errno, with the sentence.
 */
int crypto_key_create(const char *path, uint8_t *ret_key, size_t bytes, char *error);

/** Write @p key as a file like those, readable by all: for public keys. Replaces what was there. */
int crypto_key_publish(const char *path, const uint8_t *key, size_t bytes, char *error);

#endif
