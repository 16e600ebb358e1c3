/*
 * camera_health.h - has a camera a usable picture? How long had it none, and why?
 *
 * Pure: no clock, no thread, no I/O; luma and times come with the calls. Frames between two looks (CAMERA_HEALTH_LOOK_MS)
 * cost one comparison; a look reads 160x90 points, whatever the size of the picture.
 *
 * What is begun counts from its first sign, though it is only told once it has lasted:
 *
 *   cause    sign                                                        told after
 *   LOST     no frame                                                    2 s
 *   FROZEN   frames come, and every point of every look is the same      10 s (a repeated frame or two is not)
 *   DARK     hardly a bright point                                       5 s
 *   GLARE    over half of the picture at white                           5 s
 *   COVERED  what stood out from its surroundings is gone                5 s
 *   MOVED    the learned view is found beside its place, or nowhere      10 s beside, 60 s nowhere
 *   STORM    most of the picture changes from look to look               10 s
 *
 * It ends when the sign has been gone for 2 s. The view is learned from the first 5 s of good pictures and then
 * follows the light slowly; a view that moved is MOVED until it is back or sight is opened anew.
 */
#ifndef GH_VISION_CAMERA_CAMERA_HEALTH_H
#define GH_VISION_CAMERA_CAMERA_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CAMERA_HEALTH_LOOK_MS = 250 };

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
	uint64_t ms[CAMERA_HEALTH_CAUSES]; /* [CAMERA_HEALTH_OK]: the time that was not blind */
};

struct camera_health;

/** The camera is being watched from @p now_ms on. @return 0 or -ENOMEM. */
int camera_health_open(uint64_t now_ms, struct camera_health **ret_sight);

/**
 * A frame came. @param luma  borrowed; @p stride bytes from row to row. @param now_ms  CLOCK_MONOTONIC, ms; never
 * goes back. Pictures of less than 32 pixels a side say only that frames come.
 */
void camera_health_frame(struct camera_health *sight, const uint8_t *luma, size_t stride, int width_px,
			 int height_px, uint64_t now_ms);

/** A film came to its end: no frame is missing from now on, and no time counts, until the next frame. */
void camera_health_ended(struct camera_health *sight, uint64_t now_ms);

/** Time passes; without this a camera that is silent stays as it was. @return what is told now. */
enum camera_health_cause camera_health_tick(struct camera_health *sight, uint64_t now_ms);

/** How long what is told now has lasted. */
uint64_t camera_health_lasted_ms(const struct camera_health *sight, uint64_t now_ms);

/**
 * All time since open, or since camera_health_read() was last called, by cause; then counting starts again at zero.
 * A sign that is not told yet is time of what was told before it.
 */
void camera_health_read(struct camera_health *sight, uint64_t now_ms,
			struct camera_health_totals *ret_totals);

/** "clear", "lost", "frozen", "dark", "glare", "covered", "moved", "storm". Static. */
const char *camera_health_cause_name(enum camera_health_cause cause);

void camera_health_close(struct camera_health *sight); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
