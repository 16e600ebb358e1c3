#include "controlled_door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "config/board_lines.h"

/* ---- state ---- */

size_t doors_count(const struct doors *doors)
{
	return doors->count;
}

int doors_find(const struct doors *doors, const char *name)
{
	for (size_t i = 0; i < doors->count; i++)
		if (strcmp(doors->list[i].config->name, name) == 0)
			return (int)i;
	return -ENOENT;
}

const char *doors_source(const struct doors *doors, unsigned door)
{
	assert(door < doors->count);
	return doors->list[door].source;
}

enum door_mode doors_mode(const struct doors *doors, unsigned door)
{
	assert(door < doors->count);
	return door_mode(&doors->list[door].machine);
}

bool doors_fire(const struct doors *doors)
{
	return doors->fire;
}

json_t *doors_state_json(const struct doors *doors, unsigned door)
{
	assert(door < doors->count);
	return controlled_door_json(&doors->list[door]);
}

void doors_publish(struct doors *doors)
{
	for (size_t i = 0; i < doors->count; i++)
		journal_publish(doors->deps.journal, "door", doors->list[i].config->name,
				controlled_door_json(&doors->list[i]));
}

/* ---- deadlines ---- */

static uint64_t doors_due_ms(const void *arg)
{
	const struct doors *doors = arg;
	uint64_t first_ms = UINT64_MAX;

	for (size_t i = 0; i < doors->count; i++) {
		uint64_t due_ms = door_deadline_ms(&doors->list[i].machine);

		first_ms = due_ms < first_ms ? due_ms : first_ms;
	}
	return first_ms;
}

static void tick_doors(void *arg, uint64_t now_ms)
{
	struct doors *doors = arg;

	for (size_t i = 0; i < doors->count; i++)
		if (door_deadline_ms(&doors->list[i].machine) <= now_ms)
			(void)controlled_door_apply(doors, &doors->list[i], DOOR_EVENT_TICK, now_ms,
						    NULL); /* it reports faults itself */
}

/* ---- open and close ---- */

/* The level of an output before the machine runs: as the door's stored mode demands. */
static void set_initial_level(const struct doors *doors, const struct config_door *config,
			      struct board_line_config *line)
{
	struct door_memory memory = door_state_file_find(doors->state_file, config->name);

	if (strcmp(config->lock, line->name) == 0)
		line->initially_active = controlled_door_energised(
			config, memory.fire || memory.mode == DOOR_MODE_UNLOCKED ||
					memory.mode == DOOR_MODE_LOCKED_OPEN);
	if (strcmp(config->double_lock, line->name) == 0)
		line->initially_active = !memory.fire && memory.mode == DOOR_MODE_DOUBLE_LOCKED;
}

static int open_board(struct doors *doors, char *error)
{
	const struct config_board *board = &doors->deps.config->board;

	for (size_t i = 0; i < board->output_count; i++) {
		struct board_line_config *line = &doors->lines[doors->line_count++];

		/*
		 * the request that makes the line an output also sets its level: no pulse at start
		 */
		board_line_of(doors->deps.config, &board->outputs[i], true, line);
		for (size_t d = 0; d < doors->deps.config->door_count; d++)
			set_initial_level(doors, &doors->deps.config->doors[d], line);
	}
	for (size_t i = 0; i < board->input_count; i++)
		board_line_of(doors->deps.config, &board->inputs[i], false,
			      &doors->lines[doors->line_count++]);
	if (board->driver == CONFIG_BOARD_SIM)
		return board_open_sim(doors->lines, doors->line_count, &doors->board);
	return board_open_gpiod(doors->lines, doors->line_count, &doors->board, error);
}

static int on_states_saved(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	(void)source, (void)fd, (void)events;
	doors_modes_answer_saved(arg);
	return 0;
}

static int open_all(struct doors *doors, char *error)
{
	uint64_t now_ms = clock_mono_ms();
	int r = door_state_file_open(doors->deps.config->state_dir, &doors->state_file);

	if (r == 0)
		r = sd_event_add_io(doors->deps.event, &doors->state_file_source,
				    door_state_file_fd(doors->state_file), EPOLLIN, on_states_saved,
				    doors);
	if (r >= 0)
		r = open_board(doors, error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < doors->deps.config->door_count; i++)
		controlled_door_open(doors, &doors->deps.config->doors[i], now_ms);
	timers_add(doors->deps.timers, doors_due_ms, tick_doors, doors);
	doors_sounds_open(doors);
	r = doors_inputs_open(doors);
	timers_update(doors->deps.timers);
	return r;
}

int doors_open(const struct doors_deps *deps, const struct doors_ops *ops, void *arg,
	       struct doors **ret_doors, char *error)
{
	struct doors *doors = calloc(1, sizeof(*doors));
	int r;

	assert_thread(THREAD_CONTROL);
	assert(deps->config != NULL && deps->event != NULL && deps->journal != NULL &&
	       deps->timers != NULL && deps->rules != NULL);
	assert(ops->reader_line != NULL && ops->board_changed != NULL && ops->passage != NULL);
	if (doors == NULL)
		return -ENOMEM;
	doors->deps = *deps;
	doors->ops = ops;
	doors->arg = arg;
	doors->fire_line = doors->fire_reset_line = doors->tamper_line = doors->sounds.line = -1;
	doors->watchdog.service_due_ms = UINT64_MAX;
	r = open_all(doors, error);
	if (r < 0) {
		doors_close(doors);
		return r;
	}
	*ret_doors = doors;
	return 0;
}

void doors_close(struct doors *doors)
{
	if (doors == NULL)
		return;
	doors_hours_close(doors);
	doors_inputs_close(doors);
	if (doors->board != NULL)
		doors_sounds_close(doors);
	for (size_t i = 0; doors->board != NULL && i < doors->count; i++)
		controlled_door_end_release(doors, &doors->list[i]);
	board_close(doors->board);
	doors->board = NULL;
	doors_modes_close(doors);
	doors->state_file_source = sd_event_source_disable_unref(doors->state_file_source);
	door_state_file_close(doors->state_file);
	doors_watchdog_close(doors);
	free(doors);
}
