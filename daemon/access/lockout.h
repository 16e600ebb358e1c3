/*
 * lockout.h - a reader that ignores everything for a while after too many wrong tries in a row.
 *
 * Pure. Times are CLOCK_MONOTONIC in milliseconds. A right try resets the count, and so does the
 * end of a lock-out.
 */
#ifndef GH_ACCESS_LOCKOUT_H
#define GH_ACCESS_LOCKOUT_H

#include <stdbool.h>
#include <stdint.h>

struct lockout {
	unsigned wrong;    /* tries in a row */
	uint64_t until_ms; /* 0: not locked out */
};

/**
 * Count a wrong try; tries during a lock-out do not count.
 * @param tries_max  1 or more: the try with this number begins a lock-out of @p seconds.
 * @return whether this try began a lock-out.
 */
bool lockout_wrong(struct lockout *lockout, unsigned tries_max, unsigned seconds, uint64_t now_ms);

/** Reset the count after a right try, but end no lock-out. @return whether there was a count. */
bool lockout_right(struct lockout *lockout);

/** The remaining time of the lock-out, 0 for none. */
uint64_t lockout_remaining_ms(struct lockout *lockout, uint64_t now_ms);

#endif
