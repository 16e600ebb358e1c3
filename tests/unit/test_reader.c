#include <errno.h>
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <linux/uinput.h>
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "unit.h"
#include "hw/reader/reader_port.h"
#include "hw/reader/reader_signal.h"
#include "hw/reader/reader_text.h"

static struct reader_text reader;
static char text[READER_TEXT_BYTES];

static int setup(void **state)
{
	(void)state;
	memset(&reader, 0, sizeof(reader));
	return 0;
}

/* the answer to the last byte */
static enum reader_text_result feed(const char *bytes, uint64_t at_us)
{
	enum reader_text_result result = READER_TEXT_MORE;

	for (; *bytes != '\0'; bytes++)
		result = reader_text_byte(&reader, *bytes, at_us, text);
	return result;
}

static void a_line_is_a_reading_however_it_ends(void **state)
{
	(void)state;
	assert_int_equal(feed("0012345678", 1), READER_TEXT_MORE);
	assert_int_equal(feed("\r", 2), READER_TEXT_DONE);
	assert_string_equal(text, "0012345678");
	assert_int_equal(feed("\n", 3), READER_TEXT_MORE); /* the other half of CR LF */
	assert_int_equal(feed("\n\n\r\r", 4), READER_TEXT_MORE);
	assert_int_equal(feed("abc\n", 5), READER_TEXT_DONE);
	assert_string_equal(text, "abc");
}

static void a_frame_around_it_is_taken_off(void **state)
{
	(void)state;
	assert_int_equal(feed("\x02"
			      "4F00\r",
			      1),
			 READER_TEXT_DONE);
	assert_string_equal(text, "4F00");
	assert_int_equal(feed("\n\x03", 2), READER_TEXT_MORE);
	assert_int_equal(feed("cut off\x02"
			      "77\x03\n",
			      3),
			 READER_TEXT_DONE);
	assert_string_equal(text, "77");
}

static void a_reading_too_long_or_unprintable_is_none_as_a_whole(void **state)
{
	(void)state;
	for (int i = 0; i < READER_TEXT_BYTES - 1; i++)
		assert_int_equal(feed("a", 1), READER_TEXT_MORE);
	assert_int_equal(feed("\n", 1), READER_TEXT_DONE);
	assert_int_equal(strlen(text), READER_TEXT_BYTES - 1);
	for (int i = 0; i < READER_TEXT_BYTES; i++)
		feed("a", 1);
	assert_int_equal(feed("\n", 1), READER_TEXT_UNFIT);
	assert_int_equal(feed("a\x01"
			      "b\n",
			      1),
			 READER_TEXT_UNFIT);
	assert_int_equal(feed("a\x7f\n", 1), READER_TEXT_UNFIT);
	assert_int_equal(feed("\xc3\xa9\n", 1), READER_TEXT_UNFIT);
	assert_int_equal(reader_text_byte(&reader, '\0', 1, text), READER_TEXT_MORE);
	assert_int_equal(feed("\n", 1), READER_TEXT_UNFIT);
	assert_int_equal(feed("good\n", 1), READER_TEXT_DONE);
	assert_string_equal(text, "good");
}

static void half_a_reading_is_not_the_beginning_of_the_next(void **state)
{
	(void)state;
	feed("123", 1000);
	assert_int_equal(feed("456\n", 1000 + READER_TEXT_PAUSE_US), READER_TEXT_DONE);
	assert_string_equal(text, "123456");
	feed("123", 9000000);
	assert_int_equal(feed("456\n", 9000000 + READER_TEXT_PAUSE_US + 1), READER_TEXT_DONE);
	assert_string_equal(text, "456");
}

static char tap(struct reader_keys *keys, unsigned code)
{
	char c = reader_keys_event(keys, code, 1);

	assert_int_equal(reader_keys_event(keys, code, 2), 0);
	assert_int_equal(reader_keys_event(keys, code, 0), 0);
	return c;
}

static void keys_write_what_a_keyboard_would(void **state)
{
	struct reader_keys keys = {0};

	(void)state;
	assert_int_equal(tap(&keys, KEY_A), 'a');
	assert_int_equal(tap(&keys, KEY_0), '0');
	assert_int_equal(tap(&keys, KEY_KP9), '9');
	assert_int_equal(tap(&keys, KEY_ENTER), '\n');
	assert_int_equal(tap(&keys, KEY_KPENTER), '\n');
	reader_keys_event(&keys, KEY_LEFTSHIFT, 1);
	assert_int_equal(tap(&keys, KEY_A), 'A');
	assert_int_equal(tap(&keys, KEY_MINUS), '_');
	reader_keys_event(&keys, KEY_RIGHTSHIFT, 1);
	reader_keys_event(&keys, KEY_LEFTSHIFT, 0);
	assert_int_equal(tap(&keys, KEY_SEMICOLON), ':');
	reader_keys_event(&keys, KEY_RIGHTSHIFT, 0);
	assert_int_equal(tap(&keys, KEY_MINUS), '-');
	tap(&keys, KEY_CAPSLOCK);
	assert_int_equal(tap(&keys, KEY_Z), 'Z');
	assert_int_equal(tap(&keys, KEY_1), '1');
	tap(&keys, KEY_CAPSLOCK);
	assert_int_equal(tap(&keys, KEY_Z), 'z');
	assert_int_equal(tap(&keys, KEY_F1), 0);
	assert_int_equal(tap(&keys, KEY_MAX), 0);
	assert_int_equal(tap(&keys, ~0u), 0);
}

static void every_printable_character_can_be_typed(void **state)
{
	bool seen[128] = {0};

	(void)state;
	for (unsigned code = 0; code < KEY_MAX; code++)
		for (int shift = 0; shift < 2; shift++) {
			struct reader_keys keys = {.shift = {shift == 1, false}};
			char c = tap(&keys, code);

			assert_true(c == 0 || c == '\n' || (c >= ' ' && c <= '~'));
			seen[(int)c] = true;
		}
	for (int c = ' '; c <= '~'; c++)
		assert_true(seen[c]);
}

static void wait_readable(const struct reader_port *port)
{
	struct pollfd ready = {.fd = reader_port_fd(port), .events = POLLIN};

	assert_int_equal(poll(&ready, 1, 10000), 1);
}

static void send_all(int fd, const char *bytes)
{
	assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

static void a_serial_line_is_read_raw_and_its_loss_is_told(void **state)
{
	struct reader_port *port = NULL;
	char path[64];
	int far, near, r;

	(void)state;
	assert_int_equal(openpty(&far, &near, path, NULL, NULL), 0);
	assert_int_equal(reader_port_open_serial(path, 9600, &port), 0);
	assert_int_equal(reader_port_open_serial(path, 9600, &port), -EBUSY);
	assert_int_equal(reader_port_next(port, 1, text), 0);
	send_all(far, "\x02"
		      "123\r\n\x03"
		      "pass-1\r");
	wait_readable(port);
	while ((r = reader_port_next(port, 2, text)) == 0)
		wait_readable(port);
	assert_int_equal(r, 1);
	assert_string_equal(text, "123");
	while ((r = reader_port_next(port, 2, text)) == 0)
		wait_readable(port);
	assert_int_equal(r, 1);
	assert_string_equal(text, "pass-1");
	send_all(far, "\x1b\n");
	while ((r = reader_port_next(port, 2, text)) == 0)
		wait_readable(port);
	assert_int_equal(r, -EBADMSG);
	close(near);
	close(far);
	while ((r = reader_port_next(port, 3, text)) == 0)
		wait_readable(port);
	assert_true(r < 0 && r != -EBADMSG);
	reader_port_close(port);
}

static void what_is_no_reader_is_refused(void **state)
{
	struct reader_port *port = NULL;

	(void)state;
	assert_int_equal(reader_port_open_serial("/dev/there-is-none", 9600, &port), -ENOENT);
	assert_int_equal(reader_port_open_serial("/dev/null", 9600, &port), -ENOTTY);
	assert_int_equal(reader_port_open_serial("/dev/null", 9601, &port), -EINVAL);
	assert_int_equal(reader_port_open_evdev("/dev/there-is-none", &port), -ENOENT);
	assert_int_equal(reader_port_open_evdev("/dev/null", &port), -ENOTTY);
	assert_null(port);
	assert_true(reader_port_baud_is_known(115200));
	assert_false(reader_port_baud_is_known(0));
	reader_port_close(NULL);
}

/* @return the fd of a new keyboard, its device file in @p path; -1: this machine makes none. */
static int plug_keyboard(char *path, size_t bytes)
{
	struct uinput_setup setup_ = {.id = {.bustype = BUS_USB, .vendor = 1, .product = 1},
				      .name = "gatehouse test"};
	int fd = open("/dev/uinput", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	char name[32] = "";

	if (fd < 0)
		return -1;
	ioctl(fd, UI_SET_EVBIT, EV_KEY);
	for (int code = 1; code < KEY_MICMUTE; code++)
		ioctl(fd, UI_SET_KEYBIT, code);
	if (ioctl(fd, UI_DEV_SETUP, &setup_) < 0 || ioctl(fd, UI_DEV_CREATE) < 0 ||
	    ioctl(fd, UI_GET_SYSNAME(sizeof(name)), name) < 0) {
		close(fd);
		return -1;
	}
	for (int i = 0; i < 64; i++) {
		char sys[96];

		snprintf(sys, sizeof(sys), "/sys/class/input/%s/event%d", name, i);
		snprintf(path, bytes, "/dev/input/event%d", i);
		if (access(sys, F_OK) == 0 && access(path, R_OK) == 0)
			return fd;
	}
	close(fd);
	return -1;
}

static void emit(int fd, int type, int code, int value)
{
	struct input_event event = {.type = (__u16)type, .code = (__u16)code, .value = value};

	assert_int_equal(write(fd, &event, sizeof(event)), (ssize_t)sizeof(event));
}

static void a_keyboard_is_taken_for_the_gate_alone(void **state)
{
	struct reader_port *port = NULL, *other = NULL;
	char path[64];
	int fd = plug_keyboard(path, sizeof(path)), r;

	(void)state;
	if (fd < 0) {
		print_message("skipped: no keyboard can be made here (/dev/uinput or /dev/input is "
			      "missing)\n");
		skip();
	}
	assert_int_equal(reader_port_open_evdev(path, &port), 0);
	assert_int_equal(reader_port_open_evdev(path, &other), -EBUSY);
	for (int code = KEY_1; code <= KEY_4; code++) {
		emit(fd, EV_KEY, code, 1);
		emit(fd, EV_KEY, code, 0);
	}
	emit(fd, EV_KEY, KEY_ENTER, 1);
	emit(fd, EV_SYN, SYN_REPORT, 0);
	wait_readable(port);
	while ((r = reader_port_next(port, 1, text)) == 0)
		wait_readable(port);
	assert_int_equal(r, 1);
	assert_string_equal(text, "1234");
	ioctl(fd, UI_DEV_DESTROY);
	close(fd);
	wait_readable(port);
	while ((r = reader_port_next(port, 1, text)) == 0)
		wait_readable(port);
	assert_int_equal(r, -ENODEV);
	reader_port_close(port);
}

static void light_and_buzzer_tell_the_outcome(void **state)
{
	struct reader_signal_level level =
		reader_signal_at(READER_SIGNAL_GRANTED, 1000, 6000, 1000);

	(void)state;
	assert_true(level.light && level.buzzer);
	assert_int_equal(level.due_ms, 1100);
	level = reader_signal_at(READER_SIGNAL_GRANTED, 1000, 6000, 1100);
	assert_true(level.light && !level.buzzer);
	assert_int_equal(level.due_ms, 6000);
	level = reader_signal_at(READER_SIGNAL_GRANTED, 1000, 6000, 6000);
	assert_false(level.light || level.buzzer);
	assert_int_equal(level.due_ms, UINT64_MAX);
	level = reader_signal_at(READER_SIGNAL_NONE, 0, 0, 5);
	assert_false(level.light || level.buzzer);
	assert_int_equal(level.due_ms, UINT64_MAX);
}

/* Walk a signal from due to due: how often the buzzer began, and how long the light was on. */
static void walk(enum reader_signal signal, uint64_t until_ms, unsigned *ret_tones,
		 uint64_t *ret_light_ms)
{
	uint64_t now_ms = 1000;
	bool before = false;

	*ret_tones = 0, *ret_light_ms = 0;
	for (int steps = 0; steps < 1000; steps++) {
		struct reader_signal_level level = reader_signal_at(signal, 1000, until_ms, now_ms);

		*ret_tones += level.buzzer && !before;
		before = level.buzzer;
		if (level.due_ms == UINT64_MAX) {
			assert_false(level.light || level.buzzer);
			return;
		}
		assert_true(level.due_ms > now_ms);
		*ret_light_ms += level.light ? level.due_ms - now_ms : 0;
		now_ms = level.due_ms;
	}
	fail_msg("a signal that never ends");
}

static void every_signal_ends_dark_and_silent(void **state)
{
	uint64_t light_ms;
	unsigned tones;

	(void)state;
	walk(READER_SIGNAL_GRANTED, 4000, &tones, &light_ms);
	assert_int_equal(tones, 1);
	assert_int_equal(light_ms, 3000);
	walk(READER_SIGNAL_MORE, 0, &tones, &light_ms);
	assert_int_equal(tones, 2);
	walk(READER_SIGNAL_DENIED, 0, &tones, &light_ms);
	assert_int_equal(tones, 3);
	assert_int_equal(light_ms, 0);
	walk(READER_SIGNAL_LOCKED_OUT, 31000, &tones, &light_ms);
	assert_int_equal(tones, 1);
	assert_int_equal(light_ms, 15000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_is_a_reading_however_it_ends, setup),
		cmocka_unit_test_setup(a_frame_around_it_is_taken_off, setup),
		cmocka_unit_test_setup(a_reading_too_long_or_unprintable_is_none_as_a_whole, setup),
		cmocka_unit_test_setup(half_a_reading_is_not_the_beginning_of_the_next, setup),
		cmocka_unit_test(keys_write_what_a_keyboard_would),
		cmocka_unit_test(every_printable_character_can_be_typed),
		cmocka_unit_test(a_serial_line_is_read_raw_and_its_loss_is_told),
		cmocka_unit_test(what_is_no_reader_is_refused),
		cmocka_unit_test(a_keyboard_is_taken_for_the_gate_alone),
		cmocka_unit_test(light_and_buzzer_tell_the_outcome),
		cmocka_unit_test(every_signal_ends_dark_and_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
