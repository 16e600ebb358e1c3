/*
 * backoff.h - how long to wait before the next attempt: doubling from min to max, with jitter.
 *
 * Each pause is drawn evenly from the upper half of its step, so that a thousand gates that lost
 * one broker do not all come back in the same second. Pure but for the random numbers. One thread
 * at a time.
 */
#ifndef GH_MQTT_BACKOFF_H
#define GH_MQTT_BACKOFF_H

struct backoff {
	unsigned min_ms, max_ms, step_ms;
};

/** @param min_ms  1 or more, at most @p max_ms. */
void backoff_init(struct backoff *backoff, unsigned min_ms, unsigned max_ms);

/** It works again: begin from the shortest pause. */
void backoff_reset(struct backoff *backoff);

/** @return the pause now, in ms, step / 2 to step; the next step is twice as long. */
unsigned backoff_next_ms(struct backoff *backoff);

#endif
