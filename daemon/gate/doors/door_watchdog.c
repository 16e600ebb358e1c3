/*
 * The watchdogs, systemd's and the board's, are fed for one reason: the doors had a turn since the
 * last time. The turn is asked of the timer that drives the doors and counted there; a loop that
 * turns without serving them, or doors whose source was given up, look as dead as they are.
 */
#include "controlled_door.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/log.h"

static void ask_turn(struct doors *doors, uint64_t now_us)
{
	doors->watchdog.turn_due_ms = (now_us + doors->watchdog.timeout_us / 4) / 1000;
	timers_update(doors->deps.timers);
}

static uint64_t turn_due_ms(const void *arg)
{
	const struct doors *doors = arg;

	return doors->watchdog.turn_due_ms;
}

/* The doors have a turn. */
static void count_turn(void *arg, uint64_t now_ms)
{
	struct doors *doors = arg;
	int enabled = SD_EVENT_OFF;

	if (doors->watchdog.turn_due_ms > now_ms)
		return;
	doors->watchdog.turn_due_ms = UINT64_MAX;
	if (sd_event_source_get_enabled(doors->board_source, &enabled) >= 0 &&
	    enabled != SD_EVENT_OFF)
		doors->watchdog.turns++;
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
	if (doors->watchdog.turns != doors->watchdog.fed)
		feed(doors);
	else
		log_error("watchdog", "the doors had no turn: it is not fed");
	doors->watchdog.fed = doors->watchdog.turns;
	ask_turn(doors, now_us);
	sd_event_source_set_time(source, now_us + doors->watchdog.timeout_us / 2);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

/*
 * A site that asked for the hardware and does not get it must know, but needs its doors all the
 * same.
 */
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
		log_warning("watchdog", "%s does not tell its time-out; it is fed as for %u s",
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
	int r = sd_watchdog_enabled(0, &doors->watchdog.timeout_us);

	doors->watchdog.turn_due_ms = UINT64_MAX;
	if (r <= 0)
		doors->watchdog.timeout_us = 0;
	if (doors->deps.config->watchdog.device[0] != '\0')
		open_device(doors);
	if (r < 0 || doors->watchdog.timeout_us == 0)
		return r < 0 ? r : 0;
	doors->watchdog.turns = 1; /* they are under control, or we would not be here */
	timers_add(doors->deps.timers, turn_due_ms, count_turn,
		   doors); /* last: what was due before it was done */
	r = sd_event_add_time(doors->deps.event, &doors->watchdog.source, CLOCK_MONOTONIC,
			      clock_mono_us(), 1000, on_watchdog, doors);
	if (r >= 0)
		r = sd_event_source_set_priority(doors->watchdog.source, SD_EVENT_PRIORITY_IDLE);
	return r < 0 ? r : 0;
}

void doors_watchdog_close(struct doors *doors)
{
	doors->watchdog.source = sd_event_source_disable_unref(doors->watchdog.source);
	/* only a board that was closed, its outputs at rest, lets go of the hardware */
	watchdog_close(doors->watchdog.device, doors->board == NULL);
	doors->watchdog.device = NULL;
}
