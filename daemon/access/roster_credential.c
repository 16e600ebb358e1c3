#include "roster_credential.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/sorted.h"
#include "base/thread_role.h"
#include "crypto/crypto.h"

struct roster_credentials {
	/* sorted by id: ids grow with time, so a new credential is appended */
	struct roster_credential **all;
	size_t count, room;
	struct roster_credential **buckets; /* chains by a hash of factor and text */
	size_t bucket_count;                /* a power of two */
};

/* ---- JSON ---- */

static bool is_digits(const char *text, size_t min, size_t max)
{
	size_t length = strspn(text, "0123456789");

	return text[length] == '\0' && length >= min && length <= max;
}

int roster_card_text(const char *number, char *text)
{
	if (!is_digits(number, 1, 40))
		return -EINVAL;
	while (number[0] == '0' && number[1] != '\0')
		number++;
	snprintf(text, ROSTER_CODE_BYTES, "%s", number);
	return 0;
}

static int parse_code(const json_t *value, struct roster_credential *credential,
		      struct problem *problem)
{
	static const char *const keys[] = {
		[POLICY_CARD] = "number", [POLICY_PIN] = "digits", [POLICY_QR] = "text"};
	const char *code = NULL;

	if (json_read_string(value, keys[credential->factor], ROSTER_CODE_BYTES - 1, &code,
			     problem) < 0)
		return -EINVAL;
	if (code == NULL)
		return credential->text[0] != '\0' ? 0 : problem_credential_code_missing(problem);
	if (credential->factor == POLICY_CARD)
		return roster_card_text(code, credential->text) == 0
			       ? 0
			       : problem_card_number_invalid(problem);
	if (credential->factor == POLICY_PIN && !is_digits(code, 4, 12))
		return problem_pin_invalid(problem);
	for (const char *at = code; *at != '\0'; at++)
		if (*at < ' ' || *at > '~')
			return problem_qr_not_ascii(problem);
	if (code[0] == '\0')
		return problem_qr_empty(problem);
	snprintf(credential->text, sizeof(credential->text), "%s", code);
	return 0;
}

static int parse_limits(const json_t *value, struct policy_credential *policy,
			struct problem *problem)
{
	int64_t uses = 0;
	int r = roster_parse_time(value, "valid_from", &policy->valid_from_unix_ms, problem);

	if (r == 0)
		r = roster_parse_time(value, "valid_to", &policy->valid_to_unix_ms, problem);
	if (r == 0)
		r = json_read_int(value, "uses", 1, 1000000, &uses, problem);
	if (r < 0)
		return r;
	policy->uses_max = (uint32_t)uses;
	if (policy->valid_to_unix_ms != 0 && policy->valid_to_unix_ms <= policy->valid_from_unix_ms)
		return problem_pass_ends_before(problem);
	return 0;
}

static int parse_person(const json_t *value, const char *key, char *ret_person,
			struct problem *problem)
{
	const char *person = NULL;

	if (json_read_string(value, key, ULID_BYTES - 1, &person, problem) < 0)
		return -EINVAL;
	if (person != NULL && !ulid_is_valid(person))
		return problem_credential_person_invalid(problem);
	snprintf(ret_person, ULID_BYTES, "%s", person != NULL ? person : "");
	return 0;
}

static int parse_type(const json_t *value, enum policy_factor *ret_factor, struct problem *problem)
{
	const char *type = "";

	if (json_read_string(value, "type", 8, &type, problem) < 0)
		return -EINVAL;
	for (int factor = POLICY_CARD; factor <= POLICY_QR; factor++)
		if (strcmp(policy_factor_name((enum policy_factor)factor), type) == 0) {
			*ret_factor = (enum policy_factor)factor;
			return 0;
		}
	return problem_credential_type_unknown(problem);
}

int roster_credential_parse(const char *id, const json_t *value,
			    const struct roster_credential *before,
			    struct roster_credential *ret_credential, struct problem *problem)
{
	static const char *const known[] = {"person", "type",    "number",     "digits",
					    "text",   "enabled", "valid_from", "valid_to",
					    "uses",   "duress",  NULL};
	struct roster_credential credential = {.policy = {.enabled = true}};
	int r = !json_is_object(value) ? problem_json_not_object(problem)
				       : json_check_members(value, known, problem);

	if (r == 0)
		r = parse_type(value, &credential.factor, problem);
	if (r < 0)
		return r;
	if (before != NULL && before->factor == credential.factor) {
		snprintf(credential.text, sizeof(credential.text), "%s", before->text);
		credential.policy.used = before->policy.used;
	}
	snprintf(credential.id, sizeof(credential.id), "%s", id);
	r = parse_person(value, "person", credential.person, problem);
	if (r == 0 && credential.person[0] == '\0')
		r = problem_credential_person_missing(problem);
	if (r == 0)
		r = parse_code(value, &credential, problem);
	if (r == 0)
		r = parse_limits(value, &credential.policy, problem);
	if (r == 0)
		r = json_read_bool(value, "enabled", &credential.policy.enabled, problem);
	if (r == 0)
		r = json_read_bool(value, "duress", &credential.policy.duress, problem);
	if (r == 0 && credential.policy.duress && credential.factor != POLICY_PIN)
		r = problem_duress_not_pin(problem);
	if (r == 0)
		*ret_credential = credential;
	crypto_wipe(&credential, sizeof(credential));
	return r;
}

int roster_pass_parse(const char *id, const json_t *value, const struct roster_names *names,
		      const struct roster_credential *before, struct roster_credential *ret_pass,
		      struct problem *problem)
{
	static const char *const known[] = {"title",    "host", "doors",   "valid_from",
					    "valid_to", "uses", "revoked", NULL};
	struct roster_credential pass = {.factor = POLICY_PASS, .policy = {.doors = UINT32_MAX}};
	const char *title = "";
	bool revoked = false;
	int r = !json_is_object(value) ? problem_json_not_object(problem)
				       : json_check_members(value, known, problem);

	if (r == 0)
		r = json_read_string(value, "title", ROSTER_TITLE_BYTES, &title, problem);
	if (r == 0)
		r = parse_person(value, "host", pass.person, problem);
	if (r == 0)
		r = roster_parse_doors(value, "doors", names, &pass.policy.doors, problem);
	if (r == 0)
		r = parse_limits(value, &pass.policy, problem);
	if (r == 0)
		r = json_read_bool(value, "revoked", &revoked, problem);
	if (r == 0 && pass.policy.valid_to_unix_ms == 0)
		r = problem_pass_no_end(problem);
	if (r < 0)
		return r;
	snprintf(pass.id, sizeof(pass.id), "%s", id);
	snprintf(pass.title, sizeof(pass.title), "%s", title);
	pass.policy.enabled = !revoked;
	pass.policy.used = before != NULL ? before->policy.used : 0;
	*ret_pass = pass;
	return 0;
}

json_t *roster_credential_json(const struct roster_credential *credential, bool hidden)
{
	static const char *const keys[] = {
		[POLICY_CARD] = "number", [POLICY_PIN] = "digits", [POLICY_QR] = "text"};
	const struct policy_credential *policy = &credential->policy;
	json_t *value = json_object();

	if (credential->factor == POLICY_PASS) {
		json_object_set_new(value, "title", json_string(credential->title));
		json_object_set_new(value, "revoked", json_boolean(!policy->enabled));
		if (credential->person[0] != '\0')
			json_object_set_new(value, "host", json_string(credential->person));
	} else {
		json_object_set_new(value, "person", json_string(credential->person));
		json_object_set_new(value, "type",
				    json_string(policy_factor_name(credential->factor)));
		json_object_set_new(value, "enabled", json_boolean(policy->enabled));
		if (policy->duress && !hidden)
			json_object_set_new(value, "duress", json_true());
		if (!hidden)
			json_object_set_new(value, keys[credential->factor],
					    json_string(credential->text));
	}
	if (policy->valid_from_unix_ms != 0)
		json_set_utc(value, "valid_from", policy->valid_from_unix_ms);
	if (policy->valid_to_unix_ms != 0)
		json_set_utc(value, "valid_to", policy->valid_to_unix_ms);
	if (policy->uses_max != 0)
		json_object_set_new(value, "uses", json_integer(policy->uses_max));
	if (hidden)
		json_object_set_new(value, "used", json_integer(policy->used));
	return value;
}

/* ---- the table ---- */

int roster_credentials_open(struct roster_credentials **ret_credentials)
{
	struct roster_credentials *credentials = calloc(1, sizeof(*credentials));

	if (credentials == NULL)
		return -ENOMEM;
	credentials->bucket_count = 64;
	credentials->buckets = calloc(credentials->bucket_count, sizeof(*credentials->buckets));
	if (credentials->buckets == NULL) {
		free(credentials);
		return -ENOMEM;
	}
	*ret_credentials = credentials;
	return 0;
}

static void free_credential(struct roster_credential *credential)
{
	crypto_wipe(credential, sizeof(*credential));
	free(credential);
}

void roster_credentials_close(struct roster_credentials *credentials)
{
	if (credentials == NULL)
		return;
	assert_thread(THREAD_CONTROL);
	for (size_t i = 0; i < credentials->count; i++)
		free_credential(credentials->all[i]);
	free(credentials->all);
	free(credentials->buckets);
	free(credentials);
}

/* FNV-1a is enough: managers choose the texts, not the people at a door */
static size_t bucket_of(const struct roster_credentials *credentials, enum policy_factor factor,
			const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)factor;

	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
	return (size_t)(hash ^ hash >> 32) & (credentials->bucket_count - 1);
}

static struct roster_credential **own_bucket(struct roster_credentials *credentials,
					     const struct roster_credential *credential)
{
	/* a pass has no code; its id spreads passes over the buckets */
	const char *text = credential->factor == POLICY_PASS ? credential->id : credential->text;

	return &credentials->buckets[bucket_of(credentials, credential->factor, text)];
}

static void link_bucket(struct roster_credentials *credentials,
			struct roster_credential *credential)
{
	struct roster_credential **bucket = own_bucket(credentials, credential);

	credential->next_in_bucket = *bucket;
	*bucket = credential;
}

static void unlink_bucket(struct roster_credentials *credentials,
			  struct roster_credential *credential)
{
	struct roster_credential **at = own_bucket(credentials, credential);

	while (*at != credential) {
		assert(*at != NULL); /* each credential is in its bucket */
		at = &(*at)->next_in_bucket;
	}
	*at = credential->next_in_bucket;
}

static int make_room(struct roster_credentials *credentials)
{
	size_t room = credentials->room == 0 ? 64 : 2 * credentials->room;
	struct roster_credential **all, **buckets;

	if (credentials->count < credentials->room)
		return 0;
	if (credentials->count >= ROSTER_CREDENTIALS_MAX)
		return -ENOSPC;
	all = realloc(credentials->all, room * sizeof(*all));
	if (all == NULL)
		return -ENOMEM;
	credentials->all = all;
	buckets = calloc(room, sizeof(struct roster_credential *));
	if (buckets == NULL)
		return -ENOMEM;
	free(credentials->buckets);
	credentials->buckets = buckets;
	credentials->bucket_count = room;
	credentials->room = room;
	for (size_t i = 0; i < credentials->count; i++)
		link_bucket(credentials, all[i]);
	return 0;
}

static int order_of_id(const void *item, const void *key)
{
	return strcmp((*(struct roster_credential *const *)item)->id, key);
}

/* The index of the first id that is not below @p id. */
static size_t place_of(const struct roster_credentials *credentials, const char *id)
{
	return sorted_place(credentials->all, credentials->count, sizeof(credentials->all[0]),
			    order_of_id, id);
}

struct roster_credential *roster_credentials_find(const struct roster_credentials *credentials,
						  const char *id)
{
	size_t place = place_of(credentials, id);

	return place < credentials->count && strcmp(credentials->all[place]->id, id) == 0
		       ? credentials->all[place]
		       : NULL;
}

const struct roster_credential *
roster_credentials_match(const struct roster_credentials *credentials, enum policy_factor factor,
			 const char *text, const struct roster_credential *after)
{
	const struct roster_credential *at =
		after != NULL ? after->next_in_bucket
			      : credentials->buckets[bucket_of(credentials, factor, text)];

	while (at != NULL && (at->factor != factor || strcmp(at->text, text) != 0))
		at = at->next_in_bucket;
	return at;
}

/*
 * Whether another credential has this code. PINs must differ within one person only, so that the
 * PIN for duress is distinct from the ordinary one.
 */
static bool is_in_use(const struct roster_credentials *credentials,
		      const struct roster_credential *credential)
{
	const struct roster_credential *same = NULL;

	if (credential->factor == POLICY_PASS)
		return false;
	for (;;) {
		same = roster_credentials_match(credentials, credential->factor, credential->text,
						same);
		if (same == NULL)
			return false;
		if (strcmp(same->id, credential->id) != 0 &&
		    (credential->factor != POLICY_PIN ||
		     strcmp(same->person, credential->person) == 0))
			return true;
	}
}

int roster_credentials_put(struct roster_credentials *credentials,
			   const struct roster_credential *credential)
{
	struct roster_credential *known = roster_credentials_find(credentials, credential->id);
	size_t place;
	int r;

	assert_thread(THREAD_CONTROL);
	assert((credentials->bucket_count & (credentials->bucket_count - 1)) == 0);
	if (is_in_use(credentials, credential))
		return -EEXIST;
	if (known != NULL) {
		unlink_bucket(credentials, known);
		*known = *credential;
		link_bucket(credentials, known);
		return 0;
	}
	r = make_room(credentials);
	if (r < 0)
		return r;
	known = malloc(sizeof(*known));
	if (known == NULL)
		return -ENOMEM;
	*known = *credential;
	place = place_of(credentials, known->id);
	memmove(credentials->all + place + 1, credentials->all + place,
		(credentials->count - place) * sizeof(struct roster_credential *));
	credentials->all[place] = known;
	credentials->count++;
	link_bucket(credentials, known);
	return 0;
}

int roster_credentials_remove(struct roster_credentials *credentials, const char *id)
{
	struct roster_credential *known = roster_credentials_find(credentials, id);
	size_t place = place_of(credentials, id);

	assert_thread(THREAD_CONTROL);
	if (known == NULL)
		return -ENOENT;
	unlink_bucket(credentials, known);
	free_credential(known);
	credentials->count--;
	memmove(credentials->all + place, credentials->all + place + 1,
		(credentials->count - place) * sizeof(struct roster_credential *));
	return 0;
}

const struct roster_credential *
roster_credentials_next(const struct roster_credentials *credentials, const char *after_id)
{
	size_t place = place_of(credentials, after_id);

	if (place < credentials->count && strcmp(credentials->all[place]->id, after_id) == 0)
		place++;
	return place < credentials->count ? credentials->all[place] : NULL;
}

size_t roster_credentials_count(const struct roster_credentials *credentials)
{
	return credentials->count;
}

const struct roster_credential *roster_credentials_at(const struct roster_credentials *credentials,
						      size_t place)
{
	return place < credentials->count ? credentials->all[place] : NULL;
}
