#include "timers.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/thread_role.h"

enum { ACCURACY_US = 1000 };

struct timers {
	sd_event_source *source;
	struct {
		timers_due_fn due;
		timers_tick_fn tick;
		void *part;
	} parts[TIMERS_PARTS_MAX];
	size_t count;
};

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct timers *timers = arg;
	uint64_t now_ms = clock_mono_ms();

	(void)source, (void)usec;
	for (size_t i = 0; i < timers->count; i++)
		timers->parts[i].tick(timers->parts[i].part, now_ms);
	timers_update(timers);
	return 0;
}

int timers_open(sd_event *event, struct timers **ret_timers)
{
	struct timers *timers = calloc(1, sizeof(*timers));
	int r;

	if (timers == NULL)
		return -ENOMEM;
	r = sd_event_add_time(event, &timers->source, CLOCK_MONOTONIC, UINT64_MAX, ACCURACY_US,
			      on_timer, timers);
	if (r >= 0)
		r = sd_event_source_set_priority(timers->source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r < 0) {
		timers_close(timers);
		return r;
	}
	*ret_timers = timers;
	return 0;
}

void timers_close(struct timers *timers)
{
	if (timers == NULL)
		return;
	sd_event_source_disable_unref(timers->source);
	free(timers);
}

void timers_add(struct timers *timers, timers_due_fn due, timers_tick_fn tick, void *part)
{
	assert_thread(THREAD_CONTROL);
	assert(timers->count < TIMERS_PARTS_MAX && due != NULL && tick != NULL);
	timers->parts[timers->count].due = due;
	timers->parts[timers->count].tick = tick;
	timers->parts[timers->count++].part = part;
}

void timers_update(struct timers *timers)
{
	uint64_t first_ms = UINT64_MAX;

	assert_thread(THREAD_CONTROL);
	for (size_t i = 0; i < timers->count; i++) {
		uint64_t due_ms = timers->parts[i].due(timers->parts[i].part);

		first_ms = due_ms < first_ms ? due_ms : first_ms;
	}
	if (first_ms == UINT64_MAX) {
		sd_event_source_set_enabled(timers->source, SD_EVENT_OFF);
	} else {
		sd_event_source_set_time(timers->source, first_ms * 1000);
		sd_event_source_set_enabled(timers->source, SD_EVENT_ONESHOT);
	}
}
