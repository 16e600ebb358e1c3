/*
 * mp4.h - opens an MP4 muxer for one video stream. Private to clips and to fmp4_mux; any thread.
 */
#ifndef GH_VISION_CAMERA_MP4_H
#define GH_VISION_CAMERA_MP4_H

#include <stdbool.h>

struct AVCodecParameters;
struct AVFormatContext;

/**
 * Allocate a muxer with one stream; it has no output yet.
 * @param path        file name for the muxer's context, or NULL.
 * @param ret_format  also set on failure: free with avformat_free_context(), may be NULL.
 * @return 0 or FFmpeg's error.
 */
int mp4_open(const struct AVCodecParameters *parameters, const char *path,
	     struct AVFormatContext **ret_format);

/**
 * Whether MP4 with this codec needs no transcoding for browsers: H.264 always, H.265 in some
 * browsers.
 */
bool mp4_is_played(const struct AVCodecParameters *parameters);

#endif
