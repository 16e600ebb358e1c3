/*
 * timers.h - one timer of the control loop for the deadlines of all parts that move or watch a
 * door.
 *
 * A part says when it is next due and what to do then. When its deadline changes outside its own
 * tick, it calls timers_update(). Control thread only.
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

/** @return 0 or a negative errno. The timer runs before what the loop does for network and disk. */
int timers_open(sd_event *event, struct timers **ret_timers);
/** NULL is fine. */
void timers_close(struct timers *timers);
/** Parts are served in the order of adding; at most TIMERS_PARTS_MAX, asserts otherwise. */
void timers_add(struct timers *timers, timers_due_fn due, timers_tick_fn tick, void *part);
/** Set the timer to whichever part is due first. */
void timers_update(struct timers *timers);

#endif
