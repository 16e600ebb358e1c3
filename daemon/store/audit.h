/*
 * audit.h - can this log be trusted?
 *
 * Re-computes the hash chain of a gate.db and checks its signatures: the head (how far the log
 * goes), the base (where it begins after old rows were dropped) and each audit.anchor event. Opens
 * the file read-only and streams it in constant memory; the daemon may write meanwhile.
 * docs/reference/audit.md says what it can and cannot prove. Any thread.
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
	bool signatures_checked; /* false: no public key was at hand, only the chain was checked */
	int64_t rows;            /* read */
	int64_t first_seq, last_seq;
	int64_t anchors; /* whose signature was good */
	int64_t bad_seq; /* where the log stops being true; 0 when ok */
	uint8_t last_hash[DIGEST_BYTES];
	struct problem verdict; /* also of a good log; its detail is one sentence for a person */
};

/** Called now and then with the rows done and the last seq to come. @return false to stop. */
typedef bool (*audit_progress_fn)(void *arg, int64_t rows, int64_t last_seq);

/**
 * Verify a whole log.
 * @param db_path          gate.db.
 * @param public_key_path  anchor.pub; NULL: beside it, DIRECTORY/keys/anchor.pub. A missing file
 *                         only leaves signatures unchecked.
 * @param progress         may be NULL.
 * @return 0 (the answer is in @p ret_result, also a bad one), -ECANCELED (progress said stop), or
 *         what keeps the file from being read, with the sentence in ret_result->text: -ENOENT,
 *         -EACCES, -EBADMSG (not a database, or a damaged one), -EPROTO (a schema of another
 *         version), -EIO, -ENOMEM.
 */
int audit_verify(const char *db_path, const char *public_key_path, audit_progress_fn progress,
		 void *arg, struct audit_result *ret_result);

/**
 * Write a whole log as text, a line of JSON each, that a program without SQLite can judge:
 * docs/reference/audit.md, "A bundle". Ends with the head of the moment it began; the daemon may
 * write meanwhile. It does not judge.
 * @param public_key_path  as audit_verify(), but it must be there.
 * @param error            AUDIT_TEXT_BYTES; one sentence on failure.
 * @return 0, -ECANCELED, -EBADMSG (damaged), -ENOENT, -EACCES, or what writing @p out failed with.
 */
int audit_export(const char *db_path, const char *public_key_path, FILE *out,
		 audit_progress_fn progress, void *arg, char *error);

/** @p public_key_path, or when that is NULL anchor.pub where it lies beside @p db_path. */
void audit_key_path(const char *db_path, const char *public_key_path, char *ret_path, size_t bytes);

/**
 * What an anchor, a head or a base says; each kind signs other words, so that none passes for
 * another.
 */
enum audit_statement { AUDIT_ANCHOR, AUDIT_HEAD, AUDIT_BASE };

/** The signature of "the log up to @p seq ends in @p hash". */
void audit_sign(const struct crypto_signer *signer, enum audit_statement statement, int64_t seq,
		const uint8_t hash[DIGEST_BYTES], uint8_t ret_signature[CRYPTO_SIGNATURE_BYTES]);

bool audit_signature_is_good(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES],
			     enum audit_statement statement, int64_t seq,
			     const uint8_t hash[DIGEST_BYTES],
			     const uint8_t signature[CRYPTO_SIGNATURE_BYTES]);

/** The data of an audit.anchor event for the row before it: a new reference, NULL: no memory. */
json_t *audit_anchor_data(const struct crypto_signer *signer, int64_t seq,
			  const uint8_t hash[DIGEST_BYTES]);

#endif
