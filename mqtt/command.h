/*
 * command.h - the envelope of a command: who asks for what, until when, under which signature.
 *
 *   {"v":1, "key":"desk", "id":"...", "expires":UNIX_MS, "nonce":N, "body":{...}, "sig":"BASE64"}
 *
 * The signature is Ed25519 over the topic, a newline, and the envelope without "sig" as canonical
 * JSON (keys sorted, no spaces). Checking it is the caller's: this room knows no cryptography.
 * Pure. Any thread.
 */
#ifndef GH_MQTT_COMMAND_H
#define GH_MQTT_COMMAND_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum {
	COMMAND_BYTES_MAX = 256 * 1024, /* a page of a roster, or a photo */
	COMMAND_KEY_BYTES = 32,
	COMMAND_ID_BYTES = 65,
	COMMAND_SIGNATURE_TEXT_BYTES = 89, /* base64 of 64 bytes and the ending zero */
	COMMAND_ERROR_BYTES = 160,         /* as JSON_ERROR_BYTES */
};

struct command {
	char key[COMMAND_KEY_BYTES];
	char id[COMMAND_ID_BYTES];
	int64_t expires_unix_ms, nonce;
	json_t *body; /* an object; owned */
	char signature[COMMAND_SIGNATURE_TEXT_BYTES];
	char *signed_text; /* what the signature is over; owned */
	size_t signed_bytes;
};

/**
 * Read an envelope. Unknown members are refused: a word that is not understood must not be passed
 * over.
 * @param error  COMMAND_ERROR_BYTES; what is wrong and where. What could be read of `id` is set
 *               even then.
 * @return 0, -EINVAL or -ENOMEM. Release with command_finish() in either case.
 */
int command_parse(const char *topic, const char *payload, size_t bytes, struct command *ret_command,
		  char *error);

void command_finish(struct command *command);

/** The signed text of an envelope that has no "sig" yet. The caller frees; NULL: no memory. */
char *command_signed_text(const char *topic, const json_t *envelope);

/**
 * {"id", "ok":true, "result"} or {"id", "ok":false, "error":{"code","message"}}; takes @p result.
 * New reference.
 */
json_t *command_reply_ok(const char *id, json_t *result);
json_t *command_reply_error(const char *id, const char *code, const char *message);

#endif
