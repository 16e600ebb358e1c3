/*
 * digest.h - SHA-256 of a file or of bytes in memory, as the hex text that lock files and events
 * carry. Any thread.
 */
#ifndef GH_VISION_CAMERA_DIGEST_H
#define GH_VISION_CAMERA_DIGEST_H

#include <stddef.h>

#include "base/hex.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @param hex  DIGEST_HEX_BYTES; untouched on failure.
 * @return 0, -ENOMEM, or what opening or reading failed with (-ENOENT, -EISDIR, -EIO...).
 */
int digest_sha256_file(const char *path, char *hex);

/** The same for @p size bytes at @p bytes. @return 0 or -ENOMEM. */
int digest_sha256_bytes(const void *bytes, size_t size, char *hex);

#ifdef __cplusplus
}
#endif
#endif
