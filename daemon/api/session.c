#include "session.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread_role.h"
#include "base/unconst.h"
#include "crypto/crypto.h"

enum { TRIES_MAX = 1024, KEY_BYTES = 16, FIRST_PAUSE_MS = 10000, FORGET_MS = SESSION_PAUSE_MS_MAX };

struct slot {
	struct session session;       /* number 0: free */
	uint8_t digest[DIGEST_BYTES]; /* of the id */
};

/* failed log-ins under one key: a user at an address, a user, or an address */
struct tries {
	uint8_t key[KEY_BYTES];
	unsigned count; /* 0: free */
	uint64_t last_ms;
};

struct sessions {
	uint64_t lifetime_ms, idle_ms, next_number;
	struct slot slots[SESSIONS_MAX];
	struct tries tries[TRIES_MAX];
};

int sessions_open(uint64_t lifetime_ms, uint64_t idle_ms, struct sessions **ret_sessions)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));

	assert(lifetime_ms > 0 && idle_ms > 0);
	if (sessions == NULL)
		return -ENOMEM;
	sessions->lifetime_ms = lifetime_ms;
	sessions->idle_ms = idle_ms;
	sessions->next_number = 1;
	*ret_sessions = sessions;
	return 0;
}

void sessions_close(struct sessions *sessions)
{
	if (sessions == NULL)
		return;
	crypto_wipe(sessions, sizeof(*sessions));
	free(sessions);
}

static void make_hex(char *text, size_t text_bytes)
{
	uint8_t random[SESSION_ID_BYTES / 2];
	size_t bytes = (text_bytes - 1) / 2;

	crypto_random(random, bytes);
	hex_format(random, bytes, text);
	crypto_wipe(random, sizeof(random));
}

static void digest_of(const char *id, uint8_t *ret_digest)
{
	struct crypto_bytes part = {.at = id, .bytes = strlen(id)};

	crypto_digest(&part, 1, ret_digest);
}

static bool is_alive(const struct sessions *sessions, const struct session *session,
		     uint64_t now_ms)
{
	return session->number != 0 && now_ms - session->begun_ms < sessions->lifetime_ms &&
	       now_ms - session->seen_ms < sessions->idle_ms;
}

/*
 * A slot for a new session: the user's oldest if the user has SESSIONS_OF_USER_MAX, else a free
 * one, else the oldest of all.
 */
static struct slot *claim_slot(struct sessions *sessions, const char *user, uint64_t now_ms)
{
	struct slot *room = NULL, *oldest = NULL, *own = NULL;
	unsigned count = 0;

	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct slot *slot = &sessions->slots[i];

		if (!is_alive(sessions, &slot->session, now_ms)) {
			room = slot;
			continue;
		}
		if (oldest == NULL || slot->session.seen_ms < oldest->session.seen_ms)
			oldest = slot;
		if (strcmp(slot->session.user, user) != 0)
			continue;
		count++;
		if (own == NULL || slot->session.seen_ms < own->session.seen_ms)
			own = slot;
	}
	if (count >= SESSIONS_OF_USER_MAX)
		return own;
	return room != NULL ? room : oldest;
}

const struct session *session_begin(struct sessions *sessions, const char *user, uint64_t now_ms,
				    char *ret_id)
{
	struct slot *slot = claim_slot(sessions, user, now_ms);

	assert_thread(THREAD_CONTROL);
	assert(sessions->next_number != 0);
	slot->session = (struct session){
		.number = sessions->next_number++, .begun_ms = now_ms, .seen_ms = now_ms};
	snprintf(slot->session.user, sizeof(slot->session.user), "%s", user);
	make_hex(slot->session.token, sizeof(slot->session.token));
	make_hex(ret_id, SESSION_ID_BYTES);
	digest_of(ret_id, slot->digest);
	return &slot->session;
}

const struct session *session_find(struct sessions *sessions, const char *id, uint64_t now_ms)
{
	uint8_t digest[DIGEST_BYTES];
	struct session *found = NULL;

	assert_thread(THREAD_CONTROL);
	if (strlen(id) != SESSION_ID_BYTES - 1)
		return NULL;
	digest_of(id, digest);
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct slot *slot = &sessions->slots[i];

		if (is_alive(sessions, &slot->session, now_ms) &&
		    crypto_equal(slot->digest, digest, sizeof(digest)))
			found = &slot->session;
	}
	if (found != NULL)
		found->seen_ms = now_ms;
	return found;
}

bool session_is_live(const struct sessions *sessions, uint64_t number, uint64_t now_ms)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (sessions->slots[i].session.number == number)
			return is_alive(sessions, &sessions->slots[i].session, now_ms);
	return false;
}

void session_end(struct sessions *sessions, uint64_t number)
{
	for (size_t i = 0; number != 0 && i < SESSIONS_MAX; i++)
		if (sessions->slots[i].session.number == number)
			crypto_wipe(&sessions->slots[i], sizeof(sessions->slots[i]));
}

void sessions_end_user(struct sessions *sessions, const char *user, uint64_t except)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		const struct session *session = &sessions->slots[i].session;

		if (session->number != except && strcmp(session->user, user) == 0)
			session_end(sessions, session->number);
	}
}

bool session_token_is(const struct session *session, const char *given)
{
	return given != NULL && strlen(given) == SESSION_TOKEN_BYTES - 1 &&
	       crypto_equal(session->token, given, SESSION_TOKEN_BYTES - 1);
}

/* ---- failed log-ins ---- */

static void make_key(const char *user, const char *address, uint8_t *ret_key)
{
	const struct crypto_bytes parts[] = {
		{user, strlen(user)}, {"\n", 1}, {address, strlen(address)}};
	uint8_t digest[DIGEST_BYTES];

	crypto_digest(parts, sizeof(parts) / sizeof(parts[0]), digest);
	memcpy(ret_key, digest, KEY_BYTES);
}

static struct tries *find_tries(const struct sessions *sessions, const uint8_t *key,
				uint64_t now_ms)
{
	for (size_t i = 0; i < TRIES_MAX; i++) {
		const struct tries *tries = &sessions->tries[i];

		if (tries->count > 0 && now_ms - tries->last_ms < FORGET_MS &&
		    memcmp(tries->key, key, KEY_BYTES) == 0)
			return unconst(tries);
	}
	return NULL;
}

/* FIRST_PAUSE_MS after @p free tries, twice as long after each further one */
static uint64_t pause_of(const struct sessions *sessions, const char *user, const char *address,
			 unsigned free, uint64_t now_ms)
{
	uint8_t key[KEY_BYTES];
	const struct tries *tries;
	uint64_t pause_ms, passed_ms;

	make_key(user, address, key);
	tries = find_tries(sessions, key, now_ms);
	if (tries == NULL || tries->count < free)
		return 0;
	pause_ms = tries->count - free < 10 ? (uint64_t)FIRST_PAUSE_MS << (tries->count - free)
					    : SESSION_PAUSE_MS_MAX;
	if (pause_ms > SESSION_PAUSE_MS_MAX)
		pause_ms = SESSION_PAUSE_MS_MAX;
	passed_ms = now_ms - tries->last_ms;
	return passed_ms < pause_ms ? pause_ms - passed_ms : 0;
}

uint64_t session_pause_ms(const struct sessions *sessions, const char *user, const char *address,
			  uint64_t now_ms)
{
	uint64_t pauses[] = {pause_of(sessions, user, address, SESSION_TRIES, now_ms),
			     pause_of(sessions, user, "", SESSION_TRIES_WIDE, now_ms),
			     pause_of(sessions, "", address, SESSION_TRIES_WIDE, now_ms)};
	uint64_t longest_ms = 0;

	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++)
		if (pauses[i] > longest_ms)
			longest_ms = pauses[i];
	return longest_ms;
}

static void count_try(struct sessions *sessions, const char *user, const char *address,
		      uint64_t now_ms)
{
	uint8_t key[KEY_BYTES];
	struct tries *tries;

	make_key(user, address, key);
	tries = find_tries(sessions, key, now_ms);
	for (size_t i = 0; tries == NULL && i < TRIES_MAX; i++)
		if (sessions->tries[i].count == 0 ||
		    now_ms - sessions->tries[i].last_ms >= FORGET_MS) {
			tries = &sessions->tries[i];
			*tries = (struct tries){0};
			memcpy(tries->key, key, KEY_BYTES);
		}
	if (tries == NULL) {
		/* the table is full: replace the entry whose last try is the oldest */
		tries = &sessions->tries[0];
		for (size_t i = 1; i < TRIES_MAX; i++)
			if (sessions->tries[i].last_ms < tries->last_ms)
				tries = &sessions->tries[i];
		*tries = (struct tries){0};
		memcpy(tries->key, key, KEY_BYTES);
	}
	tries->count++;
	tries->last_ms = now_ms;
}

static void subtract_attempt(struct sessions *sessions, const char *user, const char *address,
			     uint64_t now_ms)
{
	uint8_t key[KEY_BYTES];
	struct tries *tries;

	make_key(user, address, key);
	tries = find_tries(sessions, key, now_ms);
	if (tries != NULL)
		tries->count--;
}

void session_count_attempt(struct sessions *sessions, const char *user, const char *address,
			   bool succeeded, uint64_t now_ms)
{
	uint8_t key[KEY_BYTES];
	struct tries *tries;

	assert_thread(THREAD_CONTROL);
	if (!succeeded) {
		count_try(sessions, user, address, now_ms);
		count_try(sessions, user, "", now_ms);
		count_try(sessions, "", address, now_ms);
		return;
	}
	make_key(user, address, key);
	tries = find_tries(sessions, key, now_ms);
	if (tries != NULL)
		tries->count = 0;
	subtract_attempt(sessions, user, "", now_ms);
	subtract_attempt(sessions, "", address, now_ms);
}
