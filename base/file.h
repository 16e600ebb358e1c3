/* file.h - helpers for files and folders. Blocks on the disk; any thread. */
#ifndef GH_BASE_FILE_H
#define GH_BASE_FILE_H

/** fsync(2) of a file's contents or of a folder's entries. @return 0 or -errno. */
int file_sync(const char *path);

/** Set the owner and group of @p path to those of @p folder if they differ. @return 0 or -errno. */
int file_copy_owner(const char *folder, const char *path);

#endif
