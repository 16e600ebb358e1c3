#include "totp.h"

#include <errno.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

void totp_make(char ret_secret[TOTP_SECRET_TEXT_BYTES])
{
	uint8_t random[TOTP_SECRET_TEXT_BYTES - 1];

	crypto_random(random, sizeof(random));
	for (size_t i = 0; i < sizeof(random); i++)
		ret_secret[i] = alphabet[random[i] & 31]; /* five random bits each, 160 in total */
	ret_secret[TOTP_SECRET_TEXT_BYTES - 1] = '\0';
	crypto_wipe(random, sizeof(random));
}

static int decode(const char *text, uint8_t *ret_secret)
{
	unsigned bits = 0, value = 0;
	size_t filled = 0;

	if (strlen(text) != TOTP_SECRET_TEXT_BYTES - 1)
		return -EINVAL;
	for (; *text != '\0'; text++) {
		const char *at = strchr(alphabet, *text);

		if (at == NULL)
			return -EINVAL;
		value = (value << 5 | (unsigned)(at - alphabet)) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			ret_secret[filled++] = (uint8_t)(value >> bits);
		}
	}
	return 0;
}

int totp_code(const char *secret, uint64_t step, char ret_code[TOTP_DIGITS + 1])
{
	uint8_t key[TOTP_SECRET_BYTES], counter[8], digest[SHA1_DIGEST_SIZE];
	struct hmac_sha1_ctx hmac;
	const uint8_t *at;
	uint32_t value;

	if (decode(secret, key) < 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(counter); i++)
		counter[i] = (uint8_t)(step >> (56 - 8 * i));
	hmac_sha1_set_key(&hmac, sizeof(key), key);
	hmac_sha1_update(&hmac, sizeof(counter), counter);
	hmac_sha1_digest(&hmac, sizeof(digest), digest);
	at = digest + (digest[SHA1_DIGEST_SIZE - 1] & 15);
	value = ((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]) &
		0x7fffffff;
	snprintf(ret_code, TOTP_DIGITS + 1, "%06u", value % 1000000);
	crypto_wipe(key, sizeof(key));
	crypto_wipe(&hmac, sizeof(hmac));
	return 0;
}

uint64_t totp_check(const char *secret, const char *code, int64_t unix_ms, uint64_t last_step)
{
	uint64_t now = (uint64_t)(unix_ms / TOTP_STEP_MS), found = 0;
	char expected[TOTP_DIGITS + 1];

	if (strlen(code) != TOTP_DIGITS)
		return 0;
	for (uint64_t step = now - 1; step <= now + 1; step++)
		if (step > last_step && totp_code(secret, step, expected) == 0 &&
		    crypto_equal(expected, code, TOTP_DIGITS))
			found = step;
	return found;
}

void totp_uri(const char *secret, const char *issuer, const char *user,
	      char ret_uri[TOTP_URI_BYTES])
{
	snprintf(ret_uri, TOTP_URI_BYTES, "otpauth://totp/%s:%s?secret=%s&issuer=%s", issuer, user,
		 secret, issuer);
}
