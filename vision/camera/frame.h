/*
 * frame.h - one decoded camera frame with a reference count.
 *
 * A frame is immutable once shared, so any number of threads may read it. Its luma plane is the
 * decoder's buffer: a reference costs no copy. Any thread.
 */
#ifndef GH_VISION_CAMERA_FRAME_H
#define GH_VISION_CAMERA_FRAME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { VIDEO_FRAME_SIDE_MAX = 8192 }; /* px, either side */

struct video_frame {
	const uint8_t *luma; /* 8 bits a pixel, rows from the top; lives as long as the frame */
	int stride_bytes;    /* from one row to the next, at least width_px */
	int width_px, height_px;
	int64_t pts_us;           /* stream time; strictly increasing within one camera */
	uint64_t arrived_mono_us; /* CLOCK_MONOTONIC when its packet was read */
	uint64_t index; /* counts the camera's frames from 0; a gap is a frame the decoder lost */
	uint32_t epoch; /* changes after a loop, a reconnect or a change of size */
};

/** Add a reference. @return @p frame. */
struct video_frame *video_frame_ref(struct video_frame *frame);

/** Drop a reference; the last one frees. NULL is fine. */
void video_frame_unref(struct video_frame *frame);

/**
 * Create a frame from a copy of these pixels. pts_us, arrived_mono_us,
 * index and epoch are 0 and may be set until the frame is shared.
 * @param stride  bytes from row to row, at least @p width_px (luma) or 3 * @p width_px (BGR).
 * @return 0, -EINVAL (a side outside 1 to VIDEO_FRAME_SIDE_MAX) or -ENOMEM.
 */
int video_frame_from_luma(const uint8_t *luma, size_t stride, int width_px, int height_px,
			  struct video_frame **ret_frame);
int video_frame_from_bgr(const uint8_t *bgr, size_t stride, int width_px, int height_px,
			 struct video_frame **ret_frame);

/* Scaler state that is reused between conversions; start zeroed. One thread at a time. */
struct bgr_converter {
	void *context;
};

/**
 * Write @p frame as BGR, 8 bits a channel, using the colour space and range of its stream.
 * @param bgr     height_px rows of @p stride bytes, @p stride at least 3 * width_px.
 * @return 0, -EINVAL (stride), -ENOMEM or -EIO (a format that cannot be converted).
 */
int video_frame_to_bgr(struct bgr_converter *converter, const struct video_frame *frame,
		       uint8_t *bgr, size_t stride);

/** Free the scaler and zero @p converter. */
void bgr_converter_finish(struct bgr_converter *converter);

#ifdef __cplusplus
}
#endif
#endif
