/*
 * http.h - HTTP in our own words; libmicrohttpd stays behind http_mhd.c and http_*_mhd.c.
 *
 * Serves a Unix socket and a TCP address on the caller's event loop, with no thread of its own:
 * plain on loopback, TLS when there is a certificate. A request is reported twice: to `admit` once
 * its head is read, to `handle` once its body is. Each request is answered once, in `handle` or
 * later, by its token; a token may outlive its client. A connection that is slow with a head or a
 * body is closed. All on one thread.
 */
#ifndef GH_HTTP_HTTP_H
#define GH_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

enum {
	HTTP_CONNECTIONS_MAX = 256,         /* each listener's */
	HTTP_ADDRESS_CONNECTIONS_MAX = 160, /* of them from one address */
	HTTP_ADDRESS_BYTES = 46,
	HTTP_CALLER_BYTES = 32,
	HTTP_HEAD_BYTES_MAX = 16 << 10,   /* request line and headers */
	HTTP_BODY_BYTES_MAX = 10 << 20,   /* of one request; also what `admit` may ask for */
	HTTP_BODIES_BYTES_MAX = 48 << 20, /* of all requests together */
	/* doors have their turn between two, however many pages are open */
	HTTP_ANSWERS_A_TURN = 2,
	HTTP_IDLE_S = 30,
	HTTP_HEAD_MS = 15000, /* from the connection, or the answer before, to a whole head */
	HTTP_BODY_MS = 90000, /* from there to a whole body */
	HTTP_STREAM_BYTES_MAX =
		256 << 10, /* waiting for one slow client, who is dropped beyond it; the usual */
	HTTP_VIDEO_BYTES_MAX = 2 << 20, /* the same for moving pictures */
	HTTP_STREAM_ALIVE_MS =
		15000 /* a comment this often shows whether the client is still there */
};

struct http;

struct http_token {
	uint32_t slot, generation;
};

/* who asks, as `admit` found out; passed on to `handle` */
struct http_caller {
	char name[HTTP_CALLER_BYTES];
	int role;
	uint64_t session;
};

/* one request; everything is borrowed for the call */
struct http_request {
	struct http_token token;
	const char *method; /* HEAD arrives as GET */
	const char *path;   /* percent-decoded, without the query; starts with '/' */
	const void *body;   /* NULL in `admit` */
	size_t body_bytes;
	bool local;                /* over the Unix socket */
	bool secure;               /* over TLS */
	const char *address;       /* of the client, "" over the Unix socket */
	struct http_caller caller; /* in `handle` */
	void *internal;
};

struct http_admission {
	struct http_caller caller;
	size_t body_bytes_max; /* 0 when `admit` is called: no body */
	/* PROBLEM_NONE when `admit` is called: admitted; else answer with it */
	struct problem problem;
	const char *allow; /* the Allow header of a 405, or NULL */
};

enum http_stream_event { HTTP_STREAM_DRAINED, HTTP_STREAM_CLOSED };

struct http_ops {
	void (*admit)(void *arg, const struct http_request *request,
		      struct http_admission *admission);
	void (*handle)(void *arg, const struct http_request *request);
	/**
	 * DRAINED: all that was sent is with the kernel. CLOSED: the token is dead. Not from within
	 * a send.
	 */
	void (*stream_event)(void *arg, struct http_token token, enum http_stream_event event);
};

struct http_config {
	const char *socket_path; /* "" or NULL: none; mode 0660, a stale one is replaced */
	const char *listen; /* ADDRESS:PORT; "" or NULL: none. Loopback, but with a certificate */
	const char *cert_file, *key_file; /* PEM; both, or both "" or NULL */
};

/**
 * @return 0, -EINVAL, -EACCES (not loopback and no TLS), -EADDRINUSE, -EKEYREJECTED (certificate or
 *  key), -ENOMEM or another negative errno; @p error a sentence.
 */
int http_open(const struct http_config *config, const struct http_ops *ops, void *arg,
	      struct http **ret_http, char *error, size_t error_bytes);
int http_fd(const struct http *http);
uint64_t http_deadline_ms(const struct http *http);

/**
 * One turn; `handle` is called at most HTTP_ANSWERS_A_TURN times, the other requests wait for the
 * next turn.
 */
void http_dispatch(struct http *http);
unsigned http_port(const struct http *http);
void http_close(struct http *http);

/** A request header or query argument by name, or NULL; only during `admit` and `handle`. */
const char *http_header(const struct http_request *request, const char *name);
const char *http_query(const struct http_request *request, const char *name);

/**
 * The value of the cookie @p name, at most @p bytes - 1 characters. @return 0, -ENOENT or
 * -ENAMETOOLONG.
 */
int http_cookie(const struct http_request *request, const char *name, char *ret_value,
		size_t bytes);

/**
 * A header of the answer to come, beside the usual ones. @p name is a constant; @p value is copied.
 */
void http_set_header(struct http *http, struct http_token token, const char *name,
		     const char *value);

/** Answer with @p bytes at @p body, malloc'ed; takes ownership. @p type NULL: no content. */
void http_respond(struct http *http, struct http_token token, unsigned status, const char *type,
		  char *body, size_t bytes);

/**
 * Answer with a problem document (RFC 9457) with the members `code` and `params`; @p problem is
 * borrowed.
 */
void http_respond_problem(struct http *http, struct http_token token, unsigned status,
			  const struct problem *problem);

/** Answer with the whole regular file @p fd, at any time. Takes ownership of @p fd. */
void http_respond_fd(struct http *http, struct http_token token, int fd, const char *type);

enum http_cache {
	HTTP_CACHE_ASK,    /* the browser may keep it and asks each time whether it changed */
	HTTP_CACHE_HOUR,   /* for an hour, for this user */
	HTTP_CACHE_FOREVER /* a file of this name never changes */
};

/**
 * Answer with the regular file @p fd (takes ownership), whole or the range asked for (206, 416), or
 * 304 when the client has it already. Only during `handle`.
 * @return the first byte sent, or a negative errno when nothing is: -EALREADY for a 304.
 */
int64_t http_respond_file(struct http *http, const struct http_request *request, int fd,
			  const char *type, enum http_cache cache);

/**
 * Answer with a body of unknown length, of @p type. Only during `handle`.
 * @param bytes_max  that may wait for the client. @return 0 or -ENOMEM (503 is answered).
 */
int http_stream_start(struct http *http, const struct http_request *request, const char *type,
		      size_t bytes_max);
/** @return 0, -ENOENT (gone) or -ENOBUFS (too slow: it is being dropped and CLOSED follows). */
int http_stream_send(struct http *http, struct http_token token, const void *at, size_t bytes);

/** Bytes that its client has not received yet. */
size_t http_stream_waiting(struct http *http, struct http_token token);

/** The body is whole: what waits is still sent. */
void http_stream_finish(struct http *http, struct http_token token);

/** Break a stream off: its client may connect again. */
void http_stream_end(struct http *http, struct http_token token);

/**
 * One `Range: bytes=...` header against a file of @p size bytes.
 * @return 0 (no usable single range: send it whole), 1 (*ret_first and *ret_bytes set) or -ERANGE
 *         (416). Pure.
 */
int http_parse_range(const char *header, uint64_t size, uint64_t *ret_first, uint64_t *ret_bytes);

#endif
