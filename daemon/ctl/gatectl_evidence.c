/* gatectl: an exported alert judged without the daemon. */
#include "gatectl.h"

#include <string.h>

#include "api/bundle.h"

int ctl_evidence_verify(const struct ctl *ctl)
{
	uint8_t key[CRYPTO_SIGN_PUBLIC_BYTES];
	char error[CRYPTO_ERROR_BYTES];
	struct bundle_result result = {0};
	int r = crypto_init();

	if (r == 0 && ctl->key != NULL && crypto_key_load(ctl->key, key, sizeof(key), error) < 0) {
		fprintf(stderr, "gatectl: %s\n", error);
		return CTL_REFUSED;
	}
	if (r == 0)
		r = bundle_verify(ctl->words[0], ctl->key != NULL ? key : NULL, &result);
	if (r < 0) {
		fprintf(stderr, "gatectl: %s: %s\n", ctl->words[0], strerror(-r));
		return CTL_REFUSED;
	}
	if (ctl->json) {
		json_t *reply = json_pack("{s:b, s:i, s:s, s:b, s:s}", "ok", result.ok, "files",
					  (int)result.files, "fingerprint", result.fingerprint,
					  "key_given", result.key_given, "reason", result.text);

		ctl_print_json(reply);
		json_decref(reply);
	} else {
		printf("%s: ", result.ok ? "good" : "NOT GOOD");
		ctl_print_text(stdout, result.text);
		printf("\n");
		if (result.fingerprint[0] != '\0')
			printf("signed by %s%s\n", result.fingerprint,
			       result.key_given
				       ? ""
				       : ": compare it with the gate's (gatectl evidence key), or "
					 "give --key");
	}
	json_decref(result.manifest);
	return result.ok ? CTL_OK : CTL_REFUSED;
}

int ctl_evidence_key(const struct ctl *ctl)
{
	uint8_t key[CRYPTO_SIGN_PUBLIC_BYTES];
	char error[CRYPTO_ERROR_BYTES], fingerprint[BUNDLE_FINGERPRINT_BYTES];

	if (crypto_init() < 0 || crypto_key_load(ctl->words[0], key, sizeof(key), error) < 0) {
		fprintf(stderr, "gatectl: %s\n", error);
		return CTL_REFUSED;
	}
	bundle_fingerprint(key, fingerprint);
	printf("%s\n", fingerprint);
	return CTL_OK;
}
