/*
 * frame_private.h - frames seen by the files of this room that speak FFmpeg.
 */
#ifndef GH_VISION_CAMERA_FRAME_PRIVATE_H
#define GH_VISION_CAMERA_FRAME_PRIVATE_H

#include "frame.h"

struct AVFrame;

/**
 * A frame around @p picture, whose references move into it on success; @p picture is blank afterwards.
 * Luma that is not a plane of 8 bits of its own is computed into one. Times, index and epoch are 0.
 * @return 0, -EINVAL (size), -ENOMEM or -EIO (a format without pixels in memory).
 */
int frame_wrap(struct AVFrame *picture, struct video_frame **ret_frame);

#endif
