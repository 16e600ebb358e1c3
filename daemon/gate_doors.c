#include "gate_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* ---- lines ---- */

static struct board_line_config *add_line(struct gate *gate, const struct config_line *from, bool output)
{
	struct board_line_config *line = &gate->lines[gate->line_count++];

	snprintf(line->name, sizeof(line->name), "%s", from->name);
	snprintf(line->chip, sizeof(line->chip), "%s", from->chip);
	line->offset = from->line;
	snprintf(line->line_name, sizeof(line->line_name), "%s", from->line_name);
	line->output = output;
	line->active_low = from->active_low;
	line->bias = from->bias == CONFIG_BIAS_UP     ? BOARD_BIAS_PULL_UP
		     : from->bias == CONFIG_BIAS_DOWN ? BOARD_BIAS_PULL_DOWN
						      : BOARD_BIAS_NONE;
	line->debounce_ms = from->debounce_ms;
	return line;
}

/* A fail-safe lock is held by current: energised means locked. A fail-secure one is released by it. */
static bool energised_for(const struct gate_door *door, bool released)
{
	return door->config->fail_safe ? !released : released;
}

static int find_line(const struct gate *gate, const char *name)
{
	return name[0] == '\0' ? -1 : board_find(gate->board, name);
}

static int open_board(struct gate *gate)
{
	const struct config_board *board = &gate->config->board;

	for (size_t i = 0; i < board->output_count; i++) {
		struct board_line_config *line = add_line(gate, &board->outputs[i], true);

		/* the rest level goes in the same request that makes the line an output: no pulse at start */
		for (size_t d = 0; d < gate->config->door_count; d++)
			if (strcmp(gate->config->doors[d].lock, line->name) == 0)
				line->initially_active = gate->config->doors[d].fail_safe;
	}
	for (size_t i = 0; i < board->input_count; i++)
		add_line(gate, &board->inputs[i], false);
	if (board->driver == CONFIG_BOARD_SIM)
		return board_open_sim(gate->lines, gate->line_count, &gate->board);
	return board_open_gpiod(gate->lines, gate->line_count, &gate->board, gate->error);
}

/* ---- state and notices ---- */

json_t *gate_door_state(const struct gate_door *door)
{
	const struct door *m = &door->machine;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b}", "name", door->config->name, "mode",
			 door_mode_name(door_mode(m)), "physical", door_physical_name(door_physical(m)),
			 "lock", door->fault ? "Fault" : door_lock_name(door_lock(m)), "alarm",
			 door_alarm_name(door_alarm(m)), "fault",
			 door->fault ? "FaultDetected" : "NotInFault", "has_contact",
			 door->contact_line >= 0);
}

static void record_notice(struct gate *gate, struct gate_door *door, uint32_t notices)
{
	static const struct {
		uint32_t bit;
		const char *type;
		enum event_severity severity;
		bool person;
	} table[] = {
		{DOOR_NOTICE_EXIT_USED, "door.exit", EVENT_INFO, false},
		{DOOR_NOTICE_ACCESS_TAKEN, "access.taken", EVENT_INFO, true},
		{DOOR_NOTICE_ACCESS_NOT_TAKEN, "access.not_taken", EVENT_INFO, true},
		{DOOR_NOTICE_FORCED, "door.forced", EVENT_ALARM, false},
		{DOOR_NOTICE_FORCED_CLEARED, "door.forced_cleared", EVENT_INFO, false},
		{DOOR_NOTICE_HELD_WARNING, "door.held_warning", EVENT_WARNING, false},
		{DOOR_NOTICE_HELD_OPEN, "door.held_open", EVENT_ALARM, false},
		{DOOR_NOTICE_HELD_OPEN_CLEARED, "door.held_open_cleared", EVENT_INFO, false},
		{DOOR_NOTICE_MODE, "door.mode", EVENT_INFO, false},
		{DOOR_NOTICE_PHYSICAL, "door.physical", EVENT_INFO, false},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (notices & table[i].bit)
			gate_record(gate, table[i].type, table[i].severity, door->source,
				    table[i].person ? door->last_person : NULL, gate_door_state(door));
}

static int drive_relay(struct gate *gate, struct gate_door *door, bool released)
{
	bool energised = energised_for(door, released);
	int r;

	if (energised == door->energised && !door->fault)
		return 0;
	r = board_set(gate->board, door->lock_line, energised);
	if (r < 0 && !door->fault) {
		door->fault = true;
		log_error("doors", "%s: the relay %s does not follow: %s", door->config->name,
			  door->config->lock, strerror(-r));
		gate_record(gate, "door.fault", EVENT_ALARM, door->source, NULL,
			    json_pack("{s:s, s:s}", "line", door->config->lock, "reason", strerror(-r)));
	} else if (r == 0) {
		door->fault = false;
		door->energised = energised;
	}
	return r < 0 ? -EIO : 0;
}

int gate_door_apply(struct gate *gate, struct gate_door *door, enum door_event event, uint64_t now_ms,
		    uint64_t *ret_relay_mono_us)
{
	struct door_effects effects;
	int r = door_step(&door->machine, event, now_ms, &effects);
	int relay = drive_relay(gate, door, effects.released);

	if (ret_relay_mono_us != NULL)
		*ret_relay_mono_us = clock_mono_us();
	record_notice(gate, door, effects.notices); /* after the relay: a lock never waits for the log */
	if (effects.notices != 0 || relay < 0)
		gate_link_state(gate, "door", door->config->name, gate_door_state(door));
	gate_timer_update(gate);
	return r < 0 ? r : relay;
}

struct gate_door *gate_door_find(struct gate *gate, const char *name)
{
	for (size_t i = 0; i < gate->door_count; i++)
		if (strcmp(gate->doors[i].config->name, name) == 0)
			return &gate->doors[i];
	return NULL;
}

json_t *gate_doors_json(void *arg)
{
	struct gate *gate = arg;
	json_t *list = json_array();

	for (size_t i = 0; i < gate->door_count; i++)
		json_array_append_new(list, gate_door_state(&gate->doors[i]));
	return list;
}

/* ---- inputs ---- */

static enum door_event contact_event(enum board_level level)
{
	/* active means open: wire the contact so that a cut wire reads as an open leaf, not as a closed one */
	return level == BOARD_INACTIVE ? DOOR_EVENT_CONTACT_CLOSED
	       : level == BOARD_ACTIVE ? DOOR_EVENT_CONTACT_OPEN
				       : DOOR_EVENT_CONTACT_UNKNOWN;
}

static void on_fire(struct gate *gate, enum board_level level, uint64_t now_ms)
{
	bool fire = level == BOARD_ACTIVE;

	if (level == BOARD_UNKNOWN || fire == gate->fire)
		return;
	gate->fire = fire;
	for (size_t i = 0; i < gate->door_count; i++)
		if (gate->doors[i].config->opens_on_fire)
			(void)gate_door_apply(gate, &gate->doors[i],
					      fire ? DOOR_EVENT_FIRE : DOOR_EVENT_FIRE_RESET, now_ms,
					      NULL); /* a relay fault was reported there */
	log_warning("doors", "the fire panel %s", fire ? "calls: its doors are open" : "is quiet again");
	gate_record(gate, fire ? "fire.alarm" : "fire.reset", fire ? EVENT_ALARM : EVENT_INFO, NULL, NULL,
		    NULL);
}

static void on_line(struct gate *gate, const struct board_event *event, uint64_t now_ms)
{
	int line = (int)event->line;

	if (line == gate->fire_line)
		on_fire(gate, event->level, now_ms);
	for (size_t i = 0; i < gate->door_count; i++) {
		struct gate_door *door = &gate->doors[i];

		/* faults of a relay are reported by gate_door_apply(); a refused event changes nothing */
		if (line == door->exit_line && event->level == BOARD_ACTIVE)
			(void)gate_door_apply(gate, door, DOOR_EVENT_EXIT, now_ms, NULL);
		if (line == door->contact_line)
			(void)gate_door_apply(gate, door, contact_event(event->level), now_ms, NULL);
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

/* ---- time ---- */

void gate_timer_update(struct gate *gate)
{
	uint64_t due_ms = gate_entries_due_ms(gate);

	for (size_t i = 0; i < gate->door_count; i++) {
		uint64_t door_due = door_deadline_ms(&gate->doors[i].machine);

		if (door_due < due_ms)
			due_ms = door_due;
	}
	if (gate->timer_source == NULL)
		return;
	if (due_ms == UINT64_MAX) {
		sd_event_source_set_enabled(gate->timer_source, SD_EVENT_OFF);
	} else {
		sd_event_source_set_time(gate->timer_source, due_ms * 1000);
		sd_event_source_set_enabled(gate->timer_source, SD_EVENT_ONESHOT);
	}
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct gate *gate = arg;
	uint64_t now_ms = clock_mono_ms();

	(void)source, (void)usec;
	for (size_t i = 0; i < gate->door_count; i++)
		if (door_deadline_ms(&gate->doors[i].machine) <= now_ms)
			(void)gate_door_apply(gate, &gate->doors[i], DOOR_EVENT_TICK, now_ms,
					      NULL); /* reported there */
	gate_entries_tick(gate, now_ms);
	gate_timer_update(gate);
	return 0;
}

/* ---- the board for the API ---- */

static const char *level_name(enum board_level level)
{
	return level == BOARD_ACTIVE ? "active" : level == BOARD_INACTIVE ? "inactive" : "unknown";
}

json_t *gate_board_json(void *arg)
{
	struct gate *gate = arg;
	json_t *list = json_array();

	for (size_t i = 0; i < gate->line_count; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s}", "name", gate->lines[i].name, "direction",
						gate->lines[i].output ? "output" : "input", "level",
						level_name(board_get(gate->board, (unsigned)i))));
	return json_pack("{s:s, s:o}", "driver",
			 gate->config->board.driver == CONFIG_BOARD_SIM ? "sim" : "gpiod", "lines", list);
}

int gate_board_drive(void *arg, const char *name, enum api_level level)
{
	static const enum board_level levels[] = {[API_LEVEL_INACTIVE] = BOARD_INACTIVE,
						  [API_LEVEL_ACTIVE] = BOARD_ACTIVE,
						  [API_LEVEL_UNKNOWN] = BOARD_UNKNOWN};
	struct gate *gate = arg;
	int line = board_find(gate->board, name);

	if (line < 0)
		return -ENOENT;
	if (gate->lines[line].output)
		return -EPERM;
	return board_sim_drive(gate->board, (unsigned)line, levels[level]);
}

/* ---- begin and end ---- */

static void open_door(struct gate *gate, const struct config_door *config, uint64_t now_ms)
{
	const struct door_config times = {.release_ms = config->release_ms,
					  .held_open_ms = config->held_open_ms,
					  .pre_alarm_ms = config->pre_alarm_ms,
					  .relock_delay_ms = config->relock_delay_ms,
					  .extended_release_ms = config->release_ms,
					  .extended_open_ms = config->held_open_ms};
	struct gate_door *door = &gate->doors[gate->door_count++];
	struct door_effects effects;

	door->config = config;
	snprintf(door->source, sizeof(door->source), "door/%s", config->name);
	door->lock_line = (unsigned)find_line(gate, config->lock);
	door->contact_line = find_line(gate, config->contact);
	door->exit_line = find_line(gate, config->exit_button);
	door->energised = energised_for(door, false);
	door_init(&door->machine, &times, now_ms);
	if (door->contact_line >= 0) /* the first reading is no change: nothing to tell */
		(void)door_step(&door->machine,
				contact_event(board_get(gate->board, (unsigned)door->contact_line)), now_ms,
				&effects);
}

int gate_doors_open(struct gate *gate)
{
	uint64_t now_ms = clock_mono_ms();
	int r = open_board(gate);

	if (r < 0)
		return r;
	for (size_t i = 0; i < gate->config->door_count; i++)
		open_door(gate, &gate->config->doors[i], now_ms);
	gate->fire_line = find_line(gate, gate->config->fire_input);
	if (gate->fire_line >= 0)
		on_fire(gate, board_get(gate->board, (unsigned)gate->fire_line), now_ms);
	r = sd_event_add_io(gate->event, &gate->board_source, board_fd(gate->board), EPOLLIN, on_board, gate);
	if (r >= 0)
		r = sd_event_source_set_priority(gate->board_source, SD_EVENT_PRIORITY_IMPORTANT);
	if (r >= 0)
		r = sd_event_add_time(gate->event, &gate->timer_source, CLOCK_MONOTONIC, UINT64_MAX, 1000,
				      on_timer, gate);
	if (r >= 0)
		r = sd_event_source_set_priority(gate->timer_source, SD_EVENT_PRIORITY_IMPORTANT);
	gate_timer_update(gate);
	return r;
}

void gate_doors_close(struct gate *gate)
{
	gate->timer_source = sd_event_source_disable_unref(gate->timer_source);
	gate->board_source = sd_event_source_disable_unref(gate->board_source);
	board_close(gate->board);
	gate->board = NULL;
}
