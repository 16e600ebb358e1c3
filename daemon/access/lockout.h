/*
 * lockout.h - after so many wrong tries in a row a reader takes nothing for a while. Pure.
 *
 * Times are CLOCK_MONOTONIC in milliseconds. A right try forgets the wrong ones, so does the end of
 * a lock-out.
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
 * One more wrong try. @return whether it is the one that locks out; tries during a lock-out do not
 * count.
 */
bool lockout_wrong(struct lockout *lockout, unsigned tries_max, unsigned seconds, uint64_t now_ms);

/** A right try. @return whether there was something to forget. */
bool lockout_right(struct lockout *lockout);

/** How long it still lasts; 0: not locked out. */
uint64_t lockout_left_ms(struct lockout *lockout, uint64_t now_ms);

#endif
