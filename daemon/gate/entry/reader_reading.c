/*
 * Interprets readings: card, PIN or code for the policy; wrong tries and the lock-out after too
 * many.
 */
#include "readers_private.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/scan.h"

enum { SWIPE_INTERVAL_US = 1000, COUNTER_ID_BYTES = CONFIG_NAME_BYTES + 8 };

static const char counter_kind[] = "counter";

/* ---- wrong tries ---- */

static json_t *counter_json(struct reader *reader, uint64_t now_ms)
{
	uint64_t left_ms = lockout_remaining_ms(&reader->lockout, now_ms);

	return json_pack("{s:i, s:I}", "wrong", (int)reader->lockout.wrong, "until_unix_ms",
			 (json_int_t)(left_ms > 0 ? clock_unix_ms() + (int64_t)left_ms : 0));
}

/* The event and the counter that survives a restart, committed together. */
static void record_counter(struct reader *reader, const char *type, enum event_severity severity,
			   uint64_t now_ms)
{
	json_t *data =
		json_pack("{s:s, s:s, s:i, s:i, s:i}", "reader", reader->config->name, "door",
			  reader->config->door, "tries", (int)reader->lockout.wrong, "limit",
			  (int)reader->owner->deps.config->lockout.tries, "locked_out_s",
			  (int)((lockout_remaining_ms(&reader->lockout, now_ms) + 999) / 1000));
	const struct event_draft draft = {
		.type = type, .severity = severity, .source = reader->source, .data = data};
	json_t *counter = reader->lockout.wrong > 0 ? counter_json(reader, now_ms) : NULL;
	const struct store_record record = {
		.kind = counter_kind, .id = reader->source, .json = counter};
	int r = journal_record_with(reader->owner->deps.journal, &draft, &record, 1, NULL, NULL);

	if (r < 0)
		log_warning("readers", "%s: %s with %u wrong tries was not recorded: %s",
			    reader->config->name, type, reader->lockout.wrong, strerror(-r));
	json_decref(counter);
	json_decref(data);
}

static void count_wrong_try(struct reader *reader)
{
	const struct config_lockout *limits = &reader->owner->deps.config->lockout;
	uint64_t now_ms = clock_mono_ms();

	if (!lockout_wrong(&reader->lockout, limits->tries, limits->seconds, now_ms)) {
		record_counter(reader, "access.wrong_try", EVENT_INFO, now_ms);
		reader_signal_show(reader, READER_SIGNAL_DENIED, 0);
		return;
	}
	log_warning("readers", "%s at door %s: %u wrong tries, locked out for %u s",
		    reader->config->name, reader->config->door, limits->tries, limits->seconds);
	record_counter(reader, "access.wrong_tries", EVENT_ALARM, now_ms);
	reader_signal_show(reader, READER_SIGNAL_LOCKED_OUT, reader->lockout.until_ms);
}

static void reset_wrong_tries(struct reader *reader)
{
	if (lockout_right(&reader->lockout))
		record_counter(reader, "access.tries_reset", EVENT_INFO, clock_mono_ms());
}

void readers_load_counter(struct readers *readers, const char *id, const json_t *json)
{
	json_int_t wrong = json_integer_value(json_object_get(json, "wrong"));
	int64_t left_ms =
		json_integer_value(json_object_get(json, "until_unix_ms")) - clock_unix_ms();
	const int64_t longest_ms = readers->deps.config->lockout.seconds * INT64_C(1000);
	struct reader *reader = NULL;

	assert_thread(THREAD_CONTROL);
	if (strncmp(id, "reader/", 7) == 0)
		reader = readers_find(readers, id + 7);
	if (reader == NULL || wrong < 1) /* a reader that the config no longer has */
		return;
	if (json_integer_value(json_object_get(json, "until_unix_ms")) > 0) {
		/* a clock that was set back must not lengthen the lock-out beyond its limit */
		if (left_ms <= 0)
			return;
		reader->lockout.wrong = (unsigned)wrong;
		reader->lockout.until_ms =
			clock_mono_ms() + (uint64_t)(left_ms < longest_ms ? left_ms : longest_ms);
		reader_signal_show(reader, READER_SIGNAL_LOCKED_OUT, reader->lockout.until_ms);
	} else if (reader->lockout.until_ms == 0) {
		/*
		 * add the tries since the start, up to one below the limit: loading a counter never
		 * locks out, but the next wrong try does
		 */
		unsigned limit = readers->deps.config->lockout.tries - 1;
		json_int_t sum = wrong + reader->lockout.wrong;

		reader->lockout.wrong = sum < limit ? (unsigned)sum : limit;
	}
}

static bool is_wrong_try(enum policy_reason reason)
{
	/* a known credential that a rule or schedule refuses is no guess */
	return strcmp(policy_reason_name(reason), "CredentialNotFound") == 0 ||
	       strcmp(policy_reason_name(reason), "InvalidPIN") == 0;
}

static void signal_granted(struct reader *reader)
{
	uint32_t release_ms = reader->owner->deps.config->doors[reader->door].release_ms;

	reader_signal_show(reader, READER_SIGNAL_GRANTED, clock_mono_ms() + release_ms);
}

void readers_feedback(struct readers *readers, const char *name, enum access_feedback feedback,
		      enum policy_reason reason)
{
	struct reader *reader = readers_find(readers, name);

	assert_thread(THREAD_CONTROL);
	if (reader == NULL)
		return;
	if (feedback == ACCESS_FEEDBACK_GRANTED) {
		reset_wrong_tries(reader);
		signal_granted(reader);
	} else if (feedback == ACCESS_FEEDBACK_MORE) {
		reader_signal_show(reader, READER_SIGNAL_MORE, 0);
	} else if (is_wrong_try(reason)) {
		count_wrong_try(reader);
	} else {
		reader_signal_show(reader, READER_SIGNAL_DENIED, 0);
	}
}

void readers_door_feedback(struct readers *readers, unsigned door, enum access_feedback feedback)
{
	assert_thread(THREAD_CONTROL);
	assert(door < readers->deps.config->door_count);
	for (size_t i = 0; i < readers->count; i++) {
		struct reader *reader = &readers->list[i];

		if (reader->door != door || reader->config->leaving ||
		    lockout_remaining_ms(&reader->lockout, clock_mono_ms()) > 0)
			continue; /* a reader that is locked out shows that until it ends */
		if (feedback == ACCESS_FEEDBACK_GRANTED)
			signal_granted(reader);
		else
			reader_signal_show(reader,
					   feedback == ACCESS_FEEDBACK_MORE ? READER_SIGNAL_MORE
									    : READER_SIGNAL_DENIED,
					   0);
	}
}

/* ---- readings ---- */

static void present(struct reader *reader, enum policy_factor factor, const char *text,
		    uint64_t mono_us)
{
	const struct entry_reading reading = {.factor = factor,
					      .text = text,
					      .door = reader->door,
					      .leaving = reader->config->leaving,
					      .mono_us = mono_us,
					      .reader = reader->config->name};

	if (lockout_remaining_ms(&reader->lockout, clock_mono_ms()) > 0)
		reader_report(reader, &reader->refused, "locked_out", 0);
	else
		reader->owner->ops->read(reader->owner->arg, &reading);
}

static void present_card(struct reader *reader, const char *digits, uint64_t mono_us)
{
	while (digits[0] == '0' &&
	       digits[1] != '\0') /* readers differ in the number of leading zeros */
		digits++;
	present(reader, POLICY_CARD, digits, mono_us);
}

static void accept_key(struct reader *reader, char key, uint64_t mono_us)
{
	char pin[KEYPAD_PIN_BYTES];

	switch (keypad_key(&reader->keypad, key, mono_us, pin)) {
	case KEYPAD_PIN:
		present(reader, POLICY_PIN, pin, mono_us);
		explicit_bzero(pin, sizeof(pin));
		break;
	case KEYPAD_TOO_LONG:
		reader_report(reader, &reader->misread, "pin_too_long", 0);
		count_wrong_try(reader);
		break;
	case KEYPAD_MORE:
	case KEYPAD_CLEARED:
		break;
	}
}

void reader_decode_bursts(struct reader *reader, uint64_t now_us)
{
	struct wiegand_code code;
	enum wiegand_result result;
	char number[24];

	while ((result = wiegand_next(&reader->wiegand, now_us, &code)) != WIEGAND_NOTHING) {
		if (result == WIEGAND_CARD) {
			snprintf(number, sizeof(number), "%" PRIu64, code.number);
			present_card(reader, number, code.mono_us);
		} else if (result == WIEGAND_KEY) {
			accept_key(reader, code.key, code.mono_us);
		} else {
			reader_report(reader, &reader->misread, wiegand_result_name(result),
				      code.bits);
		}
	}
	explicit_bzero(&code, sizeof(code));
	explicit_bzero(number, sizeof(number));
}

void reader_accept_text(struct reader *reader, const char *text, uint64_t mono_us)
{
	enum config_reader_reads reads = reader->config->reads;
	bool digits = text[strspn(text, "0123456789")] == '\0';

	if (digits && reads != CONFIG_READS_CODE)
		present_card(reader, text, mono_us);
	else if (reads == CONFIG_READS_CARD)
		reader_report(reader, &reader->misread, "no_card_number", 0);
	else
		present(reader, POLICY_QR, text, mono_us);
}

/* ---- the simulated board ---- */

/* Feed the pulses of a burst that has just ended to the decoder that real pulses go through. */
static void send_pulses(struct reader *reader, uint64_t burst, unsigned bits, uint64_t now_us)
{
	uint64_t at_us = now_us - WIEGAND_GAP_US - bits * SWIPE_INTERVAL_US;

	for (unsigned i = 0; i < bits; i++) {
		unsigned line = burst >> (bits - 1 - i) & 1;

		at_us += SWIPE_INTERVAL_US;
		wiegand_edge(&reader->wiegand, line, true, at_us);
		wiegand_edge(&reader->wiegand, line, false, at_us + WIEGAND_APART_US);
	}
	reader_decode_bursts(reader, now_us);
}

/* -EINVAL: no decimal number, -ERANGE: more bits than such a card has. */
static int parse_number(const struct reader *reader, const char *text, uint64_t *ret_number)
{
	unsigned bits = wiegand_number_bits(&reader->format);
	uint64_t max = bits < WIEGAND_BITS_MAX ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;
	int r = scan_number(&text, max, ret_number);

	return *text != '\0' ? -EINVAL : r;
}

static struct reader *find_simulated(struct readers *readers, const char *name, int *r)
{
	struct reader *reader = readers_find(readers, name);

	*r = reader == NULL                                           ? -ENOENT
	     : readers->deps.config->board.driver != CONFIG_BOARD_SIM ? -ENOTSUP
								      : 0;
	if (*r == 0 && reader->fault != NULL && reader->config->kind == CONFIG_READER_WIEGAND)
		*r = -EIO;
	return reader;
}

int readers_swipe(struct readers *readers, const char *name, const char *code)
{
	uint64_t number, now_us = clock_mono_us();
	int r;
	struct reader *reader = find_simulated(readers, name, &r);

	if (r < 0)
		return r;
	if (reader->config->kind != CONFIG_READER_WIEGAND) {
		reader_accept_text(reader, code, now_us);
	} else {
		r = parse_number(reader, code, &number);
		if (r == 0)
			send_pulses(reader, wiegand_encode(&reader->format, number),
				    reader->format.bits, now_us);
	}
	readers_update_timer(readers);
	return r;
}

int readers_type(struct readers *readers, const char *name, const char *keys)
{
	static const char known[] = "0123456789*#";
	uint64_t now_us = clock_mono_us();
	int r;
	struct reader *reader = find_simulated(readers, name, &r);

	if (r == 0 && (reader->config->kind != CONFIG_READER_WIEGAND || !reader->config->keypad))
		r = -EPERM;
	if (r == 0 && keys[strspn(keys, known)] != '\0')
		r = -EINVAL;
	for (; r == 0 && *keys != '\0'; keys++) {
		unsigned key = (unsigned)(strchr(known, *keys) - known);

		send_pulses(reader, (~key & 15) << 4 | key, KEYPAD_BITS_LONG, now_us);
	}
	readers_update_timer(readers);
	return r;
}
