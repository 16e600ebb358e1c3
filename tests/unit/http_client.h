/*
 * http_client.h - a raw HTTP client in the thread of the server: it runs the loop of the server
 * while it waits.
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

/** Connect; a failure fails the test. @return the fd. */
int client_connect_tcp(unsigned port);
int client_connect_unix(const char *path);

/** Run one turn of the loop. */
void client_pump(const struct client_loop *loop);

/**
 * Send @p bytes of @p text and run the loop. @return 0, or -1: the server closed the connection.
 */
int client_send(const struct client_loop *loop, int fd, const char *text, size_t bytes);

/**
 * Read until the server closes the connection, or until @p until (NULL is allowed) was read.
 * @return the text, static, with a zero at its end.
 */
const char *client_read(const struct client_loop *loop, int fd, const char *until);

/** Send @p text, which must contain "Connection: close", read the answer, close. */
const char *client_ask(const struct client_loop *loop, int fd, const char *text);

#endif
