/* file.h - what the rooms share about files. Any thread. */
#ifndef GH_BASE_FILE_H
#define GH_BASE_FILE_H

/**
 * What a file holds, or which names a folder has, is on disk when this returns. @return 0 or -errno
 */
int file_sync(const char *path);

/** What root made for a service belongs to whom @p folder belongs to. @return 0 or -errno */
int file_give_to_owner(const char *folder, const char *path);

#endif
