#include "http_listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/listen_address.h"
#include "base/thread_role.h"

enum { BACKLOG = 64, SOCKET_MODE = 0660, PEM_BYTES_MAX = 256 << 10 };

/* Remove a socket file without a listener. -EADDRINUSE: it has a listener, or is no socket. */
static int remove_stale(const struct sockaddr_un *address)
{
	struct stat status;
	int fd, r;

	if (lstat(address->sun_path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EADDRINUSE;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
	close(fd);
	if (r != -ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(address->sun_path) < 0 ? -errno : 0;
}

int http_listen_unix(const char *path, char *error, size_t error_bytes)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = -1, r = 0;

	assert_thread(THREAD_CONTROL);
	if (strlen(path) >= sizeof(address.sun_path))
		r = -ENAMETOOLONG;
	else
		strcpy(address.sun_path, path);
	if (r == 0)
		r = remove_stale(&address);
	if (r == 0) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		/* no client can connect before listen(), so the mode is set before it is needed */
		if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		    chmod(path, SOCKET_MODE) < 0 || listen(fd, BACKLOG) < 0)
			r = -errno;
	}
	if (r == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	if (r == -EADDRINUSE)
		snprintf(error, error_bytes,
			 "api.socket: %s is in use: is another gatehoused running?", path);
	else
		snprintf(error, error_bytes, "api.socket: cannot listen on %s: %s", path,
			 strerror(-r));
	return r;
}

int http_listen_tcp(const char *text, bool any_address, unsigned *ret_port, char *error,
		    size_t error_bytes)
{
	union listen_address address;
	socklen_t bytes;
	int fd = -1, one = 1, r = listen_address_parse(text, any_address, &address, &bytes);

	assert_thread(THREAD_CONTROL);
	if (r == 0) {
		fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
		    bind(fd, &address.any, bytes) < 0 || listen(fd, BACKLOG) < 0 ||
		    getsockname(fd, &address.any, &bytes) < 0)
			r = -errno;
	}
	if (r == 0) {
		/* the port has the same offset in both address families */
		*ret_port = ntohs(address.v4.sin_port);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	snprintf(error, error_bytes, "api.listen: cannot listen on %s: %s", text,
		 r == -EACCES ? "plain HTTP is served on loopback only; give api.cert_file and "
				"api.key_file"
			      : strerror(-r));
	return r;
}

int http_read_pem(const char *path, char **ret_text, char *error, size_t error_bytes)
{
	FILE *file = fopen(path, "re");
	char *text = calloc(1, PEM_BYTES_MAX + 1);
	int r = file == NULL ? -errno : text == NULL ? -ENOMEM : 0;

	if (r == 0 && fread(text, 1, PEM_BYTES_MAX, file) == 0)
		r = -EINVAL;
	if (file != NULL)
		fclose(file);
	if (r == 0) {
		*ret_text = text;
		return 0;
	}
	free(text);
	snprintf(error, error_bytes, "%s: cannot be read for TLS: %s", path, strerror(-r));
	return r;
}
