/*
 * event.h - one row of the log: its members, its canonical bytes, its hash and its JSON.
 *
 * Pure, except that it allocates memory. docs/reference/audit.md specifies the canonical bytes for
 * authors of other verifiers. Changing them is a new format and invalidates all existing logs. Any
 * thread.
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

/** An event to be recorded. All members are borrowed for the call that receives the draft. */
struct event_draft {
	const char *type;
	enum event_severity severity;
	const char *source; /* NULL: none */
	const char *person; /* a ULID, or NULL */
	/* an object, or NULL; borrowed. "v" is added to the row if it has none */
	json_t *data;
	int64_t unix_ms; /* when it happened; 0: now */
	/* a command's nonce, stored in the same transaction, so that no command is run twice */
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
	/* event_json() of the row without the hashes; NULL if it was not requested */
	const char *json;
};

/** Whether a draft can become a row. @return 0 or -EINVAL (an invalid type, id, time or data). */
int event_draft_check(const struct event_draft *draft);

/** The canonical text of the data, with "v". The caller frees it. NULL: no memory. */
char *event_data_text(json_t *data);

/** The hash of the canonical bytes of @p row, which include `prev`. */
void event_hash(const struct event_row *row, uint8_t ret_hash[DIGEST_BYTES]);

/**
 * {"seq":..,"id":..,"time":..,"type":..,"severity":..,"source":..,"person":..,"data":{..}}, and
 * with @p hashes also "prev" and "hash" in hex. The caller frees it. NULL: no memory.
 */
char *event_json(const struct event_row *row, bool hashes);

/** "info", "warning", "alarm". Static. */
const char *event_severity_name(enum event_severity severity);

/** Lower-case hex of a hash; @p text holds DIGEST_HEX_BYTES. */
void event_hash_text(const uint8_t hash[DIGEST_BYTES], char *text);

#endif
