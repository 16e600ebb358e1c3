/*
 * http.h - an HTTP server on the caller's event loop. Only http_mhd.c and http_*_mhd.c include
 * libmicrohttpd.
 *
 * The server listens on a Unix socket and on a TCP address: plain on loopback, TLS when there is a
 * certificate. It starts no thread. Each request causes two calls: `admit` after its header has
 * been read, and `handle` after its body has been read. Each request is answered exactly once, in
 * `handle` or later, and its token names it. A token may outlive its connection; an answer to it is
 * then dropped. A connection that sends its header or body too slowly is closed. Control thread
 * only.
 */
#ifndef GH_HTTP_HTTP_H
#define GH_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

enum {
	HTTP_CONNECTIONS_MAX = 256,         /* of each listener */
	HTTP_ADDRESS_CONNECTIONS_MAX = 160, /* of these, from one client address */
	HTTP_ADDRESS_BYTES = 46,
	HTTP_CALLER_BYTES = 32,
	HTTP_HEAD_BYTES_MAX = 16 << 10, /* request line and headers */
	HTTP_BODY_BYTES_MAX = 10 << 20, /* of one request; the upper limit of what `admit` allows */
	HTTP_BODIES_BYTES_MAX = 48 << 20, /* of all requests together */
	/* requests handled in one turn of the event loop: door events are handled between turns */
	HTTP_REQUESTS_PER_TURN = 2,
	HTTP_IDLE_S = 30,
	HTTP_HEAD_MS = 15000, /* from the connection or the last answer to a complete header */
	HTTP_BODY_MS = 90000, /* from there to a complete body */
	/* unsent bytes of one stream; a client that is slower is disconnected */
	HTTP_STREAM_BYTES_MAX = 256 << 10,
	HTTP_VIDEO_BYTES_MAX = 2 << 20, /* the same for video */
	/* interval of a comment in an event stream, which detects a lost client */
	HTTP_STREAM_ALIVE_MS = 15000
};

struct http;

struct http_token {
	uint32_t slot, generation;
};

/* the client as `admit` identified it; passed to `handle` */
struct http_caller {
	char name[HTTP_CALLER_BYTES];
	int role;
	uint64_t session;
};

/* one request; all pointers are borrowed for the call */
struct http_request {
	struct http_token token;
	const char *method; /* HEAD arrives as GET */
	const char *path;   /* percent-decoded, without the query; starts with '/' */
	const void *body;   /* NULL in `admit` */
	size_t body_bytes;
	bool local;                /* over the Unix socket */
	bool secure;               /* over TLS */
	const char *address;       /* of the client, "" over the Unix socket */
	struct http_caller caller; /* set in `handle` */
	void *internal;            /* for http_*.c */
};

struct http_admission {
	struct http_caller caller;
	size_t body_bytes_max; /* initially 0: no body is allowed */
	/* initially PROBLEM_NONE: the request is admitted; otherwise it is the answer */
	struct problem problem;
	const char *allow; /* the Allow header of a 405, or NULL */
};

enum http_stream_event { HTTP_STREAM_DRAINED, HTTP_STREAM_CLOSED };

struct http_ops {
	void (*admit)(void *arg, const struct http_request *request,
		      struct http_admission *admission);
	void (*handle)(void *arg, const struct http_request *request);
	/**
	 * DRAINED: all bytes have been passed to the kernel. CLOSED: the token is invalid from now
	 * on. Never called from within http_stream_send().
	 */
	void (*stream_event)(void *arg, struct http_token token, enum http_stream_event event);
};

struct http_config {
	const char *socket_path; /* "" or NULL: none; mode 0660, a stale socket is replaced */
	/* ADDRESS:PORT; "" or NULL: none. Without a certificate it must be a loopback address */
	const char *listen;
	const char *cert_file, *key_file; /* PEM; either both are set, or both are "" or NULL */
};

/**
 * Start listening. @p ops must outlive the server; @p config is borrowed for the call.
 * @param error  @p error_bytes; one sentence on failure.
 * @return 0, -EINVAL, -EACCES (not loopback and no TLS), -EADDRINUSE, -EKEYREJECTED (certificate or
 *         key), -ENOMEM or another negative errno.
 */
int http_open(const struct http_config *config, const struct http_ops *ops, void *arg,
	      struct http **ret_http, char *error, size_t error_bytes);

/** Readable when http_dispatch() has work; level-triggered. */
int http_fd(const struct http *http);

/** When http_dispatch() is due without the fd: clock_mono_ms() time, UINT64_MAX: never. */
uint64_t http_deadline_ms(const struct http *http);

/**
 * Serve what is ready; never blocks. Calls `handle` at most HTTP_REQUESTS_PER_TURN times; further
 * requests wait for the next call.
 */
void http_dispatch(struct http *http);

/** The TCP port, 0: none. */
unsigned http_port(const struct http *http);

/** Closes every connection and invalidates every token. NULL is allowed. */
void http_close(struct http *http);

/** The value of a request header or query argument, or NULL; only during `admit` and `handle`. */
const char *http_header(const struct http_request *request, const char *name);
const char *http_query(const struct http_request *request, const char *name);

/**
 * The value of the cookie @p name, at most @p bytes - 1 characters. @return 0, -ENOENT or
 * -ENAMETOOLONG.
 */
int http_cookie(const struct http_request *request, const char *name, char *ret_value,
		size_t bytes);

/**
 * Add a header to the answer that follows, beside the usual ones. @p name must be a constant; @p
 * value is copied.
 */
void http_set_header(struct http *http, struct http_token token, const char *name,
		     const char *value);

/** Answer with @p body, which is malloc'ed and which this call frees. @p type NULL: no content. */
void http_respond(struct http *http, struct http_token token, unsigned status, const char *type,
		  char *body, size_t bytes);

/**
 * Answer with a problem document (RFC 9457) with the members `code` and `params`; @p problem is
 * borrowed.
 */
void http_respond_problem(struct http *http, struct http_token token, unsigned status,
			  const struct problem *problem);

/** Answer with the regular file @p fd, at any time; this call closes @p fd. */
void http_respond_fd(struct http *http, struct http_token token, int fd, const char *type);

enum http_cache {
	HTTP_CACHE_REVALIDATE, /* the browser may cache it and checks its ETag at each use */
	HTTP_CACHE_HOUR,       /* for an hour, for this user */
	HTTP_CACHE_FOREVER     /* a file of this name never changes */
};

/**
 * Answer with the regular file @p fd, which this call closes: complete, the requested range (206,
 * or 416), or 304 when the client has the same version. Only during `handle`.
 * @return the offset of the first byte sent, or a negative errno when nothing is sent: -EALREADY
 *         for a 304, -ENOENT, -ERANGE or -ENOMEM.
 */
int64_t http_respond_file(struct http *http, const struct http_request *request, int fd,
			  const char *type, enum http_cache cache);

/**
 * Answer with a body of unknown length, of @p type. Only during `handle`.
 * @param bytes_max  limit of the bytes that the client has not received yet.
 * @return 0 or -ENOMEM (503 is answered).
 */
int http_stream_start(struct http *http, const struct http_request *request, const char *type,
		      size_t bytes_max);
/**
 * Append @p bytes at @p at, which are copied.
 * @return 0, -ENOENT (the stream has ended) or -ENOBUFS (the client is too slow: the connection is
 *         closed and CLOSED follows).
 */
int http_stream_send(struct http *http, struct http_token token, const void *at, size_t bytes);

/** How many bytes the client has not received yet; 0 for a stale token. */
size_t http_stream_waiting(struct http *http, struct http_token token);

/** End the body; the bytes that wait are still sent. */
void http_stream_finish(struct http *http, struct http_token token);

/** Close the connection of a stream at once: the client sees an incomplete body. */
void http_stream_abort(struct http *http, struct http_token token);

/**
 * Parse a `Range: bytes=...` header for a file of @p size bytes. Pure; any thread.
 * @param header  NULL is allowed.
 * @return 0 (no usable single range: send the file), 1 (*ret_first and *ret_bytes are set) or
 *         -ERANGE (416).
 */
int http_parse_range(const char *header, uint64_t size, uint64_t *ret_first, uint64_t *ret_bytes);

#endif
