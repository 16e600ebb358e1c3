/*
 * The log is the outbox: committed events are sent in order of seq as fast as the broker
 * acknowledges them. Parts of the log are sent again on request (events.replay).
 */
#include "property_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

enum { REPLAY_ROWS = 32 };

static const char cursor_name[] = "mqtt";

/*
 * The event as it is sent: a late one is marked as historical, and the person's name is added where
 * the site shares names. The caller frees it; NULL: no memory.
 */
static char *row_text(struct property *property, const struct event_row *row, const char *replay_id)
{
	bool late = replay_id != NULL || row->unix_ms < property->connected_unix_ms;
	const struct roster_person *person =
		property->deps.config->mqtt.share.names
			? roster_find(property->deps.directory->people, row->person)
			: NULL;
	json_t *event;
	char *text;

	if (row->json == NULL)
		return NULL;
	if (!late && person == NULL)
		return strdup(row->json);
	event = json_loads(row->json, 0, NULL);
	if (person != NULL)
		json_object_set_new(event, "person_name", json_string(person->name));
	if (late)
		json_object_set_new(event, "historical", json_true());
	if (replay_id != NULL)
		json_object_set_new(event, "replay", json_string(replay_id));
	text = event != NULL ? json_text(event) : NULL;
	json_decref(event);
	return text;
}

/* ---- new events ---- */

struct fetch {
	struct property *property;
	uint32_t generation;
};

static int send_row(struct property *property, const struct event_row *row)
{
	char *text = row_text(property, row, NULL);
	int r = text != NULL ? link_publish_event(property->link, row->seq, row->type, text)
			     : -ENOMEM;

	free(text);
	if (r == -EINVAL) {
		/* larger than this broker accepts: it stays in the log and does not delay others */
		log_error("mqtt",
			  "event %lld cannot be published to this broker: it is in the log only",
			  (long long)row->seq);
		/* no event about an event of this type, which may be refused, too */
		if (strcmp(row->type, "link.unsendable") != 0)
			journal_record(property->deps.journal, "link.unsendable", EVENT_ALARM,
				       "mqtt", NULL,
				       json_pack("{s:I, s:s}", "seq", (json_int_t)row->seq, "type",
						 row->type));
		r = outbox_sent(&property->outbox, row->seq);
		(void)outbox_acked(&property->outbox, row->seq);
		return r;
	}
	return r < 0 ? r : outbox_sent(&property->outbox, row->seq);
}

static void on_rows(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct fetch *fetch = arg;
	struct property *property = fetch->property;
	bool current = property->generation == fetch->generation;

	free(fetch);
	if (!current)
		return;
	property->fetching = false;
	if (r < 0)
		log_warning("mqtt", "the log cannot be read for sending: %s, retrying",
			    strerror(-r));
	for (size_t i = 0; i < count; i++) {
		if (rows[i].seq <= property->outbox.sent)
			continue;
		/* retention may have deleted a prefix of the log, which cannot be sent any more */
		if (i == 0 && rows[i].seq > property->outbox.sent + 1 &&
		    property->outbox.sent == property->outbox.cursor) {
			log_warning(
				"mqtt", "events %lld to %lld are no longer in the log: not sent",
				(long long)property->outbox.sent + 1, (long long)rows[i].seq - 1);
			outbox_init(&property->outbox, rows[i].seq - 1, property->outbox.window);
		}
		/* the window is full, the link down or memory short: fetched again later */
		if (send_row(property, &rows[i]) < 0)
			return;
	}
	if (r == 0)
		outbox_pump(property);
}

static void pump_log(struct property *property)
{
	struct store *store = journal_store(property->deps.journal);
	unsigned room = outbox_room(&property->outbox, store_last_seq(store)),
		 window = link_room(property->link);
	struct fetch *fetch;

	if (room > window)
		room = window; /* unacknowledged events of a replay use the window, too */
	/* half a window at a time: one query for each acknowledged event would be too slow */
	if (room == 0 || (room < property->outbox.window / 2 &&
			  property->outbox.sent + room < store_last_seq(store)))
		return;
	fetch = malloc(sizeof(*fetch));
	if (fetch == NULL)
		return;
	*fetch = (struct fetch){.property = property, .generation = property->generation};
	property->fetching = true;
	if (store_fetch_outbox(store, property->outbox.sent, room, on_rows, fetch) < 0) {
		property->fetching = false; /* too many queries at once: the timer retries */
		free(fetch);
	}
}

/* ---- replay ---- */

static void end_replay(struct property *property)
{
	if (property->replay.active)
		log_info("mqtt", "replay %s ended at event %lld", property->replay.id,
			 (long long)property->replay.after_seq);
	property->replay = (struct link_replay){0};
}

static void on_replay_rows(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct fetch *fetch = arg;
	struct property *property = fetch->property;
	bool current = property->generation == fetch->generation;

	free(fetch);
	if (!current || !property->replay.active)
		return;
	property->replay.fetching = false;
	for (size_t i = 0; i < count; i++) {
		char *text;

		if (rows[i].seq > property->replay.to_seq)
			break;
		text = row_text(property, &rows[i], property->replay.id);
		r = text != NULL ? link_publish_event(property->link, 0, rows[i].type, text)
				 : -ENOMEM;
		free(text);
		if (r < 0 && r != -EINVAL) /* fetched again from here when there is room */
			return;
		property->replay.after_seq = rows[i].seq;
	}
	if (r < 0 || count < REPLAY_ROWS || property->replay.after_seq >= property->replay.to_seq)
		end_replay(property);
	else
		outbox_pump(property);
}

static void pump_replay(struct property *property)
{
	const struct link_replay *replay = &property->replay;
	const struct store_filter filter = {.after_seq = replay->after_seq,
					    .limit = REPLAY_ROWS,
					    .from_unix_ms = replay->from_unix_ms,
					    .to_unix_ms = replay->to_unix_ms,
					    .ascending = true};
	struct fetch *fetch;

	/* new events have priority, and half the window stays free for them */
	if (!replay->active || replay->fetching ||
	    link_room(property->link) <= property->outbox.window / 2)
		return;
	fetch = malloc(sizeof(*fetch));
	if (fetch == NULL)
		return;
	*fetch = (struct fetch){.property = property, .generation = property->generation};
	property->replay.fetching = true;
	if (store_query_events(journal_store(property->deps.journal), &filter, on_replay_rows,
			       fetch) < 0) {
		property->replay.fetching = false;
		free(fetch);
	}
}

/* ---- state of the link and the log ---- */

void outbox_pump(struct property *property)
{
	if (!property->log_ready || !link_is_up(property->link) ||
	    journal_store(property->deps.journal) == NULL)
		return;
	if (!property->fetching)
		pump_log(property);
	if (!property->fetching)
		pump_replay(property);
}

bool outbox_is_behind(const struct property *property)
{
	return journal_store(property->deps.journal) != NULL && property->log_ready &&
	       property->outbox.cursor < store_last_seq(journal_store(property->deps.journal));
}

void outbox_ready(struct property *property)
{
	assert(journal_store(property->deps.journal) != NULL);
	property->log_ready = true;
	outbox_init(&property->outbox,
		    store_cursor_get(journal_store(property->deps.journal), cursor_name),
		    PROPERTY_WINDOW);
	outbox_pump(property);
}

void outbox_connected(struct property *property)
{
	property->generation++;
	property->fetching = false;
	property->replay.fetching = false;
	property->connected_unix_ms = clock_unix_ms();
	outbox_rewind(&property->outbox);
	outbox_pump(property);
}

void outbox_acknowledged(struct property *property, int64_t seq)
{
	if (outbox_acked(&property->outbox, seq) && journal_store(property->deps.journal) != NULL)
		(void)store_cursor_set(
			journal_store(property->deps.journal), cursor_name,
			property->outbox.cursor); /* cannot fail: there is one cursor */
	outbox_pump(property);
}

/* ---- events.replay ---- */

struct replay_range {
	int64_t from_seq, to_seq, from_unix_ms, to_unix_ms;
};

static int parse_time(const json_t *body, const char *key, int64_t *ret_unix_ms, char *error)
{
	const char *text = NULL;
	int r = json_get_string(body, key, CLOCK_UTC_BYTES, &text, error);

	if (r < 0 || text == NULL)
		return r;
	if (clock_parse_utc(text, ret_unix_ms) == 0)
		return 0;
	snprintf(error, COMMAND_ERROR_BYTES, "%s: expected a UTC time such as 2026-11-21T04:05:06Z",
		 key);
	return -EINVAL;
}

static int parse_range(const json_t *body, struct replay_range *range, char *error)
{
	static const char *const known[] = {"from_seq", "to_seq", "from_time", "to_time", NULL};
	int r = json_only_known(body, known, error);

	*range = (struct replay_range){.from_seq = 1, .to_seq = INT64_MAX};
	if (r == 0)
		r = json_get_int(body, "from_seq", 1, INT64_MAX, &range->from_seq, error);
	if (r == 0)
		r = json_get_int(body, "to_seq", 1, INT64_MAX, &range->to_seq, error);
	if (r == 0)
		r = parse_time(body, "from_time", &range->from_unix_ms, error);
	if (r == 0)
		r = parse_time(body, "to_time", &range->to_unix_ms, error);
	if (r == 0 && json_object_size(body) == 0) {
		snprintf(error, COMMAND_ERROR_BYTES,
			 "expected from_seq, to_seq, from_time or to_time");
		r = -EINVAL;
	}
	if (r == 0 && (range->to_seq < range->from_seq ||
		       (range->to_unix_ms != 0 && range->to_unix_ms <= range->from_unix_ms))) {
		snprintf(error, COMMAND_ERROR_BYTES, "the range ends before it begins");
		r = -EINVAL;
	}
	return r;
}

static int check_replay(void *arg, const struct property_call *call, char *error)
{
	const struct property *property = arg;
	struct replay_range range;
	int r = parse_range(call->body, &range, error);

	if (r == 0 && property->replay.active) {
		snprintf(error, COMMAND_ERROR_BYTES, "replay %s is still running",
			 property->replay.id);
		r = -EBUSY;
	}
	return r;
}

static void run_replay(void *arg, const struct property_call *call, const struct reply *reply)
{
	struct problem problem;
	struct property *property = arg;
	struct store *store = journal_store(property->deps.journal);
	char error[COMMAND_ERROR_BYTES];
	struct replay_range range;
	int64_t last;

	if (store == NULL || parse_range(call->body, &range, error) < 0 ||
	    property->replay.active) {
		reply_refuse(reply, problem_replay_running(&problem), &problem);
		return;
	}
	last = store_last_seq(store);
	property->replay = (struct link_replay){.active = true,
						.after_seq = range.from_seq - 1,
						.to_seq = range.to_seq < last ? range.to_seq : last,
						.from_unix_ms = range.from_unix_ms,
						.to_unix_ms = range.to_unix_ms};
	snprintf(property->replay.id, sizeof(property->replay.id), "%s", call->id);
	reply_send(reply, 0, NULL,
		   json_pack("{s:I, s:I}", "from_seq", (json_int_t)range.from_seq, "to_seq",
			     (json_int_t)property->replay.to_seq));
	outbox_pump(property);
}

const struct property_command command_replay = {"events.replay", check_replay, run_replay, false};
