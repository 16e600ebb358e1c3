/*
 * sounder.h - what a door's buzzer and light do: when they are on, and when that changes.
 *
 * Pure. The buzzer gives one tone for a grant, a slow beat before held-open, a quick one during it,
 * and no pause while a door is forced. In quiet hours it is silent but for the forced door. The
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
	uint64_t due_ms; /* when to ask again; UINT64_MAX: it stays so */
};

/** @param now_ms  not before @p since_ms, when the cause began. */
struct sounder_level sounder_buzzer(enum sounder_cause cause, bool quiet, uint64_t since_ms,
				    uint64_t now_ms);

/** @param cause  blinks from SOUNDER_HELD_OPEN on, whether quiet or not. */
struct sounder_level sounder_light(enum sounder_cause cause, bool released, uint64_t since_ms,
				   uint64_t now_ms);

#endif
