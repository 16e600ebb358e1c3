/*
 * jpeg.h - encodes a frame as JPEG. Any thread; takes milliseconds, so not the control thread.
 */
#ifndef GH_VISION_CAMERA_JPEG_H
#define GH_VISION_CAMERA_JPEG_H

#include <stddef.h>
#include <stdint.h>

#include "frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct draw_canvas;
struct mask;

/**
 * @param mask          burned in; NULL: nothing is hidden.
 * @param width_max_px  wider frames are scaled down to this width; 16 to VIDEO_FRAME_SIDE_MAX.
 * @param ret_jpeg      released by the caller with free().
 * @return 0, -EINVAL, -ENOTSUP (FFmpeg has no encoder), -ENOMEM or -EIO.
 */
int jpeg_encode(const struct video_frame *frame, const struct mask *mask, int width_max_px,
		uint8_t **ret_jpeg, size_t *ret_bytes);

/** Encode pixels in memory at their own size. */
int jpeg_encode_canvas(const struct draw_canvas *canvas, uint8_t **ret_jpeg, size_t *ret_bytes);

#ifdef __cplusplus
}
#endif
#endif
