/*
 * session.h - the log-in sessions of the console, and the pause after failed log-ins.
 *
 * A session consists of a random id in the browser's cookie and a token that the page sends with
 * each change. Only a digest of the id is stored, so that neither a copy of the daemon's memory nor
 * a timing attack reveals a session. Sessions are in memory: after a restart every user logs in
 * again. No I/O except random bytes; times are clock_mono_ms(), passed with each call. Control
 * thread only.
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
	SESSIONS_OF_USER_MAX = 16, /* beyond it the oldest ends */
	SESSION_TRIES = 5, /* failed log-ins of one user from one address before the first pause */
	SESSION_TRIES_WIDE = 20, /* the same of one user, or from one address */
	SESSION_PAUSE_MS_MAX = 15 * 60 * 1000
};

struct session {
	char user[USER_NAME_BYTES];
	char token[SESSION_TOKEN_BYTES]; /* X-Gatehouse-Token */
	uint64_t number; /* unique, never 0; identifies the session without its secret */
	uint64_t begun_ms, seen_ms;
};

struct sessions;

/**
 * @param lifetime_ms  of a session, from its log-in.
 * @param idle_ms      a session ends when session_find() did not return it for this time.
 * @return 0 or -ENOMEM.
 */
int sessions_open(uint64_t lifetime_ms, uint64_t idle_ms, struct sessions **ret_sessions);
void sessions_close(struct sessions *sessions); /* NULL is allowed */

/**
 * Begin a session.
 * @param ret_id  SESSION_ID_BYTES, for the cookie.
 * @return the session, valid until the next call.
 */
const struct session *session_begin(struct sessions *sessions, const char *user, uint64_t now_ms,
				    char *ret_id);

/** The session of a cookie, whose idle time restarts. NULL: none, expired, or an invalid @p id. */
const struct session *session_find(struct sessions *sessions, const char *id, uint64_t now_ms);

/** Whether session @p number is live; its idle time goes on. */
bool session_is_live(const struct sessions *sessions, uint64_t number, uint64_t now_ms);

void session_end(struct sessions *sessions, uint64_t number);

/** End the sessions of a user, except @p except (0: none): new password, or user disabled. */
void sessions_end_user(struct sessions *sessions, const char *user, uint64_t except);

/** Whether @p given is the token of @p session; compared in constant time. NULL is allowed. */
bool session_token_is(const struct session *session, const char *given);

/** How long @p user at @p address must wait before the next log-in, in milliseconds; 0: no wait. */
uint64_t session_pause_ms(const struct sessions *sessions, const char *user, const char *address,
			  uint64_t now_ms);

/**
 * Count a log-in. Each is counted as failed when it begins (@p succeeded false). If it succeeds it
 * is subtracted again, and the count of this user at this address is cleared (@p succeeded true).
 */
void session_count_attempt(struct sessions *sessions, const char *user, const char *address,
			   bool succeeded, uint64_t now_ms);

#endif
