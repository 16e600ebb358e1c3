/*
 * api.h - serves /api/v1, the files of the console and /metrics.
 *
 * The API listens on a Unix socket and on a TCP address. A client of the Unix socket has the role
 * admin: the mode of the socket file decides who can connect. On the TCP address a user logs in; a
 * cookie names the session, and each change needs the session's token. One table (api_routes.c)
 * states the least role of each path and method; a path that is not in it is refused. The API
 * validates a request completely, and then calls one of the operations that the gate provides
 * (api_ops.h). Control thread only.
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
	/* ADDRESS:PORT, port 0: any; "" or NULL: none. Without TLS it must be a loopback address */
	const char *listen;
	const char *cert_file, *key_file;
	unsigned session_hours, session_idle_min;
	const char *site;        /* the issuer shown for a second factor; NULL: "gatehouse" */
	const char *console_dir; /* may be missing */
	const char *evidence_dir;
	const char *state_dir;
};

/**
 * Start listening. Every member of @p ops must be set, and @p ops must outlive the API.
 * @param error  @p error_bytes; one sentence on failure.
 * @return 0, -EINVAL (not an address), -EACCES (not loopback and no TLS), -EADDRINUSE (also:
 *         another process listens on the socket), -ENOMEM or another negative errno.
 */
int api_open(const struct api_config *config, const struct api_ops *ops, void *gate,
	     struct api **ret_api, char *error, size_t error_bytes);

/**
 * Load a record of the API from the store: kinds "user", "alert", "consent" and "case"; others are
 * ignored. To be called at start, before the first log-in. @p json is borrowed.
 */
void api_load_record(struct api *api, const char *kind, const char *id, json_t *json);

/** The log can be read: call once, after all records have been loaded. */
void api_ready(struct api *api);

/** Print the table of paths and roles as Markdown, as in docs/reference/console.md. Any thread. */
void api_print_routes(FILE *out);

/** Readable when api_dispatch() has work; level-triggered. */
int api_fd(const struct api *api);

/** When api_dispatch() is due without the fd: clock_mono_ms() time, UINT64_MAX: never. */
uint64_t api_deadline_ms(const struct api *api);

/** Serve what is ready; never blocks. */
void api_dispatch(struct api *api);

/**
 * Send a committed event to the live streams. To be called for every event, in order of seq.
 * @param event  as on MQTT and in GET /events; borrowed.
 */
void api_publish_event(struct api *api, int64_t seq, const char *type, const json_t *event);

/**
 * Send the state of the board, as the operation `board` returns it, to the streams GET
 * board/stream. To be called after a change; without a stream it does nothing.
 */
void api_publish_board(struct api *api);

/** The TCP port, 0: none. */
unsigned api_port(const struct api *api);

/** Closes every connection and invalidates every token. NULL is allowed. */
void api_close(struct api *api);

#endif
