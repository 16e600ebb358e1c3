/*
 * clock.h - the monotonic clock and the wall clock; tests can set both.
 *
 * Durations and deadlines use the monotonic clock. Only stored or displayed times use the wall
 * clock; their names end in _unix_ms. Any thread.
 */
#ifndef GH_BASE_CLOCK_H
#define GH_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CLOCK_UTC_BYTES = 25 };

/** CLOCK_MONOTONIC in milliseconds. */
uint64_t clock_mono_ms(void);

/** CLOCK_MONOTONIC in microseconds. */
uint64_t clock_mono_us(void);

/** Milliseconds since 1970-01-01 UTC. May jump either way. */
int64_t clock_unix_ms(void);

/**
 * Whether a time of the wall clock can be right: it is not before 2025. A board without a battery
 * starts in 1970, or at the build date of its system. Until its clock is set, no schedule can be
 * evaluated.
 */
bool clock_is_set(int64_t unix_ms);

/** "2026-11-21T04:05:06.789Z" for @p unix_ms, years 1970 to 9999; @p text holds CLOCK_UTC_BYTES. */
void clock_format_utc(int64_t unix_ms, char *text);

/**
 * Parse "2026-11-21" or "2026-11-21T04:05[:06[.789]]Z", an existing date in 1970 or later.
 * @return 0 or -EINVAL.
 */
int clock_parse_utc(const char *text, int64_t *ret_unix_ms);

/**
 * The time @p ms from now, for pthread_cond_timedwait() on a condition whose clock is
 * CLOCK_MONOTONIC. clock_fake_set() does not affect it, because the kernel uses the real clock.
 */
struct timespec clock_deadline(unsigned ms);

/** Tests only: stop both clocks at these values. */
void clock_fake_set(uint64_t mono_ms, int64_t unix_ms);

/** Tests only: use the real clocks again. */
void clock_fake_clear(void);

#ifdef __cplusplus
}
#endif
#endif
