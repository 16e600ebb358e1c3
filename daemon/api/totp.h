/*
 * totp.h - time-based one-time passwords (RFC 6238) with SHA-1, 30 seconds and 6 digits, which
 * every authenticator app supports. Only totp.c includes nettle. No I/O except random bytes; any
 * thread.
 */
#ifndef GH_API_TOTP_H
#define GH_API_TOTP_H

#include <stddef.h>
#include <stdint.h>

enum {
	TOTP_SECRET_BYTES = 20,
	TOTP_SECRET_TEXT_BYTES = 33, /* base 32 (RFC 4648) without padding, and a zero */
	TOTP_STEP_MS = 30000,
	TOTP_DIGITS = 6,
	TOTP_URI_BYTES = 256
};

/** Make a random secret, as text. */
void totp_make(char ret_secret[TOTP_SECRET_TEXT_BYTES]);

/** The code of one step. @return 0 or -EINVAL (not a secret). */
int totp_code(const char *secret, uint64_t step, char ret_code[TOTP_DIGITS + 1]);

/**
 * Check @p code against the current step, the one before and the one after; only steps above
 * @p last_step are valid, so that no code can be used twice.
 * @return the step of the code, to be stored as the next @p last_step; 0: wrong.
 */
uint64_t totp_check(const char *secret, const char *code, int64_t unix_ms, uint64_t last_step);

/** otpauth://totp/... for a QR code; @p issuer and @p user must consist of [a-z0-9._-]. */
void totp_uri(const char *secret, const char *issuer, const char *user,
	      char ret_uri[TOTP_URI_BYTES]);

#endif
