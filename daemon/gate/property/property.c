/*
 * The link's seam: the connection to the broker in our loop, retained states, health.
 */
#include "property_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	HEALTH_MS = 60000,
	RECONNECT_MIN_MS = 500,
	RECONNECT_MAX_MS = 30000,
};

_Static_assert((int)LINK_BROKERS_MAX > (int)CONFIG_FALLBACKS_MAX, "host and its fallbacks");

/* ---- what the link tells ---- */

static void on_connected(void *arg, bool up, const char *reason)
{
	struct gate_link *l = arg;

	snprintf(l->reason, sizeof(l->reason), "%s", reason);
	if (!up && l->down_since_ms == 0)
		l->down_since_ms = clock_mono_ms();
	gate_outbox_connected(l);
}

/* A broker that connects and refuses every event is as good as none: only an acknowledgement ends an outage. */
static void end_outage(struct gate_link *l)
{
	if (l->lost_told)
		journal_record(l->gate->journal, "link.restored", EVENT_INFO, "mqtt", NULL,
			       json_pack("{s:I}", "outage_s",
					 (json_int_t)((clock_mono_ms() - l->down_since_ms) / 1000)));
	l->lost_told = false;
	l->down_since_ms = 0;
}

static uint64_t outage_due_ms(const struct gate_link *l)
{
	return l->down_since_ms + (uint64_t)l->gate->config->mqtt.lost_after_s * 1000;
}

static void tell_outage(struct gate_link *l)
{
	if (l->lost_told || l->down_since_ms == 0 || clock_mono_ms() < outage_due_ms(l))
		return;
	if (link_is_up(l->link) && !gate_outbox_waits(l)) { /* up again, and nothing to be acknowledged */
		l->down_since_ms = 0;
		return;
	}
	l->lost_told = true;
	journal_record(l->gate->journal, "link.lost", EVENT_WARNING, "mqtt", NULL,
		       json_pack("{s:s}", "reason", l->reason));
}

static void on_acked(void *arg, int64_t seq)
{
	end_outage(arg);
	gate_outbox_acked(arg, seq);
}

static void on_command(void *arg, const struct link_command *from)
{
	gate_commands_take(arg, from);
}

/* ---- what the gate tells ---- */

void gate_link_event(struct gate *gate, int64_t seq)
{
	(void)seq;
	if (gate->link != NULL)
		gate_outbox_pump(gate->link);
}

void gate_link_ready(struct gate *gate)
{
	if (gate->link != NULL)
		gate_outbox_ready(gate->link);
}

static void publish_state(void *arg, const char *what, const char *name, json_t *state)
{
	struct gate_link *l = arg;
	int r = link_publish_state(l->link, what, name, state);

	if (r < 0)
		log_warning("mqtt", "state/%s/%s is not published: %s", what, name, strerror(-r));
}

void gate_link_states_told(struct gate *gate)
{
	if (gate->link == NULL)
		return;
	link_states_complete(gate->link->link);
}

json_t *gate_link_json(struct gate *gate)
{
	struct gate_link *l = gate->link;

	if (l == NULL)
		return json_pack("{s:s}", "state", "off");
	return json_pack("{s:s, s:s, s:I, s:I, s:I}", "state",
			 link_is_up(l->link) ? "connected" : "disconnected", "reason", l->reason,
			 "acknowledged", (json_int_t)l->outbox.cursor, "refused_commands",
			 (json_int_t)l->refused, "dropped_commands", (json_int_t)l->dropped);
}

static void publish_health(struct gate_link *l)
{
	struct gate *gate = l->gate;
	json_t *health = json_pack("{s:I, s:o, s:I, s:I, s:b}", "uptime_s",
				   (json_int_t)((clock_mono_us() - gate->started_us) / 1000000), "cameras",
				   gate_cameras_json(gate), "last_seq",
				   (json_int_t)(journal_store(gate->journal) != NULL
							? store_last_seq(journal_store(gate->journal))
							: 0),
				   "acknowledged", (json_int_t)l->outbox.cursor, "storage_failed",
				   journal_trouble(gate->journal)[0] != '\0');

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
	gate_outbox_pump(l);
	gate_commands_tick(l);
	gate_orders_tick(l);
	tell_outage(l);
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
	if (due_ms > gate_orders_due_ms(l))
		due_ms = gate_orders_due_ms(l);
	if (!l->lost_told && l->down_since_ms != 0 && due_ms > outage_due_ms(l))
		due_ms = outage_due_ms(l);
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
	gate_commands_init(l);
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
	journal_on_state(gate->journal, publish_state, l);
	doors_publish(gate->doors);
	r = gate_discovery_publish(l);
	if (r < 0)
		log_warning("mqtt", "the gate is not introduced to Home Assistant: %s", strerror(-r));
	return 0;
}

void gate_link_close(struct gate *gate)
{
	struct gate_link *l = gate->link;

	if (l == NULL)
		return;
	gate->link = NULL;
	journal_on_state(gate->journal, NULL, NULL);
	sd_event_source_disable_unref(l->timer);
	sd_event_source_disable_unref(l->io);
	link_close(l->link);
	free(l);
}
