/*
 * camera_health.h - detects when a camera has no usable picture, why, and for how long.
 *
 * Pure: no clock, no thread, no I/O; luma and times come with the calls. Frames between two samples
 * (CAMERA_HEALTH_CHECK_MS) cost one comparison; a sample reads 160x90 points, independent of the
 * picture's size.
 *
 * A cause is reported after its condition has lasted, and its duration counts from the first sign:
 *
 *   cause    condition                                                   reported after
 *   LOST     no frame                                                    2 s
 *   FROZEN   frames arrive, and every point of every sample is the same  10 s (a repeated frame or two is not)
 *   DARK     hardly any bright point                                     5 s
 *   GLARE    over half of the picture at white                           5 s
 *   COVERED  local contrast is gone                                      5 s
 *   MOVED    the learned view is found shifted, or not at all            10 s shifted, 60 s not found
 *   STORM    most of the picture changes from sample to sample           10 s
 *
 * A cause ends when its condition has been absent for 2 s. The view is learned from the first 5 s
 * of good pictures and then follows the light slowly; MOVED lasts until the view is back or the
 * detector is opened again.
 */
#ifndef GH_VISION_CAMERA_CAMERA_HEALTH_H
#define GH_VISION_CAMERA_CAMERA_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CAMERA_HEALTH_CHECK_MS = 250 };

enum camera_health_cause {
	CAMERA_HEALTH_OK,
	CAMERA_HEALTH_LOST,
	CAMERA_HEALTH_FROZEN,
	CAMERA_HEALTH_DARK,
	CAMERA_HEALTH_GLARE,
	CAMERA_HEALTH_COVERED,
	CAMERA_HEALTH_MOVED,
	CAMERA_HEALTH_STORM,
	CAMERA_HEALTH_CAUSES
};

struct camera_health_totals {
	uint64_t ms[CAMERA_HEALTH_CAUSES]; /* [CAMERA_HEALTH_OK]: time with a usable picture */
};

struct camera_health;

/** Start at @p now_ms, CLOCK_MONOTONIC in milliseconds. @return 0 or -ENOMEM. */
int camera_health_open(uint64_t now_ms, struct camera_health **ret_health);

/**
 * Process a frame.
 * @param luma  borrowed; @p stride bytes from row to row.
 * @param now_ms  CLOCK_MONOTONIC, ms, not
 * decreasing. A picture below 32 pixels a side only counts as a frame.
 */
void camera_health_frame(struct camera_health *health, const uint8_t *luma, size_t stride,
			 int width_px, int height_px, uint64_t now_ms);

/** A file ended: until the next frame no time is counted and LOST is not reported. */
void camera_health_ended(struct camera_health *health, uint64_t now_ms);

/** Advance the time, which detects LOST. @return the reported cause. */
enum camera_health_cause camera_health_tick(struct camera_health *health, uint64_t now_ms);

/** Duration of the reported cause. */
uint64_t camera_health_lasted_ms(const struct camera_health *health, uint64_t now_ms);

/**
 * Time by cause since open or since the previous call; resets the counters. A condition not yet
 * reported counts for the cause that is.
 */
void camera_health_read(struct camera_health *health, uint64_t now_ms,
			struct camera_health_totals *ret_totals);

/** "clear", "lost", "frozen", "dark", "glare", "covered", "moved", "storm". Static. */
const char *camera_health_cause_name(enum camera_health_cause cause);

void camera_health_close(struct camera_health *health); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
