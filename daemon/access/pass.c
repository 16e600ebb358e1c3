#include "pass.h"

#include <assert.h>

#include <errno.h>
#include <string.h>

enum {
	HEAD_BYTES = 1 + 26 + 4 + 4 + 2 + 1,
	BYTES_MAX = HEAD_BYTES + PASS_DOORS_MAX * PASS_DOOR_BYTES + CRYPTO_SIGNATURE_BYTES
};

static const char mark[] = "GHP1", domain[] = "gatehouse-pass-1";

_Static_assert(sizeof(mark) + (BYTES_MAX * 8 + 4) / 5 <= PASS_TEXT_BYTES, "every pass has room");

/* ---- base 32 ---- */

static void encode(const uint8_t *from, size_t bytes, char *text)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < bytes; i++) {
		held = (held << 8 | from[i]) & 0xfff;
		for (bits += 8; bits >= 5; bits -= 5)
			*text++ = alphabet[held >> (bits - 5) & 31];
	}
	if (bits > 0)
		*text++ = alphabet[held << (5 - bits) & 31];
	*text = '\0';
}

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/*
 * @return the number of bytes, or -EINVAL. Each byte string has one text: the last digit's unused
 * bits must be zero.
 */
static int decode(const char *text, uint8_t *ret, size_t max)
{
	unsigned bits = 0, held = 0;
	size_t bytes = 0;

	for (; *text != '\0'; text++) {
		int value = digit(*text);

		if (value < 0)
			return -EINVAL;
		held = (held << 5 | (unsigned)value) & 0xfff;
		bits += 5;
		if (bits < 8)
			continue;
		if (bytes == max)
			return -EINVAL;
		bits -= 8;
		ret[bytes++] = (uint8_t)(held >> bits);
	}
	return bits >= 5 || (held & ((1u << bits) - 1)) != 0 ? -EINVAL : (int)bytes;
}

/* ---- bytes ---- */

static uint8_t *put_number(uint8_t *at, uint32_t value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		*at++ = (uint8_t)(value >> (8 * i));
	return at;
}

static uint32_t get_number(const uint8_t *at, int bytes)
{
	uint32_t value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static bool is_minute(int64_t unix_ms)
{
	return unix_ms >= 0 && unix_ms % 60000 == 0 && unix_ms / 60000 <= UINT32_MAX;
}

static bool name_is_valid(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((name[i] < 'a' || name[i] > 'z') && (name[i] < '0' || name[i] > '9') &&
		    name[i] != '-')
			return false;
	return length > 0 && length < PASS_DOOR_BYTES;
}

static bool is_valid(const struct pass *pass)
{
	if (memchr(pass->id, '\0', sizeof(pass->id)) == NULL || !ulid_is_valid(pass->id) ||
	    !is_minute(pass->valid_from_unix_ms) || !is_minute(pass->valid_to_unix_ms) ||
	    pass->uses > PASS_USES_MAX || pass->door_count > PASS_DOORS_MAX)
		return false;
	for (size_t i = 0; i < pass->door_count; i++)
		if (!name_is_valid(pass->doors[i], strnlen(pass->doors[i], PASS_DOOR_BYTES)))
			return false;
	return true;
}

int pass_write(const struct crypto_signer *signer, const struct pass *pass, char *text)
{
	uint8_t bytes[sizeof(domain) - 1 + BYTES_MAX], *start = bytes + sizeof(domain) - 1,
						       *at = start;

	assert(signer != NULL);
	if (!is_valid(pass))
		return -EINVAL;
	memcpy(bytes, domain, sizeof(domain) - 1);
	*at++ = 1;
	memcpy(at, pass->id, ULID_BYTES - 1);
	at += ULID_BYTES - 1;
	at = put_number(at, (uint32_t)(pass->valid_from_unix_ms / 60000), 4);
	at = put_number(at, (uint32_t)(pass->valid_to_unix_ms / 60000), 4);
	at = put_number(at, pass->uses, 2);
	*at++ = (uint8_t)pass->door_count;
	for (size_t i = 0; i < pass->door_count; i++) {
		size_t length = strlen(pass->doors[i]);

		*at++ = (uint8_t)length;
		memcpy(at, pass->doors[i], length);
		at += length;
	}
	crypto_signer_sign(signer, bytes, (size_t)(at - bytes), at);
	assert((size_t)(at - start) + CRYPTO_SIGNATURE_BYTES <= BYTES_MAX);
	memcpy(text, mark, sizeof(mark) - 1);
	encode(start, (size_t)(at - start) + CRYPTO_SIGNATURE_BYTES, text + sizeof(mark) - 1);
	return 0;
}

static int read_doors(const uint8_t *at, const uint8_t *end, struct pass *pass)
{
	pass->door_count = *at++;
	if (pass->door_count > PASS_DOORS_MAX)
		return -EINVAL;
	for (size_t i = 0; i < pass->door_count; i++) {
		size_t length = at < end ? *at++ : 0;

		if (length > (size_t)(end - at) || !name_is_valid((const char *)at, length))
			return -EINVAL;
		memcpy(pass->doors[i], at, length);
		at += length;
	}
	return at == end ? 0 : -EINVAL;
}

bool pass_is_like(const char *text)
{
	for (size_t i = 0; i < sizeof(mark) - 1; i++)
		if (text[i] != mark[i] && text[i] != (mark[i] | 0x20))
			return false;
	return true;
}

int pass_read(const uint8_t public_key[CRYPTO_SIGN_PUBLIC_BYTES], const char *text,
	      struct pass *ret_pass)
{
	uint8_t bytes[sizeof(domain) - 1 + BYTES_MAX], *start = bytes + sizeof(domain) - 1, *end;
	struct pass pass = {0};
	int count;

	if (!pass_is_like(text))
		return -EINVAL;
	count = decode(text + sizeof(mark) - 1, start, BYTES_MAX);
	if (count < HEAD_BYTES + CRYPTO_SIGNATURE_BYTES)
		return -EINVAL;
	end = start + count - CRYPTO_SIGNATURE_BYTES;
	memcpy(bytes, domain, sizeof(domain) - 1);
	if (!crypto_verify(public_key, bytes, (size_t)(end - bytes), end))
		return -EBADMSG;
	memcpy(pass.id, start + 1, ULID_BYTES - 1);
	pass.valid_from_unix_ms = (int64_t)get_number(start + 27, 4) * 60000;
	pass.valid_to_unix_ms = (int64_t)get_number(start + 31, 4) * 60000;
	pass.uses = get_number(start + 35, 2);
	if (start[0] != 1 || !ulid_is_valid(pass.id) || read_doors(start + 37, end, &pass) < 0)
		return -EINVAL;
	*ret_pass = pass;
	return 0;
}
