/* A config file replaced by its upgraded text; the old one stays as a backup. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_tree_private.h"
#include "config_upgrade.h"

static int write_all(int fd, const char *text, size_t bytes)
{
	while (bytes > 0) {
		ssize_t written = write(fd, text, bytes);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		text += written;
		bytes -= (size_t)written;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/*
 * A new file with owner and mode of @p old, on disk when this returns; none remains after a
 * failure.
 */
static int write_like(const char *path, const char *text, const struct stat *old)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), r;

	if (fd < 0)
		return -errno;
	r = fchown(fd, old->st_uid, old->st_gid) < 0 || fchmod(fd, old->st_mode & 0777) < 0 ? -errno
											    : 0;
	if (r == 0)
		r = write_all(fd, text, strlen(text));
	close(fd);
	if (r < 0)
		(void)unlink(path); /* the first failure is the one to report */
	return r;
}

/* The version that a good or an older file states, for the name of its backup. */
static unsigned version_of(const char *text, size_t bytes, const char *path)
{
	struct config_tree tree = {.file_name = path, .needs = "version"};
	unsigned version = 0;

	if (config_tree_parse(&tree, text, bytes) == 0) {
		(void)config_tree_version(&tree, &version); /* it was read a moment ago */
		yaml_document_delete(&tree.document);
	}
	return version;
}

/* The backup is a second link of the old file, so there is no moment without a file at @p path. */
static int replace_file(const char *path, const char *backup, const char *text)
{
	char fresh[CONFIG_PATH_BYTES + 8];
	struct stat old;
	int r;

	if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) >= sizeof(fresh))
		return -ENAMETOOLONG;
	if (stat(path, &old) < 0)
		return -errno;
	(void)unlink(fresh); /* of an upgrade that was interrupted; usually there is none */
	r = write_like(fresh, text, &old);
	if (r < 0)
		return r;
	if (link(path, backup) < 0) {
		r = -errno;
	} else if (rename(fresh, path) < 0) {
		r = -errno;
		(void)unlink(backup); /* the file at path is the old one still */
	}
	if (r < 0)
		(void)unlink(fresh);
	return r;
}

int config_upgrade_file(const char *path, const struct config_upgrade_step *steps, char *ret_backup,
			size_t backup_bytes, char *error, size_t error_bytes)
{
	char *text = NULL, *fresh = NULL;
	size_t bytes = 0;
	int r = config_read_file(path, &text, &bytes);

	if (error_bytes > 0)
		error[0] = '\0';
	if (r == 0)
		r = config_upgrade_text(text, bytes, path, steps, &fresh, error, error_bytes);
	if (r == 0 && (size_t)snprintf(ret_backup, backup_bytes, "%s.version-%u", path,
				       version_of(text, bytes, path)) >= backup_bytes)
		r = -ENAMETOOLONG;
	if (r == 0)
		r = replace_file(path, ret_backup, fresh);
	free(fresh);
	free(text);
	return r;
}
