/*
 * clip.h - writes packets of a ring into one MP4 file. Private to evidence; blocks on disk; any
 * thread.
 */
#ifndef GH_VISION_EVIDENCE_CLIP_H
#define GH_VISION_EVIDENCE_CLIP_H

#include <stdint.h>

struct mask;
struct ring_clip;

/**
 * Write @p clip to @p path, which is replaced, with times that start at 0. H.264 and H.265 are
 * copied; other codecs, and every clip with a mask, are transcoded to H.264 with the mask burned
 * in.
 * @param mask  NULL or empty: no mask. A failure leaves an incomplete file behind.
 * @return 0, -ENOTSUP (no encoder), -ENOMEM, -EIO or the errno of the write.
 */
int clip_write(const struct ring_clip *clip, const char *path, const struct mask *mask);

/** Times of the first and the last frame, microseconds of the camera's time line. */
void clip_range(const struct ring_clip *clip, int64_t *ret_from_us, int64_t *ret_to_us);

#endif
