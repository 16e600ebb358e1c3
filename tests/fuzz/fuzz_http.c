/*
 * Whatever a client sends: an answer, or hung up on; never a crash, and never 500. The real server
 * and the real table of paths, over the Unix socket, before a gate that only notes what it was
 * asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"
#include "api_rig.h"

enum { REQUEST_BYTES_MAX = 1 << 16, TURNS_MAX = 60 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static char text[REQUEST_BYTES_MAX * 4];

static void close_rig(void)
{
	(void)rig_teardown(NULL); /* at exit; the folder of a run that crashed stays */
}

static void begin(void)
{
	if (api != NULL)
		return;
	signal(SIGPIPE, SIG_IGN);
	if (rig_setup(NULL) != 0)
		abort();
	atexit(close_rig);
}

/*
 * The bytes as they may stand in a path: all but a few are written %XX, so that each byte arrives.
 */
static size_t put_escaped(size_t used, const char *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		unsigned char c = (unsigned char)from[i];

		if (c > ' ' && c < 0x7f && strchr("%#", c) == NULL)
			text[used++] = (char)c;
		else
			used += (size_t)snprintf(text + used, 4, "%%%02X", c);
	}
	return used;
}

/* A row of the table with `param`s for its {} and a query; the body as it is. */
static size_t well_formed(const uint8_t *data, size_t bytes)
{
	const char *words = (const char *)data + 1, *body, *query;
	size_t count = 0, used, left = bytes - 1;
	const struct api_route *route;

	while (api_route_at(count) != NULL)
		count++;
	route = api_route_at(data[0] % count);
	body = memchr(words, '\0', left);
	body = body == NULL ? words + left : body;
	query = memchr(words, '?', (size_t)(body - words));
	query = query == NULL ? body : query;
	used = (size_t)snprintf(text, sizeof(text), "%s ", route->method);
	for (const char *at = route->pattern; *at != '\0'; at++) {
		if (*at != '{') {
			text[used++] = *at;
			continue;
		}
		used = put_escaped(used, words, (size_t)(query - words));
		at++;
	}
	used = put_escaped(used, query, (size_t)(body - query));
	body += body < (const char *)data + bytes ? 1 : 0;
	left = (size_t)((const char *)data + bytes - body);
	used += (size_t)snprintf(
		text + used, sizeof(text) - used,
		" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
		"%zu\r\n\r\n",
		left);
	memcpy(text + used, body, left);
	return used + left;
}

static void ask_and_listen(size_t bytes)
{
	static char reply[4097], rest[4096];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t sent = 0, filled = 0;
	ssize_t r = -1;

	strcpy(address.sun_path, rig_socket());
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		abort();
	fcntl(fd, F_SETFL, O_NONBLOCK);
	for (int turn = 0; turn < TURNS_MAX && r != 0; turn++) {
		if (sent < bytes && (r = send(fd, text + sent, bytes - sent, 0)) > 0)
			sent += (size_t)r;
		if (sent == bytes)
			(void)shutdown(
				fd,
				SHUT_WR); /* again, harmlessly: half a request is never finished */
		loop.dispatch(loop.arg);
		r = recv(fd, filled == 0 ? reply : rest, sizeof(rest), 0);
		if (r > 0 && filled == 0)
			filled = (size_t)r; /* its beginning is judged, the rest only taken */
	}
	close(fd);
	reply[filled] = '\0';
	if (filled > 0 && strncmp(reply, "HTTP/1.", 7) != 0)
		abort();
	if (filled > 12 && strncmp(reply + 9, "500", 3) == 0)
		abort();
	loop.dispatch(loop.arg); /* learns that the client is gone */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	begin();
	if (bytes < 1 || bytes > REQUEST_BYTES_MAX)
		return -1;
	if (data[0] < 0x80) {
		ask_and_listen(well_formed(data, bytes));
	} else {
		memcpy(text, data + 1, bytes - 1);
		ask_and_listen(bytes - 1);
	}
	return 0;
}
