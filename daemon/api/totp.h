/*
 * totp.h - one-time passwords by time: RFC 6238 with SHA-1, 30 seconds, 6 digits, which is what
 * every authenticator program knows. totp.c is the only file that knows nettle. Pure; any thread.
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

/** A new random secret as text. */
void totp_make(char ret_secret[TOTP_SECRET_TEXT_BYTES]);

/** The code of one step. @return 0 or -EINVAL (not such a secret). */
int totp_code(const char *secret, uint64_t step, char ret_code[TOTP_DIGITS + 1]);

/**
 * Whether @p code is right now, a step before or a step after, and newer than @p last_step.
 * @return its step, to be remembered as the last; or 0.
 */
uint64_t totp_check(const char *secret, const char *code, int64_t unix_ms, uint64_t last_step);

/** otpauth://totp/... for a QR code; @p issuer and @p user need no escaping ([a-z0-9._-]). */
void totp_uri(const char *secret, const char *issuer, const char *user,
	      char ret_uri[TOTP_URI_BYTES]);

#endif
