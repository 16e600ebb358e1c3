/* gatectl: keys, and commands signed with them. */
#include "gatectl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ulid.h"
#include "crypto/crypto.h"
#include "mqtt/command.h"

enum { VALID_MS = 60000 };

enum { KEY_TEXT_BYTES = 128 }; /* 64 bytes in base64, and more */

static int write_key(const char *path, const struct crypto_signer *signer)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	char text[KEY_TEXT_BYTES];
	bool written;

	if (file == NULL) {
		fprintf(stderr, "gatectl: %s: %s\n", path, strerror(errno));
		return -1;
	}
	(void)crypto_base64_encode(signer->secret, sizeof(signer->secret), text,
				   sizeof(text)); /* it fits */
	written = fprintf(file, "%s\n", text) > 0;
	written = fclose(file) == 0 && written;
	crypto_wipe(text, sizeof(text));
	if (written)
		return 0;
	fprintf(stderr, "gatectl: %s: cannot be written\n", path);
	unlink(path);
	return -1;
}

int ctl_mqtt_keygen(const struct ctl *ctl)
{
	uint8_t seed[CRYPTO_SIGN_SEED_BYTES];
	struct crypto_signer signer;
	char text[KEY_TEXT_BYTES];
	int r;

	if (crypto_init() < 0) {
		fprintf(stderr, "gatectl: no key could be made\n");
		return CTL_REFUSED;
	}
	crypto_random(seed, sizeof(seed));
	crypto_signer_init(&signer, seed);
	r = write_key(ctl->words[0], &signer);
	if (r == 0 && crypto_base64_encode(signer.public_key, sizeof(signer.public_key), text,
					   sizeof(text)) >= 0)
		printf("%s\n", text);
	crypto_wipe(seed, sizeof(seed));
	crypto_wipe(&signer, sizeof(signer));
	return r == 0 ? CTL_OK : CTL_REFUSED;
}

static int read_key(const char *path, struct crypto_signer *signer)
{
	char text[KEY_TEXT_BYTES] = "";
	FILE *file = fopen(path, "re");
	int r = -EINVAL;

	if (file == NULL) {
		fprintf(stderr, "gatectl: %s: %s\n", path, strerror(errno));
		return -1;
	}
	if (fgets(text, sizeof(text), file) != NULL) {
		text[strcspn(text, "\n")] = '\0';
		r = crypto_base64_decode(text, signer->secret, sizeof(signer->secret));
	}
	fclose(file);
	crypto_wipe(text, sizeof(text));
	if (r == 0)
		return 0;
	fprintf(stderr, "gatectl: %s: not a key (gatectl mqtt keygen makes one)\n", path);
	return -1;
}

/* Adds "sig". */
static int sign(json_t *envelope, const char *topic, const struct crypto_signer *signer)
{
	uint8_t signature[CRYPTO_SIGNATURE_BYTES];
	char text[COMMAND_SIGNATURE_TEXT_BYTES];
	char *signed_text = command_signed_text(topic, envelope);

	if (signed_text == NULL)
		return -1;
	crypto_signer_sign(signer, signed_text, strlen(signed_text), signature);
	free(signed_text);
	if (crypto_base64_encode(signature, sizeof(signature), text, sizeof(text)) < 0)
		return -1;
	return json_object_set_new(envelope, "sig", json_string(text));
}

int ctl_mqtt_sign(const struct ctl *ctl)
{
	const char *key_id = ctl->words[1], *topic = ctl->words[2];
	json_t *body = json_loads(ctl->words[3], JSON_REJECT_DUPLICATES, NULL), *envelope;
	struct crypto_signer signer = {0};
	char id[ULID_BYTES];
	int r = CTL_REFUSED;

	if (!json_is_object(body)) {
		fprintf(stderr, "gatectl: expected a JSON object, such as '{\"door\":\"main\"}'\n");
		json_decref(body);
		return CTL_USAGE;
	}
	ulid_make(clock_unix_ms(), id);
	/*
	 * the nonce must rise from command to command, on whatever machine they are signed: the
	 * time does
	 */
	envelope = json_pack("{s:i,s:s,s:s,s:I,s:I,s:o}", "v", 1, "key", key_id, "id", id,
			     "expires", (json_int_t)(clock_unix_ms() + VALID_MS), "nonce",
			     (json_int_t)clock_unix_ms(), "body", body);
	if (envelope != NULL && crypto_init() >= 0 && read_key(ctl->words[0], &signer) == 0 &&
	    sign(envelope, topic, &signer) == 0) {
		json_dumpf(envelope, stdout, JSON_COMPACT);
		putchar('\n');
		r = CTL_OK;
	}
	crypto_wipe(&signer, sizeof(signer));
	json_decref(envelope);
	return r;
}
