/* file.h - what the rooms share about files. Any thread. */
#ifndef GH_BASE_FILE_H
#define GH_BASE_FILE_H

/** What a file holds, or which names a folder has, is on disk when this returns. @return 0 or -errno */
int file_sync(const char *path);

#endif
