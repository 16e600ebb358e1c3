#include "fake_link.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mqtt/link.h"
#include "unit.h"

struct fake_link fake_link;

struct link {
	const struct link_ops *ops;
	void *arg;
	int fd;
};
static struct link only;

int link_open(const struct link_config *config, const struct link_ops *ops, void *arg,
	      struct link **ret_link)
{
	assert_false(fake_link.open);
	only = (struct link){.ops = ops, .arg = arg, .fd = eventfd(0, EFD_CLOEXEC)};
	fake_link.open = true;
	fake_link.window = config->window;
	*ret_link = &only;
	return 0;
}

void link_close(struct link *link)
{
	if (link == NULL)
		return;
	close(link->fd);
	fake_link.open = fake_link.up = false;
	fake_link_clear();
}

void fake_link_clear(void)
{
	json_decref(fake_link.reply);
	fake_link.reply = NULL;
	fake_link.event_count = 0;
	fake_link.states = fake_link.healths = fake_link.replies = 0;
	fake_link.publish_r = 0;
}

void fake_link_connect(bool up)
{
	struct problem reason = {0};

	fake_link.up = up;
	if (!up)
		(void)problem_link_lost(&reason, "broker", 1883);
	only.ops->connected(only.arg, up, &reason);
}

void fake_link_acknowledge(int64_t seq)
{
	only.ops->acked(only.arg, seq);
}

void fake_link_command(const char *name, const char *topic, const char *payload, bool retained)
{
	const struct link_command command = {.name = name,
					     .topic = topic,
					     .payload = payload,
					     .bytes = strlen(payload),
					     .retained = retained,
					     .answer_topic = "answer"};

	only.ops->command(only.arg, &command);
}

int link_fd(const struct link *link)
{
	return link->fd;
}

uint64_t link_deadline_ms(const struct link *link)
{
	(void)link;
	return UINT64_MAX / 2000;
}

void link_dispatch(struct link *link)
{
	(void)link;
}

bool link_is_up(const struct link *link)
{
	(void)link;
	return fake_link.up;
}

int link_publish_event(struct link *link, int64_t seq, const char *type, const char *json)
{
	(void)link, (void)type, (void)json;
	if (fake_link.publish_r < 0)
		return fake_link.publish_r;
	assert_true(fake_link.event_count < FAKE_LINK_EVENTS_MAX);
	fake_link.seqs[fake_link.event_count++] = seq;
	return 0;
}

unsigned link_room(const struct link *link)
{
	(void)link;
	return fake_link.window;
}

int link_publish_state(struct link *link, const char *what, const char *name, const json_t *state)
{
	(void)link, (void)what, (void)name, (void)state;
	fake_link.states++;
	return 0;
}

int link_publish_retained(struct link *link, const char *topic, const json_t *message)
{
	(void)link, (void)topic, (void)message;
	return 0;
}

void link_states_complete(struct link *link)
{
	(void)link;
}

void link_publish_health(struct link *link, const json_t *health)
{
	(void)link, (void)health;
	fake_link.healths++;
}

void link_reply(struct link *link, const char *topic, const void *correlation,
		size_t correlation_bytes, const json_t *reply)
{
	(void)link, (void)topic, (void)correlation, (void)correlation_bytes;
	fake_link.replies++;
	json_decref(fake_link.reply);
	fake_link.reply = json_deep_copy(reply);
}
