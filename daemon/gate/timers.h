/*
 * timers.h - one timer of the control loop for the deadlines of the doors, the entry and the
 * watchdogs.
 *
 * A part registers a function that returns its next deadline and one that does what is due. When
 * its deadline changes outside its own tick, it calls timers_update(). Control thread only.
 */
#ifndef GH_GATE_TIMERS_H
#define GH_GATE_TIMERS_H

#include <stdint.h>
#include <systemd/sd-event.h>

struct timers;

enum { TIMERS_PARTS_MAX = 8 };

/** When the part is next due, in milliseconds of CLOCK_MONOTONIC; UINT64_MAX: never. */
typedef uint64_t (*timers_due_fn)(const void *part);
/** Do what is due at @p now_ms; called for every part whenever one of them is due. */
typedef void (*timers_tick_fn)(void *part, uint64_t now_ms);

/**
 * The timer has a higher priority than the sources of network and disk.
 * @return 0 or a negative errno.
 */
int timers_open(sd_event *event, struct timers **ret_timers);
/** NULL is allowed. */
void timers_close(struct timers *timers);
/**
 * Add a part, at most TIMERS_PARTS_MAX; asserts otherwise. Parts are served in this order. @p part
 * is borrowed and must outlive the timers.
 */
void timers_add(struct timers *timers, timers_due_fn due, timers_tick_fn tick, void *part);
/** Set the timer to the earliest deadline. */
void timers_update(struct timers *timers);

#endif
