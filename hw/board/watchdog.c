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
	/* some hardware has one fixed time, and says so here */
	if (ioctl(watchdog->fd, WDIOC_SETTIMEOUT, &seconds) < 0 &&
	    ioctl(watchdog->fd, WDIOC_GETTIMEOUT, &seconds) < 0)
		seconds = 0;
	*ret_watchdog = watchdog;
	*ret_timeout_s = (unsigned)seconds;
	return 0;
}

int watchdog_feed(struct watchdog *watchdog)
{
	/* a write feeds every driver; the ioctl is an option of some */
	return write(watchdog->fd, "1", 1) == 1 ? 0 : -errno;
}

void watchdog_close(struct watchdog *watchdog, bool disarm)
{
	ssize_t r = 0;

	if (watchdog == NULL)
		return;
	if (disarm)
		r = write(watchdog->fd, "V", 1);
	(void)r; /* a driver without magic close runs on, as one that was not disarmed */
	close(watchdog->fd);
	free(watchdog);
}
