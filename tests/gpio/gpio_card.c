/*
 * A Wiegand reader on two simulated lines: gpio_card NUMBER D0-PULL-FILE D1-PULL-FILE sends 26
 * bits, parity added. Pulses are far longer than a real reader's: gpio-sim raises its interrupts
 * with the kernel's tick (User-Mode Linux: 100 a second), so two edges within a tick would be one.
 * Each edge is put in the middle between two ticks, so that a bit takes two of them and stays
 * within WIEGAND_GAP_US of hw/reader/wiegand.h.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TICK_NS = 10 * 1000 * 1000, BITS = 24 };

/* The middle between the next two ticks. */
static void wait_between_ticks(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += TICK_NS - at.tv_nsec % TICK_NS + TICK_NS / 2;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void put(int fd, const char *pull)
{
	wait_between_ticks();
	if (pwrite(fd, pull, strlen(pull), 0) < 0)
		perror("gpio_card");
}

static void send_bit(const int *fds, bool one)
{
	put(fds[one], "pull-down");
	put(fds[one], "pull-up");
}

static bool parity(unsigned long number, int first, int last)
{
	bool odd = false;

	for (int bit = first; bit < last; bit++)
		odd ^= number >> (BITS - 1 - bit) & 1;
	return odd;
}

int main(int argc, char **argv)
{
	unsigned long number = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
	int fds[2];

	if (argc != 4)
		return 2;
	for (int i = 0; i < 2; i++) {
		fds[i] = open(argv[2 + i], O_WRONLY | O_CLOEXEC);
		if (fds[i] < 0)
			return 1;
	}
	send_bit(fds, parity(number, 0, BITS / 2));
	for (int bit = 0; bit < BITS; bit++)
		send_bit(fds, number >> (BITS - 1 - bit) & 1);
	send_bit(fds, !parity(number, BITS / 2, BITS));
	return 0;
}
