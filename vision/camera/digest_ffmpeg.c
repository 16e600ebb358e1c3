#include "digest.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>
#include <stdint.h>
#include <unistd.h>

enum { SHA256_BITS = 256, CHUNK_BYTES = 16384 };

static struct AVSHA *start(void)
{
	struct AVSHA *sha = av_sha_alloc();

	if (sha != NULL)
		av_sha_init(sha, SHA256_BITS);
	return sha;
}

static void finish(struct AVSHA *sha, char *hex)
{
	uint8_t digest[DIGEST_BYTES];

	av_sha_final(sha, digest);
	hex_format(digest, sizeof(digest), hex);
}

static int update_from(struct AVSHA *sha, int fd)
{
	uint8_t chunk[CHUNK_BYTES];
	ssize_t got;

	for (;;) {
		got = read(fd, chunk, sizeof(chunk));
		if (got > 0)
			av_sha_update(sha, chunk, (size_t)got);
		else if (got == 0)
			return 0;
		else if (errno != EINTR)
			return -errno;
	}
}

int digest_sha256_file(const char *path, char *hex)
{
	struct AVSHA *sha;
	int fd, r;

	assert(path != NULL && hex != NULL);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	sha = start();
	r = sha == NULL ? -ENOMEM : update_from(sha, fd);
	if (r == 0)
		finish(sha, hex);
	av_free(sha);
	close(fd);
	return r;
}

int digest_sha256_bytes(const void *bytes, size_t size, char *hex)
{
	struct AVSHA *sha = start();

	assert((bytes != NULL || size == 0) && hex != NULL);
	if (sha == NULL)
		return -ENOMEM;
	av_sha_update(sha, bytes, size);
	finish(sha, hex);
	av_free(sha);
	return 0;
}
