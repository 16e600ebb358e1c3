/* fake_link.h - a simulated connection to a broker, in place of mqtt/link.h's. One at a time. */
#ifndef GH_TESTS_FAKE_LINK_H
#define GH_TESTS_FAKE_LINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { FAKE_LINK_EVENTS_MAX = 128 };

struct fake_link {
	bool open, up;
	unsigned window;
	int64_t seqs[FAKE_LINK_EVENTS_MAX]; /* of the published events, in order */
	size_t event_count;
	int publish_r; /* 0 or the negative errno that link_publish_event() returns */
	unsigned states, healths, replies; /* how many were published */
	json_t *reply;                     /* the last one */
};
extern struct fake_link fake_link;

/** The connection is up or lost. */
void fake_link_connect(bool up);
/** The broker acknowledges an event. */
void fake_link_acknowledge(int64_t seq);
/** The broker delivers a command. */
void fake_link_command(const char *name, const char *topic, const char *payload, bool retained);
/** Reset the records of what was published, and publish_r. */
void fake_link_clear(void);

#endif
