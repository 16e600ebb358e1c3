/*
 * gate.h - the gate itself: doors first, then everything that reports to them.
 *
 * gate_open() claims the state folder and puts the doors under control; storage, cameras, models,
 * broker and API come up afterwards, each failing alone. Everything here runs on the control
 * thread, inside the sd-event loop it was given; nothing in it blocks.
 */
#ifndef GH_GATE_GATE_H
#define GH_GATE_GATE_H

#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "config/config.h"

enum { GATE_ERROR_BYTES = 512 };

struct gate;

/**
 * @param config      must outlive the gate.
 * @param started_us  CLOCK_MONOTONIC when the process began: the log tells how long the doors took.
 * @param error       GATE_ERROR_BYTES; one sentence with what to do, on failure.
 * @return 0; -EBUSY (another daemon runs on this state folder), -ENODEV and others from the board,
 *         -ENOMEM.
 */
int gate_open(const struct config *config, sd_event *event, uint64_t started_us,
	      struct gate **ret_gate, char *error);

/**
 * Records the stop, locks nothing and unlocks nothing: relays go to their rest level. NULL is fine.
 */
void gate_close(struct gate *gate);

#endif
