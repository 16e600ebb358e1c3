/*
 * http_listen.h - opens listening sockets, non-blocking and close-on-exec, and reads certificates.
 * Private to http_*.c. Control thread only.
 */
#ifndef GH_HTTP_HTTP_LISTEN_H
#define GH_HTTP_HTTP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Listen on a Unix socket of mode 0660. A socket file without a listener is replaced; with one the
 * result is -EADDRINUSE.
 * @return the fd, or a negative errno with one sentence in @p error.
 */
int http_listen_unix(const char *path, char *error, size_t error_bytes);

/**
 * Listen on the TCP address @p text, ADDRESS:PORT; unless @p any_address it must be a loopback
 * address.
 * @param ret_port  the port in use, also when @p text says 0.
 * @return the fd, or a negative errno with one sentence in @p error.
 */
int http_listen_tcp(const char *text, bool any_address, unsigned *ret_port, char *error,
		    size_t error_bytes);

/**
 * Read a PEM file (certificate or key) as text, which the caller frees.
 * @return 0, or a negative errno with one sentence in @p error.
 */
int http_read_pem(const char *path, char **ret_text, char *error, size_t error_bytes);

#endif
