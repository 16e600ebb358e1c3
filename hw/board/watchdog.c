#include "watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct watchdog {
	int fd;
};

int watchdog_open(const char *path, unsigned timeout_s, struct watchdog **ret_watchdog,
		  unsigned *ret_timeout_s)
{
	struct watchdog *watchdog = calloc(1, sizeof(*watchdog));
	int seconds = (int)timeout_s, r;

	if (watchdog == NULL)
		return -ENOMEM;
	watchdog->fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (watchdog->fd < 0) {
		r = -errno;
		free(watchdog);
		return r;
	}
	/* hardware with one fixed time refuses this */
	if (ioctl(watchdog->fd, WDIOC_SETTIMEOUT, &seconds) < 0 &&
	    ioctl(watchdog->fd, WDIOC_GETTIMEOUT, &seconds) < 0)
		seconds = 0;
	*ret_watchdog = watchdog;
	*ret_timeout_s = (unsigned)seconds;
	return 0;
}

int watchdog_feed(struct watchdog *watchdog)
{
	/* every driver accepts a write; the ioctl is optional */
	return write(watchdog->fd, "1", 1) == 1 ? 0 : -errno;
}

void watchdog_close(struct watchdog *watchdog, bool disarm)
{
	ssize_t r = 0;

	if (watchdog == NULL)
		return;
	if (disarm)
		r = write(watchdog->fd, "V", 1);
	(void)r; /* a driver without magic close keeps running */
	close(watchdog->fd);
	free(watchdog);
}
