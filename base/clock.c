#include "clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static atomic_bool fake_on;
static _Atomic uint64_t fake_mono_ms;
static _Atomic int64_t fake_unix_ms;

static uint64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t clock_mono_us(void)
{
	return atomic_load(&fake_on) ? atomic_load(&fake_mono_ms) * 1000 : read_us(CLOCK_MONOTONIC);
}

uint64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

int64_t clock_unix_ms(void)
{
	return atomic_load(&fake_on) ? atomic_load(&fake_unix_ms)
				     : (int64_t)(read_us(CLOCK_REALTIME) / 1000);
}

bool clock_is_set(int64_t unix_ms)
{
	static const int64_t floor_unix_ms = 1735689600000; /* 2025-01-01 */

	return unix_ms >= floor_unix_ms;
}

void clock_format_utc(int64_t unix_ms, char *text)
{
	int64_t ms = ((unix_ms % 1000) + 1000) % 1000;
	time_t seconds = (time_t)((unix_ms - ms) / 1000);
	struct tm utc;
	char date[32];

	gmtime_r(&seconds, &utc);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, CLOCK_UTC_BYTES, "%.19s.%03dZ", date, (int)ms);
}

struct timespec clock_deadline(unsigned ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

void clock_fake_set(uint64_t mono_ms, int64_t unix_ms)
{
	atomic_store(&fake_mono_ms, mono_ms);
	atomic_store(&fake_unix_ms, unix_ms);
	atomic_store(&fake_on, true);
}

void clock_fake_clear(void)
{
	atomic_store(&fake_on, false);
}
