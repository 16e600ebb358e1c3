#include "readers_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

/* Digits are discarded when no key follows for this long: the next ones are another person's. */
static const uint64_t PIN_PAUSE_US = 10000000;

struct reader *readers_find(struct readers *readers, const char *name)
{
	for (size_t i = 0; i < readers->count; i++)
		if (strcmp(readers->list[i].config->name, name) == 0)
			return &readers->list[i];
	return NULL;
}

/* ---- reports and faults ---- */

static void report_now(struct reader *reader, struct repeated_report *report, unsigned count,
		       uint64_t now_ms)
{
	report->reported_ms = now_ms;
	report->unreported = 0;
	journal_record(reader->owner->deps.journal, report->type, EVENT_WARNING, reader->source,
		       NULL,
		       json_pack("{s:s, s:s, s:s, s:i, s:i}", "reader", reader->config->name,
				 "door", reader->config->door, "reason", report->reason, "bits",
				 (int)report->bits, "count", (int)count));
}

void reader_report(struct reader *reader, struct repeated_report *report, const char *reason,
		   unsigned bits)
{
	uint64_t now_ms = clock_mono_ms();

	report->reason = reason;
	report->bits = bits;
	if (report->reported_ms == 0 || now_ms >= report->reported_ms + READER_REPORT_INTERVAL_MS)
		report_now(reader, report, report->unreported + 1, now_ms);
	else if (report->unreported < INT32_MAX)
		report->unreported++;
}

static uint64_t report_due_ms(const struct repeated_report *report)
{
	return report->unreported > 0 ? report->reported_ms + READER_REPORT_INTERVAL_MS
				      : UINT64_MAX;
}

/* @p fault NULL: the reader works; then @p why is NULL too. */
static void set_fault(struct reader *reader, const char *fault, const struct problem *why)
{
	bool lost = fault != NULL && strcmp(fault, "lost") == 0;

	assert((fault == NULL) == (why == NULL));
	if (fault == reader->fault ||
	    (fault != NULL && reader->fault != NULL && strcmp(fault, reader->fault) == 0))
		return;
	reader->fault = fault;
	if (fault == NULL)
		log_info("readers", "%s is back", reader->config->name);
	else
		log_warning("readers", "%s at door %s: %s", reader->config->name,
			    reader->config->door, why->detail);
	journal_record(reader->owner->deps.journal,
		       fault == NULL ? "reader.restored"
		       : lost        ? "reader.lost"
				     : "reader.fault",
		       fault == NULL ? EVENT_INFO : EVENT_ALARM, reader->source, NULL,
		       json_pack("{s:s, s:s, s:s, s:o*}", "reader", reader->config->name, "door",
				 reader->config->door, "reason", fault == NULL ? "" : why->detail,
				 "problem", fault == NULL ? NULL : problem_json(why)));
	reader->owner->ops->changed(reader->owner->arg);
}

static void check_fault(struct reader *reader, uint64_t now_us)
{
	struct problem why;
	unsigned stuck = wiegand_stuck(&reader->wiegand, now_us);

	if (reader->unreadable[0])
		problem_reader_d0_unreadable(&why);
	else if (reader->unreadable[1])
		problem_reader_d1_unreadable(&why);
	else if (stuck == 3)
		problem_reader_no_power(&why);
	else if (stuck == 1)
		problem_reader_d0_stuck(&why);
	else if (stuck != 0)
		problem_reader_d1_stuck(&why);
	if (reader->unreadable[0] || reader->unreadable[1])
		set_fault(reader, "unreadable", &why);
	else if (stuck != 0)
		set_fault(reader, "stuck", &why);
	else
		set_fault(reader, NULL, NULL);
}

/* ---- light and buzzer ---- */

static void set_output(struct reader *reader, int line, bool *state, bool on)
{
	int r;

	if (line < 0 || *state == on)
		return;
	r = board_set(reader->owner->deps.board, (unsigned)line, on);
	*state = on;
	if (r < 0 && !reader->signal_fault)
		log_warning("readers", "%s: its light or buzzer cannot be switched: %s, ignoring",
			    reader->config->name, strerror(-r));
	reader->signal_fault = r < 0;
}

static uint64_t show_signal(struct reader *reader, uint64_t now_ms)
{
	struct reader_signal_level level = reader_signal_at(reader->signal, reader->signal_since_ms,
							    reader->signal_until_ms, now_ms);

	set_output(reader, reader->led_line, &reader->led, level.light);
	set_output(reader, reader->buzzer_line, &reader->buzzer,
		   level.buzzer && !reader->owner->ops->is_quiet(reader->owner->arg));
	if (level.due_ms == UINT64_MAX)
		reader->signal = READER_SIGNAL_NONE;
	return level.due_ms;
}

void reader_signal_show(struct reader *reader, enum reader_signal signal, uint64_t until_ms)
{
	reader->signal = signal;
	reader->signal_since_ms = clock_mono_ms();
	reader->signal_until_ms = until_ms;
	(void)show_signal(reader,
			  reader->signal_since_ms); /* the timer asks again for the next change */
	readers_update_timer(reader->owner);
}

/* ---- devices ---- */

static void mark_lost(struct reader *reader, int error)
{
	struct problem why;

	reader->port_source = sd_event_source_disable_unref(reader->port_source);
	reader_port_close(reader->port);
	reader->port = NULL;
	reader->retry_ms = clock_mono_ms() + READER_RETRY_MS;
	if (error == -EACCES)
		problem_reader_not_permitted(&why);
	else if (error == -EBUSY)
		problem_reader_device_busy(&why);
	else if (error == -ENOTTY)
		problem_reader_device_wrong(&why);
	else
		problem_reader_device_missing(&why);
	set_fault(reader, "lost", &why);
}

static int on_port(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct reader *reader = arg;
	char text[READER_TEXT_BYTES];
	uint64_t now_us = clock_mono_us();
	int r;

	(void)source, (void)fd, (void)revents;
	while ((r = reader_port_next(reader->port, now_us, text)) == 1 || r == -EBADMSG) {
		if (r == 1)
			reader_accept_text(reader, text, now_us);
		else
			reader_report(reader, &reader->misread, "unfit_text", 0);
	}
	explicit_bzero(text, sizeof(text));
	if (r < 0)
		mark_lost(reader, r);
	readers_update_timer(reader->owner);
	return 0;
}

static void open_port(struct reader *reader)
{
	const struct config_reader *config = reader->config;
	int r = config->kind == CONFIG_READER_EVDEV
			? reader_port_open_evdev(config->device, &reader->port)
			: reader_port_open_serial(config->device, config->baud, &reader->port);

	if (r == 0)
		r = sd_event_add_io(reader->owner->deps.event, &reader->port_source,
				    reader_port_fd(reader->port), EPOLLIN, on_port, reader);
	if (r < 0)
		mark_lost(reader, r);
	else
		set_fault(reader, NULL, NULL);
}

/* ---- time ---- */

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool has_device(const struct reader *reader)
{
	return reader->config->kind != CONFIG_READER_WIEGAND;
}

static uint64_t due_ms(const struct reader *reader, uint64_t now_us)
{
	uint64_t due = earliest(report_due_ms(&reader->misread), report_due_ms(&reader->refused));
	uint64_t us =
		earliest(wiegand_due_us(&reader->wiegand, now_us), keypad_due_us(&reader->keypad));

	if (reader->signal != READER_SIGNAL_NONE)
		due = earliest(due, reader_signal_at(reader->signal, reader->signal_since_ms,
						     reader->signal_until_ms, now_us / 1000)
					    .due_ms);
	if (has_device(reader) && reader->port == NULL)
		due = earliest(due, reader->retry_ms);
	return us == UINT64_MAX ? due : earliest(due, us / 1000 + 1);
}

void readers_update_timer(struct readers *readers)
{
	uint64_t due = UINT64_MAX, now_us = clock_mono_us();

	if (readers->timer == NULL)
		return;
	for (size_t i = 0; i < readers->count; i++)
		due = earliest(due, due_ms(&readers->list[i], now_us));
	if (due == UINT64_MAX) {
		sd_event_source_set_enabled(readers->timer, SD_EVENT_OFF);
		return;
	}
	sd_event_source_set_time(readers->timer, due * 1000);
	sd_event_source_set_enabled(readers->timer, SD_EVENT_ONESHOT);
}

static void serve(struct reader *reader, uint64_t now_us)
{
	uint64_t now_ms = now_us / 1000;

	if (!has_device(reader)) {
		reader_decode_bursts(reader, now_us);
		keypad_tick(&reader->keypad, now_us);
		check_fault(reader, now_us);
	} else if (reader->port == NULL && reader->retry_ms <= now_ms) {
		open_port(reader);
	}
	if (reader->signal != READER_SIGNAL_NONE)
		(void)show_signal(reader, now_ms);
	if (report_due_ms(&reader->misread) <= now_ms)
		report_now(reader, &reader->misread, reader->misread.unreported, now_ms);
	if (report_due_ms(&reader->refused) <= now_ms)
		report_now(reader, &reader->refused, reader->refused.unreported, now_ms);
}

/*
 * Runs at a lower priority than the board's source, so that every edge read from the board has
 * reached the decoders.
 */
static int on_time(sd_event_source *source, uint64_t usec, void *arg)
{
	struct readers *readers = arg;
	uint64_t now_us = clock_mono_us();

	(void)source, (void)usec;
	for (size_t i = 0; i < readers->count; i++)
		serve(&readers->list[i], now_us);
	readers_update_timer(readers);
	return 0;
}

bool readers_line(struct readers *readers, const struct board_event *event)
{
	assert_thread(THREAD_CONTROL);
	for (size_t i = 0; i < readers->count; i++) {
		struct reader *reader = &readers->list[i];

		for (unsigned line = 0; line < 2; line++) {
			if (reader->data_line[line] != (int)event->line)
				continue;
			reader->unreadable[line] = event->level == BOARD_UNKNOWN;
			if (event->level == BOARD_UNKNOWN)
				wiegand_level(&reader->wiegand, line, false, event->mono_us);
			else
				wiegand_edge(&reader->wiegand, line, event->level == BOARD_ACTIVE,
					     event->mono_us);
			check_fault(reader, clock_mono_us());
			readers_update_timer(readers);
			return true;
		}
	}
	return false;
}

/* ---- open and close ---- */

static int line_of(const struct readers *readers, const char *name)
{
	return name[0] == '\0' ? -1 : board_find(readers->deps.board, name);
}

static unsigned door_of(const struct readers *readers, const char *name)
{
	const struct config *config = readers->deps.config;
	unsigned door = 0;

	while (door < config->door_count && strcmp(config->doors[door].name, name) != 0)
		door++;
	assert(door < config->door_count); /* the config was validated */
	return door;
}

static void find_format(struct reader *reader)
{
	const struct config *config = reader->owner->deps.config;
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
						   &reader->format,
						   error); /* the config was validated */
	}
}

static void read_data_lines(struct reader *reader, uint64_t now_us)
{
	for (unsigned line = 0; line < 2; line++) {
		enum board_level level =
			board_get(reader->owner->deps.board, (unsigned)reader->data_line[line]);

		reader->unreadable[line] = level == BOARD_UNKNOWN;
		wiegand_level(&reader->wiegand, line, level == BOARD_ACTIVE, now_us);
	}
	check_fault(reader, now_us);
}

static void add_reader(struct readers *readers, const struct config_reader *config, uint64_t now_us)
{
	struct reader *reader = &readers->list[readers->count++];

	assert(readers->count <= CONFIG_READERS_MAX);
	reader->owner = readers;
	reader->config = config;
	reader->door = door_of(readers, config->door);
	snprintf(reader->source, sizeof(reader->source), "reader/%s", config->name);
	reader->data_line[0] = line_of(readers, config->d0);
	reader->data_line[1] = line_of(readers, config->d1);
	reader->led_line = line_of(readers, config->led);
	reader->buzzer_line = line_of(readers, config->buzzer);
	reader->misread.type = "reader.misread";
	reader->refused.type = "reader.refused";
	find_format(reader);
	wiegand_init(&reader->wiegand, &reader->format, config->keypad, WIEGAND_GAP_US);
	keypad_init(&reader->keypad, config->pin_digits, PIN_PAUSE_US);
	if (has_device(reader))
		open_port(reader);
	else
		read_data_lines(reader, now_us);
}

int readers_open(const struct readers_deps *deps, const struct readers_ops *ops, void *arg,
		 struct readers **ret_readers)
{
	struct readers *readers = calloc(1, sizeof(*readers));
	uint64_t now_us = clock_mono_us();
	int r;

	assert_thread(THREAD_CONTROL);
	assert(deps->config != NULL && deps->event != NULL && deps->journal != NULL &&
	       deps->board != NULL);
	assert(ops->read != NULL && ops->changed != NULL && ops->is_quiet != NULL);
	if (readers == NULL)
		return -ENOMEM;
	readers->deps = *deps;
	readers->ops = ops;
	readers->arg = arg;
	for (size_t i = 0; i < deps->config->reader_count; i++)
		add_reader(readers, &deps->config->readers[i], now_us);
	r = sd_event_add_time(deps->event, &readers->timer, CLOCK_MONOTONIC, UINT64_MAX, 1000,
			      on_time, readers);
	if (r < 0) {
		readers_close(readers);
		return r;
	}
	readers_update_timer(readers);
	*ret_readers = readers;
	return 0;
}

void readers_close(struct readers *readers)
{
	if (readers == NULL)
		return;
	sd_event_source_disable_unref(readers->timer);
	for (size_t i = 0; i < readers->count; i++) {
		sd_event_source_disable_unref(readers->list[i].port_source);
		reader_port_close(readers->list[i].port);
	}
	explicit_bzero(readers, sizeof(*readers)); /* digits of an unfinished PIN */
	free(readers);
}

json_t *readers_json(struct readers *readers)
{
	static const char *const kinds[] = {[CONFIG_READER_WIEGAND] = "wiegand",
					    [CONFIG_READER_EVDEV] = "evdev",
					    [CONFIG_READER_SERIAL] = "serial"};
	uint64_t now_ms = clock_mono_ms();
	json_t *list = json_array();

	for (size_t i = 0; i < readers->count; i++) {
		struct reader *reader = &readers->list[i];
		uint64_t left_ms = lockout_remaining_ms(&reader->lockout, now_ms);

		json_array_append_new(list,
				      json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:i, s:i}", "name",
						reader->config->name, "door", reader->config->door,
						"direction", reader->config->leaving ? "out" : "in",
						"kind", kinds[reader->config->kind], "keypad",
						reader->config->kind == CONFIG_READER_WIEGAND &&
							reader->config->keypad,
						"fault", reader->fault != NULL ? reader->fault : "",
						"wrong_tries", (int)reader->lockout.wrong,
						"locked_out_s", (int)((left_ms + 999) / 1000)));
	}
	return list;
}
