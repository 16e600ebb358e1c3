/*
 * watchdog.h - the board's hardware watchdog: it restarts the board unless it is fed.
 *
 * Opening starts it. It keeps running, on purpose, when the process ends without watchdog_close().
 * Control thread only.
 */
#ifndef GH_HW_BOARD_WATCHDOG_H
#define GH_HW_BOARD_WATCHDOG_H

#include <stdbool.h>

struct watchdog;

/**
 * @param timeout_s      requested.
 * @param ret_timeout_s  what the hardware accepted; 0: it does not report that.
 * @return 0, -ENOENT, -EACCES, -EBUSY (another program feeds it) or -ENOMEM.
 */
int watchdog_open(const char *path, unsigned timeout_s, struct watchdog **ret_watchdog,
		  unsigned *ret_timeout_s);

/** @return 0 or a negative errno. */
int watchdog_feed(struct watchdog *watchdog);

/** @param disarm  stop it (the magic close): the doors are safe. NULL is allowed. */
void watchdog_close(struct watchdog *watchdog, bool disarm);

#endif
