#include "retained.h"

#include <stdlib.h>
#include <string.h>

static struct retained_message *find(struct retained *retained, const char *topic)
{
	struct retained_message *unused = NULL;

	for (size_t i = 0; i < RETAINED_MAX; i++) {
		struct retained_message *message = &retained->messages[i];

		if (message->topic != NULL && strcmp(message->topic, topic) == 0)
			return message;
		if (message->topic == NULL && unused == NULL)
			unused = message;
	}
	return unused;
}

struct retained_message *retained_set(struct retained *retained, const char *topic, char *payload)
{
	struct retained_message *message = find(retained, topic);

	if (message != NULL && message->topic == NULL)
		message->topic = strdup(topic);
	if (message == NULL || message->topic == NULL) {
		free(payload);
		return NULL;
	}
	free(message->payload);
	message->payload = payload;
	return message;
}

void retained_told(struct retained_message *message)
{
	if (message->payload != NULL)
		return;
	free(message->topic);
	message->topic = NULL;
}

bool retained_has(const struct retained *retained, const char *topic)
{
	for (size_t i = 0; i < RETAINED_MAX; i++) {
		const struct retained_message *message = &retained->messages[i];

		if (message->topic != NULL && strcmp(message->topic, topic) == 0)
			return message->payload != NULL;
	}
	return false;
}

void retained_finish(struct retained *retained)
{
	for (size_t i = 0; i < RETAINED_MAX; i++) {
		free(retained->messages[i].topic);
		free(retained->messages[i].payload);
	}
	memset(retained, 0, sizeof(*retained));
}
