/*
 * session.h - who is logged in at the console, and the pause after wrong log-ins.
 *
 * A session is a random id in the browser's cookie and a token that its page sends with each
 * change. Only a digest of the id is kept, so that neither a copy of the daemon's memory nor a
 * timing attack yields a session. Sessions live in memory: after a restart everybody logs in again.
 * Pure but for randomness: time arrives with each call (monotonic). Control thread only.
 */
#ifndef GH_API_SESSION_H
#define GH_API_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "user.h"

enum {
	SESSION_ID_BYTES = 65,    /* 64 hex digits and a zero */
	SESSION_TOKEN_BYTES = 33, /* 32 hex digits and a zero */
	SESSIONS_MAX = 256,
	SESSIONS_OF_USER_MAX = 16, /* the oldest ends beyond it */
	SESSION_TRIES = 5, /* wrong log-ins of one user from one address before the first pause */
	SESSION_TRIES_WIDE = 20, /* of one user, or from one address */
	SESSION_PAUSE_MS_MAX = 15 * 60 * 1000
};

struct session {
	char user[USER_NAME_BYTES];
	char token[SESSION_TOKEN_BYTES]; /* X-Gatehouse-Token */
	uint64_t number; /* never 0, never used twice: names the session without its secret */
	uint64_t begun_ms, seen_ms;
};

struct sessions;

/**
 * @param last_ms  from the log-in on, at most.
 * @param idle_ms  without being found.
 * @return 0 or -ENOMEM.
 */
int sessions_open(uint64_t last_ms, uint64_t idle_ms, struct sessions **ret_sessions);
void sessions_close(struct sessions *sessions); /* NULL is fine */

/**
 * @param ret_id  SESSION_ID_BYTES, for the cookie. @return the session, valid until the next call.
 */
const struct session *session_begin(struct sessions *sessions, const char *user, uint64_t now_ms,
				    char *ret_id);

/** The live session of a cookie; it counts as used. NULL: none, too old, or @p id is no id. */
const struct session *session_find(struct sessions *sessions, const char *id, uint64_t now_ms);

/** Whether session @p number lives, without using it. */
bool session_is_live(const struct sessions *sessions, uint64_t number, uint64_t now_ms);

void session_end(struct sessions *sessions, uint64_t number);

/** All of one user's, but @p but (0: none): for a new password, a user switched off. */
void sessions_end_user(struct sessions *sessions, const char *user, uint64_t but);

/** Whether @p given is the token of @p session; compared in constant time. */
bool session_token_is(const struct session *session, const char *given);

/** How long @p user from @p address has to wait before the next try; 0: not at all. */
uint64_t session_pause_ms(const struct sessions *sessions, const char *user, const char *address,
			  uint64_t now_ms);

/**
 * A log-in: each counts as wrong when it begins; one that proves right is subtracted again and
 * clears the user at this address.
 */
void session_count_attempt(struct sessions *sessions, const char *user, const char *address,
			   bool right, uint64_t now_ms);

#endif
