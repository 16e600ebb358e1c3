#include "event.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "crypto/crypto.h"

static bool is_word(const char *text, size_t bytes_max, const char *characters)
{
	size_t bytes = strnlen(text, bytes_max);

	return bytes < bytes_max && strspn(text, characters) == bytes;
}

int event_draft_check(const struct event_draft *draft)
{
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
	static const char printable[] =
		"abcdefghijklmnopqrstuvwxyz0123456789_.-/:ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (draft->type == NULL || draft->type[0] == '\0' ||
	    !is_word(draft->type, EVENT_TYPE_BYTES, lower))
		return -EINVAL;
	if (draft->severity > EVENT_ALARM)
		return -EINVAL;
	if (draft->source != NULL && !is_word(draft->source, EVENT_SOURCE_BYTES, printable))
		return -EINVAL;
	if (draft->person != NULL && !ulid_is_valid(draft->person))
		return -EINVAL;
	if (draft->data != NULL && !json_is_object(draft->data))
		return -EINVAL;
	if (draft->unix_ms < 0)
		return -EINVAL;
	if (draft->nonce_key == NULL)
		return 0;
	return draft->nonce_key[0] != '\0' && draft->nonce >= 0 &&
			       is_word(draft->nonce_key, EVENT_KEY_BYTES, lower)
		       ? 0
		       : -EINVAL;
}

char *event_data_text(json_t *data)
{
	json_t *versioned;
	char *text;

	if (data != NULL && json_object_get(data, "v") != NULL)
		return json_canonical(data);
	versioned = data == NULL ? json_object() : json_copy(data);
	if (json_object_set_new(versioned, "v", json_integer(EVENT_DATA_VERSION)) < 0) {
		json_decref(versioned);
		return NULL;
	}
	text = json_canonical(versioned);
	json_decref(versioned);
	return text;
}

static void put_le(uint8_t *at, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

void event_hash(const struct event_row *row, uint8_t ret_hash[DIGEST_BYTES])
{
	const char *texts[] = {row->id, row->type, row->source, row->person, row->data};
	enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };
	uint8_t head[4 + 8 + 8 + 1] = {'G', 'H', 'E', '1'}, sizes[TEXTS][4];
	struct crypto_bytes parts[1 + 2 * TEXTS + 1];
	size_t count = 0;

	assert(row->data != NULL);
	put_le(head + 4, (uint64_t)row->seq, 8);
	put_le(head + 12, (uint64_t)row->unix_ms, 8);
	head[20] = (uint8_t)row->severity;
	parts[count++] = (struct crypto_bytes){head, sizeof(head)};
	for (size_t i = 0; i < TEXTS; i++) {
		size_t bytes = strlen(texts[i]);

		put_le(sizes[i], bytes, 4);
		parts[count++] = (struct crypto_bytes){sizes[i], sizeof(sizes[i])};
		parts[count++] = (struct crypto_bytes){texts[i], bytes};
	}
	parts[count++] = (struct crypto_bytes){row->prev, DIGEST_BYTES};
	crypto_digest(parts, count, ret_hash);
}

void event_hash_text(const uint8_t hash[DIGEST_BYTES], char *text)
{
	hex_format(hash, DIGEST_BYTES, text);
}

/* Escapes nothing: type, source and id contain no character that needs it, and data is JSON. */
char *event_json(const struct event_row *row, bool hashes)
{
	char time[CLOCK_UTC_BYTES], person[ULID_BYTES + 2] = "null",
							chain[2 * DIGEST_HEX_BYTES + 32] = "";
	char prev[DIGEST_HEX_BYTES], hash[DIGEST_HEX_BYTES];
	char *text;

	assert(row->data != NULL);
	clock_format_utc(row->unix_ms, time);
	if (row->person[0] != '\0')
		snprintf(person, sizeof(person), "\"%s\"", row->person);
	if (hashes) {
		event_hash_text(row->prev, prev);
		event_hash_text(row->hash, hash);
		snprintf(chain, sizeof(chain), ",\"prev\":\"%s\",\"hash\":\"%s\"", prev, hash);
	}
	if (asprintf(&text,
		     "{\"seq\":%lld,\"id\":\"%s\",\"time\":\"%s\",\"type\":\"%s\",\"severity\":\"%"
		     "s\","
		     "\"source\":\"%s\",\"person\":%s,\"data\":%s%s}",
		     (long long)row->seq, row->id, time, row->type,
		     event_severity_name(row->severity), row->source, person, row->data, chain) < 0)
		return NULL;
	return text;
}

const char *event_severity_name(enum event_severity severity)
{
	static const char *const names[] = {"info", "warning", "alarm"};

	return (size_t)severity < sizeof(names) / sizeof(names[0]) ? names[severity] : "alarm";
}
