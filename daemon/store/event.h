/*
 * event.h - one row of the log: what it holds, its canonical bytes, its place in the hash chain,
 * its JSON.
 *
 * Pure but for memory. docs/reference/audit.md describes the canonical bytes for whoever writes
 * another verifier; a change here that changes them is a new format and breaks every log there is.
 * Any thread.
 */
#ifndef GH_STORE_EVENT_H
#define GH_STORE_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hex.h"
#include "base/ulid.h"

enum {
	EVENT_TYPE_BYTES = 48,            /* "access.granted": [a-z0-9_.-], 1 to 47 characters */
	EVENT_SOURCE_BYTES = 64,          /* "door/main": printable ASCII, 0 to 63 characters */
	EVENT_KEY_BYTES = 32,             /* name of a command key */
	EVENT_DATA_BYTES_MAX = 64 * 1024, /* of the JSON text */
	EVENT_DATA_VERSION = 1
};

enum event_severity { EVENT_INFO, EVENT_WARNING, EVENT_ALARM };

/** What the gate wants recorded. Everything is borrowed for the call that takes the draft. */
struct event_draft {
	const char *type;
	enum event_severity severity;
	const char *source; /* NULL: none */
	const char *person; /* a ULID, or NULL */
	/* an object, or NULL; "v" is added when it has none. The reference stays yours */
	json_t *data;
	int64_t unix_ms; /* when it happened; 0: now */
	/*
	 * a command's nonce, kept in the same transaction: it can never be used again once the
	 * event exists
	 */
	const char *nonce_key; /* id of the key that signed the command, or NULL */
	int64_t nonce;
};

/** One committed row. Strings are owned by the row. */
struct event_row {
	int64_t seq; /* 1, 2, 3...: no gaps */
	char id[ULID_BYTES];
	int64_t unix_ms;
	char type[EVENT_TYPE_BYTES];
	enum event_severity severity;
	char source[EVENT_SOURCE_BYTES]; /* "": none */
	char person[ULID_BYTES];         /* "": none */
	const char *data;                /* canonical JSON text of an object */
	uint8_t prev[DIGEST_BYTES];      /* hash of the row before; of the first: zeros */
	uint8_t hash[DIGEST_BYTES];
	/* event_json() of the row without the hashes; NULL when nobody asked for it */
	const char *json;
};

/**
 * Whether a draft can become a row. @return 0, -EINVAL (a word or id out of shape) or -EFBIG
 * (data).
 */
int event_draft_check(const struct event_draft *draft);

/** The data's canonical text, with "v". The caller frees. NULL: no memory. */
char *event_data_text(json_t *data);

/** @p row's hash over its canonical bytes, of which `prev` is part. */
void event_hash(const struct event_row *row, uint8_t ret_hash[DIGEST_BYTES]);

/**
 * {"seq":..,"id":..,"time":..,"type":..,"severity":..,"source":..,"person":..,"data":{..}}, and
 * with
 * @p hashes also "prev" and "hash" in hex. The caller frees. NULL: no memory.
 */
char *event_json(const struct event_row *row, bool hashes);

/** "info", "warning", "alarm". Static. */
const char *event_severity_name(enum event_severity severity);

/** Lower-case hex of a hash; @p text holds DIGEST_HEX_BYTES. */
void event_hash_text(const uint8_t hash[DIGEST_BYTES], char *text);

#endif
