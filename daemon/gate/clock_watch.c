/* Watches the wall clock: records when it was never set, and when it is set while the gate runs. */
#include "gate_internal.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

enum { STEP_MS_MIN = 1000 }; /* smaller steps are ordinary corrections by NTP */

static int64_t offset_ms(void)
{
	return clock_unix_ms() - (int64_t)clock_mono_ms();
}

/* Arm a timer that never expires; the kernel cancels it when the clock is set. */
static int arm(int fd)
{
	const struct itimerspec never = {.it_value = {.tv_sec = INT32_MAX}};

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0
		       ? -errno
		       : 0;
}

static int on_set(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate *gate = arg;
	int64_t before_ms = gate->clock_offset_ms + (int64_t)clock_mono_ms(),
		after_ms = clock_unix_ms();
	char before[CLOCK_UTC_BYTES], after[CLOCK_UTC_BYTES];
	uint64_t expired;

	(void)source, (void)revents;
	(void)!read(fd, &expired, sizeof(expired)); /* fails with ECANCELED: the clock was set */
	gate->clock_offset_ms = offset_ms();
	if (arm(fd) < 0)
		log_warning("clock", "further steps of the clock will not be recorded");
	if (after_ms - before_ms < STEP_MS_MIN && before_ms - after_ms < STEP_MS_MIN)
		return 0;
	clock_format_utc(before_ms, before);
	clock_format_utc(after_ms, after);
	log_warning("clock", "the clock was set from %s to %s", before, after);
	journal_record(gate->journal, "clock.stepped", EVENT_WARNING, NULL, NULL,
		       json_pack("{s:s, s:s, s:b}", "before", before, "after", after, "set",
				 clock_is_set(after_ms)));
	return 0;
}

int gate_clock_open(struct gate *gate)
{
	int r;

	gate->clock_offset_ms = offset_ms();
	gate->clock_fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (gate->clock_fd < 0)
		return -errno;
	r = arm(gate->clock_fd);
	if (r >= 0)
		r = sd_event_add_io(gate->event, &gate->clock_source, gate->clock_fd, EPOLLIN,
				    on_set, gate);
	return r;
}

void gate_clock_report_unset(struct gate *gate)
{
	if (clock_is_set(clock_unix_ms()))
		return;
	log_warning("clock", "the clock was never set: rules with a schedule let nobody in");
	journal_record(gate->journal, "clock.unset", EVENT_ALARM, NULL, NULL, NULL);
}

void gate_clock_close(struct gate *gate)
{
	gate->clock_source = sd_event_source_disable_unref(gate->clock_source);
	if (gate->clock_fd > 0)
		close(gate->clock_fd);
	gate->clock_fd = -1;
}
