/*
 * gate.h - the gate: composes its parts and starts the doors first.
 *
 * gate_open() claims the state folder and puts the doors under control; storage, cameras, models,
 * broker and API start afterwards, and the failure of one does not stop the others. The gate runs
 * on the control thread, in the caller's sd-event loop, and never blocks.
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
 * @param event       the loop; the gate holds a reference.
 * @param started_us  CLOCK_MONOTONIC when the process began, for the start-up time in the log.
 * @param error       GATE_ERROR_BYTES; one sentence with what to do, on failure.
 * @return 0; -EBUSY (another daemon runs on this state folder), -ENODEV and others from the board,
 *         -ENOMEM.
 */
int gate_open(const struct config *config, sd_event *event, uint64_t started_us,
	      struct gate **ret_gate, char *error);

/**
 * Record the stop and free the gate. Momentary releases end, door modes stay, and the board's lines
 * are released at the level that was set last. NULL is allowed.
 */
void gate_close(struct gate *gate);

#endif
