#include "gate/gate_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/board_lines.h"

/* ---- lines ---- */

/* A fail-safe lock is held by current: energised means locked. A fail-secure one is released by it. */
static bool energised_for(const struct config_door *config, bool released)
{
	return config->fail_safe ? !released : released;
}

static void first_level(const struct gate *gate, const struct config_door *config,
			struct board_line_config *line)
{
	struct door_memory memory = door_state_file_find(gate->door_state_file, config->name);

	if (strcmp(config->lock, line->name) == 0)
		line->initially_active =
			energised_for(config, memory.fire || memory.mode == DOOR_MODE_UNLOCKED ||
						      memory.mode == DOOR_MODE_LOCKED_OPEN);
	if (strcmp(config->double_lock, line->name) == 0)
		line->initially_active = !memory.fire && memory.mode == DOOR_MODE_DOUBLE_LOCKED;
}

int gate_line_find(const struct gate *gate, const char *name)
{
	return name[0] == '\0' ? -1 : board_find(gate->board, name);
}

static int open_board(struct gate *gate)
{
	const struct config_board *board = &gate->config->board;

	for (size_t i = 0; i < board->output_count; i++) {
		struct board_line_config *line = &gate->lines[gate->line_count++];

		/* the level goes in the same request that makes the line an output: no pulse at start */
		board_line_of(gate->config, &board->outputs[i], true, line);
		for (size_t d = 0; d < gate->config->door_count; d++)
			first_level(gate, &gate->config->doors[d], line);
	}
	for (size_t i = 0; i < board->input_count; i++)
		board_line_of(gate->config, &board->inputs[i], false, &gate->lines[gate->line_count++]);
	if (board->driver == CONFIG_BOARD_SIM)
		return board_open_sim(gate->lines, gate->line_count, &gate->board);
	return board_open_gpiod(gate->lines, gate->line_count, &gate->board, gate->error);
}

/* ---- state and notices ---- */

json_t *gate_door_state(const struct gate_door *door)
{
	const struct door *m = &door->machine;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "name", door->config->name, "mode",
			 door_mode_name(door_mode(m)), "physical", door_physical_name(door_physical(m)),
			 "lock", door->fault ? "Fault" : door_lock_name(door_lock(m)), "alarm",
			 door_alarm_name(door_alarm(m)), "fault",
			 door->fault ? "FaultDetected" : "NotInFault", "has_contact", door->contact_line >= 0,
			 "tamper",
			 door->tamper_line < 0            ? "Unknown"
			 : door->tamper == BOARD_ACTIVE   ? "TamperDetected"
			 : door->tamper == BOARD_INACTIVE ? "NotInTamper"
							  : "Unknown");
}

/* How long the way out took: from the button's edge, as the kernel stamped it, to the relay. */
static json_t *exit_state(const struct gate_door *door, uint64_t relay_mono_us)
{
	json_t *state = gate_door_state(door);

	json_object_set_new(state, "edge_to_relay_ms",
			    json_real((double)(relay_mono_us - door->exit_mono_us) / 1000.0));
	return state;
}

static void record_notice(struct gate *gate, struct gate_door *door, uint32_t notices, uint64_t relay_mono_us)
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
		{DOOR_NOTICE_TAILGATING, "access.tailgating", EVENT_WARNING, true},
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
			journal_record(gate->journal, table[i].type, table[i].severity, door->source,
				       table[i].person ? door->last_person : NULL,
				       table[i].bit == DOOR_NOTICE_EXIT_USED ? exit_state(door, relay_mono_us)
									     : gate_door_state(door));
}

static int drive_relay(struct gate *gate, struct gate_door *door, bool released)
{
	bool energised = energised_for(door->config, released);
	int r;

	if (energised == door->energised && !door->fault)
		return 0;
	r = board_set(gate->board, door->lock_line, energised);
	if (r < 0 && !door->fault) {
		door->fault = true;
		log_error("doors", "%s: the relay %s does not follow: %s", door->config->name,
			  door->config->lock, strerror(-r));
		journal_record(gate->journal, "door.fault", EVENT_ALARM, door->source, NULL,
			       json_pack("{s:s, s:s}", "line", door->config->lock, "reason", strerror(-r)));
	} else if (r == 0) {
		door->fault = false;
		door->energised = energised;
	}
	return r < 0 ? -EIO : 0;
}

/* A second bolt follows the mode; a fault of it is the door's. */
static int drive_bolt(struct gate *gate, struct gate_door *door)
{
	bool thrown = door_mode(&door->machine) == DOOR_MODE_DOUBLE_LOCKED;

	if (door->bolt_line < 0 ||
	    (board_get(gate->board, (unsigned)door->bolt_line) == BOARD_ACTIVE) == thrown)
		return 0;
	return board_set(gate->board, (unsigned)door->bolt_line, thrown);
}

const struct gate_door *gate_door_interlock(const struct gate *gate, const struct gate_door *door)
{
	for (size_t i = 0; i < gate->door_count; i++) {
		const struct gate_door *other = &gate->doors[i];

		if (other == door || door->config->interlock[0] == '\0' ||
		    strcmp(other->config->interlock, door->config->interlock) != 0)
			continue;
		/* unknown counts as open */
		if (door_physical(&other->machine) != DOOR_PHYSICAL_CLOSED || door_released(&other->machine))
			return other;
	}
	return NULL;
}

int gate_door_apply(struct gate *gate, struct gate_door *door, enum door_event event, uint64_t now_ms,
		    uint64_t *ret_relay_mono_us)
{
	struct door_effects effects;
	int r = door_step(&door->machine, event, now_ms, &effects);
	int bolt = drive_bolt(gate, door); /* drawn before the lock is released */
	int relay = drive_relay(gate, door, effects.released);
	struct door_memory memory = door_remember(&door->machine);
	uint64_t relay_mono_us = clock_mono_us();

	relay = relay < 0 ? relay : bolt;
	if (ret_relay_mono_us != NULL)
		*ret_relay_mono_us = relay_mono_us;
	door_state_file_put(gate->door_state_file, door->config->name, &memory);
	gate_sounds_door(gate, door, effects.notices);
	record_notice(gate, door, effects.notices,
		      relay_mono_us); /* after the relay: a lock never waits for the log */
	if (effects.notices != 0 || relay < 0)
		journal_publish(gate->journal, "door", door->config->name, gate_door_state(door));
	timers_update(gate->timers);
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

/* ---- time ---- */

static uint64_t doors_due_ms(const void *arg)
{
	const struct gate *gate = arg;
	uint64_t first_ms = UINT64_MAX;

	for (size_t i = 0; i < gate->door_count; i++) {
		uint64_t due_ms = door_deadline_ms(&gate->doors[i].machine);

		first_ms = due_ms < first_ms ? due_ms : first_ms;
	}
	return first_ms;
}

static void tick_doors(void *arg, uint64_t now_ms)
{
	struct gate *gate = arg;

	for (size_t i = 0; i < gate->door_count; i++)
		if (door_deadline_ms(&gate->doors[i].machine) <= now_ms)
			(void)gate_door_apply(gate, &gate->doors[i], DOOR_EVENT_TICK, now_ms,
					      NULL); /* reported there */
}

/* ---- begin and end ---- */

static uint32_t at_most(uint32_t wanted, uint32_t usual, uint32_t most)
{
	wanted = wanted != 0 ? wanted : 3 * usual;
	return wanted < most ? wanted : most;
}

static void open_door(struct gate *gate, const struct config_door *config, uint64_t now_ms)
{
	const struct door_memory memory = door_state_file_find(gate->door_state_file, config->name);
	const struct door_config times = {
		.kind = (enum door_kind)config->kind,
		.release_ms = config->release_ms,
		.held_open_ms = config->held_open_ms,
		.pre_alarm_ms = config->pre_alarm_ms,
		.relock_delay_ms = config->relock_delay_ms,
		.extended_release_ms = at_most(config->extended_release_ms, config->release_ms, 3600000),
		.extended_open_ms = at_most(config->extended_open_ms, config->held_open_ms, 3600000)};
	struct gate_door *door = &gate->doors[gate->door_count++];
	struct door_effects effects;

	door->config = config;
	snprintf(door->source, sizeof(door->source), "door/%s", config->name);
	door->lock_line = (unsigned)gate_line_find(gate, config->lock);
	door->contact_line = gate_line_find(gate, config->contact);
	door->exit_line = gate_line_find(gate, config->exit_button);
	door->bolt_line = gate_line_find(gate, config->double_lock);
	door->light_line = gate_line_find(gate, config->light);
	door->buzzer_line = gate_line_find(gate, config->buzzer);
	door->tamper_line = gate_line_find(gate, config->tamper);
	door_init_from(&door->machine, &times, &memory, now_ms);
	door->energised = energised_for(config, door_released(&door->machine));
	gate->fire |= memory.fire;
	if (door->contact_line >= 0) /* the first reading is no change: nothing to tell */
		(void)door_step(&door->machine,
				gate_contact_event(board_get(gate->board, (unsigned)door->contact_line)),
				now_ms, &effects);
}

static int on_states_saved(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	(void)source, (void)fd, (void)events;
	gate_modes_settle(arg);
	return 0;
}

int gate_doors_open(struct gate *gate)
{
	uint64_t now_ms = clock_mono_ms();
	int r = door_state_file_open(gate->config->state_dir, &gate->door_state_file);

	if (r == 0)
		r = sd_event_add_io(gate->event, &gate->state_file_source,
				    door_state_file_fd(gate->door_state_file), EPOLLIN, on_states_saved,
				    gate);
	if (r >= 0)
		r = open_board(gate);
	if (r < 0)
		return r;
	for (size_t i = 0; i < gate->config->door_count; i++)
		open_door(gate, &gate->config->doors[i], now_ms);
	timers_add(gate->timers, doors_due_ms, tick_doors, gate);
	r = gate_sounds_open(gate);
	if (r >= 0)
		r = gate_inputs_open(gate);
	timers_update(gate->timers);
	return r;
}

/* Momentary releases end, modes stay: a door that is open for everybody, or for fire, is not shut by a restart. */
static void settle(struct gate *gate)
{
	for (size_t i = 0; i < gate->door_count; i++) {
		struct gate_door *door = &gate->doors[i];
		struct door_memory memory = door_remember(&door->machine);
		bool released = memory.fire || memory.mode == DOOR_MODE_UNLOCKED ||
				memory.mode == DOOR_MODE_LOCKED_OPEN;

		(void)drive_relay(gate, door, released); /* nobody is left to tell */
	}
}

void gate_doors_close(struct gate *gate)
{
	gate_openings_close(gate);
	gate_inputs_close(gate);
	if (gate->board != NULL) {
		gate_sounds_close(gate);
		settle(gate);
	}
	board_close(gate->board);
	gate->board = NULL;
	gate_modes_close(gate);
	gate->state_file_source = sd_event_source_disable_unref(gate->state_file_source);
	door_state_file_close(gate->door_state_file);
	gate->door_state_file = NULL;
}
