/*
 * fmp4_mux.h - muxes one camera's H.264 or H.265 packets into fragmented MP4 for browsers, without
 * transcoding.
 *
 * While enabled, the camera's thread writes each packet as one fragment; otherwise a packet costs
 * nothing. The thread never waits for the reader: when the queue is full, fragments are dropped up
 * to the next key frame. A loop or a reconnect continues the same stream; changed codec parameters
 * begin a new one with a new initialisation segment.
 */
#ifndef GH_VISION_CAMERA_FMP4_MUX_H
#define GH_VISION_CAMERA_FMP4_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	FMP4_PART_BYTES_MAX =
		1 << 20, /* of one fragment; a larger one is dropped up to the next key frame */
	FMP4_QUEUED_BYTES_MAX = 4 << 20, /* of fragments in the queue */
	FMP4_MEDIA_TYPE_BYTES = 80
};

struct AVCodecParameters; /* FFmpeg's, declared so that this header includes none of its headers */
struct AVPacket;
struct fmp4_mux;

struct fmp4_part {
	uint32_t session; /* returned by fmp4_mux_enable(); parts of an earlier session are stale */
	bool init;        /* initialisation segment: valid for all parts up to the next one */
	bool key;         /* starts with a key frame: playback can begin here */
	size_t bytes;
	uint8_t data[];
};

/** @return 0, -ENOMEM or the errno of eventfd(2). */
int fmp4_mux_open(struct fmp4_mux **ret_mux);

/* ---- the camera's thread ---- */

/** Set the codec parameters of the packets that follow; copied. */
void fmp4_mux_begin(struct fmp4_mux *mux, const struct AVCodecParameters *parameters);

/** @param packet  borrowed; pts, dts and duration in microseconds, dts rising. */
void fmp4_mux_push(struct fmp4_mux *mux, const struct AVPacket *packet);

/* ---- the one reader thread ---- */

/**
 * Media type of the stream, e.g. `video/mp4; codecs="avc1.64001f"` (RFC 6381).
 * @param ret_type  FMP4_MEDIA_TYPE_BYTES.
 * @return 0, -EAGAIN (the source was not opened yet) or -ENOTSUP (a codec that browsers do not
 *         play).
 */
int fmp4_mux_media_type(struct fmp4_mux *mux, char *ret_type);

/** Start or stop muxing; drops queued parts. @return the new session, 0 when stopped. */
uint32_t fmp4_mux_enable(struct fmp4_mux *mux, bool on);

/** Readable while a part is queued; constant for the life of @p mux. */
int fmp4_mux_fd(const struct fmp4_mux *mux);

/** The next part, released with free(); NULL when the queue is empty. */
struct fmp4_part *fmp4_mux_next(struct fmp4_mux *mux);

/** Neither thread may use @p mux afterwards. NULL is fine. */
void fmp4_mux_close(struct fmp4_mux *mux);

#ifdef __cplusplus
}
#endif
#endif
