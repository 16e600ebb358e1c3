/*
 * bundle.h - exports one alert as a signed zip (clip, stills, manifest, signature), and verifies
 * it.
 *
 * manifest.json lists every file with its SHA-256, and contains the alert's event and its review.
 * manifest.sig is the Ed25519 signature of the manifest by the log's key; anchor.pub is the public
 * key. Verification needs no gate. It proves that the owner of the key signed these bytes; that the
 * key is the gate's is proved by its fingerprint, or by passing the key to bundle_verify(). Only
 * bundle_zip.c includes libzip. Blocks on disk I/O; any thread.
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
	const char *path; /* of the zip, which must not exist */
	const char *evidence_dir;
	const char *key_path; /* the log's signing key */
	/*
	 * An object, to which "files", "v" and "public_key" are added. `evidence` [{name, sha256,
	 * bytes}] in the data of its member "event" lists the files to add.
	 */
	json_t *manifest;
};

/**
 * Write the zip.
 * @param error  BUNDLE_TEXT_BYTES; one sentence on failure.
 * @return 0, -ENOENT (an evidence file is missing), -EBADMSG (a file differs from the recorded
 *         hash), -EKEYREJECTED, -ENOSPC, -EIO or -ENOMEM.
 */
int bundle_write(const struct bundle_request *request, char *error);

struct bundle_result {
	bool ok;
	bool key_given; /* verified with the caller's key, not with the one in the zip */
	unsigned files;
	char fingerprint[BUNDLE_FINGERPRINT_BYTES]; /* of the signing key */
	json_t *manifest;             /* a new reference, or NULL if it cannot be read */
	char text[BUNDLE_TEXT_BYTES]; /* the result as one sentence */
};

/**
 * Verify the signature and every file of a zip.
 * @param key  CRYPTO_SIGN_PUBLIC_BYTES, or NULL to use the key in the zip.
 * @return 0 (@p ret_result says whether the zip is valid), -ENOENT, -EIO or -ENOMEM.
 */
int bundle_verify(const char *path, const uint8_t *key, struct bundle_result *ret_result);

/** The fingerprint of a public key: its BLAKE2b, 32 hex digits in groups of four. */
void bundle_fingerprint(const uint8_t key[CRYPTO_SIGN_PUBLIC_BYTES],
			char ret_text[BUNDLE_FINGERPRINT_BYTES]);

#endif
