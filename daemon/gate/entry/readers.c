#include "readers_private.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

struct gate_reader *gate_reader_find(struct gate *gate, const char *name)
{
	for (size_t i = 0; gate->readers != NULL && i < gate->readers->count; i++)
		if (strcmp(gate->readers->list[i].config->name, name) == 0)
			return &gate->readers->list[i];
	return NULL;
}

/* ---- news and faults ---- */

static void tell_now(struct gate_reader *reader, struct gate_reader_news *news, unsigned count,
		     uint64_t now_ms)
{
	news->told_ms = now_ms;
	news->more = 0;
	journal_record(reader->gate->journal, news->type, EVENT_WARNING, reader->source, NULL,
		       json_pack("{s:s, s:s, s:s, s:i, s:i}", "reader", reader->config->name, "door",
				 reader->config->door, "reason", news->reason, "bits", (int)news->bits,
				 "count", (int)count));
}

void gate_reader_tell(struct gate_reader *reader, struct gate_reader_news *news, const char *reason,
		      unsigned bits)
{
	uint64_t now_ms = clock_mono_ms();

	news->reason = reason;
	news->bits = bits;
	if (news->told_ms == 0 || now_ms >= news->told_ms + GATE_READER_QUIET_MS)
		tell_now(reader, news, news->more + 1, now_ms);
	else if (news->more < INT32_MAX)
		news->more++;
}

static uint64_t news_due_ms(const struct gate_reader_news *news)
{
	return news->more > 0 ? news->told_ms + GATE_READER_QUIET_MS : UINT64_MAX;
}

static void set_fault(struct gate_reader *reader, const char *fault, const char *detail)
{
	bool lost = fault != NULL && strcmp(fault, "lost") == 0;

	if (fault == reader->fault ||
	    (fault != NULL && reader->fault != NULL && strcmp(fault, reader->fault) == 0))
		return;
	reader->fault = fault;
	if (fault == NULL)
		log_info("readers", "%s is back", reader->config->name);
	else
		log_warning("readers", "%s at door %s: %s", reader->config->name, reader->config->door,
			    detail);
	journal_record(reader->gate->journal,
		       fault == NULL ? "reader.restored"
		       : lost        ? "reader.lost"
				     : "reader.fault",
		       fault == NULL ? EVENT_INFO : EVENT_ALARM, reader->source, NULL,
		       json_pack("{s:s, s:s, s:s}", "reader", reader->config->name, "door",
				 reader->config->door, "reason", fault == NULL ? "" : detail));
	if (reader->gate->api != NULL)
		api_publish_board(reader->gate->api);
}

static void look_for_fault(struct gate_reader *reader, uint64_t now_us)
{
	unsigned stuck = wiegand_stuck(&reader->wiegand, now_us);

	if (reader->unreadable[0] || reader->unreadable[1])
		set_fault(reader, "unreadable",
			  reader->unreadable[0] ? "the line D0 cannot be read"
						: "the line D1 cannot be read");
	else if (stuck != 0)
		set_fault(reader, "stuck",
			  stuck == 3   ? "both data lines are held active: is it powered?"
			  : stuck == 1 ? "the line D0 is held active"
				       : "the line D1 is held active");
	else
		set_fault(reader, NULL, NULL);
}

/* ---- light and buzzer ---- */

static void set_output(struct gate_reader *reader, int line, bool *state, bool on)
{
	int r;

	if (line < 0 || *state == on)
		return;
	r = board_set(doors_board(reader->gate->doors), (unsigned)line, on);
	*state = on;
	if (r < 0 && !reader->signal_fault)
		log_warning("readers", "%s: its light or buzzer does not follow: %s, ignoring",
			    reader->config->name, strerror(-r));
	reader->signal_fault = r < 0;
}

static uint64_t show_signal(struct gate_reader *reader, uint64_t now_ms)
{
	struct reader_signal_level level =
		reader_signal_at(reader->signal, reader->signal_since_ms, reader->signal_until_ms, now_ms);

	set_output(reader, reader->led_line, &reader->led, level.light);
	set_output(reader, reader->buzzer_line, &reader->buzzer,
		   level.buzzer && !doors_quiet(reader->gate->doors));
	if (level.due_ms == UINT64_MAX)
		reader->signal = READER_SIGNAL_NONE;
	return level.due_ms;
}

void gate_reader_signal(struct gate_reader *reader, enum reader_signal signal, uint64_t until_ms)
{
	reader->signal = signal;
	reader->signal_since_ms = clock_mono_ms();
	reader->signal_until_ms = until_ms;
	(void)show_signal(reader, reader->signal_since_ms); /* when it changes is asked again by the timer */
	gate_readers_arm(reader->gate);
}

/* ---- devices ---- */

static void lose(struct gate_reader *reader, int error)
{
	reader->port_source = sd_event_source_disable_unref(reader->port_source);
	reader_port_close(reader->port);
	reader->port = NULL;
	reader->retry_ms = clock_mono_ms() + GATE_READER_RETRY_MS;
	set_fault(reader, "lost",
		  error == -EACCES   ? "no permission for its device"
		  : error == -EBUSY  ? "another program holds its device"
		  : error == -ENOTTY ? "its device is none of this kind"
				     : "its device is not plugged in");
}

static int on_port(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct gate_reader *reader = arg;
	char text[READER_TEXT_BYTES];
	uint64_t now_us = clock_mono_us();
	int r;

	(void)source, (void)fd, (void)revents;
	while ((r = reader_port_next(reader->port, now_us, text)) == 1 || r == -EBADMSG) {
		if (r == 1)
			gate_reader_text(reader, text, now_us);
		else
			gate_reader_tell(reader, &reader->misread, "unfit_text", 0);
	}
	explicit_bzero(text, sizeof(text));
	if (r < 0)
		lose(reader, r);
	gate_readers_arm(reader->gate);
	return 0;
}

static void open_port(struct gate_reader *reader)
{
	const struct config_reader *config = reader->config;
	int r = config->kind == CONFIG_READER_EVDEV
			? reader_port_open_evdev(config->device, &reader->port)
			: reader_port_open_serial(config->device, config->baud, &reader->port);

	if (r == 0)
		r = sd_event_add_io(reader->gate->event, &reader->port_source, reader_port_fd(reader->port),
				    EPOLLIN, on_port, reader);
	if (r < 0)
		lose(reader, r);
	else
		set_fault(reader, NULL, NULL);
}

/* ---- time ---- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool has_device(const struct gate_reader *reader)
{
	return reader->config->kind != CONFIG_READER_WIEGAND;
}

static uint64_t due_ms(const struct gate_reader *reader, uint64_t now_us)
{
	uint64_t due = least(news_due_ms(&reader->misread), news_due_ms(&reader->refused));
	uint64_t us = least(wiegand_due_us(&reader->wiegand, now_us), keypad_due_us(&reader->keypad));

	if (reader->signal != READER_SIGNAL_NONE)
		due = least(due, reader_signal_at(reader->signal, reader->signal_since_ms,
						  reader->signal_until_ms, now_us / 1000)
					 .due_ms);
	if (has_device(reader) && reader->port == NULL)
		due = least(due, reader->retry_ms);
	return us == UINT64_MAX ? due : least(due, us / 1000 + 1);
}

void gate_readers_arm(struct gate *gate)
{
	uint64_t due = UINT64_MAX, now_us = clock_mono_us();

	if (gate->readers == NULL || gate->readers->timer == NULL)
		return;
	for (size_t i = 0; i < gate->readers->count; i++)
		due = least(due, due_ms(&gate->readers->list[i], now_us));
	if (due == UINT64_MAX) {
		sd_event_source_set_enabled(gate->readers->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(gate->readers->timer, due * 1000);
	sd_event_source_set_enabled(gate->readers->timer, SD_EVENT_ONESHOT);
}

static void work(struct gate_reader *reader, uint64_t now_us)
{
	uint64_t now_ms = now_us / 1000;

	if (!has_device(reader)) {
		gate_reader_bursts(reader, now_us);
		keypad_tick(&reader->keypad, now_us);
		look_for_fault(reader, now_us);
	} else if (reader->port == NULL && reader->retry_ms <= now_ms) {
		open_port(reader);
	}
	if (reader->signal != READER_SIGNAL_NONE)
		(void)show_signal(reader, now_ms);
	if (news_due_ms(&reader->misread) <= now_ms)
		tell_now(reader, &reader->misread, reader->misread.more, now_ms);
	if (news_due_ms(&reader->refused) <= now_ms)
		tell_now(reader, &reader->refused, reader->refused.more, now_ms);
}

/* Less urgent than the board's own source: when it runs, every edge that is known has been given. */
static int on_time(sd_event_source *source, uint64_t usec, void *arg)
{
	struct gate *gate = arg;
	uint64_t now_us = clock_mono_us();

	(void)source, (void)usec;
	for (size_t i = 0; i < gate->readers->count; i++)
		work(&gate->readers->list[i], now_us);
	gate_readers_arm(gate);
	return 0;
}

bool gate_readers_line(struct gate *gate, const struct board_event *event)
{
	for (size_t i = 0; gate->readers != NULL && i < gate->readers->count; i++) {
		struct gate_reader *reader = &gate->readers->list[i];

		for (unsigned line = 0; line < 2; line++) {
			if (reader->data_line[line] != (int)event->line)
				continue;
			reader->unreadable[line] = event->level == BOARD_UNKNOWN;
			if (event->level == BOARD_UNKNOWN)
				wiegand_level(&reader->wiegand, line, false, event->mono_us);
			else
				wiegand_edge(&reader->wiegand, line, event->level == BOARD_ACTIVE,
					     event->mono_us);
			look_for_fault(reader, clock_mono_us());
			gate_readers_arm(gate);
			return true;
		}
	}
	return false;
}

/* ---- begin and end ---- */

static int line_of(const struct gate *gate, const char *name)
{
	return name[0] == '\0' ? -1 : board_find(doors_board(gate->doors), name);
}

static void find_format(struct gate_reader *reader)
{
	const struct config *config = reader->gate->config;
	const struct wiegand_format *built_in = wiegand_format_find(reader->config->format);
	char error[WIEGAND_ERROR_BYTES];

	if (built_in != NULL)
		reader->format = *built_in;
	for (size_t i = 0; built_in == NULL && i < config->format_count; i++) {
		const struct config_format *format = &config->formats[i];
		const char *parity[CONFIG_PARITIES_MAX];

		for (size_t p = 0; p < format->parity_count; p++)
			parity[p] = format->parity[p];
		if (strcmp(format->name, reader->config->format) == 0)
			(void)wiegand_format_parse(format->layout, parity, format->parity_count,
						   &reader->format, error); /* the config was checked */
	}
}

static void begin_lines(struct gate_reader *reader, uint64_t now_us)
{
	for (unsigned line = 0; line < 2; line++) {
		enum board_level level =
			board_get(doors_board(reader->gate->doors), (unsigned)reader->data_line[line]);

		reader->unreadable[line] = level == BOARD_UNKNOWN;
		wiegand_level(&reader->wiegand, line, level == BOARD_ACTIVE, now_us);
	}
	look_for_fault(reader, now_us);
}

static void begin(struct gate *gate, const struct config_reader *config, uint64_t now_us)
{
	struct gate_reader *reader = &gate->readers->list[gate->readers->count++];

	reader->gate = gate;
	reader->config = config;
	reader->door = gate_door_find(gate, config->door);
	snprintf(reader->source, sizeof(reader->source), "reader/%s", config->name);
	reader->data_line[0] = line_of(gate, config->d0);
	reader->data_line[1] = line_of(gate, config->d1);
	reader->led_line = line_of(gate, config->led);
	reader->buzzer_line = line_of(gate, config->buzzer);
	reader->misread.type = "reader.misread";
	reader->refused.type = "reader.refused";
	find_format(reader);
	wiegand_init(&reader->wiegand, &reader->format, config->keypad, WIEGAND_GAP_US);
	keypad_init(&reader->keypad, config->pin_digits, config->pin_pause_s * UINT64_C(1000000));
	if (has_device(reader))
		open_port(reader);
	else
		begin_lines(reader, now_us);
}

int gate_readers_open(struct gate *gate)
{
	uint64_t now_us = clock_mono_us();
	int r;

	gate->readers = calloc(1, sizeof(*gate->readers));
	if (gate->readers == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < gate->config->reader_count; i++)
		begin(gate, &gate->config->readers[i], now_us);
	gate->feedback = gate_reader_feedback;
	r = sd_event_add_time(gate->event, &gate->readers->timer, CLOCK_MONOTONIC, UINT64_MAX, 1000, on_time,
			      gate);
	gate_readers_arm(gate);
	return r < 0 ? r : 0;
}

void gate_readers_close(struct gate *gate)
{
	if (gate->readers == NULL)
		return;
	gate->feedback = NULL;
	sd_event_source_disable_unref(gate->readers->timer);
	for (size_t i = 0; i < gate->readers->count; i++) {
		sd_event_source_disable_unref(gate->readers->list[i].port_source);
		reader_port_close(gate->readers->list[i].port);
	}
	explicit_bzero(gate->readers, sizeof(*gate->readers)); /* digits that were being typed */
	free(gate->readers);
	gate->readers = NULL;
}

json_t *gate_readers_json(struct gate *gate)
{
	static const char *const kinds[] = {[CONFIG_READER_WIEGAND] = "wiegand",
					    [CONFIG_READER_EVDEV] = "evdev",
					    [CONFIG_READER_SERIAL] = "serial"};
	uint64_t now_ms = clock_mono_ms();
	json_t *list = json_array();

	for (size_t i = 0; gate->readers != NULL && i < gate->readers->count; i++) {
		struct gate_reader *reader = &gate->readers->list[i];
		uint64_t left_ms = lockout_left_ms(&reader->lockout, now_ms);

		json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:i, s:i}", "name", reader->config->name,
				  "door", reader->config->door, "direction",
				  reader->config->leaving ? "out" : "in", "kind", kinds[reader->config->kind],
				  "keypad",
				  reader->config->kind == CONFIG_READER_WIEGAND && reader->config->keypad,
				  "fault", reader->fault != NULL ? reader->fault : "", "wrong_tries",
				  (int)reader->lockout.wrong, "locked_out_s", (int)((left_ms + 999) / 1000)));
	}
	return list;
}
