#include "backoff.h"

#include <assert.h>
#include <sys/random.h>

void backoff_init(struct backoff *backoff, unsigned min_ms, unsigned max_ms)
{
	assert(min_ms >= 1 && min_ms <= max_ms);
	*backoff = (struct backoff){.min_ms = min_ms, .max_ms = max_ms, .step_ms = min_ms};
}

void backoff_reset(struct backoff *backoff)
{
	backoff->step_ms = backoff->min_ms;
}

unsigned backoff_next_ms(struct backoff *backoff)
{
	unsigned step = backoff->step_ms, random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = 0; /* early at boot: the shortest pause is as good */
	backoff->step_ms = step > backoff->max_ms / 2 ? backoff->max_ms : step * 2;
	return step / 2 + random % (step - step / 2 + 1);
}
