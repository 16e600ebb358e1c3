/* listen_address.h - parses "127.0.0.1:8480" or "[::1]:8480". Pure; any thread. */
#ifndef GH_BASE_LISTEN_ADDRESS_H
#define GH_BASE_LISTEN_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

union listen_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/**
 * Parse a numeric address with a port. Without @p anywhere only loopback addresses are allowed,
 * because plain text must not leave the machine.
 * @return 0, -EINVAL (no ADDRESS:PORT) or -EACCES (not loopback).
 */
int listen_address_parse(const char *text, bool anywhere, union listen_address *ret_address,
			 socklen_t *ret_bytes);

/**
 * Write the numeric address without its port; "" for a Unix socket. @p text holds INET6_ADDRSTRLEN
 * bytes.
 */
void listen_address_print(const struct sockaddr *address, char *text);

/** Whether a Host header is localhost or a loopback address, with or without a port. */
bool listen_host_is_loopback(const char *host);

#endif
