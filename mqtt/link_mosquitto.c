/* The one file that knows libmosquitto. */
#include "link.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/ulid.h"
#include "mqtt/command.h"
#include "mqtt/outbox.h"
#include "mqtt/topics.h"

enum { TEXT_BYTES = 256, SESSION_EXPIRY_S = 7 * 24 * 3600, MISC_MS = 1000, SECRET_BYTES = 256 };

enum phase { PHASE_IDLE, PHASE_CONNECTING, PHASE_WAITING_CONNACK, PHASE_UP };

/* What the connecting thread works on; it belongs to that thread until `done`, then to the link again. */
struct attempt {
	pthread_mutex_t lock;
	struct mosquitto *client;
	mosquitto_property *properties;
	char host[TEXT_BYTES];
	int port, keepalive_s;
	int result;
	int wake_fd; /* a dup of the link's eventfd */
	bool done;
	bool abandoned; /* the link is gone: the thread cleans up */
};

struct state {
	char *rest, *payload;
};

struct flight {
	int mid; /* 0: free */
	int64_t seq;
};

struct link {
	struct link_ops ops;
	void *arg;
	char host[TEXT_BYTES], username[TEXT_BYTES], password_file[TEXT_BYTES];
	char ca_file[TEXT_BYTES], cert_file[TEXT_BYTES], key_file[TEXT_BYTES];
	char site[64], gate[64], version[32], session[ULID_BYTES];
	unsigned port, keepalive_s, window, reconnect_min_ms, reconnect_max_ms, pause_ms;
	enum phase phase;
	struct mosquitto *client; /* NULL: idle or connecting */
	struct attempt *attempt;
	int epoll_fd, wake_fd, socket_fd;
	bool watching_write, failed, told_down;
	char reason[LINK_REASON_BYTES];
	uint64_t retry_at_ms, misc_at_ms, up_at_ms;
	struct state states[LINK_STATES_MAX];
	struct flight flights[OUTBOX_WINDOW_MAX];
	unsigned in_flight;
};

/* ---- small things ---- */

static void set_reason(struct link *link, const char *what, const char *why)
{
	snprintf(link->reason, sizeof(link->reason), "broker %s:%u: %s%s%s", link->host, link->port, what,
		 why[0] != '\0' ? ": " : "", why);
	link->failed = true;
}

static void publish(struct link *link, const char *rest, const void *payload, size_t bytes, int qos,
		    bool retain)
{
	char topic[TOPIC_BYTES];

	/* a failure here is the connection's, which mosquitto_loop_misc() notices */
	if (topic_make(link->site, link->gate, rest, topic) == 0)
		(void)mosquitto_publish_v5(link->client, NULL, topic, (int)bytes, payload, qos, retain, NULL);
}

static char *status_text(const struct link *link, const char *word)
{
	json_t *status = json_pack("{s:s, s:s, s:s}", "state", word, "session", link->session, "version",
				   link->version);
	char *text = status != NULL ? json_text(status) : NULL;

	json_decref(status);
	return text;
}

static void publish_status(struct link *link, const char *word)
{
	char *text = status_text(link, word);

	if (text != NULL)
		publish(link, "status", text, strlen(text), 1, true);
	free(text);
}

/* An empty retained message removes what the broker keeps; the slot is free once that was said. */
static void publish_state(struct link *link, struct state *state)
{
	if (state->rest == NULL)
		return;
	publish(link, state->rest, state->payload, state->payload != NULL ? strlen(state->payload) : 0, 1,
		true);
	if (state->payload == NULL) {
		free(state->rest);
		state->rest = NULL;
	}
}

/* ---- what libmosquitto tells; all inside link_dispatch() ---- */

static void on_connack(struct mosquitto *client, void *arg, int code, int flags,
		       const mosquitto_property *properties)
{
	struct link *link = arg;
	char topic[TOPIC_BYTES];

	(void)flags, (void)properties;
	if (code != 0) {
		set_reason(link, "it refused the connection", mosquitto_reason_string(code));
		return;
	}
	link->phase = PHASE_UP;
	link->told_down = false;
	link->up_at_ms = clock_mono_ms();
	log_info("mqtt", "connected to broker %s:%u", link->host, link->port);
	publish_status(link, "online");
	/* retained commands are a broker's memory, nobody's order */
	if (topic_make(link->site, link->gate, "cmd/+", topic) == 0)
		(void)mosquitto_subscribe_v5(client, NULL, topic, 1, MQTT_SUB_OPT_SEND_RETAIN_NEVER, NULL);
	for (size_t i = 0; i < LINK_STATES_MAX; i++)
		publish_state(link, &link->states[i]);
	link->ops.connected(link->arg, true, "");
}

static void on_disconnect(struct mosquitto *client, void *arg, int code, const mosquitto_property *properties)
{
	struct link *link = arg;

	(void)client, (void)properties;
	if (!link->failed)
		set_reason(link, "the connection was lost", code > 0 ? mosquitto_strerror(code) : "");
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
			set_reason(link, "it refused an event", mosquitto_reason_string(code));
			return;
		}
		link->flights[i].mid = 0;
		link->in_flight--;
		link->pause_ms = link->reconnect_min_ms; /* it serves, rather than only opens */
		link->ops.acked(link->arg, link->flights[i].seq);
		return;
	}
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
	if (topic_command(message->topic, link->site, link->gate, name) < 0)
		return;
	mosquitto_property_read_string(properties, MQTT_PROP_RESPONSE_TOPIC, &answer_topic, false);
	mosquitto_property_read_binary(properties, MQTT_PROP_CORRELATION_DATA, &correlation,
				       &correlation_bytes, false);
	command = (struct link_command){.name = name,
					.topic = message->topic,
					.payload = message->payloadlen <= COMMAND_BYTES_MAX ? message->payload
											    : NULL,
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

static void attempt_free(struct attempt *attempt)
{
	mosquitto_destroy(attempt->client);
	mosquitto_property_free_all(&attempt->properties);
	close(attempt->wake_fd);
	pthread_mutex_destroy(&attempt->lock);
	free(attempt);
}

static void *connect_thread(void *arg)
{
	struct attempt *attempt = arg;
	uint64_t one = 1;
	bool abandoned;
	int r = mosquitto_connect_bind_v5(attempt->client, attempt->host, attempt->port, attempt->keepalive_s,
					  NULL, attempt->properties);
	ssize_t wrote;

	pthread_mutex_lock(&attempt->lock);
	attempt->result = r == MOSQ_ERR_ERRNO ? -errno : r;
	attempt->done = true;
	abandoned = attempt->abandoned;
	wrote = write(attempt->wake_fd, &one, sizeof(one));
	(void)wrote; /* it can only be full, and then the link is awake anyway */
	pthread_mutex_unlock(&attempt->lock);
	if (abandoned)
		attempt_free(attempt);
	return NULL;
}

static int read_secret(const char *path, char *secret)
{
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return -errno;
	if (fgets(secret, SECRET_BYTES, file) == NULL)
		secret[0] = '\0';
	secret[strcspn(secret, "\r\n")] = '\0';
	fclose(file);
	return 0;
}

static int set_login(struct link *link, struct mosquitto *client)
{
	char secret[SECRET_BYTES] = "";
	int r;

	if (link->username[0] == '\0')
		return 0;
	if (link->password_file[0] != '\0') {
		r = read_secret(link->password_file, secret);
		if (r < 0) {
			set_reason(link, link->password_file, strerror(-r));
			return r;
		}
	}
	r = mosquitto_username_pw_set(client, link->username, link->password_file[0] != '\0' ? secret : NULL);
	explicit_bzero(secret, sizeof(secret));
	return r == MOSQ_ERR_SUCCESS ? 0 : -ENOMEM;
}

static int set_tls(struct link *link, struct mosquitto *client)
{
	int r;

	if (link->ca_file[0] == '\0')
		return 0;
	r = mosquitto_tls_set(client, link->ca_file, NULL,
			      link->cert_file[0] != '\0' ? link->cert_file : NULL,
			      link->key_file[0] != '\0' ? link->key_file : NULL, NULL);
	if (r == MOSQ_ERR_SUCCESS)
		return 0;
	set_reason(link, "the TLS files cannot be used", mosquitto_strerror(r));
	return -EINVAL;
}

static int set_will(struct link *link, struct mosquitto *client)
{
	char topic[TOPIC_BYTES], *text = status_text(link, "offline");
	int r = text != NULL ? topic_make(link->site, link->gate, "status", topic) : -ENOMEM;

	if (r == 0 &&
	    mosquitto_will_set_v5(client, topic, (int)strlen(text), text, 1, true, NULL) != MOSQ_ERR_SUCCESS)
		r = -ENOMEM;
	free(text);
	return r;
}

/* One client for each connection: nothing of an earlier one can be resent behind the outbox's back. */
static int new_client(struct link *link, struct attempt *attempt)
{
	char id[TOPIC_BYTES];
	int r;

	snprintf(id, sizeof(id), "gatehouse-%s-%s", link->site, link->gate);
	ulid_make(clock_unix_ms(), link->session); /* birth and will of one connection share it */
	attempt->client = mosquitto_new(id, false, link);
	if (attempt->client == NULL)
		return -ENOMEM;
	mosquitto_int_option(attempt->client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
	mosquitto_int_option(attempt->client, MOSQ_OPT_SEND_MAXIMUM, (int)link->window);
	mosquitto_int_option(attempt->client, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_connect_v5_callback_set(attempt->client, on_connack);
	mosquitto_disconnect_v5_callback_set(attempt->client, on_disconnect);
	mosquitto_publish_v5_callback_set(attempt->client, on_published);
	mosquitto_message_v5_callback_set(attempt->client, on_message);
	r = set_login(link, attempt->client);
	if (r == 0)
		r = set_tls(link, attempt->client);
	if (r == 0)
		r = set_will(link, attempt->client);
	if (r == 0 && mosquitto_property_add_int32(&attempt->properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
						   SESSION_EXPIRY_S) != MOSQ_ERR_SUCCESS)
		r = -ENOMEM;
	return r;
}

static int begin_connect(struct link *link)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	pthread_attr_t detached;
	pthread_t thread;
	int r;

	if (attempt == NULL)
		return -ENOMEM;
	pthread_mutex_init(&attempt->lock, NULL);
	attempt->wake_fd = dup(link->wake_fd);
	snprintf(attempt->host, sizeof(attempt->host), "%s", link->host);
	attempt->port = (int)link->port;
	attempt->keepalive_s = (int)link->keepalive_s;
	r = attempt->wake_fd < 0 ? -errno : new_client(link, attempt);
	if (r == 0) {
		pthread_attr_init(&detached);
		pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
		r = -pthread_create(&thread, &detached, connect_thread, attempt);
		pthread_attr_destroy(&detached);
	}
	if (r < 0) {
		attempt_free(attempt);
		return r;
	}
	link->attempt = attempt;
	link->phase = PHASE_CONNECTING;
	return 0;
}

static void set_watch(struct link *link, bool write)
{
	struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0u)};

	if (write == link->watching_write)
		return;
	link->watching_write = write;
	epoll_ctl(link->epoll_fd, EPOLL_CTL_MOD, link->socket_fd, &event);
}

static void end_connect(struct link *link)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct attempt *attempt = link->attempt;
	int result;

	pthread_mutex_lock(&attempt->lock);
	result = attempt->result;
	if (!attempt->done) {
		pthread_mutex_unlock(&attempt->lock);
		return;
	}
	pthread_mutex_unlock(&attempt->lock);
	link->attempt = NULL;
	if (result == MOSQ_ERR_SUCCESS) {
		link->client = attempt->client;
		attempt->client = NULL;
		link->socket_fd = mosquitto_socket(link->client);
		link->watching_write = false;
		epoll_ctl(link->epoll_fd, EPOLL_CTL_ADD, link->socket_fd, &event);
		link->phase = PHASE_WAITING_CONNACK;
		link->misc_at_ms = clock_mono_ms() + MISC_MS;
	} else {
		link->phase = PHASE_IDLE;
		set_reason(link, "no connection",
			   result < 0 ? strerror(-result) : mosquitto_strerror(result));
	}
	attempt_free(attempt);
}

/* ---- losing it ---- */

static unsigned jittered(unsigned ms)
{
	unsigned random = 0;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = 0;
	return ms / 2 + random % (ms / 2 + 1);
}

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

static void go_down(struct link *link)
{
	/* one that held is news; one that opens and is lost at once is asked ever more rarely */
	if (link->phase == PHASE_UP && clock_mono_ms() - link->up_at_ms >= link->reconnect_max_ms)
		link->pause_ms = link->reconnect_min_ms;
	drop_client(link);
	link->phase = PHASE_IDLE;
	link->failed = false;
	link->retry_at_ms = clock_mono_ms() + jittered(link->pause_ms);
	link->pause_ms =
		link->pause_ms * 2 < link->reconnect_max_ms ? link->pause_ms * 2 : link->reconnect_max_ms;
	if (link->told_down)
		return;
	link->told_down = true;
	log_warning("mqtt", "%s; events wait in the log, retrying", link->reason);
	link->ops.connected(link->arg, false, link->reason);
}

/* ---- the public face ---- */

static void copy(char *to, size_t bytes, const char *from)
{
	snprintf(to, bytes, "%s", from != NULL ? from : "");
}

int link_open(const struct link_config *config, const struct link_ops *ops, void *arg, struct link **ret_link)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct link *link;

	if (config->window < 1 || config->window > OUTBOX_WINDOW_MAX || config->reconnect_min_ms < 1 ||
	    config->reconnect_max_ms < config->reconnect_min_ms || config->keepalive_s < 5 ||
	    config->port > 65535)
		return -EINVAL;
	link = calloc(1, sizeof(*link));
	if (link == NULL)
		return -ENOMEM;
	mosquitto_lib_init();
	link->ops = *ops;
	link->arg = arg;
	copy(link->host, sizeof(link->host), config->host);
	copy(link->username, sizeof(link->username), config->username);
	copy(link->password_file, sizeof(link->password_file), config->password_file);
	copy(link->ca_file, sizeof(link->ca_file), config->ca_file);
	copy(link->cert_file, sizeof(link->cert_file), config->cert_file);
	copy(link->key_file, sizeof(link->key_file), config->key_file);
	copy(link->site, sizeof(link->site), config->site);
	copy(link->gate, sizeof(link->gate), config->gate);
	copy(link->version, sizeof(link->version), config->version);
	link->port = config->port;
	link->keepalive_s = config->keepalive_s;
	link->window = config->window;
	link->reconnect_min_ms = config->reconnect_min_ms;
	link->reconnect_max_ms = config->reconnect_max_ms;
	link->pause_ms = link->reconnect_min_ms;
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
		set_reason(link, "the connection was lost", mosquitto_strerror(r));
}

void link_dispatch(struct link *link)
{
	uint64_t drained;
	ssize_t got = read(link->wake_fd, &drained, sizeof(drained));

	(void)got; /* only clears it */
	if (link->phase == PHASE_IDLE && clock_mono_ms() >= link->retry_at_ms) {
		int r = begin_connect(link);

		if (r < 0 && !link->failed)
			set_reason(link, "no connection", strerror(-r));
	} else if (link->phase == PHASE_CONNECTING) {
		end_connect(link);
	} else if (link->client != NULL) {
		serve(link);
	}
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
	r = mosquitto_publish_v5(link->client, &mid, topic, (int)strlen(json), json, 1, false, NULL);
	if (r == MOSQ_ERR_NOMEM)
		return -ENOMEM;
	if (r != MOSQ_ERR_SUCCESS)
		return r == MOSQ_ERR_NO_CONN || r == MOSQ_ERR_CONN_LOST || r == MOSQ_ERR_ERRNO ? -ENOTCONN
											       : -EINVAL;
	*flight = (struct flight){.mid = mid, .seq = seq};
	link->in_flight++;
	set_watch(link, mosquitto_want_write(link->client));
	return 0;
}

static struct state *find_state(struct link *link, const char *rest)
{
	struct state *unused = NULL;

	for (size_t i = 0; i < LINK_STATES_MAX; i++) {
		if (link->states[i].rest != NULL && strcmp(link->states[i].rest, rest) == 0)
			return &link->states[i];
		if (link->states[i].rest == NULL && unused == NULL)
			unused = &link->states[i];
	}
	return unused;
}

int link_publish_state(struct link *link, const char *what, const char *name, const json_t *json)
{
	char rest[TOPIC_BYTES], *payload = json != NULL ? json_text(json) : NULL;
	struct state *state;

	snprintf(rest, sizeof(rest), "state/%s/%s", what, name);
	state = find_state(link, rest);
	if (json != NULL && payload == NULL)
		return -ENOMEM;
	if (state == NULL) {
		free(payload);
		return -ENOSPC;
	}
	if (state->rest == NULL)
		state->rest = strdup(rest);
	free(state->payload);
	state->payload = payload;
	if (state->rest == NULL)
		return -ENOMEM;
	if (link_is_up(link)) {
		publish_state(link, state);
		set_watch(link, mosquitto_want_write(link->client));
	}
	return 0;
}

void link_publish_health(struct link *link, const json_t *health)
{
	char *text = link_is_up(link) ? json_text(health) : NULL;

	if (text == NULL)
		return;
	publish(link, "health", text, strlen(text), 0, false);
	set_watch(link, mosquitto_want_write(link->client));
	free(text);
}

void link_reply(struct link *link, const char *topic, const void *correlation, size_t correlation_bytes,
		const json_t *reply)
{
	char *text = link_is_up(link) ? json_text(reply) : NULL;
	mosquitto_property *properties = NULL;

	if (text == NULL)
		return;
	if (correlation_bytes > 0)
		(void)mosquitto_property_add_binary(&properties, MQTT_PROP_CORRELATION_DATA, correlation,
						    (uint16_t)correlation_bytes);
	(void)mosquitto_publish_v5(link->client, NULL, topic, (int)strlen(text), text, 1, false, properties);
	set_watch(link, mosquitto_want_write(link->client));
	mosquitto_property_free_all(&properties);
	free(text);
}

static void abandon(struct attempt *attempt)
{
	bool done;

	pthread_mutex_lock(&attempt->lock);
	attempt->abandoned = true;
	done = attempt->done;
	pthread_mutex_unlock(&attempt->lock);
	if (done)
		attempt_free(attempt);
}

void link_close(struct link *link)
{
	if (link == NULL)
		return;
	/* the broker sends the will itself: a message of ours would queue behind a full window and never leave */
	if (link_is_up(link))
		mosquitto_disconnect_v5(link->client, MQTT_RC_DISCONNECT_WITH_WILL_MSG, NULL);
	drop_client(link);
	if (link->attempt != NULL)
		abandon(link->attempt);
	for (size_t i = 0; i < LINK_STATES_MAX; i++) {
		free(link->states[i].rest);
		free(link->states[i].payload);
	}
	if (link->epoll_fd >= 0)
		close(link->epoll_fd);
	if (link->wake_fd >= 0)
		close(link->wake_fd);
	free(link);
}
