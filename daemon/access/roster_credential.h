/*
 * roster_credential.h - cards, PINs, QR codes and visitors' passes, with their owners and limits.
 *
 * A code read at a door is found in constant time. A card or a QR code belongs to one person. PINs
 * of different people may be equal: such a PIN counts only beside another credential. Control
 * thread only.
 */
#ifndef GH_ACCESS_ROSTER_CREDENTIAL_H
#define GH_ACCESS_ROSTER_CREDENTIAL_H

#include "roster.h"
#include "roster_parse.h"

enum { ROSTER_CODE_BYTES = 65, ROSTER_CREDENTIALS_MAX = 400000 };

struct roster_credential {
	char id[ULID_BYTES];
	enum policy_factor factor;          /* CARD, PIN, QR or PASS */
	char person[ULID_BYTES];            /* the owner; of a pass: the host, or "" */
	char text[ROSTER_CODE_BYTES];       /* the code; "" for a pass, whose id is in its token */
	char title[ROSTER_TITLE_BYTES + 1]; /* of a pass: the visitor */
	struct policy_credential policy;    /* `used` is counted here, the rest is from the JSON */
	uint8_t digest[DIGEST_BYTES];       /* of this item in the roster's digest */
	struct roster_credential *next_in_bucket; /* private to roster_credential.c */
};

struct roster_credentials;

/** @return 0 or -ENOMEM. */
int roster_credentials_open(struct roster_credentials **ret_credentials);
/** Wipes all codes. NULL is allowed. */
void roster_credentials_close(struct roster_credentials *credentials);

/**
 * {"person","type":"card"|"pin"|"qr","number"|"digits"|"text","enabled","valid_from","valid_to","uses","duress"}
 * Parse a card, PIN or QR code. Any thread.
 * @param before  the present credential of this id, or NULL. Its count of uses is carried over, and
 *                its code too when @p value has none.
 * @return 0, or -EINVAL with @p problem.
 */
int roster_credential_parse(const char *id, const json_t *value,
			    const struct roster_credential *before,
			    struct roster_credential *ret_credential, struct problem *problem);
/**
 * {"title","host","doors","valid_from","valid_to","uses","revoked"}
 * Parse a visitor's pass. Any thread. The parameters and errors are those above.
 */
int roster_pass_parse(const char *id, const json_t *value, const struct roster_names *names,
		      const struct roster_credential *before, struct roster_credential *ret_pass,
		      struct problem *problem);

/**
 * The credential as JSON for the store. With @p hidden for display: without its code and the mark
 * of duress, and with the count of uses. A new reference, or NULL.
 */
json_t *roster_credential_json(const struct roster_credential *credential, bool hidden);

/**
 * Add or replace by id; copied.
 * @return 0, -EEXIST (another credential has this code), -ENOSPC (ROSTER_CREDENTIALS_MAX) or
 *         -ENOMEM.
 */
int roster_credentials_put(struct roster_credentials *credentials,
			   const struct roster_credential *credential);

/** Wipe and remove. @return 0 or -ENOENT. */
int roster_credentials_remove(struct roster_credentials *credentials, const char *id);

/** NULL: unknown. Borrowed until it is replaced or removed. */
struct roster_credential *roster_credentials_find(const struct roster_credentials *credentials,
						  const char *id);

/** The next credential after @p after (NULL: the first) with this code; NULL: no more. */
const struct roster_credential *
roster_credentials_match(const struct roster_credentials *credentials, enum policy_factor factor,
			 const char *text, const struct roster_credential *after);

/** The credential with the next id after @p after_id ("": the first); NULL at the end. */
const struct roster_credential *
roster_credentials_next(const struct roster_credentials *credentials, const char *after_id);

size_t roster_credentials_count(const struct roster_credentials *credentials);

/** The credential at @p place, counted from 0 in order of id; NULL at the end. */
const struct roster_credential *roster_credentials_at(const struct roster_credentials *credentials,
						      size_t place);

/**
 * A card's number without leading zeros, as readers report it. Any thread.
 * @param number  1 to 40 digits.
 * @param text    ROSTER_CODE_BYTES.
 * @return 0 or -EINVAL.
 */
int roster_card_text(const char *number, char *text);

#endif
