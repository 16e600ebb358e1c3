#include "http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"
#include "base/clock.h"

int client_connect_tcp(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

int client_connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

void client_pump(const struct client_loop *loop)
{
	struct pollfd wait = {.fd = loop->fd(loop->arg), .events = POLLIN};
	bool due = loop->deadline_ms(loop->arg) <= clock_mono_ms();

	/* only when the loop of the daemon would run too: a missing wake-up fails the test */
	if (poll(&wait, 1, due ? 0 : 1) == 1 || due)
		loop->dispatch(loop->arg);
}

int client_send(const struct client_loop *loop, int fd, const char *text, size_t bytes)
{
	size_t sent = 0;

	for (int turn = 0; sent < bytes && turn < CLIENT_TURNS_MAX; turn++) {
		ssize_t r = send(fd, text + sent, bytes - sent, MSG_NOSIGNAL);

		if (r > 0)
			sent += (size_t)r;
		else if (errno != EAGAIN)
			return -1;
		client_pump(loop);
	}
	return sent == bytes ? 0 : -1;
}

const char *client_read(const struct client_loop *loop, int fd, const char *until)
{
	static char reply[CLIENT_REPLY_BYTES];
	size_t filled = 0;

	reply[0] = '\0';
	for (int turn = 0; turn < CLIENT_TURNS_MAX; turn++) {
		ssize_t r = recv(fd, reply + filled, sizeof(reply) - 1 - filled, 0);

		if (r == 0 || (r < 0 && errno != EAGAIN))
			return reply;
		if (r > 0) {
			filled += (size_t)r;
			reply[filled] = '\0';
		}
		if (until != NULL && strstr(reply, until) != NULL)
			return reply;
		client_pump(loop);
	}
	fail_msg("no end after \"%.200s\"", reply);
	return reply;
}

const char *client_ask(const struct client_loop *loop, int fd, const char *text)
{
	const char *reply;

	(void)client_send(loop, fd, text,
			  strlen(text)); /* a refusal may arrive before the end is sent */
	reply = client_read(loop, fd, NULL);
	close(fd);
	return reply;
}
