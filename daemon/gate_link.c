/*
 * The link's seam: committed events go out in order as the broker takes them, signed commands come in.
 */
#include "gate_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "daemon/crypto.h"
#include "mqtt/command.h"
#include "mqtt/link.h"
#include "mqtt/outbox.h"
#include "mqtt/topics.h"

enum {
	HEALTH_MS = 60000,
	CLOCK_SKEW_MS = 300000, /* a command may expire at most this far in the future */
	RECONNECT_MIN_MS = 500,
	RECONNECT_MAX_MS = 30000,
	PENDING_COMMANDS_MAX = 16,
};

_Static_assert((int)LINK_BROKERS_MAX > (int)CONFIG_FALLBACKS_MAX, "host and its fallbacks");

static const char cursor_name[] = "mqtt";

/* who asked, until the door has moved */
struct asker {
	bool used;
	char topic[TOPIC_BYTES];
	unsigned char correlation[LINK_CORRELATION_BYTES_MAX];
	size_t correlation_bytes;
	char id[COMMAND_ID_BYTES];
};

struct gate_link {
	struct gate *gate;
	struct link *link;
	struct outbox outbox;
	bool log_ready, fetching;
	uint32_t generation; /* of the connection: rows fetched for an earlier one are stale */
	int64_t connected_unix_ms;
	sd_event_source *io, *timer;
	uint64_t health_at_ms;
	uint64_t refused; /* commands, since the start */
	struct asker askers[PENDING_COMMANDS_MAX];
	char reason[LINK_REASON_BYTES];
};

/* ---- events out ---- */

struct fetch {
	struct gate *gate;
	uint32_t generation;
};

static void pump(struct gate_link *l);

static int send_row(struct gate_link *l, const struct event_row *row)
{
	bool late = row->unix_ms < l->connected_unix_ms;
	char *text = NULL;
	int r;

	if (row->json == NULL)
		return -ENOMEM;
	if (late && asprintf(&text, "%.*s,\"historical\":true}", (int)strlen(row->json) - 1, row->json) < 0)
		return -ENOMEM;
	r = link_publish_event(l->link, row->seq, row->type, late ? text : row->json);
	free(text);
	if (r == -EINVAL) {
		/* it can never be sent (larger than this broker takes): it stays in the log, and holds up no other */
		log_error("mqtt", "event %lld cannot be published to this broker: it is in the log only",
			  (long long)row->seq);
		r = outbox_sent(&l->outbox, row->seq);
		(void)outbox_acked(&l->outbox, row->seq);
		return r;
	}
	return r < 0 ? r : outbox_sent(&l->outbox, row->seq);
}

static void on_rows(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct fetch *fetch = arg;
	struct gate_link *l = fetch->gate->link;
	bool current = l != NULL && l->generation == fetch->generation;

	free(fetch);
	if (!current)
		return;
	l->fetching = false;
	if (r < 0)
		log_warning("mqtt", "the log cannot be read for sending: %s, retrying", strerror(-r));
	for (size_t i = 0; i < count; i++) {
		if (rows[i].seq <= l->outbox.sent)
			continue;
		/* retention may have dropped a prefix of the log: what is gone cannot be sent */
		if (i == 0 && rows[i].seq > l->outbox.sent + 1 && l->outbox.sent == l->outbox.cursor) {
			log_warning("mqtt", "events %lld to %lld are no longer in the log: not sent",
				    (long long)l->outbox.sent + 1, (long long)rows[i].seq - 1);
			outbox_init(&l->outbox, rows[i].seq - 1, l->outbox.window);
		}
		if (send_row(l, &rows[i]) < 0)
			return; /* window full, connection gone or no memory: asked for again when that changes */
	}
	if (r == 0)
		pump(l);
}

static void pump(struct gate_link *l)
{
	struct fetch *fetch;
	unsigned room;

	if (!l->log_ready || l->fetching || !link_is_up(l->link) || l->gate->store == NULL)
		return;
	room = outbox_room(&l->outbox, store_last_seq(l->gate->store));
	/* half a window at a time: a query for each acknowledged event would cost more than the sending */
	if (room == 0 ||
	    (room < l->outbox.window / 2 && l->outbox.sent + room < store_last_seq(l->gate->store)))
		return;
	fetch = malloc(sizeof(*fetch));
	if (fetch == NULL)
		return;
	*fetch = (struct fetch){.gate = l->gate, .generation = l->generation};
	l->fetching = true;
	if (store_fetch_outbox(l->gate->store, l->outbox.sent, room, on_rows, fetch) < 0) {
		l->fetching = false; /* too many questions at once: the timer asks again */
		free(fetch);
	}
}

void gate_link_event(struct gate *gate, int64_t seq)
{
	(void)seq;
	if (gate->link != NULL)
		pump(gate->link);
}

void gate_link_ready(struct gate *gate)
{
	struct gate_link *l = gate->link;

	if (l == NULL)
		return;
	l->log_ready = true;
	outbox_init(&l->outbox, store_cursor_get(gate->store, cursor_name), gate->config->mqtt.window);
	pump(l);
}

static void on_acked(void *arg, int64_t seq)
{
	struct gate_link *l = arg;

	if (outbox_acked(&l->outbox, seq) && l->gate->store != NULL)
		(void)store_cursor_set(l->gate->store, cursor_name,
				       l->outbox.cursor); /* one name: it always fits */
	pump(l);
}

static void on_connected(void *arg, bool up, const char *reason)
{
	struct gate_link *l = arg;

	snprintf(l->reason, sizeof(l->reason), "%s", reason);
	l->generation++;
	l->fetching = false;
	l->connected_unix_ms = clock_unix_ms();
	outbox_rewind(&l->outbox);
	if (up)
		pump(l);
}

/* ---- commands in ---- */

static const struct config_key *find_key(const struct config_mqtt *mqtt, const char *id)
{
	for (size_t i = 0; i < mqtt->key_count; i++)
		if (strcmp(mqtt->keys[i].id, id) == 0)
			return &mqtt->keys[i];
	return NULL;
}

static bool may_command(const struct config_key *key, const char *name)
{
	for (size_t i = 0; i < key->command_count; i++)
		if (strcmp(key->commands[i], name) == 0)
			return true;
	return false;
}

static bool may_open(const struct config_key *key, const char *door)
{
	for (size_t i = 0; i < key->door_count; i++)
		if (strcmp(key->doors[i], door) == 0)
			return true;
	return key->door_count == 0;
}

static void reply_to(struct gate_link *l, const struct link_command *from, json_t *reply)
{
	if (from->answer_topic != NULL)
		link_reply(l->link, from->answer_topic, from->correlation, from->correlation_bytes, reply);
	json_decref(reply);
}

static void refuse(struct gate_link *l, const struct link_command *from, const char *id, const char *code,
		   const char *message)
{
	l->refused++;
	gate_record(l->gate, "command.refused", EVENT_WARNING, "mqtt", NULL,
		    json_pack("{s:s, s:s, s:s, s:s}", "command", from->name, "id", id, "code", code, "reason",
			      message));
	reply_to(l, from, command_reply_error(id, code, message));
}

static bool signature_is_good(const struct config_key *key, const struct command *command)
{
	uint8_t signature[CRYPTO_SIGNATURE_BYTES];

	return crypto_unbase64(command->signature, signature, sizeof(signature)) == 0 &&
	       crypto_verify(key->public_key, command->signed_text, command->signed_bytes, signature);
}

/* The order matters: nothing is told to whom the signature has not proved. @return the key or NULL: refused. */
static const struct config_key *check(struct gate_link *l, const struct link_command *from,
				      const struct command *command)
{
	const struct config_key *key = find_key(&l->gate->config->mqtt, command->key);
	int64_t now = clock_unix_ms();
	const char *code = NULL, *message = NULL;

	if (key == NULL || !signature_is_good(key, command)) {
		code = "unauthenticated";
		message = "no key of this gate signed this command";
	} else if (command->expires_unix_ms <= now) {
		code = "expired";
		message = "the command came after its time, or the clocks differ";
	} else if (command->expires_unix_ms > now + CLOCK_SKEW_MS) {
		code = "invalid";
		message = "expires: at most five minutes ahead";
	} else if (l->gate->store == NULL || !l->log_ready) {
		code = "unavailable";
		message = "the log is not ready: nonces cannot be checked";
	} else if (command->nonce <= store_nonce_get(l->gate->store, key->id)) {
		code = "replayed";
		message = "nonce: must rise with each command of a key";
	} else if (!may_command(key, from->name)) {
		code = "forbidden";
		message = "this key may not give this command";
	}
	if (code == NULL)
		return key;
	refuse(l, from, command->id, code, message);
	return NULL;
}

static void answer_command(struct gate *gate, const struct gate_reply *to, int r, const char *problem,
			   json_t *result)
{
	struct asker *asker = to->command;
	json_t *reply;

	if (r == 0)
		reply = command_reply_ok(asker->id, result);
	else
		reply = command_reply_error(asker->id, r == -EPERM ? "denied" : "failed",
					    problem != NULL ? problem : strerror(-r));
	if (gate->link != NULL && asker->topic[0] != '\0')
		link_reply(gate->link->link, asker->topic, asker->correlation, asker->correlation_bytes,
			   reply);
	json_decref(reply);
	asker->used = false;
}

static struct asker *take_asker(struct gate_link *l, const struct link_command *from, const char *id)
{
	for (size_t i = 0; i < PENDING_COMMANDS_MAX; i++) {
		struct asker *asker = &l->askers[i];

		if (asker->used)
			continue;
		*asker = (struct asker){.used = true, .correlation_bytes = from->correlation_bytes};
		snprintf(asker->id, sizeof(asker->id), "%s", id);
		if (from->answer_topic != NULL)
			snprintf(asker->topic, sizeof(asker->topic), "%s", from->answer_topic);
		if (from->correlation_bytes > 0)
			memcpy(asker->correlation, from->correlation, from->correlation_bytes);
		return asker;
	}
	return NULL;
}

static void run_door_open(struct gate_link *l, const struct link_command *from, const struct command *command,
			  const struct config_key *key)
{
	static const char *const known[] = {"door", NULL};
	char error[JSON_ERROR_BYTES] = "door: missing";
	struct gate_entry_request request = {.factor = POLICY_REMOTE,
					     .first_mono_us = clock_mono_us(),
					     .nonce_key = key->id,
					     .nonce = command->nonce};
	const char *door = NULL;
	struct asker *asker;

	if (json_only_known(command->body, known, error) < 0 ||
	    json_get_string(command->body, "door", CONFIG_NAME_BYTES, &door, error) < 0 || door == NULL) {
		refuse(l, from, command->id, "invalid", error);
		return;
	}
	request.door = gate_door_find(l->gate, door);
	if (request.door == NULL) {
		refuse(l, from, command->id, "invalid", "door: there is no such door at this gate");
		return;
	}
	if (!may_open(key, door)) {
		refuse(l, from, command->id, "forbidden", "this key may not open this door");
		return;
	}
	asker = take_asker(l, from, command->id);
	if (asker == NULL) {
		refuse(l, from, command->id, "busy", "too many commands at once");
		return;
	}
	request.reply = (struct gate_reply){.answer = answer_command, .command = asker};
	request.data = json_pack("{s:s, s:s, s:s}", "by", "mqtt", "key", key->id, "command", command->id);
	gate_entry_ask(l->gate, &request);
}

struct pinged {
	struct gate *gate;
	struct asker *asker;
};

static void on_ping_recorded(void *arg, int r, const struct event_row *row)
{
	struct pinged *pinged = arg;
	const struct gate_reply reply = {.command = pinged->asker};
	char now[CLOCK_UTC_BYTES];

	(void)row;
	clock_format_utc(clock_unix_ms(), now);
	if (pinged->gate->link != NULL) /* else the asker is gone with it */
		answer_command(pinged->gate, &reply, r, NULL,
			       r == 0 ? json_pack("{s:s, s:s}", "time", now, "version", GH_VERSION) : NULL);
	free(pinged);
}

/* Answered once its nonce is on disk: a ping that was answered can never be played again. */
static void run_ping(struct gate_link *l, const struct link_command *from, const struct command *command,
		     const struct config_key *key)
{
	struct pinged *pinged = malloc(sizeof(*pinged));
	struct asker *asker = pinged != NULL ? take_asker(l, from, command->id) : NULL;
	struct event_draft draft = {
		.type = "command.accepted", .source = "mqtt", .nonce_key = key->id, .nonce = command->nonce};
	int r;

	if (asker == NULL) {
		free(pinged);
		refuse(l, from, command->id, "busy", "too many commands at once");
		return;
	}
	*pinged = (struct pinged){.gate = l->gate, .asker = asker};
	draft.data = json_pack("{s:s, s:s, s:s}", "command", from->name, "id", command->id, "key", key->id);
	r = gate_record_draft(l->gate, &draft, on_ping_recorded, pinged);
	json_decref(draft.data);
	if (r < 0)
		on_ping_recorded(pinged, r, NULL);
}

static void on_command(void *arg, const struct link_command *from)
{
	static const struct {
		const char *name;
		void (*run)(struct gate_link *, const struct link_command *, const struct command *,
			    const struct config_key *);
	} commands[] = {{"door.open", run_door_open}, {"ping", run_ping}};
	char error[COMMAND_ERROR_BYTES] = "the payload is too large";
	struct gate_link *l = arg;
	struct command command = {0};
	const struct config_key *key = NULL;
	size_t i = 0;

	if (from->retained) {
		refuse(l, from, "", "invalid", "a retained message is no command");
		return;
	}
	if (from->payload == NULL ||
	    command_parse(from->topic, from->payload, from->bytes, &command, error) < 0)
		refuse(l, from, command.id, "invalid", error);
	else
		key = check(l, from, &command);
	while (key != NULL && i < sizeof(commands) / sizeof(commands[0]) &&
	       strcmp(commands[i].name, from->name) != 0)
		i++;
	if (key != NULL && i < sizeof(commands) / sizeof(commands[0]))
		commands[i].run(l, from, &command, key);
	else if (key != NULL)
		refuse(l, from, command.id, "unknown", "there is no such command");
	command_finish(&command);
}

/* ---- state and health ---- */

void gate_link_state(struct gate *gate, const char *what, const char *name, json_t *state)
{
	int r = gate->link != NULL ? link_publish_state(gate->link->link, what, name, state) : 0;

	if (r < 0)
		log_warning("mqtt", "state/%s/%s is not published: %s", what, name, strerror(-r));
	json_decref(state);
}

json_t *gate_link_json(struct gate *gate)
{
	struct gate_link *l = gate->link;

	if (l == NULL)
		return json_pack("{s:s}", "state", "off");
	return json_pack("{s:s, s:s, s:I, s:I}", "state", link_is_up(l->link) ? "connected" : "disconnected",
			 "reason", l->reason, "acknowledged", (json_int_t)l->outbox.cursor,
			 "refused_commands", (json_int_t)l->refused);
}

static void publish_health(struct gate_link *l)
{
	struct gate *gate = l->gate;
	json_t *health =
		json_pack("{s:I, s:o, s:I, s:I, s:b}", "uptime_s",
			  (json_int_t)((clock_mono_us() - gate->started_us) / 1000000), "cameras",
			  gate_cameras_json(gate), "last_seq",
			  (json_int_t)(gate->store != NULL ? store_last_seq(gate->store) : 0), "acknowledged",
			  (json_int_t)l->outbox.cursor, "storage_failed", gate->store_trouble[0] != '\0');

	link_publish_health(l->link, health);
	json_decref(health);
}

/* ---- in the loop ---- */

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate_link *l = arg;

	(void)source, (void)fd, (void)revents;
	link_dispatch(l->link);
	return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *arg)
{
	struct gate_link *l = arg;

	(void)source, (void)usec;
	link_dispatch(l->link);
	pump(l);
	if (clock_mono_ms() >= l->health_at_ms) {
		l->health_at_ms = clock_mono_ms() + HEALTH_MS;
		publish_health(l);
	}
	return 0;
}

/* what is sent from anywhere may move the deadline, so it is looked at before each sleep */
static int on_prepare(sd_event_source *source, void *arg)
{
	struct gate_link *l = arg;
	uint64_t due_ms = link_deadline_ms(l->link);

	(void)source;
	if (due_ms > l->health_at_ms)
		due_ms = l->health_at_ms;
	sd_event_source_set_time(l->timer, due_ms * 1000);
	sd_event_source_set_enabled(l->timer, SD_EVENT_ONESHOT);
	return 0;
}

static int open_link(struct gate_link *l)
{
	static const struct link_ops ops = {
		.connected = on_connected, .acked = on_acked, .command = on_command};
	const struct config_mqtt *from = &l->gate->config->mqtt;
	struct link_config config = {.brokers = {{from->host, from->port}},
				     .broker_count = 1 + from->fallback_count,
				     .username = from->username,
				     .password_file = from->password_file,
				     .ca_file = from->ca_file,
				     .cert_file = from->cert_file,
				     .key_file = from->key_file,
				     .site = l->gate->config->site,
				     .gate = l->gate->config->gate,
				     .version = GH_VERSION,
				     .keepalive_s = from->keepalive_s,
				     .window = from->window,
				     .reconnect_min_ms = RECONNECT_MIN_MS,
				     .reconnect_max_ms = RECONNECT_MAX_MS};

	for (size_t i = 0; i < from->fallback_count; i++)
		config.brokers[i + 1] =
			(struct link_broker){from->fallbacks[i].host, from->fallbacks[i].port};
	return link_open(&config, &ops, l, &l->link);
}

int gate_link_open(struct gate *gate)
{
	struct gate_link *l;
	int r;

	if (!gate->config->mqtt.enabled)
		return 0;
	l = calloc(1, sizeof(*l));
	if (l == NULL)
		return -ENOMEM;
	l->gate = gate;
	outbox_init(&l->outbox, 0, gate->config->mqtt.window);
	r = open_link(l);
	if (r >= 0)
		r = sd_event_add_io(gate->event, &l->io, link_fd(l->link), EPOLLIN, on_io, l);
	if (r >= 0)
		r = sd_event_add_time(gate->event, &l->timer, CLOCK_MONOTONIC, 0, 1000, on_time, l);
	if (r >= 0)
		r = sd_event_source_set_prepare(l->io, on_prepare);
	gate->link = l;
	if (r < 0) {
		log_error("mqtt", "the link did not start: %s", strerror(-r));
		gate_link_close(gate);
		return r;
	}
	for (size_t i = 0; i < gate->door_count; i++)
		gate_link_state(gate, "door", gate->doors[i].config->name, gate_door_state(&gate->doors[i]));
	return 0;
}

void gate_link_close(struct gate *gate)
{
	struct gate_link *l = gate->link;

	if (l == NULL)
		return;
	gate->link = NULL;
	sd_event_source_disable_unref(l->timer);
	sd_event_source_disable_unref(l->io);
	link_close(l->link);
	free(l);
}
