/*
 * fmp4_mux.h - one camera's pictures for browsers, as they come: fragmented MP4 without any decoding or encoding.
 *
 * While somebody watches, the camera's thread wraps each packet into a fragment of its own; else it does nothing. It
 * never waits for the watcher: parts that are not taken in time are left out up to the next key picture. A loop or a
 * reconnect goes on in the same run; other parameters of the codec begin another, by a new head.
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
	LIVE_PART_BYTES_MAX = 1 << 20,    /* of one picture; a larger one, and what needs it, is left out */
	LIVE_WAITING_BYTES_MAX = 4 << 20, /* of parts that are not taken yet */
	LIVE_TYPE_BYTES = 80
};

struct AVCodecParameters; /* FFmpeg's, by name alone */
struct AVPacket;
struct live;

struct live_part {
	uint32_t turn; /* of live_watch(); parts of an earlier one are stale */
	bool head; /* what a player needs before any other part: of all that follow, up to the next head */
	bool key;  /* a player can begin here */
	size_t bytes;
	uint8_t data[];
};

/** @return 0, -ENOMEM or what eventfd(2) failed with. */
int live_open(struct live **ret_live);

/* ---- the camera's thread ---- */

/** The packets to come are of @p parameters, which are copied. */
void live_begin(struct live *live, const struct AVCodecParameters *parameters);

/** @param packet  borrowed; pts, dts and duration in microseconds, dts rising. */
void live_push(struct live *live, const struct AVPacket *packet);

/* ---- the one watching thread ---- */

/**
 * What a browser is to be told: `video/mp4; codecs="avc1.64001f"`.
 * @param ret_type  LIVE_TYPE_BYTES.
 * @return 0, -EAGAIN (the source never was open) or -ENOTSUP (a codec that browsers do not play as it comes).
 */
int live_type(struct live *live, char *ret_type);

/** Begin, or end, to make parts. @return the turn that begins; 0 after the end. */
uint32_t live_watch(struct live *live, bool on);

/** Readable while there is a part to take; the same for the life of @p live. */
int live_fd(const struct live *live);

/** The next part, the caller's to free(); NULL: none. */
struct live_part *live_take(struct live *live);

/** Once nobody uses it any more. NULL is fine. */
void live_close(struct live *live);

#ifdef __cplusplus
}
#endif
#endif
