/*
 * camera.h - one video source: a network camera, a local camera or a file, and the thread that
 * reads it.
 *
 * The thread, "camera/NAME", opens the source, reads packets into the ring, decodes them and passes
 * each frame to the owner, in order. A source that fails or stalls is reopened after a pause that
 * doubles from reconnect_min_ms to reconnect_max_ms, without limit. Only a file without loop ends.
 */
#ifndef GH_VISION_CAMERA_CAMERA_H
#define GH_VISION_CAMERA_CAMERA_H

#include "frame.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CAMERA_NAME_BYTES = 32, CAMERA_URL_BYTES = 512, CAMERA_REASON_BYTES = 256 };

enum camera_state {
	CAMERA_LIVE,  /* the first frame after opening or an outage */
	CAMERA_LOST,  /* reported once per outage, with the reason; reconnecting continues */
	CAMERA_ENDED, /* a file was played to its end; nothing follows */
};

struct camera_config {
	char name[CAMERA_NAME_BYTES];
	/* "file:PATH" or a path, rtsp://..., rtsps://..., /dev/videoN or v4l2:/dev/videoN */
	char url[CAMERA_URL_BYTES];
	bool loop; /* files: restart at the end, with a new epoch */
	/* files: one second of video a second; false: as fast as ops->frame returns */
	bool realtime;
	unsigned open_timeout_ms;  /* to connect and learn the streams, 100 to 120000 */
	unsigned stall_timeout_ms; /* longest time without a packet while open, 100 to 120000 */
	unsigned reconnect_min_ms, reconnect_max_ms; /* 10 to 600000, min <= max */
	unsigned ring_seconds;    /* of packets kept for evidence, 0 (none) to 600 */
	uint64_t ring_bytes_max;  /* and never more than this */
	unsigned decoder_threads; /* 1 to 16; above 1 every frame arrives later */
};

/*
 * Called on the camera's thread: a slow callback slows a file down, or lets a live camera fall
 * behind.
 */
struct camera_ops {
	/* @p frame is borrowed for the call; video_frame_ref() keeps it */
	void (*frame)(void *arg, struct video_frame *frame);
	/*
	 * @p reason is PROBLEM_NONE when LIVE, and names no password; borrowed. The op may be NULL.
	 */
	void (*state)(void *arg, enum camera_state state, const struct problem *reason);
};

struct camera_stats {
	uint64_t packets, bytes; /* video, read since open */
	uint64_t frames;         /* handed to ops->frame */
	uint64_t corrupt;    /* packets or frames the decoder refused or marked damaged; skipped */
	uint64_t late;       /* frames of a real-time file delivered more than 100 ms late */
	uint64_t reconnects; /* openings that succeeded after the first */
	uint64_t outages;    /* LOST reports */
	uint64_t last_frame_mono_us; /* 0: none yet */
	uint32_t epoch;
	int width_px, height_px; /* of the newest frame; 0 before it */
	double fps;              /* as the stream announces; 0: unknown */
};

struct camera;
struct fmp4_mux;
struct packet_ring;

/**
 * 8 s to open, 5 s of silence, 1 to 30 s between tries, 60 s and 64 MiB of ring, real time, one
 * decoder thread.
 */
void camera_config_defaults(struct camera_config *config);

/**
 * Start the thread. Whether the source can be opened is reported through ops->state.
 * @param config, ops  copied; @p arg is passed to each callback.
 * @return 0, -EINVAL (a value out of its range, an unknown kind of url), -ENOMEM or the errno of
 *         pthread_create().
 */
int camera_open(const struct camera_config *config, const struct camera_ops *ops, void *arg,
		struct camera **ret_camera);

/** Packet ring for evidence; valid until camera_close(). Any thread. */
struct packet_ring *camera_ring(struct camera *camera);

/** fMP4 muxer for live video; valid until camera_close(). One reader thread. */
struct fmp4_mux *camera_fmp4(struct camera *camera);

/** Any thread. */
void camera_get_stats(struct camera *camera, struct camera_stats *ret_stats);

/**
 * Interrupt the thread, join it and free; no callback runs afterwards. A host name lookup cannot be
 * interrupted: after one second such a thread is detached, frees itself and calls no callback. Must
 * not be called from a callback, nor while a callback blocks. NULL is fine.
 */
void camera_close(struct camera *camera);

/** @p url without user name and password, cut to @p bytes, for display and logs. */
void camera_url_public(const char *url, char *ret_text, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
