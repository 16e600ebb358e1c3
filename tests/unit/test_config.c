#include <errno.h>
#include <string.h>

#include "unit.h"
#include "base/log.h"
#include "config/config.h"
#include "base/listen_address.h"

#define BASE                                                                                       \
	"version: 1\n"                                                                             \
	"site: hill-park\n"                                                                        \
	"gate: north\n"
#define BOARD                                                                                      \
	"board:\n"                                                                                 \
	"  outputs: [{name: lock-a}, {name: lock-b}]\n"                                            \
	"  inputs: [{name: in-a}, {name: in-b}]\n"
#define DOORS                                                                                      \
	"doors:\n"                                                                                 \
	"  - name: main\n"                                                                         \
	"    lock: lock-a\n"

static char error[CONFIG_ERROR_BYTES];

static int load(const char *text, struct config **ret_config)
{
	return config_load_text(text, strlen(text), "g.yaml", ret_config, error, sizeof(error));
}

static void the_smallest_file_has_every_default(void **state)
{
	struct config *config = NULL;

	(void)state;
	assert_int_equal(load(BASE BOARD, &config), 0);
	assert_string_equal(config->site, "hill-park");
	assert_string_equal(config->evidence.dir, "/var/lib/gatehouse/evidence");
	assert_int_equal(config->log_level, LOG_LEVEL_INFO);
	assert_int_equal(config->storage.slow_ms, 50);
	assert_int_equal(config->mqtt.broker_count, 0);
	assert_int_equal(config->board.driver, CONFIG_BOARD_SIM);
	assert_string_equal(config->api.listen, "127.0.0.1:8480");
	assert_string_equal(config->face.recogniser, "fr_feature");
	assert_string_equal(config->face.detector, "fr_detect");
	config_free(config);
}

static void a_whole_file_is_read(void **state)
{
	struct config *config = NULL;

	(void)state;
	assert_int_equal(
		load(BASE BOARD DOORS
		     "    contact: in-a\n"
		     "    fail: safe\n"
		     "    release_ms: 100\n"
		     "    opens_on_fire: no\n"
		     "fire_input: in-b\n"
		     "cameras:\n"
		     "  - {name: face, source: 'file:a.mp4', role: face, door: main, loop: true}\n"
		     "  - name: wall\n"
		     "    source: rtsp://10.0.0.2/s\n"
		     "    role: facade\n"
		     "    roi: [[0, 0], [1, 0], [0.5, 1]]\n"
		     "    exclude: [[[0, 0], [0.1, 0], [0.1, 0.1], [0, 0.1]]]\n"
		     "    calibration: {points: [[0,1],[1,1],[1,0],[0,0]], floors: [-1, 18], "
		     "columns: 4}\n"
		     "face: {false_accept_percent: 0.5, liveness: off, accept_pictures: true}\n"
		     "mqtt:\n"
		     "  brokers: [broker.example, 'broker.example:8883', '::1', '[::1]:1884']\n"
		     "  keys:\n"
		     "    - id: office\n"
		     "      public_key: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
		     "      commands: [door.open, ping]\n"
		     "      doors: [main]\n"
		     "log_level: debug\n",
		     &config),
		0);
	assert_true(config->doors[0].fail_safe);
	assert_int_equal(config->doors[0].release_ms, 100);
	assert_int_equal(config->doors[0].held_open_ms, 30000);
	assert_false(config->doors[0].opens_on_fire);
	assert_int_equal(config->camera_count, 2);
	assert_true(config->cameras[0].loop);
	assert_int_equal(config->cameras[1].roi.count, 3);
	assert_true(config->cameras[1].roi.points[2].x == 0.5);
	assert_int_equal(config->cameras[1].exclude[0].count, 4);
	assert_int_equal(config->cameras[1].calibration.floor_low, -1);
	assert_int_equal(config->cameras[1].calibration.floor_high, 18);
	assert_int_equal(config->face.liveness, CONFIG_LIVENESS_OFF);
	assert_int_equal(config->mqtt.broker_count, 4);
	assert_string_equal(config->mqtt.brokers[0].host, "broker.example");
	assert_int_equal(config->mqtt.brokers[0].port, 1883);
	assert_string_equal(config->mqtt.brokers[1].host, "broker.example");
	assert_int_equal(config->mqtt.brokers[1].port, 8883);
	assert_string_equal(config->mqtt.brokers[2].host, "::1");
	assert_int_equal(config->mqtt.brokers[2].port, 1883);
	assert_string_equal(config->mqtt.brokers[3].host, "::1");
	assert_int_equal(config->mqtt.brokers[3].port, 1884);
	assert_int_equal(config->mqtt.keys[0].public_key[31], 0x1f);
	assert_string_equal(config->mqtt.keys[0].commands[1], "ping");
	config_free(config);
}

/* each text, and what the error must begin with */
static const struct {
	const char *text, *error;
} mistakes[] = {
	{"", "g.yaml:1: the file is empty"},
	{"version: 1\nsite: [\n", "g.yaml:3: not YAML: "},
	{"a: b: c\n", "g.yaml:1: not YAML: "},
	{"- 1\n", "g.yaml:1: expected a section"},
	{"site: a\ngate: b\n", "g.yaml:1: version: is missing"},
	{"version: 0\nsite: a\ngate: b\n", "g.yaml:1: version: \"0\": expected 1"},
	{"version: 1\nsite: A b\ngate: b\n", "g.yaml:2: site: \"A b\": expected a name"},
	{"version: 1\nsite: a\ngate: abcdefghijklmnopqrstuvwxyz-123456\n", "g.yaml:3: gate: "},
	{"version: 1\nsite: \"a\\0b\"\ngate: b\n", "g.yaml:2: site: holds a zero byte"},
	{BASE "colour: red\n", "g.yaml:4: colour: there is no such option"},
	{BASE "site: b\n", "g.yaml:4: site: is given twice"},
	{BASE "storage: {slow_ms: 0}\n",
	 "g.yaml:4: storage.slow_ms: \"0\": expected a whole number from 1 to 10000"},
	{BASE "storage: {slow_ms: 10001}\n", "g.yaml:4: storage.slow_ms: "},
	{BASE "storage: {slow_ms: 5.5}\n", "g.yaml:4: storage.slow_ms: "},
	{BASE "storage: {slow_ms: 0x10}\n", "g.yaml:4: storage.slow_ms: "},
	{BASE "storage: {slow_ms: 99999999999999999999999}\n", "g.yaml:4: storage.slow_ms: "},
	{BASE "storage: [1]\n", "g.yaml:4: storage: expected a section"},
	{BASE "storage: {slow_ms: [1]}\n",
	 "g.yaml:4: storage.slow_ms: expected one value, not a list"},
	{BASE "face: {false_accept_percent: nan}\n", "g.yaml:4: face.false_accept_percent: "},
	{BASE BOARD DOORS
	 "cameras:\n  - {name: c, source: a, role: face, door: main}\nface: {liveness: off}\n",
	 "g.yaml:12: face.liveness: a printed photo of a resident would open the door"},
	{BASE BOARD DOORS
	 "cameras:\n  - {name: c, source: a, role: face, door: main}\nface: {liveness: observe}\n",
	 "g.yaml:12: face.liveness: a printed photo"},
	{BASE "face:\n  recogniser: ..\n", "g.yaml:5: face.recogniser: expected the name of a "
					   "manifest in models_dir, or the path of one"},
	{BASE "face:\n  detector: a b\n",
	 "g.yaml:5: face.detector: expected the name of a manifest"},
	{BASE "face:\n  detector: {file: a}\n",
	 "g.yaml:5: face.detector: expected one value, not a section"},
	{BASE "face: {stranger_still_hours: 24}\n", "g.yaml:4: face.stranger_notice: is missing"},
	{BASE "face:\n  liveness: maybe\n",
	 "g.yaml:5: face.liveness: \"maybe\": expected one of enforce, observe, off"},
	{BASE "mqtt:\n  accept_photos: perhaps\n",
	 "g.yaml:5: mqtt.accept_photos: \"perhaps\": expected true or false"},
	{BASE "mqtt: {brokers: ['']}\n",
	 "g.yaml:4: mqtt.brokers[0]: \"\": expected HOST or HOST:PORT"},
	{BASE "mqtt: {brokers: ['a:']}\n", "g.yaml:4: mqtt.brokers[0]: \"a:\": expected HOST"},
	{BASE "mqtt: {brokers: ['a:0']}\n", "g.yaml:4: mqtt.brokers[0]: "},
	{BASE "mqtt: {brokers: ['a:65536']}\n", "g.yaml:4: mqtt.brokers[0]: "},
	{BASE "mqtt: {brokers: ['[::1:1883']}\n", "g.yaml:4: mqtt.brokers[0]: "},
	{BASE "mqtt: {brokers: ['[::1]1883']}\n", "g.yaml:4: mqtt.brokers[0]: "},
	{BASE "mqtt: {brokers: [a, b, c, d, e]}\n",
	 "g.yaml:4: mqtt.brokers: has 5 items: expected 0 to 4"},
	{BASE "mqtt:\n  cert_file: a\n  ca_file: b\n", "g.yaml:5: mqtt.cert_file: expected both"},
	{BASE "mqtt:\n  brokers: [broker]\n  username: u\n  password_file: p\n",
	 "g.yaml:7: mqtt.password_file: would cross the network"},
	{BASE "mqtt:\n  keys:\n    - id: a\n      public_key: AAAA\n",
	 "g.yaml:7: mqtt.keys[0].public_key: "},
	{BASE "mqtt:\n  keys:\n    - id: a\n      public_key: "
	      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
	      "      commands: [door.shut]\n",
	 "g.yaml:8: mqtt.keys[0].commands[0]: \"door.shut\": expected one of"},
	{BASE "mqtt:\n  keys:\n    - id: a\n      public_key: "
	      "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
	      "      doors: [main]\n",
	 "g.yaml:8: mqtt.keys[0].doors[0]: no door is called \"main\""},
	{BASE "api: {listen: '0.0.0.0:80'}\n",
	 "g.yaml:4: api.listen: \"0.0.0.0:80\" is not loopback"},
	{BASE "api: {listen: localhost}\n",
	 "g.yaml:4: api.listen: \"localhost\": expected ADDRESS:PORT"},
	{BASE "board:\n  driver: gpiod\n  outputs:\n    - {name: a, line: 1}\n    - name: b\n",
	 "g.yaml:8: board.outputs[1].line: is missing"},
	{BASE "board:\n  driver: gpiod\n  outputs: [{name: a, line: 1}]\n  inputs:\n    - {name: "
	      "b, line: 1}\n",
	 "g.yaml:8: board.inputs[0].line: \"a\" uses this line of gpiochip0 already"},
	{BASE "board:\n  outputs: [{name: a}]\n  inputs:\n    - name: a\n",
	 "g.yaml:7: board.inputs[0].name: another line is called \"a\" already"},
	{BASE "board:\n  inputs:\n    - {name: a, line: -1}\n",
	 "g.yaml:6: board.inputs[0].line: \"-1\": expected an offset from 0 to 1023, or a name"},
	{BASE "board:\n  inputs:\n    - {name: a, line: 1024}\n",
	 "g.yaml:6: board.inputs[0].line: "},
	{BASE "board:\n  inputs:\n    - {name: a, line: a-name-of-more-than-31-characters}\n",
	 "g.yaml:6: board.inputs[0].line: "},
	{BASE "board:\n  driver: gpiod\n  inputs:\n    - {name: a, line: GPIO3}\n    - {name: b, "
	      "line: GPIO3}\n",
	 "g.yaml:8: board.inputs[1].line: \"a\" uses this line of the board already"},
	{BASE, "g.yaml:1: board: has no line: expected at least one"},
	{BASE "board:\n  driver: gpiod\ndoors: []\n", "g.yaml:5: board: has no line"},
	{BASE BOARD "doors:\n  - name: main\n", "g.yaml:8: doors[0].lock: is missing"},
	{BASE BOARD "doors:\n  - name: main\n    lock: lok\n",
	 "g.yaml:9: doors[0].lock: no output is called \"lok\"; outputs are: lock-a, lock-b"},
	{BASE BOARD DOORS "    contact: lock-b\n",
	 "g.yaml:10: doors[0].contact: no input is called \"lock-b\""},
	{BASE BOARD DOORS "    contact: in-a\n    exit_button: in-a\n",
	 "g.yaml:11: doors[0].exit_button: "},
	{BASE BOARD DOORS "    held_open_ms: 1000\n    pre_alarm_ms: 1000\n",
	 "g.yaml:11: doors[0].pre_alarm_ms: 1000: expected less than held_open_ms"},
	{BASE BOARD DOORS "  - name: main\n    lock: lock-b\n",
	 "g.yaml:10: doors[1].name: another door is called \"main\""},
	{BASE BOARD DOORS "  - name: side\n    lock: lock-a\n",
	 "g.yaml:11: doors[1].lock: \"lock-a\" is the lock of door \"main\" already"},
	{BASE BOARD DOORS "    contact: in-a\n  - {name: side, lock: lock-b, contact: in-a}\n",
	 "g.yaml:11: doors[1].contact: \"in-a\" is the contact of door \"main\" already"},
	{BASE BOARD DOORS "    contact: in-a\nfire_input: in-a\n",
	 "g.yaml:11: fire_input: \"in-a\" is the contact of door \"main\" already"},
	{BASE BOARD "fire_input: smoke\n", "g.yaml:7: fire_input: no input is called \"smoke\""},
	{BASE "cameras:\n  - {name: c, source: a, role: face}\n",
	 "g.yaml:5: cameras[0].door: is missing"},
	{BASE "cameras:\n  - {name: c, source: a, role: face, door: x}\n",
	 "g.yaml:5: cameras[0].door: no door is called \"x\""},
	{BASE "cameras:\n  - name: c\n    source: a\n    role: facade\n    roi: [[0, 0], [1, 1]]\n",
	 "g.yaml:8: cameras[0].roi: has 2 items: expected 3 to 16"},
	{BASE "cameras:\n  - name: c\n    source: a\n    role: facade\n    roi: [[0, 0], [1, 1.1], "
	      "[0, 1]]\n",
	 "g.yaml:8: cameras[0].roi[1]: \"1.1\": expected a number from 0 to 1"},
	{BASE "cameras:\n  - name: c\n    source: a\n    role: facade\n"
	      "    exclude:\n    - [[0, 0], [0.1, 0], [0.1, 0.1]]\n    - [[0, 0], [0.1, -0.2], "
	      "[0.1, 0.1]]\n",
	 "g.yaml:10: cameras[0].exclude[1][1]: \"-0.2\": expected a number from 0 to 1"},
	{BASE
	 "cameras:\n  - name: c\n    source: a\n    role: facade\n"
	 "    calibration: {points: [[0,1],[1,1],[1,0],[0,-.5]], floors: [1, 9], columns: 4}\n",
	 "g.yaml:8: cameras[0].calibration.points[3]: \"-.5\": expected a number from 0 to 1"},
	{BASE "cameras:\n  - name: c\n    source: a\n    role: facade\n"
	      "    calibration: {points: [[.5,.9],[.5,.7],[.5,.3],[.5,.1]], floors: [1, 9], "
	      "columns: 4}\n",
	 "g.yaml:8: cameras[0].calibration.points: are no rectangle seen from the ground"},
	{BASE "cameras:\n  - name: c\n    source: a\n    role: facade\n"
	      "    calibration: {points: [[0,1],[1,1],[1,0],[0,0]], floors: [9, 2], columns: 4}\n",
	 "g.yaml:8: cameras[0].calibration.floors: [9, 2]: expected the lower floor first"},
	{BASE "cameras:\n  - name: c\n    source: a\n    role: facade\n    calibration: {floors: "
	      "[1, 2]}\n",
	 "g.yaml:8: cameras[0].calibration.points: is missing"},
	{BASE "cameras:\n  - name: c\n    source: a\n    role: facade\n    roi: [[0, 0], [0.5, "
	      "0.5], [1, 1]]\n",
	 "g.yaml:8: cameras[0].roi: its corners lie in a line"},
	{BASE "cameras:\n  - name: c\n    source: a\n    role: facade\n    privacy:\n    - [[0, "
	      "0], [1, 0], "
	      "[1, 1]]\n"
	      "    - [[0, 0], [0, 0], [1, 1]]\n",
	 "g.yaml:10: cameras[0].privacy[1]: its corners lie in a line"},
	{BASE
	 "cameras:\n  - name: c\n    source: a\n    role: facade\n"
	 "    calibration: {points: [[0,1],[0.5,1],[1,1],[0,0]], floors: [1, 9], columns: 4}\n",
	 "g.yaml:8: cameras[0].calibration.points: are no rectangle seen from the ground"},
	{BASE "cameras:\n  - name: c\n    source: a\n    role: facade\n"
	      "    calibration: {points: [[0,0],[1,0],[1,1],[0,1]], floors: [1, 9], columns: 4}\n",
	 "g.yaml:8: cameras[0].calibration.points: are no rectangle seen from the ground"},
	{BASE "x: &a [*a]\n", "g.yaml:4: "},
};

static void each_mistake_names_file_line_and_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct config *config = NULL;

		if (load(mistakes[i].text, &config) != -EINVAL)
			fail_msg("taken for good: %s", mistakes[i].text);
		assert_null(config);
		if (strncmp(error, mistakes[i].error, strlen(mistakes[i].error)) != 0)
			fail_msg("expected \"%s...\"\n     got \"%s\"", mistakes[i].error, error);
	}
}

static void several_mistakes_are_told_at_once(void **state)
{
	struct config *config = NULL;
	char tiny[24];

	(void)state;
	assert_int_equal(load("version: 1\nsite: A\ngate: B\nx: 1\n", &config), -EINVAL);
	assert_non_null(strstr(error, "g.yaml:4: x: "));
	assert_non_null(strstr(error, "\ng.yaml:2: site: "));
	assert_non_null(strstr(error, "\ng.yaml:3: gate: "));
	assert_int_equal(config_load_text("x: 1\n", 5, "g.yaml", &config, tiny, sizeof(tiny)),
			 -EINVAL);
	assert_int_equal(strlen(tiny), sizeof(tiny) - 1);
}

static void a_line_is_an_offset_or_a_name(void **state)
{
	struct config *config = NULL;

	(void)state;
	assert_int_equal(
		load(BASE "board:\n  inputs:\n"
			  "    - {name: a, line: 0}\n    - {name: b, line: 1023, chip: gpiochip1}\n"
			  "    - {name: c, line: 3V3_EN}\n    - {name: d}\n",
		     &config),
		0);
	assert_int_equal(config->board.inputs[0].place.offset, 0);
	assert_string_equal(config->board.inputs[0].chip, "gpiochip0");
	assert_int_equal(config->board.inputs[1].place.offset, 1023);
	assert_string_equal(config->board.inputs[1].chip, "gpiochip1");
	assert_int_equal(config->board.inputs[2].place.offset, -1);
	assert_string_equal(config->board.inputs[2].place.name, "3V3_EN");
	assert_string_equal(config->board.inputs[2].chip, "");
	assert_int_equal(config->board.inputs[3].place.offset, -1);
	assert_string_equal(config->board.inputs[3].place.name, "");
	config_free(config);
}

static void counts_beyond_the_maxima_are_refused(void **state)
{
	struct config *config = NULL;
	char text[4096] = BASE "cameras:\n";

	(void)state;
	for (int i = 0; i <= CONFIG_CAMERAS_MAX; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "  - {name: c%d, source: a, role: facade}\n", i);
	assert_int_equal(load(text, &config), -EINVAL);
	assert_non_null(strstr(error, "g.yaml:5: cameras: has 9 items: expected 0 to 8"));
}

static void huge_and_unreadable_files_are_refused(void **state)
{
	char *text = calloc(1, CONFIG_BYTES_MAX + 1);
	struct config *config = NULL;

	(void)state;
	memset(text, '[', CONFIG_BYTES_MAX + 1);
	assert_int_equal(config_load_text(text, CONFIG_BYTES_MAX + 1, "g.yaml", &config, error,
					  sizeof(error)),
			 -EFBIG);
	assert_int_equal(
		config_load_text(text, CONFIG_BYTES_MAX, "g.yaml", &config, error, sizeof(error)),
		-EINVAL);
	assert_non_null(strstr(error, "nested deeper"));
	assert_int_equal(config_load("/nowhere/g.yaml", &config, error, sizeof(error)), -ENOENT);
	assert_string_equal(error, "/nowhere/g.yaml: cannot be read: No such file or directory");
	assert_int_equal(config_load("/", &config, error, sizeof(error)), -EISDIR);
	assert_int_equal(config_load("/dev/null", &config, error, sizeof(error)), -EINVAL);
	assert_null(config);
	free(text);
}

static void the_page_in_docs_is_the_help_text(void **state)
{
	const char *source = getenv("GH_SOURCE_DIR");
	char path[512], *help = NULL, *page;
	size_t bytes = 0, page_bytes;
	FILE *file = open_memstream(&help, &bytes);

	(void)state;
	config_print_help(file);
	fclose(file);
	snprintf(path, sizeof(path), "%s/docs/reference/config.md", source != NULL ? source : ".");
	file = fopen(path, "r");
	assert_non_null(file);
	page = calloc(1, bytes + 2);
	page_bytes = fread(page, 1, bytes + 1, file);
	fclose(file);
	if (page_bytes != bytes || memcmp(page, help, bytes) != 0)
		fail_msg("docs/reference/config.md is not what gatehoused --config-help prints");
	free(page);
	free(help);
}

static void only_loopback_addresses_are_listened_on(void **state)
{
	union listen_address address;
	socklen_t bytes;

	(void)state;
	assert_int_equal(listen_address_parse("127.0.0.1:8480", false, &address, &bytes), 0);
	assert_int_equal(ntohs(address.v4.sin_port), 8480);
	assert_int_equal(listen_address_parse("[::1]:0", false, &address, &bytes), 0);
	assert_int_equal(listen_address_parse("192.168.1.2:80", false, &address, &bytes), -EACCES);
	assert_int_equal(listen_address_parse("[::]:80", false, &address, &bytes), -EACCES);
	assert_int_equal(listen_address_parse("127.0.0.1", false, &address, &bytes), -EINVAL);
	assert_int_equal(listen_address_parse("127.0.0.1:65536", false, &address, &bytes), -EINVAL);
	assert_int_equal(listen_address_parse("127.0.0.1:", false, &address, &bytes), -EINVAL);
	assert_int_equal(listen_address_parse("[::1:80", false, &address, &bytes), -EINVAL);
	assert_true(listen_host_is_loopback("localhost:8480"));
	assert_true(listen_host_is_loopback("127.0.0.1"));
	assert_true(listen_host_is_loopback("[::1]:1"));
	assert_false(listen_host_is_loopback("evil.example:8480"));
	assert_false(listen_host_is_loopback("localhost.evil.example"));
	assert_false(listen_host_is_loopback(""));
	assert_false(listen_host_is_loopback("localhost:80:80"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_smallest_file_has_every_default),
		cmocka_unit_test(a_whole_file_is_read),
		cmocka_unit_test(each_mistake_names_file_line_and_key),
		cmocka_unit_test(several_mistakes_are_told_at_once),
		cmocka_unit_test(a_line_is_an_offset_or_a_name),
		cmocka_unit_test(counts_beyond_the_maxima_are_refused),
		cmocka_unit_test(huge_and_unreadable_files_are_refused),
		cmocka_unit_test(the_page_in_docs_is_the_help_text),
		cmocka_unit_test(only_loopback_addresses_are_listened_on),
	};

	if (argc == 2 &&
	    strcmp(argv[1], "--print-help") == 0) { /* to renew docs/reference/config.md */
		config_print_help(stdout);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
