#include "sounder.h"

enum { TONE_MS = 200, SLOW_MS = 1000, QUICK_MS = 500 };

static struct sounder_level beat(uint64_t on_ms, uint64_t period_ms, uint64_t since_ms,
				 uint64_t now_ms)
{
	uint64_t into_ms = (now_ms - since_ms) % period_ms;
	bool on = into_ms < on_ms;

	return (struct sounder_level){on, now_ms + (on ? on_ms : period_ms) - into_ms};
}

struct sounder_level sounder_buzzer(enum sounder_cause cause, bool quiet, uint64_t since_ms,
				    uint64_t now_ms)
{
	const struct sounder_level silent = {false, UINT64_MAX};

	if (quiet && cause != SOUNDER_FORCED)
		return silent;
	switch (cause) {
	case SOUNDER_GRANT:
		return now_ms < since_ms + TONE_MS
			       ? (struct sounder_level){true, since_ms + TONE_MS}
			       : silent;
	case SOUNDER_HELD_WARNING:
		return beat(TONE_MS, SLOW_MS, since_ms, now_ms);
	case SOUNDER_HELD_OPEN:
		return beat(TONE_MS, QUICK_MS, since_ms, now_ms);
	case SOUNDER_FORCED:
		return (struct sounder_level){true, UINT64_MAX};
	case SOUNDER_NONE:
		break;
	}
	return silent;
}

struct sounder_level sounder_light(enum sounder_cause cause, bool released, uint64_t since_ms,
				   uint64_t now_ms)
{
	if (cause >= SOUNDER_HELD_OPEN)
		return beat(QUICK_MS / 2, QUICK_MS, since_ms, now_ms);
	return (struct sounder_level){released, UINT64_MAX};
}
