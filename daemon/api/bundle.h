/*
 * bundle.h - one alert as one zip that a third party can trust: clip, stills, manifest, signature.
 *
 * manifest.json names every file with its SHA-256 and carries the alert's event and its review;
 * manifest.sig is the Ed25519 signature of it by the log's key, anchor.pub that key. What verifies
 * offline is that the gate whose key this is vouched for these bytes: whether it is the gate's key
 * is told by its fingerprint, or by giving the key. bundle_zip.c is the only file that knows
 * libzip. Blocks on disk; any thread.
 */
#ifndef GH_API_BUNDLE_H
#define GH_API_BUNDLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"

enum {
	BUNDLE_FILES_MAX = 16,
	BUNDLE_NAME_BYTES = 128,
	BUNDLE_TEXT_BYTES = 384,
	BUNDLE_FINGERPRINT_BYTES = 48, /* "xxxx-xxxx-..." of 32 hex digits, and a zero */
	BUNDLE_MANIFEST_BYTES_MAX = 1 << 20
};

struct bundle_request {
	const char *path; /* of the zip: must not exist */
	const char *evidence_dir;
	const char *key_path; /* the log's signing key */
	/* an object, to which "files", "v" and "public_key" are added; `evidence` [{name, sha256,
	 * bytes}] of its "event" member's data says what belongs in. */
	json_t *manifest;
};

/**
 * @param error  BUNDLE_TEXT_BYTES; one sentence on failure.
 * @return 0, -ENOENT (the evidence is gone), -EBADMSG (it is not what was recorded any more),
 *         -EKEYREJECTED, -ENOSPC, -EIO or -ENOMEM.
 */
int bundle_write(const struct bundle_request *request, char *error);

struct bundle_result {
	bool ok;
	bool key_given; /* it was checked with the caller's key, not with the one inside */
	unsigned files;
	char fingerprint[BUNDLE_FINGERPRINT_BYTES]; /* of the key that signed */
	json_t *manifest;             /* a new reference when it could be read, else NULL */
	char text[BUNDLE_TEXT_BYTES]; /* one sentence for a person */
};

/**
 * @param key  CRYPTO_SIGN_PUBLIC_BYTES, or NULL to take the one inside.
 * @return 0 (the answer is in @p ret_result, also a bad one), or -ENOENT, -EACCES, -EIO, -ENOMEM.
 */
int bundle_verify(const char *path, const uint8_t *key, struct bundle_result *ret_result);

/** The fingerprint of a public key: its BLAKE2b, 32 hex digits in groups of four. */
void bundle_fingerprint(const uint8_t key[CRYPTO_SIGN_PUBLIC_BYTES],
			char ret_text[BUNDLE_FINGERPRINT_BYTES]);

#endif
