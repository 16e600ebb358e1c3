/* The link over libmosquitto; connect_mosquitto.c makes its clients. */
#include "link.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/ulid.h"
#include "mqtt/backoff.h"
#include "mqtt/command.h"
#include "mqtt/connect.h"
#include "mqtt/outbox.h"
#include "mqtt/retained.h"
#include "mqtt/topics.h"

enum { MISC_MS = 1000 };

enum phase { PHASE_IDLE, PHASE_CONNECTING, PHASE_WAITING_CONNACK, PHASE_UP };

struct broker {
	char host[CONNECT_TEXT_BYTES];
	unsigned port;
};

struct flight {
	int mid; /* 0: free */
	int64_t seq;
};

struct link {
	struct link_ops ops;
	void *arg;
	struct broker brokers[LINK_BROKERS_MAX];
	size_t broker_count, broker; /* the one that is used or tried */
	struct connect_login login;
	char site[64], gate[64], version[32], session[ULID_BYTES];
	unsigned keepalive_s, window;
	enum phase phase;
	struct mosquitto *client; /* NULL: idle or connecting */
	struct connect_attempt *attempt;
	int epoll_fd, wake_fd, socket_fd;
	bool watching_write, failed, told_down, states_complete;
	struct problem reason;
	struct backoff backoff;
	uint64_t retry_at_ms, misc_at_ms, up_at_ms;
	struct retained retained;
	struct flight flights[OUTBOX_WINDOW_MAX];
	unsigned in_flight;
};

/* ---- small things ---- */

/* what ended a connection, or was not done on it */
enum outage { OUTAGE_REFUSED, OUTAGE_LOST, OUTAGE_EVENT_REFUSED, OUTAGE_NO_CONNECTION };

/* @p why is the library's or the system's own text, or "". */
static void set_reason(struct link *link, enum outage outage, const char *why)
{
	static int (*const explanations[])(struct problem * problem, const char *broker,
					   long long port, const char *text) = {
		[OUTAGE_REFUSED] = problem_link_refused,
		[OUTAGE_LOST] = problem_link_lost_because,
		[OUTAGE_EVENT_REFUSED] = problem_link_event_refused,
		[OUTAGE_NO_CONNECTION] = problem_link_no_connection};
	const struct broker *broker = &link->brokers[link->broker];

	if (outage == OUTAGE_LOST && why[0] == '\0')
		problem_link_lost(&link->reason, broker->host, broker->port);
	else
		explanations[outage](&link->reason, broker->host, broker->port, why);
	link->failed = true;
}

static void set_watch(struct link *link, bool write)
{
	struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0u)};

	if (write == link->watching_write)
		return;
	link->watching_write = write;
	epoll_ctl(link->epoll_fd, EPOLL_CTL_MOD, link->socket_fd, &event);
}

static void publish(struct link *link, const char *topic, const void *payload, size_t bytes,
		    int qos, bool retain)
{
	/* a failure here is the connection's, which mosquitto_loop_misc() notices */
	(void)mosquitto_publish_v5(link->client, NULL, topic, (int)bytes, payload, qos, retain,
				   NULL);
	set_watch(link, mosquitto_want_write(link->client));
}

static void publish_own(struct link *link, const char *rest, const void *payload, size_t bytes,
			int qos, bool retain)
{
	char topic[TOPIC_BYTES];

	if (topic_make(link->site, link->gate, rest, topic) == 0)
		publish(link, topic, payload, bytes, qos, retain);
}

/* The will is written before the connection: only the birth knows its time. */
static char *status_text(const struct link *link, bool online)
{
	json_t *status = json_pack("{s:s, s:s, s:s}", "state", online ? "online" : "offline",
				   "session", link->session, "version", link->version);
	char *text;

	if (online)
		json_set_utc(status, "time", clock_unix_ms());
	text = status != NULL ? json_text(status) : NULL;
	json_decref(status);
	return text;
}

static void publish_birth(struct link *link)
{
	char *text = status_text(link, true);

	if (text != NULL)
		publish_own(link, "status", text, strlen(text), 1, true);
	free(text);
}

static void publish_retained(struct link *link, struct retained_message *message)
{
	if (message->topic == NULL)
		return;
	publish(link, message->topic, message->payload,
		message->payload != NULL ? strlen(message->payload) : 0, 1, true);
	retained_told(message);
}

/* What the broker holds of ours comes back as retained messages; see forget_if_gone(). */
static void ask_for_states(struct link *link)
{
	char topic[TOPIC_BYTES];

	if (topic_make(link->site, link->gate, "state/#", topic) == 0)
		(void)mosquitto_subscribe_v5(link->client, NULL, topic, 0, MQTT_SUB_OPT_NO_LOCAL,
					     NULL);
}

/* ---- what libmosquitto tells; all inside link_dispatch() ---- */

static void on_connack(struct mosquitto *client, void *arg, int code, int flags,
		       const mosquitto_property *properties)
{
	struct link *link = arg;
	char topic[TOPIC_BYTES];

	(void)flags, (void)properties;
	if (code != 0) {
		set_reason(link, OUTAGE_REFUSED, mosquitto_reason_string(code));
		return;
	}
	link->phase = PHASE_UP;
	link->told_down = false;
	link->up_at_ms = clock_mono_ms();
	log_info("mqtt", "connected to broker %s:%u", link->brokers[link->broker].host,
		 link->brokers[link->broker].port);
	publish_birth(link);
	/* retained commands are a broker's memory, nobody's order */
	if (topic_make(link->site, link->gate, "cmd/+", topic) == 0)
		(void)mosquitto_subscribe_v5(client, NULL, topic, 1, MQTT_SUB_OPT_SEND_RETAIN_NEVER,
					     NULL);
	for (size_t i = 0; i < RETAINED_MAX; i++)
		publish_retained(link, &link->retained.messages[i]);
	if (link->states_complete)
		ask_for_states(link);
	link->ops.connected(link->arg, true, &(struct problem){0});
}

static void on_disconnect(struct mosquitto *client, void *arg, int code,
			  const mosquitto_property *properties)
{
	struct link *link = arg;

	(void)client, (void)properties;
	if (!link->failed)
		set_reason(link, OUTAGE_LOST, code > 0 ? mosquitto_strerror(code) : "");
}

static void on_published(struct mosquitto *client, void *arg, int mid, int code,
			 const mosquitto_property *properties)
{
	struct link *link = arg;

	(void)client, (void)properties;
	for (unsigned i = 0; i < link->window; i++) {
		if (link->flights[i].mid != mid)
			continue;
		if (code >= 0x80) { /* not taken: begin again from the cursor, after a pause */
			set_reason(link, OUTAGE_EVENT_REFUSED, mosquitto_reason_string(code));
			return;
		}
		link->flights[i].mid = 0;
		link->in_flight--;
		backoff_reset(&link->backoff); /* it serves, rather than only opens */
		if (link->flights[i].seq > 0)
			link->ops.acked(link->arg, link->flights[i].seq);
		return;
	}
}

static bool forget_if_gone(struct link *link, const struct mosquitto_message *message)
{
	char own[TOPIC_BYTES];

	if (topic_make(link->site, link->gate, "state/", own) < 0 ||
	    strncmp(message->topic, own, strlen(own)) != 0)
		return false;
	if (message->retain && !retained_has(&link->retained, message->topic))
		publish(link, message->topic, NULL, 0, 1, true);
	return true;
}

static void on_message(struct mosquitto *client, void *arg, const struct mosquitto_message *message,
		       const mosquitto_property *properties)
{
	struct link *link = arg;
	char name[TOPIC_NAME_BYTES], *answer_topic = NULL;
	void *correlation = NULL;
	uint16_t correlation_bytes = 0;
	struct link_command command;

	(void)client;
	if (forget_if_gone(link, message))
		return;
	if (topic_command(message->topic, link->site, link->gate, name) < 0)
		return;
	mosquitto_property_read_string(properties, MQTT_PROP_RESPONSE_TOPIC, &answer_topic, false);
	mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &correlation,
				       &correlation_bytes, false);
	command = (struct link_command){
		.name = name,
		.topic = message->topic,
		.payload = message->payloadlen <= COMMAND_BYTES_MAX ? message->payload : NULL,
		.bytes = (size_t)message->payloadlen,
		.retained = message->retain,
		.correlation = correlation};
	if (correlation_bytes <= LINK_CORRELATION_BYTES_MAX)
		command.correlation_bytes = correlation_bytes;
	if (answer_topic != NULL && topic_may_answer(answer_topic, strlen(answer_topic)))
		command.answer_topic = answer_topic;
	link->ops.command(link->arg, &command);
	free(answer_topic);
	free(correlation);
}

/* ---- connecting ---- */

static void set_callbacks(struct mosquitto *client)
{
	mosquitto_connect_v5_callback_set(client, on_connack);
	mosquitto_disconnect_v5_callback_set(client, on_disconnect);
	mosquitto_publish_v5_callback_set(client, on_published);
	mosquitto_message_v5_callback_set(client, on_message);
}

static void begin_connect(struct link *link)
{
	char id[TOPIC_BYTES], will_topic[TOPIC_BYTES], error[CONNECT_ERROR_BYTES] = "", *will_text;
	struct connect_request request = {.login = &link->login,
					  .client_id = id,
					  .will_topic = will_topic,
					  .host = link->brokers[link->broker].host,
					  .port = link->brokers[link->broker].port,
					  .keepalive_s = link->keepalive_s,
					  .window = link->window,
					  .wake_fd = link->wake_fd,
					  .arg = link,
					  .prepare = set_callbacks};
	int r;

	snprintf(id, sizeof(id), "gatehouse-%s-%s", link->site, link->gate);
	ulid_make(clock_unix_ms(), link->session); /* birth and will of one connection share it */
	will_text = status_text(link, false);
	request.will_text = will_text;
	r = will_text != NULL ? topic_make(link->site, link->gate, "status", will_topic) : -ENOMEM;
	if (r == 0)
		r = connect_begin(&request, &link->attempt, error);
	free(will_text);
	if (r < 0)
		set_reason(link, OUTAGE_NO_CONNECTION, error[0] != '\0' ? error : strerror(-r));
	else
		link->phase = PHASE_CONNECTING;
}

static void end_connect(struct link *link)
{
	struct epoll_event event = {.events = EPOLLIN};
	char error[CONNECT_ERROR_BYTES] = "";
	int r = connect_end(link->attempt, &link->client, error);

	if (r == -EAGAIN)
		return;
	link->attempt = NULL;
	if (r < 0) {
		link->phase = PHASE_IDLE;
		set_reason(link, OUTAGE_NO_CONNECTION, error);
		return;
	}
	link->socket_fd = mosquitto_socket(link->client);
	link->watching_write = false;
	epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, link->socket_fd, &event);
	link->phase = PHASE_WAITING_CONNACK;
	link->misc_at_ms = clock_mono_ms() + MISC_MS;
}

/* ---- losing it ---- */

static void drop_client(struct link *link)
{
	if (link->client == NULL)
		return;
	if (link->socket_fd >= 0)
		epoll_ctl(link->epoll_fd, EPOLL_CTL_DEL, link->socket_fd,
			  NULL); /* may be closed already: as good */
	link->socket_fd = -1;
	mosquitto_destroy(link->client);
	link->client = NULL;
	memset(link->flights, 0, sizeof(link->flights));
	link->in_flight = 0;
}

/*
 * After an outage the first broker is asked first; only when none of them serves is there a pause.
 * @return no pause.
 */
static bool choose_next(struct link *link)
{
	bool more = link->phase != PHASE_UP && link->broker + 1 < link->broker_count;

	link->broker = more ? link->broker + 1 : 0;
	link->retry_at_ms = clock_mono_ms() + (more ? 0 : backoff_next_ms(&link->backoff));
	return more;
}

static void go_down(struct link *link)
{
	bool another;

	/* one that held is news; one that opens and is lost at once is asked ever more rarely */
	if (link->phase == PHASE_UP && clock_mono_ms() - link->up_at_ms >= link->backoff.max_ms)
		backoff_reset(&link->backoff);
	drop_client(link);
	another = choose_next(link);
	link->phase = PHASE_IDLE;
	link->failed = false;
	if (link->told_down || another)
		return;
	link->told_down = true;
	log_warning("mqtt", "%s; events wait in the log, retrying", link->reason.detail);
	link->ops.connected(link->arg, false, &link->reason);
}

/* ---- the public face ---- */

static void copy(char *to, size_t bytes, const char *from)
{
	snprintf(to, bytes, "%s", from != NULL ? from : "");
}

static bool config_is_valid(const struct link_config *config)
{
	for (size_t i = 0; i < config->broker_count; i++)
		if (i >= LINK_BROKERS_MAX || config->brokers[i].port > 65535)
			return false;
	return config->broker_count > 0 && config->window >= 1 &&
	       config->window <= OUTBOX_WINDOW_MAX && config->reconnect_min_ms >= 1 &&
	       config->reconnect_max_ms >= config->reconnect_min_ms && config->keepalive_s >= 5;
}

static void take_config(struct link *link, const struct link_config *config)
{
	for (size_t i = 0; i < config->broker_count; i++) {
		copy(link->brokers[i].host, sizeof(link->brokers[i].host), config->brokers[i].host);
		link->brokers[i].port = config->brokers[i].port;
	}
	link->broker_count = config->broker_count;
	copy(link->login.username, sizeof(link->login.username), config->username);
	copy(link->login.password_file, sizeof(link->login.password_file), config->password_file);
	copy(link->login.ca_file, sizeof(link->login.ca_file), config->ca_file);
	copy(link->login.cert_file, sizeof(link->login.cert_file), config->cert_file);
	copy(link->login.key_file, sizeof(link->login.key_file), config->key_file);
	copy(link->site, sizeof(link->site), config->site);
	copy(link->gate, sizeof(link->gate), config->gate);
	copy(link->version, sizeof(link->version), config->version);
	link->keepalive_s = config->keepalive_s;
	link->window = config->window;
	backoff_init(&link->backoff, config->reconnect_min_ms, config->reconnect_max_ms);
}

int link_open(const struct link_config *config, const struct link_ops *ops, void *arg,
	      struct link **ret_link)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct link *link;

	if (!config_is_valid(config))
		return -EINVAL;
	link = calloc(1, sizeof(*link));
	if (link == NULL)
		return -ENOMEM;
	mosquitto_lib_init();
	link->ops = *ops;
	link->arg = arg;
	take_config(link, config);
	link->socket_fd = -1;
	link->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	link->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (link->epoll_fd < 0 || link->wake_fd < 0 ||
	    epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, link->wake_fd, &event) < 0) {
		link_close(link);
		return -EMFILE;
	}
	*ret_link = link; /* the first dispatch begins to connect */
	return 0;
}

int link_fd(const struct link *link)
{
	return link->epoll_fd;
}

uint64_t link_deadline_ms(const struct link *link)
{
	switch (link->phase) {
	case PHASE_IDLE:
		return link->retry_at_ms;
	case PHASE_CONNECTING:
		return UINT64_MAX;
	case PHASE_WAITING_CONNACK:
	case PHASE_UP:
		break;
	}
	return link->failed ? 0 : link->misc_at_ms;
}

static void serve(struct link *link)
{
	/* each call serves a bounded number of packets; what is left keeps the fd readable */
	int r = mosquitto_loop_read(link->client, 1);

	if (r == MOSQ_ERR_SUCCESS && mosquitto_want_write(link->client))
		r = mosquitto_loop_write(link->client, 1);
	if (r == MOSQ_ERR_SUCCESS && clock_mono_ms() >= link->misc_at_ms) {
		r = mosquitto_loop_misc(link->client);
		link->misc_at_ms = clock_mono_ms() + MISC_MS;
	}
	if (r != MOSQ_ERR_SUCCESS && !link->failed)
		set_reason(link, OUTAGE_LOST, mosquitto_strerror(r));
}

void link_dispatch(struct link *link)
{
	uint64_t drained;
	ssize_t got = read(link->wake_fd, &drained, sizeof(drained));

	(void)got; /* only clears it */
	if (link->phase == PHASE_IDLE && clock_mono_ms() >= link->retry_at_ms)
		begin_connect(link);
	else if (link->phase == PHASE_CONNECTING)
		end_connect(link);
	else if (link->client != NULL)
		serve(link);
	if (link->failed)
		go_down(link);
	else if (link->client != NULL)
		set_watch(link, mosquitto_want_write(link->client));
}

bool link_is_up(const struct link *link)
{
	return link->phase == PHASE_UP && !link->failed;
}

static struct flight *free_flight(struct link *link)
{
	for (unsigned i = 0; i < link->window; i++)
		if (link->flights[i].mid == 0)
			return &link->flights[i];
	return NULL;
}

int link_publish_event(struct link *link, int64_t seq, const char *type, const char *json)
{
	char rest[TOPIC_BYTES], topic[TOPIC_BYTES];
	struct flight *flight;
	int mid, r;

	if (!link_is_up(link))
		return -ENOTCONN;
	flight = free_flight(link);
	if (flight == NULL)
		return -EAGAIN;
	snprintf(rest, sizeof(rest), "event/%s", type);
	r = topic_make(link->site, link->gate, rest, topic);
	if (r < 0)
		return -EINVAL;
	r = mosquitto_publish_v5(link->client, &mid, topic, (int)strlen(json), json, 1, false,
				 NULL);
	if (r == MOSQ_ERR_NOMEM)
		return -ENOMEM;
	if (r != MOSQ_ERR_SUCCESS)
		return r == MOSQ_ERR_NO_CONN || r == MOSQ_ERR_CONN_LOST || r == MOSQ_ERR_ERRNO
			       ? -ENOTCONN
			       : -EINVAL;
	*flight = (struct flight){.mid = mid, .seq = seq};
	link->in_flight++;
	set_watch(link, mosquitto_want_write(link->client));
	return 0;
}

unsigned link_room(const struct link *link)
{
	return link_is_up(link) ? link->window - link->in_flight : 0;
}

/* Takes @p payload. */
static int set_retained(struct link *link, const char *topic, char *payload)
{
	struct retained_message *message = retained_set(&link->retained, topic, payload);

	if (message == NULL)
		return -ENOSPC;
	if (link_is_up(link))
		publish_retained(link, message);
	return 0;
}

int link_publish_retained(struct link *link, const char *topic, const json_t *json)
{
	char *payload = json != NULL ? json_text(json) : NULL;

	if (json != NULL && payload == NULL)
		return -ENOMEM;
	return set_retained(link, topic, payload);
}

int link_publish_state(struct link *link, const char *what, const char *name, const json_t *json)
{
	char rest[TOPIC_BYTES], topic[TOPIC_BYTES];

	snprintf(rest, sizeof(rest), "state/%s/%s", what, name);
	if (topic_make(link->site, link->gate, rest, topic) < 0)
		return -EINVAL;
	return link_publish_retained(link, topic, json);
}

void link_states_complete(struct link *link)
{
	link->states_complete = true;
	if (link_is_up(link))
		ask_for_states(link);
}

void link_publish_health(struct link *link, const json_t *health)
{
	char *text = link_is_up(link) ? json_text(health) : NULL;

	if (text != NULL)
		publish_own(link, "health", text, strlen(text), 0, false);
	free(text);
}

void link_reply(struct link *link, const char *topic, const void *correlation,
		size_t correlation_bytes, const json_t *reply)
{
	char *text = link_is_up(link) ? json_text(reply) : NULL;
	mosquitto_property *properties = NULL;

	if (text == NULL)
		return;
	if (correlation_bytes > 0)
		(void)mosquitto_property_add_binary(&properties, MQTT_PROP_CORRELATION_DATA,
						    correlation, (uint16_t)correlation_bytes);
	(void)mosquitto_publish_v5(link->client, NULL, topic, (int)strlen(text), text, 1, false,
				   properties);
	set_watch(link, mosquitto_want_write(link->client));
	mosquitto_property_free_all(&properties);
	free(text);
}

void link_close(struct link *link)
{
	if (link == NULL)
		return;
	/*
	 * the broker sends the will itself: a message of ours would queue behind a full window and
	 * never leave
	 */
	if (link_is_up(link))
		mosquitto_disconnect_v5(link->client, MQTT_RC_DISCONNECT_WITH_WILL_MSG, NULL);
	drop_client(link);
	connect_abandon(link->attempt);
	retained_finish(&link->retained);
	if (link->epoll_fd >= 0)
		close(link->epoll_fd);
	if (link->wake_fd >= 0)
		close(link->wake_fd);
	free(link);
}
