/* The property part: the connection in the control loop, outages, retained states and health. */
#include "property_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum {
	HEALTH_MS = 60000,
	KEEPALIVE_S = 30, /* a dead connection is detected within 1.5 times this */
	RECONNECT_MIN_MS = 500,
	RECONNECT_MAX_MS = 30000,
};

_Static_assert((int)LINK_BROKERS_MAX >= (int)CONFIG_BROKERS_MAX, "every broker of the config fits");

/* ---- callbacks of the link ---- */

static void on_connected(void *arg, bool up, const struct problem *reason)
{
	struct property *property = arg;

	property->reason = *reason;
	if (!up && property->down_since_ms == 0)
		property->down_since_ms = clock_mono_ms();
	outbox_connected(property);
}

/*
 * Only an acknowledgement ends an outage: a broker may accept connections and refuse every event.
 */
static void end_outage(struct property *property)
{
	if (property->lost_recorded)
		journal_record(property->deps.journal, "link.restored", EVENT_INFO, "mqtt", NULL,
			       json_pack("{s:I}", "outage_s",
					 (json_int_t)((clock_mono_ms() - property->down_since_ms) /
						      1000)));
	property->lost_recorded = false;
	property->down_since_ms = 0;
}

static uint64_t outage_due_ms(const struct property *property)
{
	return property->down_since_ms + (uint64_t)property->deps.config->mqtt.lost_after_s * 1000;
}

static void record_outage(struct property *property)
{
	if (property->lost_recorded || property->down_since_ms == 0 ||
	    clock_mono_ms() < outage_due_ms(property))
		return;
	if (link_is_up(property->link) &&
	    !outbox_is_behind(property)) { /* connected again, and nothing to acknowledge */
		property->down_since_ms = 0;
		return;
	}
	property->lost_recorded = true;
	journal_record(property->deps.journal, "link.lost", EVENT_WARNING, "mqtt", NULL,
		       json_pack("{s:s, s:o*}", "reason", property->reason.detail, "problem",
				 problem_json(&property->reason)));
}

static void on_acked(void *arg, int64_t seq)
{
	end_outage(arg);
	outbox_acknowledged(arg, seq);
}

static void on_command(void *arg, const struct link_command *from)
{
	commands_receive(arg, from);
}

/* ---- publishing ---- */

void property_event(struct property *property)
{
	assert_thread(THREAD_CONTROL);
	outbox_pump(property);
}

void property_ready(struct property *property)
{
	assert_thread(THREAD_CONTROL);
	outbox_ready(property);
}

static void publish_state(void *arg, const char *what, const char *name, json_t *state)
{
	struct property *property = arg;
	int r = link_publish_state(property->link, what, name, state);

	if (r < 0)
		log_warning("mqtt", "state/%s/%s is not published: %s", what, name, strerror(-r));
}

void property_states_complete(struct property *property)
{
	link_states_complete(property->link);
}

json_t *property_json(const struct property *property)
{
	if (property == NULL)
		return json_pack("{s:s}", "state", "off");
	return json_pack("{s:s, s:s, s:o*, s:I, s:I, s:I}", "state",
			 link_is_up(property->link) ? "connected" : "disconnected", "reason",
			 property->reason.detail, "problem", problem_json(&property->reason),
			 "acknowledged", (json_int_t)property->outbox.cursor, "refused_commands",
			 (json_int_t)property->refused, "dropped_commands",
			 (json_int_t)property->dropped);
}

static void publish_health(struct property *property)
{
	const struct property_deps *deps = &property->deps;
	const struct store *store = journal_store(deps->journal);
	json_t *health = json_pack("{s:I, s:o, s:I, s:I, s:b}", "uptime_s",
				   (json_int_t)((clock_mono_us() - deps->started_us) / 1000000),
				   "cameras", deps->cameras(deps->arg), "last_seq",
				   (json_int_t)(store != NULL ? store_last_seq(store) : 0),
				   "acknowledged", (json_int_t)property->outbox.cursor,
				   "storage_failed", journal_trouble(deps->journal)[0] != '\0');

	link_publish_health(property->link, health);
	json_decref(health);
}

/* ---- in the loop ---- */

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct property *property = arg;

	(void)source, (void)fd, (void)revents;
	link_dispatch(property->link);
	return 0;
}

static int on_time(sd_event_source *source, uint64_t usec, void *arg)
{
	struct property *property = arg;

	(void)source, (void)usec;
	link_dispatch(property->link);
	outbox_pump(property);
	requests_tick(property);
	orders_tick(property);
	record_outage(property);
	if (clock_mono_ms() >= property->health_at_ms) {
		property->health_at_ms = clock_mono_ms() + HEALTH_MS;
		publish_health(property);
	}
	return 0;
}

/* Any handler may send something and move the deadline, so it is computed before each wait. */
static int on_prepare(sd_event_source *source, void *arg)
{
	struct property *property = arg;
	uint64_t due_ms = link_deadline_ms(property->link);

	(void)source;
	if (due_ms > property->health_at_ms)
		due_ms = property->health_at_ms;
	if (due_ms > orders_due_ms(property))
		due_ms = orders_due_ms(property);
	if (!property->lost_recorded && property->down_since_ms != 0 &&
	    due_ms > outage_due_ms(property))
		due_ms = outage_due_ms(property);
	sd_event_source_set_time(property->timer, due_ms * 1000);
	sd_event_source_set_enabled(property->timer, SD_EVENT_ONESHOT);
	return 0;
}

static int open_link(struct property *property)
{
	static const struct link_ops ops = {
		.connected = on_connected, .acked = on_acked, .command = on_command};
	const struct config_mqtt *from = &property->deps.config->mqtt;
	struct link_config config = {.broker_count = from->broker_count,
				     .username = from->username,
				     .password_file = from->password_file,
				     .ca_file = from->ca_file,
				     .cert_file = from->cert_file,
				     .key_file = from->key_file,
				     .site = property->deps.config->site,
				     .gate = property->deps.config->gate,
				     .version = GH_VERSION,
				     .keepalive_s = KEEPALIVE_S,
				     .window = PROPERTY_WINDOW,
				     .reconnect_min_ms = RECONNECT_MIN_MS,
				     .reconnect_max_ms = RECONNECT_MAX_MS};

	for (size_t i = 0; i < from->broker_count; i++)
		config.brokers[i] =
			(struct link_broker){from->brokers[i].host, from->brokers[i].port};
	return link_open(&config, &ops, property, &property->link);
}

int property_open(const struct property_deps *deps, struct property **ret_property)
{
	struct property *property;
	int r;

	assert_thread(THREAD_CONTROL);
	assert(deps->config != NULL && deps->event != NULL && deps->journal != NULL &&
	       deps->directory != NULL && deps->cameras != NULL);
	assert(deps->command_count == 0 || deps->commands != NULL);
	if (deps->config->mqtt.broker_count == 0)
		return 0;
	property = calloc(1, sizeof(*property));
	if (property == NULL)
		return -ENOMEM;
	property->deps = *deps;
	outbox_init(&property->outbox, 0, PROPERTY_WINDOW);
	requests_init(property);
	r = open_link(property);
	if (r >= 0)
		r = sd_event_add_io(deps->event, &property->io, link_fd(property->link), EPOLLIN,
				    on_io, property);
	if (r >= 0)
		r = sd_event_add_time(deps->event, &property->timer, CLOCK_MONOTONIC, 0, 1000,
				      on_time, property);
	if (r >= 0)
		r = sd_event_source_set_prepare(property->io, on_prepare);
	if (r < 0) {
		log_error("mqtt", "the link did not start: %s", strerror(-r));
		property_close(property);
		return r;
	}
	journal_on_state(deps->journal, publish_state, property);
	r = discovery_publish(property);
	if (r < 0)
		log_warning("mqtt", "the discovery message for Home Assistant is not published: %s",
			    strerror(-r));
	*ret_property = property;
	return 0;
}

void property_close(struct property *property)
{
	assert_thread(THREAD_CONTROL);
	if (property == NULL)
		return;
	journal_on_state(property->deps.journal, NULL, NULL);
	sd_event_source_disable_unref(property->timer);
	sd_event_source_disable_unref(property->io);
	link_close(property->link);
	free(property);
}
