/*
 * http_private.h - what the three files that include libmicrohttpd share: http_mhd.c (listeners and
 * requests), http_answer_mhd.c (answers and streams) and, below both, http_exchange_mhd.c (one
 * request, found by its token).
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
	 * a resume from outside MHD_run() wakes no epoll: one turn registers it, one writes, one
	 * reads on
	 */
	TURNS_AFTER_RESUME = 3,
	DISCARD_BYTES_MAX =
		64 << 20 /* of a body that is too large, before the client is hung up on */
};

struct header {
	struct header *next;
	const char *name;
	char value[];
};

/* one connection; it may carry requests one after another */
struct peer {
	int fd; /* -1: the slot is free */
	/*
	 * it is hung up on when what is awaited of it is not there by then; UINT64_MAX: nothing is
	 */
	uint64_t due_ms;
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
	bool refused;    /* the answer to a body that is too large is sent */
	unsigned status; /* of the answer in waiting, `response` */
	struct MHD_Response *response;
	struct header *headers; /* of the answer, beside those that each has */
	bool streaming, events, finished, dropped,
		drained_told;                             /* events: server-sent ones, kept alive */
	char *pending;                                    /* of a stream: pending_max bytes, */
	size_t pending_first, pending_bytes, pending_max; /* and which of them wait */
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
	unsigned turns_due, answers_left;
	struct exchange exchanges[EXCHANGES_MAX];
	struct peer peers[EXCHANGES_MAX];
};

struct http_token http_token_of(const struct exchange *exchange);

/** The exchange of a token; NULL: its client is gone. */
struct exchange *http_find(struct http *http, struct http_token token);

/** A problem document (RFC 9457) to be freed; NULL: no memory. */
char *http_problem_text(unsigned status, const struct problem *problem);

/** Let a connection that was put to sleep go on. */
void http_resume(struct exchange *exchange);

#endif
