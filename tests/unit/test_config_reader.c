#include <errno.h>
#include <string.h>

#include "unit.h"
#include "config/config.h"

#define BASE                                                                                       \
	"version: 1\n"                                                                             \
	"site: hill-park\n"                                                                        \
	"gate: north\n"                                                                            \
	"board:\n"                                                                                 \
	"  outputs: [{name: lock-a}, {name: led-a}, {name: beep-a}]\n"                             \
	"  inputs: [{name: d0, debounce_ms: 0}, {name: d1, debounce_ms: 0}, {name: slow}, {name: " \
	"e0, "                                                                                     \
	"debounce_ms: 0}, {name: e1, debounce_ms: 0}]\n"                                           \
	"doors: [{name: main, lock: lock-a, exit_button: slow}]\n"
#define READER "readers:\n  - {name: in-a, door: main, d0: d0, d1: d1"

static char error[CONFIG_ERROR_BYTES];

static int load(const char *text, struct config **ret_config)
{
	return config_load_text(text, strlen(text), "g.yaml", ret_config, error, sizeof(error));
}

static void a_reader_needs_little_and_has_the_rest_by_default(void **state)
{
	struct config *config = NULL;
	const struct config_reader *reader;

	(void)state;
	assert_int_equal(load(BASE READER "}\n", &config), 0);
	assert_int_equal(config->reader_count, 1);
	reader = &config->readers[0];
	assert_int_equal(reader->kind, CONFIG_READER_WIEGAND);
	assert_false(reader->leaving);
	assert_true(reader->keypad);
	assert_string_equal(reader->format, "wiegand26");
	assert_int_equal(reader->pin_digits, 0);
	assert_int_equal(config->lockout.tries, 5);
	assert_int_equal(config->lockout.seconds, 30);
	assert_string_equal(config->watchdog.device, "");
	assert_int_equal(config->watchdog.timeout_s, 15);
	config_free(config);
}

static void a_door_has_readers_of_every_kind_and_own_formats(void **state)
{
	struct config *config = NULL;

	(void)state;
	assert_int_equal(
		load(BASE
		     "wiegand_formats:\n"
		     "  - {name: site, layout: PFFFCCCCCP, parity: [EXXXX-----, -----XXXXO]}\n"
		     "readers:\n"
		     "  - {name: in-a, door: main, d0: d0, d1: d1, format: site, led: led-a, "
		     "buzzer: "
		     "beep-a}\n"
		     "  - {name: out-a, door: main, direction: out, d0: e0, d1: e1, keypad: no}\n"
		     "  - {name: qr, door: main, kind: evdev, device: /dev/input/by-id/qr, reads: "
		     "code}\n"
		     "  - {name: rf, door: main, kind: serial, device: /dev/ttyS1, baud: 19200}\n",
		     &config),
		0);
	assert_int_equal(config->format_count, 1);
	assert_int_equal(config->formats[0].parity_count, 2);
	assert_string_equal(config->formats[0].parity[1], "-----XXXXO");
	assert_true(config->readers[1].leaving);
	assert_int_equal(config->readers[2].reads, CONFIG_READS_CODE);
	assert_int_equal(config->readers[3].baud, 19200);
	config_free(config);
}

static void each_mistake_names_the_reader_and_what_was_expected(void **state)
{
	static const struct {
		const char *text, *error;
	} mistakes[] = {
		{READER ", door: x}\n", "readers[0].door: is given twice"},
		{"readers: [{name: a, door: x, d0: d0, d1: d1}]\n",
		 "readers[0].door: no door is called \"x\""},
		{"readers: [{name: a, door: main, d0: d0}]\n", "readers[0].d1: is missing"},
		{"readers: [{name: a, door: main, d0: d0, d1: x}]\n",
		 "readers[0].d1: no input is called \"x\""},
		{"readers: [{name: a, door: main, d0: d0, d1: d0}]\n",
		 "readers[0].d1: \"d0\" is used by \"d0\""},
		{"readers: [{name: a, door: main, d0: d0, d1: slow}]\n",
		 "readers[0].d1: \"slow\" is debounced"},
		{"fire_input: e0\nreaders: [{name: a, door: main, d0: d0, d1: e0}]\n",
		 "readers[0].d1: \"e0\" is used by"},
		{READER ", format: wiegand27}\n",
		 "readers[0].format: \"wiegand27\": expected wiegand26"},
		{READER ", device: /dev/x}\n", "readers[0].device: belongs to"},
		{READER ", led: x}\n", "readers[0].led: no output is called \"x\""},
		{READER ", led: lock-a}\n", "readers[0].led: \"lock-a\" is used by \"main\""},
		{READER ", led: led-a, buzzer: led-a}\n",
		 "readers[0].buzzer: \"led-a\" is its light"},
		{READER ", pin_digits: 17}\n", "readers[0].pin_digits: \"17\": expected"},
		{READER "}\n  - {name: in-a, door: main, d0: e0, d1: e1}\n",
		 "readers[1].name: another reader"},
		{READER "}\n  - {name: b, door: main, d0: e0, d1: d1}\n",
		 "readers[1].d1: \"d1\" is used by \"in-a\""},
		{"readers: [{name: a, door: main, kind: serial}]\n",
		 "readers[0].device: is missing"},
		{"readers: [{name: a, door: main, kind: serial, device: /dev/x, baud: 9601}]\n",
		 "readers[0].baud: 9601"},
		{"readers: [{name: a, door: main, kind: evdev, device: /dev/x, d0: d0}]\n",
		 "readers[0].d0: belongs to"},
		{"wiegand_formats: [{name: wiegand26, layout: CCCCCCCCC}]\n",
		 "wiegand_formats[0].name: \"wiegand26\" is"},
		{"wiegand_formats: [{name: a, layout: CCCCCCCC}]\n",
		 "wiegand_formats[0].layout: expected 9 to 64"},
		{"wiegand_formats: [{name: a, layout: PCCCCCCCC, parity: [EXX]}]\n",
		 "wiegand_formats[0].parity: \"EXX\""},
		{"lockout: {tries: 0}\n", "lockout.tries: \"0\": expected"},
		{"watchdog: {timeout_s: 1}\n", "watchdog.timeout_s: \"1\": expected"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct config *config = NULL;
		char text[2048];

		snprintf(text, sizeof(text), "%s%s", BASE, mistakes[i].text);
		assert_int_equal(load(text, &config), -EINVAL);
		assert_null(config);
		if (strstr(error, mistakes[i].error) == NULL)
			fail_msg("expected \"%s...\"\n     got \"%s\"", mistakes[i].error, error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_needs_little_and_has_the_rest_by_default),
		cmocka_unit_test(a_door_has_readers_of_every_kind_and_own_formats),
		cmocka_unit_test(each_mistake_names_the_reader_and_what_was_expected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
