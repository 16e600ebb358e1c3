/*
 * roster_credential.h - cards, PINs, QR codes and visitors' passes: whose they are and whether they
 * count.
 *
 * What is read at a door is found in constant time. A card or QR code is one person's; PINs may be
 * equal, since they count beside another credential, or alone when nobody else has the same.
 * Control thread only.
 */
#ifndef GH_ACCESS_ROSTER_CREDENTIAL_H
#define GH_ACCESS_ROSTER_CREDENTIAL_H

#include "roster.h"
#include "roster_parse.h"

enum { ROSTER_CODE_BYTES = 65, ROSTER_CREDENTIALS_MAX = 400000 };

struct roster_credential {
	char id[ULID_BYTES];
	enum policy_factor factor;          /* CARD, PIN, QR or PASS */
	char person[ULID_BYTES];            /* whose; of a pass: the host, or "" */
	char text[ROSTER_CODE_BYTES];       /* what is read; "" of a pass: its token says it */
	char title[ROSTER_TITLE_BYTES + 1]; /* of a pass: for whom */
	struct policy_credential policy; /* its `used` counts here, the rest comes from the JSON */
	uint8_t digest[DIGEST_BYTES];    /* in the roster's digest */
	struct roster_credential *same_bucket;
};

struct roster_credentials;

int roster_credentials_open(struct roster_credentials **ret_credentials);
void roster_credentials_close(struct roster_credentials *credentials); /* NULL is fine */

/**
 * {"person","type":"card"|"pin"|"qr","number"|"digits"|"text","enabled","valid_from","valid_to","uses","duress"}
 * @param before  what stands under this id: its code and count stay when the value has none; or
 *                NULL.
 * @return 0 or -EINVAL with @p problem.
 */
int roster_credential_parse(const char *id, const json_t *value,
			    const struct roster_credential *before,
			    struct roster_credential *ret_credential, struct problem *problem);
/**
 * {"title","host","doors","valid_from","valid_to","uses","revoked"}: a visitor's pass. The same.
 */
int roster_pass_parse(const char *id, const json_t *value, const struct roster_names *names,
		      const struct roster_credential *before, struct roster_credential *ret_pass,
		      struct problem *problem);

/**
 * As for the store; with @p hidden as for a person's eyes, without what opens doors. A new
 * reference or NULL.
 */
json_t *roster_credential_json(const struct roster_credential *credential, bool hidden);

/**
 * Add or replace by id; copied, its bucket is ours.
 * @return 0, -EEXIST (this card or code is another's), -ENOSPC or -ENOMEM.
 */
int roster_credentials_put(struct roster_credentials *credentials,
			   const struct roster_credential *credential);

/** Wiped. @return 0 or -ENOENT. */
int roster_credentials_remove(struct roster_credentials *credentials, const char *id);

/** NULL when unknown. Borrowed until it is replaced or removed. */
struct roster_credential *roster_credentials_find(const struct roster_credentials *credentials,
						  const char *id);

/** The next after @p after (NULL: the first) with this code; NULL: none. */
const struct roster_credential *
roster_credentials_match(const struct roster_credentials *credentials, enum policy_factor factor,
			 const char *text, const struct roster_credential *after);

/** The first with an id above @p after_id; NULL at the end. */
const struct roster_credential *
roster_credentials_next(const struct roster_credentials *credentials, const char *after_id);

size_t roster_credentials_count(const struct roster_credentials *credentials);

/** The one at @p place, from 0 on, in order of id; NULL at the end. */
const struct roster_credential *roster_credentials_at(const struct roster_credentials *credentials,
						      size_t place);

/**
 * A card's number without leading zeros, as readers give it; @p text holds ROSTER_CODE_BYTES.
 * @return 0 or -EINVAL.
 */
int roster_card_text(const char *number, char *text);

#endif
