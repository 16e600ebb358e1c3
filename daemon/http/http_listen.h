/* http_listen.h - listening sockets, non-blocking and close-on-exec. Private to http_*.c. */
#ifndef GH_HTTP_HTTP_LISTEN_H
#define GH_HTTP_HTTP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/**
 * A Unix socket of mode 0660. One left behind by a dead daemon is replaced; a live one gives
 * -EADDRINUSE.
 * @return the fd or a negative errno with a sentence in @p error.
 */
int http_listen_unix(const char *path, char *error, size_t error_bytes);

/** A TCP socket, on loopback but for @p anywhere; *ret_port is the real port. The same returns. */
int http_listen_tcp(const char *text, bool anywhere, unsigned *ret_port, char *error,
		    size_t error_bytes);

#endif
