/*
 * Feeds systemd's and the board's watchdog only if the doors were served since the last feeding.
 * The timer that drives the doors counts each service. A loop that runs without serving the doors,
 * or a board source that the loop has disabled, therefore ends in a restart.
 */
#include "controlled_door.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/log.h"

static void schedule_service(struct doors *doors, uint64_t now_us)
{
	doors->watchdog.service_due_ms = (now_us + doors->watchdog.timeout_us / 4) / 1000;
	timers_update(doors->deps.timers);
}

static uint64_t service_due_ms(const void *arg)
{
	const struct doors *doors = arg;

	return doors->watchdog.service_due_ms;
}

/* Runs after the doors' own tick, in the same turn of the timer. */
static void count_service(void *arg, uint64_t now_ms)
{
	struct doors *doors = arg;
	int enabled = SD_EVENT_OFF;

	if (doors->watchdog.service_due_ms > now_ms)
		return;
	doors->watchdog.service_due_ms = UINT64_MAX;
	if (sd_event_source_get_enabled(doors->board_source, &enabled) >= 0 &&
	    enabled != SD_EVENT_OFF)
		doors->watchdog.served++;
}

static void feed(struct doors *doors)
{
	int r = doors->watchdog.device != NULL ? watchdog_feed(doors->watchdog.device) : 0;

	if (r < 0)
		log_error("watchdog", "%s cannot be fed: %s", doors->deps.config->watchdog.device,
			  strerror(-r));
	sd_notify(0, "WATCHDOG=1");
}

static int on_watchdog(sd_event_source *source, uint64_t usec, void *arg)
{
	struct doors *doors = arg;
	uint64_t now_us = clock_mono_us();

	(void)usec;
	if (doors->watchdog.served != doors->watchdog.served_at_feed)
		feed(doors);
	else
		log_error("watchdog", "the doors were not served: no watchdog is fed");
	doors->watchdog.served_at_feed = doors->watchdog.served;
	schedule_service(doors, now_us);
	sd_event_source_set_time(source, now_us + doors->watchdog.timeout_us / 2);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

/* A hardware watchdog that cannot be opened is an alarm; the doors run without it. */
static void open_device(struct doors *doors)
{
	const struct config_watchdog *config = &doors->deps.config->watchdog;
	unsigned timeout_s = 0;
	int r = watchdog_open(config->device, config->timeout_s, &doors->watchdog.device,
			      &timeout_s);

	if (r < 0) {
		log_error("watchdog", "%s: %s; the board is not restarted when the doors hang",
			  config->device, strerror(-r));
		journal_record(
			doors->deps.journal, "watchdog.failed", EVENT_ALARM, NULL, NULL,
			json_pack("{s:s, s:s}", "device", config->device, "reason", strerror(-r)));
		return;
	}
	if (timeout_s == 0)
		log_warning("watchdog", "%s does not report its timeout; it is fed as for %u s",
			    config->device, config->timeout_s);
	else if (timeout_s != config->timeout_s)
		log_warning("watchdog", "%s restarts the board after %u s, not %u", config->device,
			    timeout_s, config->timeout_s);
	timeout_s = timeout_s != 0 ? timeout_s : config->timeout_s;
	if (doors->watchdog.timeout_us == 0 ||
	    timeout_s * UINT64_C(1000000) < doors->watchdog.timeout_us)
		doors->watchdog.timeout_us = timeout_s * UINT64_C(1000000);
}

int doors_start_watchdog(struct doors *doors)
{
	int r;

	assert_thread(THREAD_CONTROL);
	assert(doors->watchdog.source == NULL);
	r = sd_watchdog_enabled(0, &doors->watchdog.timeout_us);
	doors->watchdog.service_due_ms = UINT64_MAX;
	if (r <= 0)
		doors->watchdog.timeout_us = 0;
	if (doors->deps.config->watchdog.device[0] != '\0')
		open_device(doors);
	if (r < 0 || doors->watchdog.timeout_us == 0)
		return r < 0 ? r : 0;
	doors->watchdog.served = 1; /* doors_open() has just put them under control */
	timers_add(doors->deps.timers, service_due_ms, count_service,
		   doors); /* last: the parts added before have been served when it runs */
	r = sd_event_add_time(doors->deps.event, &doors->watchdog.source, CLOCK_MONOTONIC,
			      clock_mono_us(), 1000, on_watchdog, doors);
	if (r >= 0)
		r = sd_event_source_set_priority(doors->watchdog.source, SD_EVENT_PRIORITY_IDLE);
	return r < 0 ? r : 0;
}

void doors_watchdog_close(struct doors *doors)
{
	doors->watchdog.source = sd_event_source_disable_unref(doors->watchdog.source);
	/* the hardware is disarmed only after the board was closed, its outputs at rest */
	watchdog_close(doors->watchdog.device, doors->board == NULL);
	doors->watchdog.device = NULL;
}
