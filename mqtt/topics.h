/*
 * topics.h - the names under which a gate speaks: gatehouse/SITE/GATE/... Pure. Any thread.
 */
#ifndef GH_MQTT_TOPICS_H
#define GH_MQTT_TOPICS_H

#include <stdbool.h>
#include <stddef.h>

enum { TOPIC_BYTES = 256, TOPIC_NAME_BYTES = 64 };

/** "gatehouse/SITE/GATE/REST" into @p ret_topic, TOPIC_BYTES. @return 0 or -ENAMETOOLONG. */
int topic_make(const char *site, const char *gate, const char *rest, char *ret_topic);

/**
 * The NAME of "gatehouse/SITE/GATE/cmd/NAME", [a-z0-9.-], into @p ret_name, TOPIC_NAME_BYTES.
 * @return 0, or -EINVAL: another gate's topic, or no command.
 */
int topic_command(const char *topic, const char *site, const char *gate, char *ret_name);

/**
 * Whether an answer may go there: no wildcard, not empty, and nothing a gate itself speaks under.
 */
bool topic_may_answer(const char *topic, size_t bytes);

#endif
