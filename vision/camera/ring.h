/*
 * ring.h - packet ring: the last seconds of one camera's encoded video, so that evidence needs no
 * encoder.
 *
 * Packets and decoded frames share one time line. The oldest group of pictures is evicted as a
 * whole, so that the ring always starts at a key frame. Locks internally: any thread.
 */
#ifndef GH_VISION_CAMERA_RING_H
#define GH_VISION_CAMERA_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFmpeg's, declared so that this header includes none of its headers */
struct AVCodecParameters;
struct AVPacket;

struct packet_ring;

/** @param seconds, bytes_max  0 of either disables the ring. @return 0 or -ENOMEM. */
int ring_open(unsigned seconds, uint64_t bytes_max, struct packet_ring **ret_ring);

/**
 * Begin a new epoch: the source was opened again or looped.
 * @param parameters  copied. @return 0, -EINVAL (an epoch not above the last) or -ENOMEM (packets
 *                    are dropped until the next call).
 */
int ring_begin(struct packet_ring *ring, uint32_t epoch,
	       const struct AVCodecParameters *parameters);

/**
 * Store a reference to one packet of the current epoch. Packets before the first key frame of an
 * epoch are dropped, and so is a group of pictures that alone is larger than bytes_max.
 * @param packet  pts, dts and duration in microseconds of the camera's time line; both times must
 *                be set.
 * @return 0, -EINVAL (no epoch, no times) or -ENOMEM.
 */
int ring_push(struct packet_ring *ring, const struct AVPacket *packet);

/** Mark the ring as ended: no packet follows until the next ring_begin(). */
void ring_end(struct packet_ring *ring);

/** pts of the newest packet, INT64_MIN while empty. */
int64_t ring_newest_pts_us(struct packet_ring *ring);

/** Whether ring_end() was called after the last ring_begin(). */
bool ring_has_ended(struct packet_ring *ring);

/** Bytes and packets in the ring. */
void ring_usage(struct packet_ring *ring, uint64_t *ret_bytes, size_t *ret_packets);

struct ring_clip {
	struct AVCodecParameters *parameters;
	struct AVPacket **packets; /* in decoding order; the first is a key frame */
	size_t count;
	uint32_t epoch;
};

/**
 * References to the packets from the key frame at or before @p from_pts_us to @p to_pts_us, within
 * the epoch that contains
 * @p at_pts_us. If that key frame was evicted, the clip starts at the oldest packet left.
 * @return 0, -EINVAL (not from <= at <= to), -ENOENT (no packet of that time is left) or -ENOMEM.
 */
int ring_copy(struct packet_ring *ring, int64_t from_pts_us, int64_t at_pts_us, int64_t to_pts_us,
	      struct ring_clip *ret_clip);

/** Release the references and zero @p clip. */
void ring_clip_finish(struct ring_clip *clip);

void ring_close(struct packet_ring *ring);

#ifdef __cplusplus
}
#endif
#endif
