#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
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

int file_copy_owner(const char *folder, const char *path)
{
	struct stat owner;

	if (stat(folder, &owner) < 0 || ((owner.st_uid != geteuid() || owner.st_gid != getegid()) &&
					 chown(path, owner.st_uid, owner.st_gid) < 0))
		return -errno;
	return 0;
}
