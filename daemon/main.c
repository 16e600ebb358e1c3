/* gatehoused: reads its config, opens the gate, runs the loop until it is told to stop. */
#include <argp.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/unconst.h"
#include "api/api.h"
#include "config/config.h"
#include "gate/gate.h"

enum { EXIT_CONFIG = 78 }; /* EX_CONFIG of sysexits.h: systemd need not restart on it */

enum action { ACTION_RUN, ACTION_CHECK, ACTION_HELP_CONFIG, ACTION_PRINT_ROUTES };

struct options {
	const char *config_path;
	enum action action;
};

static const struct argp_option option_table[] = {
	{"config", 'c', "FILE", 0, "Read this file (default /etc/gatehouse/gatehouse.yaml)", 0},
	{"check-config", 'k', NULL, 0, "Check the config, say what is wrong with it, and end", 0},
	{"config-help", 'H', NULL, 0,
	 "Print every option of the config with its type, range and default", 0},
	{"print-routes", 'R', NULL, 0,
	 "Print every path of the API with the least role that may call it", 0},
	{0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'c':
		options->config_path = arg;
		return 0;
	case 'k':
		options->action = ACTION_CHECK;
		return 0;
	case 'H':
		options->action = ACTION_HELP_CONFIG;
		return 0;
	case 'R':
		options->action = ACTION_PRINT_ROUTES;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static pthread_t loop_thread;

static void pass_to_loop(int signal_number)
{
	pthread_kill(loop_thread, signal_number);
}

/*
 * Blocked here, signals wait for the loop. Our own threads inherit that, but a library that is
 * loaded with the program (OpenBLAS) starts threads before main(): what the kernel hands to one of
 * them is passed on.
 */
static void keep_signals_for_loop(void)
{
	struct sigaction pass_on = {.sa_handler = pass_to_loop, .sa_flags = SA_RESTART};
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
	sigset_t ours;

	loop_thread = pthread_self();
	sigemptyset(&ours);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&ours, signals[i]);
	sigprocmask(SIG_BLOCK, &ours, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &pass_on, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a full quota is an error to report, not an end */
}

/*
 * When this process began, not when main() did: the loader's work on some 150 libraries is part of
 * the wait for the doors. CLOCK_MONOTONIC, to 10 ms; now, when /proc is not there.
 */
static uint64_t process_started_us(void)
{
	uint64_t now_us = clock_mono_us(), since_boot_us;
	unsigned long long ticks;
	struct timespec boot;
	char text[512], *after_name;
	FILE *file = fopen("/proc/self/stat", "re");
	size_t bytes = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;

	if (file != NULL)
		(void)fclose(file);
	text[bytes] = '\0';
	after_name = strrchr(
		text, ')'); /* the name may hold anything; 19 fields lie between it and the start */
	if (after_name == NULL || sscanf(after_name + 1,
					 " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
					 "%*d %*d %*d %*d %*d %llu",
					 &ticks) != 1)
		return now_us;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	since_boot_us = (uint64_t)boot.tv_sec * 1000000 + (uint64_t)boot.tv_nsec / 1000;
	return now_us - (since_boot_us - ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* Keys and templates are in it. Neither call can fail in a way that could be helped. */
static void keep_memory_private(void)
{
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	/*
	 * a dump that the kernel hands to a program (core_pattern "|...") asks no limit; this ends
	 * both, and ptrace
	 */
	(void)prctl(PR_SET_DUMPABLE, 0);
}

/*
 * A door is not taken out of control because a file was edited, let alone because a terminal was
 * closed.
 */
static int on_hang_up(sd_event_source *source, const struct signalfd_siginfo *info,
		      void *config_path)
{
	char error[CONFIG_ERROR_BYTES] = "";
	struct config *config;

	(void)source;
	(void)info;
	if (config_load(config_path, &config, error, sizeof(error)) < 0) {
		log_error("main", "SIGHUP: %s; the config read at the start stays in force", error);
		return 0;
	}
	config_free(config);
	log_info("main", "SIGHUP: %s is in order, and comes into force with the next start",
		 (const char *)config_path);
	return 0;
}

static int run_loop(const struct config *config, const char *config_path, uint64_t started_us)
{
	char error[GATE_ERROR_BYTES] = "";
	sd_event *event = NULL;
	struct gate *gate = NULL;
	int r;

	keep_signals_for_loop();
	r = sd_event_default(&event);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGHUP, on_hang_up, unconst(config_path));
	if (r >= 0)
		r = gate_open(config, event, started_us, &gate, error);
	if (r < 0) {
		log_error("main", "%s", error[0] != '\0' ? error : strerror(-r));
		sd_event_unref(event);
		return EXIT_FAILURE;
	}
	r = config_save_last_good(config_path, config->state_dir);
	if (r < 0)
		log_warning("main", "the config is not kept for gatehouse-safe: %s, ignoring",
			    strerror(-r));
	sd_notify(0, "READY=1\nSTATUS=Doors under control");
	r = sd_event_loop(event);
	sd_notify(0, "STOPPING=1");
	gate_close(gate);
	sd_event_unref(event);
	if (r < 0)
		log_error("main", "the loop failed: %s", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = option_table,
		.parser = parse_option,
		.doc = "The controller of one gate: doors by face and card, watch over the facade, "
		       "a log "
		       "that holds.",
	};
	struct options options = {.config_path = "/etc/gatehouse/gatehouse.yaml"};
	uint64_t started_us = process_started_us();
	char error[CONFIG_ERROR_BYTES];
	struct config *config;
	int status = EXIT_SUCCESS;

	argp_program_version = "gatehoused " GH_VERSION;
	argp_parse(&argp, argc, argv, 0, NULL, &options);
	keep_memory_private();
	if (options.action == ACTION_HELP_CONFIG) {
		config_print_help(stdout);
		return EXIT_SUCCESS;
	}
	if (options.action == ACTION_PRINT_ROUTES) {
		api_print_routes(stdout);
		return EXIT_SUCCESS;
	}
	if (config_load(options.config_path, &config, error, sizeof(error)) < 0) {
		fprintf(stderr, "%s\n", error);
		return EXIT_CONFIG;
	}
	log_set_level((enum log_level)config->log_level);
	if (options.action == ACTION_CHECK)
		printf("%s: in order\n", options.config_path);
	else
		status = run_loop(config, options.config_path, started_us);
	config_free(config);
	return status;
}
