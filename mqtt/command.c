#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/unconst.h"

_Static_assert((int)COMMAND_ERROR_BYTES >= (int)JSON_ERROR_BYTES, "errors of base/json.h must fit");

char *command_signed_text(const char *topic, const json_t *envelope)
{
	json_t *copy = json_copy(unconst(envelope));
	char *text = NULL, *canonical;

	if (copy == NULL)
		return NULL;
	json_object_del(copy, "sig");
	canonical = json_canonical(copy);
	json_decref(copy);
	if (canonical == NULL || asprintf(&text, "%s\n%s", topic, canonical) < 0)
		text = NULL;
	free(canonical);
	return text;
}

static int require_string(const json_t *envelope, const char *key, size_t bytes, char *ret_text,
			  char *error)
{
	const char *text = "";
	int r = json_get_string(envelope, key, bytes - 1, &text, error);

	if (r == 0 && text[0] == '\0') {
		snprintf(error, COMMAND_ERROR_BYTES, "%s: missing", key);
		r = -EINVAL;
	}
	if (r == 0)
		snprintf(ret_text, bytes, "%s", text);
	return r;
}

static int require_int(const json_t *envelope, const char *key, int64_t *ret_value, char *error)
{
	int64_t value = -1;
	int r = json_get_int(envelope, key, 1, INT64_MAX, &value, error);

	if (r == 0 && value < 0) {
		snprintf(error, COMMAND_ERROR_BYTES, "%s: missing", key);
		r = -EINVAL;
	}
	if (r == 0)
		*ret_value = value;
	return r;
}

static int read_envelope(const json_t *envelope, struct command *command, char *error)
{
	static const char *const known[] = {"v",     "key",  "id",  "expires",
					    "nonce", "body", "sig", NULL};
	int64_t version = 0;
	int r;

	if (!json_is_object(envelope)) {
		snprintf(error, COMMAND_ERROR_BYTES, "expected an object");
		return -EINVAL;
	}
	/* the id first: whatever else is wrong, the answer can name it */
	r = require_string(envelope, "id", sizeof(command->id), command->id, error);
	if (r == 0)
		r = json_only_known(envelope, known, error);
	if (r == 0)
		r = require_int(envelope, "v", &version, error);
	if (r == 0 && version != 1) {
		snprintf(error, COMMAND_ERROR_BYTES, "v: expected 1");
		r = -EINVAL;
	}
	if (r == 0)
		r = require_string(envelope, "key", sizeof(command->key), command->key, error);
	if (r == 0)
		r = require_int(envelope, "expires", &command->expires_unix_ms, error);
	if (r == 0)
		r = require_int(envelope, "nonce", &command->nonce, error);
	if (r == 0)
		r = require_string(envelope, "sig", sizeof(command->signature), command->signature,
				   error);
	if (r == 0 && !json_is_object(json_object_get(envelope, "body"))) {
		snprintf(error, COMMAND_ERROR_BYTES, "body: expected an object");
		r = -EINVAL;
	}
	return r;
}

int command_parse(const char *topic, const char *payload, size_t bytes, struct command *ret_command,
		  char *error)
{
	json_t *envelope;
	int r;

	memset(ret_command, 0, sizeof(*ret_command));
	envelope = json_parse(payload, bytes, COMMAND_BYTES_MAX, error);
	if (envelope == NULL)
		return -EINVAL;
	r = read_envelope(envelope, ret_command, error);
	if (r == 0) {
		ret_command->body = json_incref(json_object_get(envelope, "body"));
		ret_command->signed_text = command_signed_text(topic, envelope);
		if (ret_command->signed_text == NULL) {
			snprintf(error, COMMAND_ERROR_BYTES, "out of memory");
			r = -ENOMEM;
		} else {
			ret_command->signed_bytes = strlen(ret_command->signed_text);
		}
	}
	json_decref(envelope);
	return r;
}

void command_finish(struct command *command)
{
	json_decref(command->body);
	free(command->signed_text);
	memset(command, 0, sizeof(*command));
}

json_t *command_reply_ok(const char *id, json_t *result)
{
	return json_pack("{s:s, s:b, s:o}", "id", id, "ok", 1, "result",
			 result != NULL ? result : json_object());
}

json_t *command_reply_error(const char *id, const char *code, const char *message)
{
	return json_pack("{s:s, s:b, s:{s:s, s:s}}", "id", id, "ok", 0, "error", "code", code,
			 "message", message);
}
