/*
 * outbox.h - which event is sent next, and how far has the broker taken them?
 *
 * The log is the outbox: nothing is kept here but numbers. Rows go out in order of seq, at most a
 * window of them unacknowledged; the cursor is the last seq up to which the broker has acknowledged
 * everything. After a reconnect everything beyond the cursor goes again: a duplicate is possible
 * and harmless, a loss is not. Pure. One thread at a time.
 */
#ifndef GH_MQTT_OUTBOX_H
#define GH_MQTT_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

enum { OUTBOX_WINDOW_MAX = 1024 };

struct outbox {
	int64_t cursor; /* acknowledged without a gap up to here */
	int64_t sent;   /* handed to the link up to here */
	unsigned window;
	bool acked[OUTBOX_WINDOW_MAX]; /* of cursor + 1 .. sent, by seq modulo window */
};

/** @param window  1 to OUTBOX_WINDOW_MAX. */
void outbox_init(struct outbox *outbox, int64_t cursor, unsigned window);

/** The connection was lost or is new: what is not acknowledged goes again. */
void outbox_rewind(struct outbox *outbox);

/** How many rows after `sent` may go out now, given that the log ends at @p last_seq. */
unsigned outbox_room(const struct outbox *outbox, int64_t last_seq);

/** Row @p seq was handed to the link. @return 0 or -EINVAL: not the next one, or no room. */
int outbox_sent(struct outbox *outbox, int64_t seq);

/**
 * The broker has @p seq. @return true when the cursor moved. A seq that is not on its way is
 * ignored.
 */
bool outbox_acked(struct outbox *outbox, int64_t seq);

#endif
