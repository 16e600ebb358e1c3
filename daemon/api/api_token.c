#include "api_parts.h"

#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HEX_DIGITS = API_TOKEN_BYTES - 1 };

static int read_token(const char *path, char *token)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t bytes;

	if (fd < 0)
		return -errno;
	bytes = read(fd, token, HEX_DIGITS);
	close(fd);
	if (bytes != HEX_DIGITS)
		return -EBADMSG;
	token[HEX_DIGITS] = '\0';
	return hex_is_valid(token, HEX_DIGITS) ? 0 : -EBADMSG;
}

static int make_token(const char *path, char *token)
{
	unsigned char random[HEX_DIGITS / 2];
	int fd, r = 0;

	if (crypto_init() < 0)
		return -EIO;
	crypto_random(random, sizeof(random));
	hex_format(random, sizeof(random), token);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, token, HEX_DIGITS) != HEX_DIGITS || write(fd, "\n", 1) != 1 || fsync(fd) < 0)
		r = errno != 0 ? -errno : -EIO;
	close(fd);
	if (r < 0)
		unlink(path);
	return r;
}

int api_load_token(const char *state_dir, char *ret_token, char *error, size_t error_bytes)
{
	char path[API_DIR_BYTES + 16];
	int r;

	snprintf(path, sizeof(path), "%s/metrics.token", state_dir);
	r = read_token(path, ret_token);
	if (r == -ENOENT)
		r = make_token(path, ret_token);
	if (r == -EBADMSG)
		snprintf(error, error_bytes,
			 "%s: expected 64 hex digits; remove it and a new one is made", path);
	else if (r < 0)
		snprintf(error, error_bytes, "%s: %s", path, strerror(-r));
	return r;
}
