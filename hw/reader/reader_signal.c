#include "reader_signal.h"

#include <stddef.h>

enum { BLINK_MS = 500 };

/* durations, alternately on and off; 0 ends the list */
static const uint16_t tones[][6] = {
	[READER_SIGNAL_NONE] = {0},
	[READER_SIGNAL_GRANTED] = {100, 0},
	[READER_SIGNAL_MORE] = {100, 100, 100, 0},
	[READER_SIGNAL_DENIED] = {100, 100, 100, 100, 100, 0},
	[READER_SIGNAL_LOCKED_OUT] = {1000, 0},
};

static void sound(enum reader_signal signal, uint64_t passed_ms, struct reader_signal_level *level)
{
	uint64_t end_ms = 0;

	for (size_t i = 0; tones[signal][i] != 0; i++) {
		end_ms += tones[signal][i];
		if (passed_ms < end_ms) {
			level->buzzer = i % 2 == 0;
			level->due_ms = end_ms;
			return;
		}
	}
}

struct reader_signal_level reader_signal_at(enum reader_signal signal, uint64_t since_ms,
					    uint64_t until_ms, uint64_t now_ms)
{
	struct reader_signal_level level = {.due_ms = UINT64_MAX};
	uint64_t passed_ms = now_ms - since_ms;

	sound(signal, passed_ms, &level);
	if (level.due_ms != UINT64_MAX)
		level.due_ms += since_ms;
	if (signal != READER_SIGNAL_GRANTED && signal != READER_SIGNAL_LOCKED_OUT)
		return level;
	if (now_ms >= until_ms)
		return level;
	level.light = signal == READER_SIGNAL_GRANTED || passed_ms / BLINK_MS % 2 == 0;
	if (until_ms < level.due_ms)
		level.due_ms = until_ms;
	if (signal == READER_SIGNAL_LOCKED_OUT &&
	    since_ms + (passed_ms / BLINK_MS + 1) * BLINK_MS < level.due_ms)
		level.due_ms = since_ms + (passed_ms / BLINK_MS + 1) * BLINK_MS;
	return level;
}
