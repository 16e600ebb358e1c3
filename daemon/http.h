/*
 * http.h - HTTP in our own words; libmicrohttpd stays behind http_mhd.c.
 *
 * Serves a Unix socket and a loopback TCP address on the caller's event loop, with no thread of its own. A
 * request is told twice: `admit` once its head is read, `handle` once its body is. Each request is answered
 * once, in `handle` or later, by its token; a token outlives its client safely. All on one thread.
 */
#ifndef GH_DAEMON_HTTP_H
#define GH_DAEMON_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	HTTP_CONNECTIONS_MAX = 64,        /* each listener's */
	HTTP_HEAD_BYTES_MAX = 16 << 10,   /* request line and headers */
	HTTP_BODY_BYTES_MAX = 10 << 20,   /* of one request; also what `admit` may ask for */
	HTTP_BODIES_BYTES_MAX = 48 << 20, /* of all requests together */
	HTTP_IDLE_S = 30,
	HTTP_STREAM_BYTES_MAX = 256 << 10, /* waiting for one slow client, who is dropped beyond it */
	HTTP_STREAM_ALIVE_MS = 15000       /* a comment this often shows whether the client is still there */
};

struct http;

struct http_token {
	uint32_t slot, generation;
};

/* one request; everything is borrowed for the call */
struct http_request {
	struct http_token token;
	const char *method; /* HEAD arrives as GET */
	const char *path;   /* percent-decoded, without the query; starts with '/' */
	const void *body;   /* NULL in `admit` */
	size_t body_bytes;
	bool local; /* over the Unix socket */
	void *internal;
};

struct http_admission {
	size_t body_bytes_max; /* 0 when `admit` is called: no body */
	unsigned status;       /* 0 when `admit` is called: come in; else answer with this problem */
	const char *detail;
	const char *allow; /* the Allow header of a 405, or NULL */
};

enum http_stream_news { HTTP_STREAM_DRAINED, HTTP_STREAM_CLOSED };

struct http_ops {
	void (*admit)(void *arg, const struct http_request *request, struct http_admission *admission);
	void (*handle)(void *arg, const struct http_request *request);
	/** DRAINED: all that was sent is with the kernel. CLOSED: the token is dead. Not from within a send. */
	void (*stream_news)(void *arg, struct http_token token, enum http_stream_news news);
};

struct http_config {
	const char *socket_path; /* "" or NULL: none; mode 0660, a stale one is replaced */
	const char *listen;      /* loopback ADDRESS:PORT; "" or NULL: none */
};

/** @return 0, -EINVAL, -EACCES (not loopback), -EADDRINUSE, -ENOMEM or another negative errno; @p error a sentence. */
int http_open(const struct http_config *config, const struct http_ops *ops, void *arg, struct http **ret_http,
	      char *error, size_t error_bytes);
int http_fd(const struct http *http);
uint64_t http_deadline_ms(const struct http *http);
void http_dispatch(struct http *http);
unsigned http_port(const struct http *http);
void http_close(struct http *http);

/** A request header or query argument by name, or NULL; only during `admit` and `handle`. */
const char *http_header(const struct http_request *request, const char *name);
const char *http_query(const struct http_request *request, const char *name);

/** Answer with @p bytes at @p body, malloc'ed and taken over; @p type NULL: no content. */
void http_respond(struct http *http, struct http_token token, unsigned status, const char *type, char *body,
		  size_t bytes);

/** Answer with a problem document, RFC 9457. */
void http_respond_problem(struct http *http, struct http_token token, unsigned status, const char *detail);

/**
 * Answer with the regular file @p fd (taken over), whole or the range asked for (206, 416).
 * @param cacheable  the browser may keep it, else it asks each time.
 * Only during `handle`. @return the first byte sent, or a negative errno when nothing is (416 is answered, too).
 */
int64_t http_respond_file(struct http *http, const struct http_request *request, int fd, const char *type,
			  bool cacheable);

/** Answer with a stream of server-sent events. Only during `handle`. @return 0 or -ENOMEM (503 is answered). */
int http_stream_start(struct http *http, const struct http_request *request);
/** @return 0, -ENOENT (gone) or -ENOBUFS (too slow: it is being dropped and CLOSED follows). */
int http_stream_send(struct http *http, struct http_token token, const char *text, size_t bytes);

/** End a stream: its client may come again. */
void http_stream_end(struct http *http, struct http_token token);

/**
 * One `Range: bytes=...` header against a file of @p size bytes.
 * @return 0 (no usable single range: send it whole), 1 (*ret_first and *ret_bytes set) or -ERANGE (416). Pure.
 */
int http_parse_range(const char *header, uint64_t size, uint64_t *ret_first, uint64_t *ret_bytes);

#endif
