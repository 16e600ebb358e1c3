/*
 * audit.h - verifies that a log was not tampered with.
 *
 * Re-computes the hash chain of a gate.db and checks its signatures: the head (the last row), the
 * base (where the log begins after old rows were deleted) and each audit.anchor event. Reads the
 * file through a read-only connection in constant memory; the daemon may write at the same time.
 * docs/reference/audit.md states what the audit proves and what not. Any thread.
 */
#ifndef GH_STORE_AUDIT_H
#define GH_STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "crypto/crypto.h"
#include "base/problem.h"
#include "event.h"

enum { AUDIT_TEXT_BYTES = 384, AUDIT_SIGNATURE_TEXT_BYTES = 89, AUDIT_KEY_TEXT_BYTES = 45 };

struct audit_result {
	bool ok;
	bool signatures_checked; /* false: there is no public key, so only the chain was checked */
	int64_t rows;            /* verified */
	int64_t first_seq, last_seq;
	int64_t anchors; /* with a valid signature */
	int64_t bad_seq; /* the first row that is not trustworthy; 0 when ok */
	uint8_t last_hash[DIGEST_BYTES];
	struct problem verdict; /* also set for a good log; `detail` is one sentence */
};

/** Called after each page with the rows verified and the seq of the last. @return false to stop. */
typedef bool (*audit_progress_fn)(void *arg, int64_t rows, int64_t last_seq);

/**
 * Verify a log from its first row to its last.
 * @param db_path          gate.db.
 * @param public_key_path  anchor.pub; NULL: keys/anchor.pub in the folder of @p db_path. If it is
 *                         missing, signatures are not checked.
 * @param progress         may be NULL.
 * @return 0 (the verdict, good or bad, is in @p ret_result), -ECANCELED (stopped by @p progress),
 *         or the reason why the file cannot be read, also in ret_result->verdict: -ENOENT, -EACCES,
 *         -EBADMSG (no database, or damaged), -EPROTO (another schema version), -EIO, -ENOMEM.
 */
int audit_verify(const char *db_path, const char *public_key_path, audit_progress_fn progress,
		 void *arg, struct audit_result *ret_result);

/**
 * Write a log as lines of JSON, which a program without SQLite can verify: docs/reference/audit.md,
 * "A bundle". Ends with the head as of the beginning of the call; the daemon may write at the same
 * time. Does not verify the log.
 * @param public_key_path  as for audit_verify(), but the file must exist.
 * @param error            AUDIT_TEXT_BYTES; one sentence on failure.
 * @return 0, -ECANCELED, -EBADMSG (damaged), -EAGAIN (rows were deleted meanwhile), -ENOENT,
 *         -EACCES, or the errno of writing @p out.
 */
int audit_export(const char *db_path, const char *public_key_path, FILE *out,
		 audit_progress_fn progress, void *arg, char *error);

/** @p public_key_path, or if it is NULL, keys/anchor.pub in the folder of @p db_path. */
void audit_key_path(const char *db_path, const char *public_key_path, char *ret_path, size_t bytes);

/** The kinds of signed statements. Each signs a different text, so none can replace another. */
enum audit_statement { AUDIT_ANCHOR, AUDIT_HEAD, AUDIT_BASE };

/** The signature of "the log up to @p seq ends in @p hash". */
void audit_sign(const struct crypto_signer *signer, enum audit_statement statement, int64_t seq,
		const uint8_t hash[DIGEST_BYTES], uint8_t ret_signature[CRYPTO_SIGNATURE_BYTES]);

bool audit_signature_is_good(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES],
			     enum audit_statement statement, int64_t seq,
			     const uint8_t hash[DIGEST_BYTES],
			     const uint8_t signature[CRYPTO_SIGNATURE_BYTES]);

/** The data of an audit.anchor event that signs row @p seq: a new reference; NULL: no memory. */
json_t *audit_anchor_data(const struct crypto_signer *signer, int64_t seq,
			  const uint8_t hash[DIGEST_BYTES]);

#endif
