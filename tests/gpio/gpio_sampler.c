/*
 * Watches simulated lines from the kernel's side: one line of output a change, "MONO_US NUMBER
 * LEVEL", until SIGTERM. Usage: gpio_sampler VALUE-FILE... A change shorter than the pause between
 * two looks (PAUSE_US and scheduling) is missed; "gap N" at the end is the longest pause there was.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINES_MAX = 16, PAUSE_US = 1000 };

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static char look(int fd)
{
	char level = '?';

	if (pread(fd, &level, 1, 0) != 1)
		return '?';
	return level;
}

int main(int argc, char **argv)
{
	const struct timespec pause = {.tv_nsec = PAUSE_US * 1000};
	uint64_t before_us = now_us(), longest_us = 0;
	char levels[LINES_MAX] = {0};
	int fds[LINES_MAX], count = argc - 1 < LINES_MAX ? argc - 1 : LINES_MAX;

	signal(SIGTERM, on_signal);
	for (int i = 0; i < count; i++)
		fds[i] = open(argv[i + 1], O_RDONLY | O_CLOEXEC);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (!ended) {
		uint64_t at_us = now_us();

		if (at_us - before_us > longest_us)
			longest_us = at_us - before_us;
		before_us = at_us;
		for (int i = 0; i < count; i++) {
			char level = look(fds[i]);

			if (level == levels[i])
				continue;
			levels[i] = level;
			printf("%" PRIu64 " %d %c\n", at_us, i, level);
		}
		nanosleep(&pause, NULL);
	}
	printf("gap %" PRIu64 "\n", longest_us);
	return 0;
}
