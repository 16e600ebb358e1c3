/*
 * video_make.h - small videos for tests: a bright square falls over a grey picture, 25 frames a
 * second.
 */
#ifndef GH_TESTS_VIDEO_MAKE_H
#define GH_TESTS_VIDEO_MAKE_H

#include <stddef.h>

struct video_spec {
	const char *codec; /* FFmpeg's name of an encoder: libx264, mjpeg */
	int width, height, frames, gop, b_frames;
};

/**
 * The kind of file follows from the ending of @p path. @return 0, -1, or 77 where the encoder is
 * missing.
 */
int video_make(const char *path, const struct video_spec *spec);

struct video_facts {
	int frames, first_is_key;
	long long first_pts_us, duration_us; /* duration: to the end of the last frame */
	char codec[32];
};

/** Read and decode all of @p path. @return 0 or -1. */
int video_read(const char *path, struct video_facts *facts);

#endif
