#include "topics.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char root[] = "gatehouse/";

int topic_make(const char *site, const char *gate, const char *rest, char *ret_topic)
{
	int bytes = snprintf(ret_topic, TOPIC_BYTES, "%s%s/%s/%s", root, site, gate, rest);

	return bytes >= TOPIC_BYTES ? -ENAMETOOLONG : 0;
}

int topic_command(const char *topic, const char *site, const char *gate, char *ret_name)
{
	char prefix[TOPIC_BYTES];
	const char *name;
	size_t length;

	if (topic_make(site, gate, "cmd/", prefix) < 0 ||
	    strncmp(topic, prefix, strlen(prefix)) != 0)
		return -EINVAL;
	name = topic + strlen(prefix);
	length = strlen(name);
	if (length == 0 || length >= TOPIC_NAME_BYTES ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != length)
		return -EINVAL;
	memcpy(ret_name, name, length + 1);
	return 0;
}

bool topic_may_answer(const char *topic, size_t bytes)
{
	const char *branch;
	int slashes = 0;

	if (bytes == 0 || bytes >= TOPIC_BYTES || memchr(topic, '\0', bytes) != NULL ||
	    topic[0] == '$')
		return false;
	if (memchr(topic, '#', bytes) != NULL || memchr(topic, '+', bytes) != NULL)
		return false;
	if (bytes < strlen(root) || strncmp(topic, root, strlen(root)) != 0)
		return true;
	/*
	 * below gatehouse/SITE/GATE/ only reply/... is open to answers: an answer must not pass for
	 * an event
	 */
	for (branch = topic; branch < topic + bytes && slashes < 3; branch++)
		slashes += *branch == '/';
	return (size_t)(topic + bytes - branch) > 6 && strncmp(branch, "reply/", 6) == 0;
}
