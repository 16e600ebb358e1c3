/*
 * The board's inputs: contacts, exit buttons, fire, tamper. Exit and fire act in the turn of the
 * loop in which their edge arrives, and wait for no log, network or rule.
 */
#include "controlled_door.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* ---- fire ---- */

/*
 * The alarm is latched: when the panel's signal ends, because its cable burnt through for example,
 * the doors stay open.
 */
static void begin_fire(struct doors *doors, uint64_t now_ms)
{
	if (doors->fire)
		return;
	doors->fire = true;
	for (size_t i = 0; i < doors->count; i++)
		if (doors->list[i].config->opens_on_fire)
			(void)controlled_door_apply(doors, &doors->list[i], DOOR_EVENT_FIRE, now_ms,
						    NULL); /* it reports faults itself */
	doors_sounds_siren(doors, now_ms);
	log_warning("doors",
		    "fire alarm: doors with opens_on_fire stay open until it is reset on site");
	journal_record(doors->deps.journal, "fire.alarm", EVENT_ALARM, NULL, NULL, NULL);
}

int doors_fire_reset(struct doors *doors, const char *by)
{
	assert_thread(THREAD_CONTROL);
	if (!doors->fire)
		return -ENOENT;
	if (doors->fire_line >= 0 &&
	    board_get(doors->board, (unsigned)doors->fire_line) != BOARD_INACTIVE)
		return -EBUSY;
	doors->fire = false;
	for (size_t i = 0; i < doors->count; i++)
		(void)controlled_door_apply(doors, &doors->list[i], DOOR_EVENT_FIRE_RESET,
					    clock_mono_ms(), NULL);
	doors_sounds_siren(doors, clock_mono_ms());
	log_warning("doors", "the fire alarm was reset: doors return to their modes");
	journal_record(doors->deps.journal, "fire.reset", EVENT_INFO, NULL, NULL,
		       json_pack("{s:s}", "by", by));
	return 0;
}

static void on_fire(struct doors *doors, enum board_level level, uint64_t now_ms)
{
	if (level == BOARD_ACTIVE)
		begin_fire(doors, now_ms);
	else if (level == BOARD_UNKNOWN)
		journal_record(doors->deps.journal, "fire.fault", EVENT_ALARM, NULL, NULL,
			       json_pack("{s:s}", "line", doors->deps.config->fire_input));
}

/* ---- tamper ---- */

static void on_tamper(struct doors *doors, struct controlled_door *door, enum board_level level,
		      uint64_t now_ms)
{
	const char *source = door != NULL ? door->source : NULL;

	if (door != NULL)
		door->tamper = level; /* before the siren, which reads it */
	if (level == BOARD_ACTIVE) {
		doors->tampered_until_ms =
			now_ms + (uint64_t)doors->deps.config->tamper_refuse_s * 1000;
		doors_sounds_siren(doors, now_ms);
		journal_record(doors->deps.journal, "tamper.alarm", EVENT_ALARM, source, NULL,
			       NULL);
	} else if (level == BOARD_INACTIVE) {
		journal_record(doors->deps.journal, "tamper.cleared", EVENT_INFO, source, NULL,
			       NULL);
	} else {
		journal_record(doors->deps.journal, "tamper.fault", EVENT_WARNING, source, NULL,
			       NULL);
	}
	if (level != BOARD_ACTIVE) { /* stop the siren now: the next tick may be far away */
		doors_sounds_update(doors, now_ms);
		timers_update(doors->deps.timers);
	}
	if (door != NULL)
		journal_publish(doors->deps.journal, "door", door->config->name,
				controlled_door_json(door));
}

bool doors_tampered(const struct doors *doors)
{
	return clock_mono_ms() < doors->tampered_until_ms;
}

/* ---- lines ---- */

static void on_line(struct doors *doors, const struct board_event *event, uint64_t now_ms)
{
	int line = (int)event->line;

	if (line == doors->fire_line)
		on_fire(doors, event->level, now_ms);
	if (line == doors->fire_reset_line && event->level == BOARD_ACTIVE &&
	    doors_fire_reset(doors, "switch") == -EBUSY)
		log_warning(
			"doors",
			"the fire alarm is not reset: the panel still signals, or cannot be read");
	if (line == doors->tamper_line)
		on_tamper(doors, NULL, event->level, now_ms);
	for (size_t i = 0; i < doors->count; i++) {
		struct controlled_door *door = &doors->list[i];

		/*
		 * results are ignored: controlled_door_apply() reports relay faults itself, and a
		 * refused event changes nothing
		 */
		if (line == door->exit_line && event->level == BOARD_ACTIVE) {
			door->exit_mono_us = event->mono_us;
			(void)controlled_door_apply(doors, door, DOOR_EVENT_EXIT, now_ms, NULL);
		}
		if (line == door->contact_line)
			(void)controlled_door_apply(doors, door,
						    controlled_door_contact_event(event->level),
						    now_ms, NULL);
		if (line == door->tamper_line)
			on_tamper(doors, door, event->level, now_ms);
	}
	/* the pulses of a card, fifty or more, are not reported as changes of the board */
	if (!doors->ops->reader_line(doors->arg, event))
		doors->ops->board_changed(doors->arg);
}

static int on_board(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct doors *doors = arg;
	struct board_event event;
	int r;

	(void)source, (void)fd, (void)revents;
	while ((r = board_next(doors->board, &event)) > 0)
		on_line(doors, &event, event.mono_us / 1000);
	if (r < 0)
		log_error("doors", "the board cannot be read: %s", strerror(-r));
	return 0;
}

/* ---- open and close ---- */

int doors_inputs_open(struct doors *doors)
{
	const struct config *config = doors->deps.config;
	uint64_t now_ms = clock_mono_ms();
	int r;

	doors->fire_line = doors_line(doors, config->fire_input);
	doors->fire_reset_line = doors_line(doors, config->fire_reset);
	doors->tamper_line = doors_line(doors, config->tamper_input);
	if (doors->fire_line >= 0 &&
	    board_get(doors->board, (unsigned)doors->fire_line) != BOARD_INACTIVE)
		on_fire(doors, board_get(doors->board, (unsigned)doors->fire_line), now_ms);
	for (size_t i = 0; i < doors->count; i++) {
		struct controlled_door *door = &doors->list[i];

		door->tamper = door->tamper_line >= 0
				       ? board_get(doors->board, (unsigned)door->tamper_line)
				       : BOARD_UNKNOWN;
		if (door->tamper == BOARD_ACTIVE)
			on_tamper(doors, door, BOARD_ACTIVE, now_ms);
	}
	if (doors->tamper_line >= 0 &&
	    board_get(doors->board, (unsigned)doors->tamper_line) == BOARD_ACTIVE)
		on_tamper(doors, NULL, BOARD_ACTIVE, now_ms);
	r = sd_event_add_io(doors->deps.event, &doors->board_source, board_fd(doors->board),
			    EPOLLIN, on_board, doors);
	if (r >= 0)
		r = sd_event_source_set_priority(doors->board_source, SD_EVENT_PRIORITY_IMPORTANT);
	return r;
}

void doors_inputs_close(struct doors *doors)
{
	doors->board_source = sd_event_source_disable_unref(doors->board_source);
}
