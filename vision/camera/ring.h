/*
 * ring.h - the last seconds of one camera as the packets came, for evidence that costs no encoding.
 *
 * Packets share one time line with the camera's frames. The oldest go first, a whole group of pictures at a
 * time, so that what is kept always starts at a key picture. Own lock: any thread.
 */
#ifndef GH_VISION_CAMERA_RING_H
#define GH_VISION_CAMERA_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* FFmpeg's, borrowed by name so that this header needs none of its own */
struct AVCodecParameters;
struct AVPacket;

struct packet_ring;

/** @param seconds, bytes_max  0 of either keeps nothing. @return 0 or -ENOMEM. */
int ring_open(unsigned seconds, uint64_t bytes_max, struct packet_ring **ret_ring);

/**
 * A new run of packets begins: another opening of the source, or its loop.
 * @param parameters  copied. @return 0, -EINVAL (an epoch not above the last) or -ENOMEM (nothing is kept until the next).
 */
int ring_begin(struct packet_ring *ring, uint32_t epoch, const struct AVCodecParameters *parameters);

/**
 * Keep one packet of the running epoch, by reference. Packets before the first key picture of an epoch are
 * not kept, nor is a group of pictures that alone is larger than bytes_max.
 * @param packet  pts, dts and duration in microseconds of the camera's time line; both times must be set.
 * @return 0, -EINVAL (no epoch, no times) or -ENOMEM.
 */
int ring_push(struct packet_ring *ring, const struct AVPacket *packet);

/** No packet follows, so nobody need wait for one; ring_begin() takes it back. */
void ring_end(struct packet_ring *ring);

/** pts of the newest packet, INT64_MIN while empty. */
int64_t ring_newest_pts_us(struct packet_ring *ring);

/** Whether ring_end() was the last word. */
bool ring_has_ended(struct packet_ring *ring);

/** Bytes and packets kept. */
void ring_usage(struct packet_ring *ring, uint64_t *ret_bytes, size_t *ret_packets);

struct ring_clip {
	struct AVCodecParameters *parameters;
	struct AVPacket **packets; /* in decoding order; the first is a key picture */
	size_t count;
	uint32_t epoch;
};

/**
 * References to the packets from the key picture at or before @p from_pts_us to @p to_pts_us, of the one
 * epoch that holds @p at_pts_us; where that key picture is gone, from the oldest that is left.
 * @return 0, -EINVAL (not from <= at <= to), -ENOENT (nothing left of that time) or -ENOMEM.
 */
int ring_copy(struct packet_ring *ring, int64_t from_pts_us, int64_t at_pts_us, int64_t to_pts_us,
	      struct ring_clip *ret_clip);

/** Gives the references back and zeroes @p clip. */
void ring_clip_finish(struct ring_clip *clip);

void ring_close(struct packet_ring *ring);

#ifdef __cplusplus
}
#endif
#endif
