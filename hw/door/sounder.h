/*
 * sounder.h - the patterns of a door's buzzer and light.
 *
 * Pure. The buzzer gives one tone for a grant, slow pulses before held-open, quick pulses during
 * it, and a continuous tone while a door is forced. In quiet hours only the forced door sounds. The
 * light is on while the lock is released and blinks during an alarm.
 */
#ifndef GH_HW_DOOR_SOUNDER_H
#define GH_HW_DOOR_SOUNDER_H

#include <stdbool.h>
#include <stdint.h>

enum sounder_cause {
	SOUNDER_NONE,
	SOUNDER_GRANT,
	SOUNDER_HELD_WARNING,
	SOUNDER_HELD_OPEN,
	SOUNDER_FORCED
};

struct sounder_level {
	bool on;
	uint64_t due_ms; /* when the level may change; UINT64_MAX: never */
};

/** @param now_ms  not before @p since_ms, when the cause began. */
struct sounder_level sounder_buzzer(enum sounder_cause cause, bool quiet, uint64_t since_ms,
				    uint64_t now_ms);

/** @param cause  the light blinks from SOUNDER_HELD_OPEN on, in quiet hours too. */
struct sounder_level sounder_light(enum sounder_cause cause, bool released, uint64_t since_ms,
				   uint64_t now_ms);

#endif
