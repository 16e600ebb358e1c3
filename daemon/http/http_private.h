/*
 * http_private.h - the structures shared by the files that include libmicrohttpd: http_mhd.c
 * (listeners and requests), http_answer_mhd.c (answers and streams) and, used by both,
 * http_exchange_mhd.c (one request, found by its token).
 */
#ifndef GH_HTTP_HTTP_PRIVATE_H
#define GH_HTTP_HTTP_PRIVATE_H

#include "http.h"

struct MHD_Connection;
struct MHD_Daemon;
struct MHD_Response;

enum {
	LISTENERS = 2, /* the Unix socket, then TCP */
	EXCHANGES_MAX = LISTENERS * HTTP_CONNECTIONS_MAX,
	STREAM_BLOCK_BYTES = 16384,
	/*
	 * MHD_resume_connection() outside MHD_run() does not make the epoll fd readable. Three
	 * calls of MHD_run() are needed: the first registers the connection, the second writes the
	 * answer, the third reads the next request.
	 */
	TURNS_AFTER_RESUME = 3,
	/* of a body that is too large, are read and dropped before the connection is closed */
	DISCARD_BYTES_MAX = 64 << 20
};

struct header {
	struct header *next;
	const char *name;
	char value[];
};

/* one connection, which may send several requests in sequence */
struct peer {
	int fd; /* -1: the slot is free */
	/*
	 * the connection is closed at this time if the header or body is incomplete; UINT64_MAX:
	 * never
	 */
	uint64_t deadline_ms;
	char address[HTTP_ADDRESS_BYTES];
};

/* one request from its head to its end */
struct exchange {
	struct http *http;
	struct peer *peer;
	struct http_caller caller;
	struct MHD_Connection *connection; /* NULL: the slot is free */
	uint32_t generation;
	char *method, *path;
	bool local, handled, suspended, answered;
	char *body;
	size_t body_bytes, body_bytes_max, discarded;
	bool refused;    /* refuse_early() has sent the answer to a body that is too large */
	unsigned status; /* of `response`, which is not queued yet */
	struct MHD_Response *response;
	struct header *headers; /* of the answer, beside those of every answer */
	bool streaming, finished, aborted;
	bool events;           /* server-sent events: a comment at alive_due_ms */
	bool drained_reported; /* HTTP_STREAM_DRAINED, since the last byte was added */
	char *pending;         /* of a stream: a buffer of pending_max bytes, */
	size_t pending_first, pending_bytes, pending_max; /* and the part that is not sent yet */
	uint64_t alive_due_ms;
};

struct http {
	const struct http_ops *ops;
	void *arg;
	int epoll_fd;
	struct MHD_Daemon *daemons[LISTENERS];
	char *socket_path;
	char *cert, *key; /* PEM; NULL: plain HTTP */
	unsigned port;
	size_t bodies_bytes;
	bool closing;
	unsigned turns_due;     /* calls of http_dispatch() due at once, without the fd */
	unsigned requests_left; /* that this turn may still handle */
	struct exchange exchanges[EXCHANGES_MAX];
	struct peer peers[EXCHANGES_MAX];
};

struct http_token http_token_of(const struct exchange *exchange);

/** The exchange of a token; NULL: its connection has been closed. */
struct exchange *http_find(struct http *http, struct http_token token);

/** A problem document (RFC 9457), which the caller frees; NULL: no memory. */
char *http_problem_text(unsigned status, const struct problem *problem);

/** Resume a suspended connection; nothing happens if it is not suspended. */
void http_resume(struct exchange *exchange);

#endif
