/*
 * watchdog.h - the board's hardware watchdog: it restarts the board unless it is fed.
 *
 * Opening starts it. A process that dies without watchdog_close() leaves it running, on purpose.
 * Control thread only.
 */
#ifndef GH_HW_BOARD_WATCHDOG_H
#define GH_HW_BOARD_WATCHDOG_H

#include <stdbool.h>

struct watchdog;

/**
 * @param timeout_s      asked for; what the hardware made of it is in @p ret_timeout_s, 0: it
 *                       cannot say.
 * @return 0, -ENOENT, -EACCES, -EBUSY (another program feeds it) or -ENOMEM.
 */
int watchdog_open(const char *path, unsigned timeout_s, struct watchdog **ret_watchdog,
		  unsigned *ret_timeout_s);

/** @return 0 or a negative errno. */
int watchdog_feed(struct watchdog *watchdog);

/** @param disarm  the doors are safe: it need not run on (the magic close). NULL is fine. */
void watchdog_close(struct watchdog *watchdog, bool disarm);

#endif
