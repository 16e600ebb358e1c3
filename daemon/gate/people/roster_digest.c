/*
 * The roster's digest, by which the property system sees whether its roster equals this gate's.
 * docs/reference/access.md describes it.
 */
#include "people_private.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"

/* ---- of one item, stored in the item ---- */

void item_digest(const char *kind, const char *id, json_t *value, uint8_t ret_digest[DIGEST_BYTES])
{
	json_t *item = json_pack("{s:s, s:s, s:O}", "id", id, "kind", kind, "value", value);
	char *text = item != NULL ? json_canonical(item) : NULL;
	struct crypto_bytes part = {.at = text, .bytes = text != NULL ? strlen(text) : 0};

	crypto_digest(&part, 1, ret_digest);
	free(text);
	json_decref(item);
}

void credential_digest(struct roster_credential *credential)
{
	json_t *value = roster_credential_json(credential, false);

	if (credential->factor == POLICY_PIN) /* a digest of so few digits is easily inverted */
		json_object_del(value, "digits");
	item_digest(credential->factor == POLICY_PASS ? "pass" : "credential", credential->id,
		    value, credential->digest);
	json_decref(value);
}

/* ---- of the whole roster ---- */

/* At least as many as there are. */
static size_t count_items(const struct people *people)
{
	const struct roster_credentials *credentials = people->directory.credentials;

	/* room for all rules, and a holder for each person */
	return 2048 + 2 * roster_count(people->directory.people) +
	       roster_credentials_count(credentials);
}

struct digests {
	uint8_t (*at)[DIGEST_BYTES];
	size_t count, max;
};

static void add(struct digests *all, const uint8_t *digest)
{
	assert(all->count < all->max);
	memcpy(all->at[all->count++], digest, DIGEST_BYTES);
}

static void add_rules(const struct people *people, struct digests *all, const char *kind)
{
	const char *name;
	json_t *value;
	size_t at = 0;

	while (access_rules_next(people->directory.rules, kind, &at, &kind, &name, &value)) {
		assert(all->count < all->max);
		item_digest(kind, name, value, all->at[all->count++]);
	}
}

static void add_people(const struct people *people, struct digests *all, bool holders)
{
	const struct roster_person *person;

	for (size_t i = 0; (person = roster_at(people->directory.people, i)) != NULL; i++)
		if (!holders || person->has_holder)
			add(all, holders ? person->holder_digest : person->digest);
}

int people_digest(const struct people *people, char *text)
{
	struct digests all = {.max = count_items(people)};
	const struct roster_credential *credential;
	uint8_t digest[DIGEST_BYTES];
	struct crypto_bytes part;

	assert_thread(THREAD_CONTROL);
	all.at = malloc(all.max * DIGEST_BYTES);
	if (all.at == NULL)
		return -ENOMEM;
	add_rules(people, &all, "area");
	for (size_t i = 0;
	     (credential = roster_credentials_at(people->directory.credentials, i)) != NULL; i++)
		if (credential->factor != POLICY_PASS)
			add(&all, credential->digest);
	add_rules(people, &all, "group");
	add_people(people, &all, true);
	add_rules(people, &all, "holiday");
	add_rules(people, &all, "opening");
	add_people(people, &all, false);
	add_rules(people, &all, "rule");
	add_rules(people, &all, "schedule");
	part = (struct crypto_bytes){.at = all.at, .bytes = all.count * DIGEST_BYTES};
	crypto_digest(&part, 1, digest);
	free(all.at);
	event_hash_text(digest, text);
	return 0;
}
