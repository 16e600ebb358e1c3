#include "listen_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "scan.h"

enum { HOST_BYTES = 64 };

/* Splits HOST:PORT or [HOST]:PORT. *ret_port is NULL if there is no port. */
static int split(const char *text, char *host, const char **ret_port)
{
	const char *end, *port = NULL;

	if (text[0] == '[') {
		text++;
		end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return -EINVAL;
		if (end[1] == ':')
			port = end + 2;
	} else {
		end = strchr(text, ':');
		if (end == NULL)
			end = text + strlen(text);
		else
			port = end + 1;
	}
	if (end == text || end - text >= HOST_BYTES)
		return -EINVAL;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	*ret_port = port;
	return 0;
}

static int parse_port(const char *text, in_port_t *ret_port)
{
	uint64_t port;

	if (strlen(text) > 5 || scan_number(&text, UINT16_MAX, &port) < 0 || *text != '\0')
		return -EINVAL;
	*ret_port = htons((in_port_t)port);
	return 0;
}

static bool v4_is_loopback(struct in_addr address)
{
	return ntohl(address.s_addr) >> 24 == 127;
}

int listen_address_parse(const char *text, bool anywhere, union listen_address *ret_address,
			 socklen_t *ret_bytes)
{
	union listen_address address;
	char host[HOST_BYTES];
	const char *port_text;
	in_port_t port;

	memset(&address, 0, sizeof(address));
	if (split(text, host, &port_text) < 0 || port_text == NULL ||
	    parse_port(port_text, &port) < 0)
		return -EINVAL;
	if (inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
		if (!anywhere && !v4_is_loopback(address.v4.sin_addr))
			return -EACCES;
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = port;
		*ret_bytes = sizeof(address.v4);
	} else if (inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
		if (!anywhere && !IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr))
			return -EACCES;
		address.v6.sin6_family = AF_INET6;
		address.v6.sin6_port = port;
		*ret_bytes = sizeof(address.v6);
	} else {
		return -EINVAL;
	}
	*ret_address = address;
	return 0;
}

void listen_address_print(const struct sockaddr *address, char *text)
{
	const union listen_address *any = (const union listen_address *)address;

	text[0] = '\0';
	if (address == NULL)
		return;
	if (address->sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &any->v4.sin_addr, text, INET6_ADDRSTRLEN);
	else if (address->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &any->v6.sin6_addr, text, INET6_ADDRSTRLEN);
}

bool listen_host_is_loopback(const char *host)
{
	char name[HOST_BYTES];
	const char *port_text;
	struct in6_addr v6;
	struct in_addr v4;
	in_port_t port;

	if (split(host, name, &port_text) < 0 ||
	    (port_text != NULL && parse_port(port_text, &port) < 0))
		return false;
	if (strcasecmp(name, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, name, &v4) == 1)
		return v4_is_loopback(v4);
	return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}
