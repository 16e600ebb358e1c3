/*
 * What the wires say: contacts, exit buttons, fire, tamper. Exit and fire are acted upon in the turn of the loop in
 * which they come, before the log, the network or a rule is asked.
 */
#include "gate/gate_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum door_event gate_contact_event(enum board_level level)
{
	/* active means open: wire the contact so that a cut wire reads as an open leaf, not as a closed one */
	return level == BOARD_INACTIVE ? DOOR_EVENT_CONTACT_CLOSED
	       : level == BOARD_ACTIVE ? DOOR_EVENT_CONTACT_OPEN
				       : DOOR_EVENT_CONTACT_UNKNOWN;
}

/* ---- fire ---- */

/* Latched: a panel that falls silent, or whose cable has burnt through, does not shut doors on people. */
static void begin_fire(struct gate *gate, uint64_t now_ms)
{
	if (gate->fire)
		return;
	gate->fire = true;
	for (size_t i = 0; i < gate->door_count; i++)
		if (gate->doors[i].config->opens_on_fire)
			(void)gate_door_apply(gate, &gate->doors[i], DOOR_EVENT_FIRE, now_ms,
					      NULL); /* a relay fault was reported there */
	gate_sounds_siren(gate, now_ms);
	log_warning("doors", "the fire panel calls: its doors are open until it is reset on site");
	journal_record(gate->journal, "fire.alarm", EVENT_ALARM, NULL, NULL, NULL);
}

int gate_fire_reset(struct gate *gate, const char *by)
{
	if (!gate->fire)
		return -ENOENT;
	if (gate->fire_line >= 0 && board_get(gate->board, (unsigned)gate->fire_line) != BOARD_INACTIVE)
		return -EBUSY;
	gate->fire = false;
	for (size_t i = 0; i < gate->door_count; i++)
		(void)gate_door_apply(gate, &gate->doors[i], DOOR_EVENT_FIRE_RESET, clock_mono_ms(), NULL);
	gate_sounds_siren(gate, clock_mono_ms());
	log_warning("doors", "the fire was reset: doors are in the modes they had before");
	journal_record(gate->journal, "fire.reset", EVENT_INFO, NULL, NULL, json_pack("{s:s}", "by", by));
	return 0;
}

static void on_fire(struct gate *gate, enum board_level level, uint64_t now_ms)
{
	if (level == BOARD_ACTIVE)
		begin_fire(gate, now_ms);
	else if (level == BOARD_UNKNOWN)
		journal_record(gate->journal, "fire.fault", EVENT_ALARM, NULL, NULL,
			       json_pack("{s:s}", "line", gate->config->fire_input));
}

/* ---- tamper ---- */

static void on_tamper(struct gate *gate, struct gate_door *door, enum board_level level, uint64_t now_ms)
{
	const char *source = door != NULL ? door->source : NULL;

	if (door != NULL)
		door->tamper = level; /* the siren asks */
	if (level == BOARD_ACTIVE) {
		gate->tampered_until_ms = now_ms + (uint64_t)gate->config->tamper_refuse_s * 1000;
		gate_sounds_siren(gate, now_ms);
		journal_record(gate->journal, "tamper.alarm", EVENT_ALARM, source, NULL, NULL);
	} else if (level == BOARD_INACTIVE) {
		journal_record(gate->journal, "tamper.cleared", EVENT_INFO, source, NULL, NULL);
	} else {
		journal_record(gate->journal, "tamper.fault", EVENT_WARNING, source, NULL, NULL);
	}
	if (level != BOARD_ACTIVE) { /* nobody else may for a long time */
		gate_sounds_tick(gate, now_ms);
		timers_update(gate->timers);
	}
	if (door != NULL)
		journal_publish(gate->journal, "door", door->config->name, gate_door_state(door));
}

bool gate_tampered(const struct gate *gate)
{
	return clock_mono_ms() < gate->tampered_until_ms;
}

/* ---- lines ---- */

static void on_line(struct gate *gate, const struct board_event *event, uint64_t now_ms)
{
	int line = (int)event->line;

	if (line == gate->fire_line)
		on_fire(gate, event->level, now_ms);
	if (line == gate->fire_reset_line && event->level == BOARD_ACTIVE &&
	    gate_fire_reset(gate, "switch") == -EBUSY)
		log_warning("doors", "the fire is not reset: the panel still calls, or cannot be read");
	if (line == gate->tamper_line)
		on_tamper(gate, NULL, event->level, now_ms);
	for (size_t i = 0; i < gate->door_count; i++) {
		struct gate_door *door = &gate->doors[i];

		/* faults of a relay are reported by gate_door_apply(); a refused event changes nothing */
		if (line == door->exit_line && event->level == BOARD_ACTIVE) {
			door->exit_mono_us = event->mono_us;
			(void)gate_door_apply(gate, door, DOOR_EVENT_EXIT, now_ms, NULL);
		}
		if (line == door->contact_line)
			(void)gate_door_apply(gate, door, gate_contact_event(event->level), now_ms, NULL);
		if (line == door->tamper_line)
			on_tamper(gate, door, event->level, now_ms);
	}
	if (gate_readers_line(gate, event)) /* fifty pulses a card are no news of the board */
		return;
	if (gate->api != NULL)
		api_publish_board(gate->api);
}

static int on_board(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate *gate = arg;
	struct board_event event;
	int r;

	(void)source, (void)fd, (void)revents;
	while ((r = board_next(gate->board, &event)) > 0)
		on_line(gate, &event, event.mono_us / 1000);
	if (r < 0)
		log_error("doors", "the board cannot be read: %s", strerror(-r));
	return 0;
}

/* ---- begin and end ---- */

int gate_inputs_open(struct gate *gate)
{
	const struct config *config = gate->config;
	uint64_t now_ms = clock_mono_ms();
	int r;

	gate->fire_line = gate_line_find(gate, config->fire_input);
	gate->fire_reset_line = gate_line_find(gate, config->fire_reset);
	gate->tamper_line = gate_line_find(gate, config->tamper_input);
	if (gate->fire_line >= 0 && board_get(gate->board, (unsigned)gate->fire_line) != BOARD_INACTIVE)
		on_fire(gate, board_get(gate->board, (unsigned)gate->fire_line), now_ms);
	for (size_t i = 0; i < gate->door_count; i++) {
		struct gate_door *door = &gate->doors[i];

		door->tamper = door->tamper_line >= 0 ? board_get(gate->board, (unsigned)door->tamper_line)
						      : BOARD_UNKNOWN;
		if (door->tamper == BOARD_ACTIVE)
			on_tamper(gate, door, BOARD_ACTIVE, now_ms);
	}
	if (gate->tamper_line >= 0 && board_get(gate->board, (unsigned)gate->tamper_line) == BOARD_ACTIVE)
		on_tamper(gate, NULL, BOARD_ACTIVE, now_ms);
	r = sd_event_add_io(gate->event, &gate->board_source, board_fd(gate->board), EPOLLIN, on_board, gate);
	if (r >= 0)
		r = sd_event_source_set_priority(gate->board_source, SD_EVENT_PRIORITY_IMPORTANT);
	return r;
}

void gate_inputs_close(struct gate *gate)
{
	gate->board_source = sd_event_source_disable_unref(gate->board_source);
}
