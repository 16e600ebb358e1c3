/*
 * reply.h - who waits for the outcome of an act, if anybody.
 *
 * Whoever asks makes one; it is copied by value through the parts that act, none of which knows where it goes: an HTTP
 * request, a command of the property system, or nobody. A zeroed reply: nobody waits. Control thread only.
 */
#ifndef GH_BASE_REPLY_H
#define GH_BASE_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct reply;

/**
 * @param r        0, or a negative errno.
 * @param problem  a sentence, when @p r is negative; NULL: the errno's own words.
 * @param result   what came of it, or NULL; the reference is taken.
 */
typedef void (*reply_fn)(const struct reply *reply, int r, const char *problem, json_t *result);

struct reply {
	reply_fn answer; /* NULL: nobody waits */
	void *owner;     /* of whoever made the reply, as the next two */
	uint64_t request;
	unsigned ok_status;
	bool leaves_gate; /* the answer is sent away: it names nobody unless the site shares names */
};

/** Answers whoever waits; call it at most once for one act. The reference to @p result is taken in any case. */
void reply_send(const struct reply *reply, int r, const char *problem, json_t *result);

#endif
