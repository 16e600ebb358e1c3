/*
 * The log is the outbox: committed events go out in order of seq as the broker takes them, and parts of it again
 * when the property system asks (events.replay).
 */
#include "property_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

enum { REPLAY_ROWS = 32 };

static const char cursor_name[] = "mqtt";

/* The row as it is sent: what the site shares is added, late ones are marked. Caller frees; NULL: no memory. */
static char *row_text(struct gate_link *l, const struct event_row *row, const char *replay_id)
{
	bool late = replay_id != NULL || row->unix_ms < l->connected_unix_ms;
	const struct roster_person *person =
		l->gate->config->mqtt.share.names
			? roster_find(people_directory(l->gate->people)->people, row->person)
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

/* ---- the log, once and in order ---- */

struct fetch {
	struct gate *gate;
	uint32_t generation;
};

static int send_row(struct gate_link *l, const struct event_row *row)
{
	char *text = row_text(l, row, NULL);
	int r = text != NULL ? link_publish_event(l->link, row->seq, row->type, text) : -ENOMEM;

	free(text);
	if (r == -EINVAL) {
		/* it can never be sent (larger than this broker takes): it stays in the log, and holds up no other */
		log_error("mqtt", "event %lld cannot be published to this broker: it is in the log only",
			  (long long)row->seq);
		journal_record(l->gate->journal, "link.unsendable", EVENT_ALARM, "mqtt", NULL,
			       json_pack("{s:I, s:s}", "seq", (json_int_t)row->seq, "type", row->type));
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
		gate_outbox_pump(l);
}

static void pump_log(struct gate_link *l)
{
	struct store *store = journal_store(l->gate->journal);
	unsigned room = outbox_room(&l->outbox, store_last_seq(store)), window = link_room(l->link);
	struct fetch *fetch;

	if (room > window)
		room = window; /* a replay's events are on their way, too */
	/* half a window at a time: a query for each acknowledged event would cost more than the sending */
	if (room == 0 || (room < l->outbox.window / 2 && l->outbox.sent + room < store_last_seq(store)))
		return;
	fetch = malloc(sizeof(*fetch));
	if (fetch == NULL)
		return;
	*fetch = (struct fetch){.gate = l->gate, .generation = l->generation};
	l->fetching = true;
	if (store_fetch_outbox(store, l->outbox.sent, room, on_rows, fetch) < 0) {
		l->fetching = false; /* too many questions at once: the timer asks again */
		free(fetch);
	}
}

/* ---- parts of it again ---- */

static void end_replay(struct gate_link *l)
{
	if (l->replay.active)
		log_info("mqtt", "replay %s ended at event %lld", l->replay.id,
			 (long long)l->replay.after_seq);
	l->replay = (struct link_replay){0};
}

static void on_replay_rows(void *arg, int r, const struct event_row *rows, size_t count)
{
	struct fetch *fetch = arg;
	struct gate_link *l = fetch->gate->link;
	bool current = l != NULL && l->generation == fetch->generation;

	free(fetch);
	if (!current || !l->replay.active)
		return;
	l->replay.fetching = false;
	for (size_t i = 0; i < count; i++) {
		char *text;

		if (rows[i].seq > l->replay.to_seq)
			break;
		text = row_text(l, &rows[i], l->replay.id);
		r = text != NULL ? link_publish_event(l->link, 0, rows[i].type, text) : -ENOMEM;
		free(text);
		if (r < 0 && r != -EINVAL) /* asked for again from here, when there is room */
			return;
		l->replay.after_seq = rows[i].seq;
	}
	if (r < 0 || count < REPLAY_ROWS || l->replay.after_seq >= l->replay.to_seq)
		end_replay(l);
	else
		gate_outbox_pump(l);
}

static void pump_replay(struct gate_link *l)
{
	const struct link_replay *replay = &l->replay;
	const struct store_filter filter = {.after_seq = replay->after_seq,
					    .limit = REPLAY_ROWS,
					    .from_unix_ms = replay->from_unix_ms,
					    .to_unix_ms = replay->to_unix_ms,
					    .ascending = true};
	struct fetch *fetch;

	/* what is new goes first, and half the window stays free for it */
	if (!replay->active || replay->fetching || link_room(l->link) <= l->outbox.window / 2)
		return;
	fetch = malloc(sizeof(*fetch));
	if (fetch == NULL)
		return;
	*fetch = (struct fetch){.gate = l->gate, .generation = l->generation};
	l->replay.fetching = true;
	if (store_query_events(journal_store(l->gate->journal), &filter, on_replay_rows, fetch) < 0) {
		l->replay.fetching = false;
		free(fetch);
	}
}

/* ---- when ---- */

void gate_outbox_pump(struct gate_link *l)
{
	if (!l->log_ready || !link_is_up(l->link) || journal_store(l->gate->journal) == NULL)
		return;
	if (!l->fetching)
		pump_log(l);
	if (!l->fetching)
		pump_replay(l);
}

bool gate_outbox_waits(const struct gate_link *l)
{
	return journal_store(l->gate->journal) != NULL && l->log_ready &&
	       l->outbox.cursor < store_last_seq(journal_store(l->gate->journal));
}

void gate_outbox_ready(struct gate_link *l)
{
	l->log_ready = true;
	outbox_init(&l->outbox, store_cursor_get(journal_store(l->gate->journal), cursor_name),
		    l->gate->config->mqtt.window);
	gate_outbox_pump(l);
}

void gate_outbox_connected(struct gate_link *l)
{
	l->generation++;
	l->fetching = false;
	l->replay.fetching = false;
	l->connected_unix_ms = clock_unix_ms();
	outbox_rewind(&l->outbox);
	gate_outbox_pump(l);
}

void gate_outbox_acked(struct gate_link *l, int64_t seq)
{
	if (outbox_acked(&l->outbox, seq) && journal_store(l->gate->journal) != NULL)
		(void)store_cursor_set(journal_store(l->gate->journal), cursor_name,
				       l->outbox.cursor); /* one name: it fits */
	gate_outbox_pump(l);
}

/* ---- events.replay ---- */

struct replay_range {
	int64_t from_seq, to_seq, from_unix_ms, to_unix_ms;
};

static int read_time(const json_t *body, const char *key, int64_t *ret_unix_ms, char *error)
{
	const char *text = NULL;
	int r = json_get_string(body, key, CLOCK_UTC_BYTES, &text, error);

	if (r < 0 || text == NULL)
		return r;
	if (clock_parse_utc(text, ret_unix_ms) == 0)
		return 0;
	snprintf(error, COMMAND_ERROR_BYTES, "%s: expected a UTC time such as 2026-11-21T04:05:06Z", key);
	return -EINVAL;
}

static int read_range(const json_t *body, struct replay_range *range, char *error)
{
	static const char *const known[] = {"from_seq", "to_seq", "from_time", "to_time", NULL};
	int r = json_only_known(body, known, error);

	*range = (struct replay_range){.from_seq = 1, .to_seq = INT64_MAX};
	if (r == 0)
		r = json_get_int(body, "from_seq", 1, INT64_MAX, &range->from_seq, error);
	if (r == 0)
		r = json_get_int(body, "to_seq", 1, INT64_MAX, &range->to_seq, error);
	if (r == 0)
		r = read_time(body, "from_time", &range->from_unix_ms, error);
	if (r == 0)
		r = read_time(body, "to_time", &range->to_unix_ms, error);
	if (r == 0 && json_object_size(body) == 0) {
		snprintf(error, COMMAND_ERROR_BYTES, "expected from_seq, to_seq, from_time or to_time");
		r = -EINVAL;
	}
	if (r == 0 && (range->to_seq < range->from_seq ||
		       (range->to_unix_ms != 0 && range->to_unix_ms <= range->from_unix_ms))) {
		snprintf(error, COMMAND_ERROR_BYTES, "the range ends before it begins");
		r = -EINVAL;
	}
	return r;
}

static int check_replay(const struct link_call *call, char *error)
{
	struct replay_range range;
	int r = read_range(call->command->body, &range, error);

	if (r == 0 && call->l->replay.active) {
		snprintf(error, COMMAND_ERROR_BYTES, "replay %s is still on its way", call->l->replay.id);
		r = -EBUSY;
	}
	return r;
}

static void run_replay(struct gate_link *l, struct command_request *asker, const char *key,
		       const json_t *body)
{
	char error[COMMAND_ERROR_BYTES];
	struct replay_range range;
	int64_t last;

	(void)key;
	if (read_range(body, &range, error) < 0 || l->replay.active) {
		link_answer(l, asker, -EBUSY, "another replay was asked for meanwhile", NULL);
		return;
	}
	last = store_last_seq(journal_store(l->gate->journal));
	l->replay = (struct link_replay){.active = true,
					 .after_seq = range.from_seq - 1,
					 .to_seq = range.to_seq < last ? range.to_seq : last,
					 .from_unix_ms = range.from_unix_ms,
					 .to_unix_ms = range.to_unix_ms};
	snprintf(l->replay.id, sizeof(l->replay.id), "%s", asker->id);
	link_answer(l, asker, 0, NULL,
		    json_pack("{s:I, s:I}", "from_seq", (json_int_t)range.from_seq, "to_seq",
			      (json_int_t)l->replay.to_seq));
	gate_outbox_pump(l);
}

const struct link_command_kind gate_command_replay = {"events.replay", check_replay, run_replay};
