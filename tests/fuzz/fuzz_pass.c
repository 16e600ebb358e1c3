/*
 * Whatever a QR code says: a pass that this key signed, or refused; one that was read is written as
 * the same text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "access/pass.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct crypto_signer signer;

static void begin(void)
{
	const uint8_t seed[CRYPTO_SIGN_SEED_BYTES] = {1};
	static bool begun;

	if (begun)
		return;
	if (crypto_init() < 0)
		abort();
	crypto_signer_init(&signer, seed);
	begun = true;
}

/* The bytes as a text, which nearly never is signed. */
static void read_text(const uint8_t *data, size_t bytes)
{
	char *text = malloc(bytes + 1), again[PASS_TEXT_BYTES];
	struct pass pass;

	if (text == NULL)
		return;
	memcpy(text, data, bytes);
	text[bytes] = '\0';
	if (pass_read(signer.public_key, text, &pass) == 0 &&
	    (pass_write(&signer, &pass, again) < 0 || strcasecmp(text, again) != 0))
		abort();
	free(text);
}

/* The bytes as a pass: what can be written is read as it was. */
static void write_pass(const uint8_t *data, size_t bytes)
{
	struct pass pass = {0}, read = {0};
	char text[PASS_TEXT_BYTES];

	if (bytes < sizeof(pass))
		return;
	memcpy(&pass, data, sizeof(pass));
	if (pass_write(&signer, &pass, text) < 0)
		return;
	if (pass_read(signer.public_key, text, &read) < 0 || strcmp(read.id, pass.id) != 0 ||
	    read.valid_to_unix_ms != pass.valid_to_unix_ms || read.uses != pass.uses ||
	    read.door_count != pass.door_count)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	begin();
	read_text(data, bytes);
	write_pass(data, bytes);
	return 0;
}
