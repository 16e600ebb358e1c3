/*
 * http_client.h - raw HTTP from the thread that also serves it: the loop is pumped while the client
 * waits.
 */
#ifndef GH_TESTS_HTTP_CLIENT_H
#define GH_TESTS_HTTP_CLIENT_H

#include <stddef.h>
#include <stdint.h>

enum { CLIENT_REPLY_BYTES = 1 << 20, CLIENT_TURNS_MAX = 20000 };

struct client_loop {
	void (*dispatch)(void *arg);
	int (*fd)(void *arg);
	uint64_t (*deadline_ms)(void *arg);
	void *arg;
};

/** Connected sockets; a failure fails the test. */
int client_connect_tcp(unsigned port);
int client_connect_unix(const char *path);

/** One turn of the loop. */
void client_pump(const struct client_loop *loop);

/** Send all of @p text, pumping. @return 0, or -1 when the server hung up. */
int client_send(const struct client_loop *loop, int fd, const char *text, size_t bytes);

/**
 * Read until the server hangs up, or @p until (may be NULL) was seen; the text so far, static,
 * ended by a zero.
 */
const char *client_read(const struct client_loop *loop, int fd, const char *until);

/** Send @p text with "Connection: close" semantics already in it, read all, close. */
const char *client_ask(const struct client_loop *loop, int fd, const char *text);

#endif
