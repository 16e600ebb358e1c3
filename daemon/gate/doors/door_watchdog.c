/*
 * The watchdogs, systemd's and the board's, are fed for one reason: the doors had a turn since the last time. The
 * turn is asked of the timer that drives the doors and counted there; a loop that turns without serving them, or
 * doors whose source was given up, look as dead as they are.
 */
#include "gate/gate_internal.h"

#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/log.h"

static void ask_turn(struct gate *gate, uint64_t now_us)
{
	gate->turn_due_ms = (now_us + gate->watchdog_us / 4) / 1000;
	timers_update(gate->timers);
}

static uint64_t turn_due_ms(const void *arg)
{
	const struct gate *gate = arg;

	return gate->turn_due_ms;
}

/* The doors have a turn. */
static void count_turn(void *arg, uint64_t now_ms)
{
	struct gate *gate = arg;
	int enabled = SD_EVENT_OFF;

	if (gate->turn_due_ms > now_ms)
		return;
	gate->turn_due_ms = UINT64_MAX;
	if (sd_event_source_get_enabled(gate->board_source, &enabled) >= 0 && enabled != SD_EVENT_OFF)
		gate->door_turns++;
}

static void feed(struct gate *gate)
{
	int r = gate->watchdog != NULL ? watchdog_feed(gate->watchdog) : 0;

	if (r < 0)
		log_error("watchdog", "%s cannot be fed: %s", gate->config->watchdog.device, strerror(-r));
	sd_notify(0, "WATCHDOG=1");
}

static int on_watchdog(sd_event_source *source, uint64_t usec, void *arg)
{
	struct gate *gate = arg;
	uint64_t now_us = clock_mono_us();

	(void)usec;
	if (gate->door_turns != gate->fed_turns)
		feed(gate);
	else
		log_error("watchdog", "the doors had no turn: it is not fed");
	gate->fed_turns = gate->door_turns;
	ask_turn(gate, now_us);
	sd_event_source_set_time(source, now_us + gate->watchdog_us / 2);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

/* A site that asked for the hardware and does not get it must know, but needs its doors all the same. */
static void open_device(struct gate *gate)
{
	const struct config_watchdog *config = &gate->config->watchdog;
	unsigned timeout_s = 0;
	int r = watchdog_open(config->device, config->timeout_s, &gate->watchdog, &timeout_s);

	if (r < 0) {
		log_error("watchdog", "%s: %s; the board is not restarted when the doors hang",
			  config->device, strerror(-r));
		journal_record(gate->journal, "watchdog.failed", EVENT_ALARM, NULL, NULL,
			       json_pack("{s:s, s:s}", "device", config->device, "reason", strerror(-r)));
		return;
	}
	if (timeout_s == 0)
		log_warning("watchdog", "%s does not tell its time-out; it is fed as for %u s",
			    config->device, config->timeout_s);
	else if (timeout_s != config->timeout_s)
		log_warning("watchdog", "%s restarts the board after %u s, not %u", config->device, timeout_s,
			    config->timeout_s);
	timeout_s = timeout_s != 0 ? timeout_s : config->timeout_s;
	if (gate->watchdog_us == 0 || timeout_s * UINT64_C(1000000) < gate->watchdog_us)
		gate->watchdog_us = timeout_s * UINT64_C(1000000);
}

int gate_watchdog_open(struct gate *gate)
{
	int r = sd_watchdog_enabled(0, &gate->watchdog_us);

	gate->turn_due_ms = UINT64_MAX;
	if (r <= 0)
		gate->watchdog_us = 0;
	if (gate->config->watchdog.device[0] != '\0')
		open_device(gate);
	if (r < 0 || gate->watchdog_us == 0)
		return r < 0 ? r : 0;
	gate->door_turns = 1; /* they are under control, or we would not be here */
	timers_add(gate->timers, turn_due_ms, count_turn, gate); /* last: what was due before it was done */
	r = sd_event_add_time(gate->event, &gate->watchdog_source, CLOCK_MONOTONIC, clock_mono_us(), 1000,
			      on_watchdog, gate);
	if (r >= 0)
		r = sd_event_source_set_priority(gate->watchdog_source, SD_EVENT_PRIORITY_IDLE);
	return r < 0 ? r : 0;
}

void gate_watchdog_close(struct gate *gate)
{
	gate->watchdog_source = sd_event_source_disable_unref(gate->watchdog_source);
	/* only a board that was closed, its outputs at rest, lets go of the hardware */
	watchdog_close(gate->watchdog, gate->board == NULL);
	gate->watchdog = NULL;
}
