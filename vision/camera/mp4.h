/*
 * mp4.h - an MP4 of one video, as the camera's own packets make it. Private to clips and live pictures; any thread.
 */
#ifndef GH_VISION_CAMERA_MP4_H
#define GH_VISION_CAMERA_MP4_H

#include <stdbool.h>

struct AVCodecParameters;
struct AVFormatContext;

/**
 * A muxer with its one stream, without anywhere to write to yet.
 * @param path        its file, or NULL.
 * @param ret_format  also on failure something for avformat_free_context(), or NULL.
 * @return 0 or FFmpeg's error.
 */
int mp4_open(const struct AVCodecParameters *parameters, const char *path,
	     struct AVFormatContext **ret_format);

/** Whether browsers play packets of this codec in MP4 as they are: H.264 all, H.265 some. */
bool mp4_is_played(const struct AVCodecParameters *parameters);

#endif
