/* gatectl: keys, and commands signed with them. */
#include "gatectl.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ulid.h"
#include "mqtt/command.h"

enum { VALID_MS = 60000 };

int ctl_mqtt_keygen(const struct ctl *ctl)
{
	unsigned char public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
	char public_text[64], secret_text[128];
	bool written;
	FILE *file;
	int fd;

	if (sodium_init() < 0 || crypto_sign_keypair(public_key, secret_key) != 0) {
		fprintf(stderr, "gatectl: no key could be made\n");
		return CTL_REFUSED;
	}
	fd = open(ctl->words[0], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL) {
		fprintf(stderr, "gatectl: %s: %s\n", ctl->words[0], strerror(errno));
		return CTL_REFUSED;
	}
	sodium_bin2base64(public_text, sizeof(public_text), public_key, sizeof(public_key),
			  sodium_base64_VARIANT_ORIGINAL);
	sodium_bin2base64(secret_text, sizeof(secret_text), secret_key, sizeof(secret_key),
			  sodium_base64_VARIANT_ORIGINAL);
	written = fprintf(file, "%s\n", secret_text) > 0;
	written = fclose(file) == 0 && written;
	sodium_memzero(secret_key, sizeof(secret_key));
	sodium_memzero(secret_text, sizeof(secret_text));
	if (!written) {
		fprintf(stderr, "gatectl: %s: cannot be written\n", ctl->words[0]);
		unlink(ctl->words[0]);
		return CTL_REFUSED;
	}
	printf("%s\n", public_text);
	return CTL_OK;
}

static int read_key(const char *path, unsigned char *secret_key)
{
	char text[128] = "";
	size_t length = 0;
	FILE *file = fopen(path, "re");
	int r = -1;

	if (file == NULL) {
		fprintf(stderr, "gatectl: %s: %s\n", path, strerror(errno));
		return -1;
	}
	if (fgets(text, sizeof(text), file) != NULL)
		r = sodium_base642bin(secret_key, crypto_sign_SECRETKEYBYTES, text, strcspn(text, "\n"), NULL,
				      &length, NULL, sodium_base64_VARIANT_ORIGINAL);
	fclose(file);
	sodium_memzero(text, sizeof(text));
	if (r == 0 && length == crypto_sign_SECRETKEYBYTES)
		return 0;
	fprintf(stderr, "gatectl: %s: not a key (gatectl mqtt keygen makes one)\n", path);
	return -1;
}

/* Adds "sig". */
static int sign(json_t *envelope, const char *topic, const unsigned char *secret_key)
{
	unsigned char signature[crypto_sign_BYTES];
	char text[COMMAND_SIGNATURE_TEXT_BYTES];
	char *signed_text = command_signed_text(topic, envelope);

	if (signed_text == NULL)
		return -1;
	crypto_sign_detached(signature, NULL, (unsigned char *)signed_text, strlen(signed_text), secret_key);
	free(signed_text);
	sodium_bin2base64(text, sizeof(text), signature, sizeof(signature), sodium_base64_VARIANT_ORIGINAL);
	return json_object_set_new(envelope, "sig", json_string(text));
}

int ctl_mqtt_sign(const struct ctl *ctl)
{
	const char *key_id = ctl->words[1], *topic = ctl->words[2];
	json_t *body = json_loads(ctl->words[3], JSON_REJECT_DUPLICATES, NULL), *envelope;
	unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
	char id[ULID_BYTES];
	int r = CTL_REFUSED;

	if (!json_is_object(body)) {
		fprintf(stderr, "gatectl: expected a JSON object, such as '{\"door\":\"main\"}'\n");
		json_decref(body);
		return CTL_USAGE;
	}
	ulid_make(clock_unix_ms(), id);
	/* the nonce must rise from command to command, on whatever machine they are signed: the time does */
	envelope = json_pack("{s:i,s:s,s:s,s:I,s:I,s:o}", "v", 1, "key", key_id, "id", id, "expires",
			     (json_int_t)(clock_unix_ms() + VALID_MS), "nonce", (json_int_t)clock_unix_ms(),
			     "body", body);
	if (envelope != NULL && sodium_init() >= 0 && read_key(ctl->words[0], secret_key) == 0 &&
	    sign(envelope, topic, secret_key) == 0) {
		json_dumpf(envelope, stdout, JSON_COMPACT);
		putchar('\n');
		r = CTL_OK;
	}
	sodium_memzero(secret_key, sizeof(secret_key));
	json_decref(envelope);
	return r;
}
