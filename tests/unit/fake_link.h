/*
 * fake_link.h - a connection to a broker that the test plays itself, in place of mqtt/link.h's. One
 * at a time.
 */
#ifndef GH_TESTS_FAKE_LINK_H
#define GH_TESTS_FAKE_LINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { FAKE_LINK_EVENTS_MAX = 128 };

struct fake_link {
	bool open, up;
	unsigned window;
	int64_t seqs[FAKE_LINK_EVENTS_MAX]; /* of the events that were published, in order */
	size_t event_count;
	int publish_r; /* what link_publish_event() returns */
	unsigned states, healths, replies;
	json_t *reply; /* the last */
};
extern struct fake_link fake_link;

void fake_link_connect(bool up);
void fake_link_acknowledge(int64_t seq);
/** A command as the broker brings it. */
void fake_link_command(const char *name, const char *topic, const char *payload, bool retained);
/** Forget what was published. */
void fake_link_clear(void);

#endif
