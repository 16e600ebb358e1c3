/*
 * source.h - opens one video source and reads its packets, each call bounded by a timeout.
 *
 * Private to the camera. One thread, except *stop, which any thread may set to interrupt every
 * call.
 */
#ifndef GH_VISION_CAMERA_SOURCE_H
#define GH_VISION_CAMERA_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/problem.h"

struct AVCodecContext;
struct AVCodecParameters;
struct AVPacket;

enum source_kind { SOURCE_FILE, SOURCE_RTSP, SOURCE_V4L2 };

struct source_options {
	const char *url;         /* borrowed while the source is open */
	const atomic_bool *stop; /* the same */
	unsigned open_timeout_ms, stall_timeout_ms, decoder_threads;
};

struct camera_config;
struct source;

/** Whether each value is in its range; the url's kind is source_kind_of()'s. */
bool camera_config_is_valid(const struct camera_config *config);

/** @return 0 or -EINVAL (unsupported kind of URL). */
int source_kind_of(const char *url, enum source_kind *ret_kind);

/**
 * @param problem  reason of the failure; contains no password.
 * @return 0, -ECANCELED (stopped), -ENOMEM or -EIO (@p problem is filled).
 */
int source_open(const struct source_options *options, struct source **ret_source,
		struct problem *problem);

/**
 * Read the next video packet; pts, dts and duration in microseconds of the source's own clock, or
 * AV_NOPTS_VALUE.
 * @return 1, 0 (end), -ECANCELED, -EILSEQ (damaged data; a file ends there) or -EIO.
 */
int source_read(struct source *source, struct AVPacket *packet, struct problem *problem);

struct AVCodecContext *source_decoder(struct source *source);
const struct AVCodecParameters *source_parameters(struct source *source);

/** Frame interval that the source announces, microseconds; 40000 when it announces none. */
int64_t source_frame_us(const struct source *source);

/** Frame rate that the source announces, 1/s; 0: unknown. */
double source_fps(const struct source *source);

void source_close(struct source *source);

#endif
