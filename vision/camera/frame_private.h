/*
 * frame_private.h - wraps FFmpeg frames; for the files of this folder that include FFmpeg.
 */
#ifndef GH_VISION_CAMERA_FRAME_PRIVATE_H
#define GH_VISION_CAMERA_FRAME_PRIVATE_H

#include "frame.h"

struct AVFrame;

/**
 * Wrap @p picture. On success its references move into the new frame and @p picture is blank.
 * A format without an 8-bit luma plane is converted. Times, index and epoch are 0.
 * @return 0, -EINVAL (size), -ENOMEM or -EIO (a format without pixels in memory).
 */
int frame_wrap(struct AVFrame *picture, struct video_frame **ret_frame);

#endif
