#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int file_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return r;
}
