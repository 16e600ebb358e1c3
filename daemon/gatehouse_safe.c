/*
 * gatehouse-safe: every output to its declared safe level, when the daemon is gone. It needs
 * nothing of the daemon but the config: no store, no broker, no model. systemd runs it by
 * ExecStopPost, after every end.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/board_lines.h"
#include "config/config.h"
#include "config/door_state_file.h"

enum {
	EXIT_CONFIG = 78, /* EX_CONFIG of sysexits.h */
	BUSY_TRIES = 50,  /* a killed daemon's lines are free as soon as the kernel has buried it */
	BUSY_PAUSE_MS = 100
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	const char **path = state->input;

	if (key != 'c')
		return ARGP_ERR_UNKNOWN;
	*path = arg;
	return 0;
}

static int set_line(const struct board_line_config *line, char *error)
{
	const struct timespec pause = {.tv_nsec = BUSY_PAUSE_MS * 1000000L};
	struct board *board = NULL;
	int r = -EBUSY;

	for (int i = 0; i < BUSY_TRIES && r == -EBUSY; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		/* the level goes with the request that claims the line; closing keeps it */
		r = board_open_gpiod(line, 1, &board, error);
	}
	if (r == 0)
		board_close(board);
	return r;
}

/*
 * A fire that was not reset on site keeps its doors released, whatever is declared: nobody is
 * locked in for the second that a restart takes. @return whether @p output is of such a door, with
 * the level that frees it.
 */
static bool fire_level(const struct config *config, const struct door_state_file *states,
		       const char *output, bool *ret_active)
{
	for (size_t i = 0; states != NULL && i < config->door_count; i++) {
		const struct config_door *door = &config->doors[i];
		bool lock = strcmp(door->lock, output) == 0;

		if ((!lock && strcmp(door->double_lock, output) != 0) ||
		    !door_state_file_find(states, door->name).fire)
			continue;
		*ret_active = lock && !door->fail_safe;
		return true;
	}
	return false;
}

/* Each line for itself: one that cannot be had keeps no other from being safe. */
static bool make_safe(const struct config *config, const struct door_state_file *states,
		      const struct config_line *output)
{
	bool simulated = config->board.driver == CONFIG_BOARD_SIM;
	struct board_line_config line;
	char error[BOARD_ERROR_BYTES] = "";
	int r = 0;

	board_line_of(config, output, true, &line);
	if (!fire_level(config, states, output->name, &line.initially_active))
		line.initially_active = board_line_safe_level(config, output);
	if (!simulated)
		r = set_line(&line, error);
	if (r < 0) {
		fprintf(stderr, "gatehouse-safe: %s\n", error[0] != '\0' ? error : strerror(-r));
		return false;
	}
	printf("%s: %s%s\n", line.name, line.initially_active ? "active" : "inactive",
	       simulated ? " (a simulated board: nothing is set)" : "");
	return true;
}

static struct config *load(const char *path)
{
	char error[CONFIG_ERROR_BYTES], kept[CONFIG_PATH_BYTES];
	const char *state_dir = getenv("STATE_DIRECTORY");
	struct config *config = NULL;

	if (config_load(path, &config, error, sizeof(error)) == 0)
		return config;
	fprintf(stderr, "gatehouse-safe: %s\n", error);
	/* whoever broke the file while the daemon ran must not leave the relays as they are */
	snprintf(kept, sizeof(kept), "%s/" CONFIG_LAST_GOOD_NAME,
		 state_dir != NULL ? state_dir : "/var/lib/gatehouse");
	if (config_load(kept, &config, error, sizeof(error)) < 0) {
		fprintf(stderr, "gatehouse-safe: %s\n", error);
		return NULL;
	}
	fprintf(stderr, "gatehouse-safe: going by %s, which the daemon last ran with\n", kept);
	return config;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"config", 'c', "FILE", 0, "Read this file (default /etc/gatehouse/gatehouse.yaml)",
		 0},
		{0}};
	static const struct argp argp = {.options = options,
					 .parser = parse_option,
					 .doc = "Set every output of the gate to its declared safe "
						"level, without the daemon."};
	const char *path = "/etc/gatehouse/gatehouse.yaml";
	struct door_state_file *states = NULL;
	struct config *config;
	bool all = true;

	argp_program_version = "gatehouse-safe " GH_VERSION;
	argp_parse(&argp, argc, argv, 0, NULL, &path);
	config = load(path);
	if (config == NULL)
		return EXIT_CONFIG;
	if (door_state_file_open(config->state_dir, &states) < 0)
		fprintf(stderr,
			"gatehouse-safe: no memory for the doors' modes: a fire is not known of\n");
	for (size_t i = 0; i < config->board.output_count; i++)
		all &= make_safe(config, states, &config->board.outputs[i]);
	door_state_file_close(states);
	config_free(config);
	return all ? EXIT_SUCCESS : EXIT_FAILURE;
}
