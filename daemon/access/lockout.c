#include "lockout.h"

#include <assert.h>

uint64_t lockout_remaining_ms(struct lockout *lockout, uint64_t now_ms)
{
	if (lockout->until_ms == 0)
		return 0;
	if (now_ms < lockout->until_ms)
		return lockout->until_ms - now_ms;
	*lockout = (struct lockout){0};
	return 0;
}

bool lockout_wrong(struct lockout *lockout, unsigned tries_max, unsigned seconds, uint64_t now_ms)
{
	assert(tries_max > 0);
	if (lockout_remaining_ms(lockout, now_ms) > 0)
		return false;
	lockout->wrong++;
	if (lockout->wrong < tries_max)
		return false;
	lockout->until_ms = now_ms + seconds * UINT64_C(1000);
	return true;
}

bool lockout_right(struct lockout *lockout)
{
	bool any = lockout->wrong > 0 && lockout->until_ms == 0;

	if (any)
		lockout->wrong = 0;
	return any;
}
