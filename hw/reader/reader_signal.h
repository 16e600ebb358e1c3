/*
 * reader_signal.h - the patterns of a reader's light and buzzer after a reading.
 *
 * Pure. Light: on while the lock is released, blinking while the reader is locked out, off
 * otherwise. Buzzer: one short tone for a grant, two if another factor is needed (a PIN after the
 * card), three for a denial, one long tone for a lock-out.
 */
#ifndef GH_HW_READER_READER_SIGNAL_H
#define GH_HW_READER_READER_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

enum reader_signal {
	READER_SIGNAL_NONE,
	READER_SIGNAL_GRANTED,
	READER_SIGNAL_MORE,
	READER_SIGNAL_DENIED,
	READER_SIGNAL_LOCKED_OUT
};

struct reader_signal_level {
	bool light, buzzer;
	uint64_t due_ms; /* when the level may change; UINT64_MAX: never */
};

/**
 * @param since_ms   when the signal began.
 * @param until_ms   when the light of a grant, or a lock-out, ends.
 * @param now_ms     not before since_ms.
 */
struct reader_signal_level reader_signal_at(enum reader_signal signal, uint64_t since_ms,
					    uint64_t until_ms, uint64_t now_ms);

#endif
