/*
 * reply.h - where the result of an operation is sent.
 *
 * The caller of an operation fills one in. It is copied by value through the parts of the gate,
 * which do not know whether the result answers an HTTP request or a command of the property system.
 * A zeroed reply discards the result. Nothing in it is owned. Control thread only.
 */
#ifndef GH_BASE_REPLY_H
#define GH_BASE_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "problem.h"

struct reply;

/**
 * @param r        0, or a negative errno.
 * @param problem  borrowed for the call: why, when @p r is negative; else NULL.
 * @param result   the result, or NULL; takes the reference.
 */
typedef void (*reply_fn)(const struct reply *reply, int r, const struct problem *problem,
			 json_t *result);

struct reply {
	reply_fn answer;  /* NULL: the result is discarded */
	void *owner;      /* for answer(): borrowed */
	uint64_t request; /* for answer(): which request of the owner */
	/* for answer(): HTTP status of a success; 0 where the owner uses none */
	unsigned ok_status;
	/* the result is sent over MQTT: it contains no name unless the site shares names */
	bool leaves_gate;
};

/**
 * Send the result; at most once for one operation. Takes the reference to @p result, also when it
 * is discarded.
 * @param problem  of a negative @p r; NULL or PROBLEM_NONE: strerror() of it, under the code
 *                 failed.
 */
void reply_send(const struct reply *reply, int r, const struct problem *problem, json_t *result);

/** The same without a result: reply_refuse(reply, problem_door_unknown(&problem), &problem). */
void reply_refuse(const struct reply *reply, int r, const struct problem *problem);

#endif
