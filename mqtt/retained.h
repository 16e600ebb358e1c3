/*
 * retained.h - what the broker is to remember for the gate: topic and payload of each retained
 * message.
 *
 * The table outlives connections; after each reconnect all of it is sent again. What was removed
 * while there was no connection stays in the table without a payload until the broker has been
 * told. One thread at a time.
 */
#ifndef GH_MQTT_RETAINED_H
#define GH_MQTT_RETAINED_H

#include <stdbool.h>
#include <stddef.h>

enum { RETAINED_MAX = 96 };

struct retained_message {
	char *topic;   /* NULL: a free place */
	char *payload; /* NULL: to be removed from the broker */
};

struct retained {
	struct retained_message messages[RETAINED_MAX];
};

/**
 * Set what @p topic holds; @p payload (malloc'ed, taken in every case) NULL removes it.
 * @return the message, valid until the next call, or NULL: no place or no memory.
 */
struct retained_message *retained_set(struct retained *retained, const char *topic, char *payload);

/** The broker was told to forget: the place is free. Does nothing while there is a payload. */
void retained_told(struct retained_message *message);

/** Whether the gate has something to say under this topic. */
bool retained_has(const struct retained *retained, const char *topic);

void retained_finish(struct retained *retained);

#endif
