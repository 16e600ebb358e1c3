#include "board_internal.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

struct sim {
	struct board_line_config lines[BOARD_LINES_MAX];
	size_t count;
	int error;
};

static int sim_write(void *driver, unsigned line, bool active)
{
	(void)line, (void)active;
	return ((struct sim *)driver)->error;
}

static int sim_dispatch(void *driver, struct board *board)
{
	(void)driver, (void)board; /* edges arrive by board_sim_drive() */
	return 0;
}

static const struct board_driver sim_ops = {
	.write = sim_write, .dispatch = sim_dispatch, .close = free};

int board_open_sim(const struct board_line_config *lines, size_t count, struct board **ret_board)
{
	enum board_level first[BOARD_LINES_MAX];
	struct sim *sim;
	int r = board_check_lines(lines, count);

	if (r < 0)
		return r;
	sim = calloc(1, sizeof(*sim));
	if (sim == NULL)
		return -ENOMEM;
	sim->count = count;
	for (size_t i = 0; i < count; i++) {
		sim->lines[i] = lines[i];
		first[i] = lines[i].output && lines[i].initially_active ? BOARD_ACTIVE
									: BOARD_INACTIVE;
	}
	r = board_new(lines, count, &sim_ops, sim, NULL, 0, first, ret_board);
	if (r < 0)
		free(sim);
	return r;
}

int board_sim_drive(struct board *board, unsigned line, enum board_level level)
{
	struct sim *sim = board_driver_of(board, &sim_ops);

	if (sim == NULL)
		return -ENOTSUP;
	if (line >= sim->count)
		return -ERANGE;
	if (sim->lines[line].output)
		return -EPERM;
	board_edge(board, line, level, clock_mono_us());
	return 0;
}

int board_sim_fail(struct board *board, int error)
{
	struct sim *sim = board_driver_of(board, &sim_ops);

	if (sim == NULL)
		return -ENOTSUP;
	sim->error = error;
	return 0;
}
