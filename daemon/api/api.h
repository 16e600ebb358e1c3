/*
 * api.h - /api/v1 and the console's files: what a request means, without knowing how the gate does
 * it.
 *
 * The API serves a Unix socket (its file mode is the lock: who may open it is admin) and a TCP
 * address, where a person logs in: a session in a cookie, a role, and a token with each change. One
 * table (api_routes.c) says which role may call what; what is not in it is refused. The API checks
 * a request wholly, then calls one of the gate's `struct api_ops` (api_ops.h). All on the control
 * thread.
 */
#ifndef GH_API_API_H
#define GH_API_API_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "api_ops.h"

/* strings are copied */
struct api_config {
	const char *socket_path; /* "" or NULL: none */
	/* ADDRESS:PORT, port 0 = any; "" or NULL: none. Loopback, but with TLS */
	const char *listen;
	const char *cert_file, *key_file;
	unsigned session_hours, session_idle_min;
	const char *site;        /* the issuer of second factors */
	const char *console_dir; /* need not exist */
	const char *evidence_dir;
	const char *state_dir;
};

/**
 * Listen. Of @p ops each member must be set; it must live as long as the API.
 * @param error  @p error_bytes; one sentence on failure.
 * @return 0, -EINVAL (not a loopback address), -EADDRINUSE (also: another daemon answers on the
 *         socket), -EACCES, -ENOMEM or another negative errno.
 */
int api_open(const struct api_config *config, const struct api_ops *ops, void *gate,
	     struct api **ret_api, char *error, size_t error_bytes);

/**
 * A record of ours from the store: kinds "user", "alert", "consent" and "case". Before the first
 * log-in.
 */
void api_load_record(struct api *api, const char *kind, const char *id, json_t *json);

/** The log can be read: once, after all records were loaded. */
void api_ready(struct api *api);

/** The table of paths and roles as Markdown: docs/reference/console.md has this text. */
void api_print_routes(FILE *out);

/** Readable when api_dispatch() has work; level-triggered. */
int api_fd(const struct api *api);

/**
 * When api_dispatch() is next due even without the fd: clock_mono_ms() time, UINT64_MAX for never.
 */
uint64_t api_deadline_ms(const struct api *api);

/** Serve what is ready; never blocks. */
void api_dispatch(struct api *api);

/**
 * One event was committed: send it to the live streams. Call in order of seq, for every event.
 * @param event  the event as on MQTT and in `events`; borrowed.
 */
void api_publish_event(struct api *api, int64_t seq, const char *type, const json_t *event);

/**
 * The board changed: send what `board` of the ops returns to GET board/stream. Cheap when nobody
 * listens.
 */
void api_publish_board(struct api *api);

/** The TCP port that is listened on, 0 for none. */
unsigned api_port(const struct api *api);

/** Closes every connection, drops every token. NULL is fine. */
void api_close(struct api *api);

#endif
