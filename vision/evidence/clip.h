/*
 * clip.h - packets out of a ring into one MP4 file. Private to evidence; blocks on disk; any thread.
 */
#ifndef GH_VISION_EVIDENCE_CLIP_H
#define GH_VISION_EVIDENCE_CLIP_H

#include <stdint.h>

struct mask;
struct ring_clip;

/**
 * Write @p clip to @p path, which is replaced, with times that start at 0. H.264 and H.265 are copied,
 * other codecs are decoded and encoded as H.264, and so is all that has a mask: it is in the pictures then.
 * @param mask  NULL or empty: nothing is hidden. A failure leaves a useless file behind.
 * @return 0, -ENOTSUP (no encoder), -ENOMEM, -EIO or what writing failed with.
 */
int clip_write(const struct ring_clip *clip, const char *path, const struct mask *mask);

/** Times of the first and the last picture, microseconds of the camera's time line. */
void clip_range(const struct ring_clip *clip, int64_t *ret_from_us, int64_t *ret_to_us);

#endif
